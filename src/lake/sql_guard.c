#include "lake/sql_guard.h"

#include "base/str.h"

static const sql_exprs NO_FILTERS = {0};

/* Does each row that comes out depend on one row of FROM alone? */
static bool is_plain(const sql_rel *rel) {
    const sql_select *s = &rel->select;
    return s->groupings.count == 0 && !s->collapse.text && !s->nulled.text && !rel->cut.text;
}

static void guard(sql_following *f, sql_rel *rel, const sql_exprs *filters);

static void guard_select(sql_following *f, sql_rel *rel, const sql_exprs *filters) {
    arena *a = f->builder->arena;
    sql_exprs below = {0};
    if (!rel->select.from)
        return;
    for (size_t i = 0; i < rel->select.filters.count; i++)
        vec_push(a, &below, rel->select.filters.items[i]);
    for (size_t i = 0; is_plain(rel) && i < filters->count; i++) {
        json_t *expr = sql_descend(f, rel, filters->items[i], NULL);
        if (expr)
            vec_push(a, &below, expr);
    }
    guard(f, rel->select.from, &below);
}

/* Those filters that speak of one side alone, over its columns. */
static sql_exprs filters_of(sql_following *f, const sql_rel *join, const sql_exprs *filters,
                            bool right) {
    size_t width = join->left->items.count;
    size_t first = right ? width : 0, end = right ? join->items.count : width;
    sql_exprs side = {0};
    for (size_t i = 0; i < filters->count; i++) {
        size_t all;
        if (sql_ref_count(filters->items[i], first, end, &all) != all || all == 0)
            continue;
        json_t *moved =
            sql_expr_move(&f->builder->pool, f->builder->arena, filters->items[i], -(int64_t)first);
        if (moved)
            vec_push(f->builder->arena, &side, moved);
    }
    return side;
}

/* A row of the side that may be absent matters even when it is dropped: it is why none is NULL. */
static void guard_join(sql_following *f, sql_rel *rel, const sql_exprs *filters) {
    bool inner = rel->join == JOIN_INNER && !rel->nearest;
    bool left = rel->join == JOIN_INNER || rel->join == JOIN_LEFT || rel->join == JOIN_HALF;
    bool right = inner || rel->join == JOIN_RIGHT;
    sql_exprs of_left = left ? filters_of(f, rel, filters, false) : NO_FILTERS;
    sql_exprs of_right = right ? filters_of(f, rel, filters, true) : NO_FILTERS;
    guard(f, rel->left, &of_left);
    guard(f, rel->right, &of_right);
}

static void guard(sql_following *f, sql_rel *rel, const sql_exprs *filters) {
    const sql_exprs *kept = rel->cut.text ? &NO_FILTERS : filters;
    switch (rel->kind) {
    case REL_TABLE:
        rel->guards = *kept;
        return;
    case REL_SELECT:
        guard_select(f, rel, kept);
        return;
    case REL_JOIN:
        guard_join(f, rel, kept);
        return;
    case REL_SETOP:
        guard(f, rel->left, &NO_FILTERS);
        guard(f, rel->right, &NO_FILTERS);
        return;
    case REL_OPAQUE:
        return;
    }
}

void sql_guard(sql_following *f, sql_rel *root) {
    guard(f, root, &NO_FILTERS);
}

/* The conjunction, of those that the engine takes by themselves; NULL when none is left. */
static const char *text_of(sql_following *f, const sql_rel *table) {
    strings terms = {0};
    for (size_t i = 0; i < table->guards.count; i++) {
        json_t *expr = table->guards.items[i];
        const char *text = sql_expr_text(f, table, expr);
        if (text && sql_type_of(f, table, expr))
            vec_push(f->builder->arena, &terms, text);
    }
    return terms.count > 0 ? str_join(f->builder->arena, &terms, " AND ") : NULL;
}

const char *sql_guard_text(sql_following *f, size_t input) {
    arena *a = f->builder->arena;
    strings readings = {0};
    for (size_t i = 0; i < f->builder->tables.count; i++) {
        const sql_rel *table = f->builder->tables.items[i];
        if (table->input != input)
            continue;
        const char *text = text_of(f, table);
        if (!text)
            return NULL;
        if (!strings_contain(&readings, text))
            vec_push(a, &readings, text);
    }
    if (readings.count < 2)
        return readings.count == 1 ? readings.items[0] : NULL;
    return arena_printf(a, "(%s)", str_join(a, &readings, ") OR ("));
}
