#include "ledger/definition.h"

static void read_same(const db_rows *row, arena *a, void *into) {
    (void)a;
    bool *same = into;
    *same = db_int(row, 0) != 0;
}

status definition_is_known(ledger *l, const lake *definition, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_T(definition->fingerprint)};
    const ledger_query query = {"SELECT CASE WHEN definition = $1 THEN 1 ELSE 0 END FROM lake",
                                values, ARRAY_SIZE(values), read_same};
    bool found, same = false;
    TRY(ledger_select_one(l, &query, a, &same, &found, err));
    *ret = found && same;
    return OK;
}

typedef struct table_row {
    ledger_table table;
    const char *columns; /* JSON */
} table_row;

static void read_table(const db_rows *row, arena *a, void *into) {
    strmap *by_name = into;
    table_row *read = ARENA_NEW(a, table_row);
    *read = (table_row){
        .table = {.id = db_int(row, 0),
                  .name = db_text(row, 1, a),
                  .generation = db_int(row, 2),
                  .code = db_int(row, 3),
                  .changed_seq = db_int(row, 4),
                  .projected_seq = db_int(row, 5)},
        .columns = db_text(row, 6, a),
    };
    strmap_set(by_name, read->table.name, read);
}

static status parse_column(const json_t *item, arena *a, ledger_column *ret, error *err) {
    TRY(json_need_string(item, "name", &ret->name, err));
    TRY(json_need_string(item, "type", &ret->type, err));
    TRY(json_need_int(item, "field_id", &ret->field_id, err));
    ret->name = arena_strdup(a, ret->name);
    ret->type = arena_strdup(a, ret->type);
    return OK;
}

static status parse_columns(const table_row *row, arena *a, ledger_table *ret, error *err) {
    JSON_AUTO document = NULL;
    TRY(json_parse(row->columns, strlen(row->columns), "columns in the ledger", &document, err));
    size_t count = json_array_size(document);
    ledger_column *parsed = ARENA_ARRAY(a, ledger_column, count);
    for (size_t i = 0; i < count; i++)
        TRY(parse_column(json_array_get(document, i), a, &parsed[i], err));
    *ret = row->table;
    ret->columns = parsed;
    ret->column_count = count;
    return OK;
}

static status take_tables(const ledger *l, const lake *definition, const strmap *by_name, arena *a,
                          ledger_table **ret_tables, error *err) {
    ledger_table *tables = ARENA_ARRAY(a, ledger_table, definition->table_count);
    for (size_t i = 0; i < definition->table_count; i++) {
        const table_row *row = strmap_get(by_name, definition->tables[i]->name);
        if (row == NULL)
            return error_set(err, E_FOREIGN, "ledger \"%s\" does not know table \"%s\"", l->name,
                             definition->tables[i]->name);
        TRY(parse_columns(row, a, &tables[i], err));
    }
    *ret_tables = tables;
    return OK;
}

status definition_load(ledger *l, const lake *definition, arena *a, ledger_table **ret_tables,
                       error *err) {
    const ledger_query query = {
        "SELECT t.id, t.name, t.generation, t.code, t.changed_seq, t.projected_seq, g.columns"
        " FROM tbl t JOIN generation g ON g.id = t.generation WHERE t.state = 'active'",
        NULL, 0, read_table};
    strmap *by_name = strmap_new(a);
    TRY(ledger_select(l, &query, a, by_name, err));
    return take_tables(l, definition, by_name, a, ret_tables, err);
}

status ledger_tables(ledger *l, const lake *definition, arena *a, ledger_table **ret_tables,
                     error *err) {
    bool known;
    TRY(definition_is_known(l, definition, &known, err));
    if (!known) {
        error_set(err, E_NOT_FOUND, "ledger \"%s\" does not know this definition yet", l->name);
        error_hint(err, "Run `weir run`, which makes it known.");
        return E_NOT_FOUND;
    }
    return definition_load(l, definition, a, ret_tables, err);
}
