#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct capture {
    char *text;
    size_t size;
    log log;
} capture;

static capture *capture_new(log_level level, bool color) {
    capture *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->log = (log){open_memstream(&c->text, &c->size), level, color};
    assert_non_null(c->log.stream);
    return c;
}

static void assert_captured(capture *c, const char *wanted) {
    fclose(c->log.stream);
    assert_string_equal(c->text, wanted);
    free(c->text);
    free(c);
}

static void test_less_important_lines_are_dropped(void **state) {
    (void)state;
    capture *c = capture_new(LOG_INFO, false);
    log_write(&c->log, LOG_ERROR, "one");
    log_write(&c->log, LOG_WARN, "two %d", 2);
    log_write(&c->log, LOG_INFO, "three");
    log_write(&c->log, LOG_DEBUG, "four");
    log_write(NULL, LOG_ERROR, "five");
    assert_captured(c, "error: one\nwarning: two 2\nthree\n");
}

static void test_an_error_tells_its_place_and_hint(void **state) {
    (void)state;
    error err = {0};
    error_set(&err, E_DEFINITION, "unknown key \"mod\"");
    error_at(&err, "tables/a.yaml", 3, 5);
    error_hint(&err, "Did you mean \"mode\"?");
    capture *c = capture_new(LOG_ERROR, false);
    log_error(&c->log, &err);
    error_at(&err, "tables/a.yaml", 0, 5);
    log_error(&c->log, &err);
    assert_captured(c, "error: unknown key \"mod\"\n"
                       "  at tables/a.yaml:3:5\n"
                       "  hint: Did you mean \"mode\"?\n"
                       "error: unknown key \"mod\"\n"
                       "  at tables/a.yaml\n"
                       "  hint: Did you mean \"mode\"?\n");
}

static void test_a_hostile_name_cannot_forge_a_line(void **state) {
    (void)state;
    capture *c = capture_new(LOG_WARN, true);
    log_write(&c->log, LOG_WARN, "took \"%s\"", "x\nerror: \x1b[2J");
    assert_captured(c, "\033[1;33mwarning: \033[0mtook \"x\\x0Aerror: \\x1B[2J\"\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_less_important_lines_are_dropped),
        cmocka_unit_test(test_an_error_tells_its_place_and_hint),
        cmocka_unit_test(test_a_hostile_name_cannot_forge_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
