#include "engine/engine.h"

static status parse(void *state, const char *sql, json_t **ret_tree, error *err) {
    JSON_AUTO job = json_pack("{s:s, s:s}", "op", "parse", "sql", sql);
    if (job == NULL)
        return error_set(err, E_DEFINITION, "the SQL is not UTF-8");
    JSON_AUTO result = NULL;
    TRY(engine_call(state, job, &result, err));
    json_t *tree;
    TRY(json_need_object(result, "tree", &tree, err));
    *ret_tree = json_incref(tree);
    return OK;
}

static status render(void *state, const json_t *tree, arena *a, char **ret_sql, error *err) {
    JSON_AUTO copy = json_deep_copy(tree);
    JSON_AUTO job = json_pack("{s:s, s:O}", "op", "render", "tree", copy);
    ASSERT(job != NULL);
    JSON_AUTO result = NULL;
    TRY(engine_call(state, job, &result, err));
    const char *sql;
    TRY(json_need_string(result, "sql", &sql, err));
    *ret_sql = arena_strdup(a, sql);
    return OK;
}

static json_t *shape_document(const sql_shape *shape) {
    json_t *list = json_array();
    for (size_t i = 0; i < shape->columns.count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", shape->columns.items[i].name,
                                              "type", shape->columns.items[i].type));
    return json_pack("{s:s, s:o}", "table", shape->table, "columns", list);
}

static status read_columns(const json_t *result, arena *a, columns *ret, error *err) {
    json_t *list, *item;
    size_t i;
    columns found = {0};
    TRY(json_need_array(result, "columns", &list, err));
    json_array_foreach(list, i, item) {
        const char *name, *type;
        TRY(json_need_string(item, "name", &name, err));
        TRY(json_need_string(item, "type", &type, err));
        column described = {arena_strdup(a, name), arena_strdup(a, type), true};
        vec_push(a, &found, described);
    }
    *ret = found;
    return OK;
}

static status describe(void *state, const char *sql, const sql_shape *inputs, size_t input_count,
                       arena *a, columns *ret, error *err) {
    json_t *shapes = json_array();
    for (size_t i = 0; i < input_count; i++)
        json_array_append_new(shapes, shape_document(&inputs[i]));
    JSON_AUTO job = json_pack("{s:s, s:s, s:o}", "op", "describe", "sql", sql, "inputs", shapes);
    if (job == NULL)
        return error_set(err, E_DEFINITION, "the SQL is not UTF-8");
    JSON_AUTO result = NULL;
    TRY(engine_call(state, job, &result, err));
    return read_columns(result, a, ret, err);
}

sql_engine engine_sql(engine *e) {
    return (sql_engine){.parse = parse, .render = render, .describe = describe, .state = e};
}
