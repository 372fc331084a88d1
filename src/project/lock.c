#include "project/lock.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int lock_waiting(int fd) {
    int locked;
    do
        locked = flock(fd, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    return locked;
}

status lock_take(store *s, const char *table, int *ret_fd, error *err) {
    ARENA_AUTO a = arena_new();
    *ret_fd = -1;
    if (!store_has(s, STORE_LOCAL_PATH))
        return OK;
    TRY(store_prepare(s, ".weir/lock/", err));
    char *path = store_url(s, a, arena_printf(a, ".weir/lock/%s", table));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot open the lock \"%s\"", path);
    if (lock_waiting(fd) != 0) {
        int failed = errno;
        (void)close(fd);
        return error_set_errno(err, failed, "cannot lock \"%s\"", path);
    }
    *ret_fd = fd;
    return OK;
}

void lock_free(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
}
