/* Covers main.c: the program at the other end of pipes. */
#include "base/path.h"
#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

static void say(const process *p, const char *text) {
    size_t size = strlen(text);
    assert_int_equal(write(p->stdin_fd, text, size), size);
}

static char *hear(const process *p, arena *a) {
    buf line = buf_new(a);
    char c;
    while (read(p->stdout_fd, &c, 1) == 1 && c != '\n')
        buf_char(&line, c);
    return line.text;
}

static void open_worker(const process *p, arena *a, const char *dir) {
    say(p, arena_printf(a,
                        "{\"op\":\"open\",\"format\":1,\"threads\":1,\"memory_bytes\":200000000,"
                        "\"temp_dir\":\"%s\",\"timezone\":\"UTC\"}\n",
                        dir));
    assert_non_null(strstr(hear(p, a), "\"engine\":\"duckdb\""));
}

static void test_each_line_is_answered_until_the_input_ends(void **state) {
    (void)state;
    arena *a = arena_new();
    error err = {0};
    process p;
    char dir[] = "/tmp/weir-main-XXXXXX";
    const char *const argv[] = {WORKER, NULL};
    const process_options options = {.argv = argv, .stderr_to = -1};
    int code = -1;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(process_start(&options, &p, &err), OK);
    open_worker(&p, a, dir);
    say(&p, "\n{\"op\":\"dance\"}\nnot json\n");
    assert_non_null(strstr(hear(&p, a), "is not a kind of job"));
    assert_non_null(strstr(hear(&p, a), "is not JSON"));
    say(&p, "{\"op\":\"query\",\"sql\":\"select 1 as a\",\"inputs\":[]}\n");
    assert_string_equal(hear(&p, a), "{\"columns\":[{\"name\":\"a\",\"type\":\"INTEGER\"}]}");
    assert_string_equal(hear(&p, a), "{\"rows\":[[\"1\"]]}");
    assert_string_equal(hear(&p, a), "{\"done\":true,\"rows\":1}");
    close(p.stdin_fd);
    p.stdin_fd = -1;
    assert_string_equal(hear(&p, a), "");
    assert_int_equal(process_wait(&p, &code, &err), OK);
    assert_int_equal(code, 0);
    assert_int_equal(rmdir(dir), 0); /* nothing is left in it */
    arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_line_is_answered_until_the_input_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
