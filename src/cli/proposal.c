#include "cli/proposal.h"

const char *proposal_type(arena *a, const char *sql_type) {
    static const struct {
        const char *sql;
        const char *user;
    } TYPES[] = {
        {"VARCHAR", "string"}, {"BIGINT", "int64"},
        {"INTEGER", "int32"},  {"SMALLINT", "int16"},
        {"TINYINT", "int8"},   {"DOUBLE", "float64"},
        {"FLOAT", "float32"},  {"BOOLEAN", "boolean"},
        {"DATE", "date"},      {"TIMESTAMP", "timestamp"},
        {"TIME", "time"},      {"TIMESTAMP WITH TIME ZONE", "timestamptz"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++)
        if (str_eq(TYPES[i].sql, sql_type))
            return TYPES[i].user;
    return str_starts(sql_type, "DECIMAL(") ? str_lower(a, sql_type) : sql_type;
}

/* Plain where YAML reads it as the same text, else in double quotes as JSON does (YAML takes JSON's
 * escapes). */
static const char *yaml_text(arena *a, const char *text) {
    static const char *const WORDS[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    bool plain = str_is_name(text);
    for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
        plain = plain && !str_eq(text, WORDS[i]);
    if (plain)
        return text;
    JSON_AUTO value = json_string(text);
    return json_text(a, value);
}

static void add_csv(buf *b, const json_t *csv) {
    static const char *const KEYS[] = {"delimiter", "quote"};
    static const char *const USUAL[] = {",", "\""};
    bool is_open = false;
    for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++) {
        const char *value = json_get_string(csv, KEYS[i], USUAL[i]);
        if (str_eq(value, USUAL[i]))
            continue;
        JSON_AUTO quoted = json_string(value);
        buf_printf(b, "%s%s: %s", is_open ? ", " : "csv: {", KEYS[i], json_text(b->arena, quoted));
        is_open = true;
    }
    if (!json_get_bool(csv, "header", true)) {
        buf_printf(b, "%sheader: false", is_open ? ", " : "csv: {");
        is_open = true;
    }
    buf_add(b, is_open ? "}\n" : "");
}

static status add_column(buf *b, const json_t *column, error *err) {
    const char *name, *type;
    TRY(json_need_string(column, "name", &name, err));
    TRY(json_need_string(column, "type", &type, err));
    const char *shown = proposal_type(b->arena, type);
    buf_printf(b, "  %s: %s\n", yaml_text(b->arena, name), yaml_text(b->arena, shown));
    return OK;
}

status proposal_text(const proposal *p, arena *a, char **ret, error *err) {
    json_t *columns = NULL;
    TRY(json_need_array(p->seen, "columns", &columns, err));
    buf b = buf_new(a);
    buf_printf(&b,
               "# Proposed by `weir add` from %s (%lld rows). Is it what the deliverer "
               "promises?\n",
               str_printable(a, p->file), (long long)json_get_int(p->seen, "rows", 0));
    buf_printf(&b, "format: %s\n", p->format);
    add_csv(&b, json_object_get(p->seen, "csv"));
    buf_add(&b, json_array_size(columns) > 0 ? "columns:\n" : "");
    size_t i;
    json_t *column;
    json_array_foreach(columns, i, column) TRY(add_column(&b, column, err));
    *ret = b.text;
    return OK;
}
