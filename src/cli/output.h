/* output: data on standard output, as a table for people or as JSON, JSON lines or CSV.
 *
 * A verb makes one JSON document (design section 11) and, where it is a list, the same as flat
 * rows; this module writes whichever form was asked for. Texts may hold anything: tables show
 * control characters as \xNN, JSON and CSV keep them by their own rules. Not for progress or the
 * log. */
#ifndef WEIR_CLI_OUTPUT_H
#define WEIR_CLI_OUTPUT_H

#include "base/json.h"

typedef enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_CSV } output_format;

typedef struct output {
    FILE *stream; /* borrowed */
    output_format format;
    bool color;
    bool closed; /* it was a pipe whose reader has gone */
} output;

/* "table", "json", "jsonl", "csv"; NULL is table. */
output_format output_format_of(const char *name);

/* How a table shows a value. The other forms always have the plain value. */
typedef enum output_kind {
    OUTPUT_TEXT,    /* left-aligned */
    OUTPUT_COUNT,   /* right-aligned; an integer */
    OUTPUT_BYTES,   /* right-aligned, 14.2 MB */
    OUTPUT_SECONDS, /* right-aligned, 0.42 s */
    OUTPUT_TIME,    /* RFC 3339 text, shown without the fraction */
} output_kind;

typedef struct output_column {
    const char *key;   /* in the row objects, and CSV's header */
    const char *title; /* a table's header */
    output_kind kind;
} output_column;

/* document: what JSON writes. rows: array of flat objects, what the other three write. */
typedef struct output_list {
    const json_t *document;
    const json_t *rows;
    const output_column *columns;
    size_t column_count;
} output_list;
void output_write_list(output *o, const output_list *list);

/* One line of JSON. */
void output_json(output *o, const json_t *document);

/* One CSV record. A NULL field is empty, an empty text is "" in quotes. */
void output_csv_record(output *o, const char *const *fields, size_t count);

/* Rows of texts as an aligned table; the columns' kinds say only left or right here. null: what
 * stands for a NULL cell. cells: row by row. */
typedef struct output_grid {
    const char *const *titles; /* NULL: no header */
    const bool *right;
    size_t width;
    const char *const *cells;
    size_t rows;
    const char *null;
    size_t *widths; /* NULL, or width zeroes that a later part of the same table comes with again */
} output_grid;
void output_write_grid(output *o, const output_grid *grid);

/* A line of text for people, printf-like; nothing but in the table form. */
void output_say(output *o, const char *format, ...) PRINTF_LIKE(2, 3);

/* What was written so far is with the reader. Sets closed. E_FULL, E_IO. */
CHECKED status output_flush(output *o, error *err);
/* The same at the end, where a closed pipe is fine: the reader has seen enough. */
CHECKED status output_finish(output *o, error *err);

/* 14.2 MB (powers of 1000), "0 B" … */
char *output_bytes(arena *a, int64_t bytes);
/* "1 file", "2 files". */
char *output_plural(arena *a, int64_t count, const char *one, const char *many);

/* A new string value; bytes that are no UTF-8 are shown as \xNN. NULL gives null. */
json_t *output_string(const char *text);
json_t *output_time(int64_t time_us); /* 0 gives null */

#endif
