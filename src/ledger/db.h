/* db: the thin waist between the ledger's SQL and a database.
 *
 * The ledger's statements are written once, in the dialect that SQLite and PostgreSQL share:
 * parameters $1, $2, …; INSERT … ON CONFLICT; RETURNING. A driver prepares (and caches by text),
 * binds, steps. Not for anything outside ledger/. */
#ifndef WEIR_LEDGER_DB_H
#define WEIR_LEDGER_DB_H

#include "base/error.h"
#include "base/str.h"

typedef enum db_type { DB_NULL, DB_INT, DB_TEXT } db_type;

/* A parameter or a column. Text is borrowed: as a parameter for the call, as a column until the next step. */
typedef struct db_value {
    db_type type;
    int64_t number;
    const char *text;
} db_value;

#define DB_I(value) ((db_value){.type = DB_INT, .number = (value)})
#define DB_T(value) db_text_or_null(value)
#define DB_N ((db_value){.type = DB_NULL})
static inline db_value db_text_or_null(const char *text)
{
    return (db_value){.type = text ? DB_TEXT : DB_NULL, .text = text};
}

typedef struct db db;
typedef struct db_rows db_rows; /* a result being read */

typedef struct db_driver {
    const char *name;
    const char *id_column; /* how a table's generated id is declared */
    status (*open)(const char *location, bool create, void **ret_state, error *err);
    void (*close)(void *state);
    status (*script)(void *state, const char *sql, error *err); /* several statements, no parameters */
    status (*query)(void *state, const char *sql, const db_value *values, size_t count,
                    void **ret_rows, error *err);
    status (*next)(void *state, void *rows, bool *ret_row, error *err);
    size_t (*width)(void *rows);
    db_value (*column)(void *rows, size_t i);
    void (*end)(void *state, void *rows);
} db_driver;

extern const db_driver DB_SQLITE;

CHECKED status db_open(const char *location, bool create, db **ret, error *err);
void db_close(db *d);
const db_driver *db_driver_of(const db *d);
CHECKED status db_script(db *d, const char *sql, error *err);

/* A statement without rows. */
CHECKED status db_run(db *d, const char *sql, const db_value *values, size_t count, error *err);
/* Rows: `while (db_next(rows, &err) ...)` reads like
 *     TRY(db_query(d, sql, values, n, &rows, err));
 *     while ((s = db_next(rows, &more, err)) == OK && more) …
 *     db_end(rows); */
CHECKED status db_query(db *d, const char *sql, const db_value *values, size_t count, db_rows **ret,
                        error *err);
CHECKED status db_next(db_rows *rows, bool *ret_row, error *err);
size_t db_width(const db_rows *rows);
int64_t db_int(const db_rows *rows, size_t column);                 /* 0 for NULL */
const char *db_text(const db_rows *rows, size_t column, arena *a);  /* copied; NULL for NULL */
bool db_is_null(const db_rows *rows, size_t column);
void db_end(db_rows *rows); /* NULL is allowed */
/* The first column of the first row; otherwise when there is no row. */
CHECKED status db_get_int(db *d, const char *sql, const db_value *values, size_t count,
                          int64_t otherwise, int64_t *ret, error *err);

#endif
