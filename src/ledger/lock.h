/* lock: one process at a time at something of a lake, on whatever host.
 *
 * The database keeps it: it is free again as soon as its holder frees it or is gone, and as long as
 * a holder stands still nobody else has it. For work outside the ledger that must not be done twice
 * at once; what is checked in a transaction needs only a lease (ledger.h). */
#ifndef WEIR_LEDGER_LOCK_H
#define WEIR_LEDGER_LOCK_H

#include "ledger/ledger.h"

/* Never waits. A handle has one lock at a time. When its connection is lost the lock is taken again
 * with the next one; where another was faster, whatever is asked then fails. */
CHECKED status ledger_lock_try(ledger *l, const char *name, bool *ret_granted, error *err);
void ledger_lock_free(ledger *l, const char *name);

#endif
