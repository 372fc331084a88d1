#include "base/strmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_many_keys_are_found_in_order_of_insertion(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    strmap *map = strmap_new(a);
    int numbers[5000];
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%d", i * 7 % 5000);
        strmap_set(map, key, &numbers[i]); /* the key is copied: the buffer is reused */
    }
    assert_int_equal(strmap_count(map), 5000);
    for (int i = 0; i < 5000; i++) {
        void *value = NULL;
        const char *key = strmap_at(map, (size_t)i, &value);
        assert_ptr_equal(value, &numbers[i]);
        assert_ptr_equal(strmap_get(map, key), &numbers[i]);
    }
    assert_null(strmap_get(map, "key5000"));
    assert_false(strmap_has(map, ""));
}

static void test_setting_again_replaces_and_keeps_the_place(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    strmap *map = strmap_new(a);
    int one, two;
    strmap_set(map, "a", &one);
    strmap_set(map, "b", &one);
    strmap_set(map, "a", &two);
    strmap_set(map, "b", NULL);
    assert_int_equal(strmap_count(map), 2);
    assert_string_equal(strmap_at(map, 0, NULL), "a");
    assert_ptr_equal(strmap_get(map, "a"), &two);
    assert_null(strmap_get(map, "b"));
    assert_true(strmap_has(map, "b"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_keys_are_found_in_order_of_insertion),
        cmocka_unit_test(test_setting_again_replaces_and_keeps_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
