/* System calls that fail when asked to, and a view of what a power loss would leave.
 *
 * A program's own definition of a libc function is what it and all its shared libraries call, so
 * nothing has to be preloaded and SQLite's calls pass here, too. Only calls that change files are
 * here: on those that exist, writes; everything that makes, names and removes; and syncs. */
#undef _FILE_OFFSET_BITS /* both names of calls that have two */
#undef _FORTIFY_SOURCE
#include "fault.h"
#include "power.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Names are looked up, and calls are noted, by calls that come here again. */
static __thread bool inside;

static const char *path_of(arena *a, int fd) {
    char path[4096];
    ssize_t size = readlink(arena_printf(a, "/proc/self/fd/%d", fd), path, sizeof path - 1);
    return size < 0 ? "?" : arena_strndup(a, path, (size_t)size);
}

static const char *path_at(arena *a, int folder_fd, const char *path) {
    if (path == NULL || path[0] == '/' || folder_fd == AT_FDCWD)
        return path == NULL ? path_of(a, folder_fd) : path;
    return arena_printf(a, "%s/%s", path_of(a, folder_fd), path);
}

/* path: NULL for a call on an open file. */
static fault next(const char *call, int fd, const char *path, int *ret_errno) {
    if (inside || !fault_is_asked_for())
        return FAULT_NONE;
    int problem = errno;
    inside = true;
    arena *a = arena_new();
    fault how = fault_next(FAULT_SYSTEM, call, path_at(a, fd, path), ret_errno);
    arena_free(a);
    inside = false;
    errno = problem;
    return how;
}

static long failed(int why) {
    errno = why;
    return -1;
}

#define CARRY_OUT(call, fd, path, carried_out)                           \
    do {                                                                 \
        int why = 0;                                                     \
        fault how = next(call, fd, path, &why);                          \
        long result = how == FAULT_BEFORE ? failed(why) : (carried_out); \
        return how == FAULT_AFTER && result >= 0 ? failed(why) : result; \
    } while (0)

static bool is_file(int fd) {
    struct stat found;
    int problem = errno;
    bool is = fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
    errno = problem;
    return is && fd > STDERR_FILENO;
}

static long synced(int fd, long result) {
    if (result == 0 && !inside) {
        inside = true;
        power_note_sync(fd);
        inside = false;
    }
    return result;
}

static long do_sync(const char *call, long number, int fd) {
    CARRY_OUT(call, fd, NULL, synced(fd, syscall(number, fd)));
}

int fsync(int fd) {
    return (int)do_sync("fsync", SYS_fsync, fd);
}

int fdatasync(int fd) {
    return (int)do_sync("fdatasync", SYS_fdatasync, fd);
}

static long do_write(int fd, const void *bytes, size_t size) {
    if (!is_file(fd))
        return syscall(SYS_write, fd, bytes, size);
    CARRY_OUT("write", fd, NULL, syscall(SYS_write, fd, bytes, size));
}

ssize_t write(int fd, const void *bytes, size_t size) {
    return do_write(fd, bytes, size);
}

static long do_pwrite(int fd, const void *bytes, size_t size, int64_t offset) {
    CARRY_OUT("pwrite", fd, NULL, syscall(SYS_pwrite64, fd, bytes, size, offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, int64_t offset) {
    return do_pwrite(fd, bytes, size, offset);
}

static long do_copy(int from, int to, size_t size, unsigned flags) {
    CARRY_OUT("copy_file_range", to, NULL,
              syscall(SYS_copy_file_range, from, NULL, to, NULL, size, flags));
}

/* Nobody here gives offsets. */
ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size,
                        unsigned flags) {
    ASSERT(from_offset == NULL && to_offset == NULL);
    return do_copy(from, to, size, flags);
}

static long do_truncate(int fd, int64_t size) {
    CARRY_OUT("ftruncate", fd, NULL, syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, int64_t size) {
    return (int)do_truncate(fd, size);
}

static long do_chmod(int fd, mode_t mode) {
    CARRY_OUT("fchmod", fd, NULL, syscall(SYS_fchmod, fd, mode));
}

int fchmod(int fd, mode_t mode) {
    return (int)do_chmod(fd, mode);
}

static long do_open(int folder_fd, const char *path, int flags, mode_t mode) {
    if ((flags & O_CREAT) == 0)
        return syscall(SYS_openat, folder_fd, path, flags, mode);
    CARRY_OUT("create", folder_fd, path, syscall(SYS_openat, folder_fd, path, flags, mode));
}

/* The mode is there only when the flags ask for it. */
static mode_t mode_of(int flags, va_list values) {
    return (flags & O_CREAT) != 0 ? va_arg(values, mode_t) : 0;
}

#define OPEN_AT(folder_fd)                                               \
    do {                                                                 \
        va_list values;                                                  \
        va_start(values, flags);                                         \
        mode_t mode = mode_of(flags, values);                            \
        va_end(values);                                                  \
        return (int)do_open(folder_fd, path, flags | O_LARGEFILE, mode); \
    } while (0)

int open(const char *path, int flags, ...) {
    OPEN_AT(AT_FDCWD);
}

int open64(const char *path, int flags, ...) {
    OPEN_AT(AT_FDCWD);
}

int openat(int folder_fd, const char *path, int flags, ...) {
    OPEN_AT(folder_fd);
}

int openat64(int folder_fd, const char *path, int flags, ...) {
    OPEN_AT(folder_fd);
}

static long do_mkdir(int folder_fd, const char *path, mode_t mode) {
    CARRY_OUT("mkdir", folder_fd, path, syscall(SYS_mkdirat, folder_fd, path, mode));
}

int mkdir(const char *path, mode_t mode) {
    return (int)do_mkdir(AT_FDCWD, path, mode);
}

int mkdirat(int folder_fd, const char *path, mode_t mode) {
    return (int)do_mkdir(folder_fd, path, mode);
}

static long do_unlink(int folder_fd, const char *path, int flags) {
    CARRY_OUT("unlink", folder_fd, path, syscall(SYS_unlinkat, folder_fd, path, flags));
}

int unlink(const char *path) {
    return (int)do_unlink(AT_FDCWD, path, 0);
}

int unlinkat(int folder_fd, const char *path, int flags) {
    return (int)do_unlink(folder_fd, path, flags);
}

static long do_link(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    CARRY_OUT("link", to_fd, to, syscall(SYS_linkat, from_fd, from, to_fd, to, flags));
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    return (int)do_link(from_fd, from, to_fd, to, flags);
}

static long carry_out_rename(int from_fd, const char *from, int to_fd, const char *to,
                             unsigned flags) {
    long result = syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (result == 0 && !inside) {
        inside = true;
        power_note_rename(from_fd, from);
        power_note_rename(to_fd, to);
        inside = false;
    }
    return result;
}

static long do_rename(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    CARRY_OUT("rename", to_fd, to, carry_out_rename(from_fd, from, to_fd, to, flags));
}

int rename(const char *from, const char *to) {
    return (int)do_rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    return (int)do_rename(from_fd, from, to_fd, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    return (int)do_rename(from_fd, from, to_fd, to, flags);
}
