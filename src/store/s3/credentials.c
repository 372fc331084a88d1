#include "store/s3/credentials.h"

#include "base/clock.h"
#include "store/s3/metadata.h"

#include <openssl/crypto.h>

static const int64_t MARGIN_US = INT64_C(300) * 1000000;

struct s3_chain {
    s3_chain_options options;
    arena *arena; /* of what is held */
    s3_credentials held;
    bool holds;
};

s3_chain *s3_chain_new(const s3_chain_options *options) {
    s3_chain *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    c->options = *options;
    c->arena = arena_new();
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
    arena_reset(c->arena);
}

void s3_chain_free(s3_chain *c) {
    if (c == NULL)
        return;
    forget(c);
    arena_free(c->arena);
    free(c);
}

static const char *value_of(s3_lookup environment, const char *name) {
    const char *value = environment(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static status from_environment(s3_chain *c, s3_credentials *ret, error *err) {
    (void)err;
    *ret = (s3_credentials){.access_key = value_of(c->options.environment, "AWS_ACCESS_KEY_ID"),
                            .secret_key = value_of(c->options.environment, "AWS_SECRET_ACCESS_KEY"),
                            .token = value_of(c->options.environment, "AWS_SESSION_TOKEN")};
    return OK;
}

static metadata_context context_of(const s3_chain *c) {
    return (metadata_context){.environment = c->options.environment,
                              .http = c->options.http,
                              .region = c->options.region,
                              .arena = c->arena};
}

static status from_web_identity(s3_chain *c, s3_credentials *ret, error *err) {
    const metadata_context m = context_of(c);
    const char *file = value_of(c->options.environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role = value_of(c->options.environment, "AWS_ROLE_ARN");
    const char *session = value_of(c->options.environment, "AWS_ROLE_SESSION_NAME");
    return file != NULL && role != NULL ? metadata_web_identity(&m, file, role, session, ret, err)
                                        : OK;
}

static status from_profile(s3_chain *c, s3_credentials *ret, error *err) {
    const s3_profile *p = c->options.profile;
    *ret = (s3_credentials){.access_key = s3_profile_get(p, "aws_access_key_id"),
                            .secret_key = s3_profile_get(p, "aws_secret_access_key"),
                            .token = s3_profile_get(p, "aws_session_token")};
    if (ret->access_key != NULL)
        return OK;
    const metadata_context m = context_of(c);
    const char *file = s3_profile_get(p, "web_identity_token_file");
    const char *role = s3_profile_get(p, "role_arn");
    const char *command = s3_profile_get(p, "credential_process");
    if (file != NULL && role != NULL)
        return metadata_web_identity(&m, file, role, s3_profile_get(p, "role_session_name"), ret,
                                     err);
    return command != NULL ? metadata_process(&m, command, ret, err) : OK;
}

static status from_container(s3_chain *c, s3_credentials *ret, error *err) {
    const metadata_context m = context_of(c);
    return metadata_container(&m, ret, err);
}

static status from_instance(s3_chain *c, s3_credentials *ret, error *err) {
    const metadata_context m = context_of(c);
    return metadata_instance(&m, ret, err);
}

/* A source that has nothing leaves access_key NULL. */
static status (*const SOURCES[])(s3_chain *c, s3_credentials *ret, error *err) = {
    from_environment, from_web_identity, from_profile, from_container, from_instance,
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

static status find(s3_chain *c, error *err) {
    s3_credentials found = {0};
    for (size_t i = 0; i < ARRAY_SIZE(SOURCES) && found.access_key == NULL; i++)
        TRY(SOURCES[i](c, &found, err));
    if (found.access_key == NULL || found.secret_key == NULL)
        return refuse(err);
    c->held = kept(c->arena, &found);
    c->holds = true;
    return OK;
}

status s3_chain_get(s3_chain *c, int64_t now_us, const s3_credentials **ret, error *err) {
    bool is_good = c->holds && (c->held.expires_us == 0 || c->held.expires_us - MARGIN_US > now_us);
    if (!is_good) {
        forget(c);
        TRY(find(c, err));
    }
    *ret = &c->held;
    return OK;
}
