#include "lake/sql_expr.h"

#include "base/str.h"
#include "lake/sql_names.h"
#include "lake/sql_tree.h"

typedef struct copying {
    const sql_columns *by;
    size_t budget; /* nodes that may still be made */
    sql_reason *why;
} copying;

static json_t *copy_value(copying *c, const json_t *value);

json_t *sql_keep(sql_pool *pool, json_t *value) {
    if (!pool->kept)
        pool->kept = json_array();
    ASSERT(value && json_array_append_new(pool->kept, value) == 0);
    return value;
}

void sql_pool_free(sql_pool *pool) {
    json_decref(pool->kept);
    pool->kept = NULL;
}

static json_t *refuse(copying *c, const json_t *at, const char *text) {
    if (!c->why->text)
        *c->why = (sql_reason){.text = text, .location = sql_location_within(at)};
    return NULL;
}

static json_t *refuse_function(copying *c, const json_t *at, const char *kind) {
    return refuse(c, at,
                  arena_printf(c->by->arena, "%s %s()", kind, sql_text(at, "function_name")));
}

static size_t count_nodes(const json_t *value, size_t limit) {
    const char *key;
    json_t *child;
    size_t i, count = 1;
    json_object_foreach(sql_mutable(value), key, child) {
        if (count > limit)
            return count;
        count += count_nodes(child, limit - count);
    }
    json_array_foreach(value, i, child) {
        if (count > limit)
            return count;
        count += count_nodes(child, limit - count);
    }
    return count;
}

/* What stands for the column, under the alias that the column has where it is used: struct_pack and
 * named arguments give the alias a meaning. */
static json_t *copy_column(copying *c, const json_t *ref) {
    json_t *value = c->by->column(c->by->state, ref, c->why);
    if (!value)
        return NULL;
    size_t size = count_nodes(value, c->budget);
    if (size > c->budget)
        return refuse(c, ref, "an expression that is too large");
    c->budget -= size;
    const char *alias = sql_text(ref, "alias");
    if (!*alias)
        return json_incref(value);
    json_t *named = json_copy(value);
    json_object_set_new(named, "alias", json_string(alias));
    return named;
}

static json_t *copy_members(copying *c, const json_t *object) {
    json_t *made = json_object();
    const char *key;
    json_t *child;
    json_object_foreach(sql_mutable(object), key, child) {
        if (str_eq(key, "query_location"))
            continue;
        json_t *copy = copy_value(c, child);
        if (!copy || json_object_set_new(made, key, copy) != 0) {
            json_decref(made);
            return NULL;
        }
    }
    return made;
}

static json_t *copy_array(copying *c, const json_t *array) {
    json_t *made = json_array();
    const json_t *child;
    size_t i;
    json_array_foreach(array, i, child) {
        json_t *copy = copy_value(c, child);
        if (!copy || json_array_append_new(made, copy) != 0) {
            json_decref(made);
            return NULL;
        }
    }
    return made;
}

static bool is_aggregate_call(const json_t *function) {
    const json_t *orders = json_object_get(json_object_get(function, "order_bys"), "orders");
    return sql_is_aggregate(sql_text(function, "function_name"))
           || json_get_bool(function, "distinct", false)
           || json_is_object(json_object_get(function, "filter")) || json_array_size(orders) > 0;
}

static json_t *copy_function(copying *c, const json_t *function) {
    const char *name = sql_text(function, "function_name");
    if (is_aggregate_call(function))
        return refuse_function(c, function, "the aggregate");
    if (sql_is_unnest(name))
        return refuse_function(c, function, "the row-making function");
    return copy_members(c, function);
}

/* payload->'$.day' is parsed like a lambda; only with a constant behind the arrow it is none. */
static json_t *copy_arrow(copying *c, const json_t *arrow) {
    if (!sql_is(json_object_get(arrow, "expr"), "class", "CONSTANT"))
        return refuse(c, arrow, "a lambda");
    return copy_members(c, arrow);
}

static json_t *copy_operator(copying *c, const json_t *operator) {
    if (sql_is(operator, "type", "GROUPING_FUNCTION"))
        return refuse(c, operator, "GROUPING()");
    return copy_members(c, operator);
}

static json_t *copy_expression(copying *c, const json_t *expr) {
    static const char *const plain[] = {"CONSTANT",    "CAST",    "COMPARISON",
                                        "CONJUNCTION", "BETWEEN", "CASE"};
    const char *class = sql_text(expr, "class");
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        if (str_eq(class, plain[i]))
            return copy_members(c, expr);
    }
    if (str_eq(class, "COLUMN_REF") || str_eq(class, "REF"))
        return copy_column(c, expr);
    if (str_eq(class, "FUNCTION"))
        return copy_function(c, expr);
    if (str_eq(class, "OPERATOR"))
        return copy_operator(c, expr);
    if (str_eq(class, "LAMBDA"))
        return copy_arrow(c, expr);
    if (str_eq(class, "WINDOW"))
        return refuse_function(c, expr, "the window function");
    if (str_eq(class, "SUBQUERY"))
        return refuse(c, expr, "a subquery");
    if (str_eq(class, "STAR"))
        return refuse(c, expr, "COLUMNS()");
    if (str_eq(class, "COLLATE"))
        return refuse(c, expr, "a collation");
    return refuse(c, expr, "a construct that has no map");
}

static json_t *copy_value(copying *c, const json_t *value) {
    if (c->budget == 0)
        return refuse(c, value, "an expression that is too large");
    c->budget--;
    if (json_is_array(value))
        return copy_array(c, value);
    if (!json_is_object(value))
        return json_copy(sql_mutable(value));
    if (*sql_text(value, "collation"))
        return refuse(c, value, "a collation");
    if (json_is_string(json_object_get(value, "class")))
        return copy_expression(c, value);
    return copy_members(c, value);
}

/* The budget counts JSON values, of which an expression's node has about this many. */
enum { VALUES_PER_NODE = 8 };

json_t *sql_expr_copy(const sql_columns *by, const json_t *expr, sql_reason *why) {
    sql_reason unused = {0};
    copying c = {
        .by = by, .budget = (size_t)SQL_EXPR_MAX * VALUES_PER_NODE, .why = why ? why : &unused};
    json_t *copy = copy_value(&c, expr);
    if (!copy)
        return NULL;
    if (!*sql_text(copy, "alias"))
        return sql_keep(by->pool, copy);
    json_t *bare = json_copy(copy);
    json_decref(copy);
    json_object_set_new(bare, "alias", json_string(""));
    return sql_keep(by->pool, bare);
}

json_t *sql_ref(sql_pool *pool, size_t index) {
    return sql_keep(pool, json_pack("{s:s, s:s, s:I}", "class", "REF", "alias", "", "index",
                                    (json_int_t)index));
}

bool sql_is_ref(const json_t *expr) {
    return sql_is(expr, "class", "REF");
}

size_t sql_ref_index(const json_t *ref) {
    return (size_t)json_integer_value(json_object_get(ref, "index"));
}

json_t *sql_struct_field(sql_pool *pool, json_t *expr, const char *field) {
    json_t *name = json_pack("{s:s, s:s, s:s, s:{s:{s:s, s:n}, s:b, s:s}}", "class", "CONSTANT",
                             "type", "VALUE_CONSTANT", "alias", "", "value", "type", "id",
                             "VARCHAR", "type_info", "is_null", 0, "value", field);
    return sql_keep(pool, json_pack("{s:s, s:s, s:s, s:[O, o]}", "class", "OPERATOR", "type",
                                    "STRUCT_EXTRACT", "alias", "", "children", expr, name));
}

json_t *sql_coalesce(sql_pool *pool, json_t *left, json_t *right) {
    return sql_keep(pool, json_pack("{s:s, s:s, s:s, s:[O, O]}", "class", "OPERATOR", "type",
                                    "OPERATOR_COALESCE", "alias", "", "children", left, right));
}

static void count_refs(const json_t *value, size_t first, size_t end, size_t *all, size_t *in) {
    const char *key;
    json_t *child;
    size_t i;
    if (sql_is_ref(value)) {
        size_t index = sql_ref_index(value);
        (*all)++;
        *in += index >= first && index < end;
        return;
    }
    json_object_foreach(sql_mutable(value), key, child) count_refs(child, first, end, all, in);
    json_array_foreach(value, i, child) count_refs(child, first, end, all, in);
}

size_t sql_ref_count(const json_t *expr, size_t first, size_t end, size_t *ret_all) {
    size_t all = 0, in = 0;
    count_refs(expr, first, end, &all, &in);
    if (ret_all)
        *ret_all = all;
    return in;
}

typedef struct moving {
    sql_pool *pool;
    int64_t delta;
} moving;

static json_t *move_column(void *state, const json_t *ref, sql_reason *why) {
    (void)why;
    moving *m = state;
    return sql_ref(m->pool, (size_t)((int64_t)sql_ref_index(ref) + m->delta));
}

json_t *sql_expr_move(sql_pool *pool, arena *a, json_t *expr, int64_t delta) {
    if (delta == 0)
        return expr;
    moving m = {.pool = pool, .delta = delta};
    sql_columns by = {.column = move_column, .state = &m, .pool = pool, .arena = a};
    return sql_expr_copy(&by, expr, NULL);
}
