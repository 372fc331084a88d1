#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_buf_is_always_terminated_text(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    buf b = buf_new(a);
    assert_string_equal(b.text, "");
    for (int i = 0; i < 200; i++)
        buf_printf(&b, "%03d,", i);
    buf_char(&b, '.');
    assert_int_equal(b.size, 801);
    assert_int_equal(strlen(b.text), 801);
    assert_true(str_starts(b.text, "000,001,"));
    assert_true(str_ends(b.text, "199,."));
}

static void test_only_valid_utf8_without_nul_passes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool valid;
    } CASES[] = {
        {"", 0, true},
        {"caff\xC3\xA8", 6, true},
        {"\xF0\x9F\x9A\x97", 4, true},
        {"\xF4\x8F\xBF\xBF", 4, true},
        {"a\0b", 3, false},
        {"\xC3", 1, false},             /* cut */
        {"\x80", 1, false},             /* continuation alone */
        {"\xC0\xAF", 2, false},         /* overlong / */
        {"\xE0\x80\xAF", 3, false},     /* overlong / in three */
        {"\xF0\x80\x80\xAF", 4, false}, /* overlong / in four */
        {"\xED\xA0\x80", 3, false},     /* surrogate */
        {"\xF4\x90\x80\x80", 4, false}, /* above U+10FFFF */
        {"\xFF", 1, false},
        {"\xE2\x82x", 3, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
        assert_int_equal(str_is_utf8(CASES[i].bytes, CASES[i].size), CASES[i].valid);
}

static void test_names_are_lower_case_and_short(void **state) {
    (void)state;
    assert_true(str_is_name("a"));
    assert_true(str_is_name("province_2"));
    assert_false(str_is_name(""));
    assert_false(str_is_name("2a"));
    assert_false(str_is_name("_a"));
    assert_false(str_is_name("Province"));
    assert_false(str_is_name("a-b"));
    assert_false(str_is_name("a\n"));
    char longest[65] = {0};
    memset(longest, 'a', 63);
    assert_true(str_is_name(longest));
    longest[63] = 'a';
    assert_false(str_is_name(longest));
}

static void test_split_and_join_are_inverse(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const char *texts[] = {"", "a", "a,b", ",", ",a,,b,"};
    const size_t counts[] = {1, 1, 2, 2, 5};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        strings parts = str_split(a, texts[i], ',');
        assert_int_equal(parts.count, counts[i]);
        assert_string_equal(str_join(a, &parts, ","), texts[i]);
    }
}

static void test_printable_text_shows_what_a_terminal_would_act_on(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(str_printable(a, "a\x1b[2J\nb"), "a\\x1B[2J\\x0Ab");
    assert_string_equal(str_printable(a, "\xC2\x9B"
                                         "caff\xC3\xA8\xFF\x7F"),
                        "\\xC2\\x9Bcaff\xC3\xA8\\xFF\\x7F");
}

static void test_lower_leaves_what_is_not_ascii(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(str_lower(a, "ABZ[\xC3\x84"), "abz[\xC3\x84");
}

static void test_a_star_stays_within_one_folder(void **state) {
    (void)state;
    assert_true(str_matches_glob("*.csv", "a.csv"));
    assert_true(str_matches_glob("*.csv", ".csv"));
    assert_false(str_matches_glob("*.csv", "x/a.csv"));
    assert_true(str_matches_glob("x/?[0-9].csv", "x/a7.csv"));
    assert_false(str_matches_glob("x/?[0-9].csv", "x//7.csv"));
    assert_false(str_matches_glob("[", "a"));
    assert_true(str_matches_glob("a\\*b", "a*b"));
}

static void test_sql_text_cannot_leave_its_quotes(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(sql_literal(a, "it's '; DROP"), "'it''s ''; DROP'");
    assert_string_equal(sql_literal(a, ""), "''");
    assert_string_equal(sql_identifier(a, "a\"b'c"), "\"a\"\"b'c\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_buf_is_always_terminated_text),
        cmocka_unit_test(test_only_valid_utf8_without_nul_passes),
        cmocka_unit_test(test_names_are_lower_case_and_short),
        cmocka_unit_test(test_split_and_join_are_inverse),
        cmocka_unit_test(test_printable_text_shows_what_a_terminal_would_act_on),
        cmocka_unit_test(test_lower_leaves_what_is_not_ascii),
        cmocka_unit_test(test_a_star_stays_within_one_folder),
        cmocka_unit_test(test_sql_text_cannot_leave_its_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
