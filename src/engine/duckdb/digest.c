#include "engine/duckdb/digest.h"

#define SALT "weir"

static bool is_hashed_as_text(const char *type) {
    return strchr(type, '[') != NULL || str_starts(type, "STRUCT") || str_starts(type, "MAP")
           || str_starts(type, "UNION") || str_starts(type, "INTERVAL")
           || str_starts(type, "VARIANT");
}

static void add_column(buf *sql, const job_column *column) {
    if (!is_hashed_as_text(column->type)) {
        buf_sql_identifier(sql, column->name);
        return;
    }
    buf_add(sql, "CAST(");
    buf_sql_identifier(sql, column->name);
    buf_add(sql, " AS VARCHAR)");
}

void digest_add_first(buf *sql, const job_columns *columns) {
    buf_add(sql, "hash(hash(");
    for (size_t i = 0; i < columns->count; i++) {
        if (i > 0)
            buf_char(sql, ',');
        add_column(sql, &columns->items[i]);
    }
    buf_add(sql, "))");
}

void digest_add_second(buf *sql, const job_columns *columns) {
    buf_add(sql, "hash(hash(");
    buf_sql_literal(sql, SALT);
    for (size_t i = columns->count; i > 0; i--) {
        buf_char(sql, ',');
        add_column(sql, &columns->items[i - 1]);
    }
    buf_add(sql, "))");
}

void digest_add_hex(buf *sql, const char *sum) {
    buf_printf(sql, "printf('%%016x', CAST((%s) %% 18446744073709551616::HUGEINT AS UBIGINT))",
               sum);
}
