/* plan: which partitions to build, in which order, and why. Pure: values in, values out.
 *
 * No ledger, no store, no clock, no engine: callers load what is needed (build/) and hand it in.
 * Merging is the same for `weir plan` (what a run would do) and for a run (what it does next). */
#ifndef WEIR_PLAN_PLAN_H
#define WEIR_PLAN_PLAN_H

#include "base/strmap.h"
#include "ledger/ledger.h"

typedef struct plan_cause {
    cause_kind kind;
    const char *ref;
} plan_cause;
typedef VEC(plan_cause) plan_causes;

/* One partition to build. */
typedef struct plan_partition {
    const char *text;
    plan_causes causes; /* most important kind first, each (kind, ref) once */
    bool certain;       /* false: below something that is not built yet, may turn out unchanged */
    bool reached;       /* something that it reads changes, or may */
    bool by_code;       /* nothing but changes of code leads to it */
    bool unconfirmed;   /* so much follows from a change of code that somebody has to confirm it */
    bool later;         /* whoever asked leaves it for a later run */
    const char *blocked_by; /* something that failed and is in its way, maybe itself; or NULL */
    int64_t rows, bytes;    /* of the version that is current now; 0 when there is none */
    int64_t micros, expected_bytes; /* of building it, as far as earlier steps tell; 0: unknown */
} plan_partition;
typedef VEC(plan_partition) plan_partitions;

typedef struct plan_step {
    const lake_table *table;
    plan_partitions partitions; /* sorted by text */
} plan_step;

/* What it would cost to build all of it. */
typedef struct plan_forecast {
    int64_t micros, bytes;
    size_t unknown;                   /* partitions of tables that were never built before */
    double micros_error, bytes_error; /* by what share of the truth earlier forecasts were off */
    size_t looked_back;               /* so many of them; 0: the errors are not known */
} plan_forecast;

typedef struct plan {
    plan_step *steps; /* in dependency order; tables with nothing to do are left out */
    size_t step_count;
    size_t later; /* stale partitions that are not in it: left for a later run */
    strings left; /* those of them that are beyond a bound: "silver.x day=2024-05-22" */
    plan_forecast forecast;
} plan;

/* Something upstream changed (or may) and reaches a partition. */
typedef struct plan_reach {
    const char *partition; /* of the table being planned */
    const char *ref;       /* "silver.province event_date=2020-03-01" */
    bool certain;
    bool by_code; /* nothing but changes of code leads to what changes there */
} plan_reach;
typedef VEC(plan_reach) plan_reaches;

/* Marks and what is reached from upstream, as one sorted list. */
plan_partitions plan_merge(arena *a, const marks *marked, const plan_reaches *reached);

/* The memo key of one partition: what its content is a function of.
 * units: per input in the table's order, as they will be read. */
typedef struct plan_inputs {
    const lake_input *input;
    const ledger_units *units;
} plan_inputs;
void plan_memo_key(const lake_table *t, const char *generation_hash, const char *partition,
                   const plan_inputs *inputs, size_t input_count, char key[65]);

/* A version's content id: digest algorithm, columns hash, rows and sums over its files (additive).
 * hex: 16 digits each; wrong digits are E_DATA. */
CHECKED status plan_content_id(arena *a, const char *columns_hash, const ledger_file *files,
                               size_t file_count, const char **ret, error *err);

#endif
