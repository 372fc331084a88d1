/* sql_rel: a query as relations over relations, for the sql modules only.
 *
 * The tree's FROM clauses, CTEs (put in at each use) and set operations become sql_rel nodes whose
 * columns are told by expressions over the node below. Names are resolved here as DuckDB does, and
 * where that cannot be done for sure a column has no expression but a reason. Nothing is decided
 * here about partitions. */
#ifndef WEIR_LAKE_SQL_REL_H
#define WEIR_LAKE_SQL_REL_H

#include "base/strmap.h"
#include "lake/sql_expr.h"

typedef struct sql_rel sql_rel;

typedef enum sql_rel_kind {
    REL_TABLE,  /* an input */
    REL_SELECT, /* one SELECT */
    REL_SETOP,  /* two queries, column by column */
    REL_JOIN,   /* two FROM items: the left's columns, then the right's */
    REL_OPAQUE, /* anything else: nothing is known of its columns */
} sql_rel_kind;

/* An output column. */
typedef struct sql_item {
    const char *name; /* NULL: the engine makes one */
    json_t *expr;     /* over the node below; NULL: why tells */
    sql_reason why;
    int64_t location;
} sql_item;
typedef VEC(sql_item) sql_items;

typedef VEC(json_t *) sql_exprs;

/* left = right in every row, both over the columns of one relation. */
typedef struct sql_fact {
    json_t *left, *right;
} sql_fact;
typedef VEC(sql_fact) sql_facts_known;

/* A construct that treats rows with equal keys as one group. */
typedef struct sql_grouping {
    const char *name; /* "window row_number()", "GROUP BY", "DISTINCT ON" */
    sql_exprs keys;   /* over FROM; those that could be resolved */
    int64_t location;
} sql_grouping;
typedef VEC(sql_grouping) sql_groupings;

typedef struct sql_select {
    sql_rel *from; /* NULL: no FROM */
    sql_groupings groupings;
    sql_facts_known facts; /* equalities of WHERE */
    sql_exprs filters;     /* its outermost AND terms, those that could be resolved */
    sql_reason collapse;   /* an aggregate without GROUP BY */
    sql_reason nulled;     /* GROUPING SETS, whose keys may be NULL in the result */
    sql_exprs common_keys; /* with nulled: the keys that are in every set */
} sql_select;

typedef enum sql_join_kind {
    JOIN_INNER,
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
    JOIN_HALF, /* SEMI, ANTI: only the left's rows and columns come out */
    JOIN_OTHER,
} sql_join_kind;

struct sql_rel {
    sql_rel_kind kind;
    const char *name; /* for messages: "LEFT JOIN", "PIVOT", "raw.x" */
    int64_t location;
    sql_items items;       /* output columns; those of tables and joins are REFs to themselves */
    bool open;             /* there are further columns, after items, that are not known */
    sql_reason veil;       /* with open, what hides them */
    bool from_nothing;     /* its rows come from no input, whatever is read beside it */
    sql_reason cut;        /* LIMIT, OFFSET, a sample: which rows come out depends on all of them */
    sql_rel *left, *right; /* REL_SETOP, REL_JOIN */

    size_t input; /* REL_TABLE */
    sql_select select;

    size_t *left_at, *right_at; /* REL_SETOP: per item the column of either side, or SIZE_MAX */
    bool distinct;              /* REL_SETOP compares whole rows */
    sql_join_kind join;
    bool nearest;       /* ASOF */
    sql_facts_known on; /* REL_JOIN: its equalities */

    sql_exprs guards; /* REL_TABLE, by sql_guard: what a row must meet to matter */
    /* What sql_require finds for REL_TABLE. */
    bool mapped;
    sql_exprs map;
    sql_reason why;
    int64_t origin; /* of the expression in the text */
};
typedef VEC(sql_rel *) sql_rels;

/* An input that is read where rows cannot be followed. */
typedef struct sql_loose_use {
    size_t input;
    sql_reason why;
} sql_loose_use;

typedef struct sql_builder {
    const sql_question *question;
    arena *arena;
    sql_pool pool;
    sql_rels tables; /* every REL_TABLE made */
    VEC(sql_loose_use) loose;
    strmap *cte_bodies; /* lower-case name to a sql_cte_bodies */
    size_t made;        /* nodes, bounded: CTEs may multiply */
    size_t depth;
    status failed; /* E_DEFINITION once the bounds are passed */
} sql_builder;

/* Does the tree read tables or columns of others? What does not makes rows from nothing. */
bool sql_is_from_nothing(const json_t *tree);

/* The outermost query. Always gives a relation; builder->failed tells of too large a query. */
sql_rel *sql_rel_build(sql_builder *builder, const json_t *tree);

/* The output column of that name, or -1 with why. */
int64_t sql_rel_find(const sql_builder *builder, const sql_rel *rel, const char *name,
                     sql_reason *why);

#endif
