#define PCRE2_CODE_UNIT_WIDTH 8

#include "lake/value.h"

#include "base/number.h"
#include "base/path.h"

#include <pcre2.h>

static const char ZONE_FOLDER[] = "/usr/share/zoneinfo";

static const char *join_values(const char *const *values, arena *a) {
    strings list = {0};
    for (size_t i = 0; i < KEY_VALUES_MAX && values[i] != NULL; i++)
        vec_push(a, &list, values[i]);
    return str_join(a, &list, ", ");
}

const char *value_form(const key *row, arena *a) {
    switch (row->type) {
    case KEY_GROUP:
    case KEY_NAMES:
        return "a map of keys and values";
    case KEY_COLUMN:
        return "a type, or a map with the key \"type\"";
    case KEY_MAP:
        return "all, or a map of partition columns to expressions";
    case KEY_LAYERS:
        return "a list of names";
    case KEY_TEXTS:
        return "a list of texts";
    case KEY_LABEL:
        return "a name of letters, digits, \"-\" and \"_\" that begins with a letter";
    case KEY_PATH:
        return "a relative path without \"..\", whose parts do not begin with \".\" or \"_\"";
    case KEY_FILE_NAME:
        return "a file name that begins with a letter or digit, without / : * ? [ {";
    case KEY_CHARACTER:
        return "one character";
    case KEY_QUOTE:
        return "one ASCII character, or \"\" for none";
    case KEY_BOOL:
        return "true or false";
    case KEY_INT:
        return arena_printf(a, "a whole number, at least %lld", (long long)row->least);
    case KEY_BYTES:
        return "a size such as 256MB";
    case KEY_DURATION:
        return "a duration such as 30s or 12h";
    case KEY_WORD:
    case KEY_CHOICE:
    case KEY_FLAG:
        return arena_printf(a, "one of: %s", join_values(row->values, a));
    case KEY_WINDOW:
        return "a list of two bounds, as in [-6, 0]";
    case KEY_RULES:
        return "a list of rules, as in [{not_null: [id]}]";
    case KEY_TEXT:
    case KEY_LOCATION:
    case KEY_PATTERN:
    case KEY_ZONE:
    case KEY_TYPE:
    case KEY_EXPRESSION:
    case KEY_LITERAL:
    default:
        return "a text";
    }
}

static bool is_label(const char *text) {
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    bool starts_well = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
    return starts_well && text[size] == '\0' && size < 64;
}

bool value_is_file_name(const char *name) {
    char c = name[0];
    bool starts_well = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    for (const char *at = name; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7F || strchr("/:*?[]{}\\", *at) != NULL)
            return false;
    }
    return starts_well && strlen(name) < 200;
}

/* Names that begin with '.' or '_' are Weir's and its neighbours' own. */
static bool is_land_path(const char *path, arena *a) {
    if (!path_is_safe(path))
        return false;
    strings parts = str_split(a, path, '/');
    for (size_t i = 0; i < parts.count; i++) {
        if (parts.items[i][0] == '.' || parts.items[i][0] == '_')
            return false;
    }
    return true;
}

static bool is_one_character(const char *text) {
    unsigned char first = (unsigned char)text[0];
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    return first != '\0' && first != '\n' && first != '\r' && strlen(text) == size;
}

static bool is_quote(const char *text) {
    return text[0] == '\0' || (is_one_character(text) && text[1] == '\0');
}

static bool is_served(const char *shown, const char *text) {
    if (str_ends(shown, "ledger"))
        return str_starts(text, "postgresql://") || str_starts(text, "postgres://");
    return str_starts(text, "s3://") && (str_ends(shown, "store") || str_ends(shown, "land"));
}

status value_check_location(const char *shown, const char *text, error *err) {
    if (strstr(text, "://") != NULL && !is_served(shown, text)) {
        status failed =
            error_set(err, E_DEFINITION, "\"%s: %s\" is not supported yet", shown, text);
        error_hint(err, "Name a local path, or s3://bucket/prefix.");
        return failed;
    }
    if (*text == '\0' || strlen(text) >= PATH_SIZE_MAX)
        return error_set(err, E_DEFINITION, "\"%s\" must be a path", shown);
    return OK;
}

/* Checked against the machine's list only where there is one. */
static status check_zone(const char *shown, const char *text, arena *a, error *err) {
    static const char CHARACTERS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/";
    bool good = text[strspn(text, CHARACTERS)] == '\0' && path_is_safe(text) && strlen(text) < 64;
    if (good && !str_eq(text, "UTC") && file_exists(ZONE_FOLDER))
        good = file_exists(path_join(a, ZONE_FOLDER, text));
    if (good)
        return OK;
    status failed = error_set(err, E_DEFINITION, "\"%s: %s\" is not a known time zone", shown,
                              str_printable(a, text));
    error_hint(err, "Write a name such as UTC or Europe/Rome.");
    return failed;
}

static status check_pattern(const char *shown, const char *text, error *err) {
    int code;
    PCRE2_SIZE offset;
    pcre2_code *pattern =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &offset, NULL);
    if (pattern != NULL) {
        pcre2_code_free(pattern);
        return OK;
    }
    PCRE2_UCHAR reason[120];
    pcre2_get_error_message(code, reason, sizeof reason);
    return error_set(err, E_DEFINITION, "\"%s\" is not a regular expression: %s at character %zu",
                     shown, (const char *)reason, (size_t)offset + 1);
}

static int position_in(const char *const *values, const char *text) {
    for (int i = 0; i < KEY_VALUES_MAX && values[i] != NULL; i++) {
        if (str_eq(values[i], text))
            return i;
    }
    return -1;
}

static status fail_form(const key *row, const char *shown, arena *a, error *err) {
    return error_set(err, E_DEFINITION, "\"%s\" must be %s", shown, value_form(row, a));
}

static status read_choice(const key *row, const char *shown, const char *text, arena *a, value *v,
                          error *err) {
    int position = position_in(row->values, text);
    if (position >= 0) {
        v->number = position;
        v->text = row->values[position];
        return OK;
    }
    if (position_in(row->later, text) >= 0)
        return error_set(err, E_DEFINITION, "\"%s: %s\" is not supported yet", shown, text);
    strings valid = {0};
    for (size_t i = 0; i < KEY_VALUES_MAX && row->values[i] != NULL; i++)
        vec_push(a, &valid, row->values[i]);
    status failed = fail_form(row, shown, a, err);
    const char *nearest = str_nearest(text, &valid);
    if (nearest != NULL)
        error_hint(err, "did you mean \"%s\"?", nearest);
    return failed;
}

static bool read_number(const key *row, const char *text, int64_t *ret) {
    if (row->type == KEY_INT)
        return number_int64(text, ret) && *ret >= row->least;
    if (row->type == KEY_BYTES)
        return number_bytes(text, ret) && *ret >= row->least;
    if (row->type == KEY_DURATION)
        return number_duration(text, ret) && *ret >= 0;
    *ret = str_eq(text, "true");
    return *ret != 0 || str_eq(text, "false");
}

static bool has_form(const key *row, const char *text, arena *a) {
    switch ((int)row->type) {
    case KEY_LABEL:
        return is_label(text);
    case KEY_PATH:
        return is_land_path(text, a);
    case KEY_FILE_NAME:
        return value_is_file_name(text);
    case KEY_CHARACTER:
        return is_one_character(text);
    case KEY_QUOTE:
        return is_quote(text);
    default:
        return true;
    }
}

static status read_text(const key *row, const char *shown, const char *text, arena *a, value *v,
                        error *err) {
    v->text = text;
    switch ((int)row->type) {
    case KEY_WORD:
    case KEY_CHOICE:
    case KEY_FLAG:
        return read_choice(row, shown, text, a, v, err);
    case KEY_BOOL:
    case KEY_INT:
    case KEY_BYTES:
    case KEY_DURATION:
        return read_number(row, text, &v->number) ? OK : fail_form(row, shown, a, err);
    case KEY_LOCATION:
        return value_check_location(shown, text, err);
    case KEY_ZONE:
        return check_zone(shown, text, a, err);
    case KEY_PATTERN:
        return check_pattern(shown, text, err);
    case KEY_TYPE:
    case KEY_COLUMN:
        return type_from_text(text, a, &v->text, err);
    case KEY_MAP:
        return str_eq(text, "all") ? OK : fail_form(row, shown, a, err);
    case KEY_TEXTS:
        vec_push(a, &v->texts, text);
        return OK;
    default:
        return has_form(row, text, a) ? OK : fail_form(row, shown, a, err);
    }
}

static status read_texts(const key *row, const char *shown, const node *list, arena *a, value *v,
                         error *err) {
    for (size_t i = 0; i < list->entries.count; i++) {
        const node *item = list->entries.items[i].value;
        if (item->kind != NODE_TEXT || item->is_empty)
            return fail_form(row, shown, a, err);
        if (strings_contain(&v->texts, item->text))
            return error_set(err, E_DEFINITION, "\"%s\" names \"%s\" twice", shown,
                             str_printable(a, item->text));
        vec_push(a, &v->texts, item->text);
    }
    return OK;
}

status value_read(const key *row, const char *shown, const node *n, arena *a, value *ret,
                  error *err) {
    value v = {0};
    if (n->kind == NODE_LIST && row->type == KEY_TEXTS)
        TRY(read_texts(row, shown, n, a, &v, err));
    else if (n->kind != NODE_TEXT || row->type == KEY_GROUP || row->type == KEY_NAMES
             || row->type == KEY_LAYERS || row->type == KEY_WINDOW || row->type == KEY_RULES)
        return fail_form(row, shown, a, err);
    else
        TRY(read_text(row, shown, n->text, a, &v, err));
    *ret = v;
    return OK;
}

value value_default(const key *row, arena *a) {
    value v = {0};
    if (row->otherwise == NULL)
        return v;
    status good = read_text(row, row->path, row->otherwise, a, &v, NULL);
    ASSERT(good == OK);
    return v;
}

void value_store(const key *row, const value *v, void *base) {
    if (row->offset == KEY_NOT_STORED)
        return;
    char *field = (char *)base + row->offset;
    switch ((int)row->type) {
    case KEY_BOOL:
    case KEY_FLAG:
        *field = v->number != 0;
        break;
    case KEY_INT:
    case KEY_BYTES:
    case KEY_DURATION:
        memcpy(field, &v->number, sizeof v->number);
        break;
    case KEY_CHOICE: {
        int choice = (int)v->number;
        memcpy(field, &choice, sizeof choice);
        break;
    }
    case KEY_TEXTS:
        memcpy(field, &v->texts, sizeof v->texts);
        break;
    default:
        memcpy(field, &v->text, sizeof v->text);
    }
}
