#include "engine/engine.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static engine *open_with(engine_options options) {
    options.worker = options.worker != NULL ? options.worker : FAKE_WORKER;
    options.temp_dir = "/tmp";
    options.timezone = "UTC";
    options.workers = options.workers > 0 ? options.workers : 1;
    options.threads = 1;
    options.memory_bytes = 1000000000;
    engine *e;
    assert_int_equal(engine_open(&options, &e, NULL), OK);
    return e;
}

static engine *open_one(void) {
    return open_with((engine_options){0});
}

static status call(engine *e, const char *job_text, json_t **ret, error *err) {
    json_t *job = json_loads(job_text, 0, NULL);
    assert_non_null(job);
    status result = engine_call(e, job, ret, err);
    json_decref(job);
    return result;
}

/* The process id of the worker that answered; also proves that the pool works. */
static int64_t echo(engine *e) {
    json_t *result = NULL;
    error err = {0};
    if (call(e, "{\"do\":\"echo\",\"value\":\"ping\"}", &result, &err) != OK)
        fail_msg("%s", err.message);
    assert_string_equal(json_get_string(result, "echo", ""), "ping");
    int64_t pid = json_get_int(result, "pid", 0);
    json_decref(result);
    return pid;
}

static void assert_fails(engine *e, const char *job, status kind, const char *message) {
    error err = {0};
    json_t *untouched = NULL;
    assert_int_equal(call(e, job, &untouched, &err), kind);
    assert_string_equal(err.message, message);
    assert_null(untouched);
    assert_int_equal(engine_pending(e), 0);
}

static void test_one_worker_answers_job_after_job(void **state) {
    (void)state;
    engine *e = open_one();
    int64_t first = echo(e);
    assert_int_equal(echo(e), first);
    engine_close(e);
}

static void test_an_error_document_keeps_kind_hint_and_place(void **state) {
    (void)state;
    engine *e = open_one();
    error err = {0};
    json_t *result = NULL;
    assert_int_equal(call(e,
                          "{\"do\":\"error\",\"error\":{\"kind\":\"definition\",\"message\":\"no "
                          "%s\",\"hint\":\"Add it.\",\"line\":3,\"column\":-1}}",
                          &result, &err),
                     E_DEFINITION);
    assert_string_equal(err.message, "no %s");
    assert_string_equal(err.hint, "Add it.");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 0);
    assert_fails(e, "{\"do\":\"error\",\"error\":{\"kind\":\"ok\",\"message\":\"m\"}}", E_ENGINE,
                 "m");
    assert_fails(e, "{\"do\":\"error\",\"error\":17}", E_ENGINE,
                 "the worker failed without a reason");
    engine_close(e);
}

static void test_a_crash_tells_signal_and_last_words_and_the_pool_goes_on(void **state) {
    (void)state;
    engine *e = open_one();
    int64_t first = echo(e);
    assert_fails(e, "{\"do\":\"crash\"}", E_ENGINE,
                 "the worker was ended by signal 11 (Segmentation fault): about to die | assertion "
                 "failed: pages > 0");
    assert_int_not_equal(echo(e), first);
    engine_close(e);
}

static void test_a_killed_worker_hints_at_memory(void **state) {
    (void)state;
    engine *e = open_one();
    error err = {0};
    json_t *result = NULL;
    assert_int_equal(call(e, "{\"do\":\"kill\"}", &result, &err), E_ENGINE);
    assert_string_equal(err.message, "the worker was ended by signal 9 (Killed)");
    assert_non_null(strstr(err.hint, "memory"));
    engine_close(e);
}

static void test_an_end_in_the_middle_of_a_line_is_a_failed_job(void **state) {
    (void)state;
    engine *e = open_one();
    assert_fails(e, "{\"do\":\"half\"}", E_ENGINE, "the worker ended with exit code 3");
    echo(e);
    engine_close(e);
}

static void test_garbage_is_refused_and_its_worker_replaced(void **state) {
    (void)state;
    engine *e = open_one();
    int64_t first = echo(e);
    assert_fails(e, "{\"do\":\"garbage\"}", E_ENGINE,
                 "the worker answered with something that is no result");
    int64_t second = echo(e);
    assert_int_not_equal(second, first);
    assert_fails(e, "{\"do\":\"list\"}", E_ENGINE,
                 "the worker answered with something that is no result");
    assert_int_not_equal(echo(e), second);
    engine_close(e);
}

static void test_a_second_answer_is_never_taken_for_the_next_jobs(void **state) {
    (void)state;
    engine *e = open_one();
    json_t *result = NULL;
    assert_int_equal(call(e, "{\"do\":\"chatter\"}", &result, NULL), OK);
    json_decref(result);
    echo(e);
    engine_close(e);
}

static void test_a_worker_that_left_between_jobs_is_replaced_silently(void **state) {
    (void)state;
    engine *e = open_one();
    json_t *result = NULL;
    assert_int_equal(call(e, "{\"do\":\"echo\"}", &result, NULL), OK);
    pid_t pid = (pid_t)json_get_int(result, "pid", 0);
    json_decref(result);
    siginfo_t gone;
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOWAIT), 0);
    assert_int_not_equal(echo(e), pid);
    engine_close(e);
}

static void test_a_flood_on_stderr_does_not_stop_a_job(void **state) {
    (void)state;
    engine *e = open_one();
    json_t *result = NULL;
    assert_int_equal(call(e, "{\"do\":\"flood\",\"kilobytes\":2000}", &result, NULL), OK);
    json_decref(result);
    error err = {0};
    assert_int_equal(
        call(e, "{\"do\":\"flood\",\"kilobytes\":2000,\"then\":\"die\"}", &result, &err), E_ENGINE);
    assert_non_null(strstr(err.message, "exit code 9: x"));
    assert_non_null(strstr(err.message, "| the end of the flood"));
    engine_close(e);
}

static void test_large_jobs_and_answers_pass_each_other(void **state) {
    (void)state;
    setenv("FAKE_WORKER_TALKS", "1", 1);
    engine *e = open_one();
    size_t size = 3 * 1024 * 1024;
    char *large = malloc(size + 1);
    memset(large, 'a', size);
    large[size] = '\0';
    json_t *job = json_pack("{s:s, s:i, s:s}", "do", "talk_first", "kilobytes", 3000, "pad", large);
    json_t *result = NULL;
    assert_int_equal(engine_call(e, job, &result, NULL), OK);
    assert_true(json_get_int(result, "size", 0) > (int64_t)size);
    assert_int_equal(strlen(json_get_string(result, "much", "")), 3000 * 1024);
    json_decref(result);
    json_decref(job);
    free(large);
    engine_close(e);
    unsetenv("FAKE_WORKER_TALKS");
}

static void test_an_overlong_line_ends_the_worker(void **state) {
    (void)state;
    engine *e = open_with((engine_options){.line_max_bytes = 100000});
    assert_fails(e, "{\"do\":\"talk_first\",\"kilobytes\":3000}", E_ENGINE,
                 "the worker answered with a line longer than allowed");
    echo(e);
    engine_close(e);
}

static void test_a_job_past_its_time_fails_and_the_pool_goes_on(void **state) {
    (void)state;
    engine *e = open_with((engine_options){.timeout_us = 1000000});
    echo(e);
    assert_fails(e, "{\"do\":\"sleep\"}", E_ENGINE, "the worker did not finish within 1 s");
    echo(e);
    engine_close(e);
}

static volatile int asked_to_stop;

static void ask_to_stop(int number) {
    (void)number;
    asked_to_stop = 1;
}

static void test_a_signal_ends_the_waiting(void **state) {
    (void)state;
    asked_to_stop = 0;
    engine *e = open_with((engine_options){.interrupted = &asked_to_stop});
    echo(e);
    struct sigaction action = {.sa_handler = ask_to_stop}, before;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = 20000}}, NULL);
    assert_fails(e, "{\"do\":\"sleep\"}", E_INTERRUPTED, "interrupted");
    sigaction(SIGALRM, &before, NULL);
    asked_to_stop = 0;
    echo(e);
    engine_close(e);
}

static void test_a_worker_that_closes_its_output_fails_its_job(void **state) {
    (void)state;
    engine *e = open_one();
    error err = {0};
    json_t *result = NULL;
    assert_int_equal(call(e, "{\"do\":\"hang_up\"}", &result, &err), E_ENGINE);
    echo(e);
    engine_close(e);
}

static void test_jobs_run_at_once_and_come_back_with_their_tags(void **state) {
    (void)state;
    engine *e = open_with((engine_options){.workers = 3});
    int tags[3] = {0};
    json_t *good = json_pack("{s:s}", "do", "echo"), *bad = json_pack("{s:s}", "do", "half");
    assert_int_equal(engine_submit(e, good, &tags[0], NULL), OK);
    assert_int_equal(engine_submit(e, bad, &tags[1], NULL), OK);
    assert_int_equal(engine_submit(e, good, &tags[2], NULL), OK);
    assert_int_equal(engine_idle(e), 0);
    for (int i = 0; i < 3; i++) {
        void *tag;
        json_t *result = NULL;
        status outcome = engine_next(e, &tag, &result, NULL);
        int *mine = tag;
        assert_int_equal(outcome, mine == &tags[1] ? E_ENGINE : OK);
        json_decref(result);
        *mine += 1;
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(tags[i], 1);
    void *tag;
    json_t *result;
    assert_int_equal(engine_next(e, &tag, &result, NULL), E_USAGE);
    json_decref(good);
    json_decref(bad);
    engine_close(e);
}

static void test_closing_with_a_job_under_way_does_not_wait_for_it(void **state) {
    (void)state;
    engine *e = open_with((engine_options){.workers = 2});
    json_t *job = json_pack("{s:s}", "do", "sleep");
    int64_t start_us = clock_monotonic_us(&CLOCK_SYSTEM);
    assert_int_equal(engine_submit(e, job, NULL, NULL), OK);
    engine_close(e);
    assert_true(clock_monotonic_us(&CLOCK_SYSTEM) - start_us < 10000000);
    json_decref(job);
}

static void test_a_refused_opening_is_the_jobs_error(void **state) {
    (void)state;
    setenv("FAKE_WORKER_REFUSES", "cannot make the temp folder \"/x\"", 1);
    engine *e = open_one();
    assert_int_equal(engine_warm(e, NULL), OK);
    assert_fails(e, "{\"do\":\"echo\"}", E_IO, "cannot make the temp folder \"/x\"");
    engine_close(e);
    unsetenv("FAKE_WORKER_REFUSES");
}

static void test_a_missing_program_is_named(void **state) {
    (void)state;
    engine *e = open_with((engine_options){.worker = "/nowhere/weir-duckdb"});
    error err = {0};
    json_t *result = NULL;
    assert_int_equal(call(e, "{}", &result, &err), E_NOT_FOUND);
    assert_non_null(strstr(err.message, "\"/nowhere/weir-duckdb\""));
    engine_close(e);
}

typedef struct counter {
    int columns, rows;
    int stop_after; /* rows; 0: never */
} counter;

static status count_columns(void *state, const json_t *header, error *err) {
    (void)err;
    ((counter *)state)->columns += (int)json_array_size(header);
    return OK;
}

static status count_rows(void *state, const json_t *rows, error *err) {
    counter *c = state;
    c->rows += (int)json_array_size(rows);
    if (c->stop_after > 0 && c->rows >= c->stop_after)
        return error_set(err, E_INTERRUPTED, "enough");
    return OK;
}

static void test_a_query_streams_header_and_batches(void **state) {
    (void)state;
    engine *e = open_one();
    counter seen = {0};
    engine_sink sink = {count_columns, count_rows, &seen};
    json_t *job = json_pack("{s:s, s:i}", "op", "query", "batches", 500);
    assert_int_equal(engine_query(e, job, &sink, NULL), OK);
    assert_int_equal(seen.columns, 1);
    assert_int_equal(seen.rows, 1000);
    seen = (counter){.stop_after = 10};
    assert_int_equal(engine_query(e, job, &sink, NULL), E_INTERRUPTED);
    assert_int_equal(seen.rows, 10);
    json_decref(job);
    echo(e);
    engine_close(e);
}

static void test_the_sql_adapter_speaks_the_documents(void **state) {
    (void)state;
    engine *e = open_one();
    arena *a = arena_new();
    sql_engine sql = engine_sql(e);
    json_t *tree = NULL;
    assert_int_equal(sql.parse(sql.state, "SELECT 'é'", &tree, NULL), OK);
    char *text;
    assert_int_equal(sql.render(sql.state, tree, a, &text, NULL), OK);
    assert_string_equal(text, "SELECT 'é'");
    json_decref(tree);
    sql_shape shape = {.table = "raw.x"};
    column day = {"day", "DATE", false};
    vec_push(a, &shape.columns, day);
    columns described;
    assert_int_equal(sql.describe(sql.state, "SELECT 1", &shape, 1, a, &described, NULL), OK);
    assert_int_equal(described.count, 1);
    assert_string_equal(described.items[0].name, "day");
    assert_string_equal(described.items[0].type, "DATE");
    assert_int_equal(sql.parse(sql.state, "SELECT '\xff'", &tree, NULL), E_DEFINITION);
    arena_free(a);
    engine_close(e);
}

static void test_the_worker_named_by_the_environment_wins(void **state) {
    (void)state;
    arena *a = arena_new();
    char *path;
    error err = {0};
    setenv("WEIR_WORKER", FAKE_WORKER, 1);
    assert_int_equal(engine_find_worker(a, &path, NULL), OK);
    assert_string_equal(path, FAKE_WORKER);
    setenv("WEIR_WORKER", "/nowhere", 1);
    assert_int_equal(engine_find_worker(a, &path, &err), E_NOT_FOUND);
    assert_string_equal(err.message, "no worker program \"/nowhere\"");
    arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_worker_answers_job_after_job),
        cmocka_unit_test(test_an_error_document_keeps_kind_hint_and_place),
        cmocka_unit_test(test_a_crash_tells_signal_and_last_words_and_the_pool_goes_on),
        cmocka_unit_test(test_a_killed_worker_hints_at_memory),
        cmocka_unit_test(test_an_end_in_the_middle_of_a_line_is_a_failed_job),
        cmocka_unit_test(test_garbage_is_refused_and_its_worker_replaced),
        cmocka_unit_test(test_a_second_answer_is_never_taken_for_the_next_jobs),
        cmocka_unit_test(test_a_worker_that_left_between_jobs_is_replaced_silently),
        cmocka_unit_test(test_a_flood_on_stderr_does_not_stop_a_job),
        cmocka_unit_test(test_large_jobs_and_answers_pass_each_other),
        cmocka_unit_test(test_an_overlong_line_ends_the_worker),
        cmocka_unit_test(test_a_job_past_its_time_fails_and_the_pool_goes_on),
        cmocka_unit_test(test_a_signal_ends_the_waiting),
        cmocka_unit_test(test_a_worker_that_closes_its_output_fails_its_job),
        cmocka_unit_test(test_jobs_run_at_once_and_come_back_with_their_tags),
        cmocka_unit_test(test_closing_with_a_job_under_way_does_not_wait_for_it),
        cmocka_unit_test(test_a_refused_opening_is_the_jobs_error),
        cmocka_unit_test(test_a_missing_program_is_named),
        cmocka_unit_test(test_a_query_streams_header_and_batches),
        cmocka_unit_test(test_the_sql_adapter_speaks_the_documents),
        cmocka_unit_test(test_the_worker_named_by_the_environment_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
