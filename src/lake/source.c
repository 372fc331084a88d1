#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/number.h"
#include "lake/load.h"

#include <pcre2.h>

enum { COLUMN_NAME_SIZE_MAX = 255, COLUMNS_MAX = 10000 };

/* The rows of the table of keys that stand below a column. */
typedef struct column_keys {
    const key *type, *nullable, *aliases;
} column_keys;

static column_keys find_column_keys(void) {
    const key *any = key_find(FILE_SOURCE, key_find(FILE_SOURCE, NULL, "columns"), "*");
    return (column_keys){.type = key_find(FILE_SOURCE, any, "type"),
                         .nullable = key_find(FILE_SOURCE, any, "nullable"),
                         .aliases = key_find(FILE_SOURCE, any, "aliases")};
}

/* The engine's names of columns differ by more than case, and two are Weir's own. */
static bool check_name(loader *l, strmap *seen, const char *name, place at) {
    const char *lower = str_lower(l->arena, name);
    const char *shown = str_printable(l->arena, name);
    const char *problem = NULL;
    if (*name == '\0' || strlen(name) > COLUMN_NAME_SIZE_MAX || !str_eq(shown, name))
        problem = "is not a name for a column";
    else if (str_eq(lower, "file_land_timestamp") || str_eq(lower, "weir_file"))
        problem = "is a column that Weir itself adds";
    else if (strmap_has(seen, lower))
        problem = "is the name of two columns or aliases; upper and lower case are alike";
    if (problem != NULL)
        problem_add(&l->problems, at, "\"%s\" %s", shown, problem);
    else
        strmap_set(seen, lower, NULL);
    return problem == NULL;
}

static bool is_number_type(const char *type) {
    static const char *const NUMBERS[] = {
        "TINYINT",   "SMALLINT", "INTEGER", "BIGINT",   "HUGEINT", "UTINYINT",
        "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT",   "DOUBLE",
    };
    for (size_t i = 0; i < ARRAY_SIZE(NUMBERS); i++) {
        if (str_eq(NUMBERS[i], type))
            return true;
    }
    return str_starts(type, "DECIMAL(");
}

static bool is_time_type(const char *type) {
    return str_eq(type, "DATE") || (str_starts(type, "TIMESTAMP") && strchr(type, '[') == NULL);
}

/* A bound as SQL, or NULL with a problem added. */
static const char *read_bound(loader *l, const lake_column *c, const node *n, const char *which) {
    if (n == NULL || n->kind != NODE_TEXT)
        return NULL;
    double number;
    int64_t time_us;
    const char *form = NULL;
    if (is_number_type(c->type))
        form = number_double(n->text, &number) && strpbrk(n->text, "xXpPiInN") == NULL ? NULL
                                                                                       : "a number";
    else if (is_time_type(c->type))
        form = strchr(n->text, '-') != NULL && number_time(n->text, &time_us)
                   ? NULL
                   : "a date or time such as 2024-05-22";
    else if (!str_eq(c->type, "VARCHAR"))
        form = "left out: such a type has no order to check";
    if (form != NULL) {
        problem_add(&l->problems, n->at, "\"%s\" of a column of type %s must be %s", which, c->type,
                    form);
        return NULL;
    }
    if (is_number_type(c->type))
        return n->text;
    return arena_printf(l->arena, "CAST(%s AS %s)", sql_literal(l->arena, n->text), c->type);
}

static void check_bounds(loader *l, const lake_column *c, const node *n) {
    double least, most;
    if (c->minimum == NULL || c->maximum == NULL || !number_double(c->minimum, &least)
        || !number_double(c->maximum, &most) || least <= most)
        return;
    problem_add(&l->problems, node_get(n, "minimum")->at, "\"minimum\" is above \"maximum\"");
}

static value read_or_default(loader *l, const key *row, const node *n) {
    value v;
    if (n == NULL || value_read(row, row->path, n, l->arena, &v, NULL) != OK)
        v = value_default(row, l->arena);
    return v;
}

static lake_column read_column(loader *l, const column_keys *keys, const node_entry *entry) {
    const node *n = entry->value;
    const node *type = n->kind == NODE_TEXT ? n : node_get(n, "type");
    lake_column c = {.name = entry->name};
    c.type = read_or_default(l, keys->type, type).text;
    c.nullable = read_or_default(l, keys->nullable, node_get(n, "nullable")).number != 0;
    c.aliases = read_or_default(l, keys->aliases, node_get(n, "aliases")).texts;
    c.minimum = read_bound(l, &c, node_get(n, "minimum"), "minimum");
    c.maximum = read_bound(l, &c, node_get(n, "maximum"), "maximum");
    check_bounds(l, &c, n);
    return c;
}

static void read_columns(loader *l, draft *d, strmap *seen) {
    const node *map = node_get(d->yaml, "columns");
    lake_source *source = d->table->source;
    if (map == NULL || map->kind != NODE_MAP)
        return;
    if (source->format == FORMAT_OPAQUE)
        problem_add(&l->problems, map->at, "opaque files have no columns");
    column_keys keys = find_column_keys();
    for (size_t i = 0; i < map->entries.count && i < COLUMNS_MAX; i++) {
        const node_entry *entry = &map->entries.items[i];
        if (!check_name(l, seen, entry->name, entry->at))
            continue;
        lake_column c = read_column(l, &keys, entry);
        vec_push(l->arena, &source->columns, c);
    }
    for (size_t i = 0; i < source->columns.count; i++) {
        const lake_column *c = &source->columns.items[i];
        for (size_t j = 0; j < c->aliases.count; j++)
            check_name(l, seen, c->aliases.items[j], node_get(map, c->name)->at);
    }
}

/* The names of a pattern's groups, in the order of the groups; *ret_groups counts all of them. */
static strings group_names(arena *a, const char *text, uint32_t *ret_groups) {
    int code;
    PCRE2_SIZE offset;
    pcre2_code *pattern =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &offset, NULL);
    strings names = {0};
    uint32_t count = 0, size = 0;
    PCRE2_SPTR rows = NULL;
    *ret_groups = 0;
    if (pattern == NULL)
        return names;
    pcre2_pattern_info(pattern, PCRE2_INFO_CAPTURECOUNT, ret_groups);
    pcre2_pattern_info(pattern, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(pattern, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(pattern, PCRE2_INFO_NAMETABLE, &rows);
    for (uint32_t group = 1; group <= *ret_groups; group++) {
        for (uint32_t i = 0; i < count; i++) {
            PCRE2_SPTR row = rows + (size_t)i * size; /* two bytes of number, then the name */
            if (((uint32_t)row[0] << 8 | row[1]) == group)
                vec_push(a, &names, arena_strdup(a, (const char *)row + 2));
        }
    }
    pcre2_code_free(pattern);
    return names;
}

/* Where a key of the draft is written: in its own file, else in the folder's defaults. */
static place key_place(const draft *d, const char *name) {
    const node *n = node_get(d->yaml, name);
    if (n == NULL)
        n = node_get(d->defaults, name);
    return n != NULL ? n->at : draft_place(d);
}

static void read_from_path(loader *l, draft *d, strmap *seen) {
    lake_source *source = d->table->source;
    uint32_t groups;
    if (source->from_path == NULL)
        return;
    place at = key_place(d, "from_path");
    source->from_path_names = group_names(l->arena, source->from_path, &groups);
    if (source->from_path_names.count == 0) {
        error *err = problem_add(&l->problems, at, "\"from_path\" has no named group");
        error_hint(err, "Name what becomes a column, as in (?<day>\\d{8}).");
    }
    for (size_t i = 0; i < source->from_path_names.count; i++)
        check_name(l, seen, source->from_path_names.items[i], at);
}

static void read_identity(loader *l, draft *d) {
    lake_source *source = d->table->source;
    uint32_t groups;
    if (str_eq(source->identity, "path")) {
        source->identity = NULL;
        return;
    }
    group_names(l->arena, source->identity, &groups);
    if (groups > 0)
        return;
    error *err = problem_add(&l->problems, key_place(d, "identity"), "\"identity\" has no group");
    error_hint(err, "Put parentheses around the part of the path that is the identity.");
}

static void check_together(loader *l, const draft *d) {
    const lake_source *source = d->table->source;
    if (str_eq(source->csv.delimiter, source->csv.quote))
        problem_add(&l->problems, key_place(d, "csv"),
                    "delimiter and quote are the same character");
    if (source->rows_max >= 0 && source->rows_max < source->rows_min)
        problem_add(&l->problems, key_place(d, "rows"), "\"rows.max\" is below \"rows.min\"");
}

/* What readers see: the declared columns, then those from the path. */
static void fill_columns(loader *l, lake_table *t) {
    const lake_source *source = t->source;
    for (size_t i = 0; i < source->columns.count; i++) {
        const lake_column *c = &source->columns.items[i];
        column seen = {.name = c->name, .type = c->type, .nullable = c->nullable};
        vec_push(l->arena, &t->columns, seen);
    }
    for (size_t i = 0; i < source->from_path_names.count; i++) {
        column seen = {
            .name = source->from_path_names.items[i], .type = "VARCHAR", .nullable = true};
        vec_push(l->arena, &t->columns, seen);
    }
}

void load_source(loader *l, draft *d) {
    lake_source *source = d->table->source;
    size_t before = l->problems.list.count;
    strmap *seen = strmap_new(l->arena);
    fields_default(FILE_SOURCE, l->arena, source);
    source->land = d->table->short_name;
    source->rows_max = -1;
    if (d->defaults != NULL)
        fields_apply(d->defaults, FILE_SOURCE, l->arena, source);
    if (d->yaml != NULL) {
        fields_check(d->yaml, FILE_SOURCE, &l->problems);
        fields_apply(d->yaml, FILE_SOURCE, l->arena, source);
    }
    read_columns(l, d, seen);
    read_from_path(l, d, seen);
    read_identity(l, d);
    check_together(l, d);
    fill_columns(l, d->table);
    d->is_broken = d->is_broken || l->problems.list.count > before;
}

static bool contains_folder(const char *outer, const char *inner) {
    size_t size = strlen(outer);
    return strncmp(inner, outer, size) == 0 && (inner[size] == '/' || inner[size] == '\0');
}

static void check_land_pair(loader *l, const draft *first, const draft *second) {
    const char *one = first->table->source->land, *two = second->table->source->land;
    if (!contains_folder(one, two) && !contains_folder(two, one))
        return;
    place at = key_place(second, "land");
    error *err =
        str_eq(one, two)
            ? problem_add(&l->problems, at, "\"%s\" and \"%s\" have the same land folder \"%s\"",
                          first->table->name, second->table->name, two)
            : problem_add(&l->problems, at,
                          "the land folders of \"%s\" (\"%s\") and \"%s\" (\"%s\") are one "
                          "inside the other",
                          first->table->name, one, second->table->name, two);
    error_hint(err, "Give each source table a folder of its own with the key \"land\".");
}

void load_check_land(loader *l) {
    for (size_t i = 0; i < l->drafts.count; i++) {
        for (size_t j = 0; j < i; j++) {
            const draft *one = &l->drafts.items[j], *two = &l->drafts.items[i];
            if (one->table->source != NULL && two->table->source != NULL && !one->is_broken
                && !two->is_broken)
                check_land_pair(l, one, two);
        }
    }
}
