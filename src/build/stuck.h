/* stuck: what is in the way of a partition that was never built.
 *
 * What changed or failed is told to the partitions that there are (state_reach); under a window or
 * as_of map those to come are not among them, and ask here. Internal to build/. */
#ifndef WEIR_BUILD_STUCK_H
#define WEIR_BUILD_STUCK_H

#include "build/state.h"

/* Of what partition text of t would read through its window and as_of maps: the worst that stays
 * as it was although something changed. *ret is NULL when nothing does. The inputs' tables are done
 * (or foreseen). */
CHECKED status stuck_before(const build_state *s, const lake_table *t, const char *text,
                            obstacle **ret, error *err);

/* Of the planned partitions of an input under a window or as_of map those that partition text of t
 * would read: of an as_of map the newest. Where only rows would tell: none. */
CHECKED status stuck_awaits(const build_state *s, const lake_table *t, const lake_input *input,
                            const char *text, strings *ret, error *err);

#endif
