/* storage: the types that a table's files hold.
 *
 * Parquet cannot keep every type of the engine: a sum of integers is a HUGEINT, which it would
 * store as DOUBLE. Such a result column is cast to the type that keeps its values; nothing else
 * is ever changed. */
#ifndef WEIR_ENGINE_DUCKDB_STORAGE_H
#define WEIR_ENGINE_DUCKDB_STORAGE_H

#include "engine/duckdb/db.h"
#include "engine/duckdb/job.h"

/* The type a result column of this type is stored as; usually the same. */
const char *storage_type(const char *type, arena *a);

/* The columns of a query or view with the engine's own types. */
CHECKED status storage_describe(db *d, const char *from, arena *a, job_columns *ret, error *err);

#endif
