#include "store/s3/config.h"

#include "base/number.h"

enum { CONNECT_MS = 5000, STALL_MS = 20000 };

/* The first of some variables and a key of the profile that has a value. */
static const char *first_of(const s3_config *c, const char *const names[], const char *key) {
    for (; *names != NULL; names++) {
        const char *value = c->environment(*names);
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return s3_profile_get(c->profile, key);
}

static void find_region(s3_config *c, arena *a) {
    static const char *const NAMES[] = {"AWS_REGION", "AWS_DEFAULT_REGION", NULL};
    const char *region = first_of(c, NAMES, "region");
    c->region = arena_strdup(a, region != NULL ? region : "us-east-1");
}

static status find_endpoint(s3_config *c, arena *a, bool *ret_named, error *err) {
    static const char *const NAMES[] = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", NULL};
    const char *url = first_of(c, NAMES, "endpoint_url");
    *ret_named = url != NULL;
    if (url == NULL) {
        url = arena_printf(a, "https://s3.%s.%s", c->region, s3_domain(c->region));
    }
    return s3_endpoint_parse(url, a, &c->endpoint, err);
}

static status find_style(s3_config *c, bool otherwise, error *err) {
    static const char *const NAMES[] = {"WEIR_S3_URL_STYLE", NULL};
    const char *style = first_of(c, NAMES, "s3.addressing_style");
    c->path_style = otherwise;
    if (style == NULL || str_eq(style, "auto"))
        return OK;
    c->path_style = str_eq(style, "path");
    if (c->path_style || str_eq(style, "virtual"))
        return OK;
    error_set(err, E_DEFINITION, "\"%s\" is no style of addresses of buckets", style);
    error_hint(err, "Set WEIR_S3_URL_STYLE to path, virtual or auto.");
    return E_DEFINITION;
}

/* Left alone when the variable is not set. */
static status find_duration(const s3_config *c, const char *name, int64_t *ret_ms, error *err) {
    const char *asked = c->environment(name);
    int64_t us = 0;
    if (asked == NULL || asked[0] == '\0')
        return OK;
    if (!number_duration(asked, &us) || us < 0) {
        error_set(err, E_DEFINITION, "%s is \"%s\", which is no duration", name, asked);
        error_hint(err, "Write 60s or 5m.");
        return E_DEFINITION;
    }
    *ret_ms = us / 1000;
    return OK;
}

/* How long is waited for a byte, and how long it is tried again. */
static status find_patience(s3_config *c, error *err) {
    int64_t stall_ms = STALL_MS;
    c->budget = S3_BUDGET;
    TRY(find_duration(c, "WEIR_S3_RETRY_FOR", &c->budget.time_ms, err));
    TRY(find_duration(c, "WEIR_S3_TIMEOUT", &stall_ms, err));
    c->limits = (http_limits){.connect_ms = CONNECT_MS, .stall_ms = stall_ms > 0 ? stall_ms : 1};
    return OK;
}

status s3_config_read(s3_lookup environment, const char *bucket, arena *a, s3_config *ret,
                      error *err) {
    static const char *const CA_NAMES[] = {"AWS_CA_BUNDLE", NULL};
    s3_config c = {.environment = environment};
    s3_profile *profile = NULL;
    bool named = false;
    TRY(s3_profile_read(environment, a, &profile, err));
    c.profile = profile;
    find_region(&c, a);
    TRY(find_endpoint(&c, a, &named, err));
    TRY(find_style(&c, named || !s3_bucket_is_label(bucket), err));
    TRY(find_patience(&c, err));
    c.ca_file = arena_strdup(a, first_of(&c, CA_NAMES, "ca_bundle"));
    c.limits.ca_file = c.ca_file;
    *ret = c;
    return OK;
}
