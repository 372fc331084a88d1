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
    STORE_ORDERED = 1u << 5,       /* the key after another one is found at once: store_next */
    STORE_TAGS = 1u << 6,          /* objects have tags */
    STORE_COPY = 1u << 4,          /* the store itself copies, even from another of its kind */
} store_feature;

typedef struct store_object {
    const char *key;
    int64_t size_bytes;
    int64_t modified_us; /* by the store's clock */
    bool read_only;      /* as store_seal left it, where that means something; else true */
    uint64_t file_id;    /* same value: the same bytes under two names (inode); 0 when unknown */
    const char *tag;     /* changes with the bytes (ETag); NULL when unknown */
} store_object;

typedef VEC(store_object) store_objects;

typedef struct store_put_options {
    bool if_absent;     /* needs STORE_PUT_IF_ABSENT, asserted */
    bool read_only;     /* mode 0444 where that means something */
    const char *name;   /* noted where a store notes such things, as for a copy; or NULL */
    const char *sha256; /* of the body, likewise, where the caller knows it; not compared */
} store_put_options;

/* How an engine reaches what store_url names. A secret: for documents on pipes only, never for
 * command lines, logs or files. All borrowed from the arena; NULL: none. */
typedef struct store_access {
    const char *scope; /* what it is good for, "s3://bucket/"; NULL: no access is needed */
    const char *access_key, *secret_key, *token;
    const char *region;
    const char *endpoint; /* host:port */
    bool path_style, tls;
    const char *ca_file;
    int64_t timeout_s; /* without a byte */
} store_access;

/* What a copy is noted with, for people and other tools. NULL: nothing. */
typedef struct store_copy_options {
    const char *name;   /* as it was delivered */
    const char *sha256; /* of the body: compared now and whenever it is read */
    const char *tag;    /* that the source is to have: E_CHANGED when it is another by now */
    bool replace;       /* else E_EXISTS */
} store_copy_options;

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

/* The same into an open file, emptied first, in constant memory; fd -1: it is only hashed. E_DATA
 * when the bytes are not those that were written, where that is known. */
CHECKED status store_get_file(store *s, const char *key, int fd, char ret_sha256[65],
                              int64_t *ret_size, error *err);

/* E_NOT_FOUND. Never follows a symbolic link: an object replaced by one is E_DATA. */
CHECKED status store_info(store *s, const char *key, arena *a, store_object *ret, error *err);

/* All objects whose key begins with prefix ("" for all), sorted by key bytewise. Hidden bookkeeping
 * below ".weir/" is listed only when prefix names it. Empty is not an error. */
CHECKED status store_list(store *s, const char *prefix, arena *a, store_objects *ret, error *err);

/* STORE_ORDERED: the first key below prefix that comes after `after` (which begins with it); NULL:
 * none. */
CHECKED status store_next(store *s, const char *prefix, const char *after, arena *a, char **ret,
                          error *err);

/* What is there below prefix and is neither an object nor a folder: symbolic links, pipes, devices.
 * Listed like objects, by where they are; sizes and times mean nothing. */
CHECKED status store_list_strange(store *s, const char *prefix, arena *a, store_objects *ret,
                                  error *err);

/* Absent already is OK. Folders that became empty go too. */
CHECKED status store_remove(store *s, const char *key, error *err);

/* The same, only while the object is the one with this tag (STORE_TAGS). What is another by now
 * stays, and that is OK. */
CHECKED status store_remove_same(store *s, const char *key, const char *tag, error *err);

/* Remove every object below prefix, which must end in '/'. */
CHECKED status store_remove_prefix(store *s, const char *prefix, error *err);

/* Make an object written by others (the engine) durable and read-only. Its name is durable only
 * after store_sync of its prefix, which many objects share. */
CHECKED status store_seal(store *s, const char *key, error *err);

/* STORE_LINK: to becomes a second name of from's object. E_EXISTS, E_NOT_FOUND. Not yet durable
 * until store_sync of its prefix. */
CHECKED status store_link(store *s, const char *from, const char *to, error *err);

/* STORE_COPY: from's bytes under a new name in `to`'s store, which may be another one of the same
 * kind. E_EXISTS, E_NOT_FOUND, E_CHANGED. E_DATA: the copy is not what options.sha256 says, and is
 * gone; only where the service, or a note of the source, tells what it has. */
CHECKED status store_copy(store *from, const char *from_key, store *to, const char *to_key,
                          store_copy_options options, error *err);
/* May the second of these be filled by store_copy from the first? */
bool store_can_copy(const store *from, const store *to);

/* How an engine reaches this store's objects now; good for some minutes at least. */
CHECKED status store_get_access(store *s, arena *a, store_access *ret, error *err);

/* Requests that this handle has sent so far; 0 where there are none. */
int64_t store_requests(const store *s);

/* STORE_EXCHANGE: the objects below prefix a ("x/a/") and b trade places in one step where the
 * system can (renameat2 RENAME_EXCHANGE), else by a pair of renames. When b has nothing it becomes
 * a's old place with nothing: a plain rename. Not yet durable until store_sync_names of what both
 * prefixes are in. */
CHECKED status store_exchange(store *s, const char *a, const char *b, error *err);

/* Make names below prefix durable. */
CHECKED status store_sync(store *s, const char *prefix, error *err);
/* Only the names directly below it, and its own: not those further down. */
CHECKED status store_sync_names(store *s, const char *prefix, error *err);

/* Remove what processes that are no more were writing. Only for who holds the lease under which
 * all writing is done: in a bucket whatever is unfinished is ended; in a folder processes of this
 * host that still write are left alone all the same. */
CHECKED status store_sweep(store *s, error *err);

/* For the engine: make the place where it will write objects below prefix (a folder here). */
CHECKED status store_prepare(store *s, const char *prefix, error *err);

#endif
