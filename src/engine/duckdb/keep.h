/* keep: rows of checked files, in memory for builds of the same run.
 *
 * The check of a delivered CSV reads all its rows, and a build right after it would read the same
 * bytes again. Under a token that the check names, the rows stay in this worker, in the types of
 * the reading contract, and a build whose input names the token reads them in place of the file. A
 * token that is not known is no error, because the file is always there to be read: another worker
 * may have checked it, or it had too many rows. Only an accepted file's rows are given.
 *
 * Rows are kept in the order in which threads happen to read them: not for builds whose result
 * depends on the order of rows. */
#ifndef WEIR_ENGINE_DUCKDB_KEEP_H
#define WEIR_ENGINE_DUCKDB_KEEP_H

#include "engine/duckdb/db.h"
#include "engine/duckdb/reader.h"

typedef struct keep keep;

/* bytes_max: of all rows together. */
keep *keep_new(int64_t bytes_max);
void keep_free(keep *k); /* NULL is allowed; after every instance that uses it is closed */
int64_t keep_bytes(const keep *k);
int64_t keep_bytes_max(const keep *k);

/* Give the instance the function `__weir_keep(column, …)`, which is true, and whose arguments are
 * kept between keep_begin and keep_end. */
CHECKED status keep_register_taking(keep *k, db *d, error *err);
/* False when the rows of such a file cannot be kept, or of no more files. The function's arguments
 * are then to be the columns of r that are in the file, in their order. token and r are copied. */
bool keep_begin(keep *k, const char *token, const reader *r);
bool keep_is_taking(const keep *k);
/* Are they kept? Also without keep_begin. */
bool keep_end(keep *k, bool accepted);

/* Where the rows are, or -1: they are given in place of reading a file under this contract. */
int64_t keep_find(const keep *k, const char *token, const reader *r);
/* Give the instance the table function `__weir_kept([place, …], [path, …])`: the columns of a
 * reader's scan over files that have one contract, and READER_PATH. k must outlive the instance. */
CHECKED status keep_register_giving(const keep *k, db *d, error *err);

/* Internal: one file's rows, as the engine has them in its vectors. */
typedef struct keep_column {
    const char *name; /* as the reader's scan calls it */
    const char *type;
    duckdb_logical_type logical; /* NULL until the first rows */
    size_t width;                /* bytes of one value */
    bool is_text;                /* of duckdb_string_t: longer ones point to bytes of ours */
} keep_column;

typedef struct keep_part {
    const void *values;
    const uint64_t *valid; /* a bit for each row; NULL: all */
} keep_part;

typedef struct keep_chunk {
    const keep_part *parts; /* one for each column */
    size_t rows;
} keep_chunk;

typedef struct keep_rows {
    arena *arena;
    const char *token;
    size_t place;
    VEC(keep_column) columns;
    VEC(keep_chunk) chunks;
    int64_t rows;
} keep_rows;

const keep_rows *keep_at(const keep *k, size_t place); /* NULL past the last */

#endif
