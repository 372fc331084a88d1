/* Covers whole.c: what counts as plainly a whole number, and for which type. */
#include "fixture.h"

#include "engine/duckdb/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

typedef struct engine {
    db db;
    arena *arena;
} engine;

static int set_up(void **state) {
    engine *e = calloc(1, sizeof *e);
    const db_options options = {
        .threads = 1, .memory_bytes = 500000000, .temp_dir = "/tmp", .timezone = "UTC"};
    error err = {0};
    e->arena = arena_new();
    assert_int_equal(db_open(&options, &e->db, &err), OK);
    assert_int_equal(whole_register(&e->db, &err), OK);
    *state = e;
    return 0;
}

static int tear_down(void **state) {
    engine *e = *state;
    db_close(&e->db);
    arena_free(e->arena);
    free(e);
    return 0;
}

static const char *ask(engine *e, const char *text, int digits) {
    db_table table;
    error err = {0};
    const char *sql = arena_printf(
        e->arena, "SELECT CAST(__weir_whole(t, %d) AS VARCHAR) FROM (VALUES (%s)) v(t)", digits,
        text != NULL ? sql_literal(e->arena, text) : "CAST(NULL AS VARCHAR)");
    assert_int_equal(db_rows(&e->db, sql, e->arena, &table, &err), OK);
    const char *answer = db_cell(&table, 0, 0);
    return answer != NULL ? answer : "NULL";
}

static void test_digits_with_or_without_a_minus_are_a_number(void **state) {
    assert_string_equal(ask(*state, "0", 18), "0");
    assert_string_equal(ask(*state, "-7", 18), "-7");
    assert_string_equal(ask(*state, "0066", 18), "66");
    assert_string_equal(ask(*state, "-999999999999999999", 18), "-999999999999999999");
    assert_string_equal(ask(*state, "1234567890123", 18), "1234567890123");
}

static void test_any_other_text_is_left_to_the_engine(void **state) {
    static const char *const OTHERS[] = {"",    "-",   "--1", "+5", " 5",  "5 ",  "1.0",
                                         "1e3", "0x1", "1_0", "٣",  "n/a", "1-2", NULL};
    for (size_t i = 0; i < ARRAY_SIZE(OTHERS); i++)
        assert_string_equal(ask(*state, OTHERS[i], 18), "NULL");
}

static void test_a_number_always_fits_into_the_type_it_was_asked_for(void **state) {
    static const char *const TYPES[] = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",
                                        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
    for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++) {
        int digits = whole_digits(TYPES[i]);
        bool is_signed = TYPES[i][0] != 'U';
        char most[32] = "-9999999999999999999";
        most[1 + (digits < 0 ? -digits : digits)] = '\0';
        assert_string_equal(ask(*state, most + 1, digits), most + 1);
        assert_string_equal(ask(*state, most, digits), is_signed ? most : "NULL");
        most[strlen(most)] = '9';
        assert_string_equal(ask(*state, most + 1, digits), "NULL");
        error err = {0};
        engine *e = *state;
        const char *sql =
            arena_printf(e->arena, "SELECT CAST(%s%.*s AS %s)", is_signed ? "-" : "",
                         digits < 0 ? -digits : digits, "999999999999999999", TYPES[i]);
        assert_int_equal(db_run(&e->db, sql, &err), OK);
    }
    assert_int_equal(whole_digits("DOUBLE"), 0);
    assert_int_equal(whole_digits("HUGEINT"), 0);
}

static void test_each_row_of_a_vector_has_its_own_answer(void **state) {
    engine *e = *state;
    db_table table;
    error err = {0};
    assert_int_equal(db_rows(&e->db,
                             "SELECT CAST(count(*) FILTER (n IS NULL) AS VARCHAR), CAST(sum(n) AS "
                             "VARCHAR) FROM (SELECT __weir_whole(CASE i % 3 WHEN 0 THEN 'x' WHEN 1 "
                             "THEN CAST(i AS VARCHAR) END, 18) AS n FROM range(9000) r(i))",
                             e->arena, &table, &err),
                     OK);
    assert_string_equal(db_cell(&table, 0, 0), "6000");
    assert_string_equal(db_cell(&table, 0, 1), "13498500");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits_with_or_without_a_minus_are_a_number),
        cmocka_unit_test(test_any_other_text_is_left_to_the_engine),
        cmocka_unit_test(test_a_number_always_fits_into_the_type_it_was_asked_for),
        cmocka_unit_test(test_each_row_of_a_vector_has_its_own_answer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
