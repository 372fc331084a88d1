/* Covers check_parquet.c, and check_rows.c for Parquet. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/path.h"

static const char *check_path(fixture *f, const char *path) {
    return fixture_ask(f,
                       "{`op`:`check`,`format`:`parquet`,`columns`:[{`name`:`day`,`type`:`DATE`},"
                       "{`name`:`n`,`type`:`BIGINT`,`minimum`:`0`}],`rows`:{`min`:1},`maps`:[],"
                       "`files`:[{`id`:1,`path`:`%s`}]}",
                       path);
}

static const char *check(fixture *f, const char *sql) {
    const char *path = path_join(f->arena, f->dir, "x.parquet");
    fixture_sql(f, "COPY (%s) TO '%s' (FORMAT parquet)", sql, path);
    return check_path(f, path);
}

static void test_narrower_types_are_read_as_wider_ones(void **state) {
    const char *answer = check(*state, "SELECT DATE '2020-01-01' AS day, 5::INTEGER AS n");
    fixture_holds(answer, "`accepted`,`rows`:1");
    fixture_holds(answer, "`file_columns`:[{`name`:`day`,`type`:`DATE`},"
                          "{`name`:`n`,`type`:`INTEGER`}]");
    fixture_holds(answer, "{`name`:`n`,`type`:`BIGINT`,`from`:1}");
}

static void test_values_that_would_be_lost_are_refused(void **state) {
    const char *answer =
        check(*state, "SELECT TIMESTAMP '2020-01-01 10:00:00' AS day, 5.5::DOUBLE AS n"
                      " UNION ALL SELECT NULL, -1");
    fixture_holds(answer, "`rule`:`type`,`column`:`day`");
    fixture_holds(answer, "`rule`:`type`,`column`:`n`,`line`:null,`value`:`5.5`");
    fixture_holds(answer, "`rule`:`minimum`,`column`:`n`,`line`:null,`value`:`-1.0`");
    fixture_holds(check(*state, "SELECT DATE '2020-01-01' AS day, 'x' AS n"), "`rule`:`type`");
}

static void test_other_columns_are_refused(void **state) {
    const char *answer = check(*state, "SELECT 1 AS n, 2 AS x");
    fixture_holds(answer, "`rule`:`missing_column`,`column`:`day`");
    fixture_holds(answer, "`rule`:`extra_column`,`column`:`x`");
}

static void test_other_bytes_are_refused(void **state) {
    fixture *f = *state;
    fixture_holds(check_path(f, fixture_text(f, "x", "PAR1 is only the start of it")),
                  "`rule`:`readable`");
    fixture_holds(check_path(f, fixture_text(f, "x", "")), "the file is empty");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_narrower_types_are_read_as_wider_ones),
        cmocka_unit_test(test_values_that_would_be_lost_are_refused),
        cmocka_unit_test(test_other_columns_are_refused),
        cmocka_unit_test(test_other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
