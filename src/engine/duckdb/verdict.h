/* verdict: what is wrong with one checked file.
 *
 * A rule lists at most `limit` failures; what is over that becomes one more entry that only counts,
 * so the counts of all entries add up to the number of failures. */
#ifndef WEIR_ENGINE_DUCKDB_VERDICT_H
#define WEIR_ENGINE_DUCKDB_VERDICT_H

#include "base/json.h"

typedef enum verdict_rule {
    RULE_READABLE,
    RULE_ENCODING,
    RULE_COMPRESSION,
    RULE_HEADER,
    RULE_MISSING_COLUMN,
    RULE_EXTRA_COLUMN,
    RULE_TYPE,
    RULE_RAGGED,
    RULE_NULLABLE,
    RULE_MINIMUM,
    RULE_MAXIMUM,
    RULE_ROWS,
    RULE_MAP,
    RULE_PARTITIONS,
    RULE_COUNT
} verdict_rule;

typedef struct failure {
    verdict_rule rule;
    const char *column; /* NULL: none */
    const char *value;  /* NULL: none */
    int64_t line;       /* 0: unknown */
    int64_t count;      /* 0 means 1 */
} failure;

typedef struct verdict {
    json_t *failures;
    int64_t count;
    int64_t limit;
    int64_t listed[RULE_COUNT];
} verdict;

verdict verdict_new(int64_t limit);
void verdict_free(verdict *v);

/* Add one; past the limit of its rule it is only counted by verdict_rest. */
void verdict_add(verdict *v, const failure *f, const char *format, ...) PRINTF_LIKE(3, 4);
/* `count` failures were found in all, `listed` of them were added: count the rest. */
void verdict_rest(verdict *v, verdict_rule rule, const char *column, int64_t count, int64_t listed);

#endif
