/* feeders: what a build has staged of a table, by what it feeds in one reader.
 *
 * Made once per input of a reader, when its first partition is decided: the input's table is done
 * by then. With it a partition costs what it reads, not a walk over all that was staged. For
 * recorded versions ask the ledger. Internal to build/. */
#ifndef WEIR_BUILD_FEEDERS_H
#define WEIR_BUILD_FEEDERS_H

#include "build/state.h"

/* New versions of the input's table that feed this partition of the reader (or base partition,
 * under a window or as_of map), in the order of partitions. NULL: none. */
const staged_list *feeders_of(const build_state *s, const lake_table *t, const lake_input *input,
                              const char *fed);
/* All new versions of the input's table. */
const staged_list *feeders_all(const build_state *s, const lake_table *t, const lake_input *input);
/* The newest base partition at or before last, of those that begin with prefix, that a new version
 * with rows feeds. NULL: none. */
const char *feeders_newest(const build_state *s, const lake_table *t, const lake_input *input,
                           const char *prefix, const char *last);

#endif
