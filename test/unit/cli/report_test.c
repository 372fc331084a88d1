#include "cli/report.h"

#include "cli/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct outcome {
    arena *arena;
    lake lake;
    land_result landed;
    build_result built;
} outcome;

static outcome new_outcome(arena *a) {
    return (outcome){.arena = a};
}

static int code_of(const outcome *o, bool strict) {
    const run_report r = {.run = "run", .lake = &o->lake, .landed = &o->landed, .built = &o->built};
    return report_exit_code(&r, strict);
}

static char *told(const outcome *o, output_format format) {
    char *text = NULL;
    size_t size = 0;
    output out = {.stream = open_memstream(&text, &size), .format = format};
    const run_report r = {
        .run = "01run", .lake = &o->lake, .landed = &o->landed, .built = &o->built};
    report_run(&out, &r);
    fclose(out.stream);
    char *copy = arena_strdup(o->arena, text);
    free(text);
    return copy;
}

static void add_failure(outcome *o, status kind) {
    build_failure f = {.table = "silver.x", .partition = "day=2024-05-01"};
    error_set(&f.error, kind, "went wrong");
    vec_push(o->arena, &o->built.failed, f);
}

static void add_refused(outcome *o) {
    land_rejection r = {.file = "x/a.csv", .table = "raw.x", .reason = "no header"};
    vec_push(o->arena, &o->landed.rejected, r);
}

static void test_refused_files_are_an_error_only_when_strict(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    outcome o = new_outcome(a);
    add_refused(&o);
    assert_int_equal(code_of(&o, false), 0);
    assert_int_equal(code_of(&o, true), 3);
}

static void test_a_check_wins_over_other_failures(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    outcome o = new_outcome(a);
    add_failure(&o, E_ENGINE);
    assert_int_equal(code_of(&o, false), 1);
    add_failure(&o, E_CHECK);
    assert_int_equal(code_of(&o, false), 3);
}

static void test_unknown_files_fail_only_where_that_is_wanted(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    outcome o = new_outcome(a);
    vec_push(a, &o.landed.unknown,
             ((land_rejection){.file = "stray.csv", .reason = "of no table"}));
    o.lake.unknown_files = UNKNOWN_REPORT;
    assert_int_equal(code_of(&o, false), 0);
    assert_non_null(strstr(told(&o, OUTPUT_TABLE), "stray.csv"));
    o.lake.unknown_files = UNKNOWN_FAIL;
    assert_int_equal(code_of(&o, false), 1);
    o.lake.unknown_files = UNKNOWN_IGNORE;
    assert_int_equal(code_of(&o, false), 0);
    assert_null(strstr(told(&o, OUTPUT_TABLE), "stray.csv"));
}

static void test_people_read_what_was_done_and_what_failed(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    outcome o = new_outcome(a);
    o.landed.accepted = 2;
    o.landed.duplicate = 1;
    o.landed.bytes = 1500;
    o.built.built = 1;
    o.built.rows = 10;
    o.built.bytes = 2000;
    o.built.reused = 3;
    add_refused(&o);
    add_failure(&o, E_ENGINE);
    assert_string_equal(told(&o, OUTPUT_TABLE), "landed   2 files (1.5 kB), 1 duplicate\n"
                                                "refused  raw.x x/a.csv: no header\n"
                                                "built    1 partition (10 rows, 2.0 kB), 3 reused\n"
                                                "failed   silver.x day=2024-05-01: went wrong\n");
}

static void test_partitions_that_failed_alike_are_told_once(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    outcome o = new_outcome(a);
    for (int i = 0; i < 3; i++)
        add_failure(&o, E_FULL);
    error_set(&o.built.failed.items[2].error, E_DATA, "bad");
    assert_string_equal(told(&o, OUTPUT_TABLE),
                        "failed   silver.x day=2024-05-01 and 1 more: went wrong\n"
                        "failed   silver.x day=2024-05-01: bad\n");
}

static void test_programs_read_the_document_of_the_contract(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    outcome o = new_outcome(a);
    add_refused(&o);
    add_failure(&o, E_ENGINE);
    JSON_AUTO document = json_loads(told(&o, OUTPUT_JSON), 0, NULL);
    assert_int_equal(json_get_int(document, "format", 0), 1);
    assert_string_equal(json_get_string(document, "run", ""), "01run");
    const json_t *refused =
        json_array_get(json_object_get(json_object_get(document, "deliveries"), "rejected"), 0);
    assert_string_equal(json_get_string(refused, "path", ""), "x/a.csv");
    const json_t *failed = json_array_get(json_object_get(document, "failed"), 0);
    assert_string_equal(json_get_string(json_object_get(failed, "error"), "kind", ""), "engine");
    JSON_AUTO row = json_loads(told(&o, OUTPUT_JSONL), 0, NULL);
    assert_int_equal(json_get_int(row, "rejected", 0), 1);
    assert_int_equal(json_get_int(row, "failed", 0), 1);
}

static void test_a_run_that_found_nothing_to_change_says_so(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    outcome o = new_outcome(a);
    assert_string_equal(told(&o, OUTPUT_TABLE), "nothing changed\n");
}

static void test_an_error_is_a_document_with_every_key(void **state) {
    (void)state;
    error err = {0};
    error_set(&err, E_DEFINITION, "bad \xFF");
    error_at(&err, "lake.yaml", 3, 0);
    JSON_AUTO document = document_error(&err);
    const json_t *body = json_object_get(document, "error");
    assert_string_equal(json_get_string(body, "kind", ""), "definition");
    assert_string_equal(json_get_string(body, "message", ""), "bad \\xFF");
    assert_true(json_is_null(json_object_get(body, "hint")));
    assert_int_equal(json_get_int(body, "line", 0), 3);
    assert_true(json_is_null(json_object_get(body, "column")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_files_are_an_error_only_when_strict),
        cmocka_unit_test(test_a_check_wins_over_other_failures),
        cmocka_unit_test(test_unknown_files_fail_only_where_that_is_wanted),
        cmocka_unit_test(test_people_read_what_was_done_and_what_failed),
        cmocka_unit_test(test_partitions_that_failed_alike_are_told_once),
        cmocka_unit_test(test_programs_read_the_document_of_the_contract),
        cmocka_unit_test(test_a_run_that_found_nothing_to_change_says_so),
        cmocka_unit_test(test_an_error_is_a_document_with_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
