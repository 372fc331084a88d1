#include "engine/duckdb/maps.h"

#include "base/number.h"

#include <inttypes.h>

void maps_add_keys(const job_maps *maps, buf *sql) {
    for (size_t m = 0; m < maps->count; m++) {
        for (size_t k = 0; k < maps->items[m].keys.count; k++) {
            const job_key *key = &maps->items[m].keys.items[k];
            buf_printf(sql, ", CAST((%s\n) AS %s) AS m%zu_%zu", key->expression, key->type, m, k);
        }
        if (maps->items[m].where != NULL)
            buf_printf(sql, ", coalesce(CAST((%s\n) AS BOOLEAN), false) AS m%zu_w",
                       maps->items[m].where, m);
    }
}

void maps_add_key_names(const job_map *map, size_t place, buf *sql) {
    for (size_t k = 0; k < map->keys.count; k++)
        buf_printf(sql, "%sm%zu_%zu", k > 0 ? ", " : "", place, k);
}

void maps_add_all_names(const job_map *map, size_t place, buf *sql) {
    maps_add_key_names(map, place, sql);
    if (map->where != NULL)
        buf_printf(sql, "%sm%zu_w", map->keys.count > 0 ? ", " : "", place);
}

void maps_add_text(const char *value, const char *type, buf *sql) {
    if (!str_eq(type, "TIMESTAMP WITH TIME ZONE")) {
        buf_printf(sql, "CAST(%s AS VARCHAR)", value);
        return;
    }
    buf_printf(sql,
               "CAST(%s AT TIME ZONE 'UTC' AS VARCHAR)"
               " || CASE WHEN isfinite(%s) THEN '+00' ELSE '' END",
               value, value);
}

void maps_add_key_texts(const job_map *map, size_t place, buf *sql) {
    for (size_t k = 0; k < map->keys.count; k++) {
        char name[48];
        (void)snprintf(name, sizeof name, "m%zu_%zu", place, k);
        buf_add(sql, ", ");
        maps_add_text(name, map->keys.items[k].type, sql);
    }
}

void maps_add_condition(const job_map *map, size_t place, buf *sql) {
    if (map->where != NULL)
        buf_printf(sql, " AND m%zu_w", place);
}

/* An unpartitioned table has the one partition [], fed by any row. */
static void add_select(const job_map *map, size_t place, const char *from, int64_t limit,
                       buf *sql) {
    buf_add(sql, "SELECT CAST(sum(rows) AS VARCHAR)");
    maps_add_key_texts(map, place, sql);
    buf_printf(sql, " FROM %s", from);
    if (map->keys.count == 0) {
        buf_add(sql, " HAVING sum(rows) > 0");
        return;
    }
    buf_add(sql, " WHERE rows > 0");
    maps_add_condition(map, place, sql);
    buf_add(sql, " GROUP BY ");
    maps_add_key_names(map, place, sql);
    buf_add(sql, " ORDER BY ");
    maps_add_key_names(map, place, sql);
    buf_printf(sql, " LIMIT %" PRId64, limit + 1);
}

status maps_read(db *d, const job_map *map, size_t place, const char *from, int64_t limit, arena *a,
                 json_t **ret, bool *ret_more, error *err) {
    db_table table;
    buf sql = buf_new(a);
    add_select(map, place, from, limit, &sql);
    TRY(db_rows(d, sql.text, a, &table, err));
    json_t *partitions = json_array();
    json_t *rows = json_array();
    for (size_t r = 0; r < table.rows && (int64_t)r < limit; r++) {
        json_t *values = json_array();
        int64_t count = 0;
        for (size_t k = 1; k < table.columns; k++)
            json_array_append_new(values, job_text(db_cell(&table, r, k)));
        ASSERT(number_int64(db_cell(&table, r, 0), &count));
        json_array_append_new(partitions, values);
        json_array_append_new(rows, json_integer(count));
    }
    *ret_more = (int64_t)table.rows > limit;
    *ret = json_pack("{s:s,s:o,s:o}", "id", map->id, "partitions", partitions, "rows", rows);
    return OK;
}
