#include "ledger/db.h"

#include <inttypes.h>

struct db {
    const db_driver *driver;
    void *state;
};

struct db_rows {
    db *d;
    void *rows;
};

status db_driver_for(const char *location, const db_driver **ret, error *err) {
    if (str_starts(location, "postgresql:") || str_starts(location, "postgres:")) {
        error_set(err, E_DEFINITION, "ledger \"%s\" is PostgreSQL, which is not there yet",
                  location);
        error_hint(err, "Name a file for SQLite in lake.yaml: `ledger: .weir/ledger.db`.");
        return E_DEFINITION;
    }
    *ret = &DB_SQLITE;
    return OK;
}

static void *new_zeroed(size_t size) {
    void *memory = calloc(1, size);
    ASSERT(memory != NULL);
    return memory;
}

status db_open(const db_driver *driver, const char *location, bool create, db **ret, error *err) {
    void *state;
    TRY(driver->open(location, create, &state, err));
    db *d = new_zeroed(sizeof *d);
    *d = (db){.driver = driver, .state = state};
    *ret = d;
    return OK;
}

void db_close(db *d) {
    if (d == NULL)
        return;
    d->driver->close(d->state);
    free(d);
}

const db_driver *db_driver_of(const db *d) {
    return d->driver;
}

bool db_is_read_only(const db *d) {
    return d->driver->is_read_only(d->state);
}

status db_rehearse(db *d, error *err) {
    return d->driver->rehearse(d->state, err);
}

status db_schema_get(db *d, int64_t *ret, error *err) {
    return d->driver->schema_get(d->state, ret, err);
}

status db_schema_set(db *d, int64_t schema, error *err) {
    return d->driver->schema_set(d->state, schema, err);
}

status db_trigger_set(db *d, const db_trigger *t, error *err) {
    ARENA_AUTO a = arena_new();
    return db_script(d, d->driver->trigger(a, t), err);
}

status db_backup(db *d, const char *path, error *err) {
    if (d->driver->backup != NULL)
        return d->driver->backup(d->state, path, err);
    error_set(err, E_USAGE, "a ledger in %s is not copied by weir", d->driver->name);
    error_hint(err, "Use the database's own tools.");
    return E_USAGE;
}

status db_now_us(db *d, int64_t *ret, error *err) {
    return d->driver->now_us(d->state, ret, err);
}

void db_wait_limit(db *d, int64_t limit_ms) {
    d->driver->wait_limit(d->state, limit_ms);
}

status db_script(db *d, const char *sql, error *err) {
    return d->driver->script(d->state, sql, err);
}

status db_query(db *d, const char *sql, const db_value *values, size_t count, db_rows **ret,
                error *err) {
    void *driver_rows;
    TRY(d->driver->query(d->state, sql, values, count, &driver_rows, err));
    db_rows *rows = new_zeroed(sizeof *rows);
    *rows = (db_rows){.d = d, .rows = driver_rows};
    *ret = rows;
    return OK;
}

status db_next(db_rows *rows, bool *ret_row, error *err) {
    return rows->d->driver->next(rows->d->state, rows->rows, ret_row, err);
}

static db_value value_at(const db_rows *rows, size_t column) {
    ASSERT(column < db_width(rows));
    return rows->d->driver->column(rows->rows, column);
}

size_t db_width(const db_rows *rows) {
    return rows->d->driver->width(rows->rows);
}

int64_t db_int(const db_rows *rows, size_t column) {
    db_value value = value_at(rows, column);
    return value.type == DB_INT ? value.number : 0;
}

const char *db_text(const db_rows *rows, size_t column, arena *a) {
    db_value value = value_at(rows, column);
    if (value.type == DB_NULL)
        return NULL;
    if (value.type == DB_INT)
        return arena_printf(a, "%" PRId64, value.number);
    return arena_strdup(a, value.text);
}

bool db_is_null(const db_rows *rows, size_t column) {
    return value_at(rows, column).type == DB_NULL;
}

void db_end(db_rows *rows) {
    if (rows == NULL)
        return;
    rows->d->driver->end(rows->d->state, rows->rows);
    free(rows);
}

status db_run(db *d, const char *sql, const db_value *values, size_t count, error *err) {
    db_rows *rows;
    TRY(db_query(d, sql, values, count, &rows, err));
    bool more;
    status s = db_next(rows, &more, err);
    db_end(rows);
    return s;
}

status db_get_int(db *d, const char *sql, const db_value *values, size_t count, int64_t otherwise,
                  int64_t *ret, error *err) {
    db_rows *rows;
    TRY(db_query(d, sql, values, count, &rows, err));
    bool more;
    status s = db_next(rows, &more, err);
    if (s == OK)
        *ret = more ? db_int(rows, 0) : otherwise;
    db_end(rows);
    return s;
}
