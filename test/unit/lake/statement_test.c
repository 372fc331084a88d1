#include "lake/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_only_what_follows_the_last_token_goes(void **state) {
    static const char *const CASES[][2] = {
        {"SELECT 1", "SELECT 1"},
        {"SELECT 1 ;\n", "SELECT 1"},
        {"-- head\nSELECT 1; -- tail ;\n/* more */ ;\n", "-- head\nSELECT 1"},
        {"SELECT 'a;-- b' ; ", "SELECT 'a;-- b'"},
        {"SELECT 'it''s;' ;", "SELECT 'it''s;'"},
        {"SELECT \"a--;\" -- x", "SELECT \"a--;\""},
        {"SELECT E'\\'; --' ;", "SELECT E'\\'; --'"},
        {"SELECT $$ ; -- $$ ;", "SELECT $$ ; -- $$"},
        {"SELECT $t$ ; $$ -- $t$ ;", "SELECT $t$ ; $$ -- $t$"},
        {"SELECT 1 /* a /* b */ ; */ ;", "SELECT 1"},
        {"SELECT a$b, $1 ; -- x", "SELECT a$b, $1"},
        {"SELECT 1; SELECT 2;", "SELECT 1; SELECT 2"},
        {"SELECT 1 - -1 -- x", "SELECT 1 - -1"},
        {"SELECT '; --", "SELECT '; --"},
        {"SELECT $x$ ; --", "SELECT $x$ ; --"},
        {"SELECT 1 /* ;", "SELECT 1"},
        {" -- nothing\n;;", ""},
        {"", ""},
        {"SELECT é;", "SELECT é"},
    };
    ARENA_AUTO a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
        assert_string_equal(statement_text(a, CASES[i][0]), CASES[i][1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_follows_the_last_token_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
