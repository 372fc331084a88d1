#include "engine/duckdb/job.h"

#include <ctype.h>

static bool is_type_character(char c) {
    return isalnum((unsigned char)c) != 0 || strchr("_ ,()[]", c) != NULL;
}

/* Field names of structs are quoted; inside quotes everything goes. */
bool job_type_is_plain(const char *type) {
    int depth = 0;
    bool quoted = false;
    for (const char *c = type; *c != '\0'; c++) {
        if (*c == '"')
            quoted = !quoted;
        if (quoted || *c == '"')
            continue;
        if (!is_type_character(*c))
            return false;
        depth += *c == '(' ? 1 : *c == ')' ? -1 : 0;
        if (depth < 0)
            return false;
    }
    return type[0] != '\0' && depth == 0 && !quoted;
}

static status need_type(const json_t *object, const char **ret, error *err) {
    TRY(json_need_string(object, "type", ret, err));
    if (!job_type_is_plain(*ret))
        return error_set(err, E_USAGE, "\"%s\" is not a type", *ret);
    return OK;
}

status job_read_columns(const json_t *object, const char *key, arena *a, job_columns *ret,
                        error *err) {
    json_t *list;
    TRY(json_need_array(object, key, &list, err));
    job_columns columns = {0};
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        job_column column = {.field_id = json_get_int(item, "field_id", 0)};
        TRY(json_need_string(item, "name", &column.name, err));
        TRY(need_type(item, &column.type, err));
        vec_push(a, &columns, column);
    }
    *ret = columns;
    return OK;
}

static status read_map(const json_t *object, arena *a, job_map *ret, error *err) {
    json_t *list;
    TRY(json_need_string(object, "id", &ret->id, err));
    ret->where = json_get_string(object, "where", NULL);
    TRY(json_need_array(object, "columns", &list, err));
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        job_key key;
        TRY(json_need_string(item, "expression", &key.expression, err));
        TRY(need_type(item, &key.type, err));
        vec_push(a, &ret->keys, key);
    }
    return OK;
}

status job_read_maps(const json_t *object, const char *key, arena *a, job_maps *ret, error *err) {
    job_maps maps = {0};
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(object, key), i, item) {
        job_map map = {0};
        TRY(read_map(item, a, &map, err));
        vec_push(a, &maps, map);
    }
    *ret = maps;
    return OK;
}

status job_read_strings(const json_t *object, const char *key, arena *a, strings *ret, error *err) {
    json_t *list;
    TRY(json_need_array(object, key, &list, err));
    strings texts = {0};
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        if (!json_is_string(item))
            return error_set(err, E_USAGE, "the key \"%s\" holds something that is not text", key);
        vec_push(a, &texts, json_string_value(item));
    }
    *ret = texts;
    return OK;
}

status job_read_types(const json_t *object, const char *key, arena *a, strings *ret, error *err) {
    strings types;
    TRY(job_read_strings(object, key, a, &types, err));
    for (size_t i = 0; i < types.count; i++)
        if (!job_type_is_plain(types.items[i]))
            return error_set(err, E_USAGE, "\"%s\" is not a type", types.items[i]);
    *ret = types;
    return OK;
}

static status read_partition(const json_t *list, size_t keys, const char **values, error *err) {
    if (json_array_size(list) != keys)
        return error_set(err, E_USAGE, "a partition has %zu values, expected %zu",
                         json_array_size(list), keys);
    for (size_t k = 0; k < keys; k++) {
        const json_t *value = json_array_get(list, k);
        if (!json_is_string(value) && !json_is_null(value))
            return error_set(err, E_USAGE, "a partition value is neither text nor null");
        values[k] = json_string_value(value);
    }
    return OK;
}

status job_read_partitions(const json_t *object, const char *key, size_t keys, arena *a,
                           job_partitions *ret, error *err) {
    json_t *list;
    TRY(json_need_array(object, key, &list, err));
    job_partitions partitions = {.count = json_array_size(list), .keys = keys};
    partitions.values = ARENA_ARRAY(a, const char **, partitions.count);
    for (size_t i = 0; i < partitions.count; i++) {
        partitions.values[i] = ARENA_ARRAY(a, const char *, keys);
        TRY(read_partition(json_array_get(list, i), keys, partitions.values[i], err));
    }
    *ret = partitions;
    return OK;
}

int64_t job_find_column(const job_columns *columns, const char *name) {
    for (size_t i = 0; i < columns->count; i++)
        if (str_eq(columns->items[i].name, name))
            return (int64_t)i;
    return -1;
}

/* Bytes that JSON or the reader of documents refuses become replacement characters. */
static json_t *replaced_text(const char *text, size_t size) {
    arena *a = arena_new();
    buf clean = buf_new(a);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0' || (unsigned char)text[i] >= 0x80)
            buf_add(&clean, "\xEF\xBF\xBD");
        else
            buf_char(&clean, text[i]);
    }
    json_t *value = json_string(clean.text);
    arena_free(a);
    return value;
}

json_t *job_sized_text(const char *text, size_t size) {
    json_t *value = memchr(text, '\0', size) == NULL ? json_stringn(text, size) : NULL;
    return value != NULL ? value : replaced_text(text, size);
}

json_t *job_text(const char *text) {
    return text != NULL ? job_sized_text(text, strlen(text)) : json_null();
}

json_t *job_error(const error *err) {
    json_t *inner = json_object();
    json_object_set_new(inner, "kind", json_string(status_name(err->kind)));
    json_object_set_new(inner, "message", job_text(err->message));
    if (err->hint[0] != '\0')
        json_object_set_new(inner, "hint", job_text(err->hint));
    if (err->line > 0)
        json_object_set_new(inner, "line", json_integer(err->line));
    if (err->column > 0)
        json_object_set_new(inner, "column", json_integer(err->column));
    return json_pack("{s:o}", "error", inner);
}
