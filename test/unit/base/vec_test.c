#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_items_survive_growth(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    VEC(int) numbers = {0};
    for (int i = 0; i < 1000; i++)
        vec_push(a, &numbers, i);
    assert_int_equal(numbers.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers.items[i], i);
}

static void test_sorting_is_bytewise_and_unique_on_demand(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    strings v = {0};
    const char *words[] = {"b", "\xC3\xA4", "B", "a", "b", "", "a"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        vec_push(a, &v, words[i]);
    strings_sort_unique(&v);
    const char *wanted[] = {"", "B", "a", "b", "\xC3\xA4"};
    assert_int_equal(v.count, ARRAY_SIZE(wanted));
    for (size_t i = 0; i < v.count; i++)
        assert_string_equal(v.items[i], wanted[i]);
    assert_true(strings_contain(&v, "B"));
    assert_false(strings_contain(&v, "c"));
}

static void test_an_empty_vec_sorts(void **state) {
    (void)state;
    strings v = {0};
    strings_sort_unique(&v);
    assert_int_equal(v.count, 0);
    assert_false(strings_contain(&v, ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_survive_growth),
        cmocka_unit_test(test_sorting_is_bytewise_and_unique_on_demand),
        cmocka_unit_test(test_an_empty_vec_sorts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
