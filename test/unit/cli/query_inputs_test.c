#include "cli/query_inputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static query_names names_of(const char *tree, arena *a) {
    JSON_AUTO parsed = json_loads(tree, 0, NULL);
    assert_non_null(parsed);
    return query_names_of(parsed, a);
}

#define TABLE(schema, name) \
    "{\"type\":\"BASE_TABLE\",\"schema_name\":\"" schema "\",\"table_name\":\"" name "\"}"

static void test_tables_are_found_wherever_they_stand(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    query_names names =
        names_of("{\"from_table\":{\"left\":" TABLE(
                     "Silver", "B") ",\"right\":{"
                                    "\"subquery\":[" TABLE("raw", "a") "," TABLE("raw", "a") "]}}}",
                 a);
    assert_int_equal(names.tables.count, 2);
    assert_string_equal(names.tables.items[0], "raw.a");
    assert_string_equal(names.tables.items[1], "silver.b");
    assert_int_equal(names.bare.count, 0);
    assert_false(names.all);
}

static void test_a_with_table_is_no_table_of_the_lake(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    query_names names =
        names_of("{\"cte_map\":{\"map\":[{\"key\":\"X\",\"value\":" TABLE(
                     "raw", "a") "}]},\"from\":[" TABLE("", "x") "," TABLE("", "sales") "]}",
                 a);
    assert_int_equal(names.tables.count, 1);
    assert_int_equal(names.bare.count, 1);
    assert_string_equal(names.bare.items[0], "sales");
}

static void test_show_tables_means_all_but_describe_means_its_query(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_true(names_of("{\"type\":\"SHOW_REF\",\"query\":null}", a).all);
    query_names names = names_of("{\"type\":\"SHOW_REF\",\"query\":" TABLE("raw", "a") "}", a);
    assert_false(names.all);
    assert_string_equal(names.tables.items[0], "raw.a");
}

static void test_columns_that_are_named_are_told(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    query_names names =
        names_of("[{\"type\":\"COLUMN_REF\",\"column_names\":[\"t\",\"Weir_File\"]}]", a);
    assert_true(strings_contain(&names.mentioned, "weir_file"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_found_wherever_they_stand),
        cmocka_unit_test(test_a_with_table_is_no_table_of_the_lake),
        cmocka_unit_test(test_show_tables_means_all_but_describe_means_its_query),
        cmocka_unit_test(test_columns_that_are_named_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
