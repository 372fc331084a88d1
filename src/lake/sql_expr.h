/* sql_expr: expressions over the columns of a relation, for the sql modules only.
 *
 * A resolved expression is a syntax tree in which every column is {"class":"REF","index":n}, n
 * counting the relation's columns, without locations. Two resolved expressions over one relation
 * that are json_equal have the same value in every row. Only scalar constructs are ever resolved:
 * what is not (aggregates, windows, subqueries, collations, …) gives a reason instead.
 *
 * Expressions belong to the pool and share subtrees. They are small: beyond SQL_EXPR_MAX nodes a
 * reason is given, which bounds both time and depth. */
#ifndef WEIR_LAKE_SQL_EXPR_H
#define WEIR_LAKE_SQL_EXPR_H

#include "lake/sql.h"

enum { SQL_EXPR_MAX = 2000 };

/* Keeps the trees that are made; jansson counts references, an arena does not. */
typedef struct sql_pool {
    json_t *kept;
} sql_pool;

json_t *sql_keep(sql_pool *pool, json_t *value); /* takes the reference, lends it back */
void sql_pool_free(sql_pool *pool);

/* Why something cannot be told, and where. text NULL: nothing stands in the way. */
typedef struct sql_reason {
    const char *text; /* "the aggregate max()": a noun */
    int64_t location;
} sql_reason;

/* What stands for one column while an expression is copied: an expression, or NULL and a reason. */
typedef struct sql_columns {
    /* A COLUMN_REF or a REF. Borrowed from the pool. */
    json_t *(*column)(void *state, const json_t *ref, sql_reason *why);
    void *state;
    sql_pool *pool;
    arena *arena;
} sql_columns;

/* A copy of expr without its locations and its outermost alias, columns replaced. NULL with
 * *why. */
json_t *sql_expr_copy(const sql_columns *columns, const json_t *expr, sql_reason *why);

json_t *sql_ref(sql_pool *pool, size_t index);
bool sql_is_ref(const json_t *expr);
size_t sql_ref_index(const json_t *ref);
json_t *sql_struct_field(sql_pool *pool, json_t *expr, const char *field);
json_t *sql_coalesce(sql_pool *pool, json_t *left, json_t *right);

/* The REFs in expr: how many, and how many of them have first <= index < end. */
size_t sql_ref_count(const json_t *expr, size_t first, size_t end, size_t *ret_all);

/* The same expression with every index moved by delta, which keeps them >= 0. */
json_t *sql_expr_move(sql_pool *pool, arena *a, json_t *expr, int64_t delta);

#endif
