#include "store/local/local.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

status local_error(local *l, int errno_value, const char *key, const char *doing, error *err) {
    if (errno_value == ELOOP) {
        status kind =
            error_set(err, E_DATA, "\"%s/%s\" is or leads through a symbolic link", l->root, key);
        error_hint(err, "Put the files themselves into the store instead of the link.");
        return kind;
    }
    return error_set_errno(err, errno_value, "cannot %s \"%s/%s\"", doing, l->root, key);
}

/* One errno for each thing that can be where a folder should be. */
static int why_no_folder(int fd, const char *name, int problem, local_walk how) {
    struct stat found;
    if (problem != ENOTDIR || fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return problem;
    if (S_ISLNK(found.st_mode))
        return ELOOP;
    return (how & LOCAL_MAKE) != 0 ? ENOTDIR : ENOENT;
}

/* Make the folder name in fd unless another process just did; false with errno set. */
static bool make(int fd, const char *name, local_walk how) {
    if (mkdirat(fd, name, 0777) != 0)
        return errno == EEXIST;
    return (how & LOCAL_SYNC_MADE) == 0 || fsync(fd) == 0;
}

/* The folder name in fd, made when asked for; -1 with errno set. */
static int enter(int fd, const char *name, local_walk how) {
    int next = openat(fd, name, FOLDER_FLAGS);
    if (next < 0 && errno == ENOENT && (how & LOCAL_MAKE) != 0 && make(fd, name, how))
        next = openat(fd, name, FOLDER_FLAGS);
    if (next < 0)
        errno = why_no_folder(fd, name, errno, how);
    return next;
}

/* Take the next part of a path into name; false when it is too long for any file system. */
static bool take_part(const char **path, const char *end, char name[NAME_MAX + 1]) {
    const char *slash = memchr(*path, '/', (size_t)(end - *path));
    size_t size = (size_t)((slash == NULL ? end : slash) - *path);
    if (size > NAME_MAX)
        return false;
    memcpy(name, *path, size);
    name[size] = '\0';
    *path = slash == NULL ? end : slash + 1;
    return true;
}

static int step(int fd, const char **path, const char *end, local_walk how) {
    char name[NAME_MAX + 1];
    if ((how & LOCAL_SYNC_ALL) != 0 && fsync(fd) != 0)
        return -1;
    if (!take_part(path, end, name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return enter(fd, name, how);
}

static void close_keeping_errno(int fd) {
    int problem = errno;
    close(fd);
    errno = problem;
}

/* The root is opened anew: a duplicate would share its place in the listing. */
static int walk(local *l, const char *path, size_t size, local_walk how) {
    const char *end = path + size;
    int fd = openat(l->root_fd, ".", FOLDER_FLAGS);
    while (fd >= 0 && path != end) {
        int next = step(fd, &path, end, how);
        close_keeping_errno(fd);
        fd = next;
    }
    if (fd >= 0 && (how & LOCAL_SYNC_ALL) != 0 && fsync(fd) != 0) {
        close_keeping_errno(fd);
        return -1;
    }
    return fd;
}

static const char *doing(local_walk how) {
    return (how & LOCAL_MAKE) != 0 ? "write" : "open";
}

status local_open_folder(local *l, const char *path, local_walk how, int *ret_fd, error *err) {
    int fd = walk(l, path, strlen(path), how);
    if (fd < 0)
        return local_error(l, errno, path, doing(how), err);
    *ret_fd = fd;
    return OK;
}

status local_open_place(local *l, const char *key, local_walk how, local_place *ret, error *err) {
    const char *slash = strrchr(key, '/');
    int fd = walk(l, key, slash == NULL ? 0 : (size_t)(slash - key), how);
    if (fd < 0)
        return local_error(l, errno, key, doing(how), err);
    *ret = (local_place){fd, slash == NULL ? key : slash + 1};
    return OK;
}

char *local_folder_key(arena *a, const char *prefix) {
    size_t size = strlen(prefix);
    return arena_strndup(a, prefix, str_ends(prefix, "/") ? size - 1 : size);
}

static bool remove_if_empty(local *l, const char *path) {
    local_place at;
    if (local_open_place(l, path, LOCAL_FIND, &at, NULL) != OK)
        return false;
    bool removed = unlinkat(at.folder_fd, at.name, AT_REMOVEDIR) == 0 || errno == ENOENT;
    close(at.folder_fd);
    return removed;
}

void local_prune(local *l, const char *path) {
    char left[STORE_KEY_SIZE_MAX + 1];
    size_t size = strlen(path);
    ASSERT(size < sizeof left);
    memcpy(left, path, size + 1);
    while (left[0] != '\0' && !str_eq(left, LOCAL_OWN) && remove_if_empty(l, left)) {
        char *slash = strrchr(left, '/');
        *(slash == NULL ? left : slash) = '\0';
    }
}

status local_stat(local *l, const local_place *at, const char *key, struct stat *ret, error *err) {
    struct stat found;
    if (fstatat(at->folder_fd, at->name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return local_error(l, errno, key, "find", err);
    if (S_ISLNK(found.st_mode))
        return local_error(l, ELOOP, key, "find", err);
    if (S_ISDIR(found.st_mode))
        return local_error(l, ENOENT, key, "find", err);
    if (!S_ISREG(found.st_mode))
        return error_set(err, E_DATA, "\"%s/%s\" is not a regular file", l->root, key);
    *ret = found;
    return OK;
}
