/* sql_require: follow the partition columns from the result down to the inputs, for sql_infer only.
 *
 * A tag is the value by which a row belongs to its partition. A relation is local for its tags
 * when its rows with tag v depend only on those rows of the mapped inputs that have tag v, and
 * on inputs that are read whole. sql_require finds tags for the relations below, down to the
 * inputs, whose maps they are; where a construct has none, it fails and what is below is read
 * whole; where it has them but is not local, that is noted as a misalignment. */
#ifndef WEIR_LAKE_SQL_REQUIRE_H
#define WEIR_LAKE_SQL_REQUIRE_H

#include "lake/sql_rel.h"

typedef struct sql_tag {
    json_t *expr;       /* over the relation's columns */
    const char *column; /* the partition column */
    int64_t origin;     /* where it was made, so far */
} sql_tag;
typedef VEC(sql_tag) sql_tags;

typedef struct sql_following {
    sql_builder *builder;
    const sql_engine *engine;
    strmap *types; /* expression and table to its type */
    bool *whole;   /* per input: read whole, whatever its rows could tell */
    status failed; /* an error of the engine that is no answer; err tells */
    error *err;
    sql_reason misalignment; /* the first construct on the way that is not local */
    sql_reason groundless;   /* the first relation that makes partition values from nothing */
    int64_t stopped_at;      /* the whole input that a failed sql_require met last, or -1 */
} sql_following;

/* Set map or why on every REL_TABLE below. False with *why when rel has no local tags. facts: more
 * equalities that hold in the rows of rel that matter. */
bool sql_require(sql_following *f, sql_rel *rel, const sql_tags *tags, const sql_facts_known *facts,
                 sql_reason *why);

/* Everything below rel is read whole. Keeps reasons that are there already. */
void sql_leave_whole(sql_rel *rel, sql_reason why);

/* The one type that expr over rel has, or NULL when it cannot be told. */
const char *sql_type_of(sql_following *f, const sql_rel *rel, json_t *expr);

/* The expression over an input as text. NULL when the engine cannot tell it. */
const char *sql_expr_text(sql_following *f, const sql_rel *table, json_t *expr);
/* SQL over bare column names of rel, a REL_TABLE. */
json_t *sql_bare_names(sql_following *f, const sql_rel *table, json_t *expr);

/* expr over rel's columns, as an expression over the node below by rel's items. NULL with *why. */
json_t *sql_descend(sql_following *f, const sql_rel *rel, json_t *expr, sql_reason *why);

/* Do rows with equal keys have one value of expr? facts: equalities over the same columns. rel
 * gives the types. */
bool sql_is_determined(sql_following *f, const sql_rel *rel, json_t *expr, const sql_exprs *keys,
                       const sql_facts_known *facts);

/* expr by columns first <= index < end only, with the help of facts between columns of rel. NULL
 * when there is no such expression. */
json_t *sql_rewrite(sql_following *f, const sql_rel *rel, json_t *expr, size_t first, size_t end,
                    const sql_facts_known *facts);

#endif
