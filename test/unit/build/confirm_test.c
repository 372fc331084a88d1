/* Work that follows from a change of code waits above the limits, and nothing else does. */
#include "world.h"

static const char TWO_MONTHS[] = "day,shop,amount\n2020-01-01,A,1\n2020-01-02,B,2\n"
                                 "2020-02-01,A,4\n";

static void begin(world *w) {
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_MONTHS);
    world_run(w);
}

static void define_silver(world *w, const char *amount, const char *yaml) {
    world_write(w, "tables/silver/sales.sql",
                arena_printf(w->a,
                             "SELECT cast(day AS date) AS event_date, shop, %s AS amount"
                             " FROM raw.sales\n",
                             amount));
    world_write(w, "tables/silver/sales.yaml", yaml);
    world_define(w);
}

static const char DOUBLED[] = "2 * cast(amount AS bigint)";
static const char BY_DAY[] = "partition_by: [event_date]\n";

/* "silver.sales 3, gold.total 1": what waits. */
static const char *run_within(world *w, int64_t partitions) {
    const build_limits limits = {.partitions = partitions, .bytes = INT64_MAX};
    strings texts = {0};
    world_begin_run(w);
    w->c.limits = &limits;
    w->result = (build_result){0};
    assert_ok(build_stale(&w->c, NULL, w->a, &w->result, &w->err));
    for (size_t i = 0; i < w->result.unconfirmed.count; i++) {
        const build_unconfirmed *u = &w->result.unconfirmed.items[i];
        assert_true(u->bytes > 0);
        vec_push(w->a, &texts, arena_printf(w->a, "%s %d", u->table, (int)u->partitions));
    }
    return str_join(w->a, &texts, ", ");
}

static void test_a_change_of_code_within_the_limits_is_built(void **state) {
    world *w = world_of(state);
    begin(w);
    define_silver(w, DOUBLED, BY_DAY);
    assert_string_equal(run_within(w, 6), "");
    assert_string_equal(world_rows(w, "gold.total"), "14,3");
}

static void test_above_them_it_waits_with_all_that_would_follow(void **state) {
    world *w = world_of(state);
    begin(w);
    define_silver(w, DOUBLED, BY_DAY);
    assert_string_equal(run_within(w, 5), "silver.sales 3, gold.month 2, gold.total 1");
    assert_string_equal(world_counts(w), "");
    assert_string_equal(world_rows(w, "gold.total"), "7,3");
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "14,3");
}

static void test_bytes_are_a_limit_of_their_own(void **state) {
    world *w = world_of(state);
    begin(w);
    define_silver(w, DOUBLED, BY_DAY);
    const build_limits limits = {.partitions = 100, .bytes = 1};
    plan p = {0};
    world_begin_run(w);
    w->c.limits = &limits;
    assert_ok(build_absorb(&w->c, &w->err));
    assert_ok(build_plan(&w->c, NULL, w->a, &p, &w->err));
    assert_int_equal(build_plan_unconfirmed(&p, w->a).count, 3);
}

/* The day that gets a file is built with the code that there is now, and what reads it, too. */
static void test_what_a_delivery_reaches_goes_on(void **state) {
    world *w = world_of(state);
    begin(w);
    define_silver(w, DOUBLED, BY_DAY);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,B,8\n");
    assert_string_equal(run_within(w, 2), "silver.sales 2, gold.month 1");
    assert_string_equal(world_rows(w, "silver.sales"),
                        "2020-01-01,A,1 2020-01-02,B,2 2020-02-01,A,8 2020-02-01,B,16");
    assert_string_equal(world_rows(w, "gold.total"), "27,4");
    assert_string_equal(run_within(w, 2), "silver.sales 2, gold.month 1, gold.total 1");
    assert_string_equal(world_counts(w), "");
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "30,4");
}

static void test_a_new_table_is_no_surprise(void **state) {
    world *w = world_of(state);
    begin(w);
    world_write(w, "tables/gold/shops.sql",
                "SELECT shop, sum(amount) AS total FROM silver.sales GROUP BY shop\n");
    world_write(w, "tables/gold/nothing.sql", "SELECT 1 AS one\n");
    world_define(w);
    assert_string_equal(run_within(w, 0), "");
    assert_string_equal(world_counts(w), "built 2");
}

/* Half of a generation cannot be read, nor can what its readers' code speaks of. */
static void test_a_table_of_another_shape_waits_whole_and_so_do_its_readers(void **state) {
    world *w = world_of(state);
    begin(w);
    define_silver(w, "cast(amount AS double)", BY_DAY);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,B,8\n");
    assert_string_equal(run_within(w, 0), "silver.sales 3, gold.month 2, gold.total 1");
    assert_string_equal(world_counts(w), "");
    assert_string_equal(world_rows(w, "gold.total"), "7,3");
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_string_equal(world_rows(w, "gold.total"), "15.0,4");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_change_of_code_within_the_limits_is_built),
        WORLD_TEST(test_above_them_it_waits_with_all_that_would_follow),
        WORLD_TEST(test_bytes_are_a_limit_of_their_own),
        WORLD_TEST(test_what_a_delivery_reaches_goes_on),
        WORLD_TEST(test_a_new_table_is_no_surprise),
        WORLD_TEST(test_a_table_of_another_shape_waits_whole_and_so_do_its_readers),
    };
    return WORLD_RUN(tests);
}
