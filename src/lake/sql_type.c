#include "lake/sql_require.h"

#include "base/str.h"
#include "lake/sql_tree.h"

typedef struct renaming {
    sql_following *f;
    const sql_rel *table;
} renaming;

static json_t *bare_name(void *state, const json_t *ref, sql_reason *why) {
    (void)why;
    const renaming *r = state;
    size_t index = sql_ref_index(ref);
    if (index >= r->table->items.count)
        return NULL;
    json_t *named = json_pack("{s:s, s:s, s:s, s:[s]}", "class", "COLUMN_REF", "type", "COLUMN_REF",
                              "alias", "", "column_names", r->table->items.items[index].name);
    return named ? sql_keep(&r->f->builder->pool, named) : NULL;
}

json_t *sql_bare_names(sql_following *f, const sql_rel *table, json_t *expr) {
    renaming r = {.f = f, .table = table};
    sql_columns by = {
        .column = bare_name, .state = &r, .pool = &f->builder->pool, .arena = f->builder->arena};
    return sql_expr_copy(&by, expr, NULL);
}

static json_t *select_of(json_t *expr) {
    json_t *from = json_pack("{s:s, s:s, s:n}", "type", "EMPTY", "alias", "", "sample");
    json_t *node =
        json_pack("{s:s, s:[], s:{s:[]}, s:[O], s:o, s:n, s:[], s:[], s:s, s:n, s:n, s:n}", "type",
                  "SELECT_NODE", "modifiers", "cte_map", "map", "select_list", expr, "from_table",
                  from, "where_clause", "group_expressions", "group_sets", "aggregate_handling",
                  "STANDARD_HANDLING", "having", "sample", "qualify");
    return json_pack("{s:b, s:[{s:o, s:[]}]}", "error", 0, "statements", "node", node,
                     "named_param_map");
}

/* An answer "no" is one; anything else that goes wrong ends the inference. */
static bool note_failure(sql_following *f, status result, const error *err) {
    if (result == OK)
        return true;
    if (result != E_DEFINITION && f->failed == OK) {
        f->failed = result;
        if (f->err)
            *f->err = *err;
    }
    return false;
}

const char *sql_expr_text(sql_following *f, const sql_rel *table, json_t *expr) {
    static const char select[] = "SELECT ";
    json_t *named = table ? sql_bare_names(f, table, expr) : expr;
    error err = {0};
    char *text;
    if (!named || f->failed != OK)
        return NULL;
    JSON_AUTO tree = select_of(named);
    ASSERT(tree);
    if (!note_failure(f, f->engine->render(f->engine->state, tree, f->builder->arena, &text, &err),
                      &err))
        return NULL;
    return str_starts(text, select) ? text + sizeof select - 1 : NULL;
}

static char *quoted_table(arena *a, const char *table) {
    buf text = buf_new(a);
    const char *dot = strchr(table, '.');
    ASSERT(dot);
    buf_sql_identifier(&text, arena_strndup(a, table, (size_t)(dot - table)));
    buf_char(&text, '.');
    buf_sql_identifier(&text, dot + 1);
    return text.text;
}

/* WHERE refuses what is no scalar (an aggregate that is not listed, say), so that its type
 * counts as not known. */
static const char *describe(sql_following *f, const sql_rel *table, const char *expr) {
    arena *a = f->builder->arena;
    const sql_shape *shape = table ? &f->builder->question->inputs[table->input] : NULL;
    const char *from = table ? arena_printf(a, " FROM %s", quoted_table(a, shape->table)) : "";
    char *sql = arena_printf(a, "SELECT (%s) AS value%s WHERE (%s) IS NOT NULL", expr, from, expr);
    columns found = {0};
    error err = {0};
    status result =
        f->engine->describe(f->engine->state, sql, shape, table ? 1 : 0, a, &found, &err);
    if (!note_failure(f, result, &err) || found.count != 1)
        return NULL;
    return found.items[0].type;
}

static const char *type_over_table(sql_following *f, const sql_rel *table, json_t *expr) {
    const char *text = sql_expr_text(f, table, expr);
    if (!text)
        return NULL;
    char *key = arena_printf(f->builder->arena, "%s %s", table ? table->name : "", text);
    if (!strmap_has(f->types, key))
        strmap_set(f->types, key, (void *)(uintptr_t)describe(f, table, text));
    return strmap_get(f->types, key);
}

static const char *type_over_join(sql_following *f, const sql_rel *join, json_t *expr) {
    size_t all, width = join->left->items.count;
    size_t left = sql_ref_count(expr, 0, width, &all);
    if (left == all)
        return sql_type_of(f, join->left, expr);
    if (left > 0)
        return NULL;
    json_t *moved = sql_expr_move(&f->builder->pool, f->builder->arena, expr, -(int64_t)width);
    return moved ? sql_type_of(f, join->right, moved) : NULL;
}

typedef struct branching {
    const sql_rel *setop;
    const size_t *at;
    sql_pool *pool;
} branching;

static json_t *branch_column(void *state, const json_t *ref, sql_reason *why) {
    (void)why;
    const branching *b = state;
    size_t index = sql_ref_index(ref);
    if (index >= b->setop->items.count || b->at[index] == SIZE_MAX)
        return NULL;
    return sql_ref(b->pool, b->at[index]);
}

static const char *type_over_setop(sql_following *f, const sql_rel *setop, json_t *expr) {
    const char *types[2] = {NULL, NULL};
    for (size_t side = 0; side < 2; side++) {
        branching b = {.setop = setop,
                       .at = side ? setop->right_at : setop->left_at,
                       .pool = &f->builder->pool};
        sql_columns by = {.column = branch_column,
                          .state = &b,
                          .pool = &f->builder->pool,
                          .arena = f->builder->arena};
        json_t *in_branch = sql_expr_copy(&by, expr, NULL);
        if (in_branch)
            types[side] = sql_type_of(f, side ? setop->right : setop->left, in_branch);
    }
    return types[0] && types[1] && str_eq(types[0], types[1]) ? types[0] : NULL;
}

/* Whatever is cast, and of whatever relation, has the type that it is cast to. */
static const char *type_of_cast(const json_t *expr) {
    const json_t *type = json_object_get(expr, "cast_type");
    const char *id = sql_text(type, "id");
    bool plain = sql_is(expr, "class", "CAST") && json_is_null(json_object_get(type, "type_info"));
    return plain && type_can_partition(id) ? id : NULL;
}

const char *sql_type_of(sql_following *f, const sql_rel *rel, json_t *expr) {
    size_t refs;
    sql_ref_count(expr, 0, 0, &refs);
    if (refs == 0)
        return type_over_table(f, NULL, expr);
    if (rel->kind == REL_TABLE)
        return type_over_table(f, rel, expr);
    if (rel->kind == REL_JOIN)
        return type_over_join(f, rel, expr);
    if (rel->kind == REL_SETOP)
        return type_over_setop(f, rel, expr);
    if (rel->kind == REL_OPAQUE)
        return type_of_cast(expr);
    if (rel->kind != REL_SELECT || !rel->select.from)
        return NULL;
    json_t *below = sql_descend(f, rel, expr, NULL);
    return below ? sql_type_of(f, rel->select.from, below) : NULL;
}
