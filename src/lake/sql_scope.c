#include "lake/sql_scope.h"

#include "base/str.h"
#include "lake/sql_tree.h"

bool scope_is_open(const sql_scope *scope) {
    for (size_t i = 0; i < scope->tables.count; i++) {
        if (scope->tables.items[i].open)
            return true;
    }
    return false;
}

static bool is_called(const scope_column *offer, const char *name) {
    return offer->name && sql_same_name(offer->name, name);
}

scope_column *scope_find(const sql_scope *scope, const char *name, size_t *ret_count) {
    scope_column *found = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < scope->columns.count; i++) {
        scope_column *offer = &scope->columns.items[i];
        if (offer->hidden || !is_called(offer, name))
            continue;
        found = offer;
        (*ret_count)++;
    }
    return *ret_count == 1 ? found : NULL;
}

static json_t *refuse(const sql_names_seen *names, const json_t *at, sql_reason *why,
                      const char *format, const char *name) {
    if (!why->text) {
        buf text = buf_new(names->builder->arena);
        buf_add(&text, format);
        buf_add(&text, " \"");
        buf_add(&text, name);
        buf_char(&text, '"');
        *why = (sql_reason){.text = text.text, .location = sql_location(at)};
    }
    return NULL;
}

static json_t *resolve_alias(const sql_names_seen *names, const json_t *ref, const char *name,
                             sql_reason *why) {
    for (size_t i = 0; names->aliases && i < names->aliases->count; i++) {
        const sql_item *item = &names->aliases->items[i];
        if (!item->name || !sql_same_name(item->name, name))
            continue;
        if (!item->expr && !why->text)
            *why = item->why;
        return item->expr;
    }
    return refuse(names, ref, why, "the unknown name", name);
}

static json_t *resolve_bare(const sql_names_seen *names, const json_t *ref, const char *name,
                            sql_reason *why) {
    size_t count;
    const scope_column *offer = scope_find(names->scope, name, &count);
    if (count > 1)
        return refuse(names, ref, why, "the ambiguous name", name);
    if (offer)
        return offer->merged;
    if (scope_is_open(names->scope))
        return refuse(names, ref, why, "the column of unknown origin", name);
    return resolve_alias(names, ref, name, why);
}

/* The tables called so with a column called so: how many, and the column. */
static size_t match_table(const sql_scope *scope, const char *schema, const char *name,
                          const char *offer, json_t **ret, bool *ret_open) {
    size_t matches = 0;
    for (size_t i = 0; i < scope->tables.count; i++) {
        const scope_table *table = &scope->tables.items[i];
        if (!sql_same_name(table->name, name) || (schema && !sql_same_name(table->schema, schema)))
            continue;
        *ret_open |= table->open;
        for (size_t c = table->first; c < table->first + table->count; c++) {
            if (!is_called(&scope->columns.items[c], offer))
                continue;
            *ret = scope->columns.items[c].own;
            matches++;
        }
    }
    return matches;
}

static json_t *add_fields(const sql_names_seen *names, json_t *expr, const json_t *parts,
                          size_t first) {
    for (size_t i = first; i < json_array_size(parts); i++)
        expr = sql_struct_field(&names->builder->pool, expr,
                                json_string_value(json_array_get(parts, i)));
    return expr;
}

/* a.b.c is schema.table.column, else table.column with a field, else a column with fields. */
static json_t *resolve_dotted(const sql_names_seen *names, const json_t *ref, const json_t *parts,
                              sql_reason *why) {
    const char *first = json_string_value(json_array_get(parts, 0));
    const char *second = json_string_value(json_array_get(parts, 1));
    const char *third = json_string_value(json_array_get(parts, 2));
    json_t *found = NULL;
    bool open = false;
    size_t used = 3;
    size_t matches = third ? match_table(names->scope, first, second, third, &found, &open) : 0;
    if (matches == 0 && !open) {
        used = 2;
        matches = match_table(names->scope, NULL, first, second, &found, &open);
    }
    if (matches == 0 && !open) {
        used = 1;
        const scope_column *offer = scope_find(names->scope, first, &matches);
        found = offer ? offer->merged : NULL;
    }
    if (matches > 1)
        return refuse(names, ref, why, "the ambiguous name", first);
    if (!found)
        return refuse(names, ref, why,
                      scope_is_open(names->scope) ? "the column of unknown origin"
                                                  : "the unknown name",
                      first);
    return add_fields(names, found, parts, used);
}

static json_t *resolve_column(void *state, const json_t *ref, sql_reason *why) {
    const sql_names_seen *names = state;
    const json_t *parts = json_object_get(ref, "column_names");
    if (json_array_size(parts) == 1)
        return resolve_bare(names, ref, json_string_value(json_array_get(parts, 0)), why);
    return resolve_dotted(names, ref, parts, why);
}

json_t *scope_resolve(const sql_names_seen *names, const json_t *expr, sql_reason *why) {
    sql_names_seen copy = *names;
    sql_columns by = {.column = resolve_column,
                      .state = &copy,
                      .pool = &names->builder->pool,
                      .arena = names->builder->arena};
    if (!json_is_object(expr))
        return NULL;
    return sql_expr_copy(&by, expr, why);
}

static const json_t *find_entry(const json_t *entries, const char *name) {
    const json_t *entry;
    size_t i;
    json_array_foreach(entries, i, entry) {
        const char *plain = json_string_value(entry);
        if (!plain)
            plain = json_string_value(json_object_get(entry, "key"));
        if (!plain)
            plain = sql_text(json_object_get(entry, "key"), "column");
        if (sql_same_name(plain, name))
            return entry;
    }
    return NULL;
}

static void add_starred(const sql_names_seen *names, const json_t *star, const char *name,
                        json_t *value, sql_items *items) {
    if (name && find_entry(json_object_get(star, "exclude_list"), name))
        return;
    sql_item item = {.name = name, .expr = value, .location = sql_location(star)};
    const json_t *replaced = name ? find_entry(json_object_get(star, "replace_list"), name) : NULL;
    const json_t *renamed = name ? find_entry(json_object_get(star, "rename_list"), name) : NULL;
    if (replaced) {
        const json_t *expr = json_object_get(replaced, "value");
        sql_names_seen no_aliases = *names;
        no_aliases.aliases = NULL;
        item.location = sql_location_within(expr);
        item.expr = scope_resolve(&no_aliases, expr, &item.why);
    }
    if (renamed)
        item.name = sql_text(renamed, "value");
    vec_push(names->builder->arena, items, item);
}

/* Stars whose meaning is not followed: COLUMNS(), excluded table.column, a struct's fields. */
static bool is_plain_star(const sql_scope *scope, const json_t *star) {
    if (json_get_bool(star, "columns", false) || json_is_object(json_object_get(star, "expr"))
        || json_array_size(json_object_get(star, "qualified_exclude_list")) > 0)
        return false;
    const char *relation = sql_text(star, "relation_name");
    size_t matches = 0, fields = 0;
    for (size_t i = 0; i < scope->tables.count; i++)
        matches += sql_same_name(scope->tables.items[i].name, relation);
    if (*relation)
        scope_find(scope, relation, &fields);
    return !*relation || (matches == 1 && fields == 0);
}

void scope_expand_star(const sql_names_seen *names, const json_t *star, sql_items *items,
                       bool *ret_open) {
    const sql_scope *scope = names->scope;
    const char *relation = sql_text(star, "relation_name");
    if (!is_plain_star(scope, star)) {
        *ret_open = true;
        return;
    }
    for (size_t i = 0; i < scope->tables.count && !*ret_open; i++) {
        const scope_table *table = &scope->tables.items[i];
        if (*relation && !sql_same_name(table->name, relation))
            continue;
        for (size_t c = table->first; c < table->first + table->count; c++) {
            const scope_column *offer = &scope->columns.items[c];
            if (*relation)
                add_starred(names, star, offer->name, offer->own, items);
            else if (!offer->hidden)
                add_starred(names, star, offer->name, offer->merged, items);
        }
        *ret_open |= table->open;
    }
}

static void add_equality(const sql_names_seen *names, const json_t *term, sql_facts_known *facts) {
    if (!sql_is(term, "type", "COMPARE_EQUAL")
        && !sql_is(term, "type", "COMPARE_NOT_DISTINCT_FROM"))
        return;
    json_t *left = scope_resolve(names, json_object_get(term, "left"), NULL);
    json_t *right = scope_resolve(names, json_object_get(term, "right"), NULL);
    sql_fact fact = {.left = left, .right = right};
    if (left && right)
        vec_push(names->builder->arena, facts, fact);
}

void scope_facts(const sql_names_seen *names, const json_t *expr, sql_facts_known *facts) {
    const json_t *children = json_object_get(expr, "children");
    const json_t *child;
    size_t i;
    if (!sql_is(expr, "type", "CONJUNCTION_AND")) {
        add_equality(names, expr, facts);
        return;
    }
    json_array_foreach(children, i, child) scope_facts(names, child, facts);
}

void scope_terms(const sql_names_seen *names, const json_t *expr, sql_exprs *terms) {
    const json_t *children = json_object_get(expr, "children");
    const json_t *child;
    size_t i;
    if (!sql_is(expr, "type", "CONJUNCTION_AND")) {
        json_t *term = scope_resolve(names, expr, NULL);
        if (term)
            vec_push(names->builder->arena, terms, term);
        return;
    }
    json_array_foreach(children, i, child) scope_terms(names, child, terms);
}
