/* sql_build: what sql_rel's files share while they build, for them only. */
#ifndef WEIR_LAKE_SQL_BUILD_H
#define WEIR_LAKE_SQL_BUILD_H

#include "lake/sql_scope.h"

/* A CTE as it is seen from some place, the innermost first. */
typedef struct sql_cte {
    const char *name;
    const json_t *value;         /* its entry: aliases, query */
    const struct sql_cte *outer; /* what its own query sees */
} sql_cte;

/* What FROM gives: the relation and the names over it. */
typedef struct sql_from {
    sql_rel *rel; /* NULL: no FROM */
    sql_scope scope;
} sql_from;

sql_rel *sql_rel_new(sql_builder *b, sql_rel_kind kind, const char *name, int64_t location);
/* Nothing known of its columns; the inputs in it are read whole. what: a noun, for the reason. */
sql_rel *sql_rel_opaque(sql_builder *b, const json_t *tree, const char *what);

sql_rel *sql_build_query(sql_builder *b, const json_t *node, const sql_cte *ctes);
sql_rel *sql_build_select(sql_builder *b, const json_t *node, const sql_cte *ctes);
sql_from sql_build_from(sql_builder *b, const json_t *from, const sql_cte *ctes);

/* Inputs read anywhere in tree are read whole. */
void sql_note_loose(sql_builder *b, const json_t *tree, sql_reason why);
/* … in the subqueries of expressions. */
void sql_note_subqueries(sql_builder *b, const json_t *tree);
/* CTE bodies by name, for sql_note_loose. */
void sql_note_ctes(sql_builder *b, const json_t *tree);

/* The input that a BASE_TABLE names, or -1. */
int64_t sql_input_of(const sql_builder *b, const json_t *table);

#endif
