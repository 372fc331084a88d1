/* work: what a changing verb does around its work: look whether there is any, hold the lease,
 * record the run, heal what a killed one left. */
#ifndef WEIR_CLI_WORK_H
#define WEIR_CLI_WORK_H

#include "cli/keeper.h"
#include "cli/session.h"

typedef struct work {
    session *session;
    char run[ID_TEXT_SIZE];
    int64_t fence;  /* of the lease */
    keeper *keeper; /* renews it */
} work;

typedef enum work_scope { WORK_LAND, WORK_ALL } work_scope;

/* Is there nothing at all to do? Only reads, starts no worker: what keeps a no-op quick. */
CHECKED status work_is_idle(session *s, work_scope scope, bool *ret, error *err);

/* Take the lease (waiting for it with --wait), bring the ledger's tables in line with the
 * definition and record the run, all in one transaction. E_BUSY: another run holds it. */
CHECKED status work_begin(session *s, work *ret, error *err);

/* Whoever holds the lease: end what dead processes were writing into the session's stores. */
void work_sweep(const session *s);

/* Is the lease still this run's? E_BUSY when another run has taken over since. */
CHECKED status work_confirm(const work *w, error *err);

/* Record the outcome and give the lease back. Returns outcome, or the first failure of recording
 * when outcome is OK. summary: the run's document; NULL when there is none. */
CHECKED status work_end(work *w, status outcome, const json_t *summary, error *err);

#endif
