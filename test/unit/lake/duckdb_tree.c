#include "duckdb_tree.h"

#include "base/number.h"
#include "base/str.h"

#include <duckdb.h>
#include <setjmp.h>

#include <cmocka.h>

/* Two databases, so that the tables of describe do not meet those of a test. */
struct duckdb_tree {
    duckdb_database database, described;
    duckdb_connection connection, describing;
};

duckdb_tree *duckdb_tree_open(void) {
    duckdb_tree *t = calloc(1, sizeof *t);
    assert_non_null(t);
    assert_int_equal(duckdb_open(NULL, &t->database), DuckDBSuccess);
    assert_int_equal(duckdb_connect(t->database, &t->connection), DuckDBSuccess);
    assert_int_equal(duckdb_open(NULL, &t->described), DuckDBSuccess);
    assert_int_equal(duckdb_connect(t->described, &t->describing), DuckDBSuccess);
    duckdb_tree_run(t, "SET threads = 1");
    duckdb_tree_run(t, "SET TimeZone = 'UTC'");
    return t;
}

void duckdb_tree_close(duckdb_tree *t) {
    duckdb_disconnect(&t->connection);
    duckdb_disconnect(&t->describing);
    duckdb_close(&t->database);
    duckdb_close(&t->described);
    free(t);
}

int duckdb_tree_set_up(void **state) {
    *state = duckdb_tree_open();
    return 0;
}

int duckdb_tree_tear_down(void **state) {
    duckdb_tree_close(*state);
    return 0;
}

static char *cell(duckdb_result *result, arena *a, idx_t at, idx_t row) {
    char *text = duckdb_value_varchar(result, at, row);
    char *copy = arena_strdup(a, text);
    duckdb_free(text);
    return copy;
}

static char *value_of(duckdb_connection connection, arena *a, const char *sql) {
    duckdb_result result;
    if (duckdb_query(connection, sql, &result) != DuckDBSuccess)
        fail_msg("%s: %s", sql, duckdb_result_error(&result));
    char *value = duckdb_row_count(&result) > 0 ? cell(&result, a, 0, 0) : NULL;
    duckdb_destroy_result(&result);
    return value;
}

char *duckdb_tree_value(duckdb_tree *t, arena *a, const char *sql) {
    return value_of(t->connection, a, sql);
}

void duckdb_tree_run(duckdb_tree *t, const char *sql) {
    ARENA_AUTO a = arena_new();
    duckdb_tree_value(t, a, sql);
}

/* As json_serialize_sql marks what has no place; no signed number holds it. */
static char *tame_places(arena *a, const char *text) {
    static const char unknown[] = "query_location\":18446744073709551615";
    buf out = buf_new(a);
    for (const char *at = strstr(text, unknown); at; at = strstr(text, unknown)) {
        buf_add_bytes(&out, text, (size_t)(at - text));
        buf_printf(&out, "query_location\":%lld", (long long)SQL_NO_PLACE);
        text = at + sizeof unknown - 1;
    }
    buf_add(&out, text);
    return out.text;
}

static status parse(void *state, const char *sql, json_t **ret_tree, error *err) {
    ARENA_AUTO a = arena_new();
    const char *query = arena_printf(a, "SELECT json_serialize_sql(%s)", sql_literal(a, sql));
    char *text = tame_places(a, duckdb_tree_value(state, a, query));
    json_t *tree = json_loads(text, 0, NULL);
    assert_non_null(tree);
    if (!json_get_bool(tree, "error", false)) {
        *ret_tree = tree;
        return OK;
    }
    status kind = error_set(err, E_DEFINITION, "%s", json_get_string(tree, "error_message", ""));
    json_decref(tree);
    return kind;
}

static status render(void *state, const json_t *tree, arena *a, char **ret_sql, error *err) {
    duckdb_tree *t = state;
    duckdb_result result;
    const char *text = sql_literal(a, json_text(a, tree));
    const char *query = arena_printf(a, "SELECT json_deserialize_sql(%s)", text);
    status kind = OK;
    if (duckdb_query(t->connection, query, &result) == DuckDBSuccess)
        *ret_sql = cell(&result, a, 0, 0);
    else
        kind = error_set(err, E_DEFINITION, "%s", duckdb_result_error(&result));
    duckdb_destroy_result(&result);
    return kind;
}

static void make_input(duckdb_tree *t, arena *a, const sql_shape *input) {
    buf sql = buf_new(a);
    const char *dot = strchr(input->table, '.');
    const char *schema = arena_strndup(a, input->table, (size_t)(dot - input->table));
    buf_printf(&sql, "CREATE SCHEMA IF NOT EXISTS %s; CREATE TABLE %s (", schema, input->table);
    for (size_t i = 0; i < input->columns.count; i++) {
        buf_add(&sql, i ? ", " : "");
        buf_sql_identifier(&sql, input->columns.items[i].name);
        buf_printf(&sql, " %s", input->columns.items[i].type);
    }
    buf_add(&sql, ")");
    value_of(t->describing, a, sql.text);
}

static status describe_in(duckdb_tree *t, const char *sql, arena *a, columns *ret, error *err) {
    duckdb_result result;
    status kind = OK;
    columns found = {0};
    if (duckdb_query(t->describing, arena_printf(a, "DESCRIBE %s", sql), &result) != DuckDBSuccess)
        kind = error_set(err, E_DEFINITION, "%s", duckdb_result_error(&result));
    for (idx_t row = 0; kind == OK && row < duckdb_row_count(&result); row++) {
        column found_column = {.name = cell(&result, a, 0, row), .type = cell(&result, a, 1, row)};
        vec_push(a, &found, found_column);
    }
    duckdb_destroy_result(&result);
    if (kind == OK)
        *ret = found;
    return kind;
}

static status describe(void *state, const char *sql, const sql_shape *inputs, size_t input_count,
                       arena *a, columns *ret, error *err) {
    duckdb_tree *t = state;
    value_of(t->describing, a, "BEGIN");
    for (size_t i = 0; i < input_count; i++)
        make_input(t, a, &inputs[i]);
    status kind = describe_in(t, sql, a, ret, err);
    value_of(t->describing, a, "ROLLBACK");
    return kind;
}

sql_engine duckdb_tree_engine(duckdb_tree *t) {
    return (sql_engine){.parse = parse, .render = render, .describe = describe, .state = t};
}
