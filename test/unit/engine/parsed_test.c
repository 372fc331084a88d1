/* Covers parsed.c. */
#include "engine/parsed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_a_token_is_found_by_layer_and_object(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    parsed_rows *k = parsed_new(a);
    parsed_add(k, "raw", "sales/x.csv", "7");
    assert_string_equal(parsed_find(k, "raw", "sales/x.csv"), "7");
    assert_null(parsed_find(k, "raw", "sales/y.csv"));
    assert_null(parsed_find(k, "bronze", "sales/x.csv"));
    assert_null(parsed_find(NULL, "raw", "sales/x.csv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_is_found_by_layer_and_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
