#include "store/local/local.h"

#include "base/hash.h"
#include "base/path.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024 };

/* Without blocking: a pipe put where an object should be must not hang us. */
static status open_object(local *l, const char *key, int *ret_fd, error *err) {
    local_place at;
    TRY(local_open_place(l, key, LOCAL_FIND, &at, err));
    int fd = openat(at.folder_fd, at.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    status result = OK;
    struct stat found;
    if (fd < 0)
        result = local_error(l, errno, key, "open", err);
    else
        result = local_stat(l, &at, key, &found, err);
    close(at.folder_fd);
    if (result == OK)
        *ret_fd = fd;
    else if (fd >= 0)
        close(fd);
    return result;
}

status local_get(void *state, const char *key, size_t max_size, arena *a, char **ret_body,
                 size_t *ret_size, error *err) {
    local *l = state;
    int fd = -1;
    TRY(open_object(l, key, &fd, err));
    const char *path = path_join(a, l->root, key);
    status result = file_read_fd(fd, path, max_size, a, ret_body, ret_size, err);
    close(fd);
    return result;
}

/* One run over the bytes; to -1: only hashed. */
static status read_through(local *l, int fd, int to, const char *key, hasher *hash, int64_t *ret,
                           error *err) {
    ARENA_AUTO a = arena_new();
    char *bytes = arena_alloc(a, READ_SIZE);
    *ret = 0;
    for (;;) {
        ssize_t got = read(fd, bytes, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return local_error(l, errno, key, "read", err);
        if (got == 0)
            return OK;
        hasher_bytes(hash, bytes, (size_t)got);
        *ret += got;
        if (to >= 0 && !file_write_fd(to, bytes, (size_t)got))
            return error_set_errno(err, errno, "cannot write what \"%s\" holds", key);
    }
}

status local_get_file(void *state, const char *key, int to, char ret_sha256[65], int64_t *ret_size,
                      error *err) {
    local *l = state;
    int fd = -1;
    int64_t size = 0;
    if (to >= 0 && (ftruncate(to, 0) != 0 || lseek(to, 0, SEEK_SET) != 0))
        return error_set_errno(err, errno, "cannot empty what is to hold \"%s\"", key);
    TRY(open_object(l, key, &fd, err));
    hasher *hash = hasher_new();
    status result = read_through(l, fd, to, key, hash, &size, err);
    close(fd);
    if (result == OK) {
        hasher_finish(hash, ret_sha256);
        *ret_size = size;
    }
    hasher_free(hash);
    return result;
}

static status seek_end(local *l, int fd, const char *key, size_t size, error *err) {
    struct stat found;
    if (fstat(fd, &found) != 0)
        return local_error(l, errno, key, "read", err);
    off_t from = found.st_size > (off_t)size ? found.st_size - (off_t)size : 0;
    return lseek(fd, from, SEEK_SET) == from ? OK : local_error(l, errno, key, "read", err);
}

status local_get_end(void *state, const char *key, size_t size, arena *a, char **ret_body,
                     size_t *ret_size, error *err) {
    local *l = state;
    int fd = -1;
    TRY(open_object(l, key, &fd, err));
    const char *path = path_join(a, l->root, key);
    status result = seek_end(l, fd, key, size, err);
    if (result == OK)
        result = file_read_fd(fd, path, size, a, ret_body, ret_size, err);
    close(fd);
    return result;
}

static store_object to_object(const char *key, const struct stat *found) {
    return (store_object){
        .key = key,
        .size_bytes = found->st_size,
        .modified_us = (int64_t)found->st_mtim.tv_sec * 1000000 + found->st_mtim.tv_nsec / 1000,
        .read_only = (found->st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0,
        .file_id = found->st_ino,
    };
}

status local_info(void *state, const char *key, arena *a, store_object *ret, error *err) {
    local *l = state;
    local_place at;
    struct stat found;
    TRY(local_open_place(l, key, LOCAL_FIND, &at, err));
    status result = local_stat(l, &at, key, &found, err);
    close(at.folder_fd);
    if (result == OK)
        *ret = to_object(arena_strdup(a, key), &found);
    return result;
}

typedef struct listing {
    local *store;
    const char *prefix;
    arena *arena;
    store_objects *found;
    bool strange; /* what is no object, instead of objects */
} listing;

static status list_folder(listing *l, int fd, const char *path, error *err);

/* Worth a look: below the prefix, or on the way to it. Weir's own can be large and is rarely
 * asked for, so it is not even entered without need. */
static bool may_match(const listing *l, const char *key) {
    size_t key_size = strlen(key), prefix_size = strlen(l->prefix);
    size_t common = key_size < prefix_size ? key_size : prefix_size;
    if (str_eq(key, LOCAL_OWN) && !str_starts(l->prefix, LOCAL_OWN "/"))
        return false;
    return key_size <= STORE_KEY_SIZE_MAX && memcmp(key, l->prefix, common) == 0;
}

/* What vanishes while we look was removed by somebody, which is as if it had been before. */
static status list_entry(listing *l, int fd, const char *name, const char *key, error *err) {
    struct stat found;
    if (fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? OK : local_error(l->store, errno, key, "list", err);
    bool is_folder = S_ISDIR(found.st_mode);
    if (!is_folder && S_ISREG(found.st_mode) != l->strange)
        vec_push(l->arena, l->found, to_object(key, &found));
    if (!is_folder)
        return OK;
    int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below < 0)
        return errno == ENOENT ? OK : local_error(l->store, errno, key, "list", err);
    return list_folder(l, below, arena_printf(l->arena, "%s/", key), err);
}

static status list_entries(listing *l, DIR *folder, const char *path, error *err) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            return errno == 0 ? OK : local_error(l->store, errno, path, "list", err);
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
            continue;
        const char *key = arena_printf(l->arena, "%s%s", path, entry->d_name);
        if (may_match(l, key))
            TRY(list_entry(l, dirfd(folder), entry->d_name, key, err));
    }
}

/* Takes fd. path: the folder's key with '/' at its end, "" for the root. */
static status list_folder(listing *l, int fd, const char *path, error *err) {
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        int problem = errno;
        close(fd);
        return local_error(l->store, problem, path, "list", err);
    }
    status result = list_entries(l, folder, path, err);
    closedir(folder);
    return result;
}

static status list_below(listing *all, error *err) {
    const char *slash = strrchr(all->prefix, '/');
    char *path = arena_strndup(all->arena, all->prefix,
                               slash == NULL ? 0 : (size_t)(slash + 1 - all->prefix));
    int fd = -1;
    error problem = {0};
    status opened = local_open_folder(all->store, path, LOCAL_FIND, &fd, &problem);
    if (opened == E_NOT_FOUND)
        return OK;
    if (opened != OK)
        return error_pass(opened, &problem, err);
    return list_folder(all, fd, path, err);
}

status local_list(void *state, const char *prefix, arena *a, store_objects *ret, error *err) {
    listing all = {.store = state, .prefix = prefix, .arena = a, .found = ret};
    return list_below(&all, err);
}

status local_list_strange(void *state, const char *prefix, arena *a, store_objects *ret,
                          error *err) {
    listing all = {.store = state, .prefix = prefix, .arena = a, .found = ret, .strange = true};
    return list_below(&all, err);
}
