#include "lake/sql_order.h"

#include "base/str.h"
#include "lake/sql_names.h"
#include "lake/sql_tree.h"

typedef struct ordering {
    const sql_question *question;
    arena *arena;
    strings made; /* names that the SQL itself gives: their types are not looked for */
    size_t selects;
} ordering;

static bool is_exact_type(const char *type) {
    static const char *const names[] = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                        "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                        "UBIGINT", "UHUGEINT", "BOOLEAN",   NULL};
    for (size_t i = 0; names[i]; i++) {
        if (str_eq(type, names[i]))
            return true;
    }
    return str_starts(type, "DECIMAL");
}

static void add_made(ordering *o, const char *name) {
    if (name && *name)
        vec_push(o->arena, &o->made, str_lower(o->arena, name));
}

static void add_all_made(ordering *o, const json_t *names) {
    const json_t *name;
    size_t i;
    json_array_foreach(names, i, name) add_made(o, json_string_value(name));
}

/* The only SELECT there is reads inputs alone, and a name in it is a column of those before it is
 * another column's alias: sum(n) AS n adds up the input's. */
static void collect_made_by(ordering *o, const char *key, const json_t *tree);

static void collect_made(ordering *o, const json_t *tree) {
    const json_t *item;
    json_t *child;
    const char *key;
    size_t i;
    const json_t *changed = json_object_get(tree, "replace_list");
    add_made(o, sql_text(tree, "alias"));
    add_all_made(o, json_object_get(tree, "aliases"));
    add_all_made(o, json_object_get(tree, "column_name_alias"));
    json_array_foreach(changed, i, item)
        add_made(o, json_string_value(json_object_get(item, "key")));
    changed = json_object_get(tree, "rename_list");
    json_array_foreach(changed, i, item)
        add_made(o, json_string_value(json_object_get(item, "value")));
    json_object_foreach(sql_mutable(tree), key, child) collect_made_by(o, key, child);
    json_array_foreach(tree, i, item) collect_made(o, item);
}

static void collect_made_below(ordering *o, const json_t *expr) {
    json_t *child;
    const char *key;
    json_object_foreach(sql_mutable(expr), key, child) collect_made(o, child);
}

static void collect_made_by(ordering *o, const char *key, const json_t *tree) {
    const json_t *item;
    size_t i;
    if (o->selects != 1 || !str_eq(key, "select_list")) {
        collect_made(o, tree);
        return;
    }
    json_array_foreach(tree, i, item) collect_made_below(o, item);
}

static size_t count_selects(const json_t *tree) {
    const json_t *item;
    json_t *child;
    const char *key;
    size_t i, count = sql_is(tree, "type", "SELECT_NODE");
    json_object_foreach(sql_mutable(tree), key, child) count += count_selects(child);
    json_array_foreach(tree, i, item) count += count_selects(item);
    return count;
}

/* Every input that has such a column has it exact, and at least one has it. */
static bool is_exact_column(const ordering *o, const json_t *ref) {
    const json_t *parts = json_object_get(ref, "column_names");
    size_t count = json_array_size(parts), found = 0;
    const char *name = json_string_value(json_array_get(parts, count ? count - 1 : 0));
    if (!name || count > 2 || strings_contain(&o->made, str_lower(o->arena, name)))
        return false;
    for (size_t i = 0; i < o->question->input_count; i++) {
        const columns *c = &o->question->inputs[i].columns;
        for (size_t k = 0; k < c->count; k++) {
            /* The last of two names may be a field, whose column is then of a nested type. */
            const char *first = json_string_value(json_array_get(parts, 0));
            if (count == 2 && sql_same_name(c->items[k].name, first))
                return false;
            if (!sql_same_name(c->items[k].name, name))
                continue;
            if (!is_exact_type(c->items[k].type))
                return false;
            found++;
        }
    }
    return found > 0;
}

static bool is_exact(const ordering *o, const json_t *expr);

static bool are_exact(const ordering *o, const json_t *exprs) {
    const json_t *expr;
    size_t i;
    json_array_foreach(exprs, i, expr) {
        if (!is_exact(o, expr))
            return false;
    }
    return json_array_size(exprs) > 0;
}

static bool is_exact_case(const ordering *o, const json_t *expr) {
    const json_t *checks = json_object_get(expr, "case_checks");
    const json_t *check;
    size_t i;
    json_array_foreach(checks, i, check) {
        if (!is_exact(o, json_object_get(check, "then_expr")))
            return false;
    }
    return is_exact(o, json_object_get(expr, "else_expr"));
}

static bool is_exact_function(const ordering *o, const json_t *expr) {
    static const char *const keeping[] = {"+", "-", "*", "//", "%", "abs", NULL};
    static const char *const counting[] = {"count", "count_star", "length", "len", NULL};
    const char *name = sql_text(expr, "function_name");
    for (size_t i = 0; counting[i]; i++) {
        if (sql_same_name(name, counting[i]))
            return true;
    }
    for (size_t i = 0; keeping[i]; i++) {
        if (sql_same_name(name, keeping[i]))
            return are_exact(o, json_object_get(expr, "children"));
    }
    return false;
}

static bool is_exact(const ordering *o, const json_t *expr) {
    const char *class = sql_text(expr, "class");
    if (str_eq(class, "COLUMN_REF"))
        return is_exact_column(o, expr);
    if (str_eq(class, "CAST"))
        return is_exact_type(sql_text(json_object_get(expr, "cast_type"), "id"));
    if (str_eq(class, "CONSTANT")) {
        const char *type = sql_text(json_object_get(json_object_get(expr, "value"), "type"), "id");
        return is_exact_type(type) || str_eq(type, "NULL");
    }
    if (str_eq(class, "CASE"))
        return is_exact_case(o, expr);
    if (str_eq(class, "FUNCTION"))
        return is_exact_function(o, expr);
    if (sql_is(expr, "type", "OPERATOR_COALESCE"))
        return are_exact(o, json_object_get(expr, "children"));
    return str_eq(class, "COMPARISON") || str_eq(class, "CONJUNCTION");
}

static bool is_sensitive_call(const ordering *o, const json_t *call) {
    const json_t *children = json_object_get(call, "children");
    switch (sql_order_of(sql_text(call, "function_name"))) {
    case ORDER_FREE:
        break;
    case ORDER_BY_TYPE:
        return !is_exact(o, json_array_get(children, 0));
    case ORDER_MATTERS:
        return true;
    }
    return false;
}

/* A frame counted in rows, or in groups, cuts through rows that the order does not tell apart. */
static bool has_row_frame(const json_t *window) {
    return str_ends(sql_text(window, "start"), "_ROWS")
           || str_ends(sql_text(window, "end"), "_ROWS")
           || !sql_is(window, "exclude_clause", "NO_OTHER");
}

static bool is_sensitive_relation(const json_t *object) {
    const char *type = sql_text(object, "type");
    bool takes_some = str_eq(type, "LIMIT_MODIFIER") || str_eq(type, "LIMIT_PERCENT_MODIFIER");
    bool one_of_each = json_array_size(json_object_get(object, "distinct_on_targets")) > 0;
    bool pairs = sql_is(object, "ref_type", "POSITIONAL") || sql_is(object, "ref_type", "ASOF");
    return takes_some || one_of_each || pairs || json_is_object(json_object_get(object, "sample"));
}

static bool is_sensitive(const ordering *o, const json_t *tree) {
    const json_t *item;
    json_t *child;
    const char *key;
    size_t i;
    bool found = is_sensitive_relation(tree);
    if (sql_is(tree, "class", "FUNCTION") || sql_is(tree, "class", "WINDOW"))
        found = found || is_sensitive_call(o, tree);
    if (sql_is(tree, "class", "WINDOW"))
        found = found || has_row_frame(tree);
    json_object_foreach(sql_mutable(tree), key, child) found = found || is_sensitive(o, child);
    json_array_foreach(tree, i, item) found = found || is_sensitive(o, item);
    return found;
}

bool sql_is_order_sensitive(const sql_question *question, arena *a) {
    ordering o = {.question = question, .arena = a, .selects = count_selects(question->tree)};
    collect_made(&o, question->tree);
    return is_sensitive(&o, question->tree);
}
