#include "lake/sql_require.h"

#include "base/str.h"
#include "lake/sql_tree.h"

/* More equalities than anyone writes are not looked at. */
enum { FACTS_MAX = 64, REWRITTEN_MAX = 20000 };

static json_t *item_column(void *state, const json_t *ref, sql_reason *why) {
    const sql_rel *rel = state;
    size_t index = sql_ref_index(ref);
    if (index >= rel->items.count)
        return NULL;
    const sql_item *item = &rel->items.items[index];
    if (!item->expr && !why->text)
        *why = item->why;
    return item->expr;
}

json_t *sql_descend(sql_following *f, const sql_rel *rel, json_t *expr, sql_reason *why) {
    sql_columns by = {.column = item_column,
                      .state = (void *)(uintptr_t)rel,
                      .pool = &f->builder->pool,
                      .arena = f->builder->arena};
    return sql_expr_copy(&by, expr, why);
}

static bool is_exact(sql_following *f, const sql_rel *rel, json_t *expr) {
    const char *type = sql_type_of(f, rel, expr);
    return type && type_can_partition(type);
}

/* '01' = 1 holds between text and number: equal values are the same only when the types are, and
 * when equality of that type is identity. */
static bool is_identity(sql_following *f, const sql_rel *rel, const sql_fact *fact) {
    const char *left = sql_type_of(f, rel, fact->left);
    const char *right = sql_type_of(f, rel, fact->right);
    return left && right && str_eq(left, right) && type_can_partition(left);
}

static bool has_expr(const sql_exprs *exprs, const json_t *expr) {
    for (size_t i = 0; i < exprs->count; i++) {
        if (json_equal(exprs->items[i], expr))
            return true;
    }
    return false;
}

/* expr and everything that facts make the same. */
static sql_exprs same_as(sql_following *f, const sql_rel *rel, json_t *expr,
                         const sql_facts_known *facts) {
    sql_exprs same = {0};
    vec_push(f->builder->arena, &same, expr);
    for (size_t at = 0; at < same.count; at++) {
        for (size_t i = 0; i < facts->count && i < FACTS_MAX; i++) {
            const sql_fact *fact = &facts->items[i];
            bool left = json_equal(fact->left, same.items[at]);
            if (!left && !json_equal(fact->right, same.items[at]))
                continue;
            json_t *other = left ? fact->right : fact->left;
            if (!has_expr(&same, other) && is_identity(f, rel, fact))
                vec_push(f->builder->arena, &same, other);
        }
    }
    return same;
}

typedef struct determining {
    sql_following *f;
    const sql_rel *rel;
    const sql_exprs *keys;
    const sql_facts_known *facts;
} determining;

static bool equals_key(const determining *d, json_t *expr) {
    sql_exprs same = same_as(d->f, d->rel, expr, d->facts);
    for (size_t i = 0; i < same.count; i++) {
        if (has_expr(d->keys, same.items[i]))
            return true;
    }
    return false;
}

static bool is_fixed(const determining *d, json_t *value) {
    const char *key;
    json_t *child;
    size_t i;
    bool is_expr = json_is_string(json_object_get(value, "class"));
    if (is_expr && equals_key(d, value))
        return is_exact(d->f, d->rel, value);
    if (sql_is_ref(value))
        return false;
    json_object_foreach(value, key, child) {
        if (!is_fixed(d, child))
            return false;
    }
    json_array_foreach(value, i, child) {
        if (!is_fixed(d, child))
            return false;
    }
    return true;
}

bool sql_is_determined(sql_following *f, const sql_rel *rel, json_t *expr, const sql_exprs *keys,
                       const sql_facts_known *facts) {
    determining d = {.f = f, .rel = rel, .keys = keys, .facts = facts};
    return equals_key(&d, expr) || is_fixed(&d, expr);
}

typedef struct rewriting {
    sql_following *f;
    const sql_rel *rel;
    size_t first, end;
    const sql_facts_known *facts;
    size_t budget;
} rewriting;

static json_t *rewrite_value(rewriting *r, json_t *value);

static bool is_within(const rewriting *r, const json_t *expr, size_t *ret_all) {
    return sql_ref_count(expr, r->first, r->end, ret_all) == *ret_all;
}

static json_t *rewrite_members(rewriting *r, json_t *value) {
    json_t *made = json_is_array(value) ? json_array() : json_object();
    const char *key;
    json_t *child;
    size_t i;
    bool whole = true;
    json_object_foreach(value, key, child) {
        json_t *copy = whole ? rewrite_value(r, child) : NULL;
        whole = whole && copy && json_object_set_new(made, key, copy) == 0;
    }
    json_array_foreach(value, i, child) {
        json_t *copy = whole ? rewrite_value(r, child) : NULL;
        whole = whole && copy && json_array_append_new(made, copy) == 0;
    }
    if (whole)
        return made;
    json_decref(made);
    return NULL;
}

/* A new reference, or NULL. */
static json_t *rewrite_value(rewriting *r, json_t *value) {
    size_t all;
    if (r->budget == 0)
        return NULL;
    r->budget--;
    if (is_within(r, value, &all))
        return json_incref(value);
    if (!json_is_string(json_object_get(value, "class")))
        return rewrite_members(r, value);
    sql_exprs same = same_as(r->f, r->rel, value, r->facts);
    for (size_t i = 1; i < same.count; i++) {
        if (is_within(r, same.items[i], &all) && all > 0)
            return json_incref(same.items[i]);
    }
    return sql_is_ref(value) ? NULL : rewrite_members(r, value);
}

json_t *sql_rewrite(sql_following *f, const sql_rel *rel, json_t *expr, size_t first, size_t end,
                    const sql_facts_known *facts) {
    rewriting r = {
        .f = f, .rel = rel, .first = first, .end = end, .facts = facts, .budget = REWRITTEN_MAX};
    json_t *made = rewrite_value(&r, expr);
    return made ? sql_keep(&f->builder->pool, made) : NULL;
}
