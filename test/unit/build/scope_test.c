/* Runs that take on a part of what is stale: how much, which, and that nothing is mixed. */
#include "world.h"

static const char *day(world *w, int number) {
    return arena_printf(w->a, "2020-01-%02d", number);
}

static void deliver_days(world *w, int from, int to, const char *amount) {
    buf body = buf_new(w->a);
    buf_add(&body, "day,shop,amount\n");
    for (int i = from; i <= to; i++)
        buf_printf(&body, "%s,A,%s\n", day(w, i), amount);
    (void)world_deliver(w, "raw.sales", arena_printf(w->a, "%d.csv", from), body.text);
}

/* gold.day reads silver.sales day by day. */
static void begin(world *w, int days) {
    world_define_shop(w);
    world_write(w, "tables/gold/day.sql",
                "SELECT event_date, sum(amount) AS total FROM silver.sales GROUP BY ALL\n");
    world_write(w, "tables/gold/day.yaml", "partition_by: [event_date]\n");
    world_define(w);
    deliver_days(w, 1, days, "1");
}

static void change_code(world *w) {
    world_write(
        w, "tables/silver/sales.sql",
        "SELECT cast(day AS date) AS event_date, shop, cast(amount AS bigint) * 10 AS amount"
        " FROM raw.sales\n");
    world_define(w);
}

static void run_bounded(world *w, plan_bounds bounds) {
    const build_scope scope = {.bounds = &bounds};
    w->c.scope = &scope;
    world_run(w);
    w->c.scope = NULL;
}

/* Days of a table where a condition holds: "1 2 3". */
static const char *days_where(world *w, const char *table, const char *condition) {
    return world_query(w, table,
                       arena_printf(w->a, "SELECT day(event_date) AS d FROM %s WHERE %s ORDER BY d",
                                    table, condition));
}

static void test_each_part_goes_through_all_layers_and_is_no_more_than_asked_for(void **state) {
    world *w = world_of(state);
    begin(w, 5);
    world_run(w);
    change_code(w);
    run_bounded(w, (plan_bounds){.partitions = 4});
    assert_int_equal(w->result.built, 4);
    assert_string_equal(days_where(w, "silver.sales", "amount = 10"), "1 2");
    assert_string_equal(days_where(w, "gold.day", "total = 10"), "1 2");
    assert_string_equal(world_rows(w, "gold.total"), "5,5");
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,5");
    assert_true(w->result.later.count >= 4);
    run_bounded(w, (plan_bounds){.partitions = 4});
    assert_string_equal(days_where(w, "gold.day", "total = 10"), "1 2 3 4");
    run_bounded(w, (plan_bounds){.partitions = 4});
    assert_string_equal(world_rows(w, "gold.total"), "50,5");
    assert_int_equal(w->result.later.count, 0);
    world_run(w);
    assert_string_equal(world_counts(w), "");
    world_assert_no_garbage(w);
}

static void test_the_newest_come_first_when_asked_for(void **state) {
    world *w = world_of(state);
    begin(w, 4);
    world_run(w);
    change_code(w);
    run_bounded(w, (plan_bounds){.partitions = 4, .newest_first = true});
    assert_string_equal(days_where(w, "silver.sales", "amount = 10"), "3 4");
    assert_string_equal(days_where(w, "gold.day", "total = 10"), "3 4");
}

/* What was never built does not say which month its rows go to: no month is summed from a part. */
static void test_a_first_build_in_parts_makes_nothing_of_parts(void **state) {
    world *w = world_of(state);
    begin(w, 4);
    run_bounded(w, (plan_bounds){.partitions = 4});
    assert_string_equal(days_where(w, "gold.day", "true"), "1 2");
    assert_string_equal(world_rows(w, "gold.month"), "");
    assert_string_equal(world_rows(w, "gold.total"), "");
    for (int i = 0; i < 3; i++)
        run_bounded(w, (plan_bounds){.partitions = 4});
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,4");
    assert_string_equal(world_rows(w, "gold.total"), "4,4");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void test_a_new_generation_is_made_in_parts_and_swapped_whole(void **state) {
    world *w = world_of(state);
    begin(w, 5);
    world_run(w);
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, shop, cast(amount AS bigint) AS amount,"
                " 1 AS more FROM raw.sales\n");
    world_define(w);
    const char *first = "SELECT * FROM silver.sales ORDER BY event_date LIMIT 1";
    for (int made = 2; made < 5; made += 2) {
        run_bounded(w, (plan_bounds){.partitions = 2});
        assert_string_equal(world_query(w, "silver.sales", first), "2020-01-01,A,1");
        assert_string_equal(world_rows(w, "gold.total"), "5,5");
    }
    run_bounded(w, (plan_bounds){.partitions = 2});
    assert_string_equal(world_query(w, "silver.sales", "SELECT count(more) FROM silver.sales"),
                        "5");
    world_run(w);
    world_run(w);
    assert_string_equal(world_counts(w), "");
    world_assert_no_garbage(w);
}

/* An hour goes by whenever somebody looks. */
static int64_t leap(void *state) {
    int64_t *hours = state;
    return ++*hours * INT64_C(3600000000);
}

static void test_time_that_is_over_ends_the_run_after_its_first_job(void **state) {
    world *w = world_of(state);
    int64_t hours = 0;
    world_define_shop(w);
    deliver_days(w, 1, 20, "1");
    w->clock.monotonic_us = leap;
    w->clock.state = &hours;
    run_bounded(w, (plan_bounds){.micros = 1});
    assert_true(w->result.built > 0);
    assert_true(w->result.built < 20);
    assert_true(w->result.later.count > 0);
    w->clock = CLOCK_SYSTEM;
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "20,20");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void test_what_failed_does_not_use_up_what_may_be_done(void **state) {
    world *w = world_of(state);
    begin(w, 3);
    world_run(w);
    deliver_days(w, 1, 1, "many");
    world_run(w);
    assert_int_equal(w->result.failed.count, 1);
    deliver_days(w, 2, 3, "5");
    run_bounded(w, (plan_bounds){.partitions = 2});
    assert_string_equal(days_where(w, "gold.day", "total = 6"), "2");
    run_bounded(w, (plan_bounds){.partitions = 2});
    assert_string_equal(days_where(w, "gold.day", "total = 6"), "2 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_each_part_goes_through_all_layers_and_is_no_more_than_asked_for),
        WORLD_TEST(test_the_newest_come_first_when_asked_for),
        WORLD_TEST(test_a_first_build_in_parts_makes_nothing_of_parts),
        WORLD_TEST(test_a_new_generation_is_made_in_parts_and_swapped_whole),
        WORLD_TEST(test_time_that_is_over_ends_the_run_after_its_first_job),
        WORLD_TEST(test_what_failed_does_not_use_up_what_may_be_done),
    };
    return WORLD_RUN(tests);
}
