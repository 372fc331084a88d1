/* withdraw: take deliveries out of what counts, and back in (design section 4).
 *
 * Raw history stays as it is: only decisions are recorded, and the states that follow from them, in
 * one ledger transaction with the marks of all that this reaches. What is decided of a delivery
 * holds for its bytes under its identity, whenever they come. Not for deliveries that are replaced
 * by newer ones: that is landing's. */
#ifndef WEIR_LAND_WITHDRAW_H
#define WEIR_LAND_WITHDRAW_H

#include "land/land.h"

typedef struct land_change {
    const lake_table *table;
    delivery delivery; /* as it was, in outline */
    delivery_state after;
} land_change;
typedef VEC(land_change) land_changes;

typedef struct land_left {
    const lake_table *table;
    delivery delivery;
    const char *reason; /* why nothing was decided about it */
} land_left;

typedef struct land_decided {
    land_changes named; /* those that the decision was about */
    land_changes seen;  /* those that count now and did not, or counted and do not */
    VEC(land_left) left;
    strings emptied; /* tables with contents: full of which nothing counts now */
} land_decided;

typedef struct land_withdrawal {
    const char *why;
    bool fall_back; /* the newest accepted before it counts again */
} land_withdrawal;

/* which: sorted as by find_deliveries, all of tables of the definition. */
CHECKED status land_withdraw(const land_context *c, const deliveries *which,
                             const land_withdrawal *how, arena *a, land_decided *ret, error *err);

typedef struct land_readmission {
    const char *why;    /* NULL: none was given */
    bool accept_anyway; /* refused ones, too, as long as they can be read */
    bool dry;           /* of a rehearsal: nothing is copied or removed */
} land_readmission;

/* With their land times. One that was refused is checked again under the declaration of now.
 * E_CHECK: one is still refused, and nothing was done. */
CHECKED status land_readmit(const land_context *c, const deliveries *which,
                            const land_readmission *how, arena *a, land_decided *ret, error *err);

#endif
