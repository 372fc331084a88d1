#include "ledger/copy.h"

#include "base/hash.h"
#include "ledger/journal_tables.h"
#include "ledger/ledger.h"
#include "ledger/migrate.h"

#include <inttypes.h>

/* As many rows go in one statement as have no more values than this. */
enum { VALUES_MAX = 600 };

typedef struct table {
    const char *name;
    strings columns;
    bool has_id; /* made by the database */
} table;
typedef VEC(table) tables;

static status list_tables(db *d, arena *a, tables *ret, error *err) {
    db_rows *rows;
    bool more;
    status result;
    tables all = {0};
    TRY(db_query(d, db_driver_of(d)->columns, NULL, 0, &rows, err));
    while ((result = db_next(rows, &more, err)) == OK && more) {
        const char *name = db_text(rows, 0, a);
        if (all.count == 0 || !str_eq(all.items[all.count - 1].name, name))
            vec_push(a, &all, ((table){.name = name}));
        table *last = &all.items[all.count - 1];
        vec_push(a, &last->columns, db_text(rows, 1, a));
        last->has_id = last->has_id || db_int(rows, 2) != 0;
    }
    db_end(rows);
    *ret = all;
    return result;
}

static char *select_text(const table *t, arena *a) {
    strings places = {0};
    for (size_t i = 0; i < t->columns.count; i++)
        vec_push(a, &places, arena_printf(a, "%zu NULLS FIRST", i + 1));
    return arena_printf(a, "SELECT %s FROM %s ORDER BY %s", str_join(a, &t->columns, ", "), t->name,
                        str_join(a, &places, ", "));
}

static char *insert_text(const table *t, size_t row_count, arena *a) {
    size_t width = t->columns.count;
    buf sql = buf_new(a);
    buf_printf(&sql, "INSERT INTO %s (%s) VALUES ", t->name, str_join(a, &t->columns, ", "));
    for (size_t i = 0; i < row_count * width; i++) {
        bool starts = i % width == 0;
        buf_printf(&sql, "%s$%zu%s", starts ? (i == 0 ? "(" : ", (") : ", ", i + 1,
                   i % width == width - 1 ? ")" : "");
    }
    return sql.text;
}

/* Rows that wait until they fill a statement. */
typedef struct batch {
    db *to;
    const table *table;
    arena *arena;
    db_value *values;
    size_t count;
} batch;

static status put(batch *b, error *err) {
    if (b->count == 0)
        return OK;
    ARENA_AUTO a = arena_new();
    size_t width = b->table->columns.count;
    status result =
        db_run(b->to, insert_text(b->table, b->count / width, a), b->values, b->count, err);
    b->count = 0;
    arena_reset(b->arena);
    b->values = ARENA_ARRAY(b->arena, db_value, VALUES_MAX);
    return result;
}

static status add_row(batch *b, const db_rows *row, error *err) {
    size_t width = b->table->columns.count;
    if (b->count + width > VALUES_MAX)
        TRY(put(b, err));
    for (size_t i = 0; i < width; i++) {
        db_value value = db_value_at(row, i);
        if (value.type == DB_TEXT)
            value.text = arena_strdup(b->arena, value.text);
        b->values[b->count++] = value;
    }
    return OK;
}

static status copy_rows(batch *b, db_rows *rows, error *err) {
    bool more;
    status result;
    while ((result = db_next(rows, &more, err)) == OK && more)
        TRY(add_row(b, rows, err));
    return result == OK ? put(b, err) : result;
}

static status copy_table(db *from, db *to, const table *t, error *err) {
    ARENA_AUTO a = arena_new();
    ARENA_AUTO scratch = arena_new();
    db_rows *rows;
    int64_t last;
    batch b = {.to = to,
               .table = t,
               .arena = scratch,
               .values = ARENA_ARRAY(scratch, db_value, VALUES_MAX)};
    TRY(db_query(from, select_text(t, a), NULL, 0, &rows, err));
    status result = copy_rows(&b, rows, err);
    db_end(rows);
    TRY(result);
    if (!t->has_id)
        return OK;
    TRY(db_id_get(from, t->name, &last, err));
    return last > 0 ? db_id_raise(to, t->name, last, err) : OK;
}

/* Triggers come last: what is copied is nothing that has changed. */
static status copy_all(db *from, db *to, error *err) {
    ARENA_AUTO a = arena_new();
    tables all;
    TRY(list_tables(from, a, &all, err));
    TRY(migrate_tables(to, err));
    for (size_t i = 0; i < all.count; i++)
        TRY(copy_table(from, to, &all.items[i], err));
    TRY(journal_watch(to, err));
    return db_schema_set(to, LEDGER_SCHEMA, err);
}

status copy_ledger(db *from, db *to, error *err) {
    TRY(db_begin(to, DB_WRITE, err));
    status result = copy_all(from, to, err);
    if (result == OK)
        return db_commit(to, err);
    db_rollback(to);
    return result;
}

/* comparing */

static void hash_row(hasher *h, const db_rows *row) {
    for (size_t i = 0; i < db_width(row); i++) {
        db_value value = db_value_at(row, i);
        if (value.type == DB_INT)
            hasher_int(h, value.number);
        else
            hasher_text(h, value.text);
    }
}

static status hash_rows(hasher *h, db_rows *rows, error *err) {
    bool more;
    status result;
    while ((result = db_next(rows, &more, err)) == OK && more)
        hash_row(h, rows);
    return result;
}

static status hash_table(db *d, const table *t, char ret[SHA256_TEXT_SIZE], error *err) {
    ARENA_AUTO a = arena_new();
    db_rows *rows;
    int64_t last = 0;
    if (t->has_id)
        TRY(db_id_get(d, t->name, &last, err));
    TRY(db_query(d, select_text(t, a), NULL, 0, &rows, err));
    hasher *h = hasher_new();
    hasher_int(h, last);
    status result = hash_rows(h, rows, err);
    hasher_finish(h, ret);
    hasher_free(h);
    db_end(rows);
    return result;
}

static status refuse_different(const char *what, error *err) {
    error_set(err, E_CHANGED, "the copy differs from the ledger in table \"%s\"", what);
    error_hint(err, "Remove the copy and make it again, while nothing else writes.");
    return E_CHANGED;
}

status copy_compare(db *one, db *other, error *err) {
    ARENA_AUTO a = arena_new();
    tables all;
    TRY(list_tables(one, a, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        char had[SHA256_TEXT_SIZE], has[SHA256_TEXT_SIZE];
        TRY(hash_table(one, &all.items[i], had, err));
        TRY(hash_table(other, &all.items[i], has, err));
        if (!str_eq(had, has))
            return refuse_different(all.items[i].name, err);
    }
    return OK;
}
