#include "lake/sql_build.h"

#include "base/str.h"
#include "lake/sql_names.h"
#include "lake/sql_tree.h"

/* What the parts of one SELECT need while it is built. */
typedef struct building {
    sql_builder *b;
    const json_t *node;
    const sql_scope *scope;
    sql_rel *rel;
} building;

static sql_names_seen names_of(const building *s, bool with_aliases) {
    return (sql_names_seen){
        .builder = s->b, .scope = s->scope, .aliases = with_aliases ? &s->rel->items : NULL};
}

/* COLUMNS() inside an expression makes several columns of it, unnest() of a struct as well. */
static bool makes_columns(const json_t *expr) {
    const char *key;
    json_t *child;
    size_t i;
    if (sql_is(expr, "class", "SUBQUERY"))
        return false;
    bool found =
        sql_is(expr, "class", "STAR")
        || (sql_is(expr, "class", "FUNCTION") && sql_is_unnest(sql_text(expr, "function_name")));
    json_object_foreach(sql_mutable(expr), key, child) found = found || makes_columns(child);
    json_array_foreach(expr, i, child) found = found || makes_columns(child);
    return found;
}

static const char *item_name(const json_t *expr) {
    if (*sql_text(expr, "alias"))
        return sql_text(expr, "alias");
    const json_t *parts = json_object_get(expr, "column_names");
    size_t count = json_array_size(parts);
    if (!sql_is(expr, "class", "COLUMN_REF") || count == 0)
        return NULL;
    return json_string_value(json_array_get(parts, count - 1));
}

/* What comes after columns that cannot be told has no known place, and is left out. */
static void add_items(building *s) {
    const json_t *list = json_object_get(s->node, "select_list");
    const json_t *expr;
    size_t i;
    json_array_foreach(list, i, expr) {
        sql_names_seen names = names_of(s, true);
        if (sql_is(expr, "class", "STAR"))
            scope_expand_star(&names, expr, &s->rel->items, &s->rel->open);
        else if (makes_columns(expr))
            s->rel->open = true;
        if (s->rel->open) {
            s->rel->veil = (sql_reason){.text = "columns that cannot be counted (name it first)",
                                        .location = sql_location_within(expr)};
            return;
        }
        if (sql_is(expr, "class", "STAR"))
            continue;
        sql_item item = {.name = item_name(expr), .location = sql_location(expr)};
        if (item.location == SQL_NO_PLACE)
            item.location = sql_location_within(expr);
        item.expr = scope_resolve(&names, expr, &item.why);
        vec_push(s->b->arena, &s->rel->items, item);
    }
}

/* PARTITION BY prefers columns of FROM. */
static json_t *resolve_partition(const building *s, const json_t *expr) {
    sql_names_seen names = names_of(s, true);
    return scope_resolve(&names, expr, NULL);
}

/* DISTINCT ON prefers aliases: what could be a column of FROM as well is no key. */
static json_t *resolve_target(const building *s, const json_t *expr) {
    sql_names_seen names = names_of(s, true);
    json_t *key = scope_resolve(&names, expr, NULL);
    const json_t *parts = json_object_get(expr, "column_names");
    if (!key || !sql_is(expr, "class", "COLUMN_REF") || json_array_size(parts) != 1)
        return key;
    const char *name = json_string_value(json_array_get(parts, 0));
    for (size_t i = 0; i < s->rel->items.count; i++) {
        const sql_item *item = &s->rel->items.items[i];
        if (item->name && sql_same_name(item->name, name)
            && (!item->expr || !json_equal(item->expr, key)))
            return NULL;
    }
    return key;
}

/* A number in GROUP BY and DISTINCT ON is a column of the result. */
static bool is_position(const building *s, const json_t *expr, json_t **ret) {
    const json_t *value = json_object_get(json_object_get(expr, "value"), "value");
    if (!sql_is(expr, "class", "CONSTANT") || !json_is_integer(value))
        return false;
    json_int_t at = json_integer_value(value);
    bool known = at >= 1 && (uint64_t)at <= s->rel->items.count;
    *ret = known ? s->rel->items.items[at - 1].expr : NULL;
    return true;
}

/* GROUP BY prefers columns of FROM; aliases stand only alone. */
static json_t *resolve_group(const building *s, const json_t *expr) {
    json_t *key = NULL;
    if (is_position(s, expr, &key))
        return key;
    sql_names_seen names = names_of(s, sql_is(expr, "class", "COLUMN_REF"));
    return scope_resolve(&names, expr, NULL);
}

static void add_key(const building *s, sql_exprs *keys, json_t *key) {
    if (key)
        vec_push(s->b->arena, keys, key);
}

static void add_all_items(const building *s, sql_exprs *keys) {
    for (size_t i = 0; i < s->rel->items.count; i++)
        add_key(s, keys, s->rel->items.items[i].expr);
}

static bool set_has(const json_t *set, size_t index) {
    const json_t *member;
    size_t i;
    json_array_foreach(set, i, member) {
        if (json_is_integer(member) && (size_t)json_integer_value(member) == index)
            return true;
    }
    return false;
}

static bool every_set_has(const json_t *sets, size_t index) {
    const json_t *set;
    size_t i;
    json_array_foreach(sets, i, set) {
        if (!set_has(set, index))
            return false;
    }
    return json_array_size(sets) > 0;
}

static void add_group_by(building *s) {
    const json_t *groups = json_object_get(s->node, "group_expressions");
    const json_t *sets = json_object_get(s->node, "group_sets");
    const json_t *expr;
    size_t i;
    sql_grouping grouping = {.name = "GROUP BY", .location = sql_location_within(groups)};
    json_array_foreach(groups, i, expr) {
        if (every_set_has(sets, i))
            add_key(s, &grouping.keys, resolve_group(s, expr));
    }
    if (sql_is(s->node, "aggregate_handling", "FORCE_AGGREGATES"))
        add_all_items(s, &grouping.keys);
    if (json_array_size(sets) > 1) {
        s->rel->select.nulled =
            (sql_reason){.text = "GROUPING SETS, ROLLUP or CUBE", .location = grouping.location};
        s->rel->select.common_keys = grouping.keys;
    }
    vec_push(s->b->arena, &s->rel->select.groupings, grouping);
}

/* The first aggregate that is not inside a subquery; a window's own function is none. */
static const json_t *find_aggregate(const json_t *tree) {
    const char *key;
    json_t *child;
    size_t i;
    const json_t *found = NULL;
    if (sql_is(tree, "class", "SUBQUERY"))
        return NULL;
    if (sql_is(tree, "class", "FUNCTION") && sql_is_aggregate(sql_text(tree, "function_name")))
        return tree;
    json_object_foreach(sql_mutable(tree), key, child) found =
        found ? found : find_aggregate(child);
    json_array_foreach(tree, i, child) found = found ? found : find_aggregate(child);
    return found;
}

static void note_collapse(building *s) {
    const json_t *having = json_object_get(s->node, "having");
    const json_t *aggregate = find_aggregate(json_object_get(s->node, "select_list"));
    aggregate = aggregate ? aggregate : find_aggregate(json_object_get(s->node, "qualify"));
    bool forced = json_array_size(json_object_get(s->node, "group_sets")) > 0;
    if (!aggregate && !json_is_object(having) && !forced)
        return;
    s->rel->select.collapse =
        (sql_reason){.text = "an aggregate without GROUP BY",
                     .location = aggregate ? sql_location(aggregate) : sql_location_within(having)};
}

static void add_windows(building *s, const json_t *tree) {
    const char *key;
    json_t *child;
    size_t i;
    if (sql_is(tree, "class", "SUBQUERY"))
        return;
    if (sql_is(tree, "class", "WINDOW")) {
        sql_grouping grouping = {.location = sql_location(tree)};
        grouping.name =
            arena_printf(s->b->arena, "the window of %s()", sql_text(tree, "function_name"));
        const json_t *partitions = json_object_get(tree, "partitions");
        const json_t *expr;
        json_array_foreach(partitions, i, expr)
            add_key(s, &grouping.keys, resolve_partition(s, expr));
        vec_push(s->b->arena, &s->rel->select.groupings, grouping);
    }
    json_object_foreach(sql_mutable(tree), key, child) add_windows(s, child);
    json_array_foreach(tree, i, child) add_windows(s, child);
}

static void add_distinct(building *s, const json_t *modifier) {
    const json_t *targets = json_object_get(modifier, "distinct_on_targets");
    const json_t *expr;
    size_t i;
    bool on = json_array_size(targets) > 0;
    sql_grouping grouping = {.name = on ? "DISTINCT ON" : "DISTINCT",
                             .location = sql_location_within(targets)};
    if (grouping.location == SQL_NO_PLACE)
        grouping.location = s->rel->location;
    json_array_foreach(targets, i, expr) {
        json_t *key = NULL;
        if (!is_position(s, expr, &key))
            key = resolve_target(s, expr);
        add_key(s, &grouping.keys, key);
    }
    if (!on)
        add_all_items(s, &grouping.keys);
    vec_push(s->b->arena, &s->rel->select.groupings, grouping);
}

static void add_modifiers(building *s) {
    const json_t *modifiers = json_object_get(s->node, "modifiers");
    const json_t *modifier;
    size_t i;
    json_array_foreach(modifiers, i, modifier) {
        const char *type = sql_text(modifier, "type");
        if (str_eq(type, "DISTINCT_MODIFIER"))
            add_distinct(s, modifier);
        else if (!str_eq(type, "ORDER_MODIFIER"))
            s->rel->cut = (sql_reason){.text = "LIMIT", .location = sql_location_within(modifier)};
    }
    if (json_is_object(json_object_get(s->node, "sample")))
        s->rel->cut = (sql_reason){.text = "USING SAMPLE", .location = s->rel->location};
}

static void add_expressions(building *s) {
    static const char *const keys[] = {"select_list",       "where_clause", "having",
                                       "group_expressions", "qualify",      "modifiers"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        sql_note_subqueries(s->b, json_object_get(s->node, keys[i]));
    add_windows(s, json_object_get(s->node, "select_list"));
    add_windows(s, json_object_get(s->node, "qualify"));
    sql_names_seen names = names_of(s, true);
    scope_facts(&names, json_object_get(s->node, "where_clause"), &s->rel->select.facts);
    scope_terms(&names, json_object_get(s->node, "where_clause"), &s->rel->select.filters);
}

sql_rel *sql_build_select(sql_builder *b, const json_t *node, const sql_cte *ctes) {
    sql_from from = sql_build_from(b, json_object_get(node, "from_table"), ctes);
    const json_t *list = json_object_get(node, "select_list");
    sql_rel *rel = sql_rel_new(b, REL_SELECT, "SELECT", sql_location_within(list));
    building s = {.b = b, .node = node, .scope = &from.scope, .rel = rel};
    rel->select.from = from.rel;
    rel->from_nothing = !from.rel && sql_is_from_nothing(node);
    add_items(&s);
    bool grouped = json_array_size(json_object_get(node, "group_expressions")) > 0
                   || sql_is(node, "aggregate_handling", "FORCE_AGGREGATES");
    if (grouped)
        add_group_by(&s);
    else
        note_collapse(&s);
    add_modifiers(&s);
    add_expressions(&s);
    return rel;
}
