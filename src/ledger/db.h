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

/* A parameter or a column. Text is borrowed: as a parameter for the call, as a column until the
 * next step. */
typedef struct db_value {
    db_type type;
    int64_t number;
    const char *text;
} db_value;

#define DB_I(value) ((db_value){.type = DB_INT, .number = (value)})
#define DB_T(value) db_text_or_null(value)
#define DB_N        ((db_value){.type = DB_NULL})
static inline db_value db_text_or_null(const char *text) {
    return (db_value){.type = text ? DB_TEXT : DB_NULL, .text = text};
}

typedef struct db db;
typedef struct db_rows db_rows; /* a result being read */

/* What a database shall do by itself after each row that an event changed. */
typedef struct db_trigger {
    const char *name;
    const char *table;
    const char *event;     /* INSERT, UPDATE OF a, b, or DELETE */
    const char *statement; /* may name the row's columns as NEW.x and OLD.x */
} db_trigger;

typedef enum db_mode {
    DB_READ,        /* sees one state */
    DB_WRITE,       /* waits when it begins, and only then, for other writers */
    DB_WRITE_LIGHT, /* the same, but a power cut may take its commit back */
} db_mode;

/* Calls may be given what an earlier call of the same driver returned, and nothing else. */
typedef struct db_driver {
    const char *name;
    const char *id_column; /* how a table's generated id is declared; ids are never used again */
    const char *text_type; /* instead of TEXT, so that texts compare bytewise; NULL: TEXT does */
    /* A statement that gives (table, column, 1 for a generated id else 0) of all tables of the
     * ledger, in their order, and none of the driver's own. */
    const char *columns;
    const char *check; /* a statement whose rows tell what is damaged, or "ok"; NULL: none */
    /* Several machines may use it: what a process of another one does, nobody here can see. */
    bool is_shared;
    char *(*shown)(arena *a, const char *location); /* without what is secret in it */
    char *(*beside)(arena *a, const char *location, const char *suffix); /* another place */
    status (*exists)(const char *location, bool *ret, error *err);
    /* to: nothing is there. In one step, as far as who opens either of them can see. */
    status (*move)(const char *from, const char *to, error *err);
    status (*remove)(const char *location, error *err); /* also where nothing is */
    /* create: a new or empty database is fine, otherwise E_NOT_FOUND and E_FOREIGN. In both cases
     * E_FOREIGN for a database of another program, which is left as it is. */
    status (*open)(const char *location, bool create, void **ret_state, error *err);
    void (*close)(void *state);
    bool (*is_read_only)(void *state);
    /* Optional. Go on with a copy that ends with the state. */
    status (*rehearse)(void *state, error *err);
    /* Optional. A database of its own that is empty, and gone when it is closed. */
    status (*open_private)(void **ret_state, error *err);
    status (*schema_get)(void *state, int64_t *ret, error *err); /* newest migration, 0: none */
    status (*schema_set)(void *state, int64_t schema, error *err);
    status (*begin)(void *state, db_mode mode, error *err);
    status (*commit)(void *state, error *err);       /* E_UNCERTAIN when nobody can tell */
    void (*rollback)(void *state);                   /* also when the transaction is over already */
    char *(*trigger)(arena *a, const db_trigger *t); /* a script that makes it, or makes it anew */
    /* Where a table's generated ids stand: 0 before the first. */
    status (*id_get)(void *state, const char *table, int64_t *ret, error *err);
    /* The next id is greater than this one, whatever it would have been. In a transaction. */
    status (*id_raise)(void *state, const char *table, int64_t last, error *err);
    /* Optional. A copy of one state into a SQLite file, while others write. */
    status (*backup)(void *state, const char *path, error *err);
    /* A lock that whoever has the same database open can see, for one handle at a time, until it is
     * freed or its process is gone. Never waits. A handle has one lock at most. */
    status (*lock)(void *state, int64_t key, bool *ret_granted, error *err);
    void (*unlock)(void *state, int64_t key);
    status (*now_us)(void *state, int64_t *ret, error *err); /* the clock that leases are kept by */
    void (*wait_limit)(void *state, int64_t limit_ms);       /* for other writers */
    status (*script)(void *state, const char *sql,
                     error *err); /* several statements, no parameters */
    status (*query)(void *state, const char *sql, const db_value *values, size_t count,
                    void **ret_rows, error *err);
    status (*next)(void *state, void *rows, bool *ret_row, error *err);
    size_t (*width)(void *rows);
    db_value (*column)(void *rows, size_t i);
    void (*end)(void *state, void *rows);
} db_driver;

extern const db_driver DB_SQLITE, DB_POSTGRES;

/* The driver for a location: a path is SQLite's. */
const db_driver *db_driver_for(const char *location);

CHECKED status db_open(const db_driver *driver, const char *location, bool create, db **ret,
                       error *err);
/* A database in SQLite of its own, gone when it is closed. */
CHECKED status db_open_private(db **ret, error *err);
void db_close(db *d); /* NULL is allowed */
const db_driver *db_driver_of(const db *d);
bool db_is_read_only(const db *d);
bool db_can_rehearse(const db *d);
CHECKED status db_rehearse(db *d, error *err); /* db_can_rehearse, asserted */
CHECKED status db_begin(db *d, db_mode mode, error *err);
CHECKED status db_commit(db *d, error *err);
void db_rollback(db *d);
/* How often the database was asked for something. */
int64_t db_statements(const db *d);
CHECKED status db_schema_get(db *d, int64_t *ret, error *err);
CHECKED status db_schema_set(db *d, int64_t schema, error *err);
CHECKED status db_trigger_set(db *d, const db_trigger *t, error *err);
CHECKED status db_id_get(db *d, const char *table, int64_t *ret, error *err);
CHECKED status db_id_raise(db *d, const char *table, int64_t last, error *err);
bool db_can_backup(const db *d);
/* path: a new or empty file. db_can_backup, asserted. */
CHECKED status db_backup(db *d, const char *path, error *err);
CHECKED status db_now_us(db *d, int64_t *ret, error *err);
void db_wait_limit(db *d, int64_t limit_ms);
CHECKED status db_lock(db *d, int64_t key, bool *ret_granted, error *err);
void db_unlock(db *d, int64_t key);
CHECKED status db_script(db *d, const char *sql, error *err);

/* A statement without rows. */
CHECKED status db_run(db *d, const char *sql, const db_value *values, size_t count, error *err);
/* Rows are read like
 *     TRY(db_query(d, sql, values, n, &rows, err));
 *     while ((s = db_next(rows, &more, err)) == OK && more) …
 *     db_end(rows); */
CHECKED status db_query(db *d, const char *sql, const db_value *values, size_t count, db_rows **ret,
                        error *err);
CHECKED status db_next(db_rows *rows, bool *ret_row, error *err);
size_t db_width(const db_rows *rows);
db_value db_value_at(const db_rows *rows, size_t column); /* borrowed until the next step */
int64_t db_int(const db_rows *rows, size_t column);       /* 0 for NULL */
const char *db_text(const db_rows *rows, size_t column,
                    arena *a); /* copied; NULL for NULL; numbers in decimal */
bool db_is_null(const db_rows *rows, size_t column);
void db_end(db_rows *rows); /* NULL is allowed */
/* The first column of the first row; otherwise when there is no row. */
CHECKED status db_get_int(db *d, const char *sql, const db_value *values, size_t count,
                          int64_t otherwise, int64_t *ret, error *err);

#endif
