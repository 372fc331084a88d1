/* Which columns of a file are the declared ones. */
#include "engine/duckdb/check.h"

#include <strings.h>

/* The state of one matching. */
typedef struct matching {
    check_file *file;
    bool *taken; /* per file column */
    size_t matched;
} matching;

static bool same_name(const check_file *c, const char *left, const char *right) {
    return c->spec->header_exact ? str_eq(left, right) : strcasecmp(left, right) == 0;
}

static int64_t find_name(const check_file *c, const char *name, size_t start) {
    for (size_t i = start; i < c->reader.file_columns.count; i++)
        if (same_name(c, c->reader.file_columns.items[i], name))
            return (int64_t)i;
    return -1;
}

static void push_column(check_file *c, const char *name, const char *type, int64_t from) {
    const reader_column column = {.name = name, .type = type, .from = from};
    vec_push(c->arena, &c->reader.columns, column);
}

static void refuse_twice(check_file *c, const char *name) {
    const failure f = {.rule = RULE_HEADER, .column = name, .line = c->reader.header ? 1 : 0};
    verdict_add(&c->verdict, &f, "the column \"%s\" occurs twice", name);
}

static int64_t find_declared(matching *m, const check_column *declared) {
    check_file *c = m->file;
    int64_t from = find_name(c, declared->name, 0);
    for (size_t i = 0; from < 0 && i < declared->aliases.count; i++) {
        from = find_name(c, declared->aliases.items[i], 0);
        if (from >= 0)
            vec_push(c->arena, &c->aliases_used, declared->aliases.items[i]);
    }
    return from;
}

static void refuse_missing(check_file *c, const check_column *declared) {
    const failure f = {.rule = RULE_MISSING_COLUMN, .column = declared->name};
    if (c->spec->missing_is_null)
        verdict_add(&c->verdict, &f, "the column \"%s\" is missing and may not be null",
                    declared->name);
    else
        verdict_add(&c->verdict, &f, "the column \"%s\" is missing", declared->name);
}

static void match_declared(matching *m, const check_column *declared) {
    check_file *c = m->file;
    int64_t from = find_declared(m, declared);
    if (from >= 0 && m->taken[from])
        refuse_twice(c, declared->name);
    if (from >= 0 && find_name(c, c->reader.file_columns.items[from], (size_t)from + 1) >= 0)
        refuse_twice(c, c->reader.file_columns.items[from]);
    if (from < 0 && (!c->spec->missing_is_null || !declared->nullable))
        refuse_missing(c, declared);
    if (from >= 0) {
        m->taken[from] = true;
        m->matched++;
    }
    push_column(c, declared->name, declared->type, from);
}

/* A header such as "casi_totli" gets told which declared column it may be. */
static void refuse_extra(matching *m, const char *name) {
    check_file *c = m->file;
    const failure f = {.rule = RULE_EXTRA_COLUMN, .column = name};
    strings candidates = {0};
    for (size_t i = 0; i < c->spec->columns.count; i++)
        if (c->reader.columns.items[i].from < 0)
            vec_push(c->arena, &candidates, c->spec->columns.items[i].name);
    const char *nearest = str_nearest(name, &candidates);
    if (nearest != NULL)
        verdict_add(&c->verdict, &f, "the column \"%s\" is not declared; is it \"%s\"?", name,
                    nearest);
    else
        verdict_add(&c->verdict, &f, "the column \"%s\" is not declared", name);
}

static void keep_extra(matching *m, size_t place) {
    check_file *c = m->file;
    const char *name = c->reader.file_columns.items[place];
    const char *type =
        c->spec->format == READER_CSV ? "VARCHAR" : c->reader.file_types.items[place];
    const failure f = {.rule = RULE_HEADER, .line = c->reader.header ? 1 : 0};
    if (name[0] == '\0')
        verdict_add(&c->verdict, &f, "column %zu has no name", place + 1);
    else if (reader_find(&c->reader, name) != NULL)
        refuse_twice(c, name);
    else
        push_column(c, name, c->spec->columns.count > 0 ? "VARCHAR" : type, (int64_t)place);
}

static void match_extra(matching *m, size_t place) {
    check_file *c = m->file;
    if (c->spec->columns.count == 0 || c->spec->extra == EXTRA_KEEP)
        keep_extra(m, place);
    else if (c->spec->extra == EXTRA_FAIL)
        refuse_extra(m, c->reader.file_columns.items[place]);
}

static void match_all(matching *m) {
    for (size_t i = 0; i < m->file->spec->columns.count; i++)
        match_declared(m, &m->file->spec->columns.items[i]);
    for (size_t i = 0; i < m->file->reader.file_columns.count; i++)
        if (!m->taken[i])
            match_extra(m, i);
}

static const char *other_delimiter(const check_file *c, const char *header_line) {
    static const char *const COMMON[] = {",", ";", "\t", "|"};
    for (size_t i = 0; i < ARRAY_SIZE(COMMON); i++)
        if (!str_eq(COMMON[i], c->reader.delimiter) && strstr(header_line, COMMON[i]) != NULL)
            return COMMON[i];
    return NULL;
}

/* One column where several are declared: most likely another delimiter. */
static bool refuse_delimiter(check_file *c, const char *header_line) {
    if (header_line == NULL || c->spec->columns.count < 2 || c->reader.file_columns.count != 1)
        return false;
    const char *found = other_delimiter(c, header_line);
    if (found == NULL)
        return false;
    const failure f = {.rule = RULE_HEADER, .line = 1, .value = header_line};
    verdict_add(&c->verdict, &f, "expected the delimiter \"%s\", found \"%s\"", c->reader.delimiter,
                str_eq(found, "\t") ? "\\t" : found);
    return true;
}

/* Not one declared name: the header itself is not there, or it is of something else. */
static bool refuse_header(check_file *c, const char *header_line) {
    const failure f = {.rule = RULE_HEADER, .line = 1, .value = header_line};
    if (header_line == NULL || !c->reader.header || c->spec->columns.count == 0)
        return false;
    for (size_t i = 0; i < c->spec->columns.count; i++) {
        const check_column *declared = &c->spec->columns.items[i];
        if (find_name(c, declared->name, 0) >= 0)
            return false;
        for (size_t k = 0; k < declared->aliases.count; k++)
            if (find_name(c, declared->aliases.items[k], 0) >= 0)
                return false;
    }
    verdict_add(&c->verdict, &f, "the first line names none of the declared columns: no header?");
    return true;
}

void check_match(check_file *c, const char *header_line) {
    if (refuse_delimiter(c, header_line) || refuse_header(c, header_line))
        return;
    matching m = {.file = c};
    m.taken = ARENA_ARRAY(c->arena, bool, c->reader.file_columns.count);
    match_all(&m);
}
