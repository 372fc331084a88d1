#include "cli/proposal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const char *seen, const char *format, const char *expected) {
    ARENA_AUTO a = arena_new();
    JSON_AUTO document = json_loads(seen, 0, NULL);
    const proposal p = {.file = "x.csv", .format = format, .seen = document};
    char *text = NULL;
    assert_int_equal(proposal_text(&p, a, &text, NULL), OK);
    assert_string_equal(strchr(text, '\n') + 1, expected);
}

static void test_types_are_written_as_users_call_them(void **state) {
    (void)state;
    check("{\"csv\":{\"delimiter\":\",\",\"quote\":\"\\\"\",\"header\":true},\"rows\":2,"
          "\"columns\":[{\"name\":\"code\",\"type\":\"VARCHAR\"},"
          "{\"name\":\"n\",\"type\":\"BIGINT\"},"
          "{\"name\":\"price\",\"type\":\"DECIMAL(9,2)\"}]}",
          "csv",
          "format: csv\ncolumns:\n  code: string\n  \"n\": int64\n"
          "  price: \"decimal(9,2)\"\n");
}

static void test_an_unusual_dialect_is_written_down(void **state) {
    (void)state;
    check("{\"csv\":{\"delimiter\":\"\\t\",\"quote\":\"\",\"header\":false},\"columns\":[]}", "csv",
          "format: csv\ncsv: {delimiter: \"\\t\", quote: \"\", header: false}\n");
}

static void test_names_that_yaml_would_read_otherwise_are_quoted(void **state) {
    (void)state;
    check("{\"columns\":[{\"name\":\"a: b\",\"type\":\"DATE\"},{\"name\":\"on\",\"type\":\"DATE\"},"
          "{\"name\":\"caff\xC3\xA8\",\"type\":\"STRUCT(a INTEGER)\"}]}",
          "json",
          "format: json\ncolumns:\n  \"a: b\": date\n  \"on\": date\n"
          "  \"caff\xC3\xA8\": \"STRUCT(a INTEGER)\"\n");
}

static void test_an_answer_without_columns_is_refused(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    JSON_AUTO document = json_object();
    const proposal p = {.file = "x.csv", .format = "csv", .seen = document};
    char *text = NULL;
    assert_int_not_equal(proposal_text(&p, a, &text, NULL), OK);
    assert_null(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_written_as_users_call_them),
        cmocka_unit_test(test_an_unusual_dialect_is_written_down),
        cmocka_unit_test(test_names_that_yaml_would_read_otherwise_are_quoted),
        cmocka_unit_test(test_an_answer_without_columns_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
