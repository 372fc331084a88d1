#include "cli/help.h"

#include "base/path.h"
#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

enum { PAGE_SIZE_MAX = 1 << 20 };

static void test_the_reference_page_is_what_the_tables_say(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const char *path = getenv("WEIR_CLI_PAGE");
    assert_non_null(path);
    char *page = NULL;
    error err = {0};
    assert_int_equal(file_read(path, PAGE_SIZE_MAX, a, &page, NULL, &err), OK);
    buf text = buf_new(a);
    help_markdown(&text);
    if (!str_eq(text.text, page))
        fail_msg("doc/cli.md is not what `weir help --markdown` writes: write it anew");
}

static void test_help_of_a_verb_has_form_examples_and_options(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const verb *run = NULL;
    assert_int_equal(verb_find("run", a, &run, NULL), OK);
    buf text = buf_new(a);
    help_verb(&text, run);
    assert_non_null(strstr(text.text, "usage: weir run [SELECT…]\n"));
    assert_non_null(strstr(text.text, "\nExamples\n  weir run\n"));
    assert_non_null(strstr(text.text, "  -n, --dry-run"));
    assert_non_null(strstr(text.text, "  -C, --directory DIR"));
}

static void test_help_keeps_to_the_width_of_a_terminal(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    buf text = buf_new(a);
    help_all(&text);
    strings lines = str_split(a, text.text, '\n');
    for (size_t i = 0; i < lines.count; i++)
        assert_true(strlen(lines.items[i]) <= 80);
}

static void test_unknown_shells_have_no_completion(void **state) {
    (void)state;
    assert_null(completion_for("tcsh"));
}

/* What bash would offer for the words; the last is being written. */
static char *offered(arena *a, const char *words, const char *place) {
    buf script = buf_new(a);
    completion_for("bash")(&script);
    buf_printf(&script, "COMP_WORDS=(%s)\nCOMP_CWORD=%s\n_weir\necho \"${COMPREPLY[*]}\"\n", words,
               place);
    const char *const argv[] = {"/bin/bash", "--norc", "-c", script.text, NULL};
    process p = {0};
    const process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    if (process_start(&options, &p, NULL) != OK)
        skip();
    buf out = buf_new(a);
    char bytes[4096];
    for (ssize_t got; (got = read(p.stdout_fd, bytes, sizeof bytes)) > 0;)
        buf_add_bytes(&out, bytes, (size_t)got);
    int code = -1;
    assert_int_equal(process_wait(&p, &code, NULL), OK);
    assert_int_equal(code, 0);
    return out.text;
}

static void test_bash_completes_verbs_options_and_choices(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(offered(a, "weir val", "1"), "validate\n");
    assert_string_equal(offered(a, "weir run --retr", "2"), "--retry-failed\n");
    assert_string_equal(offered(a, "weir -q plan --det", "3"), "--detailed-exitcode\n");
    assert_string_equal(offered(a, "weir status --output j", "3"), "json jsonl\n");
}

static void test_every_verb_is_completed_in_every_shell(void **state) {
    (void)state;
    static const char *const SHELLS[] = {"bash", "zsh", "fish"};
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(SHELLS); i++) {
        buf text = buf_new(a);
        completion_for(SHELLS[i])(&text);
        for (size_t v = 0; verb_at(v) != NULL; v++)
            assert_non_null(strstr(text.text, verb_at(v)->name));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reference_page_is_what_the_tables_say),
        cmocka_unit_test(test_help_of_a_verb_has_form_examples_and_options),
        cmocka_unit_test(test_help_keeps_to_the_width_of_a_terminal),
        cmocka_unit_test(test_unknown_shells_have_no_completion),
        cmocka_unit_test(test_bash_completes_verbs_options_and_choices),
        cmocka_unit_test(test_every_verb_is_completed_in_every_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
