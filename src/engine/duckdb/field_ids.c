#include "engine/duckdb/field_ids.h"

#include <inttypes.h>

enum { NESTED_IDS = 1000, FIELD_ID_MAX = 2000000 };

/* Numbering one column. */
typedef struct counter {
    int64_t base;
    int64_t next;
} counter;

static void add_children(duckdb_logical_type type, counter *ids, buf *sql);

static bool is_nested(duckdb_type id) {
    return id == DUCKDB_TYPE_STRUCT || id == DUCKDB_TYPE_LIST || id == DUCKDB_TYPE_MAP;
}

/* `id` or `{__duckdb_field_id: id, children…}`. Takes the type. */
static void add_id(duckdb_logical_type type, int64_t id, counter *ids, buf *sql) {
    bool nested = is_nested(duckdb_get_type_id(type));
    buf_printf(sql, nested ? "{__duckdb_field_id: %" PRId64 : "%" PRId64, id);
    if (nested) {
        add_children(type, ids, sql);
        buf_char(sql, '}');
    }
    duckdb_destroy_logical_type(&type);
}

static void add_child(const char *name, duckdb_logical_type type, counter *ids, buf *sql) {
    buf_add(sql, ", ");
    buf_sql_identifier(sql, name);
    buf_add(sql, ": ");
    add_id(type, ids->base + ids->next++, ids, sql);
}

static void add_children(duckdb_logical_type type, counter *ids, buf *sql) {
    duckdb_type id = duckdb_get_type_id(type);
    if (id == DUCKDB_TYPE_LIST) {
        add_child("element", duckdb_list_type_child_type(type), ids, sql);
    } else if (id == DUCKDB_TYPE_MAP) {
        add_child("key", duckdb_map_type_key_type(type), ids, sql);
        add_child("value", duckdb_map_type_value_type(type), ids, sql);
    } else if (id == DUCKDB_TYPE_STRUCT) {
        for (idx_t i = 0; i < duckdb_struct_type_child_count(type); i++) {
            char *name = duckdb_struct_type_child_name(type, i);
            add_child(name, duckdb_struct_type_child_type(type, i), ids, sql);
            duckdb_free(name);
        }
    }
}

static status add_column(duckdb_logical_type type, const job_column *column, buf *sql, error *err) {
    counter ids = {.base = column->field_id * NESTED_IDS, .next = 1};
    buf_sql_identifier(sql, column->name);
    buf_add(sql, ": ");
    add_id(type, column->field_id, &ids, sql);
    if (ids.next > NESTED_IDS)
        return error_set(err, E_DEFINITION, "the column \"%s\" has more than %d nested fields",
                         column->name, NESTED_IDS - 1);
    return OK;
}

static status add_columns(duckdb_prepared_statement statement, const job_columns *columns, buf *sql,
                          error *err) {
    buf_char(sql, '{');
    for (size_t i = 0; i < columns->count; i++) {
        const job_column *column = &columns->items[i];
        if (column->field_id < 1 || column->field_id > FIELD_ID_MAX)
            return error_set(err, E_USAGE, "the column \"%s\" has no usable field id",
                             column->name);
        buf_add(sql, i > 0 ? ", " : "");
        TRY(add_column(duckdb_prepared_statement_column_logical_type(statement, i), column, sql,
                       err));
    }
    buf_char(sql, '}');
    return OK;
}

status field_ids_add(db *d, const char *from, const job_columns *columns, buf *sql, error *err) {
    duckdb_prepared_statement statement = NULL;
    const char *query = arena_printf(sql->arena, "FROM %s", from);
    if (duckdb_prepare(d->connection, query, &statement) == DuckDBError) {
        status kind = error_set(err, E_ENGINE, "%s", duckdb_prepare_error(statement));
        duckdb_destroy_prepare(&statement);
        return kind;
    }
    ASSERT(duckdb_prepared_statement_column_count(statement) == columns->count);
    status result = add_columns(statement, columns, sql, err);
    duckdb_destroy_prepare(&statement);
    return result;
}
