#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t at_time(void *state) {
    return *(int64_t *)state;
}

typedef struct fixture {
    char *text;
    size_t size;
    FILE *stream;
    int64_t now_us;
    clock_source clock;
    progress *progress;
} fixture;

static fixture *open_fixture(progress_mode mode) {
    fixture *f = calloc(1, sizeof *f);
    f->stream = open_memstream(&f->text, &f->size);
    f->clock = (clock_source){.monotonic_us = at_time, .state = &f->now_us};
    f->progress = progress_new(f->stream, mode, &f->clock);
    return f;
}

static void close_fixture(fixture *f) {
    progress_free(f->progress);
    fclose(f->stream);
    free(f->text);
    free(f);
}

static void show_at(fixture *f, int64_t ms, size_t done) {
    f->now_us = ms * 1000;
    progress_show(f->progress, (progress_state){"landing", "a\x1b.csv", done, 4});
    fflush(f->stream);
}

static void test_short_work_shows_nothing(void **state) {
    (void)state;
    fixture *f = open_fixture(PROGRESS_BAR);
    show_at(f, 0, 0);
    show_at(f, 250, 4);
    assert_string_equal(f->text, "");
    close_fixture(f);
}

static void test_a_bar_is_redrawn_but_not_too_often(void **state) {
    (void)state;
    fixture *f = open_fixture(PROGRESS_BAR);
    show_at(f, 400, 1);
    show_at(f, 450, 2);
    show_at(f, 600, 2);
    assert_string_equal(f->text, "\rlanding 1/4 [######..................] a\\x1B.csv\033[K"
                                 "\rlanding 2/4 [############............] a\\x1B.csv\033[K");
    close_fixture(f);
}

static void test_the_log_takes_the_bar_away_first(void **state) {
    (void)state;
    fixture *f = open_fixture(PROGRESS_BAR);
    show_at(f, 400, 4);
    size_t before = f->size;
    fprintf(progress_log_stream(f->progress), "warning: x\n");
    fflush(f->stream);
    assert_string_equal(f->text + before, "\r\033[Kwarning: x\n");
    before = f->size;
    fprintf(progress_log_stream(f->progress), "warning: y\n");
    fflush(f->stream);
    assert_string_equal(f->text + before, "warning: y\n");
    close_fixture(f);
}

static void test_plain_progress_is_whole_lines(void **state) {
    (void)state;
    fixture *f = open_fixture(PROGRESS_PLAIN);
    show_at(f, 1000, 1);
    show_at(f, 2500, 2);
    assert_string_equal(f->text, "landing 2/4 a\\x1B.csv\n");
    close_fixture(f);
}

static void test_no_progress_but_the_log_still_works(void **state) {
    (void)state;
    fixture *f = open_fixture(PROGRESS_NONE);
    show_at(f, 9000, 1);
    fprintf(progress_log_stream(f->progress), "x\n");
    fflush(f->stream);
    assert_string_equal(f->text, "x\n");
    close_fixture(f);
}

static void test_a_stream_that_is_no_terminal_gets_no_bar(void **state) {
    (void)state;
    FILE *file = tmpfile();
    assert_int_equal(progress_mode_of(NULL, file), PROGRESS_NONE);
    assert_int_equal(progress_mode_of("auto", file), PROGRESS_NONE);
    assert_int_equal(progress_mode_of("plain", file), PROGRESS_PLAIN);
    fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_work_shows_nothing),
        cmocka_unit_test(test_a_bar_is_redrawn_but_not_too_often),
        cmocka_unit_test(test_the_log_takes_the_bar_away_first),
        cmocka_unit_test(test_plain_progress_is_whole_lines),
        cmocka_unit_test(test_no_progress_but_the_log_still_works),
        cmocka_unit_test(test_a_stream_that_is_no_terminal_gets_no_bar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
