#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>

static void test_memory_is_zeroed_and_aligned_after_a_reset_too(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *memory = arena_alloc(a, size);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 0xAB, size);
        }
        arena_reset(a);
    }
}

static void test_empty_allocations_have_pointers_of_their_own(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    void *first = arena_alloc(a, 0), *second = arena_alloc(a, 0);
    assert_non_null(first);
    assert_ptr_not_equal(first, second);
}

static void test_large_and_small_allocations_do_not_overlap(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    char *small = arena_strdup(a, "before");
    char *large = arena_alloc(a, 5 * 1024 * 1024);
    char *after = arena_strdup(a, "after");
    memset(large, 'x', 5 * 1024 * 1024);
    assert_string_equal(small, "before");
    assert_string_equal(after, "after");
    arena_reset(a);
    assert_string_equal(arena_strdup(a, "again"), "again");
}

static void test_text_is_copied_and_terminated(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_null(arena_strdup(a, NULL));
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(a, NULL, 0), "");
    assert_string_equal(arena_printf(a, "%s-%05d", "x", 42), "x-00042");
    assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned_after_a_reset_too),
        cmocka_unit_test(test_empty_allocations_have_pointers_of_their_own),
        cmocka_unit_test(test_large_and_small_allocations_do_not_overlap),
        cmocka_unit_test(test_text_is_copied_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
