#include "schema/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static strings names(arena *a, const char *list) {
    return str_split(a, list, ' ');
}

/* A window over the only partition column. */
static span window(arena *a, const char *type, int64_t from, int64_t to) {
    return (span){.kind = SPAN_WINDOW,
                  .by = names(a, "p"),
                  .base = names(a, "p"),
                  .type = type,
                  .from = from,
                  .to = to};
}

static void check_list(arena *a, const strings *list, const char *expected) {
    assert_string_equal(str_join(a, list, " "), expected);
}

static void check_reads(const span *s, const char *partition, const char *expected) {
    ARENA_AUTO a = arena_new();
    strings list = {0};
    error err = {0};
    assert_int_equal(span_reads(s, partition, a, &list, &err), OK);
    check_list(a, &list, expected);
}

static void check_read_by(const span *s, const char *base, const char *expected) {
    ARENA_AUTO a = arena_new();
    strings list = {0};
    error err = {0};
    assert_int_equal(span_read_by(s, base, a, &list, &err), OK);
    check_list(a, &list, expected);
}

static void test_a_window_counts_days_of_dates(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = window(a, "DATE", -2, 1);
    check_reads(&s, "p=2024-03-01", "p=2024-02-28 p=2024-02-29 p=2024-03-01 p=2024-03-02");
    check_reads(&s, "p=2023-12-31", "p=2023-12-29 p=2023-12-30 p=2023-12-31 p=2024-01-01");
    check_read_by(&s, "p=2024-03-01", "p=2024-02-29 p=2024-03-01 p=2024-03-02 p=2024-03-03");
    check_reads(&s, "p=0001-01-01", "p=0001-01-01 p=0001-01-02");
    check_reads(&s, "p=9999-12-31", "p=9999-12-29 p=9999-12-30 p=9999-12-31");
}

static void test_a_window_counts_numbers_within_their_type(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = window(a, "UTINYINT", -1, 1);
    check_reads(&s, "p=9", "p=10 p=8 p=9");
    check_reads(&s, "p=0", "p=0 p=1");
    check_read_by(&s, "p=255", "p=254 p=255");
    s.type = "BIGINT";
    check_reads(&s, "p=-1", "p=-1 p=-2 p=0");
    check_reads(&s, "p=9223372036854775807", "p=9223372036854775807");
}

static void test_a_window_of_months_takes_all_days_between(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = window(a, "DATE", -1, 0);
    s.in_months = true;
    strings list = {0};
    assert_int_equal(span_reads(&s, "p=2024-03-31", a, &list, NULL), OK);
    assert_int_equal(list.count, 32);
    assert_string_equal(list.items[0], "p=2024-02-29");
    assert_string_equal(list.items[31], "p=2024-03-31");
    assert_int_equal(span_width(&s), 32);
}

static void test_a_window_counts_months_written_as_text(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = window(a, "VARCHAR", -2, 0);
    s.in_months = true;
    check_reads(&s, "p=2024-01", "p=2023-11 p=2023-12 p=2024-01");
    check_read_by(&s, "p=2024-11", "p=2024-11 p=2024-12 p=2025-01");
    assert_int_equal(span_width(&s), 3);
}

/* Whatever the lengths of months do, the two directions must agree. */
static void test_who_reads_a_base_partition_is_who_finds_it_in_its_window(void **state) {
    static const struct {
        int64_t from, to;
        bool in_months;
    } CASES[] = {{-6, 0, false}, {0, 3, false}, {-4, -2, false}, {-1, 0, true}, {-1, 2, true}};
    (void)state;
    for (size_t c = 0; c < ARRAY_SIZE(CASES); c++) {
        ARENA_AUTO a = arena_new();
        span s = window(a, "DATE", CASES[c].from, CASES[c].to);
        s.in_months = CASES[c].in_months;
        span days = window(a, "DATE", -70, 130);
        strings all = {0}, readers = {0}, read = {0};
        assert_int_equal(span_reads(&days, "p=2024-02-15", a, &all, NULL), OK);
        assert_int_equal(span_read_by(&s, "p=2024-02-29", a, &readers, NULL), OK);
        assert_true(readers.count > 0);
        for (size_t i = 0; i < all.count; i++) {
            assert_int_equal(span_reads(&s, all.items[i], a, &read, NULL), OK);
            assert_int_equal(strings_contain(&read, "p=2024-02-29"),
                             strings_contain(&readers, all.items[i]));
        }
    }
}

static void test_what_is_not_counted_reads_only_itself(void **state) {
    static const char *const VALUES[] = {"p=__HIVE_DEFAULT_PARTITION__",
                                         "p=infinity",
                                         "p=12024-05-01",
                                         "p=0044-03-15 (BC)",
                                         "p=2024-13-01",
                                         "p=2023-02-29"};
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = window(a, "DATE", -6, 0), past = window(a, "DATE", -6, -1);
    for (size_t i = 0; i < ARRAY_SIZE(VALUES); i++) {
        check_reads(&s, VALUES[i], VALUES[i]);
        check_read_by(&s, VALUES[i], VALUES[i]);
        check_reads(&past, VALUES[i], "");
    }
}

static void test_other_columns_stay_the_same(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = window(a, "DATE", -1, 0);
    s.by = names(a, "day site");
    s.base = names(a, "site day");
    check_reads(&s, "day=2024-05-02/site=a%2Fb",
                "site=a%2Fb/day=2024-05-01 site=a%2Fb/day=2024-05-02");
    check_read_by(&s, "site=a%2Fb/day=2024-05-01",
                  "day=2024-05-01/site=a%2Fb day=2024-05-02/site=a%2Fb");
    const char *own = NULL;
    assert_int_equal(span_own(&s, "day=2024-05-02/site=x", a, &own, NULL), OK);
    assert_string_equal(own, "site=x/day=2024-05-02");
    assert_int_equal(span_own(&s, "site=x", a, &own, NULL), E_USAGE);
}

static void test_a_prefix_ends_where_the_moving_value_begins(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = {.kind = SPAN_AS_OF, .by = names(a, "day site"), .type = "DATE"};
    s.base = names(a, "day");
    const char *prefix = NULL;
    error err = {0};
    assert_int_equal(span_prefix(&s, "day=2024-05-02/site=x", a, &prefix, &err), OK);
    assert_string_equal(prefix, "day=");
    s.base = names(a, "site day");
    assert_int_equal(span_prefix(&s, "day=infinity/site=x", a, &prefix, &err), OK);
    assert_string_equal(prefix, "site=x/day=");
    assert_int_equal(span_prefix(&s, "day=__HIVE_DEFAULT_PARTITION__/site=x", a, &prefix, &err),
                     OK);
    assert_null(prefix);
    assert_int_equal(span_prefix(&s, "day=12024-05-02/site=x", a, &prefix, &err), E_DATA);
    assert_string_equal(err.message, "what is newest at or before \"day=12024-05-02/site=x\" "
                                     "cannot be told");
}

static void test_a_text_gives_the_span_back_and_nothing_else_does(void **state) {
    static const char *const CASES[] = {
        "",
        "{}",
        "[]",
        "{\"kind\":0,\"by\":[\"p\"],\"base\":[],\"type\":\"DATE\",\"from\":0,\"to\":0,"
        "\"creates\":0}",
        "{\"kind\":7,\"by\":[\"p\"],\"base\":[\"p\"],\"type\":\"DATE\",\"from\":0,\"to\":0,"
        "\"creates\":0}",
        "{\"kind\":0,\"by\":[\"p\"],\"base\":[\"p\"],\"type\":\"DOUBLE\",\"from\":0,\"to\":0,"
        "\"creates\":0}",
        "{\"kind\":0,\"by\":[\"p\"],\"base\":[\"p\"],\"type\":\"DATE\",\"from\":0,\"to\":9999,"
        "\"creates\":0}",
        "{\"kind\":0,\"by\":[1],\"base\":[\"p\"],\"type\":\"DATE\",\"from\":0,\"to\":0,"
        "\"creates\":0}",
    };
    (void)state;
    ARENA_AUTO a = arena_new();
    span s = window(a, "DATE", -6, 0), back = {0};
    s.in_months = true;
    s.creates = SPAN_CREATES_ALL;
    assert_int_equal(span_from_text(span_text(&s, a), a, &back, NULL), OK);
    assert_string_equal(span_text(&back, a), span_text(&s, a));
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
        assert_int_equal(span_from_text(CASES[i], a, &back, NULL), E_DATA);
}

static void test_types_without_neighbours_are_not_taken(void **state) {
    (void)state;
    assert_true(span_takes(SPAN_WINDOW, "DATE", true));
    assert_true(span_takes(SPAN_WINDOW, "BIGINT", false));
    assert_false(span_takes(SPAN_WINDOW, "BIGINT", true));
    assert_false(span_takes(SPAN_WINDOW, "VARCHAR", false));
    assert_false(span_takes(SPAN_WINDOW, "TIMESTAMP", false));
    assert_true(span_takes(SPAN_AS_OF, "TIMESTAMP", false));
    assert_false(span_takes(SPAN_AS_OF, "VARCHAR", false));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_window_counts_days_of_dates),
        cmocka_unit_test(test_a_window_counts_numbers_within_their_type),
        cmocka_unit_test(test_a_window_of_months_takes_all_days_between),
        cmocka_unit_test(test_a_window_counts_months_written_as_text),
        cmocka_unit_test(test_who_reads_a_base_partition_is_who_finds_it_in_its_window),
        cmocka_unit_test(test_what_is_not_counted_reads_only_itself),
        cmocka_unit_test(test_other_columns_stay_the_same),
        cmocka_unit_test(test_a_prefix_ends_where_the_moving_value_begins),
        cmocka_unit_test(test_a_text_gives_the_span_back_and_nothing_else_does),
        cmocka_unit_test(test_types_without_neighbours_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
