/* sql_cases: statements and what sql_infer must find in them.
 *
 * maps: per input in order of first mention, "; " between: the table, "!" when it defines partition
 * values, then " = " and the derived expressions, " same " and the input's partition columns, or
 * " none". */
#ifndef WEIR_TEST_SQL_CASES_H
#define WEIR_TEST_SQL_CASES_H

#include "base/base.h"

typedef struct sql_case {
    const char *sql;
    const char *by; /* partition columns with commas; NULL: event_date */
    const char *maps;
    const char *misaligned; /* the whole message; NULL: aligned */
    bool ordered;           /* order_sensitive */
    bool tied;              /* its rows depend on ties, so that results cannot be compared */
} sql_case;

/* The statements that are proved aligned, and those that are not. The last has sql == NULL. */
extern const sql_case SQL_CASES_ALIGNED[];
extern const sql_case SQL_CASES_MISALIGNED[];

#endif
