/* describe: tables of the definition, their inputs and maps, as documents and words. Pure. */
#ifndef WEIR_CLI_DESCRIBE_H
#define WEIR_CLI_DESCRIBE_H

#include "base/json.h"
#include "lake/lake.h"

/* "derived", "same", "expression", "window", "as_of", "all". */
const char *describe_map_kind(map_kind kind);

/* {"table","layer","kind","partition_by","aligned","misalignment","inputs":[{"table","map"}]} */
json_t *describe_table(const lake *l, const lake_table *t);

/* One row per partition column of an input (one alone for MAP_ALL): table, input, column, map,
 * from, why, aligned. */
void describe_maps(json_t *rows, const lake_table *t);

/* "silver.x [event_date]": how a table is written in the tree. */
char *describe_label(arena *a, const lake_table *t);

#endif
