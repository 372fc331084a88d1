#include "store/s3/credentials.h"

#include "store/s3/metadata.h"

#include <openssl/crypto.h>

static const int64_t US_PER_S = 1000000;
enum { ASK_AGAIN_S = 30 }; /* for better ones, while there are some */

struct s3_chain {
    s3_chain_options options;
    arena *arena; /* of what is held */
    s3_credentials held;
    bool holds;
    int64_t asked_us; /* last */
};

s3_chain *s3_chain_new(const s3_chain_options *options) {
    s3_chain *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    c->options = *options;
    return c;
}

static void cleanse(const char *secret) {
    char *text = NULL;
    memcpy(&text, &secret, sizeof text);
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
}

static void forget(s3_chain *c) {
    if (c->holds) {
        cleanse(c->held.secret_key);
        cleanse(c->held.token);
    }
    c->holds = false;
    c->held = (s3_credentials){0};
    arena_free(c->arena);
    c->arena = NULL;
}

void s3_chain_free(s3_chain *c) {
    if (c == NULL)
        return;
    forget(c);
    free(c);
}

static const char *value_of(s3_lookup environment, const char *name) {
    const char *value = environment(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

typedef struct finding {
    const s3_chain *chain;
    metadata_context metadata;
    s3_credentials *found;
} finding;

static const char *variable(const finding *f, const char *name) {
    return value_of(f->chain->options.environment, name);
}

static status from_environment(const finding *f, error *err) {
    *f->found = (s3_credentials){.access_key = variable(f, "AWS_ACCESS_KEY_ID"),
                                 .secret_key = variable(f, "AWS_SECRET_ACCESS_KEY"),
                                 .token = variable(f, "AWS_SESSION_TOKEN")};
    if (f->found->access_key == NULL || f->found->secret_key != NULL)
        return OK;
    error_set(err, E_DENIED, "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
    error_hint(err, "Set both, or neither.");
    return E_DENIED;
}

static status from_web_identity(const finding *f, error *err) {
    const char *file = variable(f, "AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role = variable(f, "AWS_ROLE_ARN");
    const char *session = variable(f, "AWS_ROLE_SESSION_NAME");
    return file != NULL && role != NULL
               ? metadata_web_identity(&f->metadata, file, role, session, f->found, err)
               : OK;
}

/* What a profile asks for and nobody here does: told, so that no other source is taken for it. */
static status refuse_unsupported(const s3_profile *p, error *err) {
    const char *what = NULL;
    if (s3_profile_get(p, "sso_session") != NULL || s3_profile_get(p, "sso_start_url") != NULL)
        what = "signs in through SSO";
    else if (s3_profile_get(p, "role_arn") != NULL)
        what = "takes on a role by way of another profile";
    if (what == NULL)
        return OK;
    error_set(err, E_DENIED, "profile \"%s\" %s, which Weir does not do", s3_profile_name(p), what);
    error_hint(err,
               "Let AWS's own tool do it: in another profile, credential_process = aws "
               "configure export-credentials --profile %s",
               s3_profile_name(p));
    return E_DENIED;
}

static status from_profile(const finding *f, error *err) {
    const s3_profile *p = f->chain->options.profile;
    *f->found = (s3_credentials){.access_key = s3_profile_get(p, "aws_access_key_id"),
                                 .secret_key = s3_profile_get(p, "aws_secret_access_key"),
                                 .token = s3_profile_get(p, "aws_session_token")};
    if (f->found->access_key != NULL)
        return OK;
    const char *file = s3_profile_get(p, "web_identity_token_file");
    const char *role = s3_profile_get(p, "role_arn");
    const char *command = s3_profile_get(p, "credential_process");
    if (file != NULL && role != NULL)
        return metadata_web_identity(&f->metadata, file, role,
                                     s3_profile_get(p, "role_session_name"), f->found, err);
    return command != NULL ? metadata_process(&f->metadata, command, f->found, err)
                           : refuse_unsupported(p, err);
}

static status from_container(const finding *f, error *err) {
    return metadata_container(&f->metadata, f->found, err);
}

static status from_instance(const finding *f, error *err) {
    return metadata_instance(&f->metadata, f->found, err);
}

/* A source that has nothing leaves access_key NULL. */
static const struct {
    const char *name;
    status (*find)(const finding *f, error *err);
} SOURCES[] = {
    {"the environment", from_environment},
    {"the token service", from_web_identity},
    {"the profile", from_profile},
    {"the container's metadata service", from_container},
    {"the instance's metadata service", from_instance},
};

static status refuse(error *err) {
    error_set(err, E_DENIED,
              "no credentials for buckets: nothing in the environment, in profile "
              "files, or at the metadata services of containers and instances");
    error_hint(err, "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.");
    return E_DENIED;
}

static s3_credentials kept(arena *a, const s3_credentials *found) {
    return (s3_credentials){.access_key = arena_strdup(a, found->access_key),
                            .secret_key = arena_strdup(a, found->secret_key),
                            .token = arena_strdup(a, found->token),
                            .expires_us = found->expires_us};
}

/* As headers hold it, and nothing that ends one. */
static bool is_plain(const char *text) {
    for (const char *c = text == NULL ? "x" : text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return text == NULL || text[0] != '\0';
}

static status check(const s3_credentials *found, const char *source, int64_t now_us, error *err) {
    const char *what = NULL;
    if (found->secret_key == NULL)
        what = "an access key without its secret";
    else if (!is_plain(found->access_key) || !is_plain(found->token))
        what = "a key or token with characters that none has";
    else if (found->expires_us != 0 && found->expires_us <= now_us)
        what = "credentials that have ended";
    if (what == NULL)
        return OK;
    error_set(err, E_DENIED, "%s has %s", source, what);
    error_hint(err,
               "Mend it, or name other credentials (doc/buckets.md tells where they are looked "
               "for).");
    return E_DENIED;
}

/* *ret borrowed from the arena, the profile and the environment. */
static status find(const s3_chain *c, arena *a, s3_credentials *ret, error *err) {
    const finding f = {.chain = c,
                       .metadata = {.environment = c->options.environment,
                                    .http = c->options.http,
                                    .region = c->options.region,
                                    .clock = c->options.clock,
                                    .arena = a},
                       .found = ret};
    for (size_t i = 0; i < ARRAY_SIZE(SOURCES); i++) {
        TRY(SOURCES[i].find(&f, err));
        if (ret->access_key != NULL)
            return check(ret, SOURCES[i].name, clock_now_us(c->options.clock), err);
    }
    return refuse(err);
}

static status renew(s3_chain *c, error *err) {
    arena *a = arena_new();
    s3_credentials found = {0};
    status result = find(c, a, &found, err);
    if (result != OK) {
        arena_free(a);
        return result;
    }
    forget(c);
    c->held = kept(a, &found);
    c->arena = a;
    c->holds = true;
    return OK;
}

status s3_chain_get(s3_chain *c, int64_t good_for_s, const s3_credentials **ret, error *err) {
    int64_t now_us = clock_now_us(c->options.clock), expires_us = c->held.expires_us;
    bool is_good = c->holds && (expires_us == 0 || expires_us - good_for_s * US_PER_S > now_us);
    bool has_ended = !c->holds || (expires_us != 0 && expires_us <= now_us);
    if (!is_good && (has_ended || now_us - c->asked_us >= ASK_AGAIN_S * US_PER_S)) {
        error problem = {0};
        c->asked_us = now_us;
        status renewed = renew(c, &problem);
        if (renewed != OK && has_ended)
            return error_pass(renewed, &problem, err);
    }
    *ret = &c->held;
    return OK;
}
