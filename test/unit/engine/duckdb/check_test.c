/* Covers check.c, check_document.c, match.c and verdict.c: what all formats have in common. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DEFAULTS                                                                                \
    "`op`:`check`,`format`:`csv`,`csv`:{`delimiter`:`,`,`quote`:`\\``,`header`:true,"           \
    "`header_exact`:%s,`encoding`:`utf-8`,`null_values`:[``]},`columns`:[{`name`:`day`,`type`:" \
    "`DATE`,`nullable`:false},{`name`:`n`,`type`:`BIGINT`,`aliases`:[`num`,`anzahl`]}],"        \
    "`missing_columns`:`%s`,`extra_columns`:`%s`,`rows`:{`min`:%d,`max`:3},`max_partitions`:2," \
    "`failure_limit`:2,`maps`:[{`id`:`s/r`,`columns`:[{`expression`:`day`,`type`:`DATE`}]}]"

typedef struct how {
    const char *missing; /* NULL: fail */
    const char *extra;   /* NULL: fail */
    bool any_case;
    bool any_count;
} how;

static const char *check(fixture *f, const char *body, how h) {
    const char *path = fixture_text(f, "x.csv", body);
    return fixture_ask(f, "{" DEFAULTS ",`files`:[{`id`:5,`path`:`%s`,`file`:`r/x.csv`}]}",
                       h.any_case ? "false" : "true", h.missing != NULL ? h.missing : "fail",
                       h.extra != NULL ? h.extra : "fail", h.any_count ? 0 : 1, path);
}

static void test_a_good_file_gets_its_contract_and_feeds(void **state) {
    fixture_equals(
        check(*state, "day,anzahl\n2020-01-02,1\n2020-01-01,2\n2020-01-02,\n", (how){0}),
        "{`files`:[{`id`:5,`verdict`:`accepted`,`rows`:3,`aliases_used`:[`anzahl`],`failures`:[],"
        "`failure_count`:0,`contract`:{`format`:`csv`,`compression`:`none`,`delimiter`:`,`,"
        "`quote`:`\\``,`header`:true,`encoding`:`utf-8`,`null_values`:[``],"
        "`file_columns`:[`day`,`anzahl`],`columns`:[{`name`:`day`,`type`:`DATE`,`from`:0},"
        "{`name`:`n`,`type`:`BIGINT`,`from`:1}]},`feeds`:[{`id`:`s/r`,`partitions`:"
        "[[`2020-01-01`],[`2020-01-02`]],`rows`:[1,2]}]}]}");
}

static void test_a_missing_column_fails_or_is_null(void **state) {
    fixture_holds(check(*state, "day\n2020-01-01\n", (how){0}),
                  "`rule`:`missing_column`,`column`:`n`");
    fixture_holds(check(*state, "day\n2020-01-01\n", (how){.missing = "null"}),
                  "{`name`:`n`,`type`:`BIGINT`,`from`:null}");
    fixture_holds(check(*state, "n\n1\n", (how){.missing = "null"}),
                  "the column \\`day\\` is missing and may not be null");
}

static void test_an_extra_column_fails_is_kept_or_dropped(void **state) {
    const char *body = "x,day,n\n066,2020-01-01,1\n";
    fixture_holds(check(*state, body, (how){0}), "`rule`:`extra_column`,`column`:`x`");
    fixture_holds(check(*state, body, (how){.extra = "keep"}),
                  "{`name`:`x`,`type`:`VARCHAR`,`from`:0}");
    const char *dropped = check(*state, body, (how){.extra = "drop"});
    fixture_holds(dropped, "`accepted`");
    fixture_lacks(dropped, "`name`:`x`");
    fixture_holds(check(*state, ",day,n\n066,2020-01-01,1\n", (how){.extra = "keep"}),
                  "column 1 has no name");
}

static void test_a_misspelt_column_is_told_its_name(void **state) {
    fixture_holds(check(*state, "day,anzal\n2020-01-01,1\n", (how){.missing = "null"}),
                  "the column \\`anzal\\` is not declared");
    fixture_holds(check(*state, "dayy,n\n2020-01-01,1\n", (how){0}), "is it \\`day\\`?");
}

static void test_case_matters_unless_it_must_not(void **state) {
    const char *body = "DAY,n\n2020-01-01,1\n";
    fixture_holds(check(*state, body, (how){0}), "`rejected`");
    fixture_holds(check(*state, body, (how){.any_case = true}), "`accepted`");
    fixture_holds(check(*state, "day,DAY,n\n2020-01-01,2020-01-01,1\n", (how){.any_case = true}),
                  "the column \\`day\\` occurs twice");
}

static void test_rows_are_counted_against_their_bounds(void **state) {
    fixture_holds(check(*state, "", (how){0}), "`rule`:`rows`");
    fixture_holds(check(*state, "", (how){0}), "the file is empty, expected at least 1 rows");
    fixture_holds(check(*state, "day,n\n", (how){0}), "0 rows, expected at least 1");
    fixture_holds(check(*state, "", (how){.any_count = true}), "`accepted`");
    fixture_holds(check(*state, "day,n\n", (how){.any_count = true}), "`partitions`:[],`rows`:[]");
    fixture_holds(
        check(*state, "day,n\n2020-01-01,\n2020-01-01,\n2020-01-01,\n2020-01-01,\n", (how){0}),
        "4 rows, expected at most 3");
}

static void test_too_many_partitions_are_refused(void **state) {
    const char *answer = check(*state, "day,n\n2020-01-01,\n2020-01-02,\n2020-01-03,\n", (how){0});
    fixture_holds(answer, "`rule`:`partitions`");
    fixture_holds(answer, "more than 2 partitions by the map \\`s/r\\`");
}

static void test_failures_past_the_limit_are_counted(void **state) {
    const char *answer = check(*state,
                               "day,n\n2020-01-01,a\n2020-01-01,b\n2020-01-01,c\n"
                               "2020-01-01,d\n2020-01-01,e\n",
                               (how){0});
    fixture_holds(answer, "`line`:2,`value`:`a`,`count`:1,`message`:`\\`a\\` is not a BIGINT`");
    fixture_holds(answer, "`line`:3,`value`:`b`");
    fixture_lacks(answer, "`value`:`c`");
    fixture_holds(answer, "`line`:null,`value`:null,`count`:3,`message`:`3 more`");
    fixture_holds(answer, "`failure_count`:5");
}

static void test_a_bad_file_does_not_touch_the_others(void **state) {
    fixture *f = *state;
    const char *good = fixture_text(f, "good.csv", "day,n\n2020-01-01,1\n");
    const char *bad = fixture_text(f, "bad.csv", "day,n\n2020-01-01,1\r\n2020-01-01,x\n,,\n");
    const char *answer =
        fixture_ask(f,
                    "{" DEFAULTS
                    ",`files`:[{`id`:1,`path`:`%s`},{`id`:2,`path`:`%s/none`},{`id`:3,`path`:`%s`},"
                    "{`id`:4,`path`:`%s`},{`id`:5,`path`:`%s`}]}",
                    "true", "fail", "fail", 1, bad, f->dir, f->dir, good, bad);
    fixture_holds(answer, "{`id`:1,`verdict`:`rejected`");
    fixture_holds(answer, "`kind`:`not_found`");
    fixture_holds(answer, "is not a regular file`},`id`:3}");
    fixture_holds(answer, "{`id`:4,`verdict`:`accepted`");
    fixture_holds(answer, "{`id`:5,`verdict`:`rejected`");
}

static void test_a_bound_that_is_none_is_a_mistake_of_the_definition(void **state) {
    fixture_holds(fixture_ask(*state, "{`op`:`check`,`format`:`csv`,`columns`:[{`name`:`n`,`type`:"
                                      "`BIGINT`,`minimum`:`many`}],`files`:[]}"),
                  "`kind`:`definition`,`message`:`the bound \\`many\\` of the column \\`n\\`");
}

static void test_opaque_files_are_only_opened(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "photo.jpg", "\xFF\xD8");
    fixture_holds(fixture_ask(f,
                              "{`op`:`check`,`format`:`opaque`,`columns`:[],`files`:[{`id`:1,"
                              "`path`:`%s`}]}",
                              path),
                  "`contract`:{`format`:`opaque`}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_file_gets_its_contract_and_feeds),
        cmocka_unit_test(test_a_missing_column_fails_or_is_null),
        cmocka_unit_test(test_an_extra_column_fails_is_kept_or_dropped),
        cmocka_unit_test(test_a_misspelt_column_is_told_its_name),
        cmocka_unit_test(test_case_matters_unless_it_must_not),
        cmocka_unit_test(test_rows_are_counted_against_their_bounds),
        cmocka_unit_test(test_too_many_partitions_are_refused),
        cmocka_unit_test(test_failures_past_the_limit_are_counted),
        cmocka_unit_test(test_a_bad_file_does_not_touch_the_others),
        cmocka_unit_test(test_a_bound_that_is_none_is_a_mistake_of_the_definition),
        cmocka_unit_test(test_opaque_files_are_only_opened),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
