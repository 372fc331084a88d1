/* Which units a partition reads: recorded ones, and in their place those that this build staged. */
#include "world.h"

static void deliver_two_days(world *w) {
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n");
}

static void test_another_partitioning_is_never_read_beside_the_old_one(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    deliver_two_days(w);
    world_run(w);
    world_write(w, "tables/silver/sales.yaml", "partition_by: [shop]\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_partitions(w, "silver.sales"), "shop=A:2");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,3");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void test_a_table_that_is_no_longer_partitioned_is_read_once(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    deliver_two_days(w);
    world_run(w);
    world_write(w, "tables/silver/sales.yaml", "{}\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_partitions(w, "silver.sales"), "():2");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,3");
    world_define_shop(w);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,3");
}

/* Nothing is left that could mark a partition of the new generation. */
static void test_another_partitioning_of_nothing_leaves_nothing(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t id = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_run(w);
    world_set_state(w, id, DELIVERY_WITHDRAWN);
    world_write(w, "tables/silver/sales.yaml", "partition_by: [shop]\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    assert_string_equal(world_rows(w, "gold.month"), "");
    assert_string_equal(world_rows(w, "gold.total"), "NULL,0");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

/* One of the new partitions fails: half of the new beside all of the old would double rows. */
static void test_a_new_partitioning_is_swapped_in_whole_or_not_at_all(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/sales.yaml", "{}\n");
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, shop, try_cast(amount AS bigint) AS amount"
                " FROM raw.sales\n");
    world_define(w);
    deliver_two_days(w);
    int64_t bad = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-03,A,many\n");
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "3,3");
    world_define_shop(w);
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales event_date=2020-01-03");
    assert_string_equal(world_partitions(w, "silver.sales"), "():3");
    assert_string_equal(world_rows(w, "gold.total"), "3,3");
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(world_partitions(w, "silver.sales"),
                        "event_date=2020-01-01:1 event_date=2020-01-02:1 event_date=2020-01-03:0");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    world_run(w);
    assert_string_equal(world_counts(w), "");
    world_assert_no_garbage(w);
}

static void test_one_input_named_twice_is_read_as_one(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/gold/total.sql",
                "SELECT count(*) AS n FROM silver.sales AS a, silver.sales AS b\n");
    world_define(w);
    deliver_two_days(w);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "4");
}

static void test_a_partition_reads_each_of_its_inputs_under_its_own_map(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/raw/shops.yaml", "format: csv\ncolumns: {shop: string, city: string}\n");
    world_write(w, "tables/silver/city.sql",
                "SELECT s.event_date, c.city, sum(s.amount) AS total FROM silver.sales AS s"
                " JOIN raw.shops AS c ON c.shop = s.shop GROUP BY ALL\n");
    world_write(w, "tables/silver/city.yaml",
                "partition_by: [event_date]\nmap: {raw.shops: all}\n");
    world_define(w);
    deliver_two_days(w);
    int64_t shops = world_deliver(w, "raw.shops", "s.csv", "shop,city\nA,Rome\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.city"), "2020-01-01,Rome,1 2020-01-02,Rome,2");
    world_deliver(w, "raw.sales", "c.csv", "day,shop,amount\n2020-01-02,A,8\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.city"), "2020-01-01,Rome,1 2020-01-02,Rome,10");
    world_set_state(w, shops, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.shops", "s.csv", "shop,city\nA,Pisa\n");
    world_run(w);
    assert_string_equal(world_counts(w), "built 2");
    assert_string_equal(world_rows(w, "silver.city"), "2020-01-01,Pisa,1 2020-01-02,Pisa,10");
}

/* A month file feeds many days: a build of one day must not take the rows of the others. */
static void test_rows_of_other_partitions_stay_out(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    deliver_two_days(w);
    world_run(w);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-02,B,4\n");
    world_run(w);
    assert_string_equal(world_counts(w), "built 3");
    assert_string_equal(world_rows(w, "silver.sales"),
                        "2020-01-01,A,1 2020-01-02,A,2 2020-01-02,B,4");
}

/* silver.window sums the day and the day before; silver.named takes the newest city list. */
static void define_around(world *w) {
    world_define_shop(w);
    world_write(w, "tables/silver/window.sql",
                "SELECT event_date, sum(amount) OVER (ORDER BY event_date RANGE BETWEEN INTERVAL 1"
                " DAY PRECEDING AND CURRENT ROW) AS total FROM silver.sales\n");
    world_write(w, "tables/silver/window.yaml",
                "partition_by: [event_date]\nmap: {silver.sales: {event_date: [-1, 0]}}\n");
    world_write(w, "tables/raw/cities.yaml",
                "format: csv\ncolumns: {since: string, city: string}\n");
    world_write(w, "tables/silver/cities.sql",
                "SELECT cast(since AS date) AS since, city FROM raw.cities\n");
    world_write(w, "tables/silver/cities.yaml", "partition_by: [since]\n");
    world_write(w, "tables/silver/named.sql",
                "SELECT s.event_date, s.amount, c.city FROM silver.sales AS s"
                " LEFT JOIN silver.cities AS c ON true\n");
    world_write(w, "tables/silver/named.yaml",
                "partition_by: [event_date]\n"
                "map: {silver.cities: {as_of: event_date, by: since}}\n");
    world_define(w);
}

static void test_a_window_is_built_again_around_what_changes(void **state) {
    world *w = world_of(state);
    define_around(w);
    world_deliver(w, "raw.sales", "a.csv",
                  "day,shop,amount\n2020-01-01,A,1\n2020-01-03,A,4\n2020-01-04,A,8\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.window"), "2020-01-01,1 2020-01-03,4 2020-01-04,12");
    int64_t late = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-02,A,2\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.window"),
                        "2020-01-01,1 2020-01-02,3 2020-01-03,6 2020-01-04,12");
    /* silver.sales, silver.named and gold of the 2nd; the window of the 2nd and the 3rd */
    assert_string_equal(world_counts(w), "built 6");
    world_set_state(w, late, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(world_rows(w, "silver.window"), "2020-01-01,1 2020-01-03,4 2020-01-04,12");
    world_run(w);
    assert_string_equal(world_counts(w), "");
    world_assert_no_garbage(w);
}

static void test_a_list_counts_until_the_next_one_and_after_one_that_is_gone(void **state) {
    world *w = world_of(state);
    define_around(w);
    world_deliver(w, "raw.sales", "a.csv",
                  "day,shop,amount\n2020-01-01,A,1\n2020-01-03,A,4\n2020-01-05,A,8\n");
    world_deliver(w, "raw.cities", "2.csv", "since,city\n2020-01-02,Rome\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.named"),
                        "2020-01-01,1,NULL 2020-01-03,4,Rome 2020-01-05,8,Rome");
    int64_t newer = world_deliver(w, "raw.cities", "4.csv", "since,city\n2020-01-04,Pisa\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.named"),
                        "2020-01-01,1,NULL 2020-01-03,4,Rome 2020-01-05,8,Pisa");
    assert_string_equal(world_counts(w), "built 2");
    /* Its partition stays, without rows; a day and its list may also come together. */
    world_set_state(w, newer, DELIVERY_WITHDRAWN);
    world_deliver(w, "raw.cities", "0.csv", "since,city\n2019-12-31,Bari\n");
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-06,A,16\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.named"),
                        "2020-01-01,1,Bari 2020-01-03,4,Rome 2020-01-05,8,Rome 2020-01-06,16,Rome");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

/* Feeds of the input are not known under a map that is new. */
static void test_a_window_that_is_written_later_is_absorbed(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv",
                  "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n2020-01-03,A,4\n");
    world_run(w);
    define_around(w);
    world_write(
        w, "tables/silver/window.sql",
        "SELECT cast(day AS date) AS event_date, sum(cast(amount AS bigint)) OVER (ORDER BY"
        " cast(day AS date) RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW) AS total"
        " FROM raw.sales\n");
    world_write(w, "tables/silver/window.yaml",
                "partition_by: [event_date]\nmap: {raw.sales: {event_date: [-1, 0]}}\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_rows(w, "silver.window"), "2020-01-01,1 2020-01-02,3 2020-01-03,6");
    world_write(w, "tables/silver/window.yaml",
                "partition_by: [event_date]\nmap: {raw.sales: {event_date: [0, 0]}}\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_rows(w, "silver.window"), "2020-01-01,1 2020-01-02,2 2020-01-03,4");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_another_partitioning_is_never_read_beside_the_old_one),
        WORLD_TEST(test_a_table_that_is_no_longer_partitioned_is_read_once),
        WORLD_TEST(test_another_partitioning_of_nothing_leaves_nothing),
        WORLD_TEST(test_a_new_partitioning_is_swapped_in_whole_or_not_at_all),
        WORLD_TEST(test_one_input_named_twice_is_read_as_one),
        WORLD_TEST(test_a_partition_reads_each_of_its_inputs_under_its_own_map),
        WORLD_TEST(test_rows_of_other_partitions_stay_out),
        WORLD_TEST(test_a_window_is_built_again_around_what_changes),
        WORLD_TEST(test_a_list_counts_until_the_next_one_and_after_one_that_is_gone),
        WORLD_TEST(test_a_window_that_is_written_later_is_absorbed),
    };
    return WORLD_RUN(tests);
}
