/* why: what led to the content of a partition, and why it is not another one now. Only reads.
 *
 * Causes are told from what is recorded: what the version that is current was made of, against what
 * stood in its place before. So there is nothing to store, and nothing to forget. */
#ifndef WEIR_BUILD_WHY_H
#define WEIR_BUILD_WHY_H

#include "build/build.h"
#include "ledger/lineage.h"

struct why_version;

/* One difference to what was before. */
typedef struct why_cause {
    const char *kind;             /* of design section 11; or "undo" */
    const lake_table *table;      /* what was read; NULL: it is defined no more, or code, forced */
    const delivery *delivery;     /* that came, or went; NULL: none did */
    const delivery *instead;      /* that counted before it; NULL: none, or not known */
    const char *partition;        /* upstream: of table … */
    struct why_version *upstream; /* … as it is read now; NULL: it is not read any more */
    int64_t was;                  /* … and the version before; 0: none */
    strings parts;                /* code: what of it is another */
} why_cause;
typedef VEC(why_cause) why_causes;

/* A version, and what made it what it is. */
typedef struct why_version {
    ledger_term term;
    ledger_origin origin; /* by which it became current */
    ledger_origin newest; /* by which it stands now: other inputs gave equal rows, when another */
    int64_t deliveries, partitions; /* read directly */
    why_causes causes;
    int64_t left_out; /* causes beyond the limit */
} why_version;

/* What is current. limit: so many causes of each version. E_NOT_FOUND: nothing ever was. */
CHECKED status why_current(const build_context *c, const lake_table *t, const char *partition,
                           int64_t limit, arena *a, why_version *ret, error *err);

typedef enum why_state {
    WHY_UP_TO_DATE,
    WHY_STALE,    /* the next run builds it, or finds it equal */
    WHY_FAILED,   /* and would fail again */
    WHY_BLOCKED,  /* something that it reads failed */
    WHY_HELD,     /* it was undone */
    WHY_ACCEPTED, /* up to date, on somebody's word */
} why_state;
const char *why_state_name(why_state state);

typedef struct why_root {
    const lake_table *table; /* that a cause changed first … */
    const char *partition;
    plan_cause cause; /* … by this: a file, a definition, a rebuild */
} why_root;

/* Why a partition is what it is, and what it waits for. */
typedef struct why_wait {
    const lake_table *table;
    const char *partition;
    why_state state;
    bool certain;
    plan_causes causes;
    VEC(why_root) roots;           /* where its upstream causes begin, each once */
    const char *blocked_by;        /* WHY_BLOCKED */
    const ledger_failure *failure; /* WHY_FAILED; NULL: its inputs cannot be told */
    const ledger_hold *hold;       /* WHY_HELD */
} why_wait;
typedef VEC(why_wait) why_waits;

/* All that waits, in dependency order of tables, then by partition. Absorb first. */
CHECKED status why_waiting(const build_context *c, arena *a, why_waits *ret, error *err);

#endif
