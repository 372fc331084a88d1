#include "plan/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOON 1716379200000000 /* 2024-05-22T12:00:00Z */

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

static plan_moment moment(const char *text) {
    plan_moment m = {0};
    error err = {0};
    if (text != NULL && plan_moment_read(text, NOON, &m, &err) != OK)
        fail_msg("%s", err.message);
    return m;
}

static bool in_range(const lake_table *t, const char *from, const char *to, const char *text) {
    plan_filter f = {.from = moment(from), .to = moment(to)};
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
    lake_table t = table_of(a, "VARCHAR", "DATE"), none = table_of(a, "VARCHAR", NULL);
    lake_table whole = table_of(a, NULL, NULL);
    plan_filter f = {.from = moment("2024-05-02")};
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

static void refuse_moment(const char *text) {
    plan_moment m = {0};
    error err = {0};
    assert_int_equal(plan_moment_read(text, NOON, &m, &err), E_USAGE);
    assert_non_null(strstr(err.hint, "7d"));
    assert_false(m.given);
}

static void test_what_is_no_moment_and_no_partition_is_refused(void **state) {
    (void)state;
    error err = {0};
    refuse_moment("2024");
    refuse_moment("20240522");
    refuse_moment("yesterday");
    refuse_moment("2024-02-30");
    refuse_moment("");
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
        cmocka_unit_test(test_what_is_no_moment_and_no_partition_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
