/* impact: what deliveries and partitions reach, through all layers. Only reads.
 *
 * It follows recorded feeds: of a delivery its own, of a partition those of every version that it
 * has had, so that a state that comes back is in it. What is reached is a superset of what changes:
 * below the first tables a partition that comes out equal spares the next. Not for what is stale
 * already: that is build_plan. */
#ifndef WEIR_BUILD_IMPACT_H
#define WEIR_BUILD_IMPACT_H

#include "build/build.h"

/* Where to begin: a delivery, or a partition of a derived table as it is now. */
typedef struct impact_seed {
    const lake_table *table;
    int64_t delivery;      /* of a source table; 0: one that was never accepted reaches nothing */
    const char *partition; /* of a derived one; reached itself, too */
    bool counts;           /* false: what it reaches does not read it now */
} impact_seed;
typedef VEC(impact_seed) impact_seeds;

struct impact_node;

/* Where one goes to from a seed or a node. */
typedef struct impact_links {
    VEC(struct impact_node *) to;
    VEC(const lake_table *) whole; /* tables of which every partition reads it */
} impact_links;

/* A partition that is reached. */
typedef struct impact_node {
    const lake_table *table;
    const char *partition;
    int64_t rows, bytes; /* of what is current; 0: there is nothing yet */
    bool exists;
    bool certain; /* by a seed itself; false: only below something that may come out equal */
    impact_links links;
} impact_node;

typedef struct impact_reach {
    VEC(impact_node *) nodes; /* in dependency order of tables, then by partition; each once */
    impact_links *seeds;      /* one per seed */
    bool complete;            /* false: what some of it feeds is not known yet */
    strings open; /* tables of which rows that come out otherwise may reach further partitions */
} impact_reach;

/* Remembers what was looked at, so that asking for many costs little more than asking for all. */
typedef struct impact impact;
impact *impact_new(const build_context *c, arena *a);
/* a: for the result alone. */
CHECKED status impact_of(impact *im, const impact_seeds *seeds, arena *a, impact_reach *ret,
                         error *err);

/* What one delivery of a source table reaches. */
typedef struct impact_summary {
    const lake_table *table;
    int64_t deliveries; /* that count */
    int64_t partitions_median, partitions_worst;
    int64_t bytes_median, bytes_worst; /* of the partitions as they are */
    const char *worst;                 /* file of the delivery that reaches most; NULL: none */
} impact_summary;
/* ret: one per source table that is selected (NULL: all), in the lake's order. */
CHECKED status impact_summarize(const build_context *c, const bool *selected, arena *a,
                                impact_summary **ret, size_t *ret_count, error *err);

#endif
