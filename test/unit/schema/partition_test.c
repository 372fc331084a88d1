#include "schema/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const NAMES[] = {"event_date", "site"};

static strings by(size_t count) {
    return (strings){.items = (const char **)(uintptr_t)NAMES, .count = count};
}

static void test_texts_and_values_are_inverse(void **state) {
    static const char *const CASES[][3] = {
        {"2024-05-22", "a/b", "event_date=2024-05-22/site=a%2Fb"},
        {"2024-05-22", "", "event_date=2024-05-22/site="},
        {"..", "100%=?", "event_date=../site=100%25%3D%3F"},
        {NULL, "x", "event_date=__HIVE_DEFAULT_PARTITION__/site=x"},
        {"__HIVE_DEFAULT_PARTITION__", "é\n", "event_date=%5F_HIVE_DEFAULT_PARTITION__/site=é%0A"},
    };
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        strings names = by(2);
        assert_string_equal(partition_text(a, &names, CASES[i]), CASES[i][2]);
        const char **values = NULL;
        assert_int_equal(partition_values(CASES[i][2], &names, a, &values, NULL), OK);
        for (size_t j = 0; j < 2; j++) {
            if (CASES[i][j] == NULL)
                assert_null(values[j]);
            else
                assert_string_equal(values[j], CASES[i][j]);
        }
    }
}

static void test_an_unpartitioned_table_has_one_partition(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    strings none = by(0);
    const char **values = NULL;
    error err = {0};
    assert_string_equal(partition_text(a, &none, NULL), "()");
    assert_int_equal(partition_values("()", &none, a, &values, &err), OK);
    assert_int_equal(partition_values("x=1", &none, a, &values, &err), E_USAGE);
    assert_string_equal(err.message, "\"x=1\" is not a partition of this table");
    assert_string_equal(err.hint, "The table is not partitioned: its one partition is written ().");
}

static void test_text_that_does_not_fit_is_refused(void **state) {
    static const char *const CASES[] = {
        "",
        "()",
        "event_date=1",
        "site=1/event_date=2",
        "event_date=1/site=2/x=3",
        "event_date=1/site=%",
        "event_date=1/site=%0",
        "event_date=1/site=%00",
        "event_date=1/site=%ff",
        "event_date/site",
        "event_date=1//site=2",
    };
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        strings names = by(2);
        const char **values = NULL;
        error err = {0};
        assert_int_equal(partition_values(CASES[i], &names, a, &values, &err), E_USAGE);
        assert_string_equal(err.hint, "Write it as event_date=<value>/site=<value>.");
        assert_null(values);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_and_values_are_inverse),
        cmocka_unit_test(test_an_unpartitioned_table_has_one_partition),
        cmocka_unit_test(test_text_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
