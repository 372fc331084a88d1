#include "duckdb_tree.h"

#include "base/str.h"

#include <setjmp.h>
#include <cmocka.h>

static status inspect(duckdb_tree *t, const char *sql, arena *a, sql_facts *ret, error *err) {
    sql_engine engine = duckdb_tree_engine(t);
    json_t *tree;
    if (engine.parse(t, sql, &tree, err) != OK)
        fail_msg("%s: %s", sql, err->message);
    status kind = sql_inspect(tree, sql, a, ret, err);
    json_decref(tree);
    return kind;
}

static sql_facts facts_of(duckdb_tree *t, arena *a, const char *sql) {
    sql_facts facts;
    error err = {0};
    if (inspect(t, sql, a, &facts, &err) != OK)
        fail_msg("%s: %s", sql, err.message);
    return facts;
}

static char *inputs_text(arena *a, const sql_facts *facts) {
    buf text = buf_new(a);
    for (size_t i = 0; i < facts->inputs.count; i++) {
        const sql_input_ref *input = &facts->inputs.items[i];
        buf_printf(&text, "%s%s %d:%d", i ? ", " : "", input->table, input->line, input->column);
    }
    return text.text;
}

static void test_inputs_come_once_in_order_of_first_mention(void **state) {
    static const struct {
        const char *sql, *inputs;
    } cases[] = {
        {"select * from raw.x", "raw.x 1:15"},
        {"select *\nfrom RAW.X a\njoin raw.y using (d) join raw.x b using (d)",
         "raw.x 2:6, raw.y 3:6"},
        {"with c as (select * from raw.y) select (select max(d) from raw.z) from c, raw.x",
         "raw.y 1:26, raw.z 1:60, raw.x 1:75"},
        {"select 'é' from raw.x where d in (select d from silver.p)", "raw.x 1:17, silver.p 1:49"},
        {"with x as (select 1 as a) select * from x, raw.x", "raw.x 1:44"},
        {"with x as (with y as (select * from raw.y) select * from y) select * from x",
         "raw.y 1:37"},
        {"with recursive r as (select 1 as n union all select n + 1 from r) select * from r", ""},
        {"select * from raw.x pivot (sum(n) for site in ('a', 'b'))", "raw.x 1:15"},
        {"select * from raw.a union all select * from raw.b except select * from raw.a",
         "raw.a 1:15, raw.b 1:45"},
        {"select 1 from raw.x, unnest((select list(n) from raw.y)) u", "raw.x 1:15, raw.y 1:50"},
    };
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        sql_facts facts = facts_of(*state, a, cases[i].sql);
        assert_string_equal(inputs_text(a, &facts), cases[i].inputs);
    }
}

static void test_columns_are_named_in_lower_case_and_sorted(void **state) {
    ARENA_AUTO a = arena_new();
    sql_facts facts = facts_of(*state, a,
                               "select B, a.Field, sum(c) filter (where e) over (partition by f) "
                               "from raw.x join raw.y using (g) where b > 1 order by h");
    assert_string_equal(str_join(a, &facts.column_names, " "), "a b c e f field g h");
    assert_false(facts.has_star);
    assert_false(facts.reads_run);
}

static void test_whatever_brings_unnamed_columns_counts_as_star(void **state) {
    static const char *const stars[] = {
        "select * from raw.x",
        "select x.* exclude (a) from raw.x",
        "from raw.x",
        "select min(columns(*)) from raw.x",
        "select t from raw.x as t",
        "select x from raw.x",
        "select #1 from raw.x",
        "select a from raw.x as t(a, b)",
        "select x.a from raw.x natural join raw.y",
        "select a from raw.x pivot (sum(n) for site in ('a', 'b'))",
    };
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(stars); i++) {
        if (!facts_of(*state, a, stars[i]).has_star)
            fail_msg("%s has no star", stars[i]);
    }
    assert_false(facts_of(*state, a, "select count(*), a from raw.x group by a").has_star);
}

static void test_weir_run_is_no_input(void **state) {
    ARENA_AUTO a = arena_new();
    sql_facts facts = facts_of(*state, a, "select x.a, r.run_id from raw.x x, weir.run r");
    assert_string_equal(inputs_text(a, &facts), "raw.x 1:27");
    assert_true(facts.reads_run);
}

static void test_what_is_no_function_of_the_inputs_is_refused(void **state) {
    static const struct {
        const char *sql, *message;
        int line, column;
    } cases[] = {
        {"select now()", "function \"now\" depends on when it runs", 1, 8},
        {"select 1,\n  Today() from raw.x", "function \"today\" depends on when it runs", 2, 3},
        {"select current_date", "\"current_date\" depends on when it runs", 1, 8},
        {"select current_timestamp", "\"current_timestamp\" depends on when it runs", 1, 8},
        {"select age(ts) from raw.x", "function \"age\" depends on when it runs", 1, 8},
        {"select random() from raw.x", "function \"random\" gives something else at each run", 1,
         8},
        {"select gen_random_uuid()",
         "function \"gen_random_uuid\" gives something else at each run", 1, 8},
        {"select main.now()", "function \"now\" depends on when it runs", 1, 8},
        {"select nextval('s')", "function \"nextval\" depends on the session or its settings", 1,
         8},
        {"select getvariable('s')",
         "function \"getvariable\" depends on the session or its settings", 1, 8},
        {"select current_setting('threads')",
         "function \"current_setting\" depends on the session or its settings", 1, 8},
        {"select pg_get_viewdef(1)",
         "function \"pg_get_viewdef\" depends on the session or its settings", 1, 8},
        {"select * from read_csv('x.csv')",
         "function \"read_csv\" reads files or runs text that no input names", 1, 15},
        {"select * from read_parquet(['x'])",
         "function \"read_parquet\" reads files or runs text that no input names", 1, 15},
        {"select * from glob('*')",
         "function \"glob\" reads files or runs text that no input names", 1, 15},
        {"select * from query('select 1')",
         "function \"query\" reads files or runs text that no input names", 1, 15},
        {"select * from duckdb_settings()", "table function \"duckdb_settings\" may not be used", 1,
         15},
        {"select * from some_new_reader('x')", "table function \"some_new_reader\" may not be used",
         1, 15},
        {"select * from 'x.csv'", "the file \"x.csv\" cannot be read in FROM", 1, 15},
        {"select * from 's3://b/*.parquet'", "the file \"s3://b/*.parquet\" cannot be read in FROM",
         1, 15},
        {"select * from province", "table \"province\" has no layer and is no CTE", 1, 15},
        {"with a as (select * from b), b as (select 1) select * from a",
         "table \"b\" has no layer and is no CTE", 1, 26},
        {"with a as (select * from a) select * from a", "table \"a\" has no layer and is no CTE", 1,
         26},
        {"select * from (with a as (select 1) select * from a), a",
         "table \"a\" has no layer and is no CTE", 1, 55},
        {"select * from memory.raw.x", "table \"memory.raw.x\" names a database", 1, 15},
        {"select * from weir.version", "\"weir.version\" cannot be an input", 1, 15},
        {"select * from raw.x at (version => 3)", "\"raw.x\" is read at another version", 1, 15},
        {"select * from (describe raw.x)",
         "DESCRIBE, SHOW and SUMMARIZE cannot be part of a table's SQL", 1, 25},
        {"select $1 from raw.x", "the SQL has a parameter", 0, 0},
        {"select * from raw.x tablesample 10%", "a sample gives something else at each run", 1, 15},
        {"select a from raw.x using sample 3", "a sample gives something else at each run", 1, 8},
        {"select 1 where exists (select 1 where random() > 0.5)",
         "function \"random\" gives something else at each run", 1, 39},
        {"select 1; select 2", "the SQL has more than one statement", 0, 0},
    };
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        sql_facts facts;
        error err = {0};
        if (inspect(*state, cases[i].sql, a, &facts, &err) == OK)
            fail_msg("%s is taken", cases[i].sql);
        assert_int_equal(err.kind, E_DEFINITION);
        if (!str_eq(err.message, cases[i].message) || err.line != cases[i].line
            || err.column != cases[i].column)
            fail_msg("%s\n  gave %d:%d %s", cases[i].sql, err.line, err.column, err.message);
        assert_string_not_equal(err.hint, "");
    }
}

static void test_what_only_looks_dangerous_is_taken(void **state) {
    static const char *const cases[] = {
        "select age(a, b), pg_typeof(a), md5(a) from raw.x",
        "select \"user\", x.current_date from raw.x",
        "select 'now()' as text from raw.x",
        "select * from range(3), generate_series(1, 2), unnest([1])",
        "select a from raw.x tablesample reservoir(10 rows) repeatable (3)",
        "with \"x.csv\" as (select 1) select * from \"x.csv\"",
        "with recursive a as (select 1 as n union all select n + 1 from a) select * from a",
    };
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        facts_of(*state, a, cases[i]);
}

static void test_the_fingerprint_ignores_layout_and_nothing_else(void **state) {
    static const char *const same[] = {
        "select a, b from raw.x where a > 1",
        "SELECT a,\n       b -- a comment\n  FROM raw.x /* and one */\nWHERE (a > 1)",
    };
    static const char *const others[] = {
        "select b, a from raw.x where a > 1",      "select a, b from raw.x where a > 2",
        "select a, b from raw.x where a > 1.0",    "select a, b from raw.x where a > '1'",
        "select a, b as c from raw.x where a > 1", "select a, b from raw.x t where a > 1",
        "select a, b from raw.x where a >= 1",     "select distinct a, b from raw.x where a > 1",
    };
    ARENA_AUTO a = arena_new();
    sql_facts first = facts_of(*state, a, same[0]);
    assert_int_equal(strlen(first.fingerprint), 64);
    assert_string_equal(facts_of(*state, a, same[1]).fingerprint, first.fingerprint);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_string_not_equal(facts_of(*state, a, others[i]).fingerprint, first.fingerprint);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs_come_once_in_order_of_first_mention),
        cmocka_unit_test(test_columns_are_named_in_lower_case_and_sorted),
        cmocka_unit_test(test_whatever_brings_unnamed_columns_counts_as_star),
        cmocka_unit_test(test_weir_run_is_no_input),
        cmocka_unit_test(test_what_is_no_function_of_the_inputs_is_refused),
        cmocka_unit_test(test_what_only_looks_dangerous_is_taken),
        cmocka_unit_test(test_the_fingerprint_ignores_layout_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, duckdb_tree_set_up, duckdb_tree_tear_down);
}
