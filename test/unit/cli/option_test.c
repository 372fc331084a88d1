#include "cli/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct fixture {
    arena *arena;
    option_values values;
    error err;
    int next;
} fixture;

static int open_fixture(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    *state = f;
    return 0;
}

static int close_fixture(void **state) {
    fixture *f = *state;
    arena_free(f->arena);
    free(f);
    return 0;
}

static const option_set ALLOWED = OPTIONS_COMMON | OPTION_BIT(OPTION_JOBS)
                                  | OPTION_BIT(OPTION_EXCLUDE) | OPTION_BIT(OPTION_LIMIT);

/* words: separated by blanks, after the program's name. */
static status parse(fixture *f, const char *words, bool until_argument) {
    strings argv = str_split(f->arena, words, ' ');
    const option_input in = {.argv = argv.items,
                             .argc = (int)argv.count,
                             .from = 1,
                             .allowed = ALLOWED,
                             .until_argument = until_argument};
    f->values = (option_values){0};
    return option_parse(&in, f->arena, &f->values, &f->next, &f->err);
}

static void test_a_value_stands_in_the_same_word_or_in_the_next(void **state) {
    fixture *f = *state;
    static const char *const FORMS[] = {"weir --jobs 4", "weir --jobs=4", "weir -j4", "weir -j 4",
                                        "weir -qj4"};
    for (size_t i = 0; i < ARRAY_SIZE(FORMS); i++) {
        assert_int_equal(parse(f, FORMS[i], false), OK);
        assert_string_equal(option_text(&f->values, OPTION_JOBS), "4");
    }
}

static void test_flags_count_and_lists_keep_their_order(void **state) {
    fixture *f = *state;
    assert_int_equal(parse(f, "weir -vv --exclude a x --exclude b -v", false), OK);
    assert_int_equal(f->values.values[OPTION_VERBOSE].count, 3);
    assert_string_equal(f->values.values[OPTION_EXCLUDE].items[0], "a");
    assert_string_equal(f->values.values[OPTION_EXCLUDE].items[1], "b");
    assert_int_equal(f->values.arguments.count, 1);
}

static void test_after_two_dashes_everything_is_an_argument(void **state) {
    fixture *f = *state;
    assert_int_equal(parse(f, "weir - -- -v --output", false), OK);
    assert_int_equal(f->values.arguments.count, 3);
    assert_string_equal(f->values.arguments.items[0], "-");
    assert_string_equal(f->values.arguments.items[2], "--output");
    assert_false(option_given(&f->values, OPTION_VERBOSE));
}

static void test_options_before_the_verb_end_at_the_verb(void **state) {
    fixture *f = *state;
    assert_int_equal(parse(f, "weir -C lake run -v", true), OK);
    assert_int_equal(f->next, 3);
    assert_string_equal(option_text(&f->values, OPTION_DIR), "lake");
    assert_int_equal(f->values.arguments.count, 0);
}

static void test_what_is_wrong_is_named_with_a_remedy(void **state) {
    fixture *f = *state;
    static const struct {
        const char *words, *message, *hint;
    } CASES[] = {
        {"weir --ouptut json", "there is no option \"--ouptut\"", "Did you mean --output?"},
        {"weir --zzz", "there is no option \"--zzz\"", "--help lists what may stand here."},
        {"weir --dry-run", "option \"--dry-run\" does not belong here",
         "--help lists what may stand here."},
        {"weir -z", "there is no option \"-z\" here", "--help lists what may stand here."},
        {"weir --jobs", "option \"--jobs\" lacks its N", "Write --jobs N."},
        {"weir --verbose=1", "option \"--verbose\" takes no value", ""},
        {"weir -o jsn", "\"jsn\" is no value of --output",
         "Did you mean \"json\"? It takes table|json|jsonl|csv."},
        {"weir -o zzzz", "\"zzzz\" is no value of --output", "It takes table|json|jsonl|csv."},
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        assert_int_equal(parse(f, CASES[i].words, false), E_USAGE);
        assert_string_equal(f->err.message, CASES[i].message);
        assert_string_equal(f->err.hint, CASES[i].hint);
    }
}

static void test_numbers_and_times_are_checked(void **state) {
    fixture *f = *state;
    int64_t value = -7;
    assert_int_equal(parse(f, "weir", false), OK);
    assert_int_equal(option_int(&f->values, OPTION_LIMIT, 1, 20, &value, &f->err), OK);
    assert_int_equal(value, 20);
    assert_int_equal(parse(f, "weir --limit 0", false), OK);
    assert_int_equal(option_int(&f->values, OPTION_LIMIT, 1, 20, &value, &f->err), E_USAGE);
    assert_string_equal(f->err.message,
                        "\"0\" is no value of --limit: a whole number from 1 is needed");
    assert_int_equal(value, 20);
    assert_int_equal(parse(f, "weir --now 1700000000", false), OK);
    assert_int_equal(option_time(&f->values, OPTION_NOW, &value, &f->err), OK);
    assert_int_equal(value, INT64_C(1700000000000000));
    vec_push(f->arena, &f->values.values[OPTION_NOW], "yesterday");
    assert_int_equal(option_time(&f->values, OPTION_NOW, &value, &f->err), E_USAGE);
    assert_string_equal(f->err.message, "\"yesterday\" is no value of --now");
}

static void test_names_and_letters_mean_one_thing(void **state) {
    (void)state;
    for (option_id id = 0; id < OPTION_COUNT; id++) {
        assert_non_null(OPTIONS[id].name);
        assert_non_null(OPTIONS[id].doc);
        for (option_id other = 0; other < id; other++) {
            assert_string_not_equal(OPTIONS[id].name, OPTIONS[other].name);
            if (OPTIONS[id].letter != 0)
                assert_int_not_equal(OPTIONS[id].letter, OPTIONS[other].letter);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_value_stands_in_the_same_word_or_in_the_next),
        TEST(test_flags_count_and_lists_keep_their_order),
        TEST(test_after_two_dashes_everything_is_an_argument),
        TEST(test_options_before_the_verb_end_at_the_verb),
        TEST(test_what_is_wrong_is_named_with_a_remedy),
        TEST(test_numbers_and_times_are_checked),
        TEST(test_names_and_letters_mean_one_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
