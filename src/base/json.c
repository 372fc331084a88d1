#include "base/json.h"

#include "base/str.h"

static status refuse(const json_error_t *problem, int lines_before, const char *what, error *err) {
    status kind = error_set(err, E_DATA, "\"%s\" is not JSON: %s", what, problem->text);
    error_at(err, what, lines_before + problem->line, problem->column);
    return kind;
}

status json_parse(const char *text, size_t size, const char *what, json_t **ret, error *err) {
    json_error_t problem;
    json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    if (document == NULL)
        return refuse(&problem, 0, what, err);
    *ret = document;
    return OK;
}

status json_parse_next(const char *text, size_t size, size_t *at, size_t *ret_begin,
                       const char *what, json_t **ret, error *err) {
    json_error_t problem;
    size_t begin = *at;
    while (begin < size && strchr(" \t\r\n", text[begin]) != NULL && text[begin] != '\0')
        begin++;
    *ret = NULL;
    if (begin == size)
        return OK;
    json_t *document = json_loadb(text + begin, size - begin,
                                  JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &problem);
    if (document == NULL) {
        int lines = 0;
        for (size_t i = 0; i < begin; i++)
            lines += text[i] == '\n';
        return refuse(&problem, lines, what, err);
    }
    *at = begin + (size_t)problem.position;
    *ret_begin = begin;
    *ret = document;
    return OK;
}

static const char *type_name(json_type type) {
    switch (type) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static status need(const json_t *object, const char *key, json_type type, json_t **ret,
                   error *err) {
    if (!json_is_object(object))
        return error_set(err, E_DATA, "expected an object with the key \"%s\"", key);
    json_t *value = json_object_get(object, key);
    if (value == NULL)
        return error_set(err, E_DATA, "the key \"%s\" is missing", key);
    if (json_typeof(value) != type)
        return error_set(err, E_DATA, "the key \"%s\" is %s, not %s", key,
                         type_name(json_typeof(value)), type_name(type));
    *ret = value;
    return OK;
}

status json_need_string(const json_t *object, const char *key, const char **ret, error *err) {
    json_t *value = NULL;
    TRY(need(object, key, JSON_STRING, &value, err));
    *ret = json_string_value(value);
    return OK;
}

status json_need_int(const json_t *object, const char *key, int64_t *ret, error *err) {
    json_t *value = NULL;
    TRY(need(object, key, JSON_INTEGER, &value, err));
    *ret = json_integer_value(value);
    return OK;
}

status json_need_array(const json_t *object, const char *key, json_t **ret, error *err) {
    return need(object, key, JSON_ARRAY, ret, err);
}

status json_need_object(const json_t *object, const char *key, json_t **ret, error *err) {
    return need(object, key, JSON_OBJECT, ret, err);
}

const char *json_get_string(const json_t *object, const char *key, const char *otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : otherwise;
}

int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool json_get_bool(const json_t *object, const char *key, bool otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static int copy_chunk(const char *text, size_t size, void *state) {
    buf_add_bytes(state, text, size);
    return 0;
}

char *json_text(arena *a, const json_t *value) {
    buf text = buf_new(a);
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    ASSERT(json_dump_callback(value, copy_chunk, &text, flags) == 0);
    return text.text;
}
