#include "plan/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOON 1716379200000000 /* 2024-05-22T12:00:00Z */
#define HOUR INT64_C(3600000000)

/* A table partitioned by one or two columns of these types. */
static lake_table table_of(arena *a, const char *first, const char *second) {
    lake_table t = {.name = "silver.x"};
    const char *types[] = {first, second};
    const char *names[] = {"one", "two"};
    for (size_t i = 0; i < 2; i++) {
        column c = {.name = names[i], .type = types[i]};
        if (types[i] == NULL)
            continue;
        vec_push(a, &t.columns, c);
        vec_push(a, &t.partition_by, names[i]);
    }
    return t;
}

/* NOON in UTC is what clocks show two hours later there. */
static const plan_present PRESENT = {NOON, NOON}, EAST = {NOON, NOON + 2 * HOUR};

static plan_moment moment(const char *text, plan_present now) {
    return text == NULL ? (plan_moment){0} : plan_moment_read(text, now);
}

static bool in_range_at(const lake_table *t, plan_present now, const char *from, const char *text) {
    plan_filter f = {.from = moment(from, now)};
    return plan_filter_takes(&f, t, text);
}

static bool in_range(const lake_table *t, const char *from, const char *to, const char *text) {
    plan_filter f = {.from = moment(from, PRESENT), .to = moment(to, PRESENT)};
    return plan_filter_takes(&f, t, text);
}

static bool has_value(const lake_table *t, const char *asked, const char *text) {
    ARENA_AUTO a = arena_new();
    plan_filter f = {0};
    vec_push(a, &f.partitions, asked);
    return plan_filter_takes(&f, t, text);
}

static void test_a_range_takes_its_first_day_and_not_its_last(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table t = table_of(a, "DATE", NULL);
    assert_false(in_range(&t, "2024-05-02", "2024-05-04", "one=2024-05-01"));
    assert_true(in_range(&t, "2024-05-02", "2024-05-04", "one=2024-05-02"));
    assert_true(in_range(&t, "2024-05-02", "2024-05-04", "one=2024-05-03"));
    assert_false(in_range(&t, "2024-05-02", "2024-05-04", "one=2024-05-04"));
    assert_true(in_range(&t, NULL, "2024-05-04", "one=1969-12-31"));
    assert_true(in_range(&t, "2024-05-02", NULL, "one=2999-01-01"));
    assert_false(in_range(&t, "2024-05-02T00:00:01Z", NULL, "one=2024-05-02"));
}

static void test_so_long_ago_means_whole_days_of_a_date_and_moments_of_a_timestamp(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table day = table_of(a, "DATE", NULL), hour = table_of(a, "TIMESTAMP", NULL);
    lake_table zoned = table_of(a, "TIMESTAMP WITH TIME ZONE", NULL);
    assert_true(in_range(&day, "7d", NULL, "one=2024-05-15"));
    assert_false(in_range(&day, "7d", NULL, "one=2024-05-14"));
    assert_false(in_range(&day, NULL, "1d", "one=2024-05-21"));
    assert_true(in_range(&day, NULL, "1d", "one=2024-05-20"));
    assert_false(in_range(&hour, "7d", NULL, "one=2024-05-15 11%3A00%3A00"));
    assert_true(in_range(&hour, "7d", NULL, "one=2024-05-15 12%3A00%3A00"));
    assert_true(in_range(&zoned, "7d", NULL, "one=2024-05-15 14%3A00%3A00+02"));
    assert_false(in_range(&zoned, "7d", NULL, "one=2024-05-15 13%3A59%3A59+02"));
}

static void test_a_range_lies_on_the_first_column_with_times(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table t = table_of(a, "VARCHAR", "DATE"), none = table_of(a, "DOUBLE", NULL);
    lake_table whole = table_of(a, NULL, NULL);
    plan_filter f = {.from = moment("2024-05-02", PRESENT)};
    assert_true(plan_filter_takes(&f, &t, "one=2020-01-01/two=2024-05-02"));
    assert_false(plan_filter_takes(&f, &t, "one=2024-05-02/two=2020-01-01"));
    assert_true(plan_filter_applies(&f, &t));
    assert_false(plan_filter_applies(&f, &none));
    assert_false(plan_filter_takes(&f, &none, "one=2024-05-02"));
    assert_false(plan_filter_applies(&f, &whole));
}

static void test_null_and_what_is_no_time_are_in_no_range(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table t = table_of(a, "DATE", NULL);
    assert_false(in_range(&t, "2024-05-02", NULL, "one=__HIVE_DEFAULT_PARTITION__"));
    assert_false(in_range(&t, NULL, "2024-05-02", "one=__HIVE_DEFAULT_PARTITION__"));
    assert_false(in_range(&t, NULL, "2024-05-02", "one=infinity"));
    assert_false(in_range(&t, NULL, "2024-05-02", "another=2024-05-01"));
}

static void test_values_are_given_as_they_are_or_as_they_are_written(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table t = table_of(a, "VARCHAR", NULL);
    assert_true(has_value(&t, "one=a/b", "one=a%2Fb"));
    assert_true(has_value(&t, "one=a%2Fb", "one=a%2Fb"));
    assert_true(has_value(&t, "one=100%", "one=100%25"));
    assert_true(has_value(&t, "one=", "one="));
    assert_false(has_value(&t, "one=a", "one=b"));
    assert_true(has_value(&t, "one=__HIVE_DEFAULT_PARTITION__", "one=__HIVE_DEFAULT_PARTITION__"));
    assert_false(
        has_value(&t, "one=__HIVE_DEFAULT_PARTITION__", "one=%5F_HIVE_DEFAULT_PARTITION__"));
    assert_true(
        has_value(&t, "one=%5F_HIVE_DEFAULT_PARTITION__", "one=%5F_HIVE_DEFAULT_PARTITION__"));
}

static void test_some_of_the_columns_are_enough(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table t = table_of(a, "VARCHAR", "DATE"), whole = table_of(a, NULL, NULL);
    assert_true(has_value(&t, "two=2024-05-02", "one=a/two=2024-05-02"));
    assert_true(has_value(&t, "two=2024-05-02/one=a", "one=a/two=2024-05-02"));
    assert_false(has_value(&t, "two=2024-05-02/one=b", "one=a/two=2024-05-02"));
    assert_false(has_value(&t, "three=a", "one=a/two=2024-05-02"));
    assert_true(has_value(&whole, "()", "()"));
    assert_false(has_value(&t, "()", "one=a/two=2024-05-02"));
}

static void test_so_long_ago_is_told_by_the_clocks_of_the_zone(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table day = table_of(a, "DATE", NULL), hour = table_of(a, "TIMESTAMP", NULL);
    lake_table zoned = table_of(a, "TIMESTAMP WITH TIME ZONE", NULL);
    const plan_present late = {NOON + 11 * HOUR, NOON + 13 * HOUR}; /* there it is the 23rd */
    assert_true(in_range_at(&day, late, "1d", "one=2024-05-22"));
    assert_false(in_range_at(&day, late, "1d", "one=2024-05-21"));
    assert_true(in_range_at(&hour, EAST, "1h", "one=2024-05-22 13%3A00%3A00"));
    assert_false(in_range_at(&hour, EAST, "1h", "one=2024-05-22 12%3A59%3A59"));
    assert_true(in_range_at(&zoned, EAST, "1h", "one=2024-05-22 13%3A00%3A00+02"));
    assert_false(in_range_at(&zoned, EAST, "1h", "one=2024-05-22 12%3A59%3A59+02"));
}

static void test_whole_numbers_and_text_have_ranges_of_their_own_kind(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    lake_table year = table_of(a, "BIGINT", NULL), month = table_of(a, "VARCHAR", "INTEGER");
    assert_true(in_range(&year, "900", "2024", "one=2023"));
    assert_true(in_range(&year, "-3", NULL, "one=-3"));
    assert_false(in_range(&year, "900", "2024", "one=2024"));
    assert_false(in_range(&year, "2024-01-01", NULL, "one=2024"));
    assert_true(in_range(&month, "2024-02", "2024-04", "one=2024-03/two=1"));
    assert_true(in_range(&month, "2024-02", "2024-04", "one=2024-03-31/two=1"));
    assert_false(in_range(&month, "2024-02", "2024-04", "one=2024-04/two=1"));
    assert_true(in_range(&month, "a/b", NULL, "one=a%2Fc/two=1"));
    assert_false(in_range(&month, "7d", NULL, "one=9/two=1"));
    assert_false(in_range(&month, "2024-02", NULL, "one=__HIVE_DEFAULT_PARTITION__/two=1"));
}

static bool is_empty(const char *from, const char *to) {
    plan_moment first = moment(from, PRESENT), second = moment(to, PRESENT);
    return plan_range_is_empty(&first, &second);
}

static void test_a_range_that_ends_before_it_begins_is_empty(void **state) {
    (void)state;
    assert_true(is_empty("2024-05-02", "2024-05-02"));
    assert_true(is_empty("1d", "7d"));
    assert_true(is_empty("10", "9"));
    assert_true(is_empty("a", "a"));
    assert_false(is_empty("9", "10"));
    assert_false(is_empty(NULL, "a"));
    assert_false(is_empty("2024-05-02", NULL));
}

static void refuse_moment(const char *type, const char *text, const char *hint) {
    ARENA_AUTO a = arena_new();
    error err = {0};
    lake_table t = table_of(a, type, NULL);
    plan_filter f = {.to = moment(text, PRESENT)};
    assert_false(plan_filter_applies(&f, &t));
    assert_int_equal(plan_filter_check_range(&f, &t, &err), E_USAGE);
    assert_non_null(strstr(err.hint, hint));
}

static void test_what_is_no_moment_and_no_partition_is_refused(void **state) {
    (void)state;
    error err = {0};
    refuse_moment("DATE", "2024", "7d");
    refuse_moment("DATE", "20240522", "7d");
    refuse_moment("TIMESTAMP", "yesterday", "7d");
    refuse_moment("DATE", "2024-02-30", "7d");
    refuse_moment("DATE", "", "7d");
    refuse_moment("BIGINT", "2024-05-22", "whole numbers");
    refuse_moment("VARCHAR", "7d", "text");
    assert_int_equal(plan_filter_check("event_date", &err), E_USAGE);
    assert_int_equal(plan_filter_check("=a", NULL), E_USAGE);
    assert_int_equal(plan_filter_check("", NULL), E_USAGE);
    assert_int_equal(plan_filter_check("a=b/c", NULL), OK);
    assert_int_equal(plan_filter_check("()", NULL), OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_range_takes_its_first_day_and_not_its_last),
        cmocka_unit_test(test_so_long_ago_means_whole_days_of_a_date_and_moments_of_a_timestamp),
        cmocka_unit_test(test_a_range_lies_on_the_first_column_with_times),
        cmocka_unit_test(test_null_and_what_is_no_time_are_in_no_range),
        cmocka_unit_test(test_values_are_given_as_they_are_or_as_they_are_written),
        cmocka_unit_test(test_some_of_the_columns_are_enough),
        cmocka_unit_test(test_so_long_ago_is_told_by_the_clocks_of_the_zone),
        cmocka_unit_test(test_whole_numbers_and_text_have_ranges_of_their_own_kind),
        cmocka_unit_test(test_a_range_that_ends_before_it_begins_is_empty),
        cmocka_unit_test(test_what_is_no_moment_and_no_partition_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
