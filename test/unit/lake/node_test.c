#include "lake/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static node *parse(problems *p, const char *text) {
    return node_parse("f.yaml", text, strlen(text), p);
}

static void test_everything_knows_its_place(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    problems p = {.arena = a};
    const node *root = parse(&p, "# comment\na: 1\nb:\n  cé: [x, \"y\"]\n");
    assert_non_null(root);
    assert_int_equal(p.list.count, 0);
    assert_string_equal(node_get(root, "a")->text, "1");
    const node *b = node_get(root, "b");
    const node_entry *c = &b->entries.items[0];
    assert_string_equal(c->name, "cé");
    assert_int_equal(c->at.line, 4);
    assert_int_equal(c->at.column, 3);
    assert_int_equal(c->value->entries.items[1].at.column, 11);
    assert_string_equal(c->value->entries.items[1].value->text, "y");
    assert_null(node_get(root, "cé"));
}

static void test_an_empty_file_is_an_empty_map(void **state) {
    static const char *const CASES[] = {"",      "\n", "# only a comment\n",
                                        "---\n", "{}", "\xEF\xBB\xBF"};
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        problems p = {.arena = a};
        const node *root = parse(&p, CASES[i]);
        assert_non_null(root);
        assert_int_equal(root->kind, NODE_MAP);
        assert_int_equal(root->entries.count, 0);
    }
}

static void test_what_is_no_plain_yaml_is_told_with_its_place(void **state) {
    static const struct {
        const char *text, *message, *hint;
        int line, column;
    } CASES[] = {
        {"a: 1\nb: 2\na: 3\n", "duplicate key \"a\", first given at line 1", "", 3, 1},
        {"a: &x 1\n", "anchors and aliases are not supported", "Write the value out.", 1, 4},
        {"a: *x\n", "anchors and aliases are not supported", "Write the value out.", 1, 4},
        {"a: !!str 1\n", "tags are not supported", "Write the value without the tag.", 1, 4},
        {"a: 1\n---\nb: 2\n", "a second document in one file", "", 2, 1},
        {"a:\n\tb: 1\n", "a value cannot start with this character",
         "Indent with spaces, not tabs, and put quotes around texts that begin with a special "
         "character.",
         2, 1},
        {"a: @x\n", "a value cannot start with this character", NULL, 1, 4},
        {"- a\n- b\n", "the file must hold keys and values", "", 1, 1},
        {"just text\n", "the file must hold keys and values", "", 1, 1},
        {"a: [1, 2\n",
         "not valid YAML: while parsing a flow sequence: did not find expected ',' or ']'", "", 2,
         1},
        {"? [a]\n: 1\n", "a key must be text", "", 1, 3},
        {"a: \"\\0\"\n", "a text holds the character NUL", "", 1, 4},
        {"a: \"x\n",
         "not valid YAML: while scanning a quoted scalar: found unexpected end of stream", "", 2,
         1},
        {"a: b: c\n", "not valid YAML: mapping values are not allowed in this context", "", 1, 5},
    };
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        problems p = {.arena = a};
        parse(&p, CASES[i].text);
        assert_int_equal(p.list.count, 1);
        const error *err = &p.list.items[0];
        assert_int_equal(err->kind, E_DEFINITION);
        assert_string_equal(err->message, CASES[i].message);
        assert_string_equal(err->file, "f.yaml");
        assert_int_equal(err->line, CASES[i].line);
        assert_int_equal(err->column, CASES[i].column);
        if (CASES[i].hint != NULL)
            assert_string_equal(err->hint, CASES[i].hint);
    }
}

static void test_bytes_that_are_no_text_are_refused_with_their_line(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    problems p = {.arena = a};
    assert_null(node_parse("f.yaml", "a: 1\nb: \xE9t\xE9\n", 12, &p));
    assert_null(node_parse("f.yaml", "a: 1\n\nb: \0\n", 11, &p));
    assert_int_equal(p.list.count, 2);
    assert_string_equal(p.list.items[0].message, "the file is not UTF-8 text");
    assert_string_equal(p.list.items[0].hint, "Save it in the encoding UTF-8.");
    assert_int_equal(p.list.items[0].line, 2);
    assert_int_equal(p.list.items[1].line, 3);
}

static void test_deep_nesting_is_refused(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    problems p = {.arena = a};
    buf text = buf_new(a);
    buf_add(&text, "a: ");
    for (int i = 0; i < 100000; i++)
        buf_char(&text, i % 2 == 0 ? '[' : '{');
    assert_null(node_parse("f.yaml", text.text, text.size, &p));
    assert_string_equal(p.list.items[0].message, "nested more than 16 levels deep");
    assert_int_equal(p.list.items[0].column, 4 + NODE_DEPTH_MAX - 1);
}

static void test_variables_are_replaced_in_values_only(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    problems p = {.arena = a};
    strings names = {0};
    setenv("WEIR_TEST_NAME", "b${WEIR_TEST_NAME}", 1);
    node *root =
        parse(&p, "${WEIR_TEST_NAME}: x\ny: \"a-${WEIR_TEST_NAME}-c\"\nz: [\"$${q}\", $x]\n");
    node_expand(root, &p, &names);
    unsetenv("WEIR_TEST_NAME");
    assert_int_equal(names.count, 1);
    assert_string_equal(names.items[0], "WEIR_TEST_NAME");
    assert_int_equal(p.list.count, 0);
    assert_string_equal(root->entries.items[0].name, "${WEIR_TEST_NAME}");
    assert_string_equal(node_get(root, "y")->text, "a-b${WEIR_TEST_NAME}-c");
    assert_string_equal(node_get(root, "z")->entries.items[0].value->text, "${q}");
}

static void test_a_variable_that_is_not_set_is_an_error(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    problems p = {.arena = a};
    node *root = parse(&p, "a: ${WEIR_TEST_UNSET}\nb: \"x${\"\n");
    node_expand(root, &p, NULL);
    assert_int_equal(p.list.count, 2);
    assert_string_equal(p.list.items[0].message,
                        "environment variable \"WEIR_TEST_UNSET\" is not set");
    assert_string_equal(p.list.items[0].hint,
                        "Set it before calling weir, or write the value itself.");
    assert_int_equal(p.list.items[0].column, 4);
    assert_string_equal(p.list.items[1].message, "\"${\" without a name and \"}\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_knows_its_place),
        cmocka_unit_test(test_an_empty_file_is_an_empty_map),
        cmocka_unit_test(test_what_is_no_plain_yaml_is_told_with_its_place),
        cmocka_unit_test(test_bytes_that_are_no_text_are_refused_with_their_line),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_variables_are_replaced_in_values_only),
        cmocka_unit_test(test_a_variable_that_is_not_set_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
