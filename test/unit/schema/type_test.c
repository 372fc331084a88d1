#include "schema/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_every_spelling_gives_the_engines_name(void **state) {
    static const char *const CASES[][2] = {
        {"string", "VARCHAR"},
        {"VARCHAR", "VARCHAR"},
        {"varchar(20)", "VARCHAR"},
        {"Int64", "BIGINT"},
        {" bigint ", "BIGINT"},
        {"float64", "DOUBLE"},
        {"double precision", "DOUBLE"},
        {"timestamptz", "TIMESTAMP WITH TIME ZONE"},
        {"timestamp  with time ZONE", "TIMESTAMP WITH TIME ZONE"},
        {"decimal", "DECIMAL(18,3)"},
        {"decimal(9)", "DECIMAL(9,0)"},
        {"Numeric( 38 , 38 )", "DECIMAL(38,38)"},
        {"int[]", "INTEGER[]"},
        {"int[3][]", "INTEGER[3][]"},
        {"map(string,int32[])", "MAP(VARCHAR, INTEGER[])"},
        {"struct(a int, \"B \"\"c\" struct(d date)[])",
         "STRUCT(a INTEGER, \"B \"\"c\" STRUCT(d DATE)[])"},
    };
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        const char *type = NULL;
        error err = {0};
        assert_int_equal(type_from_text(CASES[i][0], a, &type, &err), OK);
        assert_string_equal(type, CASES[i][1]);
    }
}

static void test_the_engines_own_answer_reads_back_as_itself(void **state) {
    static const char *const TYPES[] = {
        "TIMESTAMP WITH TIME ZONE",
        "TIME WITH TIME ZONE",
        "DECIMAL(18,2)",
        "UHUGEINT",
        "STRUCT(a INTEGER, b MAP(VARCHAR, DOUBLE))[]",
        "TIMESTAMP_NS",
        "BLOB",
        "INTEGER[3]",
    };
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++) {
        const char *type = NULL;
        assert_int_equal(type_from_text(TYPES[i], a, &type, NULL), OK);
        assert_string_equal(type, TYPES[i]);
    }
}

static void test_a_wrong_type_is_named_with_a_remedy(void **state) {
    static const char *const CASES[][3] = {
        {"strnig", "unknown type \"strnig\"", "did you mean \"string\"?"},
        {"int8", "unknown type \"int8\"", "Write tinyint for one byte or int64 for eight bytes."},
        {"decimal(39,2)", "type \"decimal(39,2)\" is malformed",
         "Write it as decimal(digits,decimals) with 1 to 38 digits, not more decimals."},
        {"decimal(2", "type \"decimal(2\" is malformed", "Write it as decimal(18,2)."},
        {"struct(a)", "unknown type \"struct(a)\"", NULL},
        {"map(string)", "type \"map(string)\" is malformed",
         "Write it as map(key type, value type)."},
        {"int; drop table x", "unknown type \"int; drop table x\"", NULL},
        {"int[0]", "type \"int[0]\" is malformed", "Write it as type[] or type[3]."},
        {"", "unknown type \"\"", NULL},
        {"a\nb", "unknown type \"a\"", NULL},
        {"decimal(99999999999999999999)", "type \"decimal(99999999999999999999)\" is malformed",
         NULL},
    };
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        const char *type = "untouched";
        error err = {0};
        assert_int_equal(type_from_text(CASES[i][0], a, &type, &err), E_DEFINITION);
        assert_string_equal(err.message, CASES[i][1]);
        if (CASES[i][2] != NULL)
            assert_string_equal(err.hint, CASES[i][2]);
        assert_string_equal(type, "untouched");
    }
}

static void test_deep_nesting_is_refused(void **state) {
    ARENA_AUTO a = arena_new();
    (void)state;
    buf text = buf_new(a);
    for (int i = 0; i < 100000; i++)
        buf_add(&text, "struct(a ");
    const char *type;
    error err = {0};
    assert_int_equal(type_from_text(text.text, a, &type, &err), E_DEFINITION);
    assert_string_equal(err.message, "type is nested more than 16 levels deep");
}

static void test_only_exact_types_partition(void **state) {
    (void)state;
    assert_true(type_can_partition("DATE"));
    assert_true(type_can_partition("VARCHAR"));
    assert_true(type_can_partition("TIMESTAMP WITH TIME ZONE"));
    assert_false(type_can_partition("DOUBLE"));
    assert_false(type_can_partition("DECIMAL(18,2)"));
    assert_false(type_can_partition("INTEGER[]"));
    assert_false(type_can_partition("BLOB"));
}

static void test_what_files_cannot_hold_whole_is_told_wherever_it_is_nested(void **state) {
    (void)state;
    assert_string_equal(type_loses_in_files("INTERVAL"), "what is less than a millisecond");
    assert_non_null(type_loses_in_files("MAP(VARCHAR, INTERVAL)"));
    assert_non_null(type_loses_in_files("STRUCT(a INTEGER, \"b c\" INTERVAL[])[]"));
    assert_string_equal(type_loses_in_files("TIME WITH TIME ZONE"), "its offset");
    assert_null(type_loses_in_files("TIMESTAMP WITH TIME ZONE"));
    assert_null(type_loses_in_files("STRUCT(\"INTERVAL\" BIGINT, \" INTERVAL\" TIME)"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_spelling_gives_the_engines_name),
        cmocka_unit_test(test_the_engines_own_answer_reads_back_as_itself),
        cmocka_unit_test(test_a_wrong_type_is_named_with_a_remedy),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_only_exact_types_partition),
        cmocka_unit_test(test_what_files_cannot_hold_whole_is_told_wherever_it_is_nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
