#include "store/local/local.h"

#include "base/hash.h"
#include "base/path.h"
#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

/* The current folder holds the store in "store" and room beside it. */
typedef struct fixture {
    store *store;
    arena *arena;
    error err;
    char folder[32];
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    snprintf(f->folder, sizeof f->folder, "/tmp/weir-local-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(chdir(f->folder), 0);
    assert_int_equal(store_open("store", &f->store, &f->err), OK);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    store_close(f->store);
    const char *argv[] = {"/bin/rm", "-rf", f->folder, NULL};
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    int code = 1;
    assert_int_equal(process_start(&options, &p, NULL), OK);
    assert_int_equal(process_wait(&p, &code, NULL), OK);
    assert_int_equal(code + chdir("/"), 0);
    arena_free(f->arena);
    free(f);
    return 0;
}

static status try_put(fixture *f, const char *key, const char *body) {
    return store_put(f->store, key, body, strlen(body), (store_put_options){0}, &f->err);
}

static void put(fixture *f, const char *key, const char *body) {
    assert_int_equal(try_put(f, key, body), OK);
}

static void assert_file(fixture *f, const char *path, const char *wanted) {
    char *text = NULL;
    assert_int_equal(file_read(path, 1 << 20, f->arena, &text, NULL, &f->err), OK);
    assert_string_equal(text, wanted);
}

static void assert_nothing_is_half_written(fixture *f) {
    store_objects left = {0};
    assert_int_equal(store_list(f->store, ".weir/tmp/", f->arena, &left, &f->err), OK);
    assert_int_equal(left.count, 0);
}

static void test_a_missing_root_is_made_and_found_from_elsewhere(void **state) {
    fixture *f = *state;
    store *s = NULL;
    assert_int_equal(store_open("deep/er/root", &s, &f->err), OK);
    assert_string_equal(store_root(s), "deep/er/root");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(store_put(s, "a", "x", 1, (store_put_options){0}, &f->err), OK);
    char *wanted = path_join(f->arena, f->folder, "deep/er/root/a");
    assert_string_equal(store_url(s, f->arena, "a"), wanted);
    assert_file(f, wanted, "x");
    store_close(s);
}

static void test_a_file_is_no_root(void **state) {
    fixture *f = *state;
    store *s = NULL;
    assert_int_equal(file_write_atomic("plain", "x", 1, &f->err), OK);
    assert_int_equal(store_open("plain", &s, &f->err), E_IO);
    assert_int_equal(store_open("plain/below", &s, &f->err), E_IO);
    assert_null(s);
}

static void test_an_object_replaced_by_a_symbolic_link_is_not_followed(void **state) {
    fixture *f = *state;
    char *body = NULL;
    store_object found;
    put(f, "a/b", "mine");
    assert_int_equal(file_write_atomic("secret", "theirs", 6, &f->err), OK);
    assert_int_equal(unlink("store/a/b") + symlink("../../secret", "store/a/b"), 0);
    assert_int_equal(store_get(f->store, "a/b", 99, f->arena, &body, NULL, &f->err), E_DATA);
    assert_non_null(strstr(f->err.message, "store/a/b\" is or leads through a symbolic link"));
    assert_int_equal(store_info(f->store, "a/b", f->arena, &found, &f->err), E_DATA);
    assert_int_equal(store_seal(f->store, "a/b", &f->err), E_DATA);
    assert_int_equal(store_link(f->store, "a/b", "c", &f->err), E_DATA);
    put(f, "a/b", "mine again");
    assert_file(f, "secret", "theirs");
    assert_file(f, "store/a/b", "mine again");
}

static void test_a_folder_replaced_by_a_symbolic_link_is_not_entered(void **state) {
    fixture *f = *state;
    char *body = NULL;
    store_objects found = {0};
    assert_int_equal(dir_make("outside", &f->err), OK);
    assert_int_equal(file_write_atomic("outside/b", "theirs", 6, &f->err), OK);
    assert_int_equal(symlink("../outside", "store/a"), 0);
    assert_int_equal(store_get(f->store, "a/b", 99, f->arena, &body, NULL, &f->err), E_DATA);
    assert_int_equal(try_put(f, "a/c", "x"), E_DATA);
    assert_int_equal(store_remove(f->store, "a/b", &f->err), E_DATA);
    assert_int_equal(store_remove_prefix(f->store, "a/", &f->err), E_DATA);
    assert_int_equal(store_prepare(f->store, "a/", &f->err), E_DATA);
    assert_int_equal(store_exchange(f->store, "a/", "d/", &f->err), E_DATA);
    assert_int_equal(store_list(f->store, "", f->arena, &found, &f->err), OK);
    assert_int_equal(found.count, 0);
    assert_file(f, "outside/b", "theirs");
    assert_false(file_exists("outside/c"));
    assert_nothing_is_half_written(f);
}

static void test_removing_a_prefix_removes_links_and_not_what_they_name(void **state) {
    fixture *f = *state;
    put(f, "a/b/c", "x");
    assert_int_equal(dir_make("outside/d", &f->err), OK);
    assert_int_equal(symlink("../../../outside", "store/a/b/link"), 0);
    assert_int_equal(store_remove_prefix(f->store, "a/", &f->err), OK);
    assert_true(file_exists("outside/d"));
    assert_false(file_exists("store/a"));
}

static void test_a_pipe_in_place_of_an_object_does_not_hang(void **state) {
    fixture *f = *state;
    char *body = NULL;
    assert_int_equal(mkfifo("store/pipe", 0600), 0);
    assert_int_equal(store_get(f->store, "pipe", 99, f->arena, &body, NULL, &f->err), E_DATA);
    assert_non_null(strstr(f->err.message, "store/pipe\" is not a regular file"));
    assert_int_equal(store_seal(f->store, "pipe", &f->err), E_DATA);
}

static void test_what_is_no_object_is_listed_apart(void **state) {
    fixture *f = *state;
    store_objects found = {0};
    put(f, "a/b", "x");
    put(f, ".weir/objects/x", "x");
    assert_int_equal(symlink("b", "store/a/link"), 0);
    assert_int_equal(symlink("a", "store/folder"), 0);
    assert_int_equal(symlink("x", "store/.weir/objects/link"), 0);
    assert_int_equal(mkfifo("store/a/pipe", 0600), 0);
    assert_int_equal(store_list(f->store, "", f->arena, &found, &f->err), OK);
    assert_int_equal(found.count, 1);
    assert_int_equal(store_list_strange(f->store, "", f->arena, &found, &f->err), OK);
    assert_int_equal(found.count, 3);
    assert_string_equal(found.items[0].key, "a/link");
    assert_string_equal(found.items[1].key, "a/pipe");
    assert_string_equal(found.items[2].key, "folder");
    assert_int_equal(store_list_strange(f->store, ".weir/objects/", f->arena, &found, &f->err), OK);
    assert_int_equal(found.count, 1);
}

static void test_a_file_where_a_folder_should_be_is_told(void **state) {
    fixture *f = *state;
    put(f, "a", "x");
    assert_int_equal(try_put(f, "a/b", "y"), E_IO);
    assert_non_null(strstr(f->err.message, "store/a/b\": Not a directory"));
    put(f, "c/d", "x");
    assert_int_equal(try_put(f, "c", "y"), E_IO);
    assert_file(f, "store/c/d", "x");
    assert_nothing_is_half_written(f);
}

static void test_read_only_objects_have_no_write_bits(void **state) {
    fixture *f = *state;
    struct stat found;
    store_put_options options = {.read_only = true};
    assert_int_equal(store_put(f->store, "a", "x", 1, options, &f->err), OK);
    assert_int_equal(stat("store/a", &found), 0);
    assert_int_equal(found.st_mode & 0777, 0444);
    put(f, "b", "x");
    assert_int_equal(stat("store/b", &found), 0);
    assert_int_not_equal(found.st_mode & 0200, 0);
    assert_int_equal(store_seal(f->store, "b", &f->err), OK);
    assert_int_equal(stat("store/b", &found), 0);
    assert_int_equal(found.st_mode & 0777, 0444);
}

static void test_folders_go_with_their_last_object_but_not_the_root(void **state) {
    fixture *f = *state;
    put(f, "a/b/c", "x");
    put(f, "a/d", "x");
    put(f, ".weir/objects/t/1/f", "x");
    assert_int_equal(store_remove(f->store, "a/b/c", &f->err), OK);
    assert_false(file_exists("store/a/b"));
    assert_true(file_exists("store/a/d"));
    assert_int_equal(store_remove(f->store, "a/d", &f->err), OK);
    assert_false(file_exists("store/a"));
    assert_int_equal(store_remove_prefix(f->store, ".weir/tmp/", &f->err), OK);
    assert_int_equal(store_remove(f->store, ".weir/objects/t/1/f", &f->err), OK);
    assert_false(file_exists("store/.weir/objects"));
    assert_true(file_exists("store/.weir"));
}

static void test_an_empty_prepared_folder_goes_with_its_prefix(void **state) {
    fixture *f = *state;
    assert_int_equal(store_prepare(f->store, "a/b/", &f->err), OK);
    assert_true(file_exists("store/a/b"));
    assert_int_equal(store_remove_prefix(f->store, "a/b/", &f->err), OK);
    assert_false(file_exists("store/a"));
}

static void limit_file_size(rlim_t size, struct rlimit *before) {
    getrlimit(RLIMIT_FSIZE, before);
    struct rlimit limit = {size, before->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on file sizes stands in for a full disk: the write fails half-way. */
static void test_a_write_that_fails_half_way_leaves_the_old_object(void **state) {
    fixture *f = *state;
    static char large[3 * 1024 * 1024];
    put(f, "a/old", "old");
    assert_int_equal(file_write_atomic("large", large, sizeof large, &f->err), OK);
    int fd = open("large", O_RDONLY);
    char sha256[SHA256_TEXT_SIZE];
    int64_t size = 0;
    store_put_options options = {0};
    struct rlimit before;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    limit_file_size(2 * 1024 * 1024, &before);
    status body = store_put(f->store, "a/old", large, sizeof large, options, &f->err);
    status file = store_put_file(f->store, "b/new", fd, options, sha256, &size, &f->err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    close(fd);
    assert_int_equal(body, E_IO);
    assert_int_equal(file, E_IO);
    assert_non_null(strstr(f->err.message, "store/b/new\": File too large"));
    assert_file(f, "store/a/old", "old");
    assert_false(file_exists("store/b"));
    assert_nothing_is_half_written(f);
}

/* A small file system in a mount namespace of our own; false where that is forbidden. */
static bool mount_small(const char *folder) {
    return mkdir(folder, 0700) == 0 && unshare(CLONE_NEWNS) == 0
           && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
           && mount("tmpfs", folder, "tmpfs", 0, "size=256k") == 0;
}

static void test_a_full_disk_is_told_and_takes_objects_again_later(void **state) {
    fixture *f = *state;
    if (!mount_small("small"))
        skip();
    static char large[400 * 1024];
    store_put_options options = {0};
    store *s = NULL;
    assert_int_equal(store_open("small", &s, &f->err), OK);
    status result = store_put(s, "a/b", large, sizeof large, options, &f->err);
    status later = store_put(s, "a/c", "x", 1, options, NULL);
    bool partial = file_exists("small/a/b");
    store_close(s);
    assert_int_equal(umount2("small", MNT_DETACH), 0);
    assert_int_equal(result, E_FULL);
    assert_non_null(strstr(f->err.message, "small/a/b\": No space left on device"));
    assert_int_equal(later, OK);
    assert_false(partial);
}

static void test_a_folder_without_permission_is_denied(void **state) {
    fixture *f = *state;
    if (geteuid() == 0) /* permissions do not bind root */
        skip();
    put(f, "a/b", "x");
    assert_int_equal(chmod("store/a", 0500), 0);
    assert_int_equal(try_put(f, "a/c", "x"), E_DENIED);
    assert_int_equal(store_remove(f->store, "a/b", &f->err), E_DENIED);
    assert_int_equal(chmod("store/a", 0), 0);
    store_objects found = {0};
    assert_int_equal(store_list(f->store, "", f->arena, &found, &f->err), E_DENIED);
    assert_int_equal(chmod("store/a", 0700), 0);
    assert_nothing_is_half_written(f);
}

static void test_temporary_names_of_another_process_are_left_alone(void **state) {
    fixture *f = *state;
    char *theirs = arena_printf(f->arena, ".weir/tmp/%ld-1", (long)getpid());
    put(f, "first", "x"); /* uses number 0 */
    assert_int_equal(dir_make("store/.weir/tmp", &f->err), OK);
    char *path = path_join(f->arena, "store", theirs);
    assert_int_equal(file_write_atomic(path, "theirs", 6, &f->err), OK);
    put(f, "second", "y");
    assert_file(f, path, "theirs");
    assert_file(f, "store/second", "y");
}

static void test_exchange_without_the_systems_help_is_the_same(void **state) {
    fixture *f = *state;
    void *driver_state = NULL;
    assert_int_equal(STORE_LOCAL.open("store", &driver_state, &f->err), OK);
    put(f, "x/a/1", "one");
    put(f, "y/b/2", "two");
    assert_int_equal(local_exchange_by_renames(driver_state, "x/a/", "y/b/", &f->err), OK);
    assert_file(f, "store/x/a/2", "two");
    assert_file(f, "store/y/b/1", "one");
    assert_false(file_exists("store/x/a/1"));
    assert_int_equal(local_exchange_by_renames(driver_state, "x/a/", "z/", &f->err), OK);
    assert_file(f, "store/z/2", "two");
    assert_false(file_exists("store/x"));
    assert_nothing_is_half_written(f);
    STORE_LOCAL.close(driver_state);
    STORE_LOCAL.close(NULL);
}

static void test_listing_twice_gives_the_same(void **state) {
    fixture *f = *state;
    put(f, "a", "x");
    for (int i = 0; i < 3; i++) {
        store_objects found = {0};
        assert_int_equal(store_list(f->store, "", f->arena, &found, &f->err), OK);
        assert_int_equal(found.count, 1);
    }
}

static void test_a_part_too_long_for_the_file_system_is_an_error(void **state) {
    fixture *f = *state;
    char key[400];
    memset(key, 'a', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    assert_int_equal(try_put(f, key, "x"), E_IO);
    key[300] = '/';
    assert_int_equal(try_put(f, key, "x"), E_IO);
    assert_non_null(strstr(f->err.message, "File name too long"));
    assert_nothing_is_half_written(f);
}

#define LOCAL_TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(test_a_missing_root_is_made_and_found_from_elsewhere),
        LOCAL_TEST(test_a_file_is_no_root),
        LOCAL_TEST(test_an_object_replaced_by_a_symbolic_link_is_not_followed),
        LOCAL_TEST(test_a_folder_replaced_by_a_symbolic_link_is_not_entered),
        LOCAL_TEST(test_removing_a_prefix_removes_links_and_not_what_they_name),
        LOCAL_TEST(test_a_pipe_in_place_of_an_object_does_not_hang),
        LOCAL_TEST(test_what_is_no_object_is_listed_apart),
        LOCAL_TEST(test_a_file_where_a_folder_should_be_is_told),
        LOCAL_TEST(test_read_only_objects_have_no_write_bits),
        LOCAL_TEST(test_folders_go_with_their_last_object_but_not_the_root),
        LOCAL_TEST(test_an_empty_prepared_folder_goes_with_its_prefix),
        LOCAL_TEST(test_a_write_that_fails_half_way_leaves_the_old_object),
        LOCAL_TEST(test_a_full_disk_is_told_and_takes_objects_again_later),
        LOCAL_TEST(test_a_folder_without_permission_is_denied),
        LOCAL_TEST(test_temporary_names_of_another_process_are_left_alone),
        LOCAL_TEST(test_exchange_without_the_systems_help_is_the_same),
        LOCAL_TEST(test_listing_twice_gives_the_same),
        LOCAL_TEST(test_a_part_too_long_for_the_file_system_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
