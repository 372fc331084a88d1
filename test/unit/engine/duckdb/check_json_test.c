/* Covers check_json.c, and check_report.c for JSON. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define GOOD "{\"day\":\"2020-01-01\",\"n\":1}\n{\"n\":null,\"day\":\"2020-01-02\"}\n"

static const char *check(fixture *f, const char *body) {
    const char *path = fixture_text(f, "x.json", body);
    return fixture_ask(
        f,
        "{`op`:`check`,`format`:`json`,`columns`:[{`name`:`day`,`type`:`DATE`,"
        "`nullable`:false},{`name`:`n`,`type`:`BIGINT`,`minimum`:`0`}],`rows`:{`min`:"
        "1},`maps`:[{`id`:`m`,`columns`:[{`expression`:`day`,`type`:`DATE`}]}],"
        "`files`:[{`id`:1,`path`:`%s`}]}",
        path);
}

static void test_lines_and_arrays_are_told_apart(void **state) {
    const char *lines = check(*state, GOOD);
    fixture_holds(lines, "`accepted`,`rows`:2");
    fixture_holds(lines, "`layout`:`lines`,`file_columns`:[`day`,`n`]");
    fixture_holds(lines, "`partitions`:[[`2020-01-01`],[`2020-01-02`]]");
    const char *array = check(*state, " [{\"day\":\"2020-01-01\",\"n\":1}]");
    fixture_holds(array, "`accepted`,`rows`:1");
    fixture_holds(array, "`layout`:`array`");
}

static void test_an_array_that_is_cut_off_is_refused(void **state) {
    const char *cut = "[{\"day\":\"2020-01-01\",\"n\":1},\n ";
    fixture_holds(check(*state, cut), "`rejected`");
    fixture_holds(check(*state, cut), "`rule`:`readable`");
    fixture_holds(check(*state, "[{\"day\":\"2020-01-01\",\"n\":1}"), "`rejected`");
    fixture_holds(check(*state, "[{\"day\":\"2020-01-01\",\"n\":1}]\r\n "), "`accepted`");
}

static void test_values_are_placed_by_line(void **state) {
    const char *answer = check(*state, GOOD "{\"day\":\"never\",\"n\":\"many\"}\n");
    fixture_holds(answer, "`column`:`day`,`line`:3,`value`:`\\`never\\``");
    fixture_holds(answer, "`column`:`n`,`line`:3,`value`:`\\`many\\``");
    answer = check(*state, GOOD "{\"day\":\"2020-01-01\",\"n\":1.5}\n{\"n\":-3}\n");
    fixture_holds(answer, "`rule`:`type`,`column`:`n`,`line`:3,`value`:`1.5`");
    fixture_holds(answer, "`rule`:`minimum`,`column`:`n`,`line`:4,`value`:`-3`");
    fixture_holds(answer, "`rule`:`nullable`,`column`:`day`,`line`:4");
}

static void test_keys_are_columns(void **state) {
    fixture_holds(check(*state, "{\"day\":\"2020-01-01\"}\n"),
                  "`rule`:`missing_column`,`column`:`n`");
    fixture_holds(check(*state, GOOD "{\"day\":\"2020-01-01\",\"s/~\":1}\n"),
                  "`rule`:`extra_column`,`column`:`s/~`");
}

static void test_what_is_not_json_is_refused(void **state) {
    fixture_holds(check(*state, GOOD "{\"day\":\n"), "`rule`:`readable`,`column`:null,`line`:3");
    fixture_holds(check(*state, GOOD "[1]\n7\n"),
                  "`count`:2,`message`:`records are not objects, {…}`");
    fixture_holds(check(*state, "[{\"day\":\"2020-01-01\",\"n\":1}"), "`rule`:`readable`");
    fixture_holds(check(*state, "\xEF\xBB\xBF" GOOD), "a byte order mark");
    fixture_holds(check(*state, GOOD "{\"day\":\"\xFF\"}\n"),
                  "`rule`:`encoding`,`column`:null,`line`:3");
    fixture_holds(check(*state, ""), "the file is empty");
}

static void test_undeclared_types_become_part_of_the_contract(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "x.json", "{\"a\":1,\"b\":{\"c\":true}}\n");
    fixture_holds(fixture_ask(f,
                              "{`op`:`check`,`format`:`json`,`columns`:[],`files`:[{`id`:1,"
                              "`path`:`%s`}]}",
                              path),
                  "`columns`:[{`name`:`a`,`type`:`BIGINT`,`from`:0},"
                  "{`name`:`b`,`type`:`STRUCT(c BOOLEAN)`,`from`:1}]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_and_arrays_are_told_apart),
        cmocka_unit_test(test_an_array_that_is_cut_off_is_refused),
        cmocka_unit_test(test_values_are_placed_by_line),
        cmocka_unit_test(test_keys_are_columns),
        cmocka_unit_test(test_what_is_not_json_is_refused),
        cmocka_unit_test(test_undeclared_types_become_part_of_the_contract),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
