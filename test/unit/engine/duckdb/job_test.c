/* Covers job.c: types as text, texts that JSON cannot hold, error documents. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/duckdb/job.h"

static void test_types_are_told_from_sql(void **state) {
    (void)state;
    const char *const good[] = {"INTEGER", "DECIMAL(18,2)", "TIMESTAMP WITH TIME ZONE",
                                "STRUCT(a INTEGER, \"b c)\" VARCHAR[])[]", "MAP(VARCHAR, INTEGER)"};
    const char *const bad[] = {"",    "INT) , (1", "INT; DROP TABLE x", "INT -- x", "(((",
                               "'x'", "\"open",    "ENUM('a')"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(job_type_is_plain(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(job_type_is_plain(bad[i]));
}

static void test_texts_that_json_cannot_hold_are_replaced(void **state) {
    (void)state;
    json_t *plain = job_sized_text("h\xC3\xA9", 3);
    json_t *nul = job_sized_text("a\0b", 3);
    json_t *broken = job_sized_text("a\xFF", 2);
    assert_string_equal(json_string_value(plain), "h\xC3\xA9");
    assert_string_equal(json_string_value(nul), "a\xEF\xBF\xBD"
                                                "b");
    assert_string_equal(json_string_value(broken), "a\xEF\xBF\xBD");
    json_decref(plain);
    json_decref(nul);
    json_decref(broken);
}

static const char *build(fixture *f, const char *partitions) {
    return fixture_ask(f,
                       "{`op`:`build`,`table`:`s.t`,`sql`:`select 1 as a`,`columns`:[{`name`:`a`,"
                       "`type`:`INTEGER`,`field_id`:1}],`output`:{`dir`:`%s`,`stem`:`t`},"
                       "`partition_by`:[`a`],`partitions`:%s}",
                       f->dir, partitions);
}

static void test_partitions_must_have_a_value_per_column(void **state) {
    fixture_holds(build(*state, "[[]]"), "a partition has 0 values, expected 1");
    fixture_holds(build(*state, "[[1]]"), "neither text nor null");
    fixture_holds(build(*state, "{}"), "is an object, not an array");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_told_from_sql),
        cmocka_unit_test(test_texts_that_json_cannot_hold_are_replaced),
        cmocka_unit_test(test_partitions_must_have_a_value_per_column),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
