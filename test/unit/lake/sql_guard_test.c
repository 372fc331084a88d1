#include "lake/sql.h"

#include "base/str.h"
#include "duckdb_tree.h"
#include "sql_inputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Which rows of an input may be left out: those that the query drops, whatever else they do. */

typedef struct guard_case {
    const char *sql;
    const char *guards; /* "input: condition" of each mapped input, "; " between */
} guard_case;

static const guard_case CASES[] = {
    {"select data::date as event_date from raw.x where site = 'a' and n > 1",
     "raw.x: (site = 'a') AND (n > 1)"},
    {"select data::date as event_date from raw.x", "raw.x: -"},
    {"select data::date as event_date from raw.x where site = 'a' or n > 1",
     "raw.x: ((site = 'a') OR (n > 1))"},
    {"select data::date as event_date, count(*) from raw.x where site = 'a' group by 1",
     "raw.x: (site = 'a')"},
    {"select event_date, n from (select data::date as event_date, n, site as s from raw.x where "
     "n > 1) where s = 'a'",
     "raw.x: (n > 1) AND (site = 'a')"},
    {"with good as (select * from raw.x where data like '2%') select data::date as event_date, n "
     "from good where n > 1",
     "raw.x: (\"data\" ~~ '2%') AND (n > 1)"},
    /* A row that is dropped above is counted all the same below. */
    {"select event_date, c from (select data::date as event_date, count(*) over (partition by "
     "data::date) c, site from raw.x) where site = 'a'",
     "raw.x: -"},
    {"select event_date from (select data::date as event_date, count(*) c from raw.x group by 1) "
     "where c > 1",
     "raw.x: -"},
    {"select data::date as event_date, n from raw.x where n > 1 limit 5", "raw.x: (n > 1)"},
    {"select event_date from (select data::date as event_date, n from raw.x limit 5) where n > 1",
     "raw.x: -"},
    {"select data::date as event_date, n from raw.x qualify row_number() over (partition by "
     "data::date order by n) = 1",
     "raw.x: -"},
    /* What is not of the row alone says nothing. */
    {"select data::date as event_date from raw.x where n > (select max(q) from silver.q) and "
     "site = 'a'",
     "raw.x: (site = 'a')"},
    /* Joins: the side that may be absent is not dropped but missed. */
    {"select x.data::date as event_date from raw.x x left join raw.y y on y.text_day::date = "
     "x.data::date where x.n > 1 and y.w > 1",
     "raw.x: (n > 1); raw.y: -"},
    {"select x.data::date as event_date from raw.x x join raw.y y on y.text_day::date = "
     "x.data::date where x.n > 1 and y.w > 1 and x.id < y.id",
     "raw.x: (n > 1); raw.y: (w > 1)"},
    {"select y.text_day::date as event_date from raw.x x right join raw.y y on y.text_day::date = "
     "x.data::date where x.n > 1 and y.w > 1",
     "raw.x: -; raw.y: (w > 1)"},
    {"select x.data::date as event_date from raw.x x anti join raw.y y on y.text_day::date = "
     "x.data::date where x.n > 1",
     "raw.x: (n > 1); raw.y: -"},
    {"select event_date from (select data::date as event_date from raw.x where n > 1 union all "
     "select text_day::date from raw.y) where event_date > date '2024-01-01'",
     "raw.x: (n > 1); raw.y: -"},
    /* Read twice: a row matters when it does for one of them. */
    {"select data::date as event_date from raw.x where n > 1 union all select data::date from "
     "raw.x where site = 'a'",
     "raw.x: ((n > 1)) OR ((site = 'a'))"},
    {"select data::date as event_date from raw.x where n > 1 union all select data::date from "
     "raw.x",
     "raw.x: -"},
    {"select data::date as event_date from raw.x where n > 1 union all select data::date from "
     "raw.x where n > 1",
     "raw.x: (n > 1)"},
};

static const char *guards_of(duckdb_tree *t, const char *sql, arena *a) {
    sql_engine engine = duckdb_tree_engine(t);
    sql_facts facts = {0};
    sql_inference found = {0};
    error err = {0};
    sql_shape *inputs;
    strings by = {0}, texts = {0};
    JSON_AUTO tree = NULL;
    vec_push(a, &by, "event_date");
    assert_int_equal(engine.parse(engine.state, sql, &tree, &err), OK);
    assert_int_equal(sql_inspect(tree, sql, a, &facts, &err), OK);
    inputs = ARENA_ARRAY(a, sql_shape, facts.inputs.count);
    for (size_t i = 0; i < facts.inputs.count; i++)
        inputs[i] = *sql_inputs_find(facts.inputs.items[i].table);
    const sql_question question = {.tree = tree,
                                   .sql = sql,
                                   .inputs = inputs,
                                   .input_count = facts.inputs.count,
                                   .partition_by = &by};
    assert_int_equal(sql_infer(&question, &engine, a, &found, &err), OK);
    for (size_t i = 0; i < found.map_count; i++) {
        const sql_map *map = &found.maps[i];
        if (map->kind == MAP_DERIVED)
            vec_push(a, &texts,
                     arena_printf(a, "%s: %s", map->table, map->where ? map->where : "-"));
    }
    return str_join(a, &texts, "; ");
}

static void test_rows_that_are_dropped_belong_to_no_partition(void **state) {
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        ARENA_AUTO a = arena_new();
        assert_string_equal(guards_of(*state, CASES[i].sql, a), CASES[i].guards);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_are_dropped_belong_to_no_partition),
    };
    return cmocka_run_group_tests(tests, duckdb_tree_set_up, duckdb_tree_tear_down);
}
