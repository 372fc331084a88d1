/* record: make a batch known, in one ledger transaction.
 *
 * Deliveries with their states, the states of those they supersede, feeds, marks, and the end of
 * what was pending become current together (design section 4). */
#ifndef WEIR_LAND_RECORD_H
#define WEIR_LAND_RECORD_H

#include "land/arrival.h"

/* Fills id, state and superseded_others of the arrivals that were kept. On failure nothing is
 * recorded; after
 * E_UNCERTAIN it may be. */
CHECKED status record_batch(batch *b, error *err);

/* One accepted arrival that lies in its place already; in a write transaction. */
CHECKED status record_accepted(const landing *l, arrival *at, arena *a, error *err);

/* An arrival that was accepted or repeated as a delivery that is not added yet. */
delivery record_describe(const landing *l, const arrival *at, arena *a);
/* What an accepted one feeds, in a write transaction. */
CHECKED status record_feeds(const landing *l, const arrival *at, error *err);

#endif
