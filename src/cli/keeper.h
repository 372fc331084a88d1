/* keeper: keeps a run's lease, or a helper's claims, while the process works.
 *
 * A thread with a ledger handle of its own renews them, however long a job or a copy takes. What
 * may be done under them is not decided here: it is checked in the transactions that change
 * something. When the whole process is stopped the keeper is too, and others go on without it. */
#ifndef WEIR_CLI_KEEPER_H
#define WEIR_CLI_KEEPER_H

#include "ledger/ledger.h"

typedef struct keeper keeper;

typedef struct keeper_options {
    const char *ledger; /* its location; all texts are borrowed while it runs */
    const char *lake_id;
    const char *owner; /* the run, or the helper */
    const char *name;  /* of the helper */
    int64_t fence;     /* of the run */
    int64_t lease_us;  /* renewed three times as often */
    status (*renew)(ledger *l, const struct keeper_options *o, error *err);
} keeper_options;

/* How long a lease is good without being renewed. */
int64_t keeper_lease_us(void);

/* For keeper_options.renew: the lease of a run. */
CHECKED status keeper_renew_run(ledger *l, const keeper_options *o, error *err);

CHECKED status keeper_start(const keeper_options *options, keeper **ret, error *err);
void keeper_stop(keeper *k); /* waits for its thread; NULL is allowed */

#endif
