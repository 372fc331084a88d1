#include "lake/sql_tree.h"

#include "base/hash.h"
#include "base/str.h"

#include <strings.h>

static bool continues_character(char c) {
    return ((unsigned char)c & 0xC0) == 0x80;
}

void sql_place(const char *sql, size_t offset, int *line, int *col) {
    size_t size = strlen(sql);
    offset = offset < size ? offset : size;
    while (offset > 0 && continues_character(sql[offset]))
        offset--;
    *line = 1;
    *col = 1;
    for (size_t i = 0; i < offset; i++) {
        if (sql[i] == '\n') {
            (*line)++;
            *col = 1;
        } else if (!continues_character(sql[i])) {
            (*col)++;
        }
    }
}

json_t *sql_mutable(const json_t *value) {
    return (json_t *)(uintptr_t)value;
}

const json_t *sql_tree_node(const json_t *tree) {
    const json_t *statement = json_array_get(json_object_get(tree, "statements"), 0);
    return json_object_get(statement, "node");
}

const char *sql_text(const json_t *object, const char *key) {
    return json_get_string(object, key, "");
}

bool sql_is(const json_t *object, const char *key, const char *value) {
    return str_eq(sql_text(object, key), value);
}

bool sql_same_name(const char *a, const char *b) {
    return strcasecmp(a, b) == 0;
}

int64_t sql_location(const json_t *object) {
    int64_t location = json_get_int(object, "query_location", SQL_NO_PLACE);
    return location < 0 ? SQL_NO_PLACE : location;
}

int64_t sql_location_within(const json_t *value) {
    int64_t first = sql_location(value);
    const char *key;
    json_t *child;
    size_t i;
    json_object_foreach(sql_mutable(value), key, child) {
        int64_t at = sql_location_within(child);
        first = at < first ? at : first;
    }
    json_array_foreach(value, i, child) {
        int64_t at = sql_location_within(child);
        first = at < first ? at : first;
    }
    return first;
}

void sql_place_of(const char *sql, int64_t location, int *line, int *col) {
    *line = 0;
    *col = 0;
    if (location >= 0 && (uint64_t)location <= strlen(sql))
        sql_place(sql, (size_t)location, line, col);
}

char *sql_at(arena *a, const char *sql, int64_t location) {
    int line, col;
    sql_place_of(sql, location, &line, &col);
    return line ? arena_printf(a, " at %d:%d", line, col) : arena_strdup(a, "");
}

static status check_strings(const json_t *array, const char *what, error *err) {
    const json_t *item;
    size_t i;
    if (!json_is_array(array) || json_array_size(array) == 0)
        return error_set(err, E_ENGINE, "syntax tree has a malformed %s", what);
    json_array_foreach(array, i, item) {
        if (!json_is_string(item))
            return error_set(err, E_ENGINE, "syntax tree has a malformed %s", what);
    }
    return OK;
}

/* The members that later code takes for granted. */
static status check_object(const json_t *object, error *err) {
    const json_t *place = json_object_get(object, "query_location");
    if (place && !json_is_integer(place))
        return error_set(err, E_ENGINE, "syntax tree has a location that is no number");
    if (sql_is(object, "class", "COLUMN_REF"))
        return check_strings(json_object_get(object, "column_names"), "column", err);
    if ((sql_is(object, "class", "FUNCTION") || sql_is(object, "class", "WINDOW"))
        && !json_is_string(json_object_get(object, "function_name")))
        return error_set(err, E_ENGINE, "syntax tree has a function without a name");
    if (sql_is(object, "type", "BASE_TABLE") && !*sql_text(object, "table_name"))
        return error_set(err, E_ENGINE, "syntax tree has a table without a name");
    if (sql_is(object, "type", "SELECT_NODE")
        && (!json_is_array(json_object_get(object, "select_list"))
            || !json_is_object(json_object_get(object, "from_table"))))
        return error_set(err, E_ENGINE, "syntax tree has a malformed SELECT");
    return OK;
}

static status check_value(const json_t *value, int depth, error *err) {
    const char *key;
    json_t *child;
    size_t i;
    if (depth > SQL_DEPTH_MAX) {
        status kind = error_set(err, E_DEFINITION, "the SQL nests too deeply");
        error_hint(err, "Split it into several tables or CTEs.");
        return kind;
    }
    if (json_is_object(value))
        TRY(check_object(value, err));
    json_object_foreach(sql_mutable(value), key, child) TRY(check_value(child, depth + 1, err));
    json_array_foreach(value, i, child) TRY(check_value(child, depth + 1, err));
    return OK;
}

status sql_tree_check(const json_t *tree, error *err) {
    const json_t *statements = json_object_get(tree, "statements");
    if (!json_is_array(statements) || json_array_size(statements) == 0)
        return error_set(err, E_ENGINE, "syntax tree has no statements");
    if (json_array_size(statements) > 1) {
        status kind = error_set(err, E_DEFINITION, "the SQL has more than one statement");
        error_hint(err, "Keep one SELECT per file; each further one becomes a table of its own.");
        return kind;
    }
    TRY(check_value(tree, 0, err));
    if (!json_is_object(sql_tree_node(tree)))
        return error_set(err, E_ENGINE, "syntax tree has no query");
    return OK;
}

static void hash_value(hasher *h, arena *a, const json_t *value);

static void hash_object(hasher *h, arena *a, const json_t *object) {
    strings keys = {0};
    const char *key;
    json_t *child;
    json_object_foreach(sql_mutable(object), key, child) {
        if (!str_eq(key, "query_location"))
            vec_push(a, &keys, key);
    }
    strings_sort(&keys);
    hasher_int(h, (int64_t)keys.count);
    for (size_t i = 0; i < keys.count; i++) {
        hasher_text(h, keys.items[i]);
        hash_value(h, a, json_object_get(object, keys.items[i]));
    }
}

static void hash_array(hasher *h, arena *a, const json_t *array) {
    const json_t *item;
    size_t i;
    hasher_int(h, (int64_t)json_array_size(array));
    json_array_foreach(array, i, item) hash_value(h, a, item);
}

static void hash_value(hasher *h, arena *a, const json_t *value) {
    hasher_int(h, json_typeof(value));
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        hash_object(h, a, value);
        break;
    case JSON_ARRAY:
        hash_array(h, a, value);
        break;
    case JSON_STRING:
        hasher_text(h, json_string_value(value));
        break;
    case JSON_INTEGER:
        hasher_int(h, json_integer_value(value));
        break;
    case JSON_REAL:
        hasher_text(h, arena_printf(a, "%a", json_real_value(value)));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
}

void sql_fingerprint(const json_t *tree, char text[65]) {
    ARENA_AUTO a = arena_new();
    hasher *h = hasher_new();
    hash_value(h, a, tree);
    hasher_finish(h, text);
    hasher_free(h);
}
