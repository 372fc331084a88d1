#include "engine/duckdb/worker.h"

#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

typedef struct fixture {
    arena *arena;
    worker worker;
    char *dir;
    json_t *answer; /* the last one */
} fixture;

static status keep_answer(void *state, const char *text, size_t size, error *err) {
    (void)err;
    fixture *f = state;
    json_decref(f->answer);
    f->answer = json_loadb(text, size, 0, NULL);
    return OK;
}

static void tell(fixture *f, json_t *job) {
    char *line = json_text(f->arena, job);
    json_decref(job);
    const reply out = {.line = keep_answer, .state = f};
    assert_int_equal(worker_answer(&f->worker, line, strlen(line), &out, NULL), OK);
}

static int open_fixture(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    f->dir = arena_strdup(f->arena, "/tmp/weir-infer-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    worker_init(&f->worker);
    tell(f,
         json_pack("{s:s,s:i,s:i,s:I,s:s,s:s}", "op", "open", "format", 1, "threads", 1,
                   "memory_bytes", (json_int_t)500000000, "temp_dir", f->dir, "timezone", "UTC"));
    *state = f;
    return 0;
}

static int close_fixture(void **state) {
    fixture *f = *state;
    worker_close(&f->worker);
    json_decref(f->answer);
    rmdir(f->dir);
    arena_free(f->arena);
    free(f);
    return 0;
}

/* What is inferred of a file with this body. */
static const json_t *infer(fixture *f, const char *name, const char *format, const char *body) {
    const char *path = path_join(f->arena, f->dir, name);
    assert_int_equal(file_write_atomic(path, body, strlen(body), NULL), OK);
    tell(f, json_pack("{s:s,s:s,s:s,s:s}", "op", "infer", "path", path, "format", format,
                      "compression", "none"));
    assert_int_equal(unlink(path), 0);
    return f->answer;
}

/* Columns as "name TYPE, name TYPE". */
static const char *columns_of(fixture *f, const json_t *answer) {
    buf b = buf_new(f->arena);
    size_t i;
    json_t *column;
    json_array_foreach(json_object_get(answer, "columns"), i, column)
        buf_printf(&b, "%s%s %s", i > 0 ? ", " : "", json_get_string(column, "name", "?"),
                   json_get_string(column, "type", "?"));
    return b.text;
}

static void test_a_code_with_a_leading_zero_stays_text(void **state) {
    fixture *f = *state;
    const json_t *answer = infer(f, "x.csv", "csv", "code,n\n066,1\n107,0\n");
    assert_string_equal(columns_of(f, answer), "code VARCHAR, n BIGINT");
    assert_int_equal(json_get_int(answer, "rows", 0), 2);
}

static void test_each_form_gets_its_type_and_mixtures_stay_text(void **state) {
    fixture *f = *state;
    const json_t *answer = infer(
        f, "x.csv", "csv",
        "price,x,d,t,z,b,mixed,none,big\n"
        "1.50,1.5,2024-05-01,2024-05-01 10:00:00,2024-05-01T10:00:00Z,true,1,,9999999999999999999\n"
        "-12.25,2,2024-02-29,2024-05-01T10:00:00.5,2024-05-01 10:00:00+02:00,FALSE,x,,1\n");
    assert_string_equal(columns_of(f, answer),
                        "price DECIMAL(18,2), x DOUBLE, d DATE, t TIMESTAMP, "
                        "z TIMESTAMP WITH TIME ZONE, b BOOLEAN, mixed VARCHAR, none VARCHAR, "
                        "big DOUBLE");
}

static void test_a_day_that_is_no_day_stays_text(void **state) {
    fixture *f = *state;
    const json_t *answer = infer(f, "x.csv", "csv", "d,n\n2024-02-30,1\n2024-02-28,2\n");
    assert_string_equal(columns_of(f, answer), "d VARCHAR, n BIGINT");
}

static void test_the_dialect_is_told(void **state) {
    fixture *f = *state;
    const json_t *answer = infer(f, "x [1]*.csv", "csv", "a;b\n\"x;y\";2\n\"z\";3\n");
    const json_t *csv = json_object_get(answer, "csv");
    assert_string_equal(json_get_string(csv, "delimiter", ""), ";");
    assert_string_equal(json_get_string(csv, "quote", ""), "\"");
    assert_true(json_get_bool(csv, "header", false));
    assert_string_equal(columns_of(f, answer), "a VARCHAR, b BIGINT");
}

static void test_json_has_the_types_of_its_values(void **state) {
    fixture *f = *state;
    const json_t *answer =
        infer(f, "x.json", "json", "{\"a\":1,\"b\":{\"c\":[\"x\"]}}\n{\"a\":2}\n");
    assert_string_equal(columns_of(f, answer), "a BIGINT, b STRUCT(c VARCHAR[])");
    assert_true(json_is_null(json_object_get(answer, "csv")));
}

static const char *error_kind(const json_t *answer) {
    return json_get_string(json_object_get(answer, "error"), "kind", "none");
}

static void test_what_cannot_be_read_is_an_error(void **state) {
    fixture *f = *state;
    assert_string_equal(error_kind(infer(f, "x.csv", "csv", "")), "data");
    assert_string_not_equal(error_kind(infer(f, "x.parquet", "parquet", "PAR1 not")), "none");
    assert_string_equal(error_kind(infer(f, "x.bin", "opaque", "x")), "usage");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_code_with_a_leading_zero_stays_text),
        TEST(test_each_form_gets_its_type_and_mixtures_stay_text),
        TEST(test_a_day_that_is_no_day_stays_text),
        TEST(test_the_dialect_is_told),
        TEST(test_json_has_the_types_of_its_values),
        TEST(test_what_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
