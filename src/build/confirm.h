/* confirm: work that follows from changes of code alone waits while it is more than the limits.
 *
 * What has another reason, too, is built: somebody delivered something, and that is no surprise. A
 * table whose columns or partitions are others is built whole or not at all, and so waits as a
 * whole, as do tables that read it: their code may speak of what is not there yet. Internal to
 * build/. */
#ifndef WEIR_BUILD_CONFIRM_H
#define WEIR_BUILD_CONFIRM_H

#include "build/state.h"

/* Above the context's limits, mark what is unconfirmed. */
CHECKED status confirm_plan(const build_context *c, plan *p, arena *a, error *err);

/* Before a build: what it has to leave as it is. ret: by table, for people. */
CHECKED status confirm_find(build_state *s, const bool *selected, build_unconfirmeds *ret,
                            error *err);

/* Leave out what waits. */
void confirm_narrow(const staged_table *table, plan_partitions *planned);

#endif
