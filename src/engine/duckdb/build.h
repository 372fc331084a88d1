/* build: the job that makes partitions of one table; its parts.
 *
 * write: run the SQL and write the files. read back: what is on disk, checked and counted. rules:
 * what its rows must keep. */
#ifndef WEIR_ENGINE_DUCKDB_BUILD_H
#define WEIR_ENGINE_DUCKDB_BUILD_H

#include "engine/duckdb/view.h"

/* The view of the SQL's result, cast to the types that are stored. */
#define BUILD_RESULT "__weir_result"

typedef struct build_file {
    const char *path;
    const char *name;
    int64_t ordinal; /* -1: rows in no planned partition */
    int64_t bytes;   /* 0: not told when it was written */
    int64_t rows;    /* from here on: set by build_read_back */
    const char *sum1;
    const char *sum2;
} build_file;
typedef VEC(build_file) build_files;

/* What the rows of each partition must keep. */
typedef struct build_rule {
    bool is_unique; /* else: not NULL */
    strings columns;
} build_rule;
typedef VEC(build_rule) build_rules;

typedef struct build_spec {
    const char *table;
    const char *sql;
    job_columns columns;
    strings partition_by;
    view_plan plan;
    job_maps maps;
    build_rules rules;
    bool drop_outside;
    const char *dir;
    const char *stem;
    const char *file_name; /* NULL: made from stem, ordinal and number */
    int64_t target_bytes;  /* 0: files of any size */
} build_spec;

typedef struct build_outside {
    int64_t rows;
    db_table examples; /* values of the partition columns, at most three rows */
} build_outside;

/* Make the view BUILD_RESULT; its columns must be those of the job. */
CHECKED status build_bind(db *d, const build_spec *spec, arena *a, error *err);

/* Write all partitions. On failure nothing is left in the folder. */
CHECKED status build_write(db *d, const build_spec *spec, arena *a, build_files *ret,
                           build_outside *ret_outside, error *err);
/* The same into a bucket, where nothing can be renamed: what fails half-way leaves objects. */
CHECKED status build_write_bucket(db *d, const build_spec *spec, arena *a, build_files *ret,
                                  build_outside *ret_outside, error *err);
/* What both are made of. The beginning of COPY's options, without the closing parenthesis. */
CHECKED status build_add_options(db *d, const build_spec *spec, buf *sql, error *err);
/* The ordinal of a row of __weir_q. */
void build_add_ordinal(const build_spec *spec, buf *sql);
/* How many rows of a source are outside, and which values they have. It calls itself __weir_q. */
CHECKED status build_read_outside(db *d, const build_spec *spec, const char *source, arena *a,
                                  build_outside *ret, error *err);
/* Remove files of a build that failed later. */
void build_remove(const build_files *files);

/* Check the schema of the files on disk, and fill in rows, bytes and sums. *ret_feeds: per
 * ordinal and map a document of maps_read, an array of arrays. */
CHECKED status build_read_back(db *d, const build_spec *spec, build_files *files, arena *a,
                               json_t **ret_feeds, error *err);

/* What reads the files: a table of FROM, with the path as READER_PATH. */
void build_add_source(const build_files *files, buf *sql);

/* The rules of a job. */
CHECKED status build_read_rules(const json_t *job, const job_columns *columns, arena *a,
                                build_rules *ret, error *err);
/* Do the rows on disk keep them? E_CHECK naming the rule, a value, and how many rows; which of
 * several partitions breaks it is not told. */
CHECKED status build_check_rules(db *d, const build_spec *spec, const build_files *files, arena *a,
                                 error *err);

#endif
