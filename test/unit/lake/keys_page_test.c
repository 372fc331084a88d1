#include "base/path.h"
#include "lake/lake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PAGE_SIZE_MAX = 1 << 20 };

static void test_the_reference_page_is_what_the_table_says(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const char *path = getenv("WEIR_KEYS_PAGE");
    assert_non_null(path);
    char *page = NULL;
    assert_int_equal(file_read(path, PAGE_SIZE_MAX, a, &page, NULL, NULL), OK);
    buf text = buf_new(a);
    lake_keys_page(&text);
    if (!str_eq(text.text, page))
        fail_msg("doc/keys.md is not what `weir schema lake --markdown` writes: write it anew");
}

static void test_a_row_tells_value_default_and_meaning(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    buf text = buf_new(a);
    lake_keys_page(&text);
    assert_non_null(strstr(text.text, "\n| `lake` | name | required | the lake's name |\n"));
    assert_non_null(strstr(text.text, "\n| `contents` ° | `delta`, `full` | `delta` | "));
    assert_non_null(strstr(text.text, "\n| `workers.count` | whole number from 1 | `1` | "));
    assert_non_null(strstr(text.text, "; `mode` as `merge`, `point_in_time`; "));
    assert_non_null(strstr(text.text, " are at &lt;store>/&lt;layer>/&lt;table>/ |"));
    assert_null(strstr(text.text, "(null)"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reference_page_is_what_the_table_says),
        cmocka_unit_test(test_a_row_tells_value_default_and_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
