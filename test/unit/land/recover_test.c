/* What a killed, stopped or failed landing leaves, and how the next one goes on. */
#include "fixture.h"

#include "base/path.h"
#include "store/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DAY_ONE "day,n\n2020-01-01,1\n"
#define DAY_TWO "day,n\n2020-01-02,2\n2020-01-03,3\n"

static void test_a_claim_of_a_killed_run_is_taken_up_with_its_upload_time(void **state) {
    fixture *f = *state;
    fixture_put(f, ".weir-claim/01x/5000000/sales/a.csv", DAY_ONE);
    fixture_put(f, "sales/a.csv", DAY_TWO);
    fixture_land(f, 0);
    fixture_assert_counts(f, 2, 0, 1, 0);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded active");
    delivery first = fixture_delivery(f, "a.csv", 0);
    assert_int_equal(first.land_time, 5);
    assert_int_equal(first.rows, 1);
    fixture_assert_nothing_pending(f);
}

static void add_pending(fixture *f, const char *in, const char *object) {
    pending_object p = {in, object, "dead-run"};
    assert_int_equal(ledger_pending_add(f->ledger, &p, 1, &f->err), OK);
}

static void put_object(fixture *f, store *in, const char *key) {
    assert_int_equal(store_put(in, key, "x", 1, (store_put_options){0}, &f->err), OK);
}

static void test_what_a_killed_run_copied_and_did_not_record_goes(void **state) {
    fixture *f = *state;
    put_object(f, f->layers[0], "sales/file_land_timestamp=5/a_5.csv");
    put_object(f, f->layers[0], ".weir/landing/01x-1/0");
    put_object(f, f->layers[0], ".weir/objects/raw.x/b/1.parquet");
    put_object(f, f->quarantine, "raw.sales/file_land_timestamp=5/a_5.csv");
    put_object(f, f->quarantine, "raw.sales/file_land_timestamp=5/a_5.csv.report.json");
    assert_int_equal(ledger_begin(f->ledger, LEDGER_WRITE, &f->err), OK);
    add_pending(f, "raw", "sales/file_land_timestamp=5/a_5.csv");
    add_pending(f, "raw", ".weir/landing/01x-1/");
    add_pending(f, "raw", ".weir/objects/raw.x/b/");
    add_pending(f, "quarantine", "raw.sales/file_land_timestamp=5/a_5.csv");
    assert_int_equal(ledger_commit(f->ledger, &f->err), OK);
    fixture_land(f, 100);
    assert_string_equal(fixture_files(f, "data"), "raw/.weir/objects/raw.x/b/1.parquet");
    pending_objects left = {0};
    assert_int_equal(ledger_pending_list(f->ledger, f->a, &left, &f->err), OK);
    assert_int_equal(left.count, 1);
    assert_string_equal(left.items[0].object, ".weir/objects/raw.x/b/");
}

static void test_a_recorded_claim_is_removed_and_never_landed_again(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_put(f, fixture_delivery(f, "a.csv", 0).claim, DAY_ONE);
    fixture_land(f, 200);
    fixture_assert_counts(f, 0, 0, 0, 0);
    assert_string_equal(fixture_states(f, "a.csv"), "active");
    assert_string_equal(fixture_files(f, "land"), "");
}

static status full_put_file(void *state, const char *key, int fd, store_put_options options,
                            char ret_sha256[65], int64_t *ret_size, error *err) {
    (void)fd, (void)options, (void)ret_sha256, (void)ret_size, (void)state;
    return error_set(err, E_FULL, "cannot write \"%s\": no space left on device", key);
}

static store *full_store(const char *root) {
    static store_driver driver;
    void *state = NULL;
    driver = STORE_LOCAL;
    driver.put_file = full_put_file;
    assert_int_equal(driver.open(root, &state, NULL), OK);
    return store_over(&driver, state, root);
}

static void test_a_full_disk_stops_landing_and_loses_nothing(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_put(f, "sales/b.csv", DAY_TWO);
    store_close(f->layers[0]);
    f->layers[0] = full_store(f->lake->layers[0].store);
    assert_int_equal(fixture_try_land(f, 100), E_FULL);
    assert_string_equal(fixture_files(f, "land"), "sales/a.csv sales/b.csv");
    assert_string_equal(fixture_states(f, "a.csv"), "");
    fixture_assert_nothing_pending(f);
    store_close(f->layers[0]);
    assert_int_equal(store_open(f->lake->layers[0].store, &f->layers[0], &f->err), OK);
    fixture_land(f, 200);
    fixture_assert_counts(f, 2, 0, 0, 0);
}

static void test_an_interrupted_landing_puts_everything_back(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    f->interrupted = 1;
    assert_int_equal(fixture_try_land(f, 100), E_INTERRUPTED);
    assert_string_equal(fixture_files(f, "land"), "sales/a.csv");
    f->interrupted = 0;
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 0);
}

#define LAND_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        LAND_TEST(test_a_claim_of_a_killed_run_is_taken_up_with_its_upload_time),
        LAND_TEST(test_what_a_killed_run_copied_and_did_not_record_goes),
        LAND_TEST(test_a_recorded_claim_is_removed_and_never_landed_again),
        LAND_TEST(test_a_full_disk_stops_landing_and_loses_nothing),
        LAND_TEST(test_an_interrupted_landing_puts_everything_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
