/* The one transaction: all of it or nothing, and nothing that came in meanwhile is lost. */
#include "build/commit.h"

#include "world.h"

static void stage_new_lake(world *w, build_state *s) {
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_stage(w, s);
}

static void test_nothing_is_visible_before_the_commit(void **state) {
    world *w = world_of(state);
    build_state s;
    stage_new_lake(w, &s);
    assert_int_equal(world_objects(w, "silver").count, 1);
    assert_int_equal(world_objects(w, "gold").count, 2);
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    assert_string_equal(world_rows(w, "gold.total"), "");
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
    world_assert_no_garbage(w);
}

static void test_a_delivery_that_lands_during_the_build_keeps_its_mark(void **state) {
    world *w = world_of(state);
    build_state s;
    int64_t seq = 0;
    stage_new_lake(w, &s);
    world_deliver_fed(w, "silver.sales", "b.csv", "day,shop,amount\n2020-01-01,B,2\n",
                      "event_date=2020-01-01");
    assert_ok(build_commit(&s, &seq, &w->err));
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1");
    assert_string_equal(world_marks(w, "silver.sales"), "event_date=2020-01-01 new b.csv");
    assert_string_equal(world_marks(w, "gold.total"), "");
    world_run(w);
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1 2020-01-01,B,2");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

static void test_a_lost_lease_commits_nothing(void **state) {
    world *w = world_of(state);
    build_state s;
    int64_t seq = 0, fence = 0;
    stage_new_lake(w, &s);
    int64_t before = world_seq(w);
    assert_ok(ledger_lease_release(w->ledger, "run", w->c.run, &w->err));
    assert_ok(ledger_lease_take(w->ledger, "run", "other", INT64_C(3600000000), &fence, &w->err));
    assert_int_equal(build_commit(&s, &seq, &w->err), E_BUSY);
    assert_int_equal(seq, 0);
    assert_int_equal(world_seq(w), before);
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    assert_string_equal(world_marks(w, "silver.sales"), "event_date=2020-01-01 new a.csv");
    assert_int_equal(world_pending(w), 3);
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err)); /* none is left open */
    ledger_rollback(w->ledger);
    assert_ok(ledger_lease_release(w->ledger, "run", "other", &w->err));
}

static void test_what_a_commit_built_itself_is_not_stale_after_it(void **state) {
    world *w = world_of(state);
    build_state s;
    int64_t seq = 0;
    stage_new_lake(w, &s);
    assert_ok(build_commit(&s, &seq, &w->err));
    int64_t left = -1;
    ledger_edges edges = {0};
    assert_ok(ledger_mark_count(w->ledger, &left, &w->err));
    assert_ok(ledger_edges_behind(w->ledger, w->a, &edges, &w->err));
    assert_int_equal(left, 0);
    assert_int_equal(edges.count, 0);
    assert_int_equal(world_pending(w), 0);
}

/* Only silver is selected: its readers are told by marks. */
static void test_readers_that_are_not_selected_are_marked(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_run(w);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-01,A,2\n2020-03-01,A,4\n");
    world_run_only(w, "silver.sales");
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
    assert_string_equal(world_marks(w, "gold.month"),
                        "month=2020-01-01 upstream silver.sales event_date=2020-01-01; "
                        "month=2020-03-01 upstream silver.sales event_date=2020-03-01");
    assert_non_null(strstr(world_marks(w, "gold.total"), "() upstream silver.sales"));
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "7,3");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void stop_after_silver(void *state, const char *table, size_t done, size_t planned) {
    world *w = state;
    (void)done, (void)planned;
    w->interrupted = str_eq(table, "silver.sales");
}

static status run_until_silver(world *w) {
    world_script(w, "{}");
    world_begin_run(w);
    build_context absorbing = w->c;
    absorbing.engine = w->loader;
    assert_ok(build_absorb(&absorbing, &w->err));
    w->c.progress = stop_after_silver;
    w->c.progress_state = w;
    return build_stale(&w->c, NULL, w->a, &w->result, &w->err);
}

static void test_an_interrupt_between_tables_leaves_all_of_them_as_they_were(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    assert_int_equal(run_until_silver(w), E_INTERRUPTED);
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    w->interrupted = 0;
    world_run(w);
    assert_string_equal(world_counts(w), "built 2, reused 1");
    world_assert_no_garbage(w);
}

static void test_committing_by_table_keeps_what_is_done(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "lake.yaml", "lake: shop\nlayers: [raw, silver, gold]\ncommit: table\n");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    assert_int_equal(run_until_silver(w), E_INTERRUPTED);
    assert_string_equal(world_partitions(w, "silver.sales"), "event_date=2020-01-01:1");
    assert_string_equal(world_marks(w, "silver.sales"), "");
    assert_non_null(
        strstr(world_marks(w, "gold.total"), "() upstream silver.sales event_date=2020-01-01"));
    w->interrupted = 0;
    world_run(w);
    assert_string_equal(world_counts(w), "built 2");
    world_assert_no_garbage(w);
}

static void test_committing_by_table_leaves_nothing_stale(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_write(w, "lake.yaml", "lake: shop\nlayers: [raw, silver, gold]\ncommit: table\n");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    int64_t before = world_seq(w);
    world_run(w);
    assert_string_equal(world_counts(w), "built 3");
    assert_int_equal(world_seq(w), before + 3);
    assert_int_equal(w->result.seq, before + 3);
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
    int64_t left = -1;
    assert_ok(ledger_mark_count(w->ledger, &left, &w->err));
    assert_int_equal(left, 0);
    world_assert_no_garbage(w);
}

static void test_lineage_names_what_was_read(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-02,A,1\n");
    world_run(w);
    JSON_AUTO columns_of = NULL;
    JSON_AUTO rows = NULL;
    assert_ok(ledger_view(w->ledger, "lineage", &columns_of, &rows, &w->err));
    assert_int_equal(json_array_size(rows), 2 + 2 + 2); /* silver, gold.month, gold.total */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_nothing_is_visible_before_the_commit),
        WORLD_TEST(test_a_delivery_that_lands_during_the_build_keeps_its_mark),
        WORLD_TEST(test_a_lost_lease_commits_nothing),
        WORLD_TEST(test_what_a_commit_built_itself_is_not_stale_after_it),
        WORLD_TEST(test_readers_that_are_not_selected_are_marked),
        WORLD_TEST(test_an_interrupt_between_tables_leaves_all_of_them_as_they_were),
        WORLD_TEST(test_committing_by_table_keeps_what_is_done),
        WORLD_TEST(test_committing_by_table_leaves_nothing_stale),
        WORLD_TEST(test_lineage_names_what_was_read),
    };
    return WORLD_RUN(tests);
}
