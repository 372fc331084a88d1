/* obstacle: what is in the way of partitions whose input stays as it was. Internal to build/. */
#ifndef WEIR_BUILD_OBSTACLE_H
#define WEIR_BUILD_OBSTACLE_H

#include "base/strmap.h"
#include "lake/lake.h"

typedef struct obstacle {
    const char *by; /* "silver.sales day=2024-05-01", however far up */
    bool later;     /* it did not fail: it is left for a later run */
} obstacle;

/* Of a partition that nothing else is in the way of. */
obstacle *obstacle_new(arena *a, const lake_table *t, const char *partition, bool later);

/* The one to be told when there are two: what failed. Either may be NULL, and then the result. */
obstacle *obstacle_worse(obstacle *one, obstacle *other);

/* map: partitions to their obstacles. Keeps the worse. */
void obstacle_put(strmap *map, const char *partition, obstacle *o);

#endif
