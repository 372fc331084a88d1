/* stage: decide for each planned partition of a table whether it must be built, and build it.
 *
 * Writes immutable files and nothing else: what it makes is current only after commit. Internal to
 * build/. */
#ifndef WEIR_BUILD_STAGE_H
#define WEIR_BUILD_STAGE_H

#include "build/state.h"

/* Resolve inputs and memo keys of the planned partitions, reuse what is known, leave the rest
 * OUTCOME_PENDING. */
CHECKED status stage_decide(build_state *s, const lake_table *t, const plan_partitions *planned,
                            error *err);

/* The same without a look at the inputs, for forecasts: only what failed before is told apart from
 * what is pending. */
CHECKED status stage_foresee(build_state *s, const lake_table *t, const plan_partitions *planned,
                             error *err);

/* Fill the inputs of one partition as they are now, and its memo key. */
CHECKED status stage_key(build_state *s, const lake_table *t, staged *st, error *err);

/* Build what is pending, batches of partitions in one job where the table is aligned. A failed job
 * is split until the failing partitions are alone. Only what ends the run is an error. */
CHECKED status stage_build(build_state *s, const lake_table *t, error *err);

/* It failed, and is in the way of what reads it. */
void stage_fail(const build_state *s, const lake_table *t, staged *st, const error *why);

/* It is left for a later run, with what reads it. */
void stage_leave(const build_state *s, const lake_table *t, staged *st);

/* What in the table is in the way of a reader of the whole table; NULL: nothing. */
obstacle *stage_obstacle(const staged_table *table);

/* A new generation takes the old one's place as a whole: while some partition of it is missing,
 * what was made of it is kept for later and the old one stays. */
void stage_hold_incomplete(build_state *s, const lake_table *t);

/* Tell the readers' tables what changed and what is blocked. */
CHECKED status stage_reach_readers(build_state *s, const lake_table *t, error *err);

#endif
