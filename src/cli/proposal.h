/* proposal: a source table's YAML from what the engine saw in one file. Pure text. */
#ifndef WEIR_CLI_PROPOSAL_H
#define WEIR_CLI_PROPOSAL_H

#include "base/json.h"
#include "base/str.h"

typedef struct proposal {
    const char *file;   /* where it was seen, for the comment */
    const char *format; /* csv, json or parquet */
    const json_t *seen; /* the answer to "infer" (doc/engine.md) */
} proposal;

/* E_ENGINE when the answer lacks something. */
CHECKED status proposal_text(const proposal *p, arena *a, char **ret, error *err);

/* What a user writes for a SQL type: BIGINT is int64. */
const char *proposal_type(arena *a, const char *sql_type);

#endif
