#include "cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What write does to a stream; text is freed by the caller. */
static void written(output_format format, void (*write)(output *o), char **text) {
    size_t size = 0;
    output o = {.stream = open_memstream(text, &size), .format = format};
    write(&o);
    assert_int_equal(output_finish(&o, NULL), OK);
    fclose(o.stream);
}

static void check(output_format format, void (*write)(output *o), const char *expected) {
    char *text = NULL;
    written(format, write, &text);
    assert_string_equal(text, expected);
    free(text);
}

static const output_column COLUMNS[] = {
    {"name", "name", OUTPUT_TEXT},
    {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "size", OUTPUT_BYTES},
    {"when", "when", OUTPUT_TIME},
};

static void write_two(output *o) {
    JSON_AUTO rows = json_pack("[{s:s, s:i, s:i, s:s}, {s:s, s:i, s:i, s:n}]", "name", "a, \"b\"",
                               "rows", 7, "bytes", 14200000, "when", "2024-05-22T10:00:00.123456Z",
                               "name", "caff\xC3\xA8\n", "rows", 12345, "bytes", 999, "when");
    JSON_AUTO document = json_pack("{s:i, s:O}", "format", 1, "things", rows);
    output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
}

static void test_a_table_is_aligned_and_shows_control_characters(void **state) {
    (void)state;
    check(OUTPUT_TABLE, write_two,
          "name        rows     size  when\n"
          "a, \"b\"         7  14.2 MB  2024-05-22T10:00:00Z\n"
          "caff\xC3\xA8\\x0A  12345    999 B\n");
}

static void test_csv_has_the_keys_and_the_exact_values(void **state) {
    (void)state;
    check(OUTPUT_CSV, write_two,
          "name,rows,bytes,when\n"
          "\"a, \"\"b\"\"\",7,14200000,2024-05-22T10:00:00.123456Z\n"
          "\"caff\xC3\xA8\n\",12345,999,\n");
}

static void test_json_lines_are_one_object_each(void **state) {
    (void)state;
    char *text = NULL;
    written(OUTPUT_JSONL, write_two, &text);
    char *second = strchr(text, '\n') + 1;
    JSON_AUTO row = json_loads(second, 0, NULL);
    assert_string_equal(json_get_string(row, "name", NULL), "caff\xC3\xA8\n");
    free(text);
}

static void test_json_is_the_whole_document(void **state) {
    (void)state;
    char *text = NULL;
    written(OUTPUT_JSON, write_two, &text);
    JSON_AUTO document = json_loads(text, 0, NULL);
    assert_int_equal(json_get_int(document, "format", 0), 1);
    assert_int_equal(json_array_size(json_object_get(document, "things")), 2);
    free(text);
}

static void write_null_and_empty(output *o) {
    const char *const fields[] = {NULL, "", " x", "y"};
    output_csv_record(o, fields, ARRAY_SIZE(fields));
}

static void test_csv_tells_null_from_an_empty_text(void **state) {
    (void)state;
    check(OUTPUT_CSV, write_null_and_empty, ",\"\",\" x\",y\n");
}

static void write_words(output *o) {
    output_say(o, "%s is%s done", "a\x1b[31m", "\n");
}

static void test_words_are_for_people_and_cannot_steer_the_terminal(void **state) {
    (void)state;
    check(OUTPUT_TABLE, write_words, "a\\x1B[31m is\\x0A done\n");
    check(OUTPUT_JSON, write_words, "");
    check(OUTPUT_CSV, write_words, "");
}

static void test_sizes_round_into_the_next_unit(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(output_bytes(a, 0), "0 B");
    assert_string_equal(output_bytes(a, 999), "999 B");
    assert_string_equal(output_bytes(a, 1000), "1.0 kB");
    assert_string_equal(output_bytes(a, 999960), "1.0 MB");
    assert_string_equal(output_bytes(a, INT64_MAX), "9.2 EB");
    assert_string_equal(output_plural(a, 1, "file", "files"), "1 file");
    assert_string_equal(output_plural(a, 0, "file", "files"), "0 files");
}

static void test_bytes_that_are_no_utf8_become_visible_text(void **state) {
    (void)state;
    JSON_AUTO value = output_string("x\xFFy");
    assert_string_equal(json_string_value(value), "x\\xFFy");
    JSON_AUTO nothing = output_string(NULL);
    assert_true(json_is_null(nothing));
}

static void test_a_full_disk_is_an_error_and_not_lost_data(void **state) {
    (void)state;
    output o = {.stream = fopen("/dev/full", "w"), .format = OUTPUT_TABLE};
    if (o.stream == NULL)
        skip();
    output_say(&o, "something");
    error err = {0};
    assert_int_equal(output_finish(&o, &err), E_FULL);
    fclose(o.stream);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_is_aligned_and_shows_control_characters),
        cmocka_unit_test(test_csv_has_the_keys_and_the_exact_values),
        cmocka_unit_test(test_json_lines_are_one_object_each),
        cmocka_unit_test(test_json_is_the_whole_document),
        cmocka_unit_test(test_csv_tells_null_from_an_empty_text),
        cmocka_unit_test(test_words_are_for_people_and_cannot_steer_the_terminal),
        cmocka_unit_test(test_sizes_round_into_the_next_unit),
        cmocka_unit_test(test_bytes_that_are_no_utf8_become_visible_text),
        cmocka_unit_test(test_a_full_disk_is_an_error_and_not_lost_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
