/* local: a store in a folder; shared by the files of this driver only.
 *
 * Every name is looked up part by part below the open root and symbolic links are never followed:
 * nothing that appears in the folder can lead a read or a write out of it. What is being written
 * is below LOCAL_TEMP, on the same file system, until it gets its name. */
#ifndef WEIR_STORE_LOCAL_LOCAL_H
#define WEIR_STORE_LOCAL_LOCAL_H

#include "store/driver.h"

#include <sys/stat.h>

#define LOCAL_OWN  ".weir"
#define LOCAL_TEMP LOCAL_OWN "/tmp"

typedef struct local {
    int root_fd;
    char *root; /* absolute, without symbolic links */
    unsigned long temp_count;
} local;

typedef enum local_walk {
    LOCAL_FIND = 0,
    LOCAL_MAKE = 1u << 0,      /* make folders that are missing */
    LOCAL_SYNC_MADE = 1u << 1, /* with LOCAL_MAKE: and make their names durable */
    LOCAL_SYNC_ALL = 1u << 2,  /* make the name of every folder on the way durable */
    LOCAL_MAKE_DURABLY = LOCAL_MAKE | LOCAL_SYNC_MADE,
} local_walk;

/* Where a key is: an open folder and the last part of the key, borrowed from it. */
typedef struct local_place {
    int folder_fd;
    const char *name;
} local_place;

/* path: a folder's key with or without '/' at the end, "" for the root. The caller closes the
 * descriptor. E_NOT_FOUND, E_DATA for a symbolic link on the way. */
CHECKED status local_open_folder(local *l, const char *path, local_walk how, int *ret_fd,
                                 error *err);
CHECKED status local_open_place(local *l, const char *key, local_walk how, local_place *ret,
                                error *err);

/* Remove path and the folders above it as long as they are empty; never the root or LOCAL_OWN. */
void local_prune(local *l, const char *path);

/* A key without the '/' at its end. */
char *local_folder_key(arena *a, const char *prefix);

/* What is at a place, itself and not where it may point to. E_NOT_FOUND for nothing and for a
 * folder, E_DATA for what is no regular file. key is for the error. */
CHECKED status local_stat(local *l, const local_place *at, const char *key, struct stat *ret,
                          error *err);

/* Says of key what errno_value means: a symbolic link and a file where a folder should be are
 * told apart from the rest. */
status local_error(local *l, int errno_value, const char *key, const char *doing, error *err);

/* The three renames that stand in for an exchange where the system has none; on failure both are
 * back in their old place if that is possible at all. */
CHECKED status local_exchange_by_renames(local *l, const char *a, const char *b, error *err);

/* A name below LOCAL_TEMP that this process has not used. */
char *local_temp_name(local *l, arena *a);

status local_put(void *state, const char *key, const void *body, size_t size,
                 store_put_options options, error *err);
status local_put_file(void *state, const char *key, int fd, store_put_options options,
                      char ret_sha256[65], int64_t *ret_size, error *err);
status local_get(void *state, const char *key, size_t max_size, arena *a, char **ret_body,
                 size_t *ret_size, error *err);
status local_get_file(void *state, const char *key, int to, char ret_sha256[65], int64_t *ret_size,
                      error *err);
status local_get_end(void *state, const char *key, size_t size, arena *a, char **ret_body,
                     size_t *ret_size, error *err);
status local_info(void *state, const char *key, arena *a, store_object *ret, error *err);
status local_list(void *state, const char *prefix, arena *a, store_objects *ret, error *err);
status local_list_strange(void *state, const char *prefix, arena *a, store_objects *ret,
                          error *err);
status local_remove(void *state, const char *key, error *err);
status local_remove_prefix(void *state, const char *prefix, error *err);
status local_seal(void *state, const char *key, error *err);
status local_prepare(void *state, const char *prefix, error *err);
status local_sync(void *state, const char *prefix, error *err);
status local_sync_names(void *state, const char *prefix, error *err);
status local_sweep(void *state, error *err);
status local_link(void *state, const char *from, const char *to, error *err);
status local_exchange(void *state, const char *a, const char *b, error *err);

#endif
