/* share: what other hosts build of a table while this one builds the rest.
 *
 * Nothing is offered, and nothing more is asked of the ledger than whether there are helpers, where
 * none is. An answer is taken like that of a worker of this host. Helpers: help.c. Internal to
 * build/. */
#ifndef WEIR_BUILD_SHARE_H
#define WEIR_BUILD_SHARE_H

#include "build/queue.h"

enum { SHARE_LOOK_MS = 100 };

typedef struct share {
    build_state *s;
    job_queue *queue;
    VEC(build_job *) offered; /* and not answered yet */
    int64_t helpers;          /* as of the last look */
    int64_t looked_us;
    bool has_looked;
} share;

/* How many could help? */
CHECKED status share_count(share *h, error *err);
static inline bool share_is_open(const share *h) {
    return h->offered.count > 0;
}
/* Take what was answered, and offer of the queue what helpers may have; now and then only, so call
 * it as often as you like. */
CHECKED status share_look(share *h, error *err);
/* Something that was offered and nobody has goes back to the queue. */
CHECKED status share_take_back(share *h, bool *ret_any, error *err);

/* A change of offers in a transaction of its own, done again when others were faster on a
 * connection that was lost. */
typedef status share_change(const build_context *c, void *what, error *err);
CHECKED status share_transaction(const build_context *c, share_change *change, void *what,
                                 error *err);

#endif
