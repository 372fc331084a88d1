/* keeper: keeps a run's lease while the run works.
 *
 * A thread with a ledger handle of its own renews the lease, however long a job or a copy takes.
 * What the run may do is not decided here: it is checked in the transactions that change
 * something. When the whole process is stopped the keeper is too, and others take the lease. */
#ifndef WEIR_CLI_KEEPER_H
#define WEIR_CLI_KEEPER_H

#include "base/error.h"

typedef struct keeper keeper;

typedef struct keeper_options {
    const char *ledger; /* its location; these texts are borrowed while it runs */
    const char *lake_id;
    const char *run;
    int64_t fence;
    int64_t lease_us; /* renewed three times as often */
} keeper_options;

CHECKED status keeper_start(const keeper_options *options, keeper **ret, error *err);
void keeper_stop(keeper *k); /* waits for its thread; NULL is allowed */

#endif
