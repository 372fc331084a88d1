#include "base/scratch.h"

#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fixture {
    arena *arena;
    char *parent;
} fixture;

static int open_fixture(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    f->parent = arena_strdup(f->arena, "/tmp/weir-folder-XXXXXX");
    assert_non_null(mkdtemp(f->parent));
    *state = f;
    return 0;
}

static int close_fixture(void **state) {
    fixture *f = *state;
    scratch_remove(f->parent);
    arena_free(f->arena);
    free(f);
    return 0;
}

static char *make_own(fixture *f, int *ret_fd) {
    char *path = NULL;
    assert_int_equal(scratch_make(f->parent, "own-", f->arena, &path, ret_fd, NULL), OK);
    return path;
}

static void make_old(const char *path) {
    const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

static void put_file(fixture *f, const char *folder) {
    const char *path = path_join(f->arena, folder, "spill");
    assert_int_equal(file_write_atomic(path, "x", 1, NULL), OK);
}

static void test_what_a_killed_owner_left_is_removed_by_the_next(void **state) {
    fixture *f = *state;
    int killed, next;
    char *left = make_own(f, &killed);
    put_file(f, left);
    make_old(left);
    close(killed);
    char *own = make_own(f, &next);
    assert_false(file_exists(left));
    assert_true(file_exists(own));
    close(next);
}

static void test_a_living_owner_keeps_its_folder_however_old(void **state) {
    fixture *f = *state;
    int first, second;
    char *living = make_own(f, &first);
    put_file(f, living);
    make_old(living);
    make_own(f, &second);
    assert_true(file_exists(path_join(f->arena, living, "spill")));
    close(first);
    close(second);
}

static void test_a_folder_that_was_just_made_is_let_be(void **state) {
    fixture *f = *state;
    int first, second;
    char *young = make_own(f, &first);
    close(first);
    make_own(f, &second);
    assert_true(file_exists(young));
    close(second);
}

static void test_what_is_not_a_workers_stays(void **state) {
    fixture *f = *state;
    const char *other = path_join(f->arena, f->parent, "other");
    assert_int_equal(dir_make(other, NULL), OK);
    make_old(other);
    int fd;
    make_own(f, &fd);
    assert_true(file_exists(other));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_killed_owner_left_is_removed_by_the_next),
        TEST(test_a_living_owner_keeps_its_folder_however_old),
        TEST(test_a_folder_that_was_just_made_is_let_be),
        TEST(test_what_is_not_a_workers_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
