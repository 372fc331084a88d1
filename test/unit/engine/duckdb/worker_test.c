/* Covers worker.c and db.c: opening, settings, errors of the outer form. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/path.h"

static status drop_line(void *state, const char *text, size_t size, error *err) {
    fixture *f = state;
    (void)err;
    f->answers = buf_new(f->arena);
    buf_add_bytes(&f->answers, text, size);
    return OK;
}

static const char *ask_closed(fixture *f, worker *w, const char *job) {
    const reply out = {.line = drop_line, .state = f};
    arena *a = f->arena;
    char *line = arena_strdup(a, job);
    for (char *c = line; *c != '\0'; c++)
        if (*c == '`')
            *c = '"';
    assert_int_equal(worker_answer(w, line, strlen(line), &out, NULL), OK);
    return f->answers.text;
}

static void test_the_first_job_must_open(void **state) {
    fixture *f = *state;
    worker w;
    worker_init(&w);
    fixture_holds(ask_closed(f, &w, "{`op`:`parse`,`sql`:`select 1`}"), "`kind`:`usage`");
    fixture_holds(ask_closed(f, &w, "{`op`:`open`,`format`:2}"), "`kind`:`foreign`");
    fixture_holds(ask_closed(f, &w,
                             "{`op`:`open`,`format`:1,`threads`:0,`memory_bytes`:1,"
                             "`temp_dir`:`/tmp`,`timezone`:`UTC`}"),
                  "must be positive");
    fixture_holds(ask_closed(f, &w,
                             "{`op`:`open`,`format`:1,`threads`:1,`memory_bytes`:1,"
                             "`temp_dir`:`x`,`timezone`:`UTC`}"),
                  "is not an absolute path");
    worker_close(&w);
}

static void test_broken_jobs_are_answered(void **state) {
    fixture_holds(fixture_ask(*state, "{`op`:"), "`kind`:`data`");
    fixture_holds(fixture_ask(*state, "[]"), "`error`");
    fixture_holds(fixture_ask(*state, "{`op`:`dance`}"), "\\`dance\\` is not a kind of job");
    fixture_holds(fixture_ask(*state, "{`op`:`build`}"), "the key \\`table\\` is missing");
    fixture_holds(fixture_ask(*state, "{`op`:`query`,`sql`:`select 1`}"), "`done`");
}

static void test_the_time_zone_is_the_jobs(void **state) {
    fixture *f = *state;
    setenv("TZ", "Asia/Tokyo", 1);
    fixture_holds(fixture_ask(f,
                              "{`op`:`query`,`sql`:`select '2020-01-01 00:00:00+00'::timestamptz`,"
                              "`inputs`:[]}"),
                  "`2020-01-01 00:00:00+00`");
    unsetenv("TZ");
    worker w;
    worker_init(&w);
    ask_closed(f, &w,
               arena_printf(f->arena,
                            "{`op`:`open`,`format`:1,`threads`:1,`memory_bytes`:100000000,"
                            "`temp_dir`:`%s`,`timezone`:`Moon/Base`}",
                            f->dir));
    fixture_holds(ask_closed(f, &w, "{`op`:`parse`,`sql`:`select 1`}"),
                  "\\`Moon/Base\\` is not a time zone");
    worker_close(&w);
}

static void test_memory_that_runs_out_says_what_to_raise(void **state) {
    fixture *f = *state;
    worker w;
    worker_init(&w);
    ask_closed(f, &w,
               arena_printf(f->arena,
                            "{`op`:`open`,`format`:1,`threads`:1,`memory_bytes`:10000000,"
                            "`temp_dir`:`%s`,`timezone`:`UTC`}",
                            f->dir));
    const char *answer =
        ask_closed(f, &w,
                   "{`op`:`query`,`sql`:`select length(string_agg(repeat('x', 1000), '')) "
                   "from range(1000000)`,`inputs`:[]}");
    fixture_holds(answer, "`kind`:`engine`");
    fixture_holds(answer, "Raise workers.memory");
    worker_close(&w);
}

static void test_closing_removes_the_folder(void **state) {
    fixture *f = *state;
    worker w;
    worker_init(&w);
    ask_closed(f, &w,
               arena_printf(f->arena,
                            "{`op`:`open`,`format`:1,`threads`:1,`memory_bytes`:100000000,"
                            "`temp_dir`:`%s`,`timezone`:`UTC`}",
                            f->dir));
    char *folder = arena_strdup(f->arena, w.temp_dir);
    assert_true(file_exists(folder));
    worker_close(&w);
    assert_false(file_exists(folder));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_job_must_open),
        cmocka_unit_test(test_broken_jobs_are_answered),
        cmocka_unit_test(test_the_time_zone_is_the_jobs),
        cmocka_unit_test(test_memory_that_runs_out_says_what_to_raise),
        cmocka_unit_test(test_closing_removes_the_folder),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
