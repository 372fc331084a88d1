/* reader: a reading contract (doc/engine.md) as SQL.
 *
 * The same contract reads the same bytes the same way for ever: every option of the engine's
 * readers that could be guessed is given. Values are SQL expressions over the columns of
 * reader_add_scan. */
#ifndef WEIR_ENGINE_DUCKDB_READER_H
#define WEIR_ENGINE_DUCKDB_READER_H

#include "engine/duckdb/job.h"

typedef enum reader_format { READER_CSV, READER_JSON, READER_PARQUET, READER_OPAQUE } reader_format;

/* The column of the scan that names the file, when asked for. */
#define READER_PATH "__weir_path"

typedef struct reader_column {
    const char *name;
    const char *type;
    int64_t from; /* place in file_columns; -1: absent, a typed NULL */
} reader_column;

typedef struct reader {
    reader_format format;
    const char *compression; /* none, gzip or zstd */
    const char *delimiter;   /* CSV from here */
    const char *quote;
    const char *encoding;
    bool header;
    bool is_array;       /* JSON: one array; else newline-delimited */
    bool by_name;        /* Parquet that Weir wrote: columns are taken by name, see view.c */
    strings null_values; /* CSV */
    strings file_columns;
    strings file_types; /* Parquet: of file_columns */
    VEC(reader_column) columns;
} reader;

typedef struct reader_scan {
    const strings *paths;
    bool with_path; /* add READER_PATH */
    bool rejects;   /* CSV: go on after a bad row and keep it in __weir_rejects */
    bool lenient;   /* CSV: take rows apart as well as it goes, leave out what does not go at all */
    bool exact;     /* read whole numbers and dates in another type, so that a loss shows */
} reader_scan;

CHECKED status reader_read(const json_t *contract, arena *a, reader *ret, error *err);

/* The options of a CSV alone; keys that are not there get their defaults. options may be NULL. */
CHECKED status reader_read_csv(const json_t *options, arena *a, reader *r, error *err);

/* A table function call over the paths. */
void reader_add_scan(const reader *r, buf *sql, const reader_scan *scan);

/* The value of a column of the contract, of its declared type. */
void reader_add_value(const reader *r, buf *sql, const reader_column *column);
/* The column of the scan itself, in the type it is scanned in. from: place in file_columns. */
void reader_add_raw(const reader *r, buf *sql, int64_t from);
const reader_column *reader_find(const reader *r, const char *name);

/* The type whose values are scanned for this one with exact; NULL when it is the type itself. */
const char *reader_exact_type(reader_format format, const char *type);
bool reader_is_whole(const char *type); /* one of the integers of up to 64 bits */

#endif
