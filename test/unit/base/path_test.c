#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_paths_that_leave_their_root_are_not_safe(void **state) {
    (void)state;
    const char *good[] = {"a", "a/b", ".a", "..a", "a/...", "a b\nc"};
    const char *bad[] = {"", "/", "/a", ".", "..", "a/..", "a/../b", "./a", "a//b", "a/"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(path_is_safe(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(path_is_safe(bad[i]));
}

static void test_joining_and_taking_apart(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(path_join(a, "a", "b"), "a/b");
    assert_string_equal(path_join(a, "a/", "b"), "a/b");
    assert_string_equal(path_join(a, "a", "/b"), "/b");
    assert_string_equal(path_join(a, "", "b"), "b");
    assert_string_equal(path_join(a, "/", "b"), "/b");
    assert_string_equal(path_parent(a, "a/b"), "a");
    assert_string_equal(path_parent(a, "a"), ".");
    assert_string_equal(path_parent(a, "/a"), "/");
    assert_string_equal(path_parent(a, "/"), "/");
    assert_string_equal(path_parent(a, "a//b/"), "a");
    assert_string_equal(path_name("a/b"), "b");
    assert_string_equal(path_name("b"), "b");
}

static void test_hive_encoding_is_reversible(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    char all[256];
    for (int i = 1; i < 256; i++)
        all[i - 1] = (char)i;
    all[255] = '\0';
    char *back = NULL;
    assert_true(path_hive_decode(a, path_hive_encode(a, all), &back));
    assert_string_equal(back, all);
    assert_string_equal(path_hive_encode(a, "a b=c/d%\xC3\xA8\n"), "a b%3Dc%2Fd%25\xC3\xA8%0A");
    assert_string_equal(path_hive_encode(a, "\"#'*:?\\{[]^\x7F"),
                        "%22%23%27%2A%3A%3F%5C%7B%5B%5D%5E%7F");
}

static void test_broken_hive_text_is_refused(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const char *bad[] = {"%", "%4", "%G0", "%0G", "a%", "%00"};
    char *back = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(path_hive_decode(a, bad[i], &back));
    assert_null(back);
    assert_true(path_hive_decode(a, "%2f", &back));
    assert_string_equal(back, "/");
}

static int enter_folder(void **state) {
    static char folder[] = "/tmp/weir-path-XXXXXX";
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : chdir(folder);
}

static int leave_folder(void **state) {
    return chdir("/") == 0 ? rmdir(*state) : -1;
}

static void test_folders_are_made_with_their_parents(void **state) {
    (void)state;
    error err = {0};
    assert_int_equal(dir_make("a/b/c", &err), OK);
    assert_int_equal(dir_make("a/b/c/", &err), OK);
    assert_int_equal(dir_sync("a/b", &err), OK);
    assert_int_equal(file_write_atomic("a/file", "x", 1, &err), OK);
    assert_int_equal(dir_make("a/file/b", &err), E_IO);
    assert_string_equal(err.message, "cannot make the folder \"a/file\": Not a directory");
    assert_int_equal(dir_make("", &err), E_NOT_FOUND);
    assert_int_equal(unlink("a/file") + rmdir("a/b/c") + rmdir("a/b") + rmdir("a"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_that_leave_their_root_are_not_safe),
        cmocka_unit_test(test_joining_and_taking_apart),
        cmocka_unit_test(test_hive_encoding_is_reversible),
        cmocka_unit_test(test_broken_hive_text_is_refused),
        cmocka_unit_test_setup_teardown(test_folders_are_made_with_their_parents, enter_folder,
                                        leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
