#include "schema/type.h"

#include <ctype.h>

enum { NESTING_MAX = 16, DECIMAL_DIGITS_MAX = 38 };

/* Spellings of types without parameters. Several rows may share a meaning; the first name of each
 * is the one that hints prefer. */
typedef struct spelling {
    const char *name;
    const char *sql_type;
} spelling;

static const spelling SPELLINGS[] = {
    {"string", "VARCHAR"},
    {"text", "VARCHAR"},
    {"varchar", "VARCHAR"},
    {"char", "VARCHAR"},
    {"boolean", "BOOLEAN"},
    {"bool", "BOOLEAN"},
    {"int64", "BIGINT"},
    {"bigint", "BIGINT"},
    {"long", "BIGINT"},
    {"int32", "INTEGER"},
    {"integer", "INTEGER"},
    {"int", "INTEGER"},
    {"int4", "INTEGER"},
    {"int16", "SMALLINT"},
    {"smallint", "SMALLINT"},
    {"short", "SMALLINT"},
    {"int2", "SMALLINT"},
    {"tinyint", "TINYINT"},
    {"int1", "TINYINT"},
    {"int128", "HUGEINT"},
    {"hugeint", "HUGEINT"},
    {"uint8", "UTINYINT"},
    {"utinyint", "UTINYINT"},
    {"uint16", "USMALLINT"},
    {"usmallint", "USMALLINT"},
    {"uint32", "UINTEGER"},
    {"uinteger", "UINTEGER"},
    {"uint64", "UBIGINT"},
    {"ubigint", "UBIGINT"},
    {"uint128", "UHUGEINT"},
    {"uhugeint", "UHUGEINT"},
    {"float64", "DOUBLE"},
    {"double", "DOUBLE"},
    {"double precision", "DOUBLE"},
    {"float8", "DOUBLE"},
    {"float32", "FLOAT"},
    {"float", "FLOAT"},
    {"real", "FLOAT"},
    {"float4", "FLOAT"},
    {"date", "DATE"},
    {"timestamp", "TIMESTAMP"},
    {"datetime", "TIMESTAMP"},
    {"timestamp_us", "TIMESTAMP"},
    {"timestamp without time zone", "TIMESTAMP"},
    {"timestamptz", "TIMESTAMP WITH TIME ZONE"},
    {"timestamp with time zone", "TIMESTAMP WITH TIME ZONE"},
    {"timestamp_s", "TIMESTAMP_S"},
    {"timestamp_ms", "TIMESTAMP_MS"},
    {"timestamp_ns", "TIMESTAMP_NS"},
    {"time", "TIME"},
    {"timetz", "TIME WITH TIME ZONE"},
    {"time with time zone", "TIME WITH TIME ZONE"},
    {"interval", "INTERVAL"},
    {"uuid", "UUID"},
    {"json", "JSON"},
    {"binary", "BLOB"},
    {"blob", "BLOB"},
    {"bytea", "BLOB"},
    {"varbinary", "BLOB"},
    {"bit", "BIT"},
};

/* Where the parser is in a type's text. */
typedef struct scanner {
    arena *arena;
    const char *text; /* the whole, for errors */
    const char *at;
    error *err;
} scanner;

static void skip_space(scanner *s) {
    while (*s->at == ' ')
        s->at++;
}

static bool take(scanner *s, char c) {
    skip_space(s);
    if (*s->at != c)
        return false;
    s->at++;
    return true;
}

static bool is_word_char(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* The next run of letters, digits and '_', in lower case; "" when there is none. */
static const char *take_word(scanner *s) {
    skip_space(s);
    const char *start = s->at;
    while (is_word_char(*s->at))
        s->at++;
    return str_lower(s->arena, arena_strndup(s->arena, start, (size_t)(s->at - start)));
}

/* The rest of a name of several words, as in "timestamp with time zone". */
static const char *take_words(scanner *s) {
    const char *name = take_word(s);
    for (;;) {
        skip_space(s);
        if (*name == '\0' || !isalpha((unsigned char)*s->at))
            return name;
        name = arena_printf(s->arena, "%s %s", name, take_word(s));
    }
}

static const char *spelling_find(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(SPELLINGS); i++) {
        if (str_eq(SPELLINGS[i].name, name))
            return SPELLINGS[i].sql_type;
    }
    return NULL;
}

static status fail_unknown(scanner *s, const char *name) {
    strings names = {0};
    for (size_t i = 0; i < ARRAY_SIZE(SPELLINGS); i++)
        vec_push(s->arena, &names, SPELLINGS[i].name);
    vec_push(s->arena, &names, "decimal");
    status failed = error_set(s->err, E_DEFINITION, "unknown type \"%s\"",
                              str_printable(s->arena, *name == '\0' ? s->text : name));
    const char *nearest = str_nearest(name, &names);
    if (str_eq(name, "int8"))
        error_hint(s->err, "Write tinyint for one byte or int64 for eight bytes.");
    else if (nearest != NULL)
        error_hint(s->err, "did you mean \"%s\"?", nearest);
    else
        error_hint(s->err, "Types are string, int64, float64, boolean, date, timestamp, "
                           "timestamptz, decimal(18,2) and others of SQL.");
    return failed;
}

static status fail_form(scanner *s, const char *form) {
    status failed = error_set(s->err, E_DEFINITION, "type \"%s\" is malformed",
                              str_printable(s->arena, s->text));
    error_hint(s->err, "Write it as %s.", form);
    return failed;
}

static bool take_small_int(scanner *s, int *ret) {
    skip_space(s);
    int value = 0, digits = 0;
    while (isdigit((unsigned char)*s->at) && digits++ < 6)
        value = value * 10 + (*s->at++ - '0');
    if (digits == 0)
        return false;
    *ret = value;
    return true;
}

static status parse_decimal(scanner *s, const char **ret) {
    int precision = 18, scale = 3;
    if (take(s, '(')) {
        scale = 0;
        bool good = take_small_int(s, &precision) && (!take(s, ',') || take_small_int(s, &scale));
        if (!good || !take(s, ')'))
            return fail_form(s, "decimal(18,2)");
    }
    if (precision < 1 || precision > DECIMAL_DIGITS_MAX || scale > precision)
        return fail_form(s, "decimal(digits,decimals) with 1 to 38 digits, not more decimals");
    *ret = arena_printf(s->arena, "DECIMAL(%d,%d)", precision, scale);
    return OK;
}

static status parse_type(scanner *s, int depth, const char **ret);

/* A field's name as written: a word, or "…" with "" inside. */
static bool take_field_name(scanner *s, const char **ret) {
    skip_space(s);
    const char *start = s->at;
    if (*s->at != '"') {
        while (is_word_char(*s->at))
            s->at++;
    } else {
        s->at++;
        while (*s->at != '\0' && (*s->at != '"' || s->at[1] == '"'))
            s->at += *s->at == '"' ? 2 : 1;
        if (*s->at++ != '"')
            return false;
    }
    *ret = arena_strndup(s->arena, start, (size_t)(s->at - start));
    return s->at > start;
}

static status parse_struct(scanner *s, int depth, const char **ret) {
    static const char FORM[] = "struct(name type, …)";
    buf text = buf_new(s->arena);
    buf_add(&text, "STRUCT(");
    if (!take(s, '('))
        return fail_form(s, FORM);
    do {
        const char *name, *type;
        if (!take_field_name(s, &name))
            return fail_form(s, FORM);
        TRY(parse_type(s, depth + 1, &type));
        buf_printf(&text, "%s%s %s", str_ends(text.text, "(") ? "" : ", ", name, type);
    } while (take(s, ','));
    if (!take(s, ')'))
        return fail_form(s, FORM);
    buf_char(&text, ')');
    *ret = text.text;
    return OK;
}

static status parse_map(scanner *s, int depth, const char **ret) {
    const char *key, *value;
    if (!take(s, '('))
        return fail_form(s, "map(key type, value type)");
    TRY(parse_type(s, depth + 1, &key));
    if (!take(s, ','))
        return fail_form(s, "map(key type, value type)");
    TRY(parse_type(s, depth + 1, &value));
    if (!take(s, ')'))
        return fail_form(s, "map(key type, value type)");
    *ret = arena_printf(s->arena, "MAP(%s, %s)", key, value);
    return OK;
}

/* varchar(20): DuckDB does not hold the length, and neither do we. */
static status parse_plain(scanner *s, const char *first, const char **ret) {
    const char *rest = take_words(s);
    const char *name = *rest == '\0' ? first : arena_printf(s->arena, "%s %s", first, rest);
    const char *sql_type = spelling_find(name);
    int length;
    if (sql_type == NULL)
        return fail_unknown(s, name);
    if (str_eq(sql_type, "VARCHAR") && take(s, '(')
        && !(take_small_int(s, &length) && take(s, ')')))
        return fail_form(s, "string");
    *ret = sql_type;
    return OK;
}

static status parse_arrays(scanner *s, const char **type) {
    while (take(s, '[')) {
        int size = 0;
        bool fixed = take_small_int(s, &size);
        if (!take(s, ']') || (fixed && size < 1))
            return fail_form(s, "type[] or type[3]");
        *type = fixed ? arena_printf(s->arena, "%s[%d]", *type, size)
                      : arena_printf(s->arena, "%s[]", *type);
    }
    return OK;
}

static status parse_type(scanner *s, int depth, const char **ret) {
    if (depth > NESTING_MAX)
        return error_set(s->err, E_DEFINITION, "type is nested more than %d levels deep",
                         NESTING_MAX);
    const char *word = take_word(s), *type = NULL;
    if (str_eq(word, "decimal") || str_eq(word, "numeric"))
        TRY(parse_decimal(s, &type));
    else if (str_eq(word, "struct"))
        TRY(parse_struct(s, depth, &type));
    else if (str_eq(word, "map"))
        TRY(parse_map(s, depth, &type));
    else
        TRY(parse_plain(s, word, &type));
    TRY(parse_arrays(s, &type));
    *ret = type;
    return OK;
}

status type_from_text(const char *text, arena *a, const char **ret_sql_type, error *err) {
    scanner s = {.arena = a, .text = text, .at = text, .err = err};
    const char *type;
    TRY(parse_type(&s, 0, &type));
    skip_space(&s);
    if (*s.at != '\0')
        return fail_unknown(&s, text);
    *ret_sql_type = type;
    return OK;
}

bool type_can_partition(const char *sql_type) {
    static const char *const EXACT[] = {
        "VARCHAR",     "BOOLEAN",      "TINYINT",      "SMALLINT",  "INTEGER",
        "BIGINT",      "HUGEINT",      "UTINYINT",     "USMALLINT", "UINTEGER",
        "UBIGINT",     "UHUGEINT",     "DATE",         "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
        "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
    };
    for (size_t i = 0; i < ARRAY_SIZE(EXACT); i++) {
        if (str_eq(sql_type, EXACT[i]))
            return true;
    }
    return false;
}

/* As a type, not within the quoted name of a field. */
static bool has_type(const char *sql_type, const char *name) {
    bool quoted = false;
    size_t length = strlen(name);
    for (const char *at = sql_type; *at != '\0'; at++) {
        quoted = quoted != (*at == '"');
        bool begins = at == sql_type || strchr(" (", at[-1]) != NULL;
        if (!quoted && begins && strncmp(at, name, length) == 0
            && (at[length] == '\0' || strchr("[,)", at[length]) != NULL))
            return true;
    }
    return false;
}

const char *type_loses_in_files(const char *sql_type) {
    if (has_type(sql_type, "INTERVAL"))
        return "what is less than a millisecond";
    return has_type(sql_type, "TIME WITH TIME ZONE") ? "its offset" : NULL;
}
