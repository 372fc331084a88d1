#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE_MIN = 4096, TEMPORARY_TRIES = 100 };

/* Read at most size bytes; fewer only at the end of the file. */
static ssize_t read_some(int fd, char *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, bytes + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static status read_all(int fd, size_t step, size_t max_size, buf *text, error *err) {
    for (;;) {
        size_t room = max_size - text->size + 1;
        step = step < room ? step : room;
        char *bytes = arena_alloc(text->arena, step);
        ssize_t got = read_some(fd, bytes, step);
        if (got < 0)
            return error_set_errno(err, errno, "cannot read");
        buf_add_bytes(text, bytes, (size_t)got);
        if (text->size > max_size)
            return error_set(err, E_DATA, "larger than %zu bytes", max_size);
        if ((size_t)got < step)
            return OK;
        step = step < READ_SIZE_MIN ? READ_SIZE_MIN : step;
    }
}

/* What is left to read; told before any memory is taken for it. */
static bool is_beyond(int fd, off_t size, size_t max_size) {
    off_t from = lseek(fd, 0, SEEK_CUR);
    return from >= 0 && size > from && (uintmax_t)(size - from) > max_size;
}

status file_read_fd(int fd, const char *name, size_t max_size, arena *a, char **ret_text,
                    size_t *ret_size, error *err) {
    ASSERT(max_size < SIZE_MAX);
    struct stat found;
    if (fstat(fd, &found) != 0)
        return error_set_errno(err, errno, "cannot read \"%s\"", name);
    /* Only where reading starts: the file may be growing, and those of /proc say 0. */
    if (S_ISREG(found.st_mode) && is_beyond(fd, found.st_size, max_size))
        return error_set(err, E_DATA, "\"%s\": larger than %zu bytes", name, max_size);
    size_t step = S_ISREG(found.st_mode) ? (size_t)found.st_size + 1 : READ_SIZE_MIN;
    buf text = buf_new(a);
    status result = read_all(fd, step, max_size, &text, err);
    if (result != OK) {
        error_prefix(err, "\"%s\"", name);
        return result;
    }
    *ret_text = text.text;
    if (ret_size != NULL)
        *ret_size = text.size;
    return OK;
}

static status refuse_what_is_no_file(int fd, const char *path, error *err) {
    struct stat found;
    if (fstat(fd, &found) != 0)
        return error_set_errno(err, errno, "cannot read \"%s\"", path);
    if (S_ISDIR(found.st_mode))
        return error_set_errno(err, EISDIR, "cannot read \"%s\"", path);
    if (!S_ISREG(found.st_mode))
        return error_set(err, E_IO, "\"%s\" is not a regular file", path);
    return OK;
}

status file_read(const char *path, size_t max_size, arena *a, char **ret_text, size_t *ret_size,
                 error *err) {
    /* Without blocking, so that a pipe put where a file should be cannot hang the program. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot open \"%s\"", path);
    status result = refuse_what_is_no_file(fd, path, err);
    if (result == OK)
        result = file_read_fd(fd, path, max_size, a, ret_text, ret_size, err);
    close(fd);
    return result;
}

status dir_sync(const char *path, error *err) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot open the folder \"%s\"", path);
    status result = OK;
    if (fsync(fd) != 0)
        result = error_set_errno(err, errno, "cannot sync the folder \"%s\"", path);
    close(fd);
    return result;
}

/* A leftover of a killed process may have our number: try the next name. */
static status open_temporary(const char *path, arena *a, char **ret_name, int *ret_fd, error *err) {
    const char *folder = path_parent(a, path);
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        char *name =
            arena_printf(a, "%s/.%s.%ld-%d.tmp", folder, path_name(path), (long)getpid(), i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0 && errno == EEXIST)
            continue;
        if (fd < 0)
            break;
        *ret_name = name;
        *ret_fd = fd;
        return OK;
    }
    return error_set_errno(err, errno, "cannot write \"%s\"", path);
}

bool file_write_fd(int fd, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

/* Closes fd in any case: some file systems tell only then that the write failed. */
static bool write_durably(int fd, const char *text, size_t size) {
    bool written = file_write_fd(fd, text, size) && fsync(fd) == 0;
    int problem = errno;
    bool closed = close(fd) == 0;
    if (!written)
        errno = problem;
    return written && closed;
}

status file_write_atomic(const char *path, const char *text, size_t size, error *err) {
    ARENA_AUTO a = arena_new();
    char *temporary = NULL;
    int fd = -1;
    TRY(open_temporary(path, a, &temporary, &fd, err));
    if (!write_durably(fd, text, size) || rename(temporary, path) != 0) {
        int problem = errno;
        unlink(temporary);
        return error_set_errno(err, problem, "cannot write \"%s\"", path);
    }
    return dir_sync(path_parent(a, path), err);
}
