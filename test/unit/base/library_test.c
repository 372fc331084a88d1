#include "base/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct table {
    double (*cosine)(double);
    double (*root)(double);
} table;

static const library_call CALLS[] = {
    {"cos", offsetof(table, cosine)},
    {"sqrt", offsetof(table, root)},
};

static void test_a_table_is_filled(void **state) {
    (void)state;
    const library wanted = {"libm.so.6", "Install it.", CALLS, ARRAY_SIZE(CALLS)};
    table t = {0};
    error err = {0};
    assert_int_equal(library_load(&wanted, &t, &err), OK);
    assert_true(t.cosine(0) > 0.99 && t.root(4) > 1.99 && t.root(4) < 2.01);
}

static void test_a_library_that_is_not_there_is_named(void **state) {
    (void)state;
    const library wanted = {"libnowhere.so.7", "Install it.", CALLS, ARRAY_SIZE(CALLS)};
    table t = {0};
    error err = {0};
    assert_int_equal(library_load(&wanted, &t, &err), E_IO);
    assert_non_null(strstr(err.message, "cannot load \"libnowhere.so.7\""));
    assert_string_equal(err.hint, "Install it.");
}

static void test_a_function_that_is_not_there_leaves_the_table_empty(void **state) {
    (void)state;
    static const library_call ODD[] = {
        {"cos", offsetof(table, cosine)},
        {"weir_nowhere", offsetof(table, root)},
    };
    const library wanted = {"libm.so.6", "Install it.", ODD, ARRAY_SIZE(ODD)};
    table t = {0};
    error err = {0};
    assert_int_equal(library_load(&wanted, &t, &err), E_IO);
    assert_non_null(strstr(err.message, "weir_nowhere"));
    assert_true(t.cosine == NULL && t.root == NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_is_filled),
        cmocka_unit_test(test_a_library_that_is_not_there_is_named),
        cmocka_unit_test(test_a_function_that_is_not_there_leaves_the_table_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
