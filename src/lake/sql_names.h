/* sql_names: what is known of the engine's functions by name, for the sql modules only.
 *
 * DuckDB 1.5. Functions it does not know are not listed: binding refuses them. */
#ifndef WEIR_LAKE_SQL_NAMES_H
#define WEIR_LAKE_SQL_NAMES_H

#include "lake/sql.h"

/* Collapses rows, as a function or through a macro. */
bool sql_is_aggregate(const char *function);
/* Makes several rows of one. */
bool sql_is_unnest(const char *function);
/* May stand in FROM: its result depends on its arguments alone. */
bool sql_is_table_function(const char *function);
/* Why a function may not be used. */
typedef struct sql_refusal {
    const char *reason; /* after the function's name: "depends on when it runs" */
    const char *remedy; /* a sentence */
} sql_refusal;

/* NULL: it may be used. */
const sql_refusal *sql_refusal_of(const char *function, size_t argument_count);
/* A bare name that DuckDB takes for the time when no column is called so. */
bool sql_is_special_name(const char *name);

typedef enum sql_order {
    ORDER_FREE,    /* the order of rows does not matter */
    ORDER_BY_TYPE, /* it matters unless the argument is a whole number or decimal */
    ORDER_MATTERS, /* it always may matter */
} sql_order;

/* For aggregates, also as window functions. */
sql_order sql_order_of(const char *function);

#endif
