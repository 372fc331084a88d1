#include "duckdb_tree.h"
#include "sql_inputs.h"

#include "base/str.h"

#include <setjmp.h>
#include <cmocka.h>

static void check_place(const char *sql, size_t offset, int line, int character) {
    int found_line, found_column;
    sql_place(sql, offset, &found_line, &found_column);
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, character);
}

static void test_places_count_lines_and_characters_from_one(void **state) {
    (void)state;
    check_place("", 0, 1, 1);
    check_place("ab", 1, 1, 2);
    check_place("a\nb", 1, 1, 2);
    check_place("a\nb", 2, 2, 1);
    check_place("a\r\nbc", 4, 2, 2);
    check_place("é€x", 2, 1, 2);
    check_place("é€x", 5, 1, 3);
    check_place("ab", 2, 1, 3);
}

static void test_places_inside_a_character_or_behind_the_end_are_held_in(void **state) {
    (void)state;
    check_place("é€x", 1, 1, 1);
    check_place("é€x", 4, 1, 2);
    check_place("ab", 99, 1, 3);
    check_place("", 99, 1, 1);
}

/* Both readers of a tree must take it or refuse it, whatever it is. */
static status read_tree(duckdb_tree *t, json_t *tree, error *err) {
    ARENA_AUTO a = arena_new();
    sql_engine engine = duckdb_tree_engine(t);
    strings by = str_split(a, "event_date", ',');
    sql_shape input = *sql_inputs_at(0);
    sql_question question = {
        .tree = tree, .sql = "select d", .inputs = &input, .input_count = 1, .partition_by = &by};
    sql_facts facts;
    sql_inference inference;
    status inspected = sql_inspect(tree, "select d", a, &facts, err);
    status inferred = sql_infer(&question, &engine, a, &inference, err);
    return inspected != OK ? inspected : inferred;
}

static void check_refused(void **state, const char *text, status kind, const char *message) {
    json_t *tree = json_loads(text, JSON_DECODE_ANY, NULL);
    error err = {0};
    assert_non_null(tree);
    assert_int_equal(read_tree(*state, tree, &err), kind);
    assert_string_equal(err.message, message);
    json_decref(tree);
}

#define NODE(node) "{\"statements\":[{\"node\":" node "}]}"

static void test_malformed_trees_are_refused(void **state) {
    check_refused(state, "[]", E_ENGINE, "syntax tree has no statements");
    check_refused(state, "\"x\"", E_ENGINE, "syntax tree has no statements");
    check_refused(state, "{\"statements\":{}}", E_ENGINE, "syntax tree has no statements");
    check_refused(state, "{\"statements\":[]}", E_ENGINE, "syntax tree has no statements");
    check_refused(state, "{\"statements\":[1]}", E_ENGINE, "syntax tree has no query");
    check_refused(state, NODE("[]"), E_ENGINE, "syntax tree has no query");
    check_refused(state, NODE("{\"type\":\"SELECT_NODE\"}"), E_ENGINE,
                  "syntax tree has a malformed SELECT");
    check_refused(state, NODE("{\"type\":\"SELECT_NODE\",\"select_list\":{},\"from_table\":{}}"),
                  E_ENGINE, "syntax tree has a malformed SELECT");
    check_refused(state, NODE("{\"class\":\"COLUMN_REF\",\"column_names\":[]}"), E_ENGINE,
                  "syntax tree has a malformed column");
    check_refused(state, NODE("{\"class\":\"COLUMN_REF\",\"column_names\":[\"a\",1]}"), E_ENGINE,
                  "syntax tree has a malformed column");
    check_refused(state, NODE("{\"class\":\"FUNCTION\"}"), E_ENGINE,
                  "syntax tree has a function without a name");
    check_refused(state, NODE("{\"type\":\"BASE_TABLE\",\"table_name\":7}"), E_ENGINE,
                  "syntax tree has a table without a name");
    check_refused(state, NODE("{\"query_location\":\"1\"}"), E_ENGINE,
                  "syntax tree has a location that is no number");
}

static void check_taken(void **state, const char *text) {
    json_t *tree = json_loads(text, 0, NULL);
    error err = {0};
    assert_non_null(tree);
    if (read_tree(*state, tree, &err) != OK)
        fail_msg("%s: %s", text, err.message);
    json_decref(tree);
}

#define SELECT(list, from) \
    NODE("{\"type\":\"SELECT_NODE\",\"select_list\":[" list "],\"from_table\":" from "}")
#define X "{\"type\":\"BASE_TABLE\",\"schema_name\":\"raw\",\"table_name\":\"x\"}"

static void test_unknown_and_missing_parts_are_no_map(void **state) {
    check_taken(state, NODE("{}"));
    check_taken(state, NODE("{\"type\":\"NEW_NODE\"}"));
    check_taken(state, NODE("{\"type\":\"SET_OPERATION_NODE\",\"setop_type\":\"UNION\"}"));
    check_taken(state, NODE("{\"type\":\"SET_OPERATION_NODE\",\"setop_type\":7,\"left\":[]}"));
    check_taken(state, SELECT("", "{}"));
    check_taken(state, SELECT("1, \"a\", null, []", X));
    check_taken(state, SELECT("{\"class\":\"NEW\",\"alias\":\"event_date\"}", X));
    check_taken(
        state, SELECT("{\"class\":\"CAST\",\"alias\":\"event_date\",\"query_location\":99999}", X));
    check_taken(state, SELECT("{\"class\":\"STAR\",\"replace_list\":[1,{}],\"exclude_list\":[{}],"
                              "\"rename_list\":7}",
                              X));
    check_taken(state, SELECT("{\"class\":\"STAR\"}", "{\"type\":\"JOIN\",\"left\":" X "}"));
    check_taken(state, SELECT("{\"class\":\"STAR\"}",
                              "{\"type\":\"JOIN\",\"join_type\":\"INNER\",\"ref_type\":\"REGULAR\","
                              "\"using_columns\":[1],\"left\":" X ",\"right\":" X "}"));
    check_taken(
        state,
        NODE("{\"type\":\"SELECT_NODE\",\"select_list\":[],\"from_table\":" X
             ",\"group_sets\":[[\"a\",-1],7],\"group_expressions\":[{}],"
             "\"modifiers\":[7,{\"type\":\"DISTINCT_MODIFIER\",\"distinct_on_targets\":[7]}],"
             "\"cte_map\":{\"map\":[7,{\"key\":\"c\"}]}}"));
}

static json_t *nest(size_t levels) {
    json_t *value = json_array();
    for (size_t i = 0; i < levels; i++)
        value = json_pack("[o]", value);
    return json_pack("{s:[{s:{s:o}}]}", "statements", "node", "deep", value);
}

static void test_depth_is_bounded(void **state) {
    error err = {0};
    json_t *tree = nest(900);
    assert_int_equal(read_tree(*state, tree, &err), OK);
    json_decref(tree);
    tree = nest(1500);
    assert_int_equal(read_tree(*state, tree, &err), E_DEFINITION);
    assert_string_equal(err.message, "the SQL nests too deeply");
    json_decref(tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_count_lines_and_characters_from_one),
        cmocka_unit_test(test_places_inside_a_character_or_behind_the_end_are_held_in),
        cmocka_unit_test(test_malformed_trees_are_refused),
        cmocka_unit_test(test_unknown_and_missing_parts_are_no_map),
        cmocka_unit_test(test_depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, duckdb_tree_set_up, duckdb_tree_tear_down);
}
