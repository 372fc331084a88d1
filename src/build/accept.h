/* accept: keep what there is although the code is another one by now (design section 8).
 *
 * The ledger then has the version as what the new code makes of the same inputs, with who said so
 * and why; its lineage stays what it was. As soon as an input changes, the new code is at work. */
#ifndef WEIR_BUILD_ACCEPT_H
#define WEIR_BUILD_ACCEPT_H

#include "build/build.h"

typedef struct accept_ask {
    const bool *selected;      /* per lake table; NULL: all */
    const plan_filter *filter; /* which partitions of them; NULL: all */
    const char *why;
} accept_ask;

typedef struct accepted {
    const char *table, *partition;
    const char *causes; /* what of the code is another: "sql" */
    const char *reason; /* why it stays stale all the same; NULL: it was accepted */
} accepted;
typedef VEC(accepted) accepteds;

/* Every selected partition that is stale because of its code, by table and partition. Absorbs
 * first, then decides all in one commit. Call it holding the lease, or in a rehearsal (fence 0). */
CHECKED status build_accept(const build_context *c, const accept_ask *ask, arena *a, accepteds *ret,
                            error *err);

#endif
