#include "land/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void assert_kind(const char *file, lake_format declared, lake_format format,
                        const char *compression) {
    name_kind kind = {0};
    error err = {0};
    if (name_kind_of(file, declared, &kind, &err) != OK)
        fail_msg("%s", err.message);
    assert_int_equal(kind.format, format);
    assert_string_equal(kind.compression, compression);
}

static void test_extensions_tell_format_and_compression(void **state) {
    (void)state;
    assert_kind("a/x.csv", FORMAT_BY_EXTENSION, FORMAT_CSV, "none");
    assert_kind("x.v1.CSV.GZ", FORMAT_BY_EXTENSION, FORMAT_CSV, "gzip");
    assert_kind("x.jsonl.zst", FORMAT_BY_EXTENSION, FORMAT_JSON, "zstd");
    assert_kind("x.parquet", FORMAT_PARQUET, FORMAT_PARQUET, "none");
    assert_kind("x.dat.gz", FORMAT_CSV, FORMAT_CSV, "gzip");
    assert_kind("x.csv.gz", FORMAT_OPAQUE, FORMAT_OPAQUE, "none");
}

static void assert_refused(const char *file, lake_format declared, const char *message) {
    name_kind kind;
    error err = {0};
    assert_int_equal(name_kind_of(file, declared, &kind, &err), E_DATA);
    assert_string_equal(err.message, message);
}

static void test_names_that_do_not_fit_are_refused(void **state) {
    (void)state;
    assert_refused("a/x.xlsx", FORMAT_BY_EXTENSION, "the name \"x.xlsx\" does not tell the format");
    assert_refused("x.gz", FORMAT_BY_EXTENSION, "the name \"x.gz\" does not tell the format");
    assert_refused("x.json", FORMAT_CSV, "the name \"x.json\" tells of json, the table takes csv");
    assert_refused("x.parquet.gz", FORMAT_BY_EXTENSION,
                   "\"x.parquet.gz\" is parquet, which is not compressed once more");
}

static void assert_object(const char *file, const char *wanted) {
    arena *a = arena_new();
    assert_string_equal(name_object(a, "province", file, 1583584994, 1), wanted);
    arena_free(a);
}

static void test_an_object_carries_stem_time_and_extension(void **state) {
    (void)state;
    assert_object("province/a.csv", "province/file_land_timestamp=1583584994/a_1583584994.csv");
    assert_object("province/2020/a.b.csv.gz",
                  "province/file_land_timestamp=1583584994/a.b_1583584994.csv.gz");
    assert_object("province/README", "province/file_land_timestamp=1583584994/README_1583584994");
}

static void test_an_object_holds_nothing_that_readers_take_for_a_pattern(void **state) {
    (void)state;
    assert_object("p/a:b*c?d[e]{f}.csv",
                  "province/file_land_timestamp=1583584994/a_b_c_d_e__f__1583584994.csv");
    assert_object("p/it's \"new\"\n=x.csv",
                  "province/file_land_timestamp=1583584994/it_s _new__=x_1583584994.csv");
    assert_object("p/-x.csv", "province/file_land_timestamp=1583584994/x-x_1583584994.csv");
    assert_object("p/però.csv", "province/file_land_timestamp=1583584994/però_1583584994.csv");
}

static void test_a_long_name_is_cut_between_characters(void **state) {
    (void)state;
    arena *a = arena_new();
    char name[256 + 1];
    for (size_t i = 0; i < 125; i++)
        memcpy(name + 1 + 2 * i, "ò", 2);
    name[0] = 'x';
    memcpy(name + 251, ".csv", 5);
    const char *object = name_object(a, "t", name, 1583584994, 12);
    const char *last = strrchr(object, '/') + 1;
    assert_true(strlen(last) < 255);
    assert_true(str_is_utf8(last, strlen(last)));
    assert_true(str_ends(last, "-12_1583584994.csv"));
    arena_free(a);
}

static void test_a_second_attempt_has_another_name(void **state) {
    (void)state;
    arena *a = arena_new();
    assert_string_equal(name_object(a, "t", "x.csv", 7, 2), "t/file_land_timestamp=7/x-2_7.csv");
    arena_free(a);
}

static void test_an_objects_name_tells_file_and_time(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    static const char *const FILES[] = {"x.csv", "a.b.csv.gz", "README", "x-2.csv", "a_7.csv"};
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
        const char *file = NULL;
        int64_t epoch = 0;
        assert_true(name_read_object(a, "t", name_object(a, "t", FILES[i], 7, 1), &file, &epoch));
        assert_string_equal(file, FILES[i]);
        assert_int_equal(epoch, 7);
    }
}

static void test_unfinished_and_hidden_names_are_skipped(void **state) {
    (void)state;
    assert_true(name_is_skipped(".x.csv"));
    assert_true(name_is_skipped("_SUCCESS"));
    assert_true(name_is_skipped("x.csv.tmp"));
    assert_true(name_is_skipped("x.csv.part"));
    assert_false(name_is_skipped("x.csv"));
}

static void test_a_foreign_key_tells_a_time_where_a_folder_has_it(void **state) {
    (void)state;
    static const struct {
        const char *key, *file;
        int64_t epoch;
    } CASES[] = {
        {"t/file_land_timestamp=70/a_70.csv", "a.csv", 70},
        {"t/file_land_timestamp=70/a.csv", "a.csv", 70},
        {"t/file_land_timestamp=70/a_71.csv", "a_71.csv", 70},
        {"t/file_land_timestamp=70/_70.csv", NULL, 0}, /* hidden */
        {"t/2020/file_land_timestamp=70/x/a_70.csv.gz", "2020/x/a.csv.gz", 70},
        {"t/file_land_timestamp=never/a.csv", "file_land_timestamp=never/a.csv", 5},
        {"t/file_land_timestamp=1716400000000/a.csv", "file_land_timestamp=1716400000000/a.csv", 5},
        {"t/a.csv", "a.csv", 5},
        {"t/.hidden/a.csv", NULL, 0},
        {"t/a.csv.part", NULL, 0},
        {"other/a.csv", NULL, 0},
    };
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        const char *file = NULL;
        int64_t epoch = 5;
        bool read = name_read_foreign(a, "t", CASES[i].key, &file, &epoch);
        assert_int_equal(read, CASES[i].file != NULL);
        if (!read)
            continue;
        assert_string_equal(file, CASES[i].file);
        assert_int_equal(epoch, CASES[i].epoch);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extensions_tell_format_and_compression),
        cmocka_unit_test(test_names_that_do_not_fit_are_refused),
        cmocka_unit_test(test_an_object_carries_stem_time_and_extension),
        cmocka_unit_test(test_an_object_holds_nothing_that_readers_take_for_a_pattern),
        cmocka_unit_test(test_a_long_name_is_cut_between_characters),
        cmocka_unit_test(test_a_second_attempt_has_another_name),
        cmocka_unit_test(test_an_objects_name_tells_file_and_time),
        cmocka_unit_test(test_unfinished_and_hidden_names_are_skipped),
        cmocka_unit_test(test_a_foreign_key_tells_a_time_where_a_folder_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
