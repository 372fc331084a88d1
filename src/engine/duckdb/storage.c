#include "engine/duckdb/storage.h"

static const struct {
    const char *type;
    const char *stored;
} STORED[] = {
    {"HUGEINT", "DECIMAL(38,0)"},  {"UHUGEINT", "DECIMAL(38,0)"}, {"TIMESTAMP_S", "TIMESTAMP"},
    {"TIMESTAMP_MS", "TIMESTAMP"}, {"TIME_NS", "TIME"},           {"BIT", "VARCHAR"},
    {"BIGNUM", "VARCHAR"},         {"\"NULL\"", "INTEGER"},
};

/* "INTEGER[3]" is stored as "INTEGER[]". */
static const char *array_as_list(const char *type, arena *a) {
    const char *open = strrchr(type, '[');
    if (open == NULL || !str_ends(type, "]") || open[1] == ']')
        return type;
    return arena_printf(a, "%.*s[]", (int)(open - type), type);
}

const char *storage_type(const char *type, arena *a) {
    for (size_t i = 0; i < ARRAY_SIZE(STORED); i++)
        if (str_eq(STORED[i].type, type))
            return STORED[i].stored;
    if (str_starts(type, "ENUM(") && str_ends(type, ")"))
        return "VARCHAR";
    return array_as_list(type, a);
}

status storage_describe(db *d, const char *from, arena *a, job_columns *ret, error *err) {
    db_table table;
    const char *sql = arena_printf(a, "SELECT column_name, column_type FROM (DESCRIBE %s)", from);
    TRY(db_rows(d, sql, a, &table, err));
    job_columns columns = {0};
    for (size_t i = 0; i < table.rows; i++) {
        const job_column column = {.name = db_cell(&table, i, 0), .type = db_cell(&table, i, 1)};
        vec_push(a, &columns, column);
    }
    *ret = columns;
    return OK;
}
