/* rebuild: rebuilds that were asked for and are not carried out yet.
 *
 * What one forces is stored as marks of cause forced whose ref is its run, so that any later run
 * builds just that, whatever the clock says by then. Here is what was asked, so that asking the
 * same again goes on. Not for deciding what to force: build/. */
#ifndef WEIR_LEDGER_REBUILD_H
#define WEIR_LEDGER_REBUILD_H

#include "ledger/ledger.h"

typedef struct ledger_rebuild {
    const char *run;     /* that was asked */
    const char *request; /* the arguments as given */
    strings tables;      /* names of those that it may build */
    int64_t left;        /* partitions that it forces and that are not built yet */
} ledger_rebuild;
typedef VEC(ledger_rebuild) ledger_rebuilds;

CHECKED status ledger_rebuild_add(ledger *l, const ledger_rebuild *r, error *err);
/* Oldest first. */
CHECKED status ledger_rebuild_list(ledger *l, arena *a, ledger_rebuilds *ret, error *err);
/* It came to its end, as any has of whose set nothing is left; what failed on the way stays
 * marked. */
CHECKED status ledger_rebuild_done(ledger *l, const char *run, error *err);

/* A forced partition was built, and waits only for the rest of its new generation: it stays marked,
 * and is not built again. Marks with seq <= up_to. */
CHECKED status ledger_forced_built(ledger *l, int64_t table, const char *partition, int64_t up_to,
                                   error *err);

/* Partitions of a generation that have a version to be used again, sorted. */
CHECKED status ledger_partitions_made(ledger *l, int64_t generation, arena *a, strings *ret,
                                      error *err);

/* Partitions of a table that are current under its partitioning now, or marked, sorted; held ones
 * too. */
CHECKED status ledger_partitions_known(ledger *l, int64_t table, arena *a, strings *ret,
                                       error *err);

#endif
