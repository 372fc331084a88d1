/* bucket: objects in S3, reached through DuckDB's httpfs extension.
 *
 * The extension is loaded from the folder that DuckDB itself was loaded from, and only for jobs
 * that name objects in buckets. Its secrets come with the job and live as long as its instance. */
#ifndef WEIR_ENGINE_DUCKDB_BUCKET_H
#define WEIR_ENGINE_DUCKDB_BUCKET_H

#include "base/json.h"
#include "engine/duckdb/db.h"

bool bucket_has(const char *path); /* is it s3://…? */

/* Before db_seal. buckets: the job's list, NULL when it has none. E_ENGINE when the extension is
 * not there. */
CHECKED status bucket_open(db *d, const json_t *buckets, error *err);

#endif
