/* view: a job's inputs as views, and its partitions as a table.
 *
 * A view <layer>.<table> has exactly the columns of its input document. First read all inputs
 * (which tells the files to allow), then seal the instance, then make the views: what they do is
 * sandboxed. */
#ifndef WEIR_ENGINE_DUCKDB_VIEW_H
#define WEIR_ENGINE_DUCKDB_VIEW_H

#include "engine/duckdb/db.h"
#include "engine/duckdb/job.h"
#include "engine/duckdb/keep.h"
#include "engine/duckdb/reader.h"

typedef struct view_file {
    const char *path; /* as the engine reads it */
    const char *file; /* below land */
    const json_t *from_path;
    int64_t land_timestamp;
    const char *token; /* its rows may be kept under; NULL: they are not */
    int64_t place;     /* of its rows, in a group of kept ones */
} view_file;
typedef VEC(view_file) view_files;

/* The job's partitions, in the table __weir.plan after view_make_plan. */
typedef struct view_plan {
    job_partitions partitions;
    strings types;  /* of the partition columns */
    bool is_sorted; /* tables that Weir wrote are read in the order of all their columns: which
                       order their files have depends on how they were built */
} view_plan;

/* Files with one reading contract. */
typedef struct view_group {
    reader reader;
    view_files files;
    bool kept; /* the files' rows are kept: read those */
} view_group;

typedef struct view_input {
    const char *table; /* "layer.name" */
    job_columns columns;
    VEC(view_group) groups;
    const json_t *values; /* literal rows; NULL when the input has files */
    strings filter;       /* one expression per partition column; empty: everything is read */
    job_columns hidden;   /* that only the filter sees */
    bool has_only;
    view_plan only; /* has_only: the values to read, instead of the job's partitions */
} view_input;
typedef VEC(view_input) view_inputs;

/* From now on read the rows that are kept instead of their files. */
void view_use_kept(view_inputs *inputs, const keep *k, arena *a);

/* paths: gets every file to be read. link_dir: where a file whose name the engine would take for a
 * pattern gets another name. */
CHECKED status view_read_input(const json_t *document, const char *link_dir, arena *a,
                               view_input *ret, strings *paths, error *err);
CHECKED status view_read_inputs(const json_t *job, const char *link_dir, arena *a, view_inputs *ret,
                                strings *paths, error *err);

/* Makes the schema __weir, in which everything of the worker's own lives, and the plan. E_USAGE
 * when a value does not fit its type. */
CHECKED status view_make_plan(db *d, const view_plan *plan, arena *a, error *err);
/* The same as the table __weir.<name>, for view_add_place. */
CHECKED status view_make_places(db *d, const view_plan *plan, const char *name, arena *a,
                                error *err);
/* The ordinal of the planned partition that a row is in, or NULL; values: columns in scope, one
 * per partition column. A scalar subquery, for the engine turns it into a join that always reads
 * the plan first, however few rows it takes the data for. */
void view_add_ordinal(size_t keys, const char *const *values, buf *sql);
void view_add_place(const char *name, size_t keys, const char *const *values, buf *sql);
/* plan may be NULL when no input has a filter. */
CHECKED status view_make(db *d, const view_input *input, const view_plan *plan, arena *a,
                         error *err);
CHECKED status view_make_all(db *d, const view_inputs *inputs, const view_plan *plan, arena *a,
                             error *err);

/* The name of one file for the engine: its own, or a link in link_dir when it looks like a
 * pattern. */
CHECKED status view_engine_path(const char *path, const char *link_dir, arena *a, const char **ret,
                                error *err);
/* A file column that the view gets from the delivery and not from its bytes: its value as text,
 * or NULL. */
const char *view_pseudo_value(const view_file *file, const char *column, arena *a);

/* "layer"."table". */
void view_add_name(buf *sql, const char *table);
/* "CREATE SCHEMA …; CREATE OR REPLACE VIEW … AS ". */
CHECKED status view_begin(buf *sql, const char *table, error *err);
/* "CAST(NULL AS T) AS name, …". */
void view_add_nulls(buf *sql, const job_columns *columns);
/* A text table __weir.<name>(__weir_c0, __weir_c1, …) with these rows. */
CHECKED status view_load_texts(db *d, const char *name, const char *const *cells, size_t rows,
                               size_t columns, error *err);

#endif
