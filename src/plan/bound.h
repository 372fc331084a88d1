/* bound: which of what is stale a run takes on when it may only do so much. Pure.
 *
 * What begins a change and all that follows from it is taken together, so that a day goes through
 * all layers in one run; what waits for several is taken with the last of them. So what is left is
 * never read by what is taken. Not for choosing by hand: plan_filter. */
#ifndef WEIR_PLAN_BOUND_H
#define WEIR_PLAN_BOUND_H

#include "lake/lake.h"

typedef struct plan_bounds {
    int64_t partitions, bytes, micros; /* 0: without bound */
    bool newest_first;                 /* else oldest first */
} plan_bounds;

/* A stale partition, or one that may become it. */
typedef struct bound_node {
    const lake_table *table;
    const char *partition;
    int64_t bytes, micros; /* expected; 0: not known */
    bool made;             /* its content is there from a run before: taking it costs nothing */
} bound_node;

/* One that must be done before another. */
typedef struct bound_edge {
    size_t from, to; /* places of nodes */
} bound_edge;

typedef struct bound_graph {
    VEC(bound_node) nodes; /* in dependency order of their tables */
    VEC(bound_edge) edges;
} bound_graph;

/* A flag per node. At least one is taken, however large; a group that no run could take whole is
 * begun. */
bool *bound_take(const bound_graph *g, const plan_bounds *b, arena *a);

#endif
