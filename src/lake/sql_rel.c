#include "lake/sql_rel.h"

#include "base/str.h"
#include "lake/sql_build.h"
#include "lake/sql_tree.h"

/* A CTE that is used twice by one that is used twice … doubles at each step. */
enum { RELS_MAX = 20000, QUERIES_DEEP_MAX = 500 };

sql_rel *sql_rel_new(sql_builder *b, sql_rel_kind kind, const char *name, int64_t location) {
    sql_rel *rel = ARENA_NEW(b->arena, sql_rel);
    rel->kind = kind;
    rel->name = name;
    rel->location = location;
    rel->origin = SQL_NO_PLACE;
    b->made++;
    return rel;
}

bool sql_is_from_nothing(const json_t *tree) {
    const json_t *child;
    json_t *member;
    const char *key;
    size_t i;
    if (sql_is(tree, "type", "BASE_TABLE") || sql_is(tree, "class", "COLUMN_REF"))
        return false;
    bool nothing = true;
    json_array_foreach(tree, i, child) nothing = nothing && sql_is_from_nothing(child);
    json_object_foreach(sql_mutable(tree), key, member) nothing =
        nothing && sql_is_from_nothing(member);
    return nothing;
}

sql_rel *sql_rel_opaque(sql_builder *b, const json_t *tree, const char *what) {
    int64_t location = sql_location(tree);
    if (location == SQL_NO_PLACE)
        location = sql_location_within(tree);
    sql_rel *rel = sql_rel_new(b, REL_OPAQUE, what, location);
    rel->open = true;
    rel->from_nothing = tree && sql_is_from_nothing(tree);
    rel->veil = (sql_reason){.text = arena_printf(b->arena, "the columns of %s", what),
                             .location = location};
    sql_reason why = {.text = arena_printf(b->arena, "is read inside %s", what),
                      .location = location};
    sql_note_loose(b, tree, why);
    return rel;
}

static int64_t refuse(const sql_builder *b, const sql_rel *rel, const char *name, bool twice,
                      sql_reason *why) {
    const char *veil = rel->veil.text ? rel->veil.text : "columns that are not known";
    *why = (sql_reason){.location = rel->location};
    if (twice) {
        why->text = arena_printf(b->arena, "there are two columns \"%s\"", name);
    } else if (rel->open) {
        why->text = arena_printf(b->arena, "\"%s\" cannot be told from %s", name, veil);
        why->location = rel->veil.text ? rel->veil.location : rel->location;
    } else {
        why->text = arena_printf(b->arena, "there is no column \"%s\"", name);
    }
    return -1;
}

int64_t sql_rel_find(const sql_builder *b, const sql_rel *rel, const char *name, sql_reason *why) {
    int64_t found = -1;
    for (size_t i = 0; i < rel->items.count; i++) {
        const char *item = rel->items.items[i].name;
        if (!item || !sql_same_name(item, name))
            continue;
        if (found >= 0)
            return refuse(b, rel, name, true, why);
        found = (int64_t)i;
    }
    return found >= 0 ? found : refuse(b, rel, name, false, why);
}

static void add_pair(sql_builder *b, sql_rel *rel, size_t left, size_t right, const char *name) {
    size_t count = rel->items.count;
    sql_item item = {.name = name, .expr = sql_ref(&b->pool, count), .location = rel->location};
    vec_push(b->arena, &rel->items, item);
    rel->left_at[count] = left;
    rel->right_at[count] = right;
}

static void pair_by_position(sql_builder *b, sql_rel *rel) {
    size_t left = rel->left->items.count, right = rel->right->items.count;
    rel->open = rel->left->open || rel->right->open || left != right;
    rel->veil = rel->left->open ? rel->left->veil : rel->right->veil;
    for (size_t i = 0; i < left && i < right; i++)
        add_pair(b, rel, i, i, rel->left->items.items[i].name);
}

static size_t find_or_none(sql_builder *b, const sql_rel *rel, const char *name) {
    sql_reason why;
    int64_t found = sql_rel_find(b, rel, name, &why);
    return found < 0 ? SIZE_MAX : (size_t)found;
}

static void pair_by_name(sql_builder *b, sql_rel *rel) {
    rel->open = rel->left->open || rel->right->open;
    rel->veil = rel->left->open ? rel->left->veil : rel->right->veil;
    for (size_t i = 0; i < rel->left->items.count; i++) {
        const char *name = rel->left->items.items[i].name;
        add_pair(b, rel, i, name ? find_or_none(b, rel->right, name) : SIZE_MAX, name);
    }
    for (size_t i = 0; i < rel->right->items.count; i++) {
        const char *name = rel->right->items.items[i].name;
        if (!name || find_or_none(b, rel->left, name) == SIZE_MAX)
            add_pair(b, rel, SIZE_MAX, i, name);
    }
}

static void note_modifiers(sql_rel *rel, const json_t *node) {
    const json_t *modifiers = json_object_get(node, "modifiers");
    const json_t *modifier;
    size_t i;
    json_array_foreach(modifiers, i, modifier) {
        const char *type = sql_text(modifier, "type");
        if (str_eq(type, "DISTINCT_MODIFIER"))
            rel->distinct = true;
        else if (!str_eq(type, "ORDER_MODIFIER"))
            rel->cut = (sql_reason){.text = "LIMIT", .location = sql_location_within(modifier)};
    }
}

static sql_rel *build_setop(sql_builder *b, const json_t *node, const sql_cte *ctes) {
    const char *type = sql_text(node, "setop_type");
    bool by_name = str_eq(type, "UNION_BY_NAME");
    bool is_union = by_name || str_eq(type, "UNION");
    if (!is_union && !str_eq(type, "EXCEPT") && !str_eq(type, "INTERSECT"))
        return sql_rel_opaque(b, node, type);
    sql_rel *rel = sql_rel_new(b, REL_SETOP, by_name ? "UNION" : type, SQL_NO_PLACE);
    rel->left = sql_build_query(b, json_object_get(node, "left"), ctes);
    rel->right = sql_build_query(b, json_object_get(node, "right"), ctes);
    rel->location = rel->right->location;
    rel->distinct = !is_union || !json_get_bool(node, "setop_all", false);
    size_t most = rel->left->items.count + rel->right->items.count;
    rel->left_at = ARENA_ARRAY(b->arena, size_t, most);
    rel->right_at = ARENA_ARRAY(b->arena, size_t, most);
    if (by_name)
        pair_by_name(b, rel);
    else
        pair_by_position(b, rel);
    note_modifiers(rel, node);
    sql_note_subqueries(b, json_object_get(node, "modifiers"));
    return rel;
}

/* Each CTE sees those before it. */
static const sql_cte *add_ctes(sql_builder *b, const json_t *node, const sql_cte *ctes) {
    const json_t *map = json_object_get(json_object_get(node, "cte_map"), "map");
    const json_t *entry;
    size_t i;
    json_array_foreach(map, i, entry) {
        sql_cte *cte = ARENA_NEW(b->arena, sql_cte);
        *cte = (sql_cte){.name = sql_text(entry, "key"),
                         .value = json_object_get(entry, "value"),
                         .outer = ctes};
        ctes = cte;
    }
    return ctes;
}

sql_rel *sql_build_query(sql_builder *b, const json_t *node, const sql_cte *ctes) {
    const char *type = sql_text(node, "type");
    if (b->made > RELS_MAX || b->depth > QUERIES_DEEP_MAX)
        b->failed = E_DEFINITION;
    if (b->failed != OK)
        return sql_rel_opaque(b, NULL, "too large a query");
    ctes = add_ctes(b, node, ctes);
    b->depth++;
    sql_rel *rel;
    if (str_eq(type, "SELECT_NODE"))
        rel = sql_build_select(b, node, ctes);
    else if (str_eq(type, "SET_OPERATION_NODE"))
        rel = build_setop(b, node, ctes);
    else if (str_eq(type, "RECURSIVE_CTE_NODE"))
        rel = sql_rel_opaque(b, node, "a recursive CTE");
    else
        rel = sql_rel_opaque(b, node, *type ? type : "an unknown query");
    b->depth--;
    return rel;
}

sql_rel *sql_rel_build(sql_builder *b, const json_t *tree) {
    b->cte_bodies = strmap_new(b->arena);
    sql_note_ctes(b, tree);
    return sql_build_query(b, sql_tree_node(tree), NULL);
}
