/* undo: what holds mean for a build. Internal to build/. */
#ifndef WEIR_BUILD_UNDO_H
#define WEIR_BUILD_UNDO_H

#include "build/build.h"

/* End the holds whose reason is gone (ledger_holds_lapsed). One query where there are none. */
CHECKED status undo_lapse(const build_context *c, error *err);

/* Take what is held out of what is planned for a table. ret_held: those, and what is held and
 * marked, sorted. */
CHECKED status undo_drop_held(const build_context *c, const lake_table *t, arena *a,
                              plan_partitions *planned, strings *ret_held, error *err);

#endif
