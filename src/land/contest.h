/* contest: recorded deliveries of which only some can count, and what becomes of them.
 *
 * Reads those that compete, lets standing.c decide, writes down what changed and marks what that
 * reaches, all in the caller's write transaction. Internal to land/. */
#ifndef WEIR_LAND_CONTEST_H
#define WEIR_LAND_CONTEST_H

#include "land/land.h"
#include "land/standing.h"

typedef VEC(standing) standings;

typedef struct contest {
    const land_context *context;
    const lake_table *table;
    bool looks_back; /* readers see what is superseded, too (ledger/reach.h) */
    deliveries recorded;
    bool has_before;     /* the last of those is there to be a neighbour only: it stays as it is */
    standings standings; /* of those recorded, in the same order; a newcomer is the last */
} contest;

/* Everything that competes with deliveries of the identity: of the whole table with contents:
 * full. */
CHECKED status contest_read(const land_context *c, const lake_table *t, const char *identity,
                            arena *a, contest *ret, error *err);
/* The same for a newcomer, which is added: it decides about nothing that landed much before it. */
CHECKED status contest_read_for(const land_context *c, const lake_table *t,
                                const standing *newcomer, arena *a, contest *ret, error *err);
void contest_add(contest *c, arena *a, const standing *newcomer);
void contest_decide(contest *c);

/* The places of those recorded whose state changes. */
bool contest_changes(const contest *c, size_t place);
/* Does the change of one recorded change what readers read? */
bool contest_is_seen(const contest *c, size_t place);

/* The states that changed; reason: of those that are withdrawn now. Before the marks: a mark looks
 * at what is recorded. */
CHECKED status contest_write(const contest *c, const char *reason, error *err);
/* What the changes reach. again: the cause where something counts that did not. */
CHECKED status contest_mark(const contest *c, cause_kind again, error *err);

#endif
