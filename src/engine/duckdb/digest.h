/* digest: the order-independent hash of rows, as SQL.
 *
 * Algorithm "duckdb-hash-1": a row's first hash is hash(hash(all columns in order)), its second
 * hash(hash(salt, all columns in reverse order)), with DuckDB's hash(); the inner hash joins
 * columns by shift and xor, the outer one mixes the result, so that sums do not cancel. Columns
 * whose hash would equal that of another value (lists, structs, maps, intervals) are hashed as
 * text. A sum over rows is taken modulo 2^64, so sums of files add up. Depends on values alone:
 * not on the order of rows, files, threads, encodings or statistics. Names and types of columns
 * are not in it. */
#ifndef WEIR_ENGINE_DUCKDB_DIGEST_H
#define WEIR_ENGINE_DUCKDB_DIGEST_H

#include "engine/duckdb/job.h"

#define DIGEST_NAME "duckdb-hash-1"

/* Two expressions over columns of these names, each one row's hash. */
void digest_add_first(buf *sql, const job_columns *columns);
void digest_add_second(buf *sql, const job_columns *columns);

/* The text of a sum modulo 2^64 as 16 hex digits: wraps an expression of type HUGEINT. */
void digest_add_hex(buf *sql, const char *sum);

#endif
