#include "cli/keeper.h"

#include "base/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum { RENEWALS_PER_LEASE = 3, US_PER_MS = 1000 };
enum { READ_END, WRITE_END };

/* It ends early only for a process that stands still; a dead one loses it at once. */
static const int64_t LEASE_US = INT64_C(60) * 1000000;

int64_t keeper_lease_us(void) {
    return crash_lease_us(LEASE_US);
}

status keeper_renew_run(ledger *l, const keeper_options *o, error *err) {
    return ledger_lease_renew(l, LEDGER_LEASE_RUN, o->owner, o->fence, o->lease_us, err);
}

struct keeper {
    keeper_options options;
    pthread_t thread;
    int pipe[2]; /* closed at the write end to end the thread */
};

/* Opened when first needed: most runs are over before. */
static status renew(const keeper_options *o, ledger **l, error *err) {
    if (*l == NULL)
        TRY(ledger_open(o->ledger, o->lake_id, l, err));
    return o->renew(*l, o, err);
}

/* A failure is not told here: the run finds out where it matters. */
static void *keep(void *state) {
    keeper *k = state;
    ledger *l = NULL;
    int wait_ms = (int)(k->options.lease_us / RENEWALS_PER_LEASE / US_PER_MS);
    for (;;) {
        struct pollfd watched = {.fd = k->pipe[READ_END], .events = POLLIN};
        int ended = poll(&watched, 1, wait_ms);
        if (ended > 0 || (ended < 0 && errno != EINTR))
            break;
        status ignored = renew(&k->options, &l, NULL);
        (void)ignored;
    }
    ledger_close(l);
    return NULL;
}

/* Signals are for the thread that waits for workers. */
static int start_thread(keeper *k) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(&k->thread, NULL, keep, k);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem;
}

status keeper_start(const keeper_options *options, keeper **ret, error *err) {
    keeper *k = calloc(1, sizeof *k);
    ASSERT(k != NULL);
    k->options = *options;
    if (pipe2(k->pipe, O_CLOEXEC) != 0) {
        int problem = errno;
        free(k);
        return error_set_errno(err, problem, "cannot keep the lease");
    }
    int problem = start_thread(k);
    if (problem != 0) {
        close(k->pipe[READ_END]);
        close(k->pipe[WRITE_END]);
        free(k);
        return error_set_errno(err, problem, "cannot keep the lease");
    }
    *ret = k;
    return OK;
}

void keeper_stop(keeper *k) {
    if (k == NULL)
        return;
    close(k->pipe[WRITE_END]);
    pthread_join(k->thread, NULL);
    close(k->pipe[READ_END]);
    free(k);
}
