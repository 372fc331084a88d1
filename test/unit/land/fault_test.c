/* Landing while calls of the store fail. */
#include "fault.h"
#include "fault_store.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DAY_ONE "day,n\n2020-01-01,1\n"

static int set_up(void **state) {
    fixture *f = fixture_new(NULL);
    f->layers[RAW] = fault_store_over(f->layers[RAW]);
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_put(f, "sales/b.csv", DAY_ONE);
    fixture_put(f, "sales/c.csv", DAY_ONE);
    fixture_put(f, "sales/d.csv", DAY_ONE);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fault_ask(NULL);
    fixture_free(*state);
    return 0;
}

/* The check is under way when the copy fails, and accepts the file. */
static void test_a_file_that_cannot_be_copied_goes_back_whatever_the_check_says(void **state) {
    fixture *f = *state;
    fault_ask("store:5:EIO"); /* after the looks for a free name */
    fixture_land(f, 100);
    assert_int_equal(f->result.accepted, 3);
    assert_int_equal(f->result.failed.count, 1);
    assert_string_equal(f->result.failed.items[0].file, "sales/a.csv");
    assert_non_null(strstr(f->result.failed.items[0].reason, "Input/output error"));
    assert_string_equal(fixture_files(f, "land"), "sales/a.csv");
    assert_string_equal(fixture_states(f, "a.csv"), "");
    assert_string_equal(fixture_states(f, "b.csv"), "active");
    fixture_assert_nothing_pending(f);
}

/* A reply that was lost: the name in raw history is there. */
static void test_a_name_that_was_given_and_told_to_have_failed_is_taken_back(void **state) {
    fixture *f = *state;
    fault_ask("store:9:EIO:after");
    assert_int_equal(fixture_try_land(f, 100), E_IO);
    fault_ask(NULL);
    assert_string_equal(fixture_files(f, "land"),
                        "sales/a.csv sales/b.csv sales/c.csv sales/d.csv");
    assert_string_equal(fixture_files(f, "data/raw"), "");
    fixture_assert_nothing_pending(f);
    fixture_land(f, 100);
    assert_int_equal(f->result.accepted, 4);
    assert_string_equal(fixture_delivery(f, "a.csv", 0).object,
                        "sales/file_land_timestamp=100/a_100.csv");
}

#define FAULT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        FAULT_TEST(test_a_file_that_cannot_be_copied_goes_back_whatever_the_check_says),
        FAULT_TEST(test_a_name_that_was_given_and_told_to_have_failed_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
