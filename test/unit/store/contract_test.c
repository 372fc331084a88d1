#include "store/store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/str.h"
#include "gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

/* What every store does, whatever is behind it. A new driver is a new row of CANDIDATES. */
typedef struct candidate {
    const char *name;
    const char *root; /* NULL: a new temporary folder; a bucket: a new prefix each time */
    bool in_bucket;
} candidate;

static const candidate CANDIDATES[] = {
    {"memory", "memory:", false},
    {"local", NULL, false},
    {"s3", "s3://weir-contract/prefix", true},
};

typedef struct fixture {
    store *store;
    arena *arena;
    error err;
    char folder[32]; /* empty unless a temporary folder was made */
} fixture;

static int set_up(void **state) {
    const candidate *c = *state;
    fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    if (c->root == NULL) {
        snprintf(f->folder, sizeof f->folder, "/tmp/weir-store-XXXXXX");
        assert_non_null(mkdtemp(f->folder));
    }
    const char *root = c->root == NULL ? f->folder : c->root;
    if (c->in_bucket) {
        char id[ID_TEXT_SIZE];
        clock_new_id(&CLOCK_SYSTEM, id);
        root = arena_printf(f->arena, "%s/%s", root, id);
    }
    assert_int_equal(store_open(root, &f->store, &f->err), OK);
    *state = f;
    return 0;
}

static void remove_folder(const char *folder) {
    const char *argv[] = {"/bin/rm", "-rf", folder, NULL};
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    int code = 1;
    assert_int_equal(process_start(&options, &p, NULL), OK);
    assert_int_equal(process_wait(&p, &code, NULL), OK);
    assert_int_equal(code, 0);
}

static int tear_down(void **state) {
    fixture *f = *state;
    store_close(f->store);
    if (f->folder[0] != '\0')
        remove_folder(f->folder);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void put(fixture *f, const char *key, const char *body) {
    store_put_options options = {0};
    assert_int_equal(store_put(f->store, key, body, strlen(body), options, &f->err), OK);
}

static void assert_body(fixture *f, const char *key, const char *wanted) {
    char *body = NULL;
    size_t size = 0;
    assert_int_equal(store_get(f->store, key, 1 << 20, f->arena, &body, &size, &f->err), OK);
    assert_string_equal(body, wanted);
    assert_int_equal(size, strlen(wanted));
}

static void assert_absent(fixture *f, const char *key) {
    store_object found;
    assert_int_equal(store_info(f->store, key, f->arena, &found, &f->err), E_NOT_FOUND);
}

/* wanted: the keys, separated by spaces. */
static void assert_listed(fixture *f, const char *prefix, const char *wanted) {
    store_objects found = {0};
    assert_int_equal(store_list(f->store, prefix, f->arena, &found, &f->err), OK);
    buf keys = buf_new(f->arena);
    for (size_t i = 0; i < found.count; i++)
        buf_printf(&keys, "%s%s", i == 0 ? "" : " ", found.items[i].key);
    assert_string_equal(keys.text, wanted);
}

static void test_what_is_put_is_got(void **state) {
    fixture *f = *state;
    put(f, "a/b/c", "one");
    put(f, "a/b/d e=f", "");
    assert_body(f, "a/b/c", "one");
    assert_body(f, "a/b/d e=f", "");
    put(f, "a/b/c", "longer than before");
    assert_body(f, "a/b/c", "longer than before");
    put(f, "a/b/c", "x");
    assert_body(f, "a/b/c", "x");
    char *body = NULL;
    size_t size = 0;
    assert_int_equal(store_put(f->store, "n", "a\0b", 3, (store_put_options){0}, &f->err), OK);
    assert_int_equal(store_get(f->store, "n", 3, f->arena, &body, &size, &f->err), OK);
    assert_int_equal(size, 3);
    assert_memory_equal(body, "a\0b", 4);
}

static void test_an_object_larger_than_allowed_is_not_got(void **state) {
    fixture *f = *state;
    char *body = NULL;
    put(f, "a", "1234");
    assert_int_equal(store_get(f->store, "a", 3, f->arena, &body, NULL, &f->err), E_DATA);
    assert_null(body);
    assert_non_null(strstr(f->err.message, "larger than 3 bytes"));
}

static void test_what_is_absent_is_named(void **state) {
    fixture *f = *state;
    char *body = NULL;
    put(f, "a/b", "x");
    const char *keys[] = {"c", "a", "a/b/c", "a/c/d"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        assert_int_equal(store_get(f->store, keys[i], 9, f->arena, &body, NULL, &f->err),
                         E_NOT_FOUND);
        assert_non_null(strstr(f->err.message, keys[i]));
        assert_absent(f, keys[i]);
        assert_int_equal(store_seal(f->store, keys[i], &f->err), E_NOT_FOUND);
    }
    assert_null(body);
}

static void test_unsafe_keys_are_refused_before_anything_happens(void **state) {
    fixture *f = *state;
    char large[STORE_KEY_SIZE_MAX + 2];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    const char *keys[] = {"", "/a", "../a", "a/../../b", "a//b", "a/", ".", large};
    store_put_options options = {0};
    store_object found;
    char *body = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        assert_int_equal(store_put(f->store, keys[i], "x", 1, options, &f->err), E_USAGE);
        assert_int_equal(store_get(f->store, keys[i], 9, f->arena, &body, NULL, &f->err), E_USAGE);
        assert_int_equal(store_info(f->store, keys[i], f->arena, &found, &f->err), E_USAGE);
        assert_int_equal(store_remove(f->store, keys[i], &f->err), E_USAGE);
        assert_int_equal(store_seal(f->store, keys[i], &f->err), E_USAGE);
    }
    store_objects list = {0};
    assert_int_equal(store_list(f->store, "../", f->arena, &list, &f->err), E_USAGE);
    assert_int_equal(store_remove_prefix(f->store, "", &f->err), E_USAGE);
    assert_int_equal(store_remove_prefix(f->store, "a", &f->err), E_USAGE);
    assert_int_equal(store_remove_prefix(f->store, "a/../", &f->err), E_USAGE);
    assert_listed(f, "", "");
}

static void test_put_if_absent_keeps_the_first_body(void **state) {
    fixture *f = *state;
    if (!store_has(f->store, STORE_PUT_IF_ABSENT))
        skip();
    store_put_options options = {.if_absent = true};
    assert_int_equal(store_put(f->store, "a/b", "first", 5, options, &f->err), OK);
    assert_int_equal(store_put(f->store, "a/b", "second", 6, options, &f->err), E_EXISTS);
    assert_body(f, "a/b", "first");
    assert_listed(f, "", "a/b");
    assert_listed(f, ".weir/tmp/", "");
}

static int file_with(const char *body) {
    char path[] = "/tmp/weir-body-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, body, strlen(body)), (ssize_t)strlen(body));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void test_a_file_is_put_from_its_offset_with_its_hash(void **state) {
    fixture *f = *state;
    int fd = file_with("header,body");
    lseek(fd, 7, SEEK_SET);
    char sha256[SHA256_TEXT_SIZE], wanted[SHA256_TEXT_SIZE];
    int64_t size = 0;
    store_put_options options = {.read_only = true};
    assert_int_equal(store_put_file(f->store, "a/b", fd, options, sha256, &size, &f->err), OK);
    close(fd);
    sha256_text("body", 4, wanted);
    assert_string_equal(sha256, wanted);
    assert_int_equal(size, 4);
    assert_body(f, "a/b", "body");
}

static void assert_put_from(fixture *f, int fd, const char *wanted) {
    char sha256[SHA256_TEXT_SIZE], wanted_sha256[SHA256_TEXT_SIZE];
    int64_t size = 0;
    store_put_options options = {0};
    assert_int_equal(store_put_file(f->store, "a", fd, options, sha256, &size, &f->err), OK);
    close(fd);
    sha256_text(wanted, strlen(wanted), wanted_sha256);
    assert_string_equal(sha256, wanted_sha256);
    assert_int_equal(size, strlen(wanted));
    assert_body(f, "a", wanted);
}

/* The system copies from file to file in one call, but neither from a pipe nor from a file that it
 * makes up while it is read. */
static void test_what_the_system_cannot_copy_is_put_all_the_same(void **state) {
    char version[1000] = "";
    int ends[2];
    int made_up = open("/proc/version", O_RDONLY);
    ssize_t size = read(made_up, version, sizeof version - 1);
    assert_true(size > 0);
    assert_int_equal(lseek(made_up, 0, SEEK_SET), 0);
    assert_put_from(*state, made_up, version);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", strlen("piped")), strlen("piped"));
    close(ends[1]);
    assert_put_from(*state, ends[0], "piped");
}

static void test_a_file_that_cannot_be_read_puts_nothing(void **state) {
    fixture *f = *state;
    put(f, "a/old", "old");
    int fd = open("/tmp", O_RDONLY | O_DIRECTORY); /* reading it fails with EISDIR */
    char sha256[SHA256_TEXT_SIZE] = "untouched";
    int64_t size = 7;
    store_put_options options = {0};
    assert_int_equal(store_put_file(f->store, "a/new", fd, options, sha256, &size, &f->err), E_IO);
    assert_int_equal(store_put_file(f->store, "a/old", fd, options, sha256, &size, &f->err), E_IO);
    close(fd);
    assert_string_equal(sha256, "untouched");
    assert_int_equal(size, 7);
    assert_body(f, "a/old", "old");
    assert_listed(f, "", "a/old");
    assert_listed(f, ".weir/tmp/", "");
}

static void test_a_file_larger_than_any_buffer_is_put_whole(void **state) {
    fixture *f = *state;
    size_t size = 9 * 1024 * 1024 + 13;
    char *body = arena_alloc(f->arena, size + 1);
    for (size_t i = 0; i < size; i++)
        body[i] = (char)('a' + i * i % 23);
    int fd = file_with(body);
    char sha256[SHA256_TEXT_SIZE], wanted[SHA256_TEXT_SIZE];
    int64_t put_size = 0;
    store_put_options options = {0};
    assert_int_equal(store_put_file(f->store, "a", fd, options, sha256, &put_size, &f->err), OK);
    close(fd);
    sha256_text(body, size, wanted);
    assert_string_equal(sha256, wanted);
    assert_int_equal(put_size, size);
    char *got = NULL;
    assert_int_equal(store_get(f->store, "a", size, f->arena, &got, NULL, &f->err), OK);
    assert_memory_equal(got, body, size);
}

static void test_the_end_of_an_object_can_be_had_alone(void **state) {
    fixture *f = *state;
    static const struct {
        size_t size;
        const char *wanted;
    } CASES[] = {{3, "hij"}, {10, "abcdefghij"}, {99, "abcdefghij"}, {0, ""}};
    put(f, "a/b", "abcdefghij");
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        char *body = NULL;
        size_t size = 0;
        assert_int_equal(
            store_get_end(f->store, "a/b", CASES[i].size, 100, f->arena, &body, &size, &f->err),
            OK);
        assert_int_equal(size, strlen(CASES[i].wanted));
        assert_string_equal(body, CASES[i].wanted);
    }
    char *none = NULL;
    size_t size = 0;
    assert_int_equal(store_get_end(f->store, "a/c", 1, 100, f->arena, &none, &size, &f->err),
                     E_NOT_FOUND);
    assert_int_equal(store_get_end(f->store, "../a", 1, 100, f->arena, &none, &size, &f->err),
                     E_USAGE);
}

static void test_listing_is_sorted_bytewise_and_by_prefix(void **state) {
    fixture *f = *state;
    const char *keys[] = {"a/b", "a-b", "a/B", "a/b.c", "a/b/c2", "b", "a.b", "\xC3\xA4"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcmp(keys[i], "a/b") != 0) /* no store of folders has it besides a/b/c2 */
            put(f, keys[i], "x");
    assert_listed(f, "", "a-b a.b a/B a/b.c a/b/c2 b \xC3\xA4");
    assert_listed(f, "a/", "a/B a/b.c a/b/c2");
    assert_listed(f, "a/b", "a/b.c a/b/c2");
    assert_listed(f, "a/b/", "a/b/c2");
    assert_listed(f, "a", "a-b a.b a/B a/b.c a/b/c2");
    assert_listed(f, "nothing/here/", "");
    assert_listed(f, "b/c", "");
}

static void test_weirs_own_is_listed_only_when_named(void **state) {
    fixture *f = *state;
    put(f, ".weir/lake.json", "{}");
    put(f, ".weirdo", "x");
    put(f, "a/.weir/b", "x");
    assert_listed(f, "", ".weirdo a/.weir/b");
    assert_listed(f, ".we", ".weirdo");
    assert_listed(f, ".weir/", ".weir/lake.json");
    assert_listed(f, ".weir/l", ".weir/lake.json");
}

static void test_info_tells_size_and_time(void **state) {
    fixture *f = *state;
    put(f, "a/b", "12345");
    store_object found = {0};
    assert_int_equal(store_info(f->store, "a/b", f->arena, &found, &f->err), OK);
    assert_string_equal(found.key, "a/b");
    assert_int_equal(found.size_bytes, 5);
    assert_true(found.modified_us > INT64_C(1600000000000000));
}

static void test_removing_is_safe_to_repeat(void **state) {
    fixture *f = *state;
    put(f, "a/b/c", "x");
    put(f, "a/d", "x");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_remove(f->store, "a/b/c", &f->err), OK);
        assert_listed(f, "", "a/d");
    }
    assert_int_equal(store_remove(f->store, "a", &f->err), OK); /* a prefix is no object */
    assert_int_equal(store_remove(f->store, "a/d/e", &f->err), OK);
    assert_body(f, "a/d", "x");
    assert_int_equal(store_remove(f->store, "a/d", &f->err), OK);
    put(f, "a/d", "again");
    assert_body(f, "a/d", "again");
}

static void test_removing_a_prefix_leaves_its_neighbours(void **state) {
    fixture *f = *state;
    put(f, "a/b/c", "x");
    put(f, "a/b/d/e", "x");
    put(f, "a/bb", "x");
    assert_int_equal(store_remove_prefix(f->store, "a/b/", &f->err), OK);
    assert_int_equal(store_remove_prefix(f->store, "a/b/", &f->err), OK);
    assert_int_equal(store_remove_prefix(f->store, "a/bb/", &f->err), OK);
    assert_listed(f, "", "a/bb");
}

static void test_sealed_objects_can_still_be_read_and_removed(void **state) {
    fixture *f = *state;
    put(f, "a/b", "x");
    assert_int_equal(store_seal(f->store, "a/b", &f->err), OK);
    assert_int_equal(store_sync(f->store, "a/", &f->err), OK);
    assert_int_equal(store_sync(f->store, "absent/", &f->err), OK);
    assert_int_equal(store_sync(f->store, "", &f->err), OK);
    assert_body(f, "a/b", "x");
    assert_int_equal(store_remove(f->store, "a/b", &f->err), OK);
    assert_absent(f, "a/b");
}

static void test_a_link_is_the_same_object_under_two_names(void **state) {
    fixture *f = *state;
    if (!store_has(f->store, STORE_LINK))
        skip();
    put(f, "a/b", "x");
    assert_int_equal(store_link(f->store, "a/b", "c/d/e", &f->err), OK);
    assert_int_equal(store_sync(f->store, "c/", &f->err), OK);
    store_object first = {0}, second = {0};
    assert_int_equal(store_info(f->store, "a/b", f->arena, &first, &f->err), OK);
    assert_int_equal(store_info(f->store, "c/d/e", f->arena, &second, &f->err), OK);
    assert_true(first.file_id != 0 && first.file_id == second.file_id);
    assert_int_equal(store_remove(f->store, "a/b", &f->err), OK);
    assert_body(f, "c/d/e", "x");
}

static void test_a_link_never_replaces(void **state) {
    fixture *f = *state;
    if (!store_has(f->store, STORE_LINK))
        skip();
    put(f, "a", "first");
    put(f, "b", "second");
    assert_int_equal(store_link(f->store, "a", "b", &f->err), E_EXISTS);
    assert_body(f, "b", "second");
    assert_int_equal(store_link(f->store, "absent", "c", &f->err), E_NOT_FOUND);
    assert_absent(f, "c");
}

static void test_prefixes_trade_places(void **state) {
    fixture *f = *state;
    if (!store_has(f->store, STORE_EXCHANGE))
        skip();
    put(f, "x/a/1", "one");
    put(f, "x/a/sub/2", "two");
    put(f, "y/b/3", "three");
    put(f, "x/ab", "beside");
    assert_int_equal(store_exchange(f->store, "x/a/", "y/b/", &f->err), OK);
    assert_listed(f, "", "x/a/3 x/ab y/b/1 y/b/sub/2");
    assert_body(f, "x/a/3", "three");
    assert_body(f, "y/b/sub/2", "two");
}

static void test_exchanging_with_nothing_moves(void **state) {
    fixture *f = *state;
    if (!store_has(f->store, STORE_EXCHANGE))
        skip();
    put(f, "x/a/1", "one");
    assert_int_equal(store_exchange(f->store, "x/a/", "new/b/", &f->err), OK);
    assert_listed(f, "", "new/b/1");
    assert_int_equal(store_exchange(f->store, "x/a/", "new/b/", &f->err), OK);
    assert_listed(f, "", "x/a/1");
    assert_int_equal(store_exchange(f->store, "no/a/", "no/b/", &f->err), E_NOT_FOUND);
    assert_int_equal(store_exchange(f->store, "x/a/", "x/a/b/", &f->err), E_USAGE);
    assert_int_equal(store_exchange(f->store, "x/a/", "x/a/", &f->err), E_USAGE);
    assert_listed(f, "", "x/a/1");
}

static void test_the_engine_can_open_what_it_is_told(void **state) {
    fixture *f = *state;
    if (!store_has(f->store, STORE_LOCAL_PATH))
        skip();
    assert_int_equal(store_prepare(f->store, "out/build/", &f->err), OK);
    assert_listed(f, "", "");
    const char *url = store_url(f->store, f->arena, "out/build/part.csv");
    int fd = open(url, O_WRONLY | O_CREAT | O_EXCL, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(store_seal(f->store, "out/build/part.csv", &f->err), OK);
    assert_body(f, "out/build/part.csv", "x");
}

#define CONTRACT(claim) \
    { .name = #claim, .test_func = (claim) }

static const struct CMUnitTest CONTRACT_TESTS[] = {
    CONTRACT(test_what_is_put_is_got),
    CONTRACT(test_an_object_larger_than_allowed_is_not_got),
    CONTRACT(test_what_is_absent_is_named),
    CONTRACT(test_unsafe_keys_are_refused_before_anything_happens),
    CONTRACT(test_put_if_absent_keeps_the_first_body),
    CONTRACT(test_a_file_is_put_from_its_offset_with_its_hash),
    CONTRACT(test_what_the_system_cannot_copy_is_put_all_the_same),
    CONTRACT(test_a_file_that_cannot_be_read_puts_nothing),
    CONTRACT(test_a_file_larger_than_any_buffer_is_put_whole),
    CONTRACT(test_the_end_of_an_object_can_be_had_alone),
    CONTRACT(test_listing_is_sorted_bytewise_and_by_prefix),
    CONTRACT(test_weirs_own_is_listed_only_when_named),
    CONTRACT(test_info_tells_size_and_time),
    CONTRACT(test_removing_is_safe_to_repeat),
    CONTRACT(test_removing_a_prefix_leaves_its_neighbours),
    CONTRACT(test_sealed_objects_can_still_be_read_and_removed),
    CONTRACT(test_a_link_is_the_same_object_under_two_names),
    CONTRACT(test_a_link_never_replaces),
    CONTRACT(test_prefixes_trade_places),
    CONTRACT(test_exchanging_with_nothing_moves),
    CONTRACT(test_the_engine_can_open_what_it_is_told),
};

static int run_contract(candidate c) {
    struct CMUnitTest tests[ARRAY_SIZE(CONTRACT_TESTS)];
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        tests[i] = CONTRACT_TESTS[i];
        tests[i].setup_func = set_up;
        tests[i].teardown_func = tear_down;
        tests[i].initial_state = &c;
    }
    return cmocka_run_group_tests_name(c.name, tests, NULL, NULL);
}

int main(void) {
    int failed = 0;
    gateway g;
    bool has_bucket = gateway_start(&g);
    if (has_bucket)
        gateway_make_bucket(&g, "weir-contract");
    for (size_t i = 0; i < ARRAY_SIZE(CANDIDATES); i++) {
        if (CANDIDATES[i].in_bucket && !has_bucket)
            printf("[  SKIPPED ] %s: no versitygw; scripts/setup test installs it\n",
                   CANDIDATES[i].name);
        else
            failed += run_contract(CANDIDATES[i]);
    }
    gateway_stop(&g);
    return failed;
}
