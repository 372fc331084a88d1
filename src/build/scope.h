/* scope: which of the stale partitions a build takes on. Internal to build/. */
#ifndef WEIR_BUILD_SCOPE_H
#define WEIR_BUILD_SCOPE_H

#include "build/state.h"

/* Find out what keeps within the bounds, if there are any. After absorbing. */
CHECKED status scope_bound(build_state *s, const bool *selected, error *err);

/* Set `later` of what the scope leaves. */
void scope_narrow(const build_state *s, const lake_table *t, plan_partitions *planned);

#endif
