/* store: objects under keys, in a local folder or a bucket.
 *
 * There are no directories: '/' in a key is only a convention for prefixes. Keys are relative,
 * safe (path_is_safe) and at most STORE_KEY_SIZE_MAX bytes; the store refuses others with E_USAGE
 * before any driver sees them. Written objects are immutable: there is no append.
 *
 * A handle serves one thread at a time. Not for the land folder (land/ watches files that others
 * write) and not for reading table data (the engine opens the objects itself: store_url). */
#ifndef WEIR_STORE_STORE_H
#define WEIR_STORE_STORE_H

#include "base/error.h"
#include "base/vec.h"

enum { STORE_KEY_SIZE_MAX = 1024 }; /* S3's limit on object keys, in bytes of UTF-8 */

typedef struct store store;

typedef enum store_feature {
    STORE_PUT_IF_ABSENT = 1u << 0, /* the store itself decides a race for a key */
    STORE_LINK = 1u << 1,          /* a second name for an object without a copy */
    STORE_EXCHANGE = 1u << 2,      /* two prefixes swap their contents in one step */
    STORE_LOCAL_PATH = 1u << 3,    /* store_url gives a path that open(2) understands */
} store_feature;

typedef struct store_object {
    const char *key;
    int64_t size_bytes;
    int64_t modified_us; /* by the store's clock */
    bool read_only;      /* as store_seal left it, where that means something; else true */
    uint64_t file_id;    /* same value: the same bytes under two names (inode); 0 when unknown */
} store_object;

typedef VEC(store_object) store_objects;

typedef struct store_put_options {
    bool if_absent; /* needs STORE_PUT_IF_ABSENT, asserted */
    bool read_only; /* mode 0444 where that means something */
} store_put_options;

/* Open by location: a folder (made when missing), s3://bucket/prefix (nothing is sent yet) or
 * "memory:". root is copied. E_DENIED, E_IO; E_DEFINITION for a scheme that no driver serves. */
CHECKED status store_open(const char *root, store **ret, error *err);
void store_close(store *s); /* NULL is allowed */

bool store_has(const store *s, store_feature feature);
const char *store_root(const store *s); /* as opened; borrowed */

/* What the engine can open to read key: an absolute path, or s3://… */
char *store_url(const store *s, arena *a, const char *key);

/* Make body readable under key, all of it or nothing, durable when this returns (object and its
 * name are synced). Replaces, unless if_absent.
 * E_EXISTS    only with if_absent; the existing object is untouched
 * E_FULL, E_DENIED, E_IO  nothing is readable under key that was not before */
CHECKED status store_put(store *s, const char *key, const void *body, size_t size,
                         store_put_options options, error *err);

/* The same from an open file descriptor, from its current offset to its end, in constant memory;
 * fills sha256 (of the bytes written) and *ret_size. */
CHECKED status store_put_file(store *s, const char *key, int fd, store_put_options options,
                              char ret_sha256[65], int64_t *ret_size, error *err);

/* Whole object of at most max_size bytes, terminated. E_NOT_FOUND, E_DATA when larger. */
CHECKED status store_get(store *s, const char *key, size_t max_size, arena *a, char **ret_body,
                         size_t *ret_size, error *err);

/* Its last size bytes, or all of a smaller one, terminated; max_size as for store_get. */
CHECKED status store_get_end(store *s, const char *key, size_t size, size_t max_size, arena *a,
                             char **ret_body, size_t *ret_size, error *err);

/* E_NOT_FOUND. Never follows a symbolic link: an object replaced by one is E_DATA. */
CHECKED status store_info(store *s, const char *key, arena *a, store_object *ret, error *err);

/* All objects whose key begins with prefix ("" for all), sorted by key bytewise. Hidden bookkeeping
 * below ".weir/" is listed only when prefix names it. Empty is not an error. */
CHECKED status store_list(store *s, const char *prefix, arena *a, store_objects *ret, error *err);

/* What is there below prefix and is neither an object nor a folder: symbolic links, pipes, devices.
 * Listed like objects, by where they are; sizes and times mean nothing. */
CHECKED status store_list_strange(store *s, const char *prefix, arena *a, store_objects *ret,
                                  error *err);

/* Absent already is OK. Folders that became empty go too. */
CHECKED status store_remove(store *s, const char *key, error *err);

/* Remove every object below prefix, which must end in '/'. */
CHECKED status store_remove_prefix(store *s, const char *prefix, error *err);

/* Make an object written by others (the engine) durable and read-only. Its name is durable only
 * after store_sync of its prefix, which many objects share. */
CHECKED status store_seal(store *s, const char *key, error *err);

/* STORE_LINK: to becomes a second name of from's object. E_EXISTS, E_NOT_FOUND. Not yet durable
 * until store_sync of its prefix. */
CHECKED status store_link(store *s, const char *from, const char *to, error *err);

/* STORE_EXCHANGE: the objects below prefix a ("x/a/") and b trade places in one step where the
 * system can (renameat2 RENAME_EXCHANGE), else by a pair of renames. When b has nothing it becomes
 * a's old place with nothing: a plain rename. Durable when this returns. */
CHECKED status store_exchange(store *s, const char *a, const char *b, error *err);

/* Make names below prefix durable. */
CHECKED status store_sync(store *s, const char *prefix, error *err);

/* Remove what processes of this host that are no more were writing; those that write are left
 * alone. */
CHECKED status store_sweep(store *s, error *err);

/* For the engine: make the place where it will write objects below prefix (a folder here). */
CHECKED status store_prepare(store *s, const char *prefix, error *err);

#endif
