#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t fixed_now(void *state) {
    return *(int64_t *)state;
}

static void fixed_random(void *state, void *bytes, size_t size) {
    (void)state;
    memset(bytes, 0xFF, size);
}

static void test_an_id_is_the_time_and_random_bits(void **state) {
    (void)state;
    int64_t now_us = INT64_C(1469918176385) * 1000; /* the example of the ULID specification */
    clock_source clock = {.now_us = fixed_now, .random = fixed_random, .state = &now_us};
    char id[ID_TEXT_SIZE];
    clock_new_id(&clock, id);
    assert_string_equal(id, "01aryz6s41zzzzzzzzzzzzzzzz");
}

static void test_later_ids_sort_later(void **state) {
    (void)state;
    int64_t now_us = 1000;
    clock_source clock = {.now_us = fixed_now, .random = CLOCK_SYSTEM.random, .state = &now_us};
    char earlier[ID_TEXT_SIZE], later[ID_TEXT_SIZE];
    for (int i = 0; i < 20; i++) {
        clock_new_id(&clock, earlier);
        now_us = now_us * 3 + 1000;
        clock_new_id(&clock, later);
        assert_true(strcmp(earlier, later) < 0);
    }
}

static void test_the_system_clock_gives_different_ids(void **state) {
    (void)state;
    char first[ID_TEXT_SIZE], second[ID_TEXT_SIZE];
    clock_new_id(&CLOCK_SYSTEM, first);
    clock_new_id(&CLOCK_SYSTEM, second);
    assert_string_not_equal(first, second);
    assert_int_equal(strlen(first), ID_TEXT_SIZE - 1);
    assert_true(clock_now_us(&CLOCK_SYSTEM) > INT64_C(1600000000000000));
    int64_t before = clock_monotonic_us(&CLOCK_SYSTEM);
    assert_true(clock_monotonic_us(&CLOCK_SYSTEM) >= before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_is_the_time_and_random_bits),
        cmocka_unit_test(test_later_ids_sort_later),
        cmocka_unit_test(test_the_system_clock_gives_different_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
