/* db: one in-memory DuckDB instance, and results as text.
 *
 * Every statement of the worker goes through here, so that errors are mapped to Weir's kinds in one
 * place and settings never depend on the host. Values come back as VARCHAR only: a query casts what
 * it selects. One thread uses an instance. */
#ifndef WEIR_ENGINE_DUCKDB_DB_H
#define WEIR_ENGINE_DUCKDB_DB_H

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

#include <duckdb.h>

/* Files that one COPY keeps open; the process needs some more. */
enum { DB_OPEN_FILES_MAX = 800 };

typedef struct db {
    duckdb_database database;
    duckdb_connection connection;
    const char *user_sql;  /* what the user wrote inside our statements, for places; or NULL */
    bool sealed;           /* db_seal was called: permission errors are the user's SQL */
    const json_t *buckets; /* what the job brings to reach buckets; borrowed; or NULL */
} db;

typedef struct db_options {
    int64_t threads;
    int64_t memory_bytes;
    const char *temp_dir;  /* absolute; what does not fit in memory goes there */
    const char *timezone;  /* E_DEFINITION when unknown */
    const json_t *buckets; /* as in db; read by db_seal */
} db_options;

/* A fresh instance. Close it also after a failure. */
CHECKED status db_open(const db_options *options, db *ret, error *err);
void db_close(db *d); /* also for a zeroed db */
#define DB_AUTO CLEANUP(db_close) db

/* Opens the buckets where files or folders are in some (s3://…; such a folder ends in '/').
 * From now on only these files can be read, and only below these folders can be written; nothing
 * can be set, attached or loaded any more. */
CHECKED status db_seal(db *d, const strings *files, const strings *folders, error *err);

/* One or more statements whose rows do not matter. */
CHECKED status db_run(db *d, const char *sql, error *err);
CHECKED status db_runf(db *d, arena *a, error *err, const char *format, ...) PRINTF_LIKE(4, 5);

/* COPY … (RETURN_STATS): the files written, appended to *ret. */
typedef struct db_file {
    const char *path;
    int64_t rows, bytes;
} db_file;
typedef VEC(db_file) db_written;
CHECKED status db_copy(db *d, const char *sql, arena *a, db_written *ret, error *err);

/* A whole result. cells[row * columns + column], NULL for NULL. */
typedef struct db_table {
    const char **cells;
    size_t columns;
    size_t rows;
} db_table;
static inline const char *db_cell(const db_table *t, size_t row, size_t column) {
    return t->cells[row * t->columns + column];
}
/* All columns must be VARCHAR. E_DATA when a value holds a NUL character. */
CHECKED status db_rows(db *d, const char *sql, arena *a, db_table *ret, error *err);
/* The first cell of the first row, which must be a number that is not NULL. */
CHECKED status db_number(db *d, const char *sql, arena *a, int64_t *ret, error *err);

/* A result of any size: chunk by chunk, in constant memory. All columns must be VARCHAR. The
 * callback sees the values of one chunk as text with sizes (size is -1 for NULL). */
typedef struct db_text {
    const char *text; /* not terminated */
    int64_t size;
} db_text;
typedef status (*db_each)(void *state, const db_text *cells, size_t rows, size_t columns,
                          error *err);
CHECKED status db_stream(db *d, const char *sql, db_each each, void *state, error *err);

/* Exactly one SELECT (DESCRIBE, SUMMARIZE and SHOW are SELECTs to DuckDB)? E_DEFINITION
 * otherwise. */
CHECKED status db_one_select(db *d, const char *sql, error *err);

/* The names of the columns that a statement gives, as it gives them (they may repeat). */
CHECKED status db_column_names(db *d, const char *sql, arena *a, strings *ret, error *err);
/* "schema.table" for every table that a statement names, lower case. False when that cannot be
 * told. */
bool db_table_names(db *d, const char *sql, arena *a, strings *ret);

/* Fill err from DuckDB's kind and text. sql: the failed statement. Always returns other than OK. */
status db_fail(const db *d, duckdb_error_type type, const char *text, const char *sql, error *err);

#endif
