#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int enter_folder(void **state) {
    static char folder[] = "/tmp/weir-file-XXXXXX";
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : chdir(folder);
}

/* Fails when a test leaves anything behind, a temporary file for instance. */
static int leave_folder(void **state) {
    return chdir("/") == 0 ? rmdir(*state) : -1;
}

static void test_what_is_written_is_read(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    error err = {0};
    char *text = NULL;
    size_t size = 0;
    assert_int_equal(file_write_atomic("a", "first, longer", 13, &err), OK);
    assert_int_equal(file_write_atomic("a", "x\0y", 3, &err), OK);
    assert_int_equal(file_read("a", 3, a, &text, &size, &err), OK);
    assert_int_equal(size, 3);
    assert_memory_equal(text, "x\0y", 4);
    assert_true(file_exists("a"));
    unlink("a");
    assert_false(file_exists("a"));
}

static void test_empty_and_larger_than_allowed(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    error err = {0};
    char *text = NULL;
    assert_int_equal(file_write_atomic("a", "", 0, &err), OK);
    assert_int_equal(file_read("a", 0, a, &text, NULL, &err), OK);
    assert_string_equal(text, "");
    assert_int_equal(file_write_atomic("a", "abcd", 4, &err), OK);
    assert_int_equal(file_read("a", 3, a, &text, NULL, &err), E_DATA);
    assert_string_equal(err.message, "\"a\": larger than 3 bytes");
    unlink("a");
}

static void test_a_file_whose_size_is_not_known_is_read_whole(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    error err = {0};
    char *text = NULL;
    size_t size = 0;
    assert_int_equal(file_read("/proc/self/status", 1 << 20, a, &text, &size, &err), OK);
    assert_true(size > 100);
    assert_int_equal(file_read("/proc/self/status", 10, a, &text, &size, &err), E_DATA);
}

static void test_what_is_not_a_file_is_refused_without_hanging(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    error err = {0};
    char *text = NULL;
    assert_int_equal(file_read("absent", 9, a, &text, NULL, &err), E_NOT_FOUND);
    assert_string_equal(err.message, "cannot open \"absent\": No such file or directory");
    assert_int_equal(file_read(".", 9, a, &text, NULL, &err), E_IO);
    assert_string_equal(err.message, "cannot read \".\": Is a directory");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(file_read("pipe", 9, a, &text, NULL, &err), E_IO);
    assert_string_equal(err.message, "\"pipe\" is not a regular file");
    unlink("pipe");
}

/* A limit on file sizes stands in for a full disk: the write fails half-way. */
static void test_a_failed_write_leaves_the_old_file_and_nothing_else(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    error err = {0};
    char *text = NULL;
    static char large[100000];
    assert_int_equal(file_write_atomic("a", "old", 3, &err), OK);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){4096, before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    status result = file_write_atomic("a", large, sizeof large, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(result, E_IO);
    assert_string_equal(err.message, "cannot write \"a\": File too large");
    assert_int_equal(file_read("a", 9, a, &text, NULL, &err), OK);
    assert_string_equal(text, "old");
    unlink("a");
}

static void test_writing_over_a_folder_fails_and_leaves_no_temporary(void **state) {
    (void)state;
    error err = {0};
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(file_write_atomic("folder", "x", 1, &err), E_IO);
    assert_int_equal(file_write_atomic("absent/a", "x", 1, &err), E_NOT_FOUND);
    assert_int_equal(rmdir("folder"), 0);
}

static void test_a_leftover_of_a_killed_process_does_not_stop_the_next(void **state) {
    (void)state;
    error err = {0};
    char leftover[64];
    snprintf(leftover, sizeof leftover, ".a.%ld-0.tmp", (long)getpid());
    assert_int_equal(file_write_atomic(leftover, "x", 1, &err), OK);
    assert_int_equal(file_write_atomic("a", "y", 1, &err), OK);
    assert_int_equal(unlink("a") + unlink(leftover), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_written_is_read, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_empty_and_larger_than_allowed, enter_folder,
                                        leave_folder),
        cmocka_unit_test(test_a_file_whose_size_is_not_known_is_read_whole),
        cmocka_unit_test_setup_teardown(test_what_is_not_a_file_is_refused_without_hanging,
                                        enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_a_failed_write_leaves_the_old_file_and_nothing_else,
                                        enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_writing_over_a_folder_fails_and_leaves_no_temporary,
                                        enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_a_leftover_of_a_killed_process_does_not_stop_the_next,
                                        enter_folder, leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
