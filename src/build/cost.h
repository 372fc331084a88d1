/* cost: what a plan would cost, and which part of it keeps within bounds. Internal to build/. */
#ifndef WEIR_BUILD_COST_H
#define WEIR_BUILD_COST_H

#include "build/build.h"

/* A partition may follow from another: names as of cost_name. */
typedef struct cost_reach {
    const char *from, *to;
} cost_reach;
typedef VEC(cost_reach) cost_reaches;

/* In the place of a partition: all that is planned of the table. */
#define COST_WHOLE_TABLE "*"

/* "silver.x day=2024-05-22" */
char *cost_name(arena *a, const lake_table *t, const char *partition);

/* Fill in what earlier steps tell, and how far off they are. */
CHECKED status cost_estimate(const build_context *c, arena *a, plan *p, error *err);

/* Leave out of the plan what is beyond the scope's bounds. */
CHECKED status cost_bound(const build_context *c, const cost_reaches *reaches, arena *a, plan *p,
                          error *err);

#endif
