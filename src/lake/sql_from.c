#include "lake/sql_build.h"

#include "base/str.h"
#include "lake/sql_tree.h"

#include <strings.h>

/* Columns of one FROM item under their names there. */
typedef struct naming {
    const char *schema, *table;
    const json_t *aliases;       /* of the reference: t(a, b) */
    const json_t *inner_aliases; /* of a CTE: WITH t(a, b); they come first */
    bool renames_twins;          /* a subquery's second d is called d_1 */
} naming;

static const char *nth_alias(const json_t *aliases, size_t i) {
    return json_string_value(json_array_get(aliases, i));
}

static const char *aliased(const naming *n, const sql_rel *rel, size_t i) {
    const char *name = rel->items.items[i].name;
    const char *inner = nth_alias(n->inner_aliases, i);
    const char *outer = nth_alias(n->aliases, i);
    return outer ? outer : inner ? inner : name;
}

/* May the name be one that the engine made for an earlier column's twin? */
static bool is_twin_name(const sql_scope *scope, const strings *twins, const char *name) {
    size_t count;
    scope_find(scope, name, &count);
    if (count > 0)
        return true;
    for (size_t i = 0; i < twins->count; i++) {
        size_t size = strlen(twins->items[i]);
        if (strncasecmp(name, twins->items[i], size) == 0 && name[size] == '_')
            return true;
    }
    return false;
}

static sql_from name_rel(sql_builder *b, sql_rel *rel, const naming *n) {
    sql_from from = {.rel = rel, .scope = {.width = rel->items.count}};
    scope_table table = {
        .schema = n->schema, .name = n->table, .count = rel->items.count, .open = rel->open};
    strings twins = {0};
    for (size_t i = 0; i < rel->items.count; i++) {
        const char *name = aliased(n, rel, i);
        if (name && n->renames_twins && is_twin_name(&from.scope, &twins, name)) {
            vec_push(b->arena, &twins, name);
            name = NULL;
        }
        json_t *own = sql_ref(&b->pool, i);
        scope_column offer = {.name = name, .own = own, .merged = own};
        vec_push(b->arena, &from.scope.columns, offer);
    }
    vec_push(b->arena, &from.scope.tables, table);
    return from;
}

static void fill_own_items(sql_builder *b, sql_rel *rel, size_t count) {
    for (size_t i = rel->items.count; i < count; i++) {
        sql_item item = {.expr = sql_ref(&b->pool, i), .location = SQL_NO_PLACE};
        vec_push(b->arena, &rel->items, item);
    }
}

static void note_sample(sql_rel *rel, const json_t *from) {
    if (json_is_object(json_object_get(from, "sample")))
        rel->cut = (sql_reason){.text = "TABLESAMPLE", .location = rel->location};
}

static sql_rel *build_input(sql_builder *b, const json_t *table, size_t input) {
    const sql_shape *shape = &b->question->inputs[input];
    sql_rel *rel = sql_rel_new(b, REL_TABLE, shape->table, sql_location(table));
    rel->input = input;
    fill_own_items(b, rel, shape->columns.count);
    for (size_t i = 0; i < shape->columns.count; i++)
        rel->items.items[i].name = shape->columns.items[i].name;
    vec_push(b->arena, &b->tables, rel);
    return rel;
}

static const sql_cte *find_cte(const sql_cte *ctes, const char *name) {
    for (; ctes; ctes = ctes->outer) {
        if (sql_same_name(ctes->name, name))
            return ctes;
    }
    return NULL;
}

static sql_from build_table(sql_builder *b, const json_t *table, const sql_cte *ctes) {
    const char *alias = sql_text(table, "alias");
    const char *schema = sql_text(table, "schema_name");
    naming n = {.schema = *alias ? "" : schema,
                .table = *alias ? alias : sql_text(table, "table_name"),
                .aliases = json_object_get(table, "column_name_alias")};
    const sql_cte *cte = *schema ? NULL : find_cte(ctes, sql_text(table, "table_name"));
    int64_t input = sql_input_of(b, table);
    sql_rel *rel;
    if (cte) {
        n.inner_aliases = json_object_get(cte->value, "aliases");
        n.renames_twins = true;
        const json_t *query = json_object_get(cte->value, "query");
        rel = sql_build_query(b, json_object_get(query, "node"), cte->outer);
    } else if (input >= 0) {
        rel = build_input(b, table, (size_t)input);
    } else {
        rel = sql_rel_opaque(b, table, sql_text(table, "table_name"));
    }
    note_sample(rel, table);
    return name_rel(b, rel, &n);
}

static sql_from build_subquery(sql_builder *b, const json_t *from, const sql_cte *ctes) {
    naming n = {.schema = "",
                .table = sql_text(from, "alias"),
                .aliases = json_object_get(from, "column_name_alias"),
                .renames_twins = true};
    const json_t *query = json_object_get(from, "subquery");
    sql_rel *rel = sql_build_query(b, json_object_get(query, "node"), ctes);
    note_sample(rel, from);
    return name_rel(b, rel, &n);
}

/* Both sides' names over the join's columns: the left's, then the right's. */
static sql_scope join_scopes(sql_builder *b, const sql_scope *left, const sql_scope *right) {
    sql_scope both = {.width = left->width + right->width};
    int64_t delta = (int64_t)left->width;
    for (size_t i = 0; i < left->columns.count; i++)
        vec_push(b->arena, &both.columns, left->columns.items[i]);
    for (size_t i = 0; i < left->tables.count; i++)
        vec_push(b->arena, &both.tables, left->tables.items[i]);
    for (size_t i = 0; i < right->columns.count; i++) {
        scope_column offer = right->columns.items[i];
        offer.own = sql_expr_move(&b->pool, b->arena, offer.own, delta);
        offer.merged = sql_expr_move(&b->pool, b->arena, offer.merged, delta);
        vec_push(b->arena, &both.columns, offer);
    }
    for (size_t i = 0; i < right->tables.count; i++) {
        scope_table table = right->tables.items[i];
        table.first += left->columns.count;
        vec_push(b->arena, &both.tables, table);
    }
    return both;
}

static sql_join_kind join_kind(const json_t *join) {
    static const struct {
        const char *name;
        sql_join_kind kind;
    } kinds[] = {{"INNER", JOIN_INNER}, {"LEFT", JOIN_LEFT}, {"RIGHT", JOIN_RIGHT},
                 {"FULL", JOIN_FULL},   {"SEMI", JOIN_HALF}, {"ANTI", JOIN_HALF}};
    const char *ref = sql_text(join, "ref_type");
    bool known = str_eq(ref, "REGULAR") || str_eq(ref, "NATURAL") || str_eq(ref, "CROSS")
                 || str_eq(ref, "ASOF");
    for (size_t i = 0; known && i < ARRAY_SIZE(kinds); i++) {
        if (sql_is(join, "join_type", kinds[i].name))
            return kinds[i].kind;
    }
    return JOIN_OTHER;
}

/* What USING (name) makes of the two columns: one, which a bare name or * means. */
static bool merge_column(sql_builder *b, sql_rel *rel, const sql_scope *left, sql_scope *both,
                         const char *name, bool equal) {
    sql_scope right = {.columns = both->columns, .width = both->width};
    right.columns.items += left->columns.count;
    right.columns.count -= left->columns.count;
    size_t left_count, right_count;
    const scope_column *kept = scope_find(left, name, &left_count);
    scope_column *hidden = scope_find(&right, name, &right_count);
    if (!kept || !hidden)
        return false;
    scope_column *shown = &both->columns.items[kept - left->columns.items];
    sql_fact fact = {.left = kept->merged, .right = hidden->merged};
    if (equal)
        vec_push(b->arena, &rel->on, fact);
    if (rel->join == JOIN_RIGHT)
        shown->merged = hidden->merged;
    else if (rel->join == JOIN_FULL)
        shown->merged = sql_coalesce(&b->pool, kept->merged, hidden->merged);
    hidden->hidden = true;
    return true;
}

/* The last column of ASOF's USING is compared by >=. */
static bool merge_using(sql_builder *b, sql_rel *rel, const json_t *join, const sql_scope *left,
                        sql_scope *both) {
    const json_t *names = json_object_get(join, "using_columns");
    const json_t *name;
    size_t i;
    json_array_foreach(names, i, name) {
        bool equal = !rel->nearest || i + 1 < json_array_size(names);
        if (!json_is_string(name)
            || !merge_column(b, rel, left, both, json_string_value(name), equal))
            return false;
    }
    return true;
}

static bool merge_natural(sql_builder *b, sql_rel *rel, const sql_scope *left,
                          const sql_scope *right, sql_scope *both) {
    if (scope_is_open(left) || scope_is_open(right))
        return false;
    for (size_t i = 0; i < left->columns.count; i++) {
        const scope_column *offer = &left->columns.items[i];
        size_t count;
        if (offer->hidden || !offer->name)
            continue;
        scope_find(right, offer->name, &count);
        if (count > 0 && !merge_column(b, rel, left, both, offer->name, true))
            return false;
    }
    return true;
}

static sql_from opaque_from(sql_builder *b, const json_t *from, const char *what) {
    naming n = {.schema = "", .table = sql_text(from, "alias")};
    return name_rel(b, sql_rel_opaque(b, from, what), &n);
}

/* Some table functions have one column, called like themselves. */
static sql_from build_table_function(sql_builder *b, const json_t *from) {
    const char *function = sql_text(json_object_get(from, "function"), "function_name");
    const char *what = arena_printf(b->arena, "%s()", function);
    const char *alias = sql_text(from, "alias");
    bool single = sql_same_name(function, "unnest") || sql_same_name(function, "range")
                  || sql_same_name(function, "generate_series");
    naming n = {.schema = "",
                .table = *alias ? alias : function,
                .aliases = json_object_get(from, "column_name_alias")};
    sql_rel *rel = sql_rel_opaque(b, from, what);
    if (single && sql_is(from, "with_ordinality", "WITHOUT_ORDINALITY")) {
        rel->open = false;
        fill_own_items(b, rel, 1);
        rel->items.items[0].name = str_lower(b->arena, function);
    }
    return name_rel(b, rel, &n);
}

static sql_from build_values(sql_builder *b, const json_t *from) {
    naming n = {.schema = "", .table = sql_text(from, "alias")};
    sql_rel *rel = sql_rel_opaque(b, from, "VALUES");
    rel->open = false;
    fill_own_items(b, rel, json_array_size(json_array_get(json_object_get(from, "values"), 0)));
    for (size_t i = 0; i < rel->items.count; i++)
        rel->items.items[i].name = arena_printf(b->arena, "col%zu", i);
    return name_rel(b, rel, &n);
}

static const char *join_name(sql_builder *b, const json_t *join) {
    const char *ref = sql_text(join, "ref_type");
    if (str_eq(ref, "REGULAR"))
        return arena_printf(b->arena, "%s JOIN", sql_text(join, "join_type"));
    return arena_printf(b->arena, "%s JOIN", ref);
}

static sql_from build_join(sql_builder *b, const json_t *join, const sql_cte *ctes) {
    const char *name = join_name(b, join);
    if (join_kind(join) == JOIN_OTHER || *sql_text(join, "alias"))
        return opaque_from(b, join, name);
    sql_from left = sql_build_from(b, json_object_get(join, "left"), ctes);
    sql_from right = sql_build_from(b, json_object_get(join, "right"), ctes);
    if (!left.rel || !right.rel)
        return opaque_from(b, join, name);
    int64_t location = sql_location(join);
    if (location == SQL_NO_PLACE) /* a comma */
        location = right.rel->location;
    sql_rel *rel = sql_rel_new(b, REL_JOIN, name, location);
    rel->left = left.rel;
    rel->right = right.rel;
    rel->join = join_kind(join);
    rel->nearest = sql_is(join, "ref_type", "ASOF");
    sql_from from = {.rel = rel, .scope = join_scopes(b, &left.scope, &right.scope)};
    fill_own_items(b, rel, from.scope.width);
    const json_t *condition = json_object_get(join, "condition");
    sql_names_seen names = {.builder = b, .scope = &from.scope};
    sql_note_subqueries(b, condition);
    scope_facts(&names, condition, &rel->on);
    bool merged = sql_is(join, "ref_type", "NATURAL")
                      ? merge_natural(b, rel, &left.scope, &right.scope, &from.scope)
                      : merge_using(b, rel, join, &left.scope, &from.scope);
    if (!merged)
        return opaque_from(b, join, name);
    if (rel->join == JOIN_HALF) {
        from.scope.columns.count = left.scope.columns.count;
        from.scope.tables.count = left.scope.tables.count;
    }
    return from;
}

sql_from sql_build_from(sql_builder *b, const json_t *from, const sql_cte *ctes) {
    const char *type = sql_text(from, "type");
    if (str_eq(type, "EMPTY"))
        return (sql_from){0};
    if (str_eq(type, "BASE_TABLE"))
        return build_table(b, from, ctes);
    if (str_eq(type, "SUBQUERY"))
        return build_subquery(b, from, ctes);
    if (str_eq(type, "JOIN"))
        return build_join(b, from, ctes);
    if (str_eq(type, "TABLE_FUNCTION"))
        return build_table_function(b, from);
    if (str_eq(type, "EXPRESSION_LIST"))
        return build_values(b, from);
    return opaque_from(b, from, type);
}
