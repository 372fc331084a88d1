/* identity: one lake, one store, one ledger (design section 6).
 *
 * The lake's random id is in the ledger and in <store>/.weir/lake.json. Every verb that opens a
 * lake checks that the two and the definition belong together. */
#ifndef WEIR_CLI_IDENTITY_H
#define WEIR_CLI_IDENTITY_H

#include "base/clock.h"
#include "lake/lake.h"
#include "ledger/ledger.h"

typedef enum identity_state {
    IDENTITY_FRESH, /* nothing is there, or what a cut off making left: may be made */
    IDENTITY_WHOLE, /* both are */
} identity_state;

/* *ret_id: the store's lake id when whole, else NULL.
 * E_FOREIGN: only one of the two is there, or the store is of another lake than the definition. */
CHECKED status identity_look(const lake *l, arena *a, identity_state *ret, const char **ret_id,
                             error *err);

/* Open the ledger of a lake that is whole, with the store's id. E_FOREIGN: it is not there, after
 * all. */
CHECKED status identity_open(const lake *l, const char *id, ledger **ret, error *err);

/* Is the own store of each layer that has one this layer's of this lake? may_take: one that is new
 * to the ledger becomes that. E_FOREIGN: it is another's; or files of the layer are known, and the
 * store does not say whose it is. */
CHECKED status identity_layers(const lake *l, ledger *of, bool may_take, error *err);

/* Make store and ledger, and open it. When somebody else did in between, theirs is opened.
 * E_EXISTS: another lake took the store. */
CHECKED status identity_create(const lake *l, const clock_source *clock, ledger **ret, error *err);

/* Make the ledger anew from the store alone: its marker and its journal. A ledger in its place is
 * kept beside it, under IDENTITY_REPLACED. ret_commits: how many were replayed.
 * E_NOT_FOUND: the store has no marker, or no journal; else as journal_replay. */
#define IDENTITY_REPLACED "replaced" /* for ledger_beside */
CHECKED status identity_rebuild(const lake *l, int64_t *ret_commits, error *err);

#endif
