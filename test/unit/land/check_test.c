/* Landing with the real worker: what its verdicts become. */
#include "fixture.h"

#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *reason_of(const fixture *f, size_t i) {
    assert_true(i < f->result.rejected.count);
    return f->result.rejected.items[i].reason;
}

static void test_a_good_file_brings_contract_rows_and_feeds(void **state) {
    fixture *f = fixture_need_worker(state);
    fixture_put(f, "sales/a.csv",
                "\xef\xbb\xbf"
                "day,n\n2020-01-02,2\n2020-01-03,\n");
    fixture_land(f, 100);
    assert_int_equal(f->result.accepted, 1);
    delivery d = fixture_delivery(f, "a.csv", 0);
    assert_int_equal(d.rows, 2);
    JSON_AUTO contract = json_loads(d.contract, 0, NULL);
    assert_string_equal(json_get_string(contract, "format", ""), "csv");
    assert_int_equal(json_array_size(json_object_get(contract, "columns")), 2);
    assert_string_equal(fixture_marks(f, SILVER), "new sales/a.csv event_date=2020-01-02; "
                                                  "new sales/a.csv event_date=2020-01-03");
}

static void test_wrong_files_are_refused_by_rule(void **state) {
    fixture *f = fixture_need_worker(state);
    fixture_put(f, "sales/1-header.csv", "day;n\n2020-01-02;2\n");
    fixture_put(f, "sales/2-type.csv", "day,n\n2020-01-02,many\n");
    fixture_put(f, "sales/3-null.csv", "day,n\n,1\n");
    fixture_put(f, "sales/4-ragged.csv", "day,n\n2020-01-02,1\n2020-01-02,1,1\n");
    fixture_put(f, "sales/5-empty.csv", "");
    fixture_put(f, "sales/6-encoding.csv", "day,n\n2020-01-02,\xff\n");
    fixture_put(f, "sales/7-gzip.csv.gz", "day,n\n2020-01-02,1\n");
    fixture_put(f, "sales/8-good.csv", "day,n\n2020-01-02,1\n");
    fixture_land(f, 100);
    assert_int_equal(f->result.failed.count, 0);
    assert_int_equal(f->result.accepted, 1);
    assert_int_equal(f->result.rejected.count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_true(strlen(reason_of(f, i)) > 10);
    assert_string_equal(fixture_files(f, "data/raw"),
                        "sales/file_land_timestamp=100/8-good_100.csv");
}

static void test_a_name_that_is_a_pattern_is_read_alone(void **state) {
    fixture *f = fixture_need_worker(state);
    fixture_put(f, "sales/a*b.csv", "day,n\n2020-01-02,1\n");
    fixture_put(f, "sales/aXb.csv", "day,n\n2020-01-03,1\n2020-01-04,1\n");
    fixture_put(f, "sales/a[X]b.csv", "day,n\n2020-01-05,1\n");
    fixture_put(f, "sales/it's \"q\"\nnew.csv", "day,n\n2020-01-06,1\n");
    fixture_land(f, 100);
    assert_int_equal(f->result.accepted, 4);
    assert_int_equal(fixture_delivery(f, "a*b.csv", 0).rows, 1);
    assert_int_equal(fixture_delivery(f, "aXb.csv", 0).rows, 2);
    assert_int_equal(fixture_delivery(f, "a[X]b.csv", 0).rows, 1);
}

static void test_json_lines_land(void **state) {
    fixture *f = fixture_need_worker(state);
    fixture_put(f, "sales/a.jsonl",
                "{\"day\":\"2020-01-02\",\"n\":1}\n{\"day\":\"2020-01-03\",\"n\":2}\n");
    fixture_land(f, 100);
    if (f->result.rejected.count > 0)
        fail_msg("%s", reason_of(f, 0));
    assert_int_equal(fixture_delivery(f, "a.jsonl", 0).rows, 2);
}

/* How many of the lands' deliveries have rows kept. */
static size_t kept_after(fixture *f, bool read_together) {
    f->lake->tables[SILVER]->aligned = read_together;
    f->context.parsed = parsed_new(f->a);
    fixture_put(f, "sales/bad.csv", "day,n\nnever,2\n");
    fixture_put(f, "sales/good.csv", "day,n\n2020-01-02,2\n");
    fixture_land(f, 100);
    return strmap_count(f->context.parsed->tokens);
}

static void test_rows_are_kept_of_accepted_files_for_who_reads_them_together(void **state) {
    fixture *f = fixture_need_worker(state);
    assert_int_equal(kept_after(f, true), 1);
    const char *object = fixture_delivery(f, "good.csv", 0).object;
    assert_non_null(parsed_find(f->context.parsed, "raw", object));
    assert_null(parsed_find(f->context.parsed, "silver", object));
}

static void test_no_rows_are_kept_for_who_reads_partition_by_partition(void **state) {
    assert_int_equal(kept_after(fixture_need_worker(state), false), 0);
}

static void test_trying_a_file_tells_the_verdict(void **state) {
    fixture *f = fixture_need_worker(state);
    json_t *report = NULL;
    fixture_put(f, "x.csv", "day,n\nnever,1\n");
    if (land_try(&f->context, f->lake->tables[RAW], fixture_path(f, "land/x.csv"), &report, &f->err)
        != OK)
        fail_msg("%s", f->err.message);
    assert_string_equal(json_get_string(report, "verdict", ""), "rejected");
    json_decref(report);
}

#define LAND_TEST(test) \
    cmocka_unit_test_setup_teardown(test, fixture_set_up_worker, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        LAND_TEST(test_a_good_file_brings_contract_rows_and_feeds),
        LAND_TEST(test_wrong_files_are_refused_by_rule),
        LAND_TEST(test_a_name_that_is_a_pattern_is_read_alone),
        LAND_TEST(test_json_lines_land),
        LAND_TEST(test_rows_are_kept_of_accepted_files_for_who_reads_them_together),
        LAND_TEST(test_no_rows_are_kept_for_who_reads_partition_by_partition),
        LAND_TEST(test_trying_a_file_tells_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
