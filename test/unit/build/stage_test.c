/* Jobs, their failures, and what waits for them. */
#include "world.h"

/* Ten days; the fourth holds an amount that is no number. */
static const char TEN_DAYS[] = "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n2020-01-03,A,3\n"
                               "2020-01-04,A,many\n2020-01-05,A,5\n2020-01-06,A,6\n2020-01-07,A,7\n"
                               "2020-01-08,A,8\n2020-01-09,A,9\n2020-01-10,A,10\n";

static void test_one_bad_partition_of_ten_fails_alone(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t bad = world_deliver(w, "raw.sales", "a.csv", TEN_DAYS);
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales event_date=2020-01-04");
    assert_int_equal(w->result.failed.items[0].error.kind, E_DATA);
    assert_non_null(strstr(w->result.failed.items[0].error.message, "many"));
    assert_string_equal(world_blocked(w), "gold.total ()");
    assert_string_equal(world_query(w, "silver.sales", "SELECT count(*) FROM silver.sales"), "9");
    assert_non_null(strstr(world_marks(w, "silver.sales"), "event_date=2020-01-04 new a.csv"));
    world_assert_no_garbage(w);
    world_set_state(w, bad, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-04,A,4\n");
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_string_equal(world_rows(w, "gold.total"), "4,1");
    assert_string_equal(world_marks(w, "silver.sales"), "");
}

static void test_what_reads_a_failed_partition_waits_and_heals(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-02-01,A,2\n");
    world_run(w);
    int64_t bad = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-01,A,many\n");
    world_deliver(w, "raw.sales", "c.csv", "day,shop,amount\n2020-02-01,A,8\n");
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales event_date=2020-01-01");
    assert_string_equal(world_blocked(w), "gold.month month=2020-01-01; gold.total ()");
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,1 2020-02-01,A,10");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    world_run(w);
    assert_string_equal(world_blocked(w), "gold.month month=2020-01-01; gold.total ()");
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(world_blocked(w), "");
    assert_string_equal(world_rows(w, "gold.total"), "11,3");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

/* It is new, so nobody recorded that it reads the failed one. */
static void test_a_new_partition_that_reads_a_failed_input_whole_waits(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/limits.sql",
                "SELECT shop, cast(amount AS bigint) AS most FROM raw.limits\n");
    world_write(w, "tables/raw/limits.yaml",
                "format: csv\ncolumns: {shop: string, amount: string}\n");
    world_write(w, "tables/gold/over.sql",
                "SELECT s.event_date, s.amount FROM silver.sales AS s JOIN silver.limits AS l"
                " ON l.shop = s.shop WHERE s.amount > l.most\n");
    world_write(w, "tables/gold/over.yaml",
                "partition_by: [event_date]\nmap: {silver.limits: all}\n");
    world_define(w);
    world_deliver(w, "raw.limits", "l.csv", "shop,amount\nA,3\n");
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,5\n");
    world_run(w);
    assert_string_equal(world_rows(w, "gold.over"), "2020-01-01,5");
    int64_t bad = world_deliver(w, "raw.limits", "m.csv", "shop,amount\nA,none\n");
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-02,A,9\n");
    world_run(w);
    assert_string_equal(world_failed(w), "silver.limits ()");
    assert_string_equal(world_blocked(w),
                        "gold.over event_date=2020-01-02; gold.over event_date=2020-01-01");
    assert_string_equal(world_rows(w, "gold.over"), "2020-01-01,5");
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.over"), "2020-01-01,5 2020-01-02,9");
}

static void test_a_fixed_file_name_serves_many_partitions(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/sales.yaml",
                "partition_by: [event_date]\nfiles: {count: 1, name: sales.parquet}\n");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,5\n2020-01-02,A,5\n");
    world_run(w);
    assert_string_equal(world_failed(w), "");
    strings objects = world_objects(w, "silver");
    assert_int_equal(objects.count, 2);
    assert_true(str_ends(objects.items[0], "/sales.parquet"));
    assert_true(str_ends(objects.items[1], "/sales.parquet"));
}

static const char FOUR_DAYS[] = "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,1\n"
                                "2020-01-03,A,1\n2020-01-04,A,1\n";

static void define_silver_alone(world *w) {
    world_define_shop(w);
    world_remove(w, "tables/gold/month.sql");
    world_remove(w, "tables/gold/month.yaml");
    world_remove(w, "tables/gold/total.sql");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", FOUR_DAYS);
}

static void test_a_failed_job_is_halved(void **state) {
    world *w = world_of(state);
    define_silver_alone(w);
    world_script(w, "{\"fail\": {\"2020-01-02\": {\"kind\": \"data\", \"message\": \"bad\"}}}");
    world_run(w);
    assert_string_equal(world_jobs(w), "2020-01-01 2020-01-02 2020-01-03 2020-01-04; "
                                       "2020-01-01 2020-01-02; 2020-01-03 2020-01-04; "
                                       "2020-01-01; 2020-01-02");
    assert_string_equal(world_counts(w), "built 3, failed 1");
    world_assert_no_garbage(w);
}

static void test_a_crash_fails_its_partition_and_is_not_remembered(void **state) {
    world *w = world_of(state);
    define_silver_alone(w);
    world_script(w, "{\"fail\": {\"2020-01-02\": {\"kind\": \"crash\"}}}");
    world_run(w);
    assert_string_equal(world_counts(w), "built 3, failed 1");
    assert_int_equal(w->result.failed.items[0].error.kind, E_ENGINE);
    assert_int_equal(world_failures(w, "silver.sales"), 0);
    world_script(w, "{}");
    world_run(w);
    assert_string_equal(world_counts(w), "built 1");
}

static void test_a_full_disk_is_not_tried_again_in_halves(void **state) {
    world *w = world_of(state);
    define_silver_alone(w);
    world_script(w, "{\"fail\": {\"2020-01-02\": {\"kind\": \"full\", \"message\": \"full\"}}}");
    world_run(w);
    assert_string_equal(world_jobs(w), "2020-01-01 2020-01-02 2020-01-03 2020-01-04");
    assert_string_equal(world_counts(w), "failed 4");
    assert_int_equal(world_failures(w, "silver.sales"), 0);
    world_script(w, "{}");
    world_run(w);
    assert_string_equal(world_counts(w), "built 4");
}

static void test_a_missing_input_file_concerns_only_those_that_read_it(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-02,A,2\n");
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    store_objects objects = {0};
    assert_ok(store_list(w->layers[0], "sales/", w->a, &objects, &w->err));
    assert_int_equal(objects.count, 2);
    assert_ok(store_remove(w->layers[0], objects.items[1].key, &w->err));
    assert_ok(build_stale(&w->c, NULL, w->a, &w->result, &w->err));
    assert_string_equal(world_failed(w), "silver.sales event_date=2020-01-02");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1");
    assert_int_equal(world_failures(w, "silver.sales"), 0);
}

typedef struct shown {
    size_t done, planned;
} shown;

static void show(void *state, const char *table, size_t done, size_t planned) {
    shown *s = state;
    (void)table;
    *s = (shown){done, planned};
}

static void test_progress_ends_when_all_is_done(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TEN_DAYS);
    shown last = {0};
    world_begin_run(w);
    w->c.progress = show;
    w->c.progress_state = &last;
    assert_ok(build_absorb(&w->c, &w->err));
    assert_ok(build_stale(&w->c, NULL, w->a, &w->result, &w->err));
    assert_int_equal(last.planned, 11);
    assert_int_equal(last.done, last.planned);
}

static void test_an_interrupted_run_changes_nothing_and_leaves_no_garbage_behind(void **state) {
    world *w = world_of(state);
    define_silver_alone(w);
    world_script(w, "{}");
    w->interrupted = 1;
    int64_t seq = world_seq(w);
    assert_int_equal(world_try_run(w, NULL), E_INTERRUPTED);
    assert_int_equal(world_seq(w), seq);
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    assert_int_equal(world_pending(w), 1);
    w->interrupted = 0;
    world_run(w);
    assert_string_equal(world_counts(w), "built 4");
    world_assert_no_garbage(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_one_bad_partition_of_ten_fails_alone),
        WORLD_TEST(test_what_reads_a_failed_partition_waits_and_heals),
        WORLD_TEST(test_a_new_partition_that_reads_a_failed_input_whole_waits),
        WORLD_TEST(test_a_fixed_file_name_serves_many_partitions),
        WORLD_TEST(test_a_failed_job_is_halved),
        WORLD_TEST(test_a_crash_fails_its_partition_and_is_not_remembered),
        WORLD_TEST(test_a_full_disk_is_not_tried_again_in_halves),
        WORLD_TEST(test_a_missing_input_file_concerns_only_those_that_read_it),
        WORLD_TEST(test_progress_ends_when_all_is_done),
        WORLD_TEST(test_an_interrupted_run_changes_nothing_and_leaves_no_garbage_behind),
    };
    return WORLD_RUN(tests);
}
