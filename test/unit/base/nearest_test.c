#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *nearest(const char *text, const char *const *words, size_t count) {
    ARENA_AUTO a = arena_new();
    strings candidates = {0};
    for (size_t i = 0; i < count; i++)
        vec_push(a, &candidates, words[i]);
    return str_nearest(text, &candidates);
}

static void test_a_slip_of_the_finger_finds_its_name(void **state) {
    (void)state;
    const char *words[] = {"partition_by", "partitions", "mode", "map", "raw"};
    assert_string_equal(nearest("parition_by", words, 5), "partition_by");
    assert_string_equal(nearest("partitoin_by", words, 5), "partition_by");
    assert_string_equal(nearest("modes", words, 5), "mode");
    assert_string_equal(nearest("rw", words, 5), "raw");
    assert_string_equal(nearest("mpa", words, 5), "map");
}

static void test_what_is_too_far_away_finds_nothing(void **state) {
    (void)state;
    const char *words[] = {"partition_by", "mode"};
    assert_null(nearest("columns", words, 2));
    assert_null(nearest("", words, 2));
    assert_null(nearest("mode", words, 0));
}

static void test_very_long_text_is_not_compared(void **state) {
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *words[] = {text, "mode"};
    assert_null(nearest(text, words, 2));
    assert_string_equal(nearest("mdoe", words, 2), "mode");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slip_of_the_finger_finds_its_name),
        cmocka_unit_test(test_what_is_too_far_away_finds_nothing),
        cmocka_unit_test(test_very_long_text_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
