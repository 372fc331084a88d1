/* check: the job that asks whether delivered files are what their definition says; its parts.
 *
 * Per file: open and decompress (stream), find its columns (match), read everything once and
 * count what breaks a rule (check_rows), and only when something does, find out where. Failures
 * of a file are its verdict; a status other than OK means that the file could not be judged. */
#ifndef WEIR_ENGINE_DUCKDB_CHECK_H
#define WEIR_ENGINE_DUCKDB_CHECK_H

#include "engine/duckdb/db.h"
#include "engine/duckdb/keep.h"
#include "engine/duckdb/reader.h"
#include "engine/duckdb/stream.h"
#include "engine/duckdb/verdict.h"
#include "engine/duckdb/view.h"

typedef struct check_column {
    const char *name;
    const char *type;
    const char *minimum; /* NULL: none */
    const char *maximum;
    strings aliases;
    bool nullable;
} check_column;

typedef enum check_extra { EXTRA_FAIL, EXTRA_KEEP, EXTRA_DROP } check_extra;

typedef struct check_spec {
    reader_format format;
    const json_t *csv;
    VEC(check_column) columns; /* empty: what the file has */
    bool header_exact;
    bool missing_is_null;
    check_extra extra;
    int64_t rows_min;
    int64_t rows_max; /* -1: none */
    int64_t partitions_max;
    int64_t failure_limit;
    job_maps maps;
} check_spec;

/* One file on its way through the check. */
typedef struct check_file {
    const check_spec *spec;
    db *db;
    arena *arena;
    json_t *id; /* borrowed from the job */
    view_file file;
    const char *compression;
    stream_facts *facts; /* one for all files of the job: of the one at hand */
    reader reader;       /* grows into the reading contract */
    strings paths;       /* the one path */
    keep *keep;          /* the worker's */
    const char *token;   /* under which the rows are to be kept; NULL: they are not */
    bool kept;           /* they are */
    verdict verdict;
    strings aliases_used;
    int64_t rows;
    json_t *feeds;    /* NULL until read */
    bool lines_known; /* set by check_locate: line is a line of the file */
} check_file;

/* Fill c->reader.columns from the names in c->reader.file_columns, or add failures. header_line:
 * as it is in a CSV, for a hint at a wrong delimiter; else NULL. */
void check_match(check_file *c, const char *header_line);

/* Find the columns of one kind of file. */
CHECKED status check_csv_columns(check_file *c, error *err);
CHECKED status check_json_columns(check_file *c, error *err);
CHECKED status check_parquet_columns(check_file *c, error *err);

/* Read all rows once: counts, bounds, nulls, lossy values, maps. */
CHECKED status check_rows(check_file *c, error *err);

/* What can be wrong with the values of one column; the conditions are SQL over its raw value. */
typedef struct check_item {
    verdict_rule rule;
    const reader_column *column;
    const char *bound; /* minimum, maximum */
    bool lossy;        /* RULE_TYPE: of the type, but not the same value in it */
    int64_t count;
} check_item;
typedef VEC(check_item) check_items;

/* True for a value that breaks the rule. raw: the value in the type it is scanned in. */
void check_add_condition(const check_file *c, const check_item *item, const char *raw, buf *sql);
/* List where items with a count are broken, and where map values cannot be computed. */
CHECKED status check_report(check_file *c, const check_items *items, error *err);
CHECKED status check_report_maps(check_file *c, error *err);
/* JSON whose typed read failed: which values are not of their column's type. */
CHECKED status check_report_types(check_file *c, error *err);
/* `, value AS name` for the columns that come from the delivery. */
void check_add_pseudo(const check_file *c, buf *sql);

/* What was rejected while reading a CSV with reader_scan.rejects. */
CHECKED status check_csv_rejects(check_file *c, error *err);

/* Make the view __weir_located: each row's `line` (see lines_known) and each file column as it is
 * in the file, t0, t1, …: text, for JSON a value. For finding out where a rule was broken. */
CHECKED status check_locate(check_file *c, error *err);
/* The value of t<from> in the type it is scanned in; NULL where it is not of that type. */
void check_add_located(const check_file *c, int64_t from, const char *type, buf *sql);

/* Every record of a JSON file as one column json. */
void check_add_objects(const check_file *c, buf *sql);

/* Every line of a CSV as one text column l. lenient: leave out what is not text. */
void check_add_lines(const check_file *c, bool lenient, buf *sql);

/* A failed read of the file's bytes becomes a failure; everything else stays an error. */
CHECKED status check_take_error(check_file *c, const error *problem, error *err);

/* The file's answer. */
json_t *check_document(const check_file *c);

/* The table function over the file. */
void check_add_scan(const check_file *c, buf *sql, bool rejects, bool exact);

#endif
