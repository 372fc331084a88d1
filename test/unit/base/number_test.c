#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_integers_are_whole_and_in_range(void **state) {
    (void)state;
    int64_t n = 7;
    assert_true(number_int64("-9223372036854775808", &n));
    assert_true(n == INT64_MIN);
    assert_true(number_int64("007", &n));
    assert_int_equal(n, 7);
    const char *bad[] = {"",   "-", "+1", " 1", "1 ", "1x", "0x1", "--1", "9223372036854775808",
                         "1.0"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(number_int64(bad[i], &n));
    assert_int_equal(n, 7);
    uint64_t u = 7;
    assert_true(number_uint64("18446744073709551615", &u));
    assert_true(u == UINT64_MAX);
    assert_false(number_uint64("-1", &u));
    assert_false(number_uint64("18446744073709551616", &u));
}

static void test_doubles_are_finite_decimals(void **state) {
    (void)state;
    double d = 7;
    assert_true(number_double("-1.5e3", &d));
    assert_true(d > -1500.01 && d < -1499.99);
    const char *bad[] = {"", ".", "inf", "nan", "1e999", "0x10", " 1", "1 ", "1,5", "+1", "1e"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(number_double(bad[i], &d));
}

static void test_sizes_know_decimal_and_binary_units(void **state) {
    (void)state;
    int64_t n = 7;
    assert_true(number_bytes("0", &n));
    assert_int_equal(n, 0);
    assert_true(number_bytes("10KB", &n));
    assert_int_equal(n, 10000);
    assert_true(number_bytes("4MiB", &n));
    assert_int_equal(n, 4194304);
    assert_true(number_bytes("1TB", &n));
    assert_int_equal(n, 1000000000000);
    const char *bad[] = {"",      "GB",  "-1GB",       "1 GB",
                         "1.5GB", "1gb", "10000000PB", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(number_bytes(bad[i], &n));
    assert_int_equal(n, 1000000000000);
}

static void test_durations_need_a_unit(void **state) {
    (void)state;
    int64_t us = 7;
    assert_true(number_duration("0s", &us));
    assert_int_equal(us, 0);
    assert_true(number_duration("250ms", &us));
    assert_int_equal(us, 250000);
    assert_true(number_duration("30d", &us));
    assert_int_equal(us, INT64_C(30) * 86400 * 1000000);
    const char *bad[] = {"", "0", "5", "s", "-5s", "5S", "1h30m", "999999999999d"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(number_duration(bad[i], &us));
}

static void test_times_are_unix_seconds_or_rfc3339(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } CASES[] = {
        {"0", 0},
        {"1590142800", INT64_C(1590142800000000)},
        {"2020-05-22", INT64_C(1590105600000000)},
        {"2020-05-22T10:20:00Z", INT64_C(1590142800000000)},
        {"2020-05-22t12:20:00+02:00", INT64_C(1590142800000000)},
        {"2020-05-22 10:20:00", INT64_C(1590142800000000)},
        {"2020-05-21T23:50:00.25-10:30", INT64_C(1590142800250000)},
        {"2020-05-22T10:20:00.1234567Z", INT64_C(1590142800123456)},
        {"2024-02-29", INT64_C(1709164800000000)},
        {"1969-12-31T23:59:59.5Z", -500000},
        {"-1", -1000000},
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        int64_t us = 7;
        assert_true(number_time(CASES[i].text, &us));
        assert_true(us == CASES[i].us);
    }
}

static void test_impossible_times_are_refused(void **state) {
    (void)state;
    const char *bad[] = {
        "",
        "yesterday",
        "2023-02-29",
        "2024-02-30",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "2024-1-1",
        "2024-05-22T24:00:00Z",
        "2024-05-22T10:60:00Z",
        "2024-05-22T10:00:60Z",
        "2024-05-22T10:00:00.Z",
        "2024-05-22T10:00Z",
        "2024-05-22T10:00:00+2",
        "2024-05-22T10:00:00+24:00",
        "2024-05-22T10:00:00ZZ",
        "2024-05-22T",
        "2024-05-22x",
        "9223372036854775807",
    };
    int64_t us = 7;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(number_time(bad[i], &us));
    assert_int_equal(us, 7);
}

static void test_a_time_and_its_text_are_inverse(void **state) {
    (void)state;
    char text[TIME_TEXT_SIZE];
    time_text(INT64_C(1590142800000000), text);
    assert_string_equal(text, "2020-05-22T10:20:00Z");
    time_text(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    int64_t us = 0;
    assert_true(number_time(text, &us));
    assert_int_equal(us, -1);
    time_text(INT64_MAX, text);
    assert_string_equal(text, "294247-01-10T04:00:54.775807Z");
    time_text(INT64_MIN, text);
    assert_string_equal(text, "-290308-12-21T19:59:05.224192Z");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_are_whole_and_in_range),
        cmocka_unit_test(test_doubles_are_finite_decimals),
        cmocka_unit_test(test_sizes_know_decimal_and_binary_units),
        cmocka_unit_test(test_durations_need_a_unit),
        cmocka_unit_test(test_times_are_unix_seconds_or_rfc3339),
        cmocka_unit_test(test_impossible_times_are_refused),
        cmocka_unit_test(test_a_time_and_its_text_are_inverse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
