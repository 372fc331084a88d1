/* verify: build again what is current, beside the lake, and compare. Only reads.
 *
 * Nothing becomes current, nothing is written below a store and no lease is held: what is made goes
 * into a folder of this process and is removed. Each table is looked at as it stands when its turn
 * comes, and what it reads is pinned until its end. Not for damaged files: fsck. */
#ifndef WEIR_BUILD_VERIFY_H
#define WEIR_BUILD_VERIFY_H

#include "build/build.h"

typedef struct verify_ask {
    const bool *selected;      /* per lake table; NULL: all */
    const plan_filter *filter; /* NULL: all partitions */
    double share;              /* of the partitions of each table, at least one: in (0, 1] */
    const char *seed;          /* the same seed chooses the same partitions */
    bool whole;           /* one pass over all of each input instead of partition by partition */
    const char *temp_dir; /* absolute: where a folder may be made */
} verify_ask;

/* A partition that is not known to be equal. */
typedef struct verify_finding {
    const char *table, *partition;
    int64_t version; /* that is current; 0: none */
    int64_t rows, rows_again;
    const char *content, *content_again; /* digests */
    const char *reason;                  /* why it was not built; NULL: it was */
    error failure;                       /* kind OK: none */
} verify_finding;
typedef VEC(verify_finding) verify_findings;

/* Rows of the whole that are in no partition that the table has. */
typedef struct verify_outside {
    const char *table;
    int64_t rows;
    strings partitions; /* some of them */
} verify_outside;

typedef struct verify_result {
    int64_t equal;
    int64_t unsampled;
    verify_findings different, failed, skipped;
    VEC(verify_outside) outside;
} verify_result;

/* E_INTERRUPTED, and what ends a build; what cannot be built again is in *ret. */
CHECKED status verify_build(const build_context *c, const verify_ask *ask, arena *a,
                            verify_result *ret, error *err);

#endif
