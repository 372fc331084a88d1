#include "project/lock.h"

#include "base/clock.h"
#include "base/crash.h"

/* As long as a run's lease: who holds the lock longer has lost that too. */
static const int64_t WAIT_MAX_US = INT64_C(60) * 1000000;
enum { TRY_EVERY_MS = 20 };

static status refuse_locked(const char *table, error *err) {
    error_set(err, E_BUSY, "another run is making the directories of \"%s\" and does not finish",
              table);
    error_hint(err, "End it, or let it go on if it is stopped; the next run goes on from here.");
    return E_BUSY;
}

/* Its holder may be stopped, so nobody waits for ever. */
status lock_take(ledger *l, const char *table, table_lock *ret, error *err) {
    int64_t until_us = clock_monotonic_us(&CLOCK_SYSTEM) + crash_lease_us(WAIT_MAX_US);
    for (;;) {
        bool granted = false;
        TRY(ledger_lock_try(l, table, &granted, err));
        if (granted)
            break;
        if (clock_monotonic_us(&CLOCK_SYSTEM) >= until_us)
            return refuse_locked(table, err);
        clock_wait(&CLOCK_SYSTEM, TRY_EVERY_MS);
    }
    *ret = (table_lock){l, table};
    return OK;
}

void lock_free(table_lock *held) {
    if (held->ledger != NULL)
        ledger_lock_free(held->ledger, held->name);
}
