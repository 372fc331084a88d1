#include "cli/query_output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char HEADER[] = "[{\"name\":\"a\",\"type\":\"BIGINT\"},{\"name\":\"a\",\"type\":"
                             "\"VARCHAR\"},{\"name\":\"d\",\"type\":\"DECIMAL(4,2)\"},"
                             "{\"name\":\"f\",\"type\":\"DOUBLE\"}]";
static const char ROWS[] = "[[\"1\",\"x\",\"12.50\",\"nan\"],[null,\"\",null,\"0.5\"]]";

static char *written(output_format format, const char *header, const char *rows) {
    ARENA_AUTO a = arena_new();
    char *text = NULL;
    size_t size = 0;
    output o = {.stream = open_memstream(&text, &size), .format = format};
    query_output *q = query_output_new(&o, a);
    engine_sink sink = query_output_sink(q);
    JSON_AUTO columns_told = json_loads(header, 0, NULL);
    assert_int_equal(sink.columns(sink.state, columns_told, NULL), OK);
    JSON_AUTO rows_told = rows != NULL ? json_loads(rows, 0, NULL) : NULL;
    if (rows != NULL) {
        assert_int_equal(sink.rows(sink.state, rows_told, NULL), OK);
        assert_int_equal(sink.rows(sink.state, rows_told, NULL), OK);
    }
    query_output_end(q);
    fclose(o.stream);
    return text;
}

static void check(output_format format, const char *rows, const char *expected) {
    char *text = written(format, HEADER, rows);
    assert_string_equal(text, expected);
    free(text);
}

static void test_json_has_numbers_as_numbers_and_decimals_exact(void **state) {
    (void)state;
    check(OUTPUT_JSONL, ROWS,
          "{\"a\":1,\"a_1\":\"x\",\"d\":\"12.50\",\"f\":\"nan\"}\n"
          "{\"a\":null,\"a_1\":\"\",\"d\":null,\"f\":0.5}\n"
          "{\"a\":1,\"a_1\":\"x\",\"d\":\"12.50\",\"f\":\"nan\"}\n"
          "{\"a\":null,\"a_1\":\"\",\"d\":null,\"f\":0.5}\n");
}

static void test_json_is_one_document_however_many_batches_come(void **state) {
    (void)state;
    char *text = written(OUTPUT_JSON, HEADER, ROWS);
    JSON_AUTO document = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(document, "rows")), 4);
    assert_int_equal(json_array_size(json_object_get(document, "columns")), 4);
    free(text);
    text = written(OUTPUT_JSON, HEADER, NULL);
    JSON_AUTO nothing = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(nothing, "rows")), 0);
    free(text);
}

static void test_csv_tells_null_from_empty(void **state) {
    (void)state;
    check(OUTPUT_CSV, "[[null,\"\",\"a,b\",\"1\"]]",
          "a,a_1,d,f\n,\"\",\"a,b\",1\n,\"\",\"a,b\",1\n");
}

static void test_a_table_keeps_its_columns_over_batches(void **state) {
    (void)state;
    check(OUTPUT_TABLE, "[[\"12\",\"x\",\"1.00\",\"2\"]]",
          " a  a_1  d     f\n12  x    1.00  2\n12  x    1.00  2\n");
    check(OUTPUT_TABLE, NULL, "a  a_1  d  f\n");
}

static void test_a_row_of_another_width_is_refused(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    output o = {.stream = stdout, .format = OUTPUT_JSONL};
    engine_sink sink = query_output_sink(query_output_new(&o, a));
    JSON_AUTO header = json_loads(HEADER, 0, NULL);
    JSON_AUTO rows = json_loads("[[\"1\"]]", 0, NULL);
    error err = {0};
    assert_int_equal(sink.columns(sink.state, header, &err), OK);
    assert_int_equal(sink.rows(sink.state, rows, &err), E_ENGINE);
    assert_string_equal(err.message, "the engine gave a row of 1 values for 4 columns");
}

static void test_only_json_numbers_pass_as_numbers(void **state) {
    (void)state;
    static const char *const GOOD[] = {"0", "-1", "10", "1.5", "1e20", "1.5E-3", "1e+20"};
    static const char *const BAD[] = {"", "-", "01", "1.", ".5", "nan", "inf", "1e", "1 ", "0x1"};
    for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++)
        assert_true(query_output_is_number(GOOD[i]));
    for (size_t i = 0; i < ARRAY_SIZE(BAD); i++)
        assert_false(query_output_is_number(BAD[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_has_numbers_as_numbers_and_decimals_exact),
        cmocka_unit_test(test_json_is_one_document_however_many_batches_come),
        cmocka_unit_test(test_csv_tells_null_from_empty),
        cmocka_unit_test(test_a_table_keeps_its_columns_over_batches),
        cmocka_unit_test(test_a_row_of_another_width_is_refused),
        cmocka_unit_test(test_only_json_numbers_pass_as_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
