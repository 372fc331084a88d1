/* sql_scope: what names mean inside one SELECT, for the sql modules only. */
#ifndef WEIR_LAKE_SQL_SCOPE_H
#define WEIR_LAKE_SQL_SCOPE_H

#include "lake/sql_rel.h"

/* A column that FROM offers. */
typedef struct scope_column {
    const char *name;
    json_t *own;    /* REF: what table.column means */
    json_t *merged; /* what the bare name means; by USING another column, or both */
    bool hidden;    /* by USING: neither the bare name nor * show it */
} scope_column;

/* A table name or alias and its columns. */
typedef struct scope_table {
    const char *schema; /* "" when an alias or a CTE */
    const char *name;
    size_t first, count; /* in columns */
    bool open;           /* it has further columns that are not known */
} scope_table;

typedef struct sql_scope {
    VEC(scope_column) columns;
    VEC(scope_table) tables;
    size_t width; /* columns of the relation; REFs count from 0 to it */
} sql_scope;

bool scope_is_open(const sql_scope *scope);
/* The shown column of the bare name; *ret_count tells how many there are (NULL unless one). */
scope_column *scope_find(const sql_scope *scope, const char *name, size_t *ret_count);

/* Aliases of the select list that an expression may use when FROM has no such column. */
typedef struct sql_names_seen {
    sql_builder *builder;
    const sql_scope *scope;
    const sql_items *aliases; /* NULL: none may be used */
} sql_names_seen;

/* An expression over the scope's relation; NULL with *why. */
json_t *scope_resolve(const sql_names_seen *names, const json_t *expr, sql_reason *why);

/* Add the columns that a * or t.* stands for; sets *ret_open when it stands for unknown ones
 * too. */
void scope_expand_star(const sql_names_seen *names, const json_t *star, sql_items *items,
                       bool *ret_open);

/* Expr's outermost AND terms, those that could be resolved. */
void scope_terms(const sql_names_seen *names, const json_t *expr, sql_exprs *terms);

/* The equalities among expr's outermost AND terms. */
void scope_facts(const sql_names_seen *names, const json_t *expr, sql_facts_known *facts);

#endif
