#include "ledger/db.h"

#include "ledger/postgres/place.h"

#include <inttypes.h>

struct db {
    const db_driver *driver;
    void *state;
    int64_t statements;
};

struct db_rows {
    db *d;
    void *rows;
};

const db_driver *db_driver_for(const char *location) {
    return place_is_postgres(location) ? &DB_POSTGRES : &DB_SQLITE;
}

static void *new_zeroed(size_t size) {
    void *memory = calloc(1, size);
    ASSERT(memory != NULL);
    return memory;
}

static db *new_db(const db_driver *driver, void *state) {
    db *d = new_zeroed(sizeof *d);
    *d = (db){.driver = driver, .state = state};
    return d;
}

status db_open(const db_driver *driver, const char *location, bool create, db **ret, error *err) {
    void *state;
    TRY(driver->open(location, create, &state, err));
    *ret = new_db(driver, state);
    return OK;
}

status db_open_private(db **ret, error *err) {
    void *state;
    TRY(DB_SQLITE.open_private(&state, err));
    *ret = new_db(&DB_SQLITE, state);
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

bool db_can_rehearse(const db *d) {
    return d->driver->rehearse != NULL;
}

status db_begin(db *d, db_mode mode, error *err) {
    d->statements++;
    return d->driver->begin(d->state, mode, err);
}

status db_commit(db *d, error *err) {
    d->statements++;
    return d->driver->commit(d->state, err);
}

void db_rollback(db *d) {
    d->statements++;
    d->driver->rollback(d->state);
}

int64_t db_statements(const db *d) {
    return d->statements;
}

status db_rehearse(db *d, error *err) {
    ASSERT(db_can_rehearse(d));
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

status db_id_get(db *d, const char *table, int64_t *ret, error *err) {
    return d->driver->id_get(d->state, table, ret, err);
}

status db_id_raise(db *d, const char *table, int64_t last, error *err) {
    return d->driver->id_raise(d->state, table, last, err);
}

bool db_can_backup(const db *d) {
    return d->driver->backup != NULL;
}

status db_backup(db *d, const char *path, error *err) {
    ASSERT(db_can_backup(d));
    return d->driver->backup(d->state, path, err);
}

status db_now_us(db *d, int64_t *ret, error *err) {
    return d->driver->now_us(d->state, ret, err);
}

status db_lock(db *d, int64_t key, bool *ret_granted, error *err) {
    d->statements++;
    return d->driver->lock(d->state, key, ret_granted, err);
}

void db_unlock(db *d, int64_t key) {
    d->driver->unlock(d->state, key);
}

void db_wait_limit(db *d, int64_t limit_ms) {
    d->driver->wait_limit(d->state, limit_ms);
}

status db_script(db *d, const char *sql, error *err) {
    d->statements++;
    return d->driver->script(d->state, sql, err);
}

status db_query(db *d, const char *sql, const db_value *values, size_t count, db_rows **ret,
                error *err) {
    void *driver_rows;
    d->statements++;
    TRY(d->driver->query(d->state, sql, values, count, &driver_rows, err));
    db_rows *rows = new_zeroed(sizeof *rows);
    *rows = (db_rows){.d = d, .rows = driver_rows};
    *ret = rows;
    return OK;
}

status db_next(db_rows *rows, bool *ret_row, error *err) {
    return rows->d->driver->next(rows->d->state, rows->rows, ret_row, err);
}

db_value db_value_at(const db_rows *rows, size_t column) {
    ASSERT(column < db_width(rows));
    return rows->d->driver->column(rows->rows, column);
}

size_t db_width(const db_rows *rows) {
    return rows->d->driver->width(rows->rows);
}

int64_t db_int(const db_rows *rows, size_t column) {
    db_value value = db_value_at(rows, column);
    return value.type == DB_INT ? value.number : 0;
}

const char *db_text(const db_rows *rows, size_t column, arena *a) {
    db_value value = db_value_at(rows, column);
    if (value.type == DB_NULL)
        return NULL;
    if (value.type == DB_INT)
        return arena_printf(a, "%" PRId64, value.number);
    return arena_strdup(a, value.text);
}

bool db_is_null(const db_rows *rows, size_t column) {
    return db_value_at(rows, column).type == DB_NULL;
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
