#include "lake/cache.h"

#include "base/path.h"
#include "lake_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

static const char FILE_NAME[] = ".weir/cache/definition";
static const char VERSION[] = "7";

static void remember(const lake_dir *d, const char *question, int answer) {
    cache *c = cache_open(d->path, VERSION);
    cache_put(c, question, json_integer(answer));
    cache_close(c, true);
}

/* The remembered number, or -1. */
static int recall(const lake_dir *d, const char *question) {
    cache *c = cache_open(d->path, VERSION);
    const json_t *answer = cache_get(c, question);
    int number = answer == NULL ? -1 : (int)json_integer_value(answer);
    cache_close(c, true);
    return number;
}

static void test_answers_are_found_again(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    remember(&d, "q", 7);
    assert_int_equal(recall(&d, "q"), 7);
    assert_int_equal(recall(&d, "other"), -1);
    lake_dir_free(&d);
}

static void test_an_answer_nobody_asked_for_is_forgotten(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    remember(&d, "q", 7);
    remember(&d, "r", 8); /* this load did not ask for q */
    assert_int_equal(recall(&d, "q"), -1);
    assert_int_equal(recall(&d, "r"), 8);
    lake_dir_free(&d);
}

static void test_nothing_is_written_when_nothing_is_new_or_saving_is_off(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    assert_int_equal(recall(&d, "q"), -1);
    cache *c = cache_open(d.path, VERSION);
    cache_put(c, "q", json_integer(1));
    cache_close(c, false);
    assert_false(file_exists(path_join(d.arena, d.path, ".weir")));
    lake_dir_free(&d);
}

static void test_a_changed_file_counts_as_empty_and_is_written_anew(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    char *text;
    size_t size;
    remember(&d, "q", 7);
    const char *path = path_join(d.arena, d.path, FILE_NAME);
    assert_int_equal(file_read(path, 10000, d.arena, &text, &size, NULL), OK);
    for (size_t i = 0; i < size; i++) {
        char kept = text[i];
        text[i] ^= 1;
        lake_dir_write_bytes(&d, FILE_NAME, text, size);
        text[i] = kept;
        assert_int_equal(recall(&d, "q"), -1);
        lake_dir_write_bytes(&d, FILE_NAME, text, i);
        assert_int_equal(recall(&d, "q"), -1);
    }
    lake_dir_write(&d, FILE_NAME, "weir definition cache 7 ");
    assert_int_equal(recall(&d, "q"), -1);
    remember(&d, "q", 9);
    assert_int_equal(recall(&d, "q"), 9);
    lake_dir_free(&d);
}

static void test_answers_of_another_version_are_not_taken(void **state) {
    static const char *const OTHERS[] = {"6", "8", "77", "", "7 "};
    lake_dir d = lake_dir_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(OTHERS); i++) {
        remember(&d, "q", 7);
        cache *c = cache_open(d.path, OTHERS[i]);
        assert_null(cache_get(c, "q"));
        cache_put(c, "q", json_integer(8));
        cache_close(c, true);
        assert_int_equal(recall(&d, "q"), -1);
    }
    lake_dir_free(&d);
}

static void test_a_folder_in_the_way_means_no_cache(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake_dir_write(&d, ".weir", "a file, not a folder");
    remember(&d, "q", 7);
    assert_int_equal(recall(&d, "q"), -1);
    cache *nowhere = cache_open(NULL, VERSION);
    cache_put(nowhere, "q", json_integer(1));
    assert_non_null(cache_get(nowhere, "q"));
    cache_close(nowhere, true);
    lake_dir_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_are_found_again),
        cmocka_unit_test(test_an_answer_nobody_asked_for_is_forgotten),
        cmocka_unit_test(test_nothing_is_written_when_nothing_is_new_or_saving_is_off),
        cmocka_unit_test(test_a_changed_file_counts_as_empty_and_is_written_anew),
        cmocka_unit_test(test_answers_of_another_version_are_not_taken),
        cmocka_unit_test(test_a_folder_in_the_way_means_no_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
