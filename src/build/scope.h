/* scope: which of the stale partitions a build takes on. Internal to build/. */
#ifndef WEIR_BUILD_SCOPE_H
#define WEIR_BUILD_SCOPE_H

#include "build/build.h"

/* Set `later` of what the scope (NULL: all) leaves. */
void scope_narrow(const build_scope *scope, const lake_table *t, plan_partitions *planned);

#endif
