/* type: the one type model: names users write, and the engine's SQL types they stand for.
 *
 * Users write string, int64, float64, boolean, date, timestamp, timestamptz, decimal(18,2), …
 * or any of the engine's own names in any case (VARCHAR, BIGINT). Inside Weir a type is its
 * canonical SQL text ("VARCHAR", "DECIMAL(18,2)", "STRUCT(a INTEGER)[]"). */
#ifndef WEIR_SCHEMA_TYPE_H
#define WEIR_SCHEMA_TYPE_H

#include "base/error.h"
#include "base/str.h"

/* The canonical SQL type for what a user wrote. E_DEFINITION, the nearest valid name as hint. */
CHECKED status type_from_text(const char *text, arena *a, const char **ret_sql_type, error *err);

/* May a column of this type partition a table: its canonical text must name the value exactly.
 * Text, whole numbers, booleans, dates and timestamps may; floats and nested types may not. */
bool type_can_partition(const char *sql_type);

/* What values of this type, or within it, lose in Parquet files, to be told; NULL: nothing. */
const char *type_loses_in_files(const char *sql_type);

typedef struct column {
    const char *name;
    const char *type; /* canonical SQL type */
    bool nullable;
} column;

typedef VEC(column) columns;

/* Fingerprint of names, order and types (nullability is a check, not a type). 64 hex digits. */
void columns_hash(const columns *c, char text[65]);
/* The position of name (exact), or -1. */
int columns_find(const columns *c, const char *name);

/* The canonical text of one partition: "event_date=2024-05-22/site=a%2Fb"; "()" when there are no
 * partition columns. values[i] NULL gives __HIVE_DEFAULT_PARTITION__; that literal as a value is
 * encoded so that the two differ. This is the one function that makes partition texts. */
char *partition_text(arena *a, const strings *partition_by, const char *const *values);

/* A directory's name has so many bytes at most, with the column's name and all that is encoded. */
enum { PARTITION_NAME_MAX = 255 };
/* The first part of a partition's text that is too long for a directory's name; NULL: none is. */
const char *partition_too_long(const char *text, arena *a);

/* The inverse, checked. ret_values has partition_by->count entries. E_USAGE when the text
 * does not fit. */
CHECKED status partition_values(const char *text, const strings *partition_by, arena *a,
                                const char ***ret_values, error *err);

#endif
