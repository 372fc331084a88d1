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

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_another_partitioning_is_never_read_beside_the_old_one),
        WORLD_TEST(test_a_table_that_is_no_longer_partitioned_is_read_once),
        WORLD_TEST(test_another_partitioning_of_nothing_leaves_nothing),
        WORLD_TEST(test_a_new_partitioning_is_swapped_in_whole_or_not_at_all),
        WORLD_TEST(test_one_input_named_twice_is_read_as_one),
        WORLD_TEST(test_a_partition_reads_each_of_its_inputs_under_its_own_map),
        WORLD_TEST(test_rows_of_other_partitions_stay_out),
    };
    return WORLD_RUN(tests);
}
