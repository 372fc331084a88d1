#include "lake/sql.h"

#include "base/str.h"
#include "lake/sql_order.h"
#include "lake/sql_guard.h"
#include "lake/sql_tree.h"

typedef struct inference {
    const sql_question *question;
    sql_following f;
    sql_builder builder;
    sql_rel *root;
    sql_reason *obstacles; /* per input, why it is read whole */
    bool followed;         /* the last run ended at the inputs */
    sql_reason why;        /* or why not */
} inference;

static bool find_tags(inference *in, sql_tags *tags) {
    const strings *wanted = in->question->partition_by;
    for (size_t i = 0; i < wanted->count; i++) {
        int64_t at = sql_rel_find(&in->builder, in->root, wanted->items[i], &in->why);
        if (at < 0)
            return false;
        sql_tag tag = {.expr = sql_ref(&in->builder.pool, (size_t)at),
                       .column = wanted->items[i],
                       .origin = SQL_NO_PLACE};
        vec_push(in->builder.arena, tags, tag);
    }
    return true;
}

/* Follow the partition columns down once, with the inputs that are known to be read whole. */
static void run(inference *in) {
    static const sql_facts_known none = {0};
    sql_tags tags = {0};
    for (size_t i = 0; i < in->builder.tables.count; i++) {
        in->builder.tables.items[i]->mapped = false;
        in->builder.tables.items[i]->why = (sql_reason){0};
    }
    in->f.misalignment = (sql_reason){0};
    in->f.groundless = (sql_reason){0};
    in->f.stopped_at = -1;
    in->why = (sql_reason){0};
    in->followed = find_tags(in, &tags) && sql_require(&in->f, in->root, &tags, &none, &in->why);
    if (!in->followed)
        sql_leave_whole(in->root, in->why);
}

static bool same_map(const sql_rel *a, const sql_rel *b) {
    for (size_t i = 0; i < a->map.count && i < b->map.count; i++) {
        if (!json_equal(a->map.items[i], b->map.items[i]))
            return false;
    }
    return a->map.count == b->map.count;
}

/* Why the rows of the input cannot all be told apart by one map; text NULL when they can. */
static sql_reason obstacle_of(const inference *in, size_t input) {
    const sql_rel *first = NULL;
    for (size_t i = 0; i < in->builder.loose.count; i++) {
        if (in->builder.loose.items[i].input == input)
            return in->builder.loose.items[i].why;
    }
    for (size_t i = 0; i < in->builder.tables.count; i++) {
        const sql_rel *table = in->builder.tables.items[i];
        if (table->input != input)
            continue;
        if (!table->mapped)
            return table->why.text ? table->why : in->why;
        if (first && !same_map(first, table))
            return (sql_reason){.text = "is read again with another expression",
                                .location = table->location};
        first = table;
    }
    return first ? (sql_reason){0} : (sql_reason){.text = "is not read", .location = SQL_NO_PLACE};
}

static bool is_mapped_somewhere(const inference *in, size_t input) {
    for (size_t i = 0; i < in->builder.tables.count; i++) {
        const sql_rel *table = in->builder.tables.items[i];
        if (table->input == input && table->mapped)
            return true;
    }
    return false;
}

/* An input that cannot be told apart everywhere is read whole everywhere, which may leave others
 * without a map: go on until nothing changes. */
static void settle(inference *in) {
    bool again = true;
    while (again) {
        again = false;
        run(in);
        for (size_t i = 0; i < in->question->input_count; i++) {
            sql_reason obstacle = in->f.whole[i] ? (sql_reason){0} : obstacle_of(in, i);
            if (!obstacle.text)
                continue;
            in->f.whole[i] = true;
            in->obstacles[i] = obstacle;
            again = again || is_mapped_somewhere(in, i);
        }
    }
}

static const sql_rel *table_of(const inference *in, size_t input) {
    for (size_t i = 0; i < in->builder.tables.count; i++) {
        if (in->builder.tables.items[i]->input == input)
            return in->builder.tables.items[i];
    }
    return NULL;
}

static const char *column_if_partition(const inference *in, const sql_rel *table,
                                       const json_t *expr) {
    const sql_shape *shape = &in->question->inputs[table->input];
    if (!sql_is_ref(expr) || shape->is_source)
        return NULL;
    const char *name = table->items.items[sql_ref_index(expr)].name;
    return strings_contain(&shape->partition_by, name) ? name : NULL;
}

static void fill_whole(inference *in, size_t input, sql_map *map) {
    sql_reason why = in->obstacles[input];
    map->kind = MAP_NONE;
    map->why = arena_printf(in->builder.arena, "%s%s", why.text ? why.text : "cannot be followed",
                            sql_at(in->builder.arena, in->question->sql, why.location));
    sql_place_of(in->question->sql, why.location, &map->line, &map->column);
}

/* False when the engine does not take the expressions: then they are no map. */
static bool fill_derived(inference *in, const sql_rel *table, sql_map *map) {
    arena *a = in->builder.arena;
    bool same = true;
    for (size_t i = 0; i < table->map.count; i++) {
        json_t *expr = table->map.items[i];
        const char *text = sql_expr_text(&in->f, table, expr);
        if (!text || !sql_type_of(&in->f, table, expr))
            return false;
        vec_push(a, &map->expressions, text);
        const char *name = column_if_partition(in, table, expr);
        same = same && name;
        vec_push(a, &map->same, name);
    }
    map->kind = same ? MAP_SAME : MAP_DERIVED;
    if (!same)
        map->where = sql_guard_text(&in->f, table->input);
    if (!same)
        map->same = (strings){0};
    map->why = arena_printf(a, "derived from %s%s", str_join(a, &map->expressions, ", "),
                            sql_at(a, in->question->sql, table->origin));
    sql_place_of(in->question->sql, table->origin, &map->line, &map->column);
    return true;
}

/* Does the map say that rows of the input make no partition values? */
static bool is_whole(map_kind written) {
    return written == MAP_ALL || written == MAP_AS_OF;
}

static bool fill_map(inference *in, size_t input, sql_map *map) {
    const map_kind *written = in->question->written;
    *map = (sql_map){.table = in->question->inputs[input].table};
    if (written && is_whole(written[input])) {
        map->kind = MAP_ALL;
        map->why = "written";
        return true;
    }
    const sql_rel *table = table_of(in, input);
    if (in->f.whole[input] || !table || !table->mapped) {
        fill_whole(in, input, map);
        return true;
    }
    return fill_derived(in, table, map);
}

/* Would the query no longer tell its partitions if this input were read whole? When it does not
 * tell them anyway, an input defines them where following them stopped. */
static bool defines(inference *in, size_t input, bool followed) {
    bool whole = in->f.whole[input];
    in->f.whole[input] = true;
    run(in);
    in->f.whole[input] = whole;
    return !in->followed && (followed || in->f.stopped_at == (int64_t)input);
}

static void set_misalignment(inference *in, sql_inference *ret, sql_reason why) {
    ret->aligned = false;
    ret->misalignment =
        arena_printf(in->builder.arena, "%s%s", why.text ? why.text : "a construct without a map",
                     sql_at(in->builder.arena, in->question->sql, why.location));
    sql_place_of(in->question->sql, why.location, &ret->line, &ret->column);
}

static void set_groundless(const inference *in, sql_inference *ret) {
    sql_reason why = in->f.groundless;
    ret->groundless = arena_printf(in->builder.arena, "%s%s", why.text,
                                   sql_at(in->builder.arena, in->question->sql, why.location));
    sql_place_of(in->question->sql, why.location, &ret->groundless_line, &ret->groundless_column);
}

static void judge_alignment(inference *in, sql_inference *ret) {
    const map_kind *written = in->question->written;
    ret->aligned = true;
    ret->followed = in->followed;
    if (!in->followed && in->f.groundless.text)
        set_groundless(in, ret);
    if (!in->followed)
        set_misalignment(in, ret, in->why);
    else if (in->f.misalignment.text)
        set_misalignment(in, ret, in->f.misalignment);
    for (size_t i = 0; written && i < in->question->input_count && ret->aligned; i++) {
        sql_reason why = {.location = SQL_NO_PLACE};
        if (written[i] == MAP_NONE || written[i] == MAP_ALL)
            continue;
        why.text = arena_printf(in->builder.arena, "the map of \"%s\" is written",
                                in->question->inputs[i].table);
        set_misalignment(in, ret, why);
    }
}

/* The engine has the last word: an expression that it does not take makes its input whole. */
static void fill(inference *in, sql_inference *ret) {
    for (size_t i = 0; i < in->question->input_count; i++) {
        if (fill_map(in, i, &ret->maps[i]))
            continue;
        in->f.whole[i] = true;
        in->obstacles[i] = (sql_reason){.text = "has no expression that the engine takes by itself",
                                        .location = SQL_NO_PLACE};
        settle(in);
        i = SIZE_MAX;
    }
    judge_alignment(in, ret);
    bool followed = in->followed;
    for (size_t i = 0; i < in->question->input_count; i++)
        ret->maps[i].defines = defines(in, i, followed);
}

static void take_all(const sql_question *question, sql_inference *ret) {
    ret->aligned = true;
    for (size_t i = 0; i < question->input_count; i++)
        ret->maps[i] = (sql_map){.table = question->inputs[i].table,
                                 .kind = MAP_ALL,
                                 .why = "the table is not partitioned"};
}

static status infer(inference *in, const sql_engine *engine, arena *a, sql_inference *ret,
                    error *err) {
    const sql_question *question = in->question;
    in->builder = (sql_builder){.question = question, .arena = a};
    in->f = (sql_following){.builder = &in->builder,
                            .engine = engine,
                            .types = strmap_new(a),
                            .whole = ARENA_ARRAY(a, bool, question->input_count),
                            .err = err};
    in->obstacles = ARENA_ARRAY(a, sql_reason, question->input_count);
    for (size_t i = 0; question->written && i < question->input_count; i++)
        in->f.whole[i] = is_whole(question->written[i]);
    in->root = sql_rel_build(&in->builder, question->tree);
    if (in->builder.failed != OK) {
        status kind = error_set(err, E_DEFINITION, "the SQL uses its CTEs too often to follow");
        error_hint(err, "Make the CTEs that others use several times tables of their own.");
        return kind;
    }
    sql_guard(&in->f, in->root);
    settle(in);
    fill(in, ret);
    return in->f.failed;
}

status sql_infer(const sql_question *question, const sql_engine *engine, arena *a,
                 sql_inference *ret, error *err) {
    TRY(sql_tree_check(question->tree, err));
    sql_inference made = {.map_count = question->input_count,
                          .maps = ARENA_ARRAY(a, sql_map, question->input_count),
                          .order_sensitive = sql_is_order_sensitive(question, a)};
    inference in = {.question = question};
    status result = OK;
    if (question->partition_by->count == 0)
        take_all(question, &made);
    else
        result = infer(&in, engine, a, &made, err);
    sql_pool_free(&in.builder.pool);
    if (result == OK)
        *ret = made;
    return result;
}
