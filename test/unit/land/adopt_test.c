/* Files of raw history that the ledger does not know: which become deliveries, and as what. */
#include "land/adopt.h"

#include "fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/stat.h>
#include <unistd.h>

#define DAY_ONE "day,n\n2020-01-01,1\n"
#define DAY_TWO "day,n\n2020-01-02,2\n"

static int set_up(void **state) {
    *state = fixture_new(NULL);
    return 0;
}

static int tear_down(void **state) {
    fixture_free(*state);
    return 0;
}

static void put(fixture *f, const char *object, const char *text) {
    assert_int_equal(
        store_put(f->layers[0], object, text, strlen(text), (store_put_options){0}, &f->err), OK);
}

static land_adopted adopt(fixture *f, const char *object) {
    land_adopted told = {0};
    status result = land_adopt(&f->context, f->lake->tables[RAW], object, f->a, &told, &f->err);
    if (result != OK)
        fail_msg("%s", f->err.message);
    return told;
}

static void assert_left(fixture *f, const char *object, const char *reason) {
    land_adopted told = adopt(f, object);
    assert_non_null(told.reason);
    if (strstr(told.reason, reason) == NULL)
        fail_msg("\"%s\" is not because of: %s", told.reason, reason);
}

static void test_an_adopted_file_is_a_delivery_of_the_time_in_its_name(void **state) {
    fixture *f = *state;
    const char *object = "sales/file_land_timestamp=70/a_70.csv";
    put(f, object, DAY_ONE);
    land_adopted told = adopt(f, object);
    assert_null(told.reason);
    assert_string_equal(told.file, "sales/a.csv");
    delivery d = fixture_delivery(f, "a.csv", 0);
    assert_int_equal(d.id, told.id);
    assert_int_equal(d.land_time, 70);
    assert_int_equal(d.rows, 1);
    assert_string_equal(d.object, object);
    assert_string_equal(fixture_marks(f, SILVER), "new sales/a.csv event_date=2020-01-01");
    struct stat found;
    assert_int_equal(
        stat(fixture_path(f, "data/raw/sales/file_land_timestamp=70/a_70.csv"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0444);
}

static void test_its_place_among_the_others_is_that_of_its_time(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    put(f, "sales/file_land_timestamp=70/a_70.csv", DAY_TWO);
    put(f, "sales/file_land_timestamp=130/a_130.csv", DAY_TWO);
    assert_int_equal(adopt(f, "sales/file_land_timestamp=70/a_70.csv").state, DELIVERY_SUPERSEDED);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded active");
    assert_int_equal(adopt(f, "sales/file_land_timestamp=130/a_130.csv").state, DELIVERY_ACTIVE);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded superseded active");
}

static void test_what_raw_history_does_not_name_so_is_left(void **state) {
    fixture *f = *state;
    static const char *const NAMES[] = {
        "sales/a.csv",
        "sales/file_land_timestamp=70/a.csv",
        "sales/file_land_timestamp=70/a_71.csv",
        "sales/file_land_timestamp=070/a_070.csv",
        "sales/file_land_timestamp=-70/a_-70.csv",
        "sales/file_land_timestamp=99999999999999/a_99999999999999.csv",
        "sales/file_land_timestamp=70/below/a_70.csv",
        "sales/file_land_timestamp=70/_70.csv",
    };
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
        put(f, NAMES[i], DAY_ONE);
        assert_left(f, NAMES[i], "its name does not tell");
    }
}

static void test_what_the_table_would_not_take_is_left_with_the_reason(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    put(f, "sales/file_land_timestamp=70/bad_70.csv", DAY_ONE);
    assert_left(f, "sales/file_land_timestamp=70/bad_70.csv", "is no BIGINT");
    put(f, "sales/file_land_timestamp=120/a_120.csv", DAY_ONE);
    assert_left(f, "sales/file_land_timestamp=120/a_120.csv", "its bytes are those of");
    assert_left(f, "sales/file_land_timestamp=70/nothing_70.csv", "no longer");
    assert_string_equal(fixture_states(f, "a.csv"), "active");
}

static void test_links_are_not_followed(void **state) {
    fixture *f = *state;
    put(f, "sales/file_land_timestamp=70/a_70.csv", DAY_ONE);
    assert_int_equal(symlink("a_70.csv", fixture_path(f, "data/raw/sales/file_land_timestamp=70/"
                                                         "b_70.csv")),
                     0);
    assert_left(f, "sales/file_land_timestamp=70/b_70.csv", "regular file");
    assert_int_equal(
        symlink("file_land_timestamp=70", fixture_path(f, "data/raw/sales/file_land_timestamp=71")),
        0);
    assert_left(f, "sales/file_land_timestamp=71/a_71.csv", "symbolic link");
}

static void test_a_file_that_changes_while_it_is_checked_is_left(void **state) {
    fixture *f = *state;
    put(f, "sales/file_land_timestamp=70/growing_70.csv", DAY_ONE);
    assert_int_equal(
        chmod(fixture_path(f, "data/raw/sales/file_land_timestamp=70/growing_70.csv"), 0644), 0);
    assert_left(f, "sales/file_land_timestamp=70/growing_70.csv", "changed");
}

static land_adopted adopt_foreign(fixture *f, const char *object) {
    land_adopted told = {0};
    store_object found = {0};
    assert_int_equal(store_info(f->layers[0], object, f->a, &found, &f->err), OK);
    found.modified_us = INT64_C(50) * 1000000;
    status result =
        land_adopt_foreign(&f->context, f->lake->tables[RAW], &found, f->a, &told, &f->err);
    if (result != OK)
        fail_msg("%s", f->err.message);
    return told;
}

static void test_a_history_of_others_is_taken_under_any_name(void **state) {
    fixture *f = *state;
    put(f, "sales/a.csv", DAY_ONE);
    put(f, "sales/file_land_timestamp=70/a.csv", DAY_TWO);
    land_adopted first = adopt_foreign(f, "sales/a.csv");
    land_adopted second = adopt_foreign(f, "sales/file_land_timestamp=70/a.csv");
    assert_null(first.reason);
    assert_null(second.reason);
    assert_int_equal(first.land_time, 50);
    assert_int_equal(second.land_time, 70);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded active");
}

static void test_bytes_that_a_history_has_twice_are_a_duplicate_and_stay(void **state) {
    fixture *f = *state;
    put(f, "sales/file_land_timestamp=70/a.csv", DAY_ONE);
    put(f, "sales/file_land_timestamp=80/a.csv", DAY_ONE);
    assert_int_equal(adopt_foreign(f, "sales/file_land_timestamp=70/a.csv").state, DELIVERY_ACTIVE);
    assert_int_equal(adopt_foreign(f, "sales/file_land_timestamp=80/a.csv").state,
                     DELIVERY_DUPLICATE);
    delivery d = fixture_delivery(f, "a.csv", 1);
    assert_string_equal(d.object, "sales/file_land_timestamp=80/a.csv");
}

static void test_two_of_one_second_follow_each_other(void **state) {
    fixture *f = *state;
    put(f, "sales/file_land_timestamp=70/a.csv", DAY_ONE);
    put(f, "sales/file_land_timestamp=70/a_70.csv", DAY_TWO);
    assert_int_equal(adopt_foreign(f, "sales/file_land_timestamp=70/a.csv").land_time, 70);
    assert_int_equal(adopt_foreign(f, "sales/file_land_timestamp=70/a_70.csv").land_time, 71);
}

static void test_what_the_table_would_not_take_of_a_history_is_left(void **state) {
    fixture *f = *state;
    put(f, "sales/a.csv", "nothing,of,it\n");
    put(f, "sales/b.csv.tmp", DAY_ONE);
    assert_non_null(adopt_foreign(f, "sales/a.csv").reason);
    assert_string_equal(adopt_foreign(f, "sales/b.csv.tmp").reason,
                        "hidden, or still being written");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_adopted_file_is_a_delivery_of_the_time_in_its_name,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_its_place_among_the_others_is_that_of_its_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_raw_history_does_not_name_so_is_left, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_the_table_would_not_take_is_left_with_the_reason,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_changes_while_it_is_checked_is_left,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_history_of_others_is_taken_under_any_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_bytes_that_a_history_has_twice_are_a_duplicate_and_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_of_one_second_follow_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_the_table_would_not_take_of_a_history_is_left,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
