/* The jobs parse, render and describe: SQL as text, tree and shape; no data. */
#include "engine/duckdb/job.h"
#include "engine/duckdb/storage.h"
#include "engine/duckdb/view.h"
#include "engine/duckdb/worker.h"

static status tree_error(const db *d, const json_t *document, const char *sql, error *err) {
    if (str_eq(json_get_string(document, "error_type", ""), "not implemented")) {
        status kind = error_set(err, E_DEFINITION, "the SQL is not one plain SELECT");
        error_hint(err, "Write one SELECT. The statement form of PIVOT is none: use "
                        "SELECT … FROM … PIVOT (… FOR … IN …).");
        return kind;
    }
    json_t *inner = json_pack("{s:s,s:s}", "exception_message",
                              json_get_string(document, "error_message", "the SQL cannot be read"),
                              "position", json_get_string(document, "position", ""));
    arena *a = arena_new();
    status kind = db_fail(d, DUCKDB_ERROR_PARSER, json_text(a, inner), sql, err);
    json_decref(inner);
    arena_free(a);
    return kind;
}

static status check_tree(const db *d, const json_t *document, const char *sql, error *err) {
    if (json_get_bool(document, "error", true))
        return tree_error(d, document, sql, err);
    size_t count = json_array_size(json_object_get(document, "statements"));
    if (count == 1)
        return OK;
    if (count == 0)
        return error_set(err, E_DEFINITION, "the SQL holds no statement");
    error_set(err, E_DEFINITION, "the SQL holds %zu statements, not one", count);
    error_hint(err, "Leave one SELECT; a table of its own for each of several.");
    return E_DEFINITION;
}

/* Places that the tree does not know are 2^64 - 1, which no signed integer holds: they become
 * 2^63 - 1. Quotes inside texts of the tree are escaped, so the pattern is never part of one. */
static char *tame_places(const char *text, arena *a) {
    static const char UNKNOWN[] = "query_location\":18446744073709551615";
    static const char TAMED[] = "query_location\":9223372036854775807";
    buf out = buf_new(a);
    for (const char *at = strstr(text, UNKNOWN); at != NULL; at = strstr(text, UNKNOWN)) {
        buf_add_bytes(&out, text, (size_t)(at - text));
        buf_add(&out, TAMED);
        text = at + sizeof UNKNOWN - 1;
    }
    buf_add(&out, text);
    return out.text;
}

static status read_tree(const char *text, arena *a, json_t **ret, error *err) {
    json_error_t problem;
    *ret = json_loads(tame_places(text, a), 0, &problem);
    if (*ret != NULL)
        return OK;
    if (strstr(problem.text, "too big") == NULL)
        return error_set(err, E_ENGINE, "the syntax tree is not JSON: %s", problem.text);
    status kind = error_set(err, E_DEFINITION, "a number in the SQL has more than 63 bits");
    error_hint(err, "Write it as text with a cast, like '18446744073709551615'::uint64.");
    return kind;
}

status job_parse(const job_context *c, json_t **ret, error *err) {
    const char *sql;
    db *d;
    db_table table;
    json_t *document;
    TRY(json_need_string(c->job, "sql", &sql, err));
    TRY(worker_shared(c->worker, &d, err));
    const char *query = arena_printf(c->arena, "SELECT json_serialize_sql(%s)::VARCHAR",
                                     sql_literal(c->arena, sql));
    TRY(db_rows(d, query, c->arena, &table, err));
    TRY(read_tree(db_cell(&table, 0, 0), c->arena, &document, err));
    d->user_sql = sql;
    status result = check_tree(d, document, sql, err);
    d->user_sql = NULL;
    if (result == OK)
        *ret = json_pack("{s:o}", "tree", document);
    else
        json_decref(document);
    return result;
}

status job_render(const job_context *c, json_t **ret, error *err) {
    json_t *tree;
    db *d;
    db_table table;
    TRY(json_need_object(c->job, "tree", &tree, err));
    TRY(worker_shared(c->worker, &d, err));
    const char *query = arena_printf(c->arena, "SELECT json_deserialize_sql(%s::JSON)",
                                     sql_literal(c->arena, json_text(c->arena, tree)));
    TRY(db_rows(d, query, c->arena, &table, err));
    *ret = json_pack("{s:o}", "sql", job_text(db_cell(&table, 0, 0)));
    return OK;
}

static status make_empty_view(db *d, const json_t *input, arena *a, error *err) {
    const char *table;
    job_columns columns;
    TRY(json_need_string(input, "table", &table, err));
    TRY(job_read_columns(input, "columns", a, &columns, err));
    buf sql = buf_new(a);
    TRY(view_begin(&sql, table, err));
    buf_add(&sql, "SELECT ");
    view_add_nulls(&sql, &columns);
    buf_add(&sql, " WHERE false");
    return db_run(d, sql.text, err);
}

static json_t *columns_document(const job_columns *columns, arena *a) {
    json_t *list = json_array();
    for (size_t i = 0; i < columns->count; i++)
        json_array_append_new(list, json_pack("{s:o,s:s}", "name", job_text(columns->items[i].name),
                                              "type", storage_type(columns->items[i].type, a)));
    return list;
}

static status describe(const job_context *c, db *d, const char *sql, job_columns *ret, error *err) {
    size_t i;
    json_t *input;
    json_array_foreach(json_object_get(c->job, "inputs"), i, input) {
        TRY(make_empty_view(d, input, c->arena, err));
    }
    d->user_sql = sql;
    TRY(db_one_select(d, sql, err));
    TRY(db_run(d, arena_printf(c->arena, "CREATE TEMP VIEW __weir_result AS %s", sql), err));
    return storage_describe(d, "__weir_result", c->arena, ret, err);
}

/* In a transaction that is rolled back, so that the shared instance stays empty. */
status job_describe(const job_context *c, json_t **ret, error *err) {
    const char *sql;
    db *d;
    job_columns columns = {0};
    TRY(json_need_string(c->job, "sql", &sql, err));
    TRY(worker_shared(c->worker, &d, err));
    TRY(db_run(d, "BEGIN TRANSACTION", err));
    status result = describe(c, d, sql, &columns, err);
    d->user_sql = NULL;
    error ignored = {0};
    if (db_run(d, "ROLLBACK", &ignored) != OK)
        db_close(&c->worker->shared); /* opened afresh for the next job */
    TRY(result);
    *ret = json_pack("{s:o}", "columns", columns_document(&columns, c->arena));
    return OK;
}
