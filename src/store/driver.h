/* driver: what a kind of store provides; store.c checks keys, options and features first.
 *
 * Calls of a feature may be NULL when its bit is not set; the others marked optional say what NULL
 * means. Prefixes given to remove_prefix, prepare, sync, sync_names and exchange end in '/', or are
 * "" for the whole store where that is allowed. A driver may list too much: store.c filters and
 * sorts again. For implementers of drivers only. */
#ifndef WEIR_STORE_DRIVER_H
#define WEIR_STORE_DRIVER_H

#include "store/store.h"

typedef struct store_driver {
    const char *name;
    unsigned features; /* store_feature bits */
    status (*open)(const char *root, void **ret_state, error *err);
    void (*close)(void *state); /* accepts a half-opened state */
    char *(*url)(void *state, arena *a, const char *key);
    status (*put)(void *state, const char *key, const void *body, size_t size,
                  store_put_options options, error *err);
    status (*put_file)(void *state, const char *key, int fd, store_put_options options,
                       char ret_sha256[65], int64_t *ret_size, error *err);
    status (*get)(void *state, const char *key, size_t max_size, arena *a, char **ret_body,
                  size_t *ret_size, error *err);
    status (*get_end)(void *state, const char *key, size_t size, arena *a, char **ret_body,
                      size_t *ret_size, error *err); /* NULL: by way of get */
    status (*get_file)(void *state, const char *key, int fd, char ret_sha256[65], int64_t *ret_size,
                       error *err);
    status (*info)(void *state, const char *key, arena *a, store_object *ret, error *err);
    status (*list)(void *state, const char *prefix, arena *a, store_objects *ret, error *err);
    status (*list_strange)(void *state, const char *prefix, arena *a, store_objects *ret,
                           error *err); /* NULL: there can be none */
    status (*remove)(void *state, const char *key, error *err);
    status (*remove_prefix)(void *state, const char *prefix, error *err); /* NULL: one by one */
    status (*seal)(void *state, const char *key, error *err);
    status (*prepare)(void *state, const char *prefix, error *err);    /* NULL: nothing to do */
    status (*sync)(void *state, const char *prefix, error *err);       /* NULL: always durable */
    status (*sync_names)(void *state, const char *prefix, error *err); /* NULL: always durable */
    status (*sweep)(void *state, error *err);                          /* NULL: nothing to do */
    status (*link)(void *state, const char *from, const char *to, error *err);
    status (*exchange)(void *state, const char *a, const char *b, error *err);
    status (*copy)(void *from, const char *from_key, void *to, const char *to_key,
                   store_copy_options options, error *err);
    status (*access)(void *state, arena *a, store_access *ret, error *err); /* NULL: none needed */
    status (*next)(void *state, const char *prefix, const char *after, arena *a, char **ret,
                   error *err);
    status (*remove_same)(void *state, const char *key, const char *tag, error *err);
    int64_t (*requests)(const void *state); /* NULL: it sends none */
} store_driver;

extern const store_driver STORE_LOCAL;
extern const store_driver STORE_MEMORY;
extern const store_driver STORE_S3;

/* A store over any driver state, which it closes: for drivers under test and wrappers that inject
 * faults. root is copied. */
store *store_over(const store_driver *driver, void *state, const char *root);

#endif
