/* kept: what a killed run had finished is found again by its memo key (design section 7.3).
 *
 * Each result is noted in the ledger as soon as it is durable, and is no garbage while the note
 * stands. A commit takes it up, or a run that has no use for it drops the note: then its files go
 * like all that a dead run left. Internal to build/. */
#ifndef WEIR_BUILD_KEPT_H
#define WEIR_BUILD_KEPT_H

#include "build/job.h"

/* Note the results of a job that was taken. What cannot be noted would be built again after a kill,
 * and is no failure. E_BUSY: the lease is another run's. */
CHECKED status kept_add(const build_state *s, const build_job *job, const json_t *result,
                        error *err);

/* The same in an open transaction, for who has checked what its right to it is. */
CHECKED status kept_put(const build_state *s, const build_job *job, const json_t *result,
                        error *err);

/* Is there a result under st's memo key? Then st is as if it were reused. */
CHECKED status kept_find(const build_state *s, staged_table *table, staged *st, error *err);

/* Their files: key → anything. */
CHECKED status kept_objects(const build_context *c, arena *a, strmap **ret, error *err);

/* At the end of a run: what it did not take up nobody will. selected: as for build_stale. */
CHECKED status kept_drop_rest(const build_context *c, const bool *selected, bool *ret_any,
                              error *err);

#endif
