/* sql: what a table's SELECT says about inputs, partitions and meaning, from its syntax tree.
 *
 * Pure functions over the tree that DuckDB's json_serialize_sql gives. Nothing here reads data,
 * files or the ledger. Parsing, rendering and binding are the engine's, reached through sql_engine,
 * which the composition root fills in (lake/ is below engine/).
 *
 * Inference is conservative (design section 5): where the tree does not prove a property, the
 * answer is "not derived" or "not aligned", with the construct and its place, never a guess. */
#ifndef WEIR_LAKE_SQL_H
#define WEIR_LAKE_SQL_H

#include "base/json.h"
#include "schema/span.h"

/* An input as describe sees it. */
typedef struct sql_shape {
    const char *table;    /* "layer.name" */
    columns columns;      /* all columns its view has */
    strings partition_by; /* empty for source tables and unpartitioned ones */
    bool is_source;       /* holds deliveries */
} sql_shape;

/* query_location of what has no place in the text. DuckDB writes 2^64 - 1, which jansson cannot
 * hold. */
#define SQL_NO_PLACE INT64_MAX

typedef struct sql_engine {
    /* Text to tree (one SELECT): what json_serialize_sql gives, with SQL_NO_PLACE for unknown
     * locations. E_DEFINITION with err->line and err->column on a syntax error. */
    status (*parse)(void *state, const char *sql, json_t **ret_tree, error *err);
    /* Tree to text. */
    status (*render)(void *state, const json_t *tree, arena *a, char **ret_sql, error *err);
    /* Bind against inputs of the given shapes: the result's columns. E_DEFINITION. */
    status (*describe)(void *state, const char *sql, const sql_shape *inputs, size_t input_count,
                       arena *a, columns *ret, error *err);
    void *state;
} sql_engine;

/* Facts that need the tree alone. */
typedef struct sql_input_ref {
    const char *table; /* "layer.name" as written, lower case when unquoted */
    int line, column;  /* where it is first named */
} sql_input_ref;

typedef struct sql_facts {
    VEC(sql_input_ref) inputs; /* each once, in order of first mention; without weir.run */
    strings column_names;      /* every column name the tree mentions, sorted, lower case */
    bool has_star;             /* some * that could bring in columns not named */
    bool reads_run;            /* FROM weir.run */
    char fingerprint[65];      /* of the tree without source locations */
} sql_facts;

/* Collect the facts, and refuse what may not be in a table's SQL, with the remedy in the hint:
 * table functions and macros that read files or run text (read_csv, 'x.csv' in FROM, query,
 * glob, …), volatile functions (now, current_date, random, uuid, nextval, …), samples without a
 * seed, more than one statement, tables without a layer that are no CTE, settings functions
 * (getvariable, …). sql: the text, to turn locations into lines and columns. E_DEFINITION. */
CHECKED status sql_inspect(const json_t *tree, const char *sql, arena *a, sql_facts *ret,
                           error *err);

typedef enum map_kind {
    MAP_DERIVED,    /* the partition column's defining expression */
    MAP_SAME,       /* the input is partitioned by that column */
    MAP_EXPRESSION, /* written in the YAML */
    MAP_WINDOW,     /* written: a partition reads those around it */
    MAP_AS_OF,      /* written: a partition reads the newest at or before it */
    MAP_ALL,        /* a partition reads the whole input */
    MAP_NONE,       /* not derivable: must be written; why says what stood in the way */
} map_kind;

/* How rows of one input find their partition. */
typedef struct sql_map {
    const char *table; /* the input */
    map_kind kind;
    strings expressions; /* per partition column, SQL over the input's columns; empty for MAP_ALL */
    strings same;        /* MAP_SAME: per partition column, the input's partition column */
    const char *where;   /* MAP_DERIVED: the rows that matter, SQL; NULL: all. Of others the
                            expressions may not be computable */
    const span *span;    /* MAP_WINDOW, MAP_AS_OF: then both lists are per column of span->base, and
                            same is empty unless all are partition columns of the input */
    const char *why;     /* "derived from data::DATE at 3:8"; for MAP_NONE the obstacle */
    int line, column;    /* of the construct why speaks of, 0 when none */
    bool defines;        /* its rows create partition values (a UNION branch, the kept side of an
                            outer join, the only mapped input): it cannot be MAP_ALL */
} sql_map;

typedef struct sql_inference {
    sql_map *maps; /* one per input, same order as inputs */
    size_t map_count;
    bool followed; /* every row's partition values could be followed to rows of the inputs */
    const char *groundless; /* what makes partition values from no input at all, with its place */
    int groundless_line, groundless_column;
    bool aligned;             /* many partitions may share one pass */
    const char *misalignment; /* the construct and its place when not aligned, else NULL */
    int line, column;         /* of it */
    bool order_sensitive;     /* floating-point or order-sensitive aggregates: build partitions
                                 one by one with one thread (design section 6) */
} sql_inference;

typedef struct sql_question {
    const json_t *tree; /* passed sql_inspect */
    const char *sql;    /* its text, to turn locations into lines and columns */
    const sql_shape *inputs;
    size_t input_count;
    const strings *partition_by;
    const map_kind *written; /* per input what the YAML says: MAP_ALL, MAP_EXPRESSION, MAP_WINDOW,
                                MAP_AS_OF, or MAP_NONE when nothing; NULL: nothing at all */
} sql_question;

/* Where each partition column comes from in each input, and whether partitions are independent.
 *
 * Handles select lists, aliases, * and t.*, CTEs (not recursive), subqueries in FROM, set
 * operations (each branch must define the columns with the same types), joins. An expression is a
 * derived map when it is a scalar expression (no aggregate, window, subquery, collation) of columns
 * of one input; when an input is read several times, all readings must agree, else MAP_NONE.
 * Through an equality of a join, with equal types on both sides, the other input gets its map as
 * well.
 *
 * An input that is MAP_NONE here, or written as MAP_ALL or MAP_AS_OF, is taken as read whole,
 * whatever constructs stand above it; so are inputs of subqueries in expressions. aligned then
 * says whether the rest may share one pass: every GROUP BY, DISTINCT, window PARTITION BY on the
 * way of the mapped rows contains the partition columns, mapped inputs are joined on them, there is
 * no LIMIT, OFFSET or SAMPLE, and no input that is read whole creates partition values. A written
 * MAP_EXPRESSION, MAP_WINDOW or MAP_AS_OF is a definition and no proof: not aligned.
 *
 * Rows that a WHERE drops belong to no partition, where dropping them changes nothing else
 * (sql_guard.h): a derived expression is evaluated on the others.
 *
 * partition_by empty: every map is MAP_ALL and aligned is true. E_DEFINITION for a tree that
 * nests too deeply; the engine's errors other than E_DEFINITION. */
CHECKED status sql_infer(const sql_question *question, const sql_engine *engine, arena *a,
                         sql_inference *ret, error *err);

/* Byte offset in text to 1-based line and column (column counts characters, not bytes). */
void sql_place(const char *sql, size_t offset, int *line, int *column);

#endif
