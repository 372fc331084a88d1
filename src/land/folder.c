#include "land/folder.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000, FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

static int64_t to_ns(const struct timespec *time) {
    return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

folder_stamp folder_stamp_of(const struct stat *found) {
    return (folder_stamp){
        .device = found->st_dev,
        .inode = found->st_ino,
        .size = found->st_size,
        .modified_ns = to_ns(&found->st_mtim),
        .changed_ns = to_ns(&found->st_ctim),
    };
}

bool folder_stamp_same(const folder_stamp *left, const folder_stamp *right) {
    return left->device == right->device && left->inode == right->inode && left->size == right->size
           && left->modified_ns == right->modified_ns && left->changed_ns == right->changed_ns;
}

/* Deliverers know their files by the names they gave them. */
static const char *as_delivered(const char *path) {
    if (!str_starts(path, FOLDER_CLAIMS "/"))
        return path;
    for (int parts = 0; parts < 3; parts++) {
        const char *slash = strchr(path, '/');
        if (slash == NULL)
            return path;
        path = slash + 1;
    }
    return path;
}

static status fail(int errno_value, const char *doing, const char *path, error *err) {
    ARENA_AUTO a = arena_new();
    const char *shown = str_printable(a, as_delivered(path));
    if (errno_value == ELOOP || errno_value == ENOTDIR)
        return error_set(err, E_DATA, "cannot %s \"%s\": a symbolic link or a file is in the way",
                         doing, shown);
    return error_set_errno(err, errno_value, "cannot %s \"%s\"", doing, shown);
}

status folder_open_root(const char *path, int *ret_fd, error *err) {
    int fd = open(path, FOLDER_FLAGS);
    if (fd < 0)
        return fail(errno, "open the land folder", path, err);
    *ret_fd = fd;
    return OK;
}

static int enter(int fd, const char *name, bool make) {
    if (make && mkdirat(fd, name, 0777) != 0 && errno != EEXIST)
        return -1;
    return openat(fd, name, FOLDER_FLAGS | O_NOFOLLOW);
}

static status open_parts(int root_fd, const char *path, size_t size, bool make, int *ret_fd,
                         error *err) {
    ARENA_AUTO a = arena_new();
    char *left = arena_strndup(a, path, size);
    int fd = openat(root_fd, ".", FOLDER_FLAGS);
    for (char *end; fd >= 0 && *left != '\0'; left = end) {
        end = left + strcspn(left, "/");
        if (*end == '/')
            *end++ = '\0';
        int below = enter(fd, left, make);
        int problem = errno;
        close(fd);
        errno = problem;
        fd = below;
    }
    if (fd < 0)
        return fail(errno, "open the folder", path, err);
    *ret_fd = fd;
    return OK;
}

status folder_open(int root_fd, const char *path, bool make, int *ret_fd, error *err) {
    return open_parts(root_fd, path, str_eq(path, ".") ? 0 : strlen(path), make, ret_fd, err);
}

status folder_open_parent(int root_fd, const char *path, bool make, int *ret_fd, error *err) {
    const char *slash = strrchr(path, '/');
    return open_parts(root_fd, path, slash == NULL ? 0 : (size_t)(slash - path), make, ret_fd, err);
}

static status not_regular(const char *path, error *err) {
    ARENA_AUTO a = arena_new();
    return error_set(err, E_CHANGED, "\"%s\" is no longer a regular file",
                     str_printable(a, as_delivered(path)));
}

static status stamp_open_file(int fd, const char *path, folder_stamp *ret, error *err) {
    struct stat found;
    if (fstat(fd, &found) != 0)
        return fail(errno, "look at", path, err);
    if (!S_ISREG(found.st_mode))
        return not_regular(path, err);
    *ret = folder_stamp_of(&found);
    return OK;
}

/* Without blocking, in case it became a pipe. */
status folder_open_file(int root_fd, const char *path, int *ret_fd, folder_stamp *ret_stamp,
                        error *err) {
    int parent;
    TRY(folder_open_parent(root_fd, path, false, &parent, err));
    int fd = openat(parent, path_name(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int problem = errno;
    close(parent);
    if (fd < 0 && (problem == ENOENT || problem == ELOOP))
        return not_regular(path, err);
    if (fd < 0)
        return fail(problem, "read", path, err);
    status looked = stamp_open_file(fd, path, ret_stamp, err);
    if (looked == OK)
        *ret_fd = fd;
    else
        close(fd);
    return looked;
}

status folder_stat(int root_fd, const char *path, struct stat *ret, error *err) {
    int parent;
    struct stat found;
    TRY(folder_open_parent(root_fd, path, false, &parent, err));
    int result = fstatat(parent, path_name(path), &found, AT_SYMLINK_NOFOLLOW);
    int problem = errno;
    close(parent);
    if (result != 0)
        return fail(problem, "look at", path, err);
    *ret = found;
    return OK;
}

/* Where the system cannot refuse to replace, looking first is the best there is. */
static int move_new(int from_fd, const char *from, int to_fd, const char *to) {
    if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    struct stat found;
    if (fstatat(to_fd, to, &found, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return renameat(from_fd, from, to_fd, to) == 0 ? 0 : errno;
}

status folder_move(int root_fd, const char *from, const char *to, error *err) {
    int from_fd, to_fd;
    TRY(folder_open_parent(root_fd, from, false, &from_fd, err));
    status result = folder_open_parent(root_fd, to, true, &to_fd, err);
    if (result == OK) {
        int problem = move_new(from_fd, path_name(from), to_fd, path_name(to));
        if (problem != 0)
            result = fail(problem, "move", from, err);
        close(to_fd);
    }
    close(from_fd);
    return result;
}

status folder_sync(int root_fd, const char *path, error *err) {
    int fd;
    TRY(folder_open(root_fd, path, false, &fd, err));
    int problem = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    if (problem == 0 || problem == EINVAL || problem == ENOTSUP)
        return OK;
    return fail(problem, "sync the folder", path, err);
}

void folder_prune(int root_fd, const char *path) {
    ARENA_AUTO a = arena_new();
    for (char *at = path_parent(a, path); !str_eq(at, "."); at = path_parent(a, at)) {
        int parent;
        if (folder_open_parent(root_fd, at, false, &parent, NULL) != OK)
            return;
        int result = unlinkat(parent, path_name(at), AT_REMOVEDIR);
        close(parent);
        if (result != 0)
            return;
    }
}
