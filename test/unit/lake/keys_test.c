#include "lake/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const key *row_of(unsigned files, const char *path) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if ((KEYS[i].files & files) != 0 && str_eq(KEYS[i].path, path))
            return &KEYS[i];
    }
    return NULL;
}

static void test_every_key_is_documented_and_has_its_parent(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        assert_non_null(row->doc);
        assert_true(strlen(row->doc) > 3);
        const char *dot = strrchr(row->path, '.');
        if (dot == NULL)
            continue;
        const char *parent = arena_strndup(a, row->path, (size_t)(dot - row->path));
        assert_non_null(row_of(row->files & ~(unsigned)FILE_DEFAULTS, parent));
    }
}

static void test_no_key_stands_twice_for_one_kind_of_file(void **state) {
    (void)state;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            if (str_eq(KEYS[i].path, KEYS[j].path))
                assert_int_equal(KEYS[i].files & KEYS[j].files & ~(unsigned)FILE_DEFAULTS, 0);
        }
    }
}

static void test_every_default_is_a_valid_value(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < KEY_COUNT; i++)
        value_default(&KEYS[i], a); /* asserts */
}

static void test_choices_list_their_values_and_later_ones_are_others(void **state) {
    (void)state;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        bool is_choice = row->type == KEY_WORD || row->type == KEY_CHOICE || row->type == KEY_FLAG;
        assert_int_equal(row->values[0] != NULL, is_choice && !row->is_later);
        if (row->type == KEY_FLAG)
            assert_true(row->values[1] != NULL && row->values[2] == NULL);
        for (size_t j = 0; j < KEY_VALUES_MAX && row->later[j] != NULL; j++) {
            for (size_t k = 0; k < KEY_VALUES_MAX && row->values[k] != NULL; k++)
                assert_string_not_equal(row->later[j], row->values[k]);
        }
    }
}

static void test_a_wildcard_finds_any_name_below_its_parent_only(void **state) {
    (void)state;
    const key *columns_row = key_find(FILE_SOURCE, NULL, "columns");
    const key *any = key_find(FILE_SOURCE, columns_row, "a.b");
    assert_string_equal(any->path, "columns.*");
    assert_string_equal(key_find(FILE_SOURCE, any, "minimum")->path, "columns.*.minimum");
    assert_null(key_find(FILE_SOURCE, NULL, "columns.*"));
    assert_null(key_find(FILE_SOURCE, NULL, "partition_by"));
    assert_null(key_find(FILE_SOURCE | FILE_DEFAULTS, NULL, "land"));
    assert_non_null(key_find(FILE_DERIVED | FILE_DEFAULTS, NULL, "partition_by"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_is_documented_and_has_its_parent),
        cmocka_unit_test(test_no_key_stands_twice_for_one_kind_of_file),
        cmocka_unit_test(test_every_default_is_a_valid_value),
        cmocka_unit_test(test_choices_list_their_values_and_later_ones_are_others),
        cmocka_unit_test(test_a_wildcard_finds_any_name_below_its_parent_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
