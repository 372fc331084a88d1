#include "store/s3/s3.h"

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

static status set_up(s3 *s, const char *root, s3_lookup environment, error *err) {
    TRY(s3_place_parse(root, s->arena, &s->place, err));
    TRY(s3_config_read(environment, s->place.bucket, s->arena, &s->config, err));
    TRY(http_open(&s->config.limits, &s->http, err));
    const s3_chain_options options = {.environment = environment,
                                      .profile = s->config.profile,
                                      .region = s->config.region,
                                      .http = s->http};
    s->chain = s3_chain_new(&options);
    return OK;
}

status s3_open(const char *root, s3_lookup environment, s3 **ret, error *err) {
    s3 *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->arena = arena_new();
    status opened = set_up(s, root, environment, err);
    if (opened == OK)
        *ret = s;
    else
        s3_close(s);
    return opened;
}

static status open_state(const char *root, void **ret_state, error *err) {
    s3 *s = NULL;
    TRY(s3_open(root, from_system, &s, err));
    *ret_state = s;
    return OK;
}

const store_driver STORE_S3 = {
    .name = "s3",
    .features = STORE_PUT_IF_ABSENT,
    .open = open_state,
    .close = s3_close,
    .url = s3_url,
    .put = s3_put,
    .put_file = s3_put_file,
    .get = s3_get,
    .info = s3_info,
    .list = s3_list,
    .remove = s3_remove,
    .remove_prefix = s3_remove_prefix,
    .seal = s3_seal,
};
