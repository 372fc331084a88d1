#include "land/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

typedef struct given {
    arena *arena;
    lake_source source;
    lake_table table;
    identity_rules *rules;
} given;

static given given_rules(const char *identity, const char *from_path, const char *name) {
    given g = {.arena = arena_new(),
               .source = {.land = "province", .identity = identity, .from_path = from_path}};
    if (name != NULL)
        vec_push(g.arena, &g.source.from_path_names, name);
    g.table = (lake_table){.name = "raw.province", .yaml_file = "tables/raw/province.yaml"};
    return g;
}

static void compile(given *g) {
    g->table.source = &g->source;
    assert_int_equal(identity_new(&g->table, &g->rules, NULL), OK);
}

static void drop(given *g) {
    identity_free(g->rules);
    arena_free(g->arena);
}

static void assert_identity(const given *g, const char *file, const char *wanted) {
    char *identity;
    error err = {0};
    if (identity_of(g->rules, file, g->arena, &identity, &err) != OK)
        fail_msg("%s", err.message);
    assert_string_equal(identity, wanted);
}

static void test_without_a_pattern_the_path_in_the_table_is_the_identity(void **state) {
    (void)state;
    given g = given_rules(NULL, NULL, NULL);
    compile(&g);
    assert_identity(&g, "province/2020/x.csv", "2020/x.csv");
    json_t *groups = json_true();
    assert_int_equal(identity_from_path(g.rules, "province/x.csv", &groups, NULL), OK);
    assert_null(groups);
    drop(&g);
}

static void test_groups_are_joined_without_ambiguity(void **state) {
    (void)state;
    given g = given_rules("^province/(.*)-(.*)-v\\d+", NULL, NULL);
    compile(&g);
    assert_identity(&g, "province/a-b-v1.csv", "a/b");
    assert_identity(&g, "province/a-b-v2.csv", "a/b");
    assert_identity(&g, "province/a/b-c-v2.csv", "a%2Fb/c");
    drop(&g);
}

static void test_a_pattern_without_groups_takes_the_match(void **state) {
    (void)state;
    given g = given_rules("\\d{8}", NULL, NULL);
    compile(&g);
    assert_identity(&g, "province/x_20200224_v3.csv", "20200224");
    drop(&g);
}

static void test_a_path_that_does_not_match_is_named(void **state) {
    (void)state;
    given g = given_rules("(\\d{8})", "(?<day>\\d{8})\\.csv$", "day");
    compile(&g);
    char *identity;
    json_t *groups = NULL;
    error err = {0};
    assert_int_equal(identity_of(g.rules, "province/x\n.csv", g.arena, &identity, &err), E_DATA);
    assert_string_equal(err.message,
                        "the path \"province/x\\x0A.csv\" does not match the pattern of identity");
    assert_int_equal(identity_from_path(g.rules, "province/x.csv", &groups, &err), E_DATA);
    assert_null(groups);
    drop(&g);
}

static void test_named_groups_become_texts_or_null(void **state) {
    (void)state;
    given g = given_rules(NULL, "(?<day>\\d{8})(?<hour>T\\d\\d)?\\.csv$", "day");
    vec_push(g.arena, &g.source.from_path_names, "hour");
    compile(&g);
    json_t *groups = NULL;
    assert_int_equal(identity_from_path(g.rules, "province/20200224.csv", &groups, NULL), OK);
    assert_string_equal(json_get_string(groups, "day", ""), "20200224");
    assert_true(json_is_null(json_object_get(groups, "hour")));
    json_decref(groups);
    drop(&g);
}

static void test_a_wrong_pattern_names_the_key_and_the_file(void **state) {
    (void)state;
    given g = given_rules("(", NULL, NULL);
    g.table.source = &g.source;
    error err = {0};
    assert_int_equal(identity_new(&g.table, &g.rules, &err), E_DEFINITION);
    assert_non_null(strstr(err.message, "the pattern of identity is wrong at character 2: "));
    assert_string_equal(err.file, "tables/raw/province.yaml");
    arena_free(g.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_pattern_the_path_in_the_table_is_the_identity),
        cmocka_unit_test(test_groups_are_joined_without_ambiguity),
        cmocka_unit_test(test_a_pattern_without_groups_takes_the_match),
        cmocka_unit_test(test_a_path_that_does_not_match_is_named),
        cmocka_unit_test(test_named_groups_become_texts_or_null),
        cmocka_unit_test(test_a_wrong_pattern_names_the_key_and_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
