#include "project/lock.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

/* As long as a run's lease: who holds the lock longer has lost that too. */
static const int64_t WAIT_MAX_US = INT64_C(60) * 1000000;
enum { TRY_EVERY_MS = 20 };

/* flock itself can wait for ever only: its holder may be stopped. 0, or an errno. */
static int lock_waiting(int fd) {
    int64_t until_us = clock_monotonic_us(&CLOCK_SYSTEM) + crash_lease_us(WAIT_MAX_US);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return errno;
        if (clock_monotonic_us(&CLOCK_SYSTEM) >= until_us)
            return EWOULDBLOCK;
        poll(NULL, 0, TRY_EVERY_MS);
    }
    return 0;
}

static status refuse_locked(const char *table, error *err) {
    error_set(err, E_BUSY, "another run is making the directories of \"%s\" and does not finish",
              table);
    error_hint(err, "End it, or let it go on if it is stopped; the next run goes on from here.");
    return E_BUSY;
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
    int problem = lock_waiting(fd);
    if (problem == 0) {
        *ret_fd = fd;
        return OK;
    }
    close(fd);
    if (problem == EWOULDBLOCK)
        return refuse_locked(table, err);
    return error_set_errno(err, problem, "cannot lock \"%s\"", path);
}

void lock_free(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
}
