/* crash: named places at which a test can let the process die.
 *
 * Compiled in with the option -Dcrash_points=true only; elsewhere every call is nothing. There is
 * a point between every two effects on disk or ledger; doc/commit.md tells what each leaves. All
 * switches are environment variables, because the process that dies is a whole `weir`:
 *
 *     WEIR_CRASH_AT=land.claimed:2   die when the point is passed the second time (default 1)
 *     WEIR_CRASH_SIGNAL=kill         by SIGKILL; `stop`: SIGSTOP itself; `worker`: kill the worker
 *                                    processes instead and go on; `pause`: go on a little later;
 *                                    default: _exit
 *     WEIR_CRASH_LOG=FILE            append the name of every point that is passed
 *     WEIR_SABOTAGE=no_fence         leave out one safeguard: the tests must notice
 *     WEIR_LEASE_MS=500              how long a run's lease is good */
#ifndef WEIR_BASE_CRASH_H
#define WEIR_BASE_CRASH_H

#include "base/base.h"

enum { CRASH_EXIT_CODE = 86 };

#ifdef WEIR_CRASH_POINTS
/* name: one of CRASH_POINTS, asserted. */
void crash_point(const char *name);
/* Is this safeguard to be left out? One that crash.c lists, asserted. */
bool crash_sabotaged(const char *safeguard);
int64_t crash_lease_us(int64_t otherwise_us);

extern const char *const CRASH_POINTS[];
extern const size_t CRASH_POINT_COUNT;
#else
static inline void crash_point(const char *name) {
    (void)name;
}
static inline bool crash_sabotaged(const char *safeguard) {
    (void)safeguard;
    return false;
}
static inline int64_t crash_lease_us(int64_t otherwise_us) {
    return otherwise_us;
}
#endif

#endif
