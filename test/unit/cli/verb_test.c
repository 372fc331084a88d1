#include "cli/verb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void refuse(const char *word, const char *message, const char *hint) {
    ARENA_AUTO a = arena_new();
    error err = {0};
    const verb *found = NULL;
    assert_int_equal(verb_find(word, a, &found, &err), E_USAGE);
    assert_string_equal(err.message, message);
    assert_string_equal(err.hint, hint);
    assert_null(found);
}

static void test_a_verb_is_found_by_its_whole_name_only(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const verb *found = NULL;
    assert_int_equal(verb_find("run", a, &found, NULL), OK);
    assert_string_equal(found->name, "run");
    refuse("st", "\"st\" is not a verb of weir", "weir help lists the verbs.");
}

static void test_a_misspelling_gets_the_nearest_verb(void **state) {
    (void)state;
    refuse("staus", "\"staus\" is not a verb of weir", "Did you mean `weir status`?");
}

static void test_customary_words_answer_with_the_verb(void **state) {
    (void)state;
    refuse("lint", "\"lint\" is not a verb of weir",
           "That is `weir validate`: check the definition only.");
    refuse("backfill", "\"backfill\" is not a verb of weir",
           "That is `weir rebuild`: build partitions again although nothing changed.");
    refuse("retry", "\"retry\" is not a verb of weir",
           "That is `weir run --retry-failed`: land, then rebuild what is stale: the one command "
           "for cron.");
}

static void test_verbs_that_come_later_are_refused_by_name(void **state) {
    (void)state;
    refuse("publish", "\"publish\" is not yet in this version of weir",
           "weir help lists the verbs that are.");
}

static void test_every_verb_has_handler_help_and_an_example(void **state) {
    (void)state;
    for (size_t i = 0; verb_at(i) != NULL; i++) {
        const verb *v = verb_at(i);
        assert_non_null(v->run);
        assert_non_null(v->doc);
        assert_non_null(v->examples[0].line);
        assert_true(v->arguments_min <= v->arguments_max);
        assert_int_equal(v->options & OPTIONS_COMMON, 0);
        assert_true((v->arguments_max > 0) == (v->arguments[0] != '\0'));
    }
}

static void test_too_few_and_too_many_arguments_are_refused_with_the_form(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    error err = {0};
    const verb *query = NULL;
    strings none = {0}, two = {0};
    vec_push(a, &two, "SELECT 1");
    vec_push(a, &two, "SELECT 2");
    assert_int_equal(verb_find("query", a, &query, NULL), OK);
    assert_int_equal(verb_check_arguments(query, &none, &err), E_USAGE);
    assert_string_equal(err.message, "\"weir query\" needs SQL");
    assert_int_equal(verb_check_arguments(query, &two, &err), E_USAGE);
    assert_string_equal(err.message, "\"SELECT 2\" is one argument too many for \"weir query\"");
    assert_string_equal(err.hint, "The form is: weir query SQL");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_verb_is_found_by_its_whole_name_only),
        cmocka_unit_test(test_a_misspelling_gets_the_nearest_verb),
        cmocka_unit_test(test_customary_words_answer_with_the_verb),
        cmocka_unit_test(test_verbs_that_come_later_are_refused_by_name),
        cmocka_unit_test(test_every_verb_has_handler_help_and_an_example),
        cmocka_unit_test(test_too_few_and_too_many_arguments_are_refused_with_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
