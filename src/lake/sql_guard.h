/* sql_guard: which rows of an input a query never looks at, for sql_infer only.
 *
 * A row that WHERE drops need not have a partition: its map may not even be computable ('n/a' where
 * others have a date). Only conditions of the row alone count, and only where dropping it changes
 * nothing else: not below a window, a LIMIT, or the side of an outer join that may be absent. */
#ifndef WEIR_LAKE_SQL_GUARD_H
#define WEIR_LAKE_SQL_GUARD_H

#include "lake/sql_require.h"

/* Set guards on every REL_TABLE below root. */
void sql_guard(sql_following *f, sql_rel *root);

/* The condition that rows of the input must meet to matter anywhere, as SQL over its columns; NULL
 * when every row may. */
const char *sql_guard_text(sql_following *f, size_t input);

#endif
