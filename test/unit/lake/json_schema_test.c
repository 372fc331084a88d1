#include "lake/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static json_t *at(const json_t *value, const char *first, const char *second, const char *third) {
    json_t *found = json_object_get(value, first);
    found = second == NULL ? found : json_object_get(found, second);
    return third == NULL ? found : json_object_get(found, third);
}

static void test_the_schema_has_the_keys_that_work_and_no_others(void **state) {
    JSON_AUTO schema = lake_json_schema();
    (void)state;
    assert_non_null(schema);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if (strchr(row->path, '.') != NULL)
            continue;
        static const struct {
            unsigned file;
            const char *name;
        } KINDS[] = {{FILE_LAKE, "lake"}, {FILE_SOURCE, "source"}, {FILE_DERIVED, "derived"}};
        for (size_t j = 0; j < ARRAY_SIZE(KINDS); j++) {
            const json_t *keys =
                at(at(schema, "$defs", KINDS[j].name, NULL), "properties", NULL, NULL);
            bool is_there = json_object_get(keys, row->path) != NULL;
            if ((row->files & KINDS[j].file) != 0)
                assert_int_equal(is_there, !row->is_later);
        }
    }
}

static void test_the_schema_tells_types_defaults_and_values(void **state) {
    JSON_AUTO schema = lake_json_schema();
    (void)state;
    const json_t *source = at(schema, "$defs", "source", "properties");
    const json_t *csv = at(source, "csv", "properties", NULL);
    assert_true(json_is_true(at(csv, "header", "default", NULL)));
    assert_string_equal(json_string_value(at(csv, "header", "type", NULL)), "boolean");
    assert_int_equal(json_array_size(at(csv, "encoding", "enum", NULL)), 3);
    assert_true(json_is_false(at(source, "csv", "additionalProperties", NULL)));
    const json_t *any_column = at(source, "columns", "additionalProperties", "anyOf");
    assert_non_null(at(json_array_get(any_column, 1), "properties", "aliases", NULL));
    const json_t *lake_keys = at(schema, "$defs", "lake", NULL);
    assert_int_equal(json_array_size(json_object_get(lake_keys, "required")), 2);
    assert_int_equal(json_integer_value(at(at(lake_keys, "properties", "workers", "properties"),
                                           "count", "minimum", NULL)),
                     1);
    const json_t *defaults = at(schema, "$defs", "defaults", "properties");
    assert_non_null(at(defaults, "partition_by", NULL, NULL));
    assert_non_null(at(defaults, "csv", NULL, NULL));
    assert_null(at(defaults, "land", NULL, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_schema_has_the_keys_that_work_and_no_others),
        cmocka_unit_test(test_the_schema_tells_types_defaults_and_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
