/* What a statement names: its columns and its tables. */
#include "engine/duckdb/db.h"

status db_column_names(db *d, const char *sql, arena *a, strings *ret, error *err) {
    duckdb_prepared_statement statement = NULL;
    status result = OK;
    if (duckdb_prepare(d->connection, sql, &statement) == DuckDBError)
        result = error_set(err, E_DEFINITION, "%s", duckdb_prepare_error(statement));
    for (idx_t i = 0; result == OK && i < duckdb_prepared_statement_column_count(statement); i++) {
        const char *name = duckdb_prepared_statement_column_name(statement, i);
        vec_push(a, ret, arena_strdup(a, name));
        duckdb_free((void *)(uintptr_t)name);
    }
    duckdb_destroy_prepare(&statement);
    return result;
}

/* `raw."a b"` as DuckDB names it, without quotes and without the alias that may follow. */
static const char *plain_name(const char *name, arena *a) {
    buf plain = buf_new(a);
    bool in_quotes = false;
    for (; *name != '\0' && (in_quotes || *name != ' '); name++) {
        if (*name == '"')
            in_quotes = !in_quotes;
        else
            buf_char(&plain, *name);
    }
    return str_lower(a, plain.text);
}

bool db_table_names(db *d, const char *sql, arena *a, strings *ret) {
    duckdb_value list = duckdb_get_table_names(d->connection, sql, true);
    if (list == NULL)
        return false;
    for (idx_t i = 0; i < duckdb_get_list_size(list); i++) {
        duckdb_value item = duckdb_get_list_child(list, i);
        char *name = duckdb_get_varchar(item);
        vec_push(a, ret, plain_name(name, a));
        duckdb_free(name);
        duckdb_destroy_value(&item);
    }
    duckdb_destroy_value(&list);
    return true;
}
