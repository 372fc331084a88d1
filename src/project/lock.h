/* lock: one projector per table at a time, of whatever process and host.
 *
 * The lock is the ledger's (ledger/lock.h): whoever can project a lake has its ledger open.
 * Internal to project/. */
#ifndef WEIR_PROJECT_LOCK_H
#define WEIR_PROJECT_LOCK_H

#include "ledger/lock.h"

typedef struct table_lock {
    ledger *ledger;   /* NULL: it is not held */
    const char *name; /* borrowed */
} table_lock;

/* Waits for a while; E_BUSY when that was not enough. table: borrowed while it is held. */
CHECKED status lock_take(ledger *l, const char *table, table_lock *ret, error *err);
void lock_free(table_lock *held); /* for CLEANUP */

#endif
