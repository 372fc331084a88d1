#include "lake/sql.h"

#include "base/str.h"
#include "lake/sql_names.h"
#include "lake/sql_tree.h"

/* A CTE that can be seen from some place, innermost first. */
typedef struct visible {
    const char *name;
    const struct visible *outer;
} visible;

typedef struct inspection {
    const char *sql;
    arena *arena;
    sql_facts *facts;
    strings relations; /* names and aliases of tables: a ref of such a name is a whole row */
    error *err;
} inspection;

typedef struct place {
    int line, column;
} place;

static status inspect_value(inspection *in, const json_t *value, const visible *ctes);

static status refuse(inspection *in, const json_t *at, const char *hint, const char *format, ...)
    PRINTF_LIKE(4, 5);

static status refuse(inspection *in, const json_t *at, const char *hint, const char *format, ...) {
    char message[ERROR_MESSAGE_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    status kind = error_set(in->err, E_DEFINITION, "%s", message);
    error_hint(in->err, "%s", hint);
    place p;
    sql_place_of(in->sql, sql_location_within(at), &p.line, &p.column);
    error_at(in->err, "", p.line, p.column);
    return kind;
}

static bool is_visible(const visible *ctes, const char *name) {
    for (; ctes; ctes = ctes->outer) {
        if (sql_same_name(ctes->name, name))
            return true;
    }
    return false;
}

static void add_input(inspection *in, const json_t *table, const char *name) {
    sql_input_ref ref = {.table = name};
    sql_place_of(in->sql, sql_location(table), &ref.line, &ref.column);
    for (size_t i = 0; i < in->facts->inputs.count; i++) {
        sql_input_ref *known = &in->facts->inputs.items[i];
        if (!str_eq(known->table, name))
            continue;
        bool earlier =
            ref.line < known->line || (ref.line == known->line && ref.column < known->column);
        if (ref.line && earlier)
            *known = ref;
        return;
    }
    vec_push(in->arena, &in->facts->inputs, ref);
}

static status inspect_unlayered(inspection *in, const json_t *table, const char *name) {
    if (strpbrk(name, "./*"))
        return refuse(in, table, "Make it a source table with a YAML file and read layer.table.",
                      "the file \"%s\" cannot be read in FROM", name);
    return refuse(in, table, "Write layer.table, or define it by WITH before its use.",
                  "table \"%s\" has no layer and is no CTE", name);
}

static status check_sample(inspection *in, const json_t *object) {
    const json_t *sample = json_object_get(object, "sample");
    if (json_is_object(sample) && json_get_int(sample, "seed", -1) < 0)
        return refuse(in, object, "Choose rows by a hash of a key: WHERE hash(id) % 10 = 0.",
                      "a sample gives something else at each run");
    return OK;
}

static status inspect_table(inspection *in, const json_t *table, const visible *ctes) {
    char *schema = str_lower(in->arena, sql_text(table, "schema_name"));
    char *name = str_lower(in->arena, sql_text(table, "table_name"));
    if (*sql_text(table, "catalog_name"))
        return refuse(in, table, "Write layer.table.", "table \"%s.%s.%s\" names a database",
                      sql_text(table, "catalog_name"), schema, name);
    if (json_is_object(json_object_get(table, "at_clause")))
        return refuse(in, table, "Remove AT: a table's SQL reads the current versions.",
                      "\"%s.%s\" is read at another version", schema, name);
    if (json_array_size(json_object_get(table, "column_name_alias")) > 0)
        in->facts->has_star = true;
    if (!*schema)
        return is_visible(ctes, name) ? OK : inspect_unlayered(in, table, name);
    if (!str_eq(schema, "weir")) {
        add_input(in, table, arena_printf(in->arena, "%s.%s", schema, name));
        return OK;
    }
    if (!str_eq(name, "run"))
        return refuse(in, table, "Only weir.run can be read in a table's SQL.",
                      "\"weir.%s\" cannot be an input", name);
    in->facts->reads_run = true;
    return OK;
}

static status inspect_function(inspection *in, const json_t *function) {
    const char *name = sql_text(function, "function_name");
    size_t count = json_array_size(json_object_get(function, "children"));
    const sql_refusal *refusal = sql_refusal_of(name, count);
    if (refusal)
        return refuse(in, function, refusal->remedy, "function \"%s\" %s", name, refusal->reason);
    return OK;
}

static status inspect_table_function(inspection *in, const json_t *table) {
    const json_t *function = json_object_get(table, "function");
    const char *name = sql_text(function, "function_name");
    TRY(inspect_function(in, function));
    if (!sql_is_table_function(name))
        return refuse(in, table, "Make what it reads a source table and read layer.table.",
                      "table function \"%s\" may not be used", name);
    return OK;
}

static status inspect_column(inspection *in, const json_t *ref) {
    const json_t *names = json_object_get(ref, "column_names");
    const json_t *name;
    size_t i;
    json_array_foreach(names, i, name) vec_push(in->arena, &in->facts->column_names,
                                                str_lower(in->arena, json_string_value(name)));
    const char *only = json_string_value(json_array_get(names, 0));
    if (json_array_size(names) == 1 && sql_is_special_name(only)) {
        const sql_refusal *refusal = sql_refusal_of(only, 0);
        return refuse(in, ref, refusal->remedy, "\"%s\" %s", only, refusal->reason);
    }
    return OK;
}

static void inspect_names(inspection *in, const json_t *names) {
    const json_t *name;
    size_t i;
    json_array_foreach(names, i, name) {
        if (json_is_string(name))
            vec_push(in->arena, &in->facts->column_names,
                     str_lower(in->arena, json_string_value(name)));
    }
}

static status inspect_class(inspection *in, const json_t *object) {
    const char *class = sql_text(object, "class");
    if (str_eq(class, "FUNCTION") || str_eq(class, "WINDOW"))
        return inspect_function(in, object);
    if (str_eq(class, "COLUMN_REF"))
        return inspect_column(in, object);
    if (str_eq(class, "PARAMETER"))
        return refuse(in, object, "Write the value itself.", "the SQL has a parameter");
    if (str_eq(class, "STAR") || str_eq(class, "POSITIONAL_REFERENCE"))
        in->facts->has_star = true;
    return OK;
}

static void note_relation(inspection *in, const json_t *object) {
    static const char *const keys[] = {"alias", "table_name", "relation_name"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (*sql_text(object, keys[i]))
            vec_push(in->arena, &in->relations, str_lower(in->arena, sql_text(object, keys[i])));
    }
}

/* Objects without a class are relations, query nodes and small change. */
static status inspect_relation(inspection *in, const json_t *object, const visible *ctes) {
    const char *type = sql_text(object, "type");
    TRY(check_sample(in, object));
    note_relation(in, object);
    inspect_names(in, json_object_get(object, "using_columns"));
    inspect_names(in, json_object_get(object, "groups"));
    if (str_eq(type, "PIVOT") || sql_is(object, "ref_type", "NATURAL"))
        in->facts->has_star = true;
    if (str_eq(type, "BASE_TABLE"))
        return inspect_table(in, object, ctes);
    if (str_eq(type, "TABLE_FUNCTION"))
        return inspect_table_function(in, object);
    if (str_eq(type, "SHOW_REF"))
        return refuse(in, object, "Write a SELECT over the data itself.",
                      "DESCRIBE, SHOW and SUMMARIZE cannot be part of a table's SQL");
    return OK;
}

static status inspect_members(inspection *in, const json_t *object, const visible *ctes) {
    const char *key;
    json_t *child;
    json_object_foreach(sql_mutable(object), key, child) {
        if (!str_eq(key, "cte_map"))
            TRY(inspect_value(in, child, ctes));
    }
    return OK;
}

/* Each CTE sees those before it (itself only when recursive); the query sees all. */
static status inspect_query(inspection *in, const json_t *query, const visible *ctes) {
    const json_t *map = json_object_get(json_object_get(query, "cte_map"), "map");
    const json_t *entry;
    size_t i;
    json_array_foreach(map, i, entry) {
        visible *cte = ARENA_NEW(in->arena, visible);
        *cte = (visible){.name = sql_text(entry, "key"), .outer = ctes};
        const json_t *value = json_object_get(entry, "value");
        const json_t *node = json_object_get(json_object_get(value, "query"), "node");
        bool recursive = sql_is(node, "type", "RECURSIVE_CTE_NODE");
        vec_push(in->arena, &in->relations, str_lower(in->arena, cte->name));
        TRY(inspect_value(in, value, recursive ? cte : ctes));
        ctes = cte;
    }
    return inspect_members(in, query, ctes);
}

static status inspect_value(inspection *in, const json_t *value, const visible *ctes) {
    const json_t *item;
    size_t i;
    json_array_foreach(value, i, item) TRY(inspect_value(in, item, ctes));
    if (!json_is_object(value))
        return OK;
    if (json_is_string(json_object_get(value, "class")))
        TRY(inspect_class(in, value));
    else
        TRY(inspect_relation(in, value, ctes));
    return inspect_query(in, value, ctes);
}

static int by_place(const void *left, const void *right) {
    const sql_input_ref *a = left, *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

/* SELECT t FROM raw.x t gives the row with all its columns. */
static void find_whole_rows(inspection *in) {
    for (size_t i = 0; i < in->relations.count; i++) {
        if (strings_contain(&in->facts->column_names, in->relations.items[i]))
            in->facts->has_star = true;
    }
}

status sql_inspect(const json_t *tree, const char *sql, arena *a, sql_facts *ret, error *err) {
    sql_facts facts = {0};
    inspection in = {.sql = sql, .arena = a, .facts = &facts, .err = err};
    TRY(sql_tree_check(tree, err));
    TRY(inspect_value(&in, sql_tree_node(tree), NULL));
    if (facts.inputs.count > 0)
        qsort(facts.inputs.items, facts.inputs.count, sizeof *facts.inputs.items, by_place);
    strings_sort_unique(&facts.column_names);
    find_whole_rows(&in);
    sql_fingerprint(tree, facts.fingerprint);
    *ret = facts;
    return OK;
}
