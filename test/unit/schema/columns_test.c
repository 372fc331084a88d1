#include "schema/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static columns two(arena *a, const char *first, const char *second) {
    columns c = {0};
    vec_push(a, &c, ((column){.name = first, .type = "DATE"}));
    vec_push(a, &c, ((column){.name = second, .type = "VARCHAR"}));
    return c;
}

static void test_a_hash_tells_names_order_and_types_apart(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    columns base = two(a, "x", "y"), swapped = two(a, "y", "x"), retyped = two(a, "x", "y");
    retyped.items[1].type = "BLOB";
    char one[65], other[65];
    columns_hash(&base, one);
    columns_hash(&swapped, other);
    assert_string_not_equal(one, other);
    columns_hash(&retyped, other);
    assert_string_not_equal(one, other);
}

static void test_nullability_is_not_in_the_hash(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    columns base = two(a, "x", "y"), nullable = two(a, "x", "y");
    nullable.items[0].nullable = true;
    char one[65], other[65];
    columns_hash(&base, one);
    columns_hash(&nullable, other);
    assert_string_equal(one, other);
}

static void test_find_is_exact(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    columns c = two(a, "x", "Y");
    assert_int_equal(columns_find(&c, "Y"), 1);
    assert_int_equal(columns_find(&c, "y"), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hash_tells_names_order_and_types_apart),
        cmocka_unit_test(test_nullability_is_not_in_the_hash),
        cmocka_unit_test(test_find_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
