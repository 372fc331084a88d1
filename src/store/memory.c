#include "store/store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/str.h"
#include "store/driver.h"

#include <errno.h>
#include <unistd.h>

/* For tests: nothing is given back before the store is closed. */
typedef struct entry {
    char *key;
    const char *body;
    size_t size;
    int64_t modified_us;
    uint64_t file_id;
} entry;

typedef struct memory {
    arena *arena;
    VEC(entry) entries;
    uint64_t last_file_id;
} memory;

static status memory_open(const char *root, void **ret_state, error *err) {
    (void)root;
    (void)err;
    memory *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    m->arena = arena_new();
    *ret_state = m;
    return OK;
}

static void memory_close(void *state) {
    memory *m = state;
    if (m == NULL)
        return;
    arena_free(m->arena);
    free(m);
}

static char *memory_url(void *state, arena *a, const char *key) {
    (void)state;
    return arena_printf(a, "memory:%s", key);
}

static entry *find(memory *m, const char *key) {
    for (size_t i = 0; i < m->entries.count; i++)
        if (str_eq(m->entries.items[i].key, key))
            return &m->entries.items[i];
    return NULL;
}

static status missing(const char *key, error *err) {
    return error_set_errno(err, ENOENT, "cannot find \"memory:%s\"", key);
}

static status already_there(const char *key, error *err) {
    return error_set_errno(err, EEXIST, "cannot write \"memory:%s\"", key);
}

static void set(memory *m, entry added) {
    entry *old = find(m, added.key);
    if (old != NULL)
        *old = added;
    else
        vec_push(m->arena, &m->entries, added);
}

static status memory_put(void *state, const char *key, const void *body, size_t size,
                         store_put_options options, error *err) {
    memory *m = state;
    if (options.if_absent && find(m, key) != NULL)
        return already_there(key, err);
    char *copy = arena_strndup(m->arena, body, size);
    set(m, (entry){arena_strdup(m->arena, key), copy, size, clock_now_us(&CLOCK_SYSTEM),
                   ++m->last_file_id});
    return OK;
}

static status read_fd(int fd, buf *body, const char *key, error *err) {
    char bytes[4096];
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, errno, "cannot read what is to become \"memory:%s\"", key);
        if (got == 0)
            return OK;
        buf_add_bytes(body, bytes, (size_t)got);
    }
}

static status memory_put_file(void *state, const char *key, int fd, store_put_options options,
                              char ret_sha256[65], int64_t *ret_size, error *err) {
    ARENA_AUTO a = arena_new();
    buf body = buf_new(a);
    TRY(read_fd(fd, &body, key, err));
    TRY(memory_put(state, key, body.text, body.size, options, err));
    sha256_text(body.text, body.size, ret_sha256);
    *ret_size = (int64_t)body.size;
    return OK;
}

static status memory_get(void *state, const char *key, size_t max_size, arena *a, char **ret_body,
                         size_t *ret_size, error *err) {
    const entry *e = find(state, key);
    if (e == NULL)
        return missing(key, err);
    if (e->size > max_size)
        return error_set(err, E_DATA, "\"memory:%s\": larger than %zu bytes", key, max_size);
    *ret_body = arena_strndup(a, e->body, e->size);
    if (ret_size != NULL)
        *ret_size = e->size;
    return OK;
}

static status memory_get_file(void *state, const char *key, int fd, char ret_sha256[65],
                              int64_t *ret_size, error *err) {
    const entry *e = find(state, key);
    if (e == NULL)
        return missing(key, err);
    if (fd >= 0 && (ftruncate(fd, 0) != 0 || !file_write_fd(fd, e->body, e->size)))
        return error_set_errno(err, errno, "cannot write what \"memory:%s\" holds", key);
    sha256_text(e->body, e->size, ret_sha256);
    *ret_size = (int64_t)e->size;
    return OK;
}

static store_object to_object(arena *a, const entry *e) {
    return (store_object){.key = arena_strdup(a, e->key),
                          .size_bytes = (int64_t)e->size,
                          .modified_us = e->modified_us,
                          .read_only = true,
                          .file_id = e->file_id};
}

static status memory_info(void *state, const char *key, arena *a, store_object *ret, error *err) {
    const entry *e = find(state, key);
    if (e == NULL)
        return missing(key, err);
    *ret = to_object(a, e);
    return OK;
}

static status memory_list(void *state, const char *prefix, arena *a, store_objects *ret,
                          error *err) {
    (void)err;
    const memory *m = state;
    for (size_t i = 0; i < m->entries.count; i++)
        if (str_starts(m->entries.items[i].key, prefix))
            vec_push(a, ret, to_object(a, &m->entries.items[i]));
    return OK;
}

static status memory_remove(void *state, const char *key, error *err) {
    (void)err;
    memory *m = state;
    entry *e = find(m, key);
    if (e != NULL)
        *e = m->entries.items[--m->entries.count];
    return OK;
}

static status memory_seal(void *state, const char *key, error *err) {
    return find(state, key) == NULL ? missing(key, err) : OK;
}

static status memory_link(void *state, const char *from, const char *to, error *err) {
    memory *m = state;
    const entry *e = find(m, from);
    if (e == NULL)
        return missing(from, err);
    if (find(m, to) != NULL)
        return already_there(to, err);
    entry second = *e;
    second.key = arena_strdup(m->arena, to);
    set(m, second);
    return OK;
}

/* Entries keep their place in the list, so each is renamed once. */
static status memory_exchange(void *state, const char *a, const char *b, error *err) {
    memory *m = state;
    bool any = false;
    for (size_t i = 0; i < m->entries.count; i++) {
        entry *e = &m->entries.items[i];
        const char *from = str_starts(e->key, a) ? a : str_starts(e->key, b) ? b : NULL;
        if (from == NULL)
            continue;
        any = true;
        const char *rest = e->key + strlen(from);
        e->key = arena_printf(m->arena, "%s%s", str_eq(from, a) ? b : a, rest);
    }
    return any ? OK : missing(a, err);
}

const store_driver STORE_MEMORY = {
    .name = "memory",
    .features = STORE_PUT_IF_ABSENT | STORE_LINK | STORE_EXCHANGE,
    .open = memory_open,
    .close = memory_close,
    .url = memory_url,
    .put = memory_put,
    .put_file = memory_put_file,
    .get = memory_get,
    .get_file = memory_get_file,
    .info = memory_info,
    .list = memory_list,
    .remove = memory_remove,
    .seal = memory_seal,
    .link = memory_link,
    .exchange = memory_exchange,
};
