/* The tables of the worker itself: loaded texts and the plan. */
#include "engine/duckdb/view.h"

static status append(duckdb_appender appender, const char *const *cells, size_t rows,
                     size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const char *text = cells[r * columns + c];
            duckdb_state state =
                text != NULL ? duckdb_append_varchar(appender, text) : duckdb_append_null(appender);
            if (state == DuckDBError)
                return E_ENGINE;
        }
        if (duckdb_appender_end_row(appender) == DuckDBError)
            return E_ENGINE;
    }
    return duckdb_appender_close(appender) == DuckDBError ? E_ENGINE : OK;
}

static status append_all(db *d, const char *name, const char *const *cells, size_t rows,
                         size_t columns, error *err) {
    duckdb_appender appender = NULL;
    status result = E_ENGINE;
    if (duckdb_appender_create(d->connection, "__weir", name, &appender) == DuckDBSuccess)
        result = append(appender, cells, rows, columns);
    if (result != OK) {
        const char *problem = duckdb_appender_error(appender);
        error_set(err, E_ENGINE, "cannot load rows: %s", problem != NULL ? problem : "");
    }
    duckdb_appender_destroy(&appender);
    return result;
}

status view_load_texts(db *d, const char *name, const char *const *cells, size_t rows,
                       size_t columns, error *err) {
    arena *a = arena_new();
    buf sql = buf_new(a);
    buf_printf(&sql, "CREATE SCHEMA IF NOT EXISTS __weir; CREATE OR REPLACE TABLE __weir.%s (",
               sql_identifier(a, name));
    for (size_t i = 0; i < columns; i++)
        buf_printf(&sql, "%s__weir_c%zu VARCHAR", i > 0 ? ", " : "", i);
    buf_char(&sql, ')');
    status result = db_run(d, sql.text, err);
    arena_free(a);
    TRY(result);
    return append_all(d, name, cells, rows, columns, err);
}

static const char PLAN[] = "plan";

void view_add_place(const char *name, size_t keys, const char *const *values, buf *sql) {
    buf_add(sql, "(SELECT __weir_plan.__weir_ordinal FROM __weir.");
    buf_sql_identifier(sql, name);
    buf_add(sql, " AS __weir_plan WHERE true");
    for (size_t i = 0; i < keys; i++)
        buf_printf(sql, " AND %s IS NOT DISTINCT FROM __weir_plan.__weir_key%zu", values[i], i);
    buf_char(sql, ')');
}

void view_add_ordinal(size_t keys, const char *const *values, buf *sql) {
    view_add_place(PLAN, keys, values, sql);
}

status view_make_places(db *d, const view_plan *plan, const char *name, arena *a, error *err) {
    size_t columns = plan->partitions.keys + 1;
    size_t rows = plan->partitions.count;
    const char **cells = ARENA_ARRAY(a, const char *, rows *columns);
    const char *texts = arena_printf(a, "%s texts", name);
    for (size_t r = 0; r < rows; r++) {
        cells[r * columns] = arena_printf(a, "%zu", r);
        for (size_t k = 1; k < columns; k++)
            cells[r * columns + k] = plan->partitions.values[r][k - 1];
    }
    TRY(view_load_texts(d, texts, cells, rows, columns, err));
    buf sql = buf_new(a);
    buf_printf(&sql,
               "CREATE TABLE __weir.%s AS SELECT CAST(__weir_c0 AS INTEGER) AS __weir_ordinal",
               sql_identifier(a, name));
    for (size_t k = 1; k < columns; k++)
        buf_printf(&sql, ", CAST(__weir_c%zu AS %s) AS __weir_key%zu", k, plan->types.items[k - 1],
                   k - 1);
    buf_printf(&sql, " FROM __weir.%s", sql_identifier(a, texts));
    status result = db_run(d, sql.text, err);
    if (result != OK)
        error_prefix(err, "a planned partition is not of its column's type");
    return result;
}

status view_make_plan(db *d, const view_plan *plan, arena *a, error *err) {
    return view_make_places(d, plan, PLAN, a, err);
}
