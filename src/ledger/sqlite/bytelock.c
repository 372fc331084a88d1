#include "ledger/sqlite/bytelock.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>

status bytelock_open(const char *ledger, int *ret_fd, error *err) {
    ARENA_AUTO a = arena_new();
    const char *path = arena_printf(a, "%s-lock", ledger);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot open the lock \"%s\"", path);
    *ret_fd = fd;
    return OK;
}

static int set(int fd, int64_t key, short type) {
    struct flock byte = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)key, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &byte) == 0 ? 0 : errno;
}

status bytelock_try(int fd, int64_t key, bool *ret_granted, error *err) {
    int problem = set(fd, key, F_WRLCK);
    bool held = problem == EAGAIN || problem == EACCES;
    if (problem != 0 && !held)
        return error_set_errno(err, problem, "cannot lock what is beside the ledger");
    *ret_granted = !held;
    return OK;
}

void bytelock_free(int fd, int64_t key) {
    int ignored = set(fd, key, F_UNLCK);
    (void)ignored;
}
