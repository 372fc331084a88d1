/* job: the parts of a job document that several kinds of jobs have (doc/engine.md).
 *
 * Reading checks form and types; texts are borrowed from the document, which must outlive them. */
#ifndef WEIR_ENGINE_DUCKDB_JOB_H
#define WEIR_ENGINE_DUCKDB_JOB_H

#include "base/json.h"
#include "base/str.h"

typedef struct job_column {
    const char *name;
    const char *type; /* SQL text, checked with job_type_is_plain */
    int64_t field_id; /* 0 when none is given */
} job_column;
typedef VEC(job_column) job_columns;

/* How rows find their partition: one expression per partition column of the reading table. */
typedef struct job_key {
    const char *expression;
    const char *type; /* of the partition column; the expression's value is cast to it */
} job_key;
typedef struct job_map {
    const char *id;
    const char *where; /* rows that belong to some partition, SQL; NULL: all */
    VEC(job_key) keys;
} job_map;
typedef VEC(job_map) job_maps;

/* Partitions as they travel: values[i][k], NULL for null. */
typedef struct job_partitions {
    const char ***values;
    size_t count;
    size_t keys; /* of each */
} job_partitions;

/* No text that could leave the place of a type in a statement. */
bool job_type_is_plain(const char *type);

CHECKED status job_read_columns(const json_t *object, const char *key, arena *a, job_columns *ret,
                                error *err);
/* An absent key gives none. */
CHECKED status job_read_maps(const json_t *object, const char *key, arena *a, job_maps *ret,
                             error *err);
CHECKED status job_read_strings(const json_t *object, const char *key, arena *a, strings *ret,
                                error *err);
/* Texts that are types. */
CHECKED status job_read_types(const json_t *object, const char *key, arena *a, strings *ret,
                              error *err);
CHECKED status job_read_partitions(const json_t *object, const char *key, size_t keys, arena *a,
                                   job_partitions *ret, error *err);
/* The position of name, or -1. */
int64_t job_find_column(const job_columns *columns, const char *name);

/* Text for a document: NULL gives null; what JSON cannot hold is replaced. */
json_t *job_text(const char *text);
json_t *job_sized_text(const char *text, size_t size);

/* {"kind","message","hint","line","column"}, wrapped in {"error":…}. */
json_t *job_error(const error *err);

#endif
