#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mark marked(const char *partition, cause_kind cause, const char *ref) {
    return (mark){.partition = partition, .cause = cause, .ref = ref, .seq = 1};
}

static void test_partitions_come_sorted_and_once(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    marks m = {0};
    plan_reaches r = {0};
    vec_push(a, &m, marked("d=2", CAUSE_NEW, "two.csv"));
    vec_push(a, &m, marked("d=1", CAUSE_NEW, "one.csv"));
    vec_push(a, &m, marked("d=2", CAUSE_SUPERSEDED, "old.csv"));
    vec_push(a, &r, ((plan_reach){.partition = "d=10", .ref = "silver.x d=1", .certain = true}));
    plan_partitions p = plan_merge(a, &m, &r);
    assert_int_equal(p.count, 3);
    assert_string_equal(p.items[0].text, "d=1");
    assert_string_equal(p.items[1].text, "d=10");
    assert_string_equal(p.items[2].text, "d=2");
    assert_int_equal(p.items[2].causes.count, 2);
}

static void test_causes_are_sorted_by_kind_and_not_repeated(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    marks m = {0};
    plan_reaches r = {0};
    vec_push(a, &m, marked("()", CAUSE_CODE, "abc"));
    vec_push(a, &m, marked("()", CAUSE_NEW, "b.csv"));
    vec_push(a, &m, marked("()", CAUSE_NEW, "a.csv"));
    vec_push(a, &r, ((plan_reach){.partition = "()", .ref = "silver.x d=1", .certain = false}));
    vec_push(a, &r, ((plan_reach){.partition = "()", .ref = "silver.x d=1", .certain = false}));
    plan_partitions p = plan_merge(a, &m, &r);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.items[0].causes.count, 4);
    assert_string_equal(p.items[0].causes.items[0].ref, "a.csv");
    assert_string_equal(p.items[0].causes.items[1].ref, "b.csv");
    assert_int_equal(p.items[0].causes.items[2].kind, CAUSE_UPSTREAM);
    assert_int_equal(p.items[0].causes.items[3].kind, CAUSE_CODE);
}

static void test_what_is_only_reached_through_unbuilt_partitions_is_uncertain(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    marks m = {0};
    plan_reaches r = {0};
    vec_push(a, &r, ((plan_reach){.partition = "d=1", .ref = "x", .certain = false}));
    vec_push(a, &r, ((plan_reach){.partition = "d=2", .ref = "x", .certain = false}));
    vec_push(a, &m, marked("d=2", CAUSE_NEW, "two.csv"));
    plan_partitions p = plan_merge(a, &m, &r);
    assert_false(p.items[0].certain);
    assert_true(p.items[1].certain);
}

/* As many as files in a lake: what is quadratic here does not end. */
static void test_a_partition_may_have_very_many_causes(void **state) {
    (void)state;
    enum { FILES = 200000 };
    ARENA_AUTO a = arena_new();
    marks m = {0};
    plan_reaches r = {0};
    for (int i = 0; i < FILES; i++)
        vec_push(a, &m, marked("()", CAUSE_NEW, arena_printf(a, "%06d.csv", FILES - i)));
    plan_partitions p = plan_merge(a, &m, &r);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.items[0].causes.count, FILES);
    assert_string_equal(p.items[0].causes.items[0].ref, "000001.csv");
}

static void test_nothing_gives_nothing(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    marks m = {0};
    plan_reaches r = {0};
    assert_int_equal(plan_merge(a, &m, &r).count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions_come_sorted_and_once),
        cmocka_unit_test(test_causes_are_sorted_by_kind_and_not_repeated),
        cmocka_unit_test(test_what_is_only_reached_through_unbuilt_partitions_is_uncertain),
        cmocka_unit_test(test_a_partition_may_have_very_many_causes),
        cmocka_unit_test(test_nothing_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
