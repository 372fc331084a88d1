#include "duckdb_tree.h"
#include "sql_cases.h"
#include "sql_inputs.h"

#include "base/number.h"
#include "base/str.h"

#include <setjmp.h>
#include <cmocka.h>

/* One statement, asked. */
typedef struct asked {
    arena *arena;
    json_t *tree;
    sql_facts facts;
    sql_shape *inputs;
    size_t input_count;
    strings by;
    sql_inference inference;
} asked;

static asked parse(duckdb_tree *t, const char *sql, const char *by) {
    asked q = {.arena = arena_new()};
    sql_engine engine = duckdb_tree_engine(t);
    error err = {0};
    if (engine.parse(t, sql, &q.tree, &err) != OK)
        fail_msg("%s: %s", sql, err.message);
    if (sql_inspect(q.tree, sql, q.arena, &q.facts, &err) != OK)
        fail_msg("%s: %s", sql, err.message);
    q.by = str_split(q.arena, by, ',');
    q.input_count = q.facts.inputs.count;
    q.inputs = ARENA_ARRAY(q.arena, sql_shape, q.input_count);
    for (size_t i = 0; i < q.input_count; i++) {
        const sql_shape *shape = sql_inputs_find(q.facts.inputs.items[i].table);
        assert_non_null(shape);
        q.inputs[i] = *shape;
    }
    return q;
}

static void infer(duckdb_tree *t, asked *q, const char *sql, const map_kind *written) {
    sql_engine engine = duckdb_tree_engine(t);
    sql_question question = {.tree = q->tree,
                             .sql = sql,
                             .inputs = q->inputs,
                             .input_count = q->input_count,
                             .partition_by = &q->by,
                             .written = written};
    error err = {0};
    if (sql_infer(&question, &engine, q->arena, &q->inference, &err) != OK)
        fail_msg("%s: %s", sql, err.message);
}

static asked ask(duckdb_tree *t, const sql_case *c) {
    asked q = parse(t, c->sql, c->by ? c->by : "event_date");
    infer(t, &q, c->sql, NULL);
    return q;
}

static void done(asked *q) {
    json_decref(q->tree);
    arena_free(q->arena);
}

static char *maps_text(const asked *q) {
    static const char *const between[] = {" = ",     " same ", " written ", " window ",
                                          " as_of ", " all",   " none"};
    buf text = buf_new(q->arena);
    for (size_t i = 0; i < q->inference.map_count; i++) {
        const sql_map *map = &q->inference.maps[i];
        buf_printf(&text, "%s%s%s%s", i ? "; " : "", map->table, map->defines ? "!" : "",
                   between[map->kind]);
        buf_add(&text, str_join(q->arena, &map->expressions, ", "));
    }
    return text.text;
}

static void check_case(duckdb_tree *t, const sql_case *c) {
    asked q = ask(t, c);
    const sql_inference *found = &q.inference;
    const char *misaligned = found->aligned ? "aligned" : found->misalignment;
    if (!str_eq(maps_text(&q), c->maps)
        || !str_eq(misaligned, c->misaligned ? c->misaligned : "aligned")
        || found->order_sensitive != c->ordered)
        fail_msg("%s\n  gave \"%s\" and \"%s\"%s", c->sql, maps_text(&q), misaligned,
                 found->order_sensitive ? ", ordered" : "");
    done(&q);
}

static void test_everyday_statements_are_derived_and_aligned(void **state) {
    for (const sql_case *c = SQL_CASES_ALIGNED; c->sql; c++)
        check_case(*state, c);
}

static void test_what_mixes_partitions_is_named_with_its_place(void **state) {
    for (const sql_case *c = SQL_CASES_MISALIGNED; c->sql; c++)
        check_case(*state, c);
}

/* The partition of a row as text; values that are NULL have one of their own. */
static char *partition_key(arena *a, const strings *expressions) {
    buf key = buf_new(a);
    buf_add(&key, "concat('/'");
    for (size_t i = 0; i < expressions->count; i++)
        buf_printf(&key, ", coalesce(CAST((%s) AS VARCHAR), '~'), '/'", expressions->items[i]);
    buf_char(&key, ')');
    return key.text;
}

static void fill_inputs(duckdb_tree *t, arena *a, int64_t seed) {
    duckdb_tree_run(t, "CREATE SCHEMA IF NOT EXISTS base; CREATE SCHEMA IF NOT EXISTS raw; "
                       "CREATE SCHEMA IF NOT EXISTS silver");
    duckdb_tree_run(t, arena_printf(a, "SELECT setseed(0.%lld)", (long long)seed));
    for (size_t i = 0; i < SQL_INPUT_COUNT; i++)
        duckdb_tree_run(t, arena_printf(a, "CREATE OR REPLACE TABLE base.input_%zu AS %s", i,
                                        sql_inputs_rows(i)));
}

static size_t input_number(const char *table) {
    size_t i = 0;
    while (!str_eq(sql_inputs_at(i)->table, table))
        i++;
    return i;
}

static bool is_mapped(const sql_map *map) {
    return map->kind == MAP_DERIVED || map->kind == MAP_SAME;
}

/* The condition for a row to be of some partition. */
static const char *matters(const sql_map *map) {
    return map->where ? map->where : "true";
}

/* Inputs as one partition's job reads them; key NULL: whole. */
static void restrict_inputs(duckdb_tree *t, const asked *q, const char *key) {
    for (size_t i = 0; i < q->input_count; i++) {
        const sql_map *map = &q->inference.maps[i];
        buf sql = buf_new(q->arena);
        buf_printf(&sql, "CREATE OR REPLACE VIEW %s AS FROM base.input_%zu", map->table,
                   input_number(map->table));
        if (key && is_mapped(map))
            buf_printf(&sql, " WHERE (%s) AND %s = %s", matters(map),
                       partition_key(q->arena, &map->expressions), sql_literal(q->arena, key));
        duckdb_tree_run(t, sql.text);
    }
}

/* Every partition that the result has or that rows of an input belong to, and another one. */
static strings partition_keys(duckdb_tree *t, const asked *q) {
    buf sql = buf_new(q->arena);
    buf_printf(&sql,
               "SELECT string_agg(k, chr(10) ORDER BY k) FROM "
               "(SELECT %s AS k FROM base.whole",
               partition_key(q->arena, &q->by));
    for (size_t i = 0; i < q->input_count; i++) {
        const sql_map *map = &q->inference.maps[i];
        if (is_mapped(map))
            buf_printf(&sql, " UNION SELECT %s FROM base.input_%zu WHERE %s",
                       partition_key(q->arena, &map->expressions), input_number(map->table),
                       matters(map));
    }
    buf_add(&sql, " UNION SELECT '/nowhere/')");
    return str_split(q->arena, duckdb_tree_value(t, q->arena, sql.text), '\n');
}

/* Count and digest of the rows, whatever their order. */
#define ROWS "SELECT concat(count(*), ' ', sum(CAST(hash(compared_row) AS HUGEINT))) FROM "

static bool is_partition_alike(duckdb_tree *t, const asked *q, const char *sql, const char *key) {
    arena *a = q->arena;
    const char *whole = arena_printf(a, ROWS "base.whole AS compared_row WHERE %s = %s",
                                     partition_key(a, &q->by), sql_literal(a, key));
    restrict_inputs(t, q, key);
    const char *part = arena_printf(a, ROWS "(%s) AS compared_row", sql);
    return str_eq(duckdb_tree_value(t, a, whole), duckdb_tree_value(t, a, part));
}

/* Does the statement give the same whole and partition by partition? */
static bool is_alike(duckdb_tree *t, const sql_case *c) {
    asked q = ask(t, c);
    bool alike = true;
    restrict_inputs(t, &q, NULL);
    duckdb_tree_run(t, arena_printf(q.arena, "CREATE OR REPLACE TABLE base.whole AS %s", c->sql));
    strings keys = partition_keys(t, &q);
    for (size_t i = 0; i < keys.count && alike; i++)
        alike = is_partition_alike(t, &q, c->sql, keys.items[i]);
    done(&q);
    return alike;
}

static void test_aligned_statements_give_the_same_partition_by_partition(void **state) {
    ARENA_AUTO a = arena_new();
    const char *seeds = getenv("WEIR_TEST_SEEDS");
    int64_t last = 1;
    assert_true(seeds == NULL || number_int64(seeds, &last));
    int differing = 0;
    (void)state;
    for (int64_t seed = 1; seed <= last; seed++) {
        duckdb_tree *t = duckdb_tree_open();
        fill_inputs(t, a, seed);
        for (const sql_case *c = SQL_CASES_ALIGNED; c->sql; c++) {
            if (c->tied || is_alike(t, c))
                continue;
            print_error("differs by partition with seed %lld: %s\n", (long long)seed, c->sql);
            differing++;
        }
        duckdb_tree_close(t);
    }
    assert_int_equal(differing, 0);
}

/* The comparison itself must be able to fail. */
static void test_the_comparison_finds_statements_that_mix_partitions(void **state) {
    static const sql_case mixing[] = {
        {.sql = "select event_date, sum(n) over (partition by site) as s from silver.p"},
        {.sql =
             "select event_date, n - lag(n) over (order by id, n, event_date) as s from silver.p"},
        {.sql = "select event_date from silver.p order by event_date limit 3"},
        {.sql = "select distinct on (site) event_date, site from silver.p order by event_date"},
    };
    ARENA_AUTO a = arena_new();
    fill_inputs(*state, a, 1);
    for (size_t i = 0; i < ARRAY_SIZE(mixing); i++)
        assert_false(is_alike(*state, &mixing[i]));
}

static void test_unpartitioned_tables_read_everything(void **state) {
    const char *sql = "select max(d) as m, sum(v) as s from raw.x limit 1";
    asked q = parse(*state, sql, "event_date");
    q.by = (strings){0};
    infer(*state, &q, sql, NULL);
    assert_int_equal(q.inference.maps[0].kind, MAP_ALL);
    assert_true(q.inference.aligned);
    assert_true(q.inference.order_sensitive);
    assert_false(q.inference.maps[0].defines);
    done(&q);
}

static void test_an_input_written_as_all_may_hold_any_construct(void **state) {
    const char *sql = "select p.event_date, d.name from silver.p p "
                      "join (select * from raw.dim limit 3) d on p.event_date = d.d";
    static const map_kind all[] = {MAP_NONE, MAP_ALL};
    asked q = parse(*state, sql, "event_date");
    infer(*state, &q, sql, NULL);
    assert_string_equal(q.inference.misalignment, "LIMIT at 1:79");
    infer(*state, &q, sql, all);
    assert_true(q.inference.aligned);
    assert_string_equal(maps_text(&q), "silver.p! same event_date; raw.dim all");
    done(&q);
}

static void test_an_input_that_makes_partition_values_cannot_be_all(void **state) {
    const char *sql = "select event_date, n from silver.p union all select d, id from raw.x";
    static const map_kind all[] = {MAP_NONE, MAP_ALL};
    asked q = parse(*state, sql, "event_date");
    infer(*state, &q, sql, all);
    assert_false(q.inference.aligned);
    assert_string_equal(q.inference.misalignment,
                        "\"raw.x\" is read whole but makes partition values at 1:64");
    assert_true(q.inference.maps[1].defines);
    done(&q);
}

static void test_a_written_expression_is_no_proof_of_alignment(void **state) {
    const char *sql = "select d as event_date, n from raw.x";
    static const map_kind written[] = {MAP_EXPRESSION};
    asked q = parse(*state, sql, "event_date");
    infer(*state, &q, sql, written);
    assert_string_equal(q.inference.misalignment, "the map of \"raw.x\" is written");
    done(&q);
}

static void test_places_are_told_in_lines_and_characters(void **state) {
    const char *sql = "select 'é' as x,\n  max(d) as event_date\nfrom raw.x";
    asked q = parse(*state, sql, "event_date");
    infer(*state, &q, sql, NULL);
    assert_string_equal(q.inference.misalignment, "an aggregate without GROUP BY at 2:3");
    assert_int_equal(q.inference.line, 2);
    assert_int_equal(q.inference.column, 3);
    assert_int_equal(q.inference.maps[0].line, 2);
    done(&q);
}

static void test_ctes_that_multiply_are_refused(void **state) {
    ARENA_AUTO a = arena_new();
    buf sql = buf_new(a);
    buf_add(&sql, "with c0 as (select d as event_date from raw.x)");
    for (int i = 1; i <= 40; i++)
        buf_printf(&sql, ", c%d as (select * from c%d union all select * from c%d)", i, i - 1,
                   i - 1);
    buf_add(&sql, " select * from c40");
    asked q = parse(*state, sql.text, "event_date");
    sql_engine engine = duckdb_tree_engine(*state);
    sql_question question = {.tree = q.tree,
                             .sql = sql.text,
                             .inputs = q.inputs,
                             .input_count = q.input_count,
                             .partition_by = &q.by};
    error err = {0};
    assert_int_equal(sql_infer(&question, &engine, a, &q.inference, &err), E_DEFINITION);
    assert_string_equal(err.message, "the SQL uses its CTEs too often to follow");
    done(&q);
}

static void test_a_chain_of_many_ctes_is_followed(void **state) {
    ARENA_AUTO a = arena_new();
    buf sql = buf_new(a);
    buf_add(&sql, "with c0 as (select d + 1 as event_date from raw.x)");
    for (int i = 1; i <= 120; i++)
        buf_printf(&sql, ", c%d as (select * from c%d)", i, i - 1);
    buf_add(&sql, " select * from c120");
    sql_case c = {.sql = sql.text, .maps = "raw.x! = (d + 1)"};
    check_case(*state, &c);
}

static void test_aliases_that_double_an_expression_are_given_up(void **state) {
    ARENA_AUTO a = arena_new();
    buf sql = buf_new(a);
    buf_add(&sql, "select n as a0");
    for (int i = 1; i <= 40; i++)
        buf_printf(&sql, ", a%d + a%d as a%d", i - 1, i - 1, i);
    buf_add(&sql, ", a40 as event_date from raw.x");
    asked q = parse(*state, sql.text, "event_date");
    infer(*state, &q, sql.text, NULL);
    assert_int_equal(q.inference.maps[0].kind, MAP_NONE);
    assert_non_null(strstr(q.inference.maps[0].why, "too large"));
    done(&q);
}

static status fail_to_describe(void *state, const char *sql, const sql_shape *inputs,
                               size_t input_count, arena *a, columns *ret, error *err) {
    (void)state, (void)sql, (void)inputs, (void)input_count, (void)a, (void)ret;
    return error_set(err, E_ENGINE, "the worker is gone");
}

static void test_a_failing_engine_is_no_answer(void **state) {
    const char *sql = "select d as event_date from raw.x";
    asked q = parse(*state, sql, "event_date");
    sql_engine engine = duckdb_tree_engine(*state);
    engine.describe = fail_to_describe;
    sql_question question = {.tree = q.tree,
                             .sql = sql,
                             .inputs = q.inputs,
                             .input_count = q.input_count,
                             .partition_by = &q.by};
    error err = {0};
    assert_int_equal(sql_infer(&question, &engine, q.arena, &q.inference, &err), E_ENGINE);
    assert_string_equal(err.message, "the worker is gone");
    done(&q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everyday_statements_are_derived_and_aligned),
        cmocka_unit_test(test_what_mixes_partitions_is_named_with_its_place),
        cmocka_unit_test(test_aligned_statements_give_the_same_partition_by_partition),
        cmocka_unit_test(test_the_comparison_finds_statements_that_mix_partitions),
        cmocka_unit_test(test_unpartitioned_tables_read_everything),
        cmocka_unit_test(test_an_input_written_as_all_may_hold_any_construct),
        cmocka_unit_test(test_an_input_that_makes_partition_values_cannot_be_all),
        cmocka_unit_test(test_a_written_expression_is_no_proof_of_alignment),
        cmocka_unit_test(test_places_are_told_in_lines_and_characters),
        cmocka_unit_test(test_ctes_that_multiply_are_refused),
        cmocka_unit_test(test_a_chain_of_many_ctes_is_followed),
        cmocka_unit_test(test_aliases_that_double_an_expression_are_given_up),
        cmocka_unit_test(test_a_failing_engine_is_no_answer),
    };
    return cmocka_run_group_tests(tests, duckdb_tree_set_up, duckdb_tree_tear_down);
}
