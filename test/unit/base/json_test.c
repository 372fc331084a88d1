#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_broken_documents_are_named_with_their_line(void **state) {
    (void)state;
    json_t *document = NULL;
    error err = {0};
    assert_int_equal(json_parse("{\n\"a\": }", 8, "job result", &document, &err), E_DATA);
    assert_true(strncmp(err.message, "\"job result\" is not JSON: ", 26) == 0);
    assert_int_equal(err.line, 2);
    const char *bad[] = {"", "{}x", "{\"a\":1,\"a\":2}", "{\"a\":\"\xFF\"}", "{\"a\":\"\\u0000\"}"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(json_parse(bad[i], strlen(bad[i]), "x", &document, &err), E_DATA);
    assert_null(document);
}

static void test_needed_keys_are_checked_for_presence_and_type(void **state) {
    (void)state;
    JSON_AUTO document = json_pack("{s:s, s:I, s:[], s:{}, s:n}", "text", "x", "count",
                                   (json_int_t)INT64_MAX, "list", "object", "nothing");
    const char *text = NULL;
    int64_t count = 0;
    json_t *value = NULL;
    error err = {0};
    assert_int_equal(json_need_string(document, "text", &text, &err), OK);
    assert_string_equal(text, "x");
    assert_int_equal(json_need_int(document, "count", &count, &err), OK);
    assert_true(count == INT64_MAX);
    assert_int_equal(json_need_array(document, "list", &value, &err), OK);
    assert_int_equal(json_need_object(document, "object", &value, &err), OK);
    assert_int_equal(json_need_string(document, "other", &text, &err), E_DATA);
    assert_string_equal(err.message, "the key \"other\" is missing");
    assert_int_equal(json_need_int(document, "text", &count, &err), E_DATA);
    assert_string_equal(err.message, "the key \"text\" is a string, not an integer");
    assert_int_equal(json_need_array(document, "nothing", &value, &err), E_DATA);
    assert_int_equal(json_need_object(NULL, "a", &value, &err), E_DATA);
    assert_true(count == INT64_MAX);
}

static void test_optional_keys_fall_back_to_the_default(void **state) {
    (void)state;
    JSON_AUTO document =
        json_pack("{s:s, s:i, s:b, s:n}", "text", "x", "count", 3, "flag", 1, "no");
    assert_string_equal(json_get_string(document, "text", "d"), "x");
    assert_string_equal(json_get_string(document, "count", "d"), "d");
    assert_string_equal(json_get_string(document, "no", "d"), "d");
    assert_int_equal(json_get_int(document, "count", 9), 3);
    assert_int_equal(json_get_int(document, "absent", 9), 9);
    assert_true(json_get_bool(document, "flag", false));
    assert_true(json_get_bool(document, "text", true));
    assert_int_equal(json_get_int(NULL, "count", 9), 9);
}

static void test_text_keeps_the_order_of_insertion(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    JSON_AUTO document = json_pack("{s:i, s:[s, n], s:b}", "z", 1, "a", "x\ny", "m", 0);
    assert_string_equal(json_text(a, document), "{\"z\":1,\"a\":[\"x\\ny\",null],\"m\":false}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_documents_are_named_with_their_line),
        cmocka_unit_test(test_needed_keys_are_checked_for_presence_and_type),
        cmocka_unit_test(test_optional_keys_fall_back_to_the_default),
        cmocka_unit_test(test_text_keeps_the_order_of_insertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
