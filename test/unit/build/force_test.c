/* Rebuilds: what is forced, what follows, what is left, and what a kill leaves. */
#include "world.h"

#include "ledger/rebuild.h"

#define TWO_MONTHS "day,shop,amount\n2020-01-01,A,1\n2020-02-01,A,2\n"

static void begin(world *w) {
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_MONTHS);
    world_run(w);
}

/* partition: NULL for all. follow: its readers too. */
static build_forced force(world *w, const char *table, const char *partition, bool downstream) {
    build_forced forced = {0};
    plan_filter filter = {0};
    bool *selected = ARENA_ARRAY(w->a, bool, w->lake->table_count);
    bool *all = ARENA_ARRAY(w->a, bool, w->lake->table_count);
    for (size_t i = 0; i < w->lake->table_count; i++)
        all[i] = true;
    selected[world_table(w, table)->index] = true;
    if (partition != NULL)
        vec_push(w->a, &filter.partitions, partition);
    const build_force ask = {.selected = selected,
                             .filter = partition != NULL ? &filter : NULL,
                             .follow = all,
                             .downstream = downstream,
                             .request = "asked"};
    world_begin_run(w);
    assert_ok(build_force_marks(&w->c, &ask, w->a, &forced, &w->err));
    return forced;
}

/* Build what a run forced; the run that does it is another one, as after a kill. */
static void carry_out(world *w, const char *run) {
    strings runs = {0};
    vec_push(w->a, &runs, run);
    const build_scope scope = {.forced_by = &runs};
    w->c.scope = &scope;
    world_run(w);
    w->c.scope = NULL;
}

static void test_what_is_forced_is_a_set_of_marks_that_name_the_rebuild(void **state) {
    world *w = world_of(state);
    begin(w);
    ledger_rebuilds asked = {0};
    assert_int_equal(force(w, "silver.sales", NULL, false).partitions.count, 2);
    assert_string_equal(world_marks(w, "silver.sales"),
                        "event_date=2020-01-01 forced run2; event_date=2020-02-01 forced run2");
    assert_string_equal(world_marks(w, "gold.month"), "");
    assert_ok(ledger_rebuild_list(w->ledger, w->a, &asked, &w->err));
    assert_int_equal(asked.count, 1);
    assert_string_equal(asked.items[0].run, "run2");
    assert_string_equal(asked.items[0].request, "asked");
    assert_int_equal(asked.items[0].left, 2);
    assert_true(strings_contain(&asked.items[0].tables, "gold.month"));
}

static void test_downstream_reaches_all_the_way(void **state) {
    world *w = world_of(state);
    begin(w);
    (void)force(w, "silver.sales", "event_date=2020-02-01", true);
    assert_string_equal(world_marks(w, "silver.sales"), "event_date=2020-02-01 forced run2");
    assert_string_equal(world_marks(w, "gold.month"), "month=2020-02-01 forced run2");
    assert_string_equal(world_marks(w, "gold.total"), "() forced run2");
    carry_out(w, "run2");
    assert_string_equal(world_counts(w), "unchanged 3");
}

static void test_another_run_builds_the_stored_set_and_nothing_else(void **state) {
    world *w = world_of(state);
    begin(w);
    (void)force(w, "silver.sales", "event_date=2020-01-01", false);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,B,4\n");
    carry_out(w, "run2");
    assert_string_equal(world_counts(w), "unchanged 1, later 1");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_string_equal(world_marks(w, "silver.sales"), "event_date=2020-02-01 new b.csv");
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "7,3");
    world_assert_no_garbage(w);
}

/* gold.total reads both days: with one built and one left, it keeps what it has. */
static void test_nothing_is_built_over_a_mixture(void **state) {
    world *w = world_of(state);
    begin(w);
    world_write(
        w, "tables/silver/sales.sql",
        "SELECT cast(day AS date) AS event_date, shop, cast(amount AS bigint) * 10 AS amount"
        " FROM raw.sales\n");
    world_define(w);
    (void)force(w, "silver.sales", "event_date=2020-01-01", false);
    carry_out(w, "run2");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,10 2020-02-01,A,2");
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,10 2020-02-01,A,2");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_string_equal(world_counts(w), "built 2, later 2");
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "30,2");
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void test_what_is_left_holds_a_new_generation_back_without_an_error(void **state) {
    world *w = world_of(state);
    begin(w);
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, shop, cast(amount AS bigint) AS amount,"
                " 1 AS more FROM raw.sales\n");
    world_define(w);
    (void)force(w, "silver.sales", "event_date=2020-01-01", false);
    carry_out(w, "run2");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1 2020-02-01,A,2");
    assert_int_equal(w->result.blocked.count, 0);
    assert_true(w->result.later.count >= 2);
    world_run(w);
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1,1 2020-02-01,A,2,1");
    assert_int_equal(w->result.reused, 1);
}

static void test_held_partitions_are_told_and_not_forced(void **state) {
    world *w = world_of(state);
    begin(w);
    ledger_current now = {0};
    assert_ok(ledger_current_get(w->ledger, world_id(w, "silver.sales"), "event_date=2020-01-01",
                                 w->a, &now, &w->err));
    const ledger_hold hold = {.table = world_id(w, "silver.sales"),
                              .partition = now.text,
                              .derivation = now.derivation,
                              .run = "run1",
                              .who = "tester"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_hold_put(w->ledger, &hold, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
    build_forced forced = force(w, "silver.sales", NULL, false);
    assert_int_equal(forced.partitions.count, 1);
    assert_int_equal(forced.held.count, 1);
    assert_string_equal(forced.held.items[0].partition, "event_date=2020-01-01");
}

static void test_a_failure_is_forgotten_by_force_and_remembered_from_then_on(void **state) {
    world *w = world_of(state);
    begin(w);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-01,A,many\n");
    world_run(w);
    assert_int_equal(world_failures(w, "silver.sales"), 1);
    (void)force(w, "silver.sales", "event_date=2020-01-01", false);
    assert_int_equal(world_failures(w, "silver.sales"), 0);
    carry_out(w, "run3");
    assert_int_equal(world_failures(w, "silver.sales"), 1);
    world_script(w, "crash"); /* nobody may be asked */
    world_run(w);
    assert_string_equal(world_failed(w), "silver.sales event_date=2020-01-01");
    assert_string_equal(world_jobs(w), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_what_is_forced_is_a_set_of_marks_that_name_the_rebuild),
        WORLD_TEST(test_downstream_reaches_all_the_way),
        WORLD_TEST(test_another_run_builds_the_stored_set_and_nothing_else),
        WORLD_TEST(test_nothing_is_built_over_a_mixture),
        WORLD_TEST(test_what_is_left_holds_a_new_generation_back_without_an_error),
        WORLD_TEST(test_held_partitions_are_told_and_not_forced),
        WORLD_TEST(test_a_failure_is_forgotten_by_force_and_remembered_from_then_on),
    };
    return WORLD_RUN(tests);
}
