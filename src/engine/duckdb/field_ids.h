/* field_ids: the FIELD_IDS option of a Parquet COPY.
 *
 * A column has the id that the job gives it. What is nested in it gets id * 1000 + k, where k
 * counts from 1 through the column's type from the outside in and from left to right: struct
 * fields, a list's element, a map's key and value. So ids depend on the column's own type only. */
#ifndef WEIR_ENGINE_DUCKDB_FIELD_IDS_H
#define WEIR_ENGINE_DUCKDB_FIELD_IDS_H

#include "engine/duckdb/db.h"
#include "engine/duckdb/job.h"

/* Appends "{"a": 1, "b": {__duckdb_field_id: 2, "x": 2001}}". from: a query or view with exactly
 * these columns. E_USAGE for a column without an id; E_DEFINITION for a type nested too deep. */
CHECKED status field_ids_add(db *d, const char *from, const job_columns *columns, buf *sql,
                             error *err);

#endif
