/* Covers query.c and db_names.c through the job query. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define INPUTS                                                                                \
    "`inputs`:[{`table`:`raw.x`,`columns`:[{`name`:`a`,`type`:`INTEGER`},{`name`:`b`,`type`:" \
    "`TIMESTAMP`}],`rows`:{`values`:[[`1`,`2020-01-01 10:00:00`],[`2`,null]]}},"              \
    "{`table`:`raw.gone`,`columns`:[{`name`:`a`,`type`:`INTEGER`}],`groups`:[{`contract`:"    \
    "{`format`:`parquet`},`files`:[{`path`:`/nowhere/x.parquet`,`file`:`x`,"                  \
    "`land_timestamp`:1}]}]}]"

static const char *query(fixture *f, const char *sql) {
    return fixture_ask(f, "{`op`:`query`,`sql`:`%s`," INPUTS ",`limit`:null}", sql);
}

static void test_query_answers_header_rows_and_end(void **state) {
    fixture_equals(query(*state, "select * from raw.X order by a desc; -- all"),
                   "{`columns`:[{`name`:`a`,`type`:`INTEGER`},{`name`:`b`,`type`:`TIMESTAMP`}]}\n"
                   "{`rows`:[[`2`,null],[`1`,`2020-01-01 10:00:00`]]}\n"
                   "{`done`:true,`rows`:2}");
}

static void test_query_sends_no_rows_when_there_are_none(void **state) {
    fixture_equals(query(*state, "select a from raw.x where a > 7"),
                   "{`columns`:[{`name`:`a`,`type`:`INTEGER`}]}\n{`done`:true,`rows`:0}");
}

static void test_query_keeps_names_that_repeat(void **state) {
    fixture_holds(query(*state, "select 1 as a, 2 as a"),
                  "[{`name`:`a`,`type`:`INTEGER`},{`name`:`a`,`type`:`INTEGER`}]");
}

static void test_query_takes_large_results_apart(void **state) {
    const char *answer = fixture_ask(
        *state, "{`op`:`query`,`sql`:`select i from range(5001) t(i)`,`inputs`:[],`limit`:2500}");
    fixture_holds(answer, "{`done`:true,`rows`:2500}");
    int lines = 0;
    for (const char *c = answer; (c = strchr(c, '\n')) != NULL; c++)
        lines++;
    assert_int_equal(lines, 4); /* header, 1000, 1000, 500, end */
}

static void test_query_describes_and_shows(void **state) {
    fixture_holds(query(*state, "describe raw.x"), "[`a`,`INTEGER`,");
    fixture_holds(query(*state, "summarize raw.x;"), "[`a`,`INTEGER`,`1`,`2`,");
    fixture_holds(fixture_ask(*state,
                              "{`op`:`query`,`sql`:`SHOW TABLES;`,`inputs`:[{`table`:`raw.x`,"
                              "`columns`:[{`name`:`a`,`type`:`INTEGER`}]}]}"),
                  "{`rows`:[[`raw.x`]]}");
}

static void test_query_reads_only_what_it_names(void **state) {
    fixture_holds(query(*state, "select count(*) from raw.x"), "{`rows`:[[`2`]]}");
    fixture_holds(query(*state, "select count(*) from raw.gone"), "`kind`:`not_found`");
}

static void test_query_changes_nothing(void **state) {
    const char *const sql[] = {"create table x (a int)", "copy (select 1) to '/tmp/evil.csv'",
                               "set threads = 1",        "attach '/tmp/evil.db'",
                               "install httpfs",         "select * from read_text('/etc/hostname')",
                               "select 1; select 2",     ""};
    for (size_t i = 0; i < ARRAY_SIZE(sql); i++)
        fixture_holds(query(*state, sql[i]), "`kind`:`definition`");
}

static void test_query_places_errors(void **state) {
    fixture_holds(query(*state, "select a,\\n  z from raw.x"), "`line`:2,`column`:3");
    fixture_holds(query(*state, "selec a"), "`line`:1,`column`:1");
}

static void test_query_fails_after_rows_with_an_error_at_the_end(void **state) {
    const char *answer = fixture_ask(
        *state, "{`op`:`query`,`sql`:`select case when i = 90000 then error('late') else 'x' end "
                "from range(100000) t(i)`,`inputs`:[]}");
    fixture_holds(answer, "{`rows`:");
    fixture_holds(answer, "`message`:`late`");
    fixture_lacks(answer, "`done`");
}

static void test_query_shows_values_that_json_cannot_hold(void **state) {
    fixture_holds(query(*state, "select 'a' || chr(0) || 'b', '\\\\xFF'::blob"), "[`a\xEF\xBF\xBD"
                                                                                 "b`,`\\\\xFF`]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_answers_header_rows_and_end),
        cmocka_unit_test(test_query_sends_no_rows_when_there_are_none),
        cmocka_unit_test(test_query_keeps_names_that_repeat),
        cmocka_unit_test(test_query_takes_large_results_apart),
        cmocka_unit_test(test_query_describes_and_shows),
        cmocka_unit_test(test_query_reads_only_what_it_names),
        cmocka_unit_test(test_query_changes_nothing),
        cmocka_unit_test(test_query_places_errors),
        cmocka_unit_test(test_query_fails_after_rows_with_an_error_at_the_end),
        cmocka_unit_test(test_query_shows_values_that_json_cannot_hold),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
