/* What a delivery or a partition reaches. */
#include "build/impact.h"

#include "world.h"

/* "table partition" of each, with "?" behind what is not certain, joined by "; ". */
static const char *reached(world *w, const impact_seeds *seeds) {
    impact_reach r = {0};
    strings texts = {0};
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    assert_ok(impact_of(impact_new(&w->c, w->a), seeds, w->a, &r, &w->err));
    assert_true(r.complete);
    for (size_t i = 0; i < r.nodes.count; i++) {
        const impact_node *n = r.nodes.items[i];
        vec_push(
            w->a, &texts,
            arena_printf(w->a, "%s %s%s", n->table->name, n->partition, n->certain ? "" : "?"));
    }
    return str_join(w->a, &texts, "; ");
}

static const char *reached_by(world *w, int64_t file) {
    impact_seeds seeds = {0};
    impact_seed seed = {.table = world_table(w, "raw.sales"), .delivery = file, .counts = true};
    vec_push(w->a, &seeds, seed);
    return reached(w, &seeds);
}

static const char *reached_from(world *w, const char *table, const char *partition) {
    impact_seeds seeds = {0};
    impact_seed seed = {.table = world_table(w, table), .partition = partition, .counts = true};
    vec_push(w->a, &seeds, seed);
    return reached(w, &seeds);
}

static int64_t a, b;

static void build_two_files(world *w) {
    world_define_shop(w);
    a = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-02-01,A,2\n");
    b = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-02,B,4\n");
    world_run(w);
}

static void test_a_file_reaches_its_days_and_what_reads_them(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    assert_string_equal(reached_by(w, a),
                        "silver.sales event_date=2020-01-01; silver.sales event_date=2020-02-01; "
                        "gold.month month=2020-01-01?; gold.month month=2020-02-01?; "
                        "gold.total ()?");
    assert_string_equal(reached_by(w, b), "silver.sales event_date=2020-02-02; "
                                          "gold.month month=2020-02-01?; gold.total ()?");
}

static void test_a_partition_reaches_itself_and_what_reads_it(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    assert_string_equal(reached_from(w, "silver.sales", "event_date=2020-01-01"),
                        "silver.sales event_date=2020-01-01; gold.month month=2020-01-01?; "
                        "gold.total ()?");
    assert_string_equal(reached_from(w, "gold.month", "month=2020-01-01"),
                        "gold.month month=2020-01-01");
}

static void test_the_same_partition_by_two_ways_is_one(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    world_write(w, "tables/gold/both.sql",
                "SELECT event_date, s.shop, t.n FROM silver.sales s, gold.total t\n");
    world_write(w, "tables/gold/both.yaml", "partition_by: [event_date]\nmap: {gold.total: all}\n");
    world_define(w);
    world_run(w);
    assert_string_equal(reached_by(w, b),
                        "silver.sales event_date=2020-02-02; gold.month month=2020-02-01?; "
                        "gold.total ()?; gold.both event_date=2020-01-01?; "
                        "gold.both event_date=2020-02-01?; gold.both event_date=2020-02-02?");
}

static void test_what_a_partition_fed_before_is_reached_too(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "tables/gold/shop.sql",
                "SELECT shop, sum(amount) AS total FROM silver.sales GROUP BY shop\n");
    world_write(w, "tables/gold/shop.yaml", "partition_by: [shop]\n");
    world_define(w);
    int64_t first = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_run(w);
    world_set_state(w, first, DELIVERY_SUPERSEDED);
    int64_t second = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,B,1\n");
    world_run(w);
    const char *text = reached_by(w, second);
    assert_non_null(strstr(text, "gold.shop shop=A?"));
    assert_non_null(strstr(text, "gold.shop shop=B?"));
}

static void test_what_is_not_built_yet_is_reached_all_the_same(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    int64_t c = world_deliver(w, "raw.sales", "c.csv", "day,shop,amount\n2020-03-01,C,4\n");
    impact_seeds seeds = {0};
    impact_seed seed = {.table = world_table(w, "raw.sales"), .delivery = c, .counts = true};
    impact_reach r = {0};
    vec_push(w->a, &seeds, seed);
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    assert_ok(impact_of(impact_new(&w->c, w->a), &seeds, w->a, &r, &w->err));
    assert_string_equal(r.nodes.items[0]->partition, "event_date=2020-03-01");
    assert_false(r.nodes.items[0]->exists);
    assert_false(r.complete);
}

static void test_many_seeds_reach_each_partition_once(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    impact_seeds seeds = {0};
    const lake_table *t = world_table(w, "raw.sales");
    const int64_t both[] = {a, b};
    for (size_t i = 0; i < ARRAY_SIZE(both); i++)
        vec_push(w->a, &seeds, ((impact_seed){.table = t, .delivery = both[i], .counts = i == 0}));
    assert_string_equal(reached(w, &seeds),
                        "silver.sales event_date=2020-01-01; silver.sales event_date=2020-02-01; "
                        "silver.sales event_date=2020-02-02?; gold.month month=2020-01-01?; "
                        "gold.month month=2020-02-01?; gold.total ()?");
}

static void test_sizes_are_those_of_what_is_current(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    impact_seeds seeds = {0};
    impact_reach r = {0};
    vec_push(w->a, &seeds,
             ((impact_seed){.table = world_table(w, "raw.sales"), .delivery = a, .counts = true}));
    world_begin_run(w);
    assert_ok(impact_of(impact_new(&w->c, w->a), &seeds, w->a, &r, &w->err));
    assert_int_equal(r.nodes.items[0]->rows, 1);
    assert_true(r.nodes.items[0]->bytes > 0);
    assert_int_equal(r.seeds[0].to.count, 2);
}

static void test_a_summary_has_the_middle_and_the_worst(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    world_deliver(w, "raw.sales", "c.csv", "day,shop,amount\n2020-02-02,C,4\n");
    world_run(w);
    impact_summary *all = NULL;
    size_t count = 0;
    assert_ok(impact_summarize(&w->c, NULL, w->a, &all, &count, &w->err));
    assert_int_equal(count, 1);
    assert_string_equal(all->table->name, "raw.sales");
    assert_int_equal(all->deliveries, 3);
    assert_int_equal(all->partitions_median, 3);
    assert_int_equal(all->partitions_worst, 5);
    assert_string_equal(all->worst, "a.csv");
    assert_true(all->bytes_median > 0 && all->bytes_median < all->bytes_worst);
}

static void test_a_source_without_deliveries_has_an_empty_summary(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_begin_run(w);
    impact_summary *all = NULL;
    size_t count = 0;
    assert_ok(impact_summarize(&w->c, NULL, w->a, &all, &count, &w->err));
    assert_int_equal(count, 1);
    assert_int_equal(all->deliveries, 0);
    assert_null(all->worst);
}

static void test_a_file_reaches_the_windows_around_its_days(void **state) {
    world *w = world_of(state);
    build_two_files(w);
    world_write(
        w, "tables/gold/window.sql",
        "SELECT event_date, sum(amount) OVER (ORDER BY event_date) AS n FROM silver.sales\n");
    world_write(w, "tables/gold/window.yaml",
                "partition_by: [event_date]\nmap: {silver.sales: {event_date: [-1, 0]}}\n");
    world_define(w);
    world_run(w);
    assert_string_equal(reached_by(w, a),
                        "silver.sales event_date=2020-01-01; silver.sales event_date=2020-02-01; "
                        "gold.month month=2020-01-01?; gold.month month=2020-02-01?; "
                        "gold.total ()?; gold.window event_date=2020-01-01?; "
                        "gold.window event_date=2020-02-01?; gold.window event_date=2020-02-02?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_file_reaches_its_days_and_what_reads_them),
        WORLD_TEST(test_a_partition_reaches_itself_and_what_reads_it),
        WORLD_TEST(test_a_file_reaches_the_windows_around_its_days),
        WORLD_TEST(test_the_same_partition_by_two_ways_is_one),
        WORLD_TEST(test_what_a_partition_fed_before_is_reached_too),
        WORLD_TEST(test_what_is_not_built_yet_is_reached_all_the_same),
        WORLD_TEST(test_many_seeds_reach_each_partition_once),
        WORLD_TEST(test_sizes_are_those_of_what_is_current),
        WORLD_TEST(test_a_summary_has_the_middle_and_the_worst),
        WORLD_TEST(test_a_source_without_deliveries_has_an_empty_summary),
    };
    return WORLD_RUN(tests);
}
