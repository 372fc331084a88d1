/* Covers parse.c and storage.c through the jobs parse, render and describe. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_parse_gives_the_tree(void **state) {
    const char *answer = fixture_ask(*state, "{`op`:`parse`,`sql`:`select a from raw.x -- why`}");
    fixture_holds(answer, "{`tree`:{");
    fixture_holds(answer, "`schema_name`:`raw`");
    fixture_lacks(answer, "18446744073709551615");
}

static void test_parse_places_a_syntax_error(void **state) {
    const char *answer = fixture_ask(*state, "{`op`:`parse`,`sql`:`select a,\\n  'é' frm frm x`}");
    fixture_holds(answer, "`kind`:`definition`");
    fixture_holds(answer, "`line`:2");
    fixture_holds(answer, "`column`:11");
}

static void test_parse_refuses_what_is_not_one_select(void **state) {
    fixture_holds(fixture_ask(*state, "{`op`:`parse`,`sql`:`select 1; select 2`}"),
                  "the SQL holds 2 statements, not one");
    fixture_holds(fixture_ask(*state, "{`op`:`parse`,`sql`:``}"), "the SQL holds no statement");
    fixture_holds(fixture_ask(*state, "{`op`:`parse`,`sql`:`drop table x`}"),
                  "the SQL is not one plain SELECT");
}

static void test_parse_keeps_numbers_in_texts_and_refuses_larger_ones(void **state) {
    fixture_holds(fixture_ask(*state, "{`op`:`parse`,`sql`:`select '18446744073709551615'`}"),
                  "`value`:`18446744073709551615`");
    fixture_holds(fixture_ask(*state, "{`op`:`parse`,`sql`:`select 18446744073709551615`}"),
                  "a number in the SQL has more than 63 bits");
}

static void test_render_gives_back_what_parse_took_apart(void **state) {
    fixture *f = *state;
    const char *tree =
        fixture_ask(f, "{`op`:`parse`,`sql`:`select cast(a as date) as d from raw.x where b>1;`}");
    const char *inner = arena_strndup(f->arena, tree + strlen("{\"tree\":"),
                                      strlen(tree) - strlen("{\"tree\":") - 1);
    fixture_equals(fixture_ask(f, "{`op`:`render`,`tree`:%s}", inner),
                   "{`sql`:`SELECT CAST(a AS DATE) AS d FROM raw.x WHERE (b > 1)`}");
}

#define SHAPES                                                             \
    "`inputs`:[{`table`:`raw.x`,`columns`:[{`name`:`a`,`type`:`VARCHAR`}," \
    "{`name`:`b`,`type`:`INTEGER`}]}]"

static void test_describe_tells_types_that_files_can_keep(void **state) {
    fixture_equals(fixture_ask(*state, "{`op`:`describe`,`sql`:`select a, sum(b) s, "
                                       "'x'::enum('x') e, [1,2]::int[2] l from raw.x group by a "
                                       "-- the end`," SHAPES "}"),
                   "{`columns`:[{`name`:`a`,`type`:`VARCHAR`},{`name`:`s`,`type`:`DECIMAL(38,0)`},"
                   "{`name`:`e`,`type`:`VARCHAR`},{`name`:`l`,`type`:`INTEGER[]`}]}");
}

static void test_describe_places_an_unknown_column(void **state) {
    fixture_equals(
        fixture_ask(*state, "{`op`:`describe`,`sql`:`select a,\\n c from raw.x`," SHAPES "}"),
        "{`error`:{`kind`:`definition`,`message`:`referenced column \\`c\\` not found in FROM "
        "clause!`,"
        "`hint`:`Candidate bindings: \\`a\\``,`line`:2,`column`:2}}");
}

static void test_describe_reads_no_files(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "secret.csv", "a\n1\n");
    const char *answer =
        fixture_ask(f, "{`op`:`describe`,`sql`:`select * from '%s'`," SHAPES "}", path);
    fixture_holds(answer, "`kind`:`definition`");
    fixture_holds(answer, "never files or addresses");
}

static void test_describe_forgets_the_inputs_of_the_last_job(void **state) {
    fixture_holds(fixture_ask(*state, "{`op`:`describe`,`sql`:`select a from raw.x`," SHAPES "}"),
                  "`columns`");
    fixture_holds(fixture_ask(*state, "{`op`:`describe`,`sql`:`select a from raw.x`,`inputs`:[]}"),
                  "`kind`:`definition`");
    fixture_holds(fixture_ask(*state, "{`op`:`describe`,`sql`:`select b from raw.x`," SHAPES "}"),
                  "`columns`");
}

static void test_describe_refuses_a_type_that_is_sql(void **state) {
    fixture_holds(fixture_ask(*state,
                              "{`op`:`describe`,`sql`:`select 1`,`inputs`:[{`table`:`raw.x`,"
                              "`columns`:[{`name`:`a`,`type`:`INT) , (1`}]}]}"),
                  "is not a type");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_gives_the_tree),
        cmocka_unit_test(test_parse_places_a_syntax_error),
        cmocka_unit_test(test_parse_refuses_what_is_not_one_select),
        cmocka_unit_test(test_parse_keeps_numbers_in_texts_and_refuses_larger_ones),
        cmocka_unit_test(test_render_gives_back_what_parse_took_apart),
        cmocka_unit_test(test_describe_tells_types_that_files_can_keep),
        cmocka_unit_test(test_describe_places_an_unknown_column),
        cmocka_unit_test(test_describe_reads_no_files),
        cmocka_unit_test(test_describe_forgets_the_inputs_of_the_last_job),
        cmocka_unit_test(test_describe_refuses_a_type_that_is_sql),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
