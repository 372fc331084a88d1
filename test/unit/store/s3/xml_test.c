#include "store/s3/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void note(void *state, const char *path, const char *text) {
    buf_printf(state, "%s=%s;", path, text);
}

static bool read(arena *a, const char *text, char **ret) {
    buf all = buf_new(a);
    bool whole = xml_read(text, strlen(text), note, &all);
    *ret = all.text;
    return whole;
}

static void test_elements_come_with_path_and_text(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    char *all = NULL;
    assert_true(read(a,
                     "<?xml version=\"1.0\"?>\n<A xmlns=\"urn:x\"><B>1 &lt; 2</B>"
                     "<C><D/>rest</C></A>",
                     &all));
    assert_string_equal(all, "A/B=1 < 2;A/C/D=;A/C=rest;A=;");
    assert_string_equal(xml_text("<A><B>x</B><B>y</B></A>", 23, "A/B", a), "x");
    assert_null(xml_text("<A/>", 4, "B", a));
    assert_null(xml_text("", 0, "A", a));
}

static void test_what_is_not_well_formed_is_told(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    char *all = NULL;
    static const char *const WRONG[] = {
        "",
        "plain",
        "<A>",
        "<A></B>",
        "<A/><B/>",
        "{\"a\":1}",
        ("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><A>&f;</A>")};
    for (size_t i = 0; i < ARRAY_SIZE(WRONG); i++)
        assert_false(read(a, WRONG[i], &all));
}

static void test_depth_and_text_have_bounds(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    char *all = NULL;
    buf deep = buf_new(a), large = buf_new(a);
    for (int i = 0; i < 17; i++)
        buf_add(&deep, "<A>");
    assert_false(read(a, deep.text, &all));
    buf_add(&large, "<A>");
    for (int i = 0; i < 70000; i++)
        buf_char(&large, 'x');
    buf_add(&large, "</A>");
    assert_false(read(a, large.text, &all));
}

static void test_what_is_escaped_comes_back(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    buf text = buf_new(a);
    buf_add(&text, "<A>");
    xml_escape(&text, "a<b>&\"c'");
    buf_add(&text, "</A>");
    assert_string_equal(xml_text(text.text, text.size, "A", a), "a<b>&\"c'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_come_with_path_and_text),
        cmocka_unit_test(test_what_is_not_well_formed_is_told),
        cmocka_unit_test(test_depth_and_text_have_bounds),
        cmocka_unit_test(test_what_is_escaped_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
