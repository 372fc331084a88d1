/* Which files' rows are kept. */
#include "engine/duckdb/keep.h"

#include "engine/duckdb/keep_take.h"

enum { COLUMNS_MAX = 500, FILES_MAX = 10000 };

keep *keep_new(int64_t bytes_max) {
    arena *a = arena_new();
    keep *k = ARENA_NEW(a, keep);
    k->arena = a;
    k->by_token = strmap_new(a);
    k->bytes_max = bytes_max;
    ASSERT(pthread_mutex_init(&k->lock, NULL) == 0);
    return k;
}

static void free_rows(keep_rows *rows) {
    for (size_t i = 0; i < rows->columns.count; i++)
        if (rows->columns.items[i].logical != NULL)
            duckdb_destroy_logical_type(&rows->columns.items[i].logical);
    arena_free(rows->arena);
}

void keep_free(keep *k) {
    if (k == NULL)
        return;
    keep_end(k, false);
    for (size_t i = 0; i < k->items.count; i++)
        free_rows(k->items.items[i]);
    take_free_blocks(k, (take_mark){0});
    pthread_mutex_destroy(&k->lock);
    arena_free(k->arena);
}

int64_t keep_bytes(const keep *k) {
    return k->bytes;
}

int64_t keep_bytes_max(const keep *k) {
    return k->bytes_max;
}

/* Nested values are made of several vectors. */
static bool is_flat(const char *type) {
    static const char *const FLAT[] = {"BOOLEAN",
                                       "TINYINT",
                                       "SMALLINT",
                                       "INTEGER",
                                       "BIGINT",
                                       "UTINYINT",
                                       "USMALLINT",
                                       "UINTEGER",
                                       "UBIGINT",
                                       "HUGEINT",
                                       "FLOAT",
                                       "DOUBLE",
                                       "VARCHAR",
                                       "BLOB",
                                       "UUID",
                                       "DATE",
                                       "TIME",
                                       "TIMESTAMP",
                                       "TIMESTAMP WITH TIME ZONE",
                                       "TIMESTAMP_S",
                                       "TIMESTAMP_MS",
                                       "TIMESTAMP_NS"};
    for (size_t i = 0; i < ARRAY_SIZE(FLAT); i++)
        if (str_eq(FLAT[i], type))
            return true;
    return str_starts(type, "DECIMAL(") && strchr(type, '[') == NULL;
}

static bool add_columns(keep_rows *rows, const reader *r) {
    for (size_t i = 0; i < r->columns.count; i++) {
        const reader_column *column = &r->columns.items[i];
        if (column->from < 0)
            continue;
        if (!is_flat(column->type))
            return false;
        const keep_column kept = {.name =
                                      arena_printf(rows->arena, "c%lld", (long long)column->from),
                                  .type = arena_strdup(rows->arena, column->type)};
        vec_push(rows->arena, &rows->columns, kept);
    }
    return rows->columns.count > 0 && rows->columns.count <= COLUMNS_MAX;
}

bool keep_begin(keep *k, const char *token, const reader *r) {
    ASSERT(k->open == NULL);
    if (r->format != READER_CSV || k->items.count >= FILES_MAX || strmap_has(k->by_token, token))
        return false;
    arena *a = arena_new();
    keep_rows *rows = ARENA_NEW(a, keep_rows);
    rows->arena = a;
    rows->token = arena_strdup(a, token);
    if (!add_columns(rows, r)) {
        free_rows(rows);
        return false;
    }
    k->open = rows;
    k->full = false;
    k->before = take_here(k);
    return true;
}

bool keep_is_taking(const keep *k) {
    return k->open != NULL;
}

bool keep_end(keep *k, bool accepted) {
    keep_rows *rows = k->open;
    k->open = NULL;
    if (rows == NULL)
        return false;
    if (accepted && !k->full && rows->rows > 0) {
        rows->place = k->items.count;
        vec_push(k->arena, &k->items, rows);
        strmap_set(k->by_token, rows->token, rows);
        return true;
    }
    take_free_blocks(k, k->before);
    free_rows(rows);
    return false;
}

const keep_rows *keep_at(const keep *k, size_t place) {
    return place < k->items.count ? k->items.items[place] : NULL;
}

static bool has_columns(const keep_rows *rows, const reader *r) {
    size_t place = 0;
    for (size_t i = 0; i < r->columns.count; i++) {
        const reader_column *column = &r->columns.items[i];
        char name[32];
        if (column->from < 0)
            continue;
        snprintf(name, sizeof name, "c%lld", (long long)column->from);
        if (place == rows->columns.count || !str_eq(rows->columns.items[place].name, name)
            || !str_eq(rows->columns.items[place].type, column->type))
            return false;
        place++;
    }
    return place == rows->columns.count;
}

int64_t keep_find(const keep *k, const char *token, const reader *r) {
    const keep_rows *rows = strmap_get(k->by_token, token);
    return rows != NULL && has_columns(rows, r) ? (int64_t)rows->place : -1;
}
