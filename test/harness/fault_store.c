#include "fault_store.h"

#include "fault.h"

#include "store/driver.h"

/* One wrapped call: fail before it, or carry it out and say that it failed. Reading and writing a
 * new object never fail afterwards: the store's contract rules that out. */
#define WRAPPED(name, subject, carried_out)                                                 \
    do {                                                                                    \
        int why = 0;                                                                        \
        fault how = fault_next(FAULT_STORE, name, subject, &why);                           \
        if (how == FAULT_BEFORE)                                                            \
            return told(why, name, subject, err);                                           \
        status result = carried_out;                                                        \
        return how == FAULT_AFTER && result == OK ? told(why, name, subject, err) : result; \
    } while (0)

/* As the local driver says it. */
static status told(int why, const char *call, const char *subject, error *err) {
    return error_set_errno(err, why, "cannot %s \"%s\"", call, subject);
}

static status open_none(const char *root, void **ret_state, error *err) {
    (void)ret_state;
    return error_set(err, E_USAGE, "\"%s\" is opened by what it wraps", root);
}

static void close_inner(void *state) {
    store_close(state);
}

static char *url(void *state, arena *a, const char *key) {
    return store_url(state, a, key);
}

static status put(void *state, const char *key, const void *body, size_t size,
                  store_put_options options, error *err) {
    int why = 0;
    if (fault_next(FAULT_STORE, "put", key, &why) != FAULT_NONE)
        return told(why, "write", key, err);
    return store_put(state, key, body, size, options, err);
}

static status put_file(void *state, const char *key, int fd, store_put_options options,
                       char ret_sha256[65], int64_t *ret_size, error *err) {
    int why = 0;
    if (fault_next(FAULT_STORE, "put_file", key, &why) != FAULT_NONE)
        return told(why, "write", key, err);
    return store_put_file(state, key, fd, options, ret_sha256, ret_size, err);
}

static status get(void *state, const char *key, size_t max_size, arena *a, char **ret_body,
                  size_t *ret_size, error *err) {
    int why = 0;
    if (fault_next(FAULT_STORE, "get", key, &why) != FAULT_NONE)
        return told(why, "read", key, err);
    return store_get(state, key, max_size, a, ret_body, ret_size, err);
}

static status get_file(void *state, const char *key, int fd, char ret_sha256[65], int64_t *ret_size,
                       error *err) {
    int why = 0;
    if (fault_next(FAULT_STORE, "get_file", key, &why) != FAULT_NONE)
        return told(why, "read", key, err);
    return store_get_file(state, key, fd, ret_sha256, ret_size, err);
}

static status info(void *state, const char *key, arena *a, store_object *ret, error *err) {
    int why = 0;
    if (fault_next(FAULT_STORE, "info", key, &why) != FAULT_NONE)
        return told(why, "find", key, err);
    return store_info(state, key, a, ret, err);
}

static status list(void *state, const char *prefix, arena *a, store_objects *ret, error *err) {
    int why = 0;
    if (fault_next(FAULT_STORE, "list", prefix, &why) != FAULT_NONE)
        return told(why, "list", prefix, err);
    return store_list(state, prefix, a, ret, err);
}

static status remove_one(void *state, const char *key, error *err) {
    WRAPPED("remove", key, store_remove(state, key, err));
}

static status remove_prefix(void *state, const char *prefix, error *err) {
    WRAPPED("remove_prefix", prefix, store_remove_prefix(state, prefix, err));
}

static status seal(void *state, const char *key, error *err) {
    WRAPPED("seal", key, store_seal(state, key, err));
}

static status prepare(void *state, const char *prefix, error *err) {
    WRAPPED("prepare", prefix, store_prepare(state, prefix, err));
}

static status sync_prefix(void *state, const char *prefix, error *err) {
    WRAPPED("sync", prefix, store_sync(state, prefix, err));
}

static status sync_names(void *state, const char *prefix, error *err) {
    WRAPPED("sync_names", prefix, store_sync_names(state, prefix, err));
}

static status sweep(void *state, error *err) {
    WRAPPED("sweep", store_root(state), store_sweep(state, err));
}

static status link_one(void *state, const char *from, const char *to, error *err) {
    WRAPPED("link", to, store_link(state, from, to, err));
}

static status exchange(void *state, const char *a, const char *b, error *err) {
    WRAPPED("exchange", b, store_exchange(state, a, b, err));
}

static status copy_one(void *from, const char *from_key, void *to, const char *to_key,
                       store_copy_options options, error *err) {
    WRAPPED("copy", to_key, store_copy(from, from_key, to, to_key, options, err));
}

static status remove_same(void *state, const char *key, const char *tag, error *err) {
    WRAPPED("remove_same", key, store_remove_same(state, key, tag, err));
}

static status next_one(void *state, const char *prefix, const char *after, arena *a, char **ret,
                       error *err) {
    int why = 0;
    if (fault_next(FAULT_STORE, "next", prefix, &why) != FAULT_NONE)
        return told(why, "list", prefix, err);
    return store_next(state, prefix, after, a, ret, err);
}

static status access_of(void *state, arena *a, store_access *ret, error *err) {
    return store_get_access(state, a, ret, err);
}

#define FAULTY(of_features)                                                                  \
    {                                                                                        \
        .name = "fault", .features = (of_features), .open = open_none, .close = close_inner, \
        .url = url, .put = put, .put_file = put_file, .get = get, .get_file = get_file,      \
        .info = info, .list = list, .remove = remove_one, .remove_prefix = remove_prefix,    \
        .seal = seal, .prepare = prepare, .sync = sync_prefix, .sync_names = sync_names,     \
        .sweep = sweep, .link = link_one, .exchange = exchange, .copy = copy_one,            \
        .remove_same = remove_same, .next = next_one, .access = access_of                    \
    }

static const store_driver FAULTY_LOCAL =
    FAULTY(STORE_PUT_IF_ABSENT | STORE_LINK | STORE_EXCHANGE | STORE_LOCAL_PATH);

static const store_driver FAULTY_BUCKET =
    FAULTY(STORE_PUT_IF_ABSENT | STORE_COPY | STORE_ORDERED | STORE_TAGS);

store *fault_store_over(store *inner) {
    const store_driver *driver = store_has(inner, STORE_COPY) ? &FAULTY_BUCKET : &FAULTY_LOCAL;
    ASSERT(store_has(inner, driver->features));
    return store_over(driver, inner, store_root(inner));
}
