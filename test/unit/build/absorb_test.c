/* Changes since the bookmarks become marks; feeds that nobody knew are found out. */
#include "world.h"

static const char TWO_DAYS[] = "day,shop,amount\n2020-01-01,A,1\n2020-02-02,A,2\n";

static void absorb(world *w) {
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
}

static size_t edges_behind(world *w) {
    ledger_edges edges = {0};
    assert_ok(ledger_edges_behind(w->ledger, w->a, &edges, &w->err));
    return edges.count;
}

static void test_a_delivery_marks_the_partitions_that_its_rows_belong_to(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    absorb(w);
    assert_string_equal(world_marks(w, "silver.sales"),
                        "event_date=2020-01-01 new a.csv; event_date=2020-02-02 new a.csv");
    assert_int_equal(edges_behind(w), 0);
}

static void test_absorbing_again_writes_nothing(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    absorb(w);
    int64_t seq = world_seq(w);
    absorb(w);
    assert_int_equal(world_seq(w), seq);
}

static bool is_absorbed(world *w) {
    bool absorbed = false;
    assert_ok(build_is_absorbed(&w->c, &absorbed, &w->err));
    return absorbed;
}

static void test_whether_there_is_something_to_absorb_is_known_without_writing(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_run(w);
    assert_true(is_absorbed(w));
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    int64_t seq = world_seq(w);
    assert_false(is_absorbed(w));
    assert_int_equal(world_seq(w), seq);
    absorb(w);
    assert_true(is_absorbed(w));
}

static void test_a_withdrawn_delivery_marks_what_it_fed(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t id = world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    world_run(w);
    world_set_state(w, id, DELIVERY_WITHDRAWN);
    absorb(w);
    assert_string_equal(world_marks(w, "silver.sales"), "event_date=2020-01-01 withdrawn a.csv; "
                                                        "event_date=2020-02-02 withdrawn a.csv");
}

static void test_a_superseded_delivery_marks_what_it_fed_and_the_new_one_feeds(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t id = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_run(w);
    world_set_state(w, id, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-05,A,1\n");
    absorb(w);
    assert_string_equal(world_marks(w, "silver.sales"), "event_date=2020-01-01 superseded a.csv; "
                                                        "event_date=2020-01-05 new a.csv");
    world_run(w);
    assert_string_equal(world_counts(w), "built 1, unchanged 2, emptied 1");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-05,A,1");
    assert_string_equal(world_partitions(w, "silver.sales"),
                        "event_date=2020-01-01:0 event_date=2020-01-05:1");
}

static void test_a_changed_map_finds_feeds_anew(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    world_run(w);
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) + 1 AS event_date, shop, cast(amount AS bigint) AS amount"
                " FROM raw.sales\n");
    world_define(w);
    absorb(w);
    assert_string_equal(world_marks(w, "silver.sales"),
                        "event_date=2020-01-01 code sql, map of raw.sales; "
                        "event_date=2020-01-02 code sql, map of raw.sales; "
                        "event_date=2020-02-02 code sql, map of raw.sales; "
                        "event_date=2020-02-03 code sql, map of raw.sales");
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_string_equal(world_partitions(w, "silver.sales"),
                        "event_date=2020-01-01:0 event_date=2020-01-02:1 "
                        "event_date=2020-02-02:0 event_date=2020-02-03:1");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

static void test_a_new_table_is_built_from_what_came_before_it(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    world_run(w);
    world_write(w, "tables/gold/daily.sql",
                "SELECT event_date, sum(amount) AS total FROM silver.sales GROUP BY 1\n");
    world_write(w, "tables/gold/daily.yaml", "partition_by: [event_date]\n");
    world_define(w);
    absorb(w);
    assert_string_equal(world_marks(w, "gold.daily"),
                        "event_date=2020-01-01 upstream silver.sales event_date=2020-01-01; "
                        "event_date=2020-02-02 upstream silver.sales event_date=2020-02-02");
    world_run(w);
    assert_string_equal(world_counts(w), "built 2");
}

static void test_a_map_may_speak_of_the_land_time(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/landed.sql",
                "SELECT file_land_timestamp AS landed, weir_file AS file, count(*) AS n"
                " FROM raw.sales GROUP BY ALL\n");
    world_write(w, "tables/silver/landed.yaml", "partition_by: [landed, file]\n");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    absorb(w);
    assert_non_null(strstr(world_marks(w, "silver.landed"), "/file=a.csv new a.csv"));
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_non_null(strstr(world_rows(w, "silver.landed"), ",a.csv,2"));
}

/* Withdrawing a delivery that no map can read must heal the lake, not need the map. */
static void test_what_no_longer_counts_is_not_asked_what_it_feeds(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t bad = world_deliver(w, "raw.sales", "bad.csv", "day,shop,amount\nsomeday,A,1\n");
    world_deliver(w, "raw.sales", "good.csv", TWO_DAYS);
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales *");
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_int_equal(edges_behind(w), 0);
}

static void test_a_table_with_a_map_that_cannot_be_computed_lets_the_others_go_on(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/text.sql", "SELECT day, count(*) AS n FROM raw.sales GROUP BY 1");
    world_write(w, "tables/silver/text.yaml", "partition_by: [day]\n");
    world_define(w);
    world_deliver(w, "raw.sales", "good.csv", TWO_DAYS);
    world_run(w);
    int64_t bad = world_deliver(w, "raw.sales", "bad.csv", "day,shop,amount\nsomeday,A,1\n");
    world_deliver(w, "raw.sales", "more.csv", "day,shop,amount\n2020-01-01,A,4\n");
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales *");
    const error *why = &w->result.failed.items[0].error;
    assert_int_equal(why->kind, E_DATA);
    assert_non_null(strstr(why->message, "bad.csv"));
    assert_non_null(strstr(why->message, "silver.sales"));
    assert_string_equal(world_rows(w, "silver.text"), "2020-01-01,2 2020-02-02,1 someday,1");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_int_equal(build_absorb(&w->c, &w->err), E_DATA);
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_string_equal(world_rows(w, "gold.total"), "7,3");
    assert_string_equal(world_rows(w, "silver.text"), "2020-01-01,2 2020-02-02,1");
}

/* A partition that reads an input whole reads every active delivery, known feeds or not. */
static void test_a_delivery_read_whole_and_withdrawn_at_once_leaves_its_mark(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/silver/count.sql", "SELECT count(*) AS n FROM raw.sales\n");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    int64_t late = world_deliver(w, "raw.sales", "b.csv", TWO_DAYS);
    assert_ok(build_stale(&w->c, NULL, w->a, &w->result, &w->err));
    assert_string_equal(world_rows(w, "silver.count"), "4");
    world_set_state(w, late, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(world_rows(w, "silver.count"), "2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_delivery_marks_the_partitions_that_its_rows_belong_to),
        WORLD_TEST(test_absorbing_again_writes_nothing),
        WORLD_TEST(test_whether_there_is_something_to_absorb_is_known_without_writing),
        WORLD_TEST(test_a_withdrawn_delivery_marks_what_it_fed),
        WORLD_TEST(test_a_superseded_delivery_marks_what_it_fed_and_the_new_one_feeds),
        WORLD_TEST(test_a_changed_map_finds_feeds_anew),
        WORLD_TEST(test_a_new_table_is_built_from_what_came_before_it),
        WORLD_TEST(test_a_map_may_speak_of_the_land_time),
        WORLD_TEST(test_what_no_longer_counts_is_not_asked_what_it_feeds),
        WORLD_TEST(test_a_table_with_a_map_that_cannot_be_computed_lets_the_others_go_on),
        WORLD_TEST(test_a_delivery_read_whole_and_withdrawn_at_once_leaves_its_mark),
    };
    return WORLD_RUN(tests);
}
