#include "lake/fields.h"

#include "base/number.h"

static json_t *text_schema(void) {
    return json_pack("{s:s}", "type", "string");
}

static json_t *choice_schema(const key *row) {
    json_t *values = json_array();
    for (size_t i = 0; i < KEY_VALUES_MAX && row->values[i] != NULL; i++)
        json_array_append_new(values, json_string(row->values[i]));
    return json_pack("{s:o}", "enum", values);
}

static json_t *texts_schema(void) {
    return json_pack("{s:[o,{s:s,s:o}]}", "anyOf", text_schema(), "type", "array", "items",
                     text_schema());
}

static json_t *map_schema(const key *row);

static json_t *window_schema(void) {
    return json_pack("{s:s,s:{s:[s,s]},s:i,s:i}", "type", "array", "items", "type", "integer",
                     "string", "minItems", 2, "maxItems", 2);
}

/* A window where one may stand in its place. */
static json_t *expression_schema(const key *row) {
    if (key_find(row->files, row, "window") == NULL)
        return text_schema();
    return json_pack("{s:[o,o,o]}", "anyOf", text_schema(), window_schema(), map_schema(row));
}

static json_t *plain_schema(const key *row) {
    switch ((int)row->type) {
    case KEY_INT:
        return json_pack("{s:s,s:I}", "type", "integer", "minimum", (json_int_t)row->least);
    case KEY_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case KEY_WORD:
    case KEY_CHOICE:
    case KEY_FLAG:
        return choice_schema(row);
    case KEY_TEXTS:
        return texts_schema();
    case KEY_LAYERS:
        return json_pack("{s:s,s:o}", "type", "array", "items", text_schema());
    case KEY_LITERAL:
        return json_pack("{s:[s,s]}", "type", "string", "number");
    case KEY_COLUMN:
        return json_pack("{s:[o,o]}", "anyOf", text_schema(), map_schema(row));
    case KEY_RULES:
        return json_pack("{s:s,s:o}", "type", "array", "items", map_schema(row));
    case KEY_WINDOW:
        return window_schema();
    case KEY_EXPRESSION:
        return expression_schema(row);
    case KEY_MAP:
        return json_pack("{s:[{s:s},o]}", "anyOf", "const", "all", map_schema(row));
    case KEY_GROUP:
    case KEY_NAMES:
        return map_schema(row);
    default:
        return text_schema();
    }
}

static json_t *default_value(const key *row) {
    int64_t number;
    if (row->type == KEY_BOOL)
        return json_boolean(str_eq(row->otherwise, "true"));
    if (row->type == KEY_INT && number_int64(row->otherwise, &number))
        return json_integer(number);
    return row->type == KEY_TEXTS ? json_pack("[s]", row->otherwise) : json_string(row->otherwise);
}

static json_t *key_schema(const key *row) {
    json_t *schema = plain_schema(row);
    json_object_set_new(schema, "description", json_string(row->doc));
    if (row->otherwise != NULL)
        json_object_set_new(schema, "default", default_value(row));
    return schema;
}

/* The keys of some kinds of files below parent; only_defaults: those of _defaults.yaml. */
static json_t *keys_schema(unsigned files, bool only_defaults, const key *parent) {
    json_t *properties = json_object(), *required = json_array();
    json_t *schema = json_pack("{s:s,s:b}", "type", "object", "additionalProperties", 0);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if ((row->files & files) == 0 || row->is_later || !key_is_below(row, parent)
            || (only_defaults && (row->files & FILE_DEFAULTS) == 0))
            continue;
        if (str_eq(key_name(row), "*"))
            json_object_set_new(schema, "additionalProperties", key_schema(row));
        else if (json_object_get(properties, key_name(row)) == NULL)
            json_object_set_new(properties, key_name(row), key_schema(row));
        if (row->required)
            json_array_append_new(required, json_string(row->path));
    }
    if (json_object_size(properties) > 0)
        json_object_set(schema, "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(properties);
    json_decref(required);
    return schema;
}

static json_t *map_schema(const key *row) {
    return keys_schema(row->files & ~(unsigned)FILE_DEFAULTS, false, row);
}

json_t *lake_json_schema(void) {
    return json_pack("{s:s,s:s,s:i,s:{s:o,s:o,s:o,s:o},s:[{s:s},{s:s},{s:s},{s:s}]}", "$schema",
                     "https://json-schema.org/draft/2020-12/schema", "title",
                     "The files of a Weir lake: lake.yaml, a source table, a derived table, "
                     "_defaults.yaml",
                     "format", 1, "$defs", "lake", keys_schema(FILE_LAKE, false, NULL), "source",
                     keys_schema(FILE_SOURCE, false, NULL), "derived",
                     keys_schema(FILE_DERIVED, false, NULL), "defaults",
                     keys_schema(FILE_SOURCE | FILE_DERIVED, true, NULL), "anyOf", "$ref",
                     "#/$defs/lake", "$ref", "#/$defs/source", "$ref", "#/$defs/derived", "$ref",
                     "#/$defs/defaults");
}
