/* Covers view.c, view_read.c, view_plan.c and reader.c: contracts as views, through the job
 * query. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* One input of one group; its rows. */
static const char *rows(fixture *f, const char *columns, const char *contract, const char *files) {
    const char *answer = fixture_ask(f,
                                     "{`op`:`query`,`sql`:`select * from raw.x`,`inputs`:[{"
                                     "`table`:`raw.x`,`columns`:[%s],`groups`:[{`contract`:%s,"
                                     "`files`:[%s]}]}]}",
                                     columns, contract, files);
    const char *second = strchr(answer, '\n');
    return second != NULL ? second + 1 : answer;
}

static const char *file(fixture *f, const char *name, const char *text) {
    return arena_printf(f->arena, "{`path`:`%s`,`file`:`%s`,`land_timestamp`:7}",
                        fixture_text(f, name, text), name);
}

#define AB "{`name`:`a`,`type`:`BIGINT`},{`name`:`b`,`type`:`VARCHAR`}"

static void test_json_is_read_by_its_contract(void **state) {
    fixture *f = *state;
    const char *columns = "`columns`:[{`name`:`a`,`type`:`BIGINT`,`from`:1},"
                          "{`name`:`b`,`type`:`VARCHAR`,`from`:null}]}";
    const char *lines = arena_printf(
        f->arena, "{`format`:`json`,`layout`:`lines`,`file_columns`:[`x`,`a/'~`],%s", columns);
    fixture_holds(rows(f, AB, lines, file(f, "l.json", "{\"x\":1,\"a/'~\":2}\n{\"x\":3}\n")),
                  "{`rows`:[[`2`,null],[null,null]]}");
    const char *array = arena_printf(
        f->arena, "{`format`:`json`,`layout`:`array`,`file_columns`:[`x`,`a`],%s", columns);
    fixture_holds(rows(f, AB, array, file(f, "a.json", "[{\"a\":5},{\"a\":6}]")),
                  "{`rows`:[[`5`,null],[`6`,null]]}");
}

static void test_csv_is_read_by_place_whatever_its_header_says(void **state) {
    fixture *f = *state;
    const char *contract = "{`format`:`csv`,`delimiter`:`;`,`quote`:`'`,`null_values`:[`-`],"
                           "`file_columns`:[`one`,`two`,`c1`],`columns`:[{`name`:`b`,`type`:"
                           "`VARCHAR`,`from`:0},{`name`:`a`,`type`:`BIGINT`,`from`:2}]}";
    fixture_holds(rows(f, AB, contract, file(f, "x.csv", "ONE;Two;x\n'p;q';skip;4\n;skip;-\n")),
                  "{`rows`:[[`4`,`p;q`],[null,``]]}");
}

static void test_a_column_takes_the_type_that_the_table_has_now(void **state) {
    fixture *f = *state;
    const char *contract = "{`format`:`csv`,`file_columns`:[`a`],`columns`:[{`name`:`a`,`type`:"
                           "`VARCHAR`,`from`:0}]}";
    fixture_holds(
        rows(f, "{`name`:`a`,`type`:`DATE`}", contract, file(f, "x.csv", "a\n2020-01-01\n")),
        "{`rows`:[[`2020-01-01`]]}");
    fixture_holds(rows(f, "{`name`:`a`,`type`:`DATE`}", contract, file(f, "x.csv", "a\nnever\n")),
                  "`kind`:`data`");
}

static void test_bytes_that_break_their_contract_are_data_errors(void **state) {
    fixture *f = *state;
    const char *contract = "{`format`:`csv`,`file_columns`:[`a`],`columns`:[{`name`:`a`,`type`:"
                           "`BIGINT`,`from`:0}]}";
    const char *answer =
        rows(f, "{`name`:`a`,`type`:`BIGINT`}", contract, file(f, "x.csv", "a\n1\nx\n"));
    fixture_holds(answer, "`kind`:`data`");
    fixture_holds(answer, "CSV Error on Line: 3");
}

static void test_an_input_without_files_is_an_empty_view(void **state) {
    fixture_equals(fixture_ask(*state, "{`op`:`query`,`sql`:`select * from raw.x`,`inputs`:[{"
                                       "`table`:`raw.x`,`columns`:[" AB "],`groups`:[]}]}"),
                   "{`columns`:[{`name`:`a`,`type`:`BIGINT`},{`name`:`b`,`type`:`VARCHAR`}]}\n"
                   "{`done`:true,`rows`:0}");
}

/* The filter's values are the input's own; it may speak of what the view does not have. */
static void test_only_rows_of_the_values_given_are_read(void **state) {
    static const char *const FILTERS[][2] = {
        {"`filter`:[`a`],`only`:{`types`:[`BIGINT`],`values`:[[`2`],[null]]}",
         "[`2`,`y`],[null,`z`]"},
        {"`filter`:[`file_land_timestamp + a`],`hidden`:[{`name`:`file_land_timestamp`,`type`:"
         "`BIGINT`}],`only`:{`types`:[`BIGINT`],`values`:[[`8`]]}",
         "[`1`,`x`]"},
        {"`filter`:[`a`,`b`],`only`:{`types`:[`BIGINT`,`VARCHAR`],`values`:[[`1`,`y`],[null,`z`]]}",
         "[null,`z`]"},
        {"`filter`:[`a`],`only`:{`types`:[`BIGINT`],`values`:[]}", NULL},
    };
    fixture *f = *state;
    const char *contract = "{`format`:`csv`,`file_columns`:[`a`,`b`],`columns`:[{`name`:`a`,`type`:"
                           "`BIGINT`,`from`:0},{`name`:`b`,`type`:`VARCHAR`,`from`:1}]}";
    const char *csv = file(f, "x.csv", "a,b\n1,x\n2,y\n,z\n");
    for (size_t i = 0; i < ARRAY_SIZE(FILTERS); i++) {
        const char *answer = fixture_ask(f,
                                         "{`op`:`query`,`sql`:`select * from raw.x`,`inputs`:[{"
                                         "`table`:`raw.x`,`columns`:[" AB "],`groups`:[{`contract`:"
                                         "%s,`files`:[%s]}],%s}]}",
                                         contract, csv, FILTERS[i][0]);
        if (FILTERS[i][1] != NULL)
            fixture_holds(answer, arena_printf(f->arena, "{`rows`:[%s]}", FILTERS[i][1]));
        else
            fixture_holds(answer, "`rows`:0");
    }
    fixture_holds(fixture_ask(f, "{`op`:`query`,`sql`:`select * from raw.x`,`inputs`:[{`table`:"
                                 "`raw.x`,`columns`:[" AB "],`groups`:[],`filter`:[`a`],`only`:{"
                                 "`types`:[`BIGINT); drop`],`values`:[]}}]}"),
                  "is not a type");
}

static void test_broken_inputs_are_refused(void **state) {
    fixture *f = *state;
    fixture_holds(rows(f, AB, "{`format`:`opaque`}", file(f, "x", "x")),
                  "opaque files cannot be read");
    fixture_holds(rows(f, AB, "{`format`:`xml`}", ""), "\\`xml\\` is not a format");
    fixture_holds(rows(f, AB,
                       "{`format`:`csv`,`file_columns`:[`a`],`columns`:[{`name`:`a`,`type`:"
                       "`BIGINT`,`from`:1}]}",
                       file(f, "x.csv", "a\n1\n")),
                  "the column \\`a\\` is not in the file");
    fixture_holds(rows(f, "", "{`format`:`parquet`}", ""), "has no columns");
    fixture_holds(rows(f, AB, "{`format`:`parquet`}", "{`path`:`x.parquet`}"), "is not absolute");
    fixture_holds(fixture_ask(f,
                              "{`op`:`query`,`sql`:`select 1`,`inputs`:[{`table`:`x`,`columns`:[" AB
                              "]}]}"),
                  "`done`");
    fixture_holds(fixture_ask(f, "{`op`:`query`,`sql`:`select * from r.x`,`inputs`:[{`table`:`r.x`,"
                                 "`columns`:[" AB "],`rows`:{`values`:[[`1`]]}}]}"),
                  "a row of the input \\`r.x\\` has 1 values, expected 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_is_read_by_its_contract),
        cmocka_unit_test(test_csv_is_read_by_place_whatever_its_header_says),
        cmocka_unit_test(test_a_column_takes_the_type_that_the_table_has_now),
        cmocka_unit_test(test_bytes_that_break_their_contract_are_data_errors),
        cmocka_unit_test(test_an_input_without_files_is_an_empty_view),
        cmocka_unit_test(test_only_rows_of_the_values_given_are_read),
        cmocka_unit_test(test_broken_inputs_are_refused),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
