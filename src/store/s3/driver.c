#include "store/s3/s3.h"

enum { MS_PER_S = 1000 };

static const char *from_system(const char *name) {
    return getenv(name);
}

void s3_close(void *state) {
    s3 *s = state;
    if (s == NULL)
        return;
    s3_chain_free(s->chain);
    http_close(s->http);
    arena_free(s->arena);
    free(s);
}

static status set_up(s3 *s, const char *root, s3_options around, error *err) {
    TRY(s3_place_parse(root, s->arena, &s->place, err));
    TRY(s3_config_read(around.environment, s->place.bucket, s->arena, &s->config, err));
    TRY(http_open(&s->config.limits, &s->http, err));
    const s3_chain_options options = {.environment = around.environment,
                                      .profile = s->config.profile,
                                      .region = s->config.region,
                                      .http = s->http,
                                      .clock = s->clock};
    s->chain = s3_chain_new(&options);
    return OK;
}

status s3_open(const char *root, s3_options options, s3 **ret, error *err) {
    s3 *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->arena = arena_new();
    s->clock = options.clock;
    status opened = set_up(s, root, options, err);
    if (opened == OK)
        *ret = s;
    else
        s3_close(s);
    return opened;
}

static status open_state(const char *root, void **ret_state, error *err) {
    s3 *s = NULL;
    const s3_options options = {.environment = from_system, .clock = &CLOCK_SYSTEM};
    TRY(s3_open(root, options, &s, err));
    *ret_state = s;
    return OK;
}

static status access_of(void *state, arena *a, store_access *ret, error *err) {
    s3 *s = state;
    const s3_credentials *who = NULL;
    TRY(s3_chain_get(s->chain, S3_FOR_JOB_S, &who, err));
    *ret = (store_access){.scope = arena_printf(a, "s3://%s/", s->place.bucket),
                          .access_key = arena_strdup(a, who->access_key),
                          .secret_key = arena_strdup(a, who->secret_key),
                          .token = arena_strdup(a, who->token),
                          .region = s->config.region,
                          .endpoint = s->config.endpoint.host,
                          .path_style = s->config.path_style,
                          .tls = s->config.endpoint.tls,
                          .ca_file = s->config.ca_file,
                          .timeout_s = (s->config.limits.stall_ms + MS_PER_S - 1) / MS_PER_S};
    return OK;
}

static int64_t requests(const void *state) {
    return ((const s3 *)state)->requests;
}

const store_driver STORE_S3 = {
    .name = "s3",
    .features = STORE_PUT_IF_ABSENT | STORE_COPY | STORE_ORDERED | STORE_TAGS,
    .open = open_state,
    .close = s3_close,
    .url = s3_url,
    .put = s3_put,
    .put_file = s3_put_file,
    .get = s3_get,
    .get_file = s3_get_file,
    .info = s3_info,
    .list = s3_list,
    .remove = s3_remove,
    .remove_prefix = s3_remove_prefix,
    .seal = s3_seal,
    .sweep = s3_sweep,
    .copy = s3_copy,
    .next = s3_next,
    .remove_same = s3_remove_same,
    .access = access_of,
    .requests = requests,
};
