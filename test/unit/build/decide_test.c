/* What is built, reused, left as it is, remembered as failed. */
#include "world.h"

static const char DAY_ONE[] = "day,shop,amount\n2020-01-01,A,1\n";
static const char DAY_ONE_CORRECTED[] = "day,shop,amount\n2020-01-01,A,5\n";

static void test_going_back_to_earlier_bytes_reuses_the_earlier_version(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t first = world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    world_set_state(w, first, DELIVERY_SUPERSEDED);
    int64_t second = world_deliver(w, "raw.sales", "a.csv", DAY_ONE_CORRECTED);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "5,1");
    world_set_state(w, second, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    size_t objects = world_objects(w, "silver").count;
    world_run(w);
    assert_string_equal(world_counts(w), "reused 3");
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
    assert_int_equal(world_objects(w, "silver").count, objects);
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void test_other_bytes_with_equal_rows_stop_at_the_first_table(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t first = world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    world_set_state(w, first, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,\"A\",01\n");
    world_run(w);
    assert_string_equal(world_counts(w), "unchanged 1");
    assert_string_equal(world_marks(w, "gold.total"), "");
    world_assert_no_garbage(w);
}

/* The reused version was retired when the reader got its map: what it feeds under that map must be
 * found out before anything reads it. */
static void test_a_reused_version_reaches_readers_that_came_after_it(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t first = world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    world_set_state(w, first, DELIVERY_SUPERSEDED);
    int64_t second = world_deliver(w, "raw.sales", "a.csv", DAY_ONE_CORRECTED);
    world_run(w);
    world_write(w, "tables/gold/yearly.sql",
                "SELECT year(event_date) AS y, sum(amount) AS total FROM silver.sales GROUP BY 1");
    world_write(w, "tables/gold/yearly.yaml", "partition_by: [y]\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.yearly"), "2020,5");
    world_set_state(w, second, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
    assert_string_equal(world_rows(w, "gold.yearly"), "2020,1");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void test_a_definition_that_came_back_before_it_was_built_changes_nothing(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    world_write(w, "tables/gold/total.sql",
                "SELECT sum(amount) AS total, count(*) AS n, 1 AS more FROM silver.sales\n");
    world_define(w);
    world_define_shop(w);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
    assert_string_equal(world_counts(w), "unchanged 1");
}

static void test_a_definition_that_came_back_after_it_was_built_is_reused(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    world_write(w, "tables/gold/total.sql",
                "SELECT sum(amount) AS total, count(*) AS n, 1 AS more FROM silver.sales\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "1,1,1");
    world_define_shop(w);
    world_run(w);
    assert_string_equal(world_counts(w), "reused 1");
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
}

static void test_a_table_that_was_away_catches_up_on_what_it_missed(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    int64_t second = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,A,2\n");
    world_run(w);
    world_remove(w, "tables/gold/month.sql");
    world_remove(w, "tables/gold/month.yaml");
    world_define(w);
    world_set_state(w, second, DELIVERY_WITHDRAWN);
    world_run(w);
    world_define_shop(w);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,1");
}

/* The view of a delivery has the types that are declared now, whatever it was taken in with. */
static void test_another_type_of_a_source_column_rebuilds_its_readers(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, cast(amount AS varchar) AS amount"
                " FROM raw.sales\n");
    world_write(w, "tables/gold/month.sql",
                "SELECT cast(date_trunc('month', event_date) AS date) AS month, count(*) AS n"
                " FROM silver.sales GROUP BY ALL\n");
    world_write(w, "tables/gold/total.sql", "SELECT count(*) AS n FROM silver.sales\n");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,007\n");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,007");
    world_write(w, "tables/raw/sales.yaml",
                "format: csv\ncolumns: {day: string, shop: string, amount: int64}\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,7");
}

/* The day that a row belongs to depends on the type as well. */
static void test_another_type_of_a_mapped_column_finds_partitions_anew(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, shop, cast(amount AS bigint) AS amount"
                " FROM raw.sales\n");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01 23:30:00-02,A,7\n");
    world_run(w);
    assert_string_equal(world_partitions(w, "silver.sales"), "event_date=2020-01-01:1");
    world_write(w, "tables/raw/sales.yaml",
                "format: csv\ncolumns: {day: timestamptz, shop: string, amount: string}\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-02,A,7");
}

static void test_a_failure_is_not_tried_again_until_its_cause_changes(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t bad = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,many\n");
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales event_date=2020-01-01");
    assert_int_equal(world_failures(w, "silver.sales"), 1);
    const char *message = arena_strdup(w->a, w->result.failed.items[0].error.message);
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales event_date=2020-01-01");
    assert_string_equal(w->result.failed.items[0].error.message, message);
    assert_int_equal(w->result.failed.items[0].error.kind, E_DATA);
    assert_int_equal(world_objects(w, "silver").count, 0);
    world_set_state(w, bad, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_int_equal(world_failures(w, "silver.sales"), 0);
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
}

static void test_a_failure_is_forgotten_when_the_old_version_is_right_again(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t good = world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    world_set_state(w, good, DELIVERY_SUPERSEDED);
    int64_t bad = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,many\n");
    world_run(w);
    assert_int_equal(world_failures(w, "silver.sales"), 1);
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_set_state(w, good, DELIVERY_ACTIVE);
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_int_equal(world_failures(w, "silver.sales"), 0);
    assert_string_equal(world_marks(w, "silver.sales"), "");
}

static void test_a_forced_partition_is_built_although_its_key_is_the_same(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_run(w);
    mark forced = {.partition = "event_date=2020-01-01", .cause = CAUSE_FORCED, .ref = "tester"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_mark_add(w->ledger, world_id(w, "silver.sales"), &forced, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
    world_run(w);
    assert_string_equal(world_counts(w), "unchanged 1");
    assert_int_equal(w->result.seq, world_seq(w));
    assert_string_equal(world_marks(w, "silver.sales"), "");
    world_assert_no_garbage(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_going_back_to_earlier_bytes_reuses_the_earlier_version),
        WORLD_TEST(test_other_bytes_with_equal_rows_stop_at_the_first_table),
        WORLD_TEST(test_a_reused_version_reaches_readers_that_came_after_it),
        WORLD_TEST(test_a_definition_that_came_back_before_it_was_built_changes_nothing),
        WORLD_TEST(test_a_definition_that_came_back_after_it_was_built_is_reused),
        WORLD_TEST(test_a_table_that_was_away_catches_up_on_what_it_missed),
        WORLD_TEST(test_another_type_of_a_source_column_rebuilds_its_readers),
        WORLD_TEST(test_another_type_of_a_mapped_column_finds_partitions_anew),
        WORLD_TEST(test_a_failure_is_not_tried_again_until_its_cause_changes),
        WORLD_TEST(test_a_failure_is_forgotten_when_the_old_version_is_right_again),
        WORLD_TEST(test_a_forced_partition_is_built_although_its_key_is_the_same),
    };
    return WORLD_RUN(tests);
}
