#include "lake/keys.h"

static const char *const TYPE_WORDS[] = {
    [KEY_GROUP] = "map",
    [KEY_NAMES] = "map",
    [KEY_TEXT] = "text",
    [KEY_LABEL] = "name",
    [KEY_PATH] = "relative path",
    [KEY_LOCATION] = "path",
    [KEY_FILE_NAME] = "file name",
    [KEY_PATTERN] = "regular expression",
    [KEY_ZONE] = "time zone",
    [KEY_CHARACTER] = "one character",
    [KEY_QUOTE] = "one character, or none",
    [KEY_BOOL] = "`true`, `false`",
    [KEY_BYTES] = "size such as `256MB`",
    [KEY_DURATION] = "duration such as `30s`",
    [KEY_TEXTS] = "list of texts",
    [KEY_LAYERS] = "list of names",
    [KEY_TYPE] = "type",
    [KEY_COLUMN] = "type, or map",
    [KEY_MAP] = "`all`, or map",
    [KEY_WINDOW] = "list of two bounds",
    [KEY_EXPRESSION] = "SQL expression",
    [KEY_LITERAL] = "number or text",
    [KEY_RULES] = "list of maps",
};

static void add_words(buf *b, const char *const words[KEY_VALUES_MAX]) {
    for (size_t i = 0; i < KEY_VALUES_MAX && words[i] != NULL; i++)
        buf_printf(b, "%s`%s`", i == 0 ? "" : ", ", words[i]);
}

static void add_value(buf *b, const key *row) {
    if (row->values[0] != NULL)
        add_words(b, row->values);
    else if (row->type == KEY_INT)
        buf_printf(b, "whole number from %lld", (long long)row->least);
    else
        buf_add(b, TYPE_WORDS[row->type]);
}

static void add_default(buf *b, const key *row) {
    if (row->required)
        buf_add(b, "required");
    else if (row->otherwise != NULL && *row->otherwise == '\0')
        buf_add(b, "`\"\"`");
    else if (row->otherwise != NULL)
        buf_printf(b, "`%s`", row->otherwise);
}

/* So that "<store>/x" is no markup. */
static void add_text(buf *b, const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '<')
            buf_add(b, "&lt;");
        else
            buf_char(b, *c);
    }
}

static void add_rows(buf *b, key_file file) {
    buf_add(b, "| key | value | default | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if ((row->files & file) == 0 || row->is_later)
            continue;
        buf_printf(b, "| `%s`%s | ", row->path, (row->files & FILE_DEFAULTS) != 0 ? " °" : "");
        add_value(b, row);
        buf_add(b, " | ");
        add_default(b, row);
        buf_add(b, " | ");
        add_text(b, row->doc);
        buf_add(b, " |\n");
    }
}

static void add_later(buf *b, key_file file) {
    const char *before = "\nKnown, and refused until a later version brings them: ";
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if ((row->files & file) == 0 || (!row->is_later && row->later[0] == NULL))
            continue;
        buf_printf(b, "%s`%s`", before, row->path);
        if (!row->is_later) {
            buf_add(b, " as ");
            add_words(b, row->later);
        }
        before = "; ";
    }
    buf_add(b, ".\n");
}

void lake_keys_page(buf *b) {
    static const struct {
        key_file file;
        const char *title;
    } PARTS[] = {
        {FILE_LAKE, "lake.yaml"},
        {FILE_SOURCE, "A source table: `tables/<layer>/<table>.yaml`"},
        {FILE_DERIVED, "A derived table: `tables/<layer>/<table>.yaml` beside `<table>.sql`"},
    };
    buf_add(b, "# The keys of a definition\n\nWritten by `weir schema lake --markdown`; change the "
               "table in `src/lake/keys.c`, not this page.\n\n`*` stands for any name. Keys with ° "
               "may also be in `tables/<layer>/_defaults.yaml`, for all tables of the "
               "folder.\n`${NAME}` in a value is the environment variable.\n");
    for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++) {
        buf_printf(b, "\n## %s\n\n", PARTS[i].title);
        add_rows(b, PARTS[i].file);
        add_later(b, PARTS[i].file);
    }
}
