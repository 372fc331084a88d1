#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

static void test_an_error_can_be_wrapped_in_itself(void **state) {
    (void)state;
    error err = {0};
    error_set(&err, E_IO, "no \"%s\"", "disk");
    error_hint(&err, "Plug it in.");
    assert_int_equal(error_set(&err, E_ENGINE, "step failed: %s", err.message), E_ENGINE);
    assert_string_equal(err.message, "step failed: no \"disk\"");
    assert_string_equal(err.hint, "");
    assert_int_equal(err.kind, E_ENGINE);
}

static void test_setting_an_error_forgets_the_place_of_the_last(void **state) {
    (void)state;
    error err = {0};
    error_set(&err, E_DEFINITION, "first");
    error_at(&err, "lake.yaml", 3, 7);
    assert_string_equal(err.file, "lake.yaml");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 7);
    error_set(&err, E_IO, "second");
    assert_string_equal(err.file, "");
    assert_int_equal(err.line, 0);
    assert_int_equal(err.column, 0);
}

static void test_errno_decides_the_kind(void **state) {
    (void)state;
    error err = {0};
    assert_int_equal(error_set_errno(&err, ENOSPC, "cannot write \"%s\"", "a"), E_FULL);
    assert_string_equal(err.message, "cannot write \"a\": No space left on device");
    assert_string_equal(err.hint, "Make room on its file system, then run again.");
    assert_int_equal(error_set_errno(&err, EDQUOT, "x"), E_FULL);
    assert_int_equal(error_set_errno(&err, EROFS, "x"), E_DENIED);
    assert_int_equal(error_set_errno(&err, EACCES, "x"), E_DENIED);
    assert_string_equal(err.hint, "Let this user read and write there, or run as its owner.");
    assert_int_equal(error_set_errno(&err, ENOENT, "x"), E_NOT_FOUND);
    assert_string_equal(err.hint, "");
    assert_int_equal(error_set_errno(&err, EEXIST, "x"), E_EXISTS);
    assert_int_equal(error_set_errno(&err, EISDIR, "x"), E_IO);
}

static void test_a_missing_error_struct_still_gives_the_kind(void **state) {
    (void)state;
    assert_int_equal(error_set(NULL, E_DATA, "x"), E_DATA);
    assert_int_equal(error_set_errno(NULL, EACCES, "x"), E_DENIED);
    error_hint(NULL, "x");
    error_at(NULL, "x", 1, 1);
    error_prefix(NULL, "x");
}

static void test_a_long_message_is_cut_between_characters(void **state) {
    (void)state;
    char text[ERROR_MESSAGE_MAX + 4];
    memset(text, 'a', sizeof text);
    memcpy(text + ERROR_MESSAGE_MAX - 3, "\xE2\x82\xAC",
           4); /* the euro sign, cut after two bytes */
    error err = {0};
    error_set(&err, E_IO, "%s", text);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 3);
    memcpy(text + ERROR_MESSAGE_MAX - 4,
           "\xE2\x82\xAC"
           "b",
           5); /* it just fits */
    error_set(&err, E_IO, "%s", text);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
}

static void test_a_prefix_goes_before_the_message(void **state) {
    (void)state;
    error err = {0};
    error_set(&err, E_IO, "broken");
    error_hint(&err, "Mend it.");
    error_prefix(&err, "table \"%s\"", "silver.a");
    assert_string_equal(err.message, "table \"silver.a\": broken");
    assert_string_equal(err.hint, "Mend it.");
}

static void test_an_error_of_its_own_is_passed_on_only_after_a_failure(void **state) {
    (void)state;
    error why = {0}, err = {0};
    error_set(&why, E_IO, "broken");
    error_set(&err, E_USAGE, "before");
    assert_int_equal(error_pass(OK, &why, &err), OK);
    assert_string_equal(err.message, "before");
    assert_int_equal(error_pass(E_IO, &why, &err), E_IO);
    assert_string_equal(err.message, "broken");
    assert_int_equal(error_pass(E_IO, &why, NULL), E_IO);
}

static void test_every_kind_has_a_name_and_only_ok_exits_with_zero(void **state) {
    (void)state;
    for (int kind = OK; kind < STATUS_COUNT; kind++) {
        assert_non_null(status_name((status)kind));
        assert_true((status_exit_code((status)kind) == 0) == (kind == OK));
    }
    assert_string_equal(status_name(E_NOT_FOUND), "not_found");
    assert_int_equal(status_exit_code(E_DEFINITION), 2);
    assert_int_equal(status_exit_code(E_FOREIGN), 2);
    assert_int_equal(status_exit_code(E_CHECK), 3);
    assert_int_equal(status_exit_code(E_BUSY), 4);
    assert_int_equal(status_exit_code(E_INTERRUPTED), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_error_can_be_wrapped_in_itself),
        cmocka_unit_test(test_setting_an_error_forgets_the_place_of_the_last),
        cmocka_unit_test(test_errno_decides_the_kind),
        cmocka_unit_test(test_a_missing_error_struct_still_gives_the_kind),
        cmocka_unit_test(test_a_long_message_is_cut_between_characters),
        cmocka_unit_test(test_a_prefix_goes_before_the_message),
        cmocka_unit_test(test_an_error_of_its_own_is_passed_on_only_after_a_failure),
        cmocka_unit_test(test_every_kind_has_a_name_and_only_ok_exits_with_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
