/* What a run replaced becomes current again, and stays so until something says otherwise. */
#include "build/undo.h"

#include "world.h"

static const char BEFORE[] = "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n";
static const char AFTER[] = "day,shop,amount\n2020-01-01,A,10\n2020-01-02,A,2\n";

/* As the command line does around its work. */
static const char *note_run(world *w) {
    const ledger_run r = {.id = w->c.run, .verb = "run", .state = "done", .started = 1, .who = "w"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_run_start(w->ledger, &r, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
    return w->c.run;
}

static const char *run(world *w) {
    world_run(w);
    return note_run(w);
}

/* A lake whose second run corrected one of two days; *ret_run is that run. */
static int64_t correct(world *w, const char **ret_run) {
    world_define_shop(w);
    int64_t old = world_deliver(w, "raw.sales", "a.csv", BEFORE);
    run(w);
    world_set_state(w, old, DELIVERY_SUPERSEDED);
    int64_t new = world_deliver(w, "raw.sales", "a.csv", AFTER);
    *ret_run = run(w);
    assert_string_equal(world_rows(w, "gold.total"), "12,2");
    return new;
}

/* "gold.total () replaced since; …": what was left, with the reason, or "undone". */
static const char *told(world *w, const build_undones *all) {
    strings texts = {0};
    for (size_t i = 0; i < all->count; i++)
        vec_push(w->a, &texts,
                 arena_printf(w->a, "%s %s %s", all->items[i].table, all->items[i].partition,
                              all->items[i].reason ? all->items[i].reason : "undone"));
    return str_join(w->a, &texts, "; ");
}

static const char *undo(world *w, const char *of) {
    build_undones all = {0};
    world_begin_run(w);
    assert_ok(build_undo(&w->c, of, "wrong", w->a, &all, &w->err));
    note_run(w);
    return told(w, &all);
}

static size_t held(world *w) {
    ledger_holds all = {0};
    assert_ok(ledger_holds_of(w->ledger, 0, w->a, &all, &w->err));
    return all.count;
}

static void release(world *w, const char *table, const char *partition, size_t expected) {
    build_undones all = {0};
    bool *selected = ARENA_ARRAY(w->a, bool, w->lake->table_count);
    if (table)
        selected[world_table(w, table)->index] = true;
    world_begin_run(w);
    assert_ok(build_release(&w->c, table ? selected : NULL, partition, w->a, &all, &w->err));
    assert_int_equal(all.count, expected);
}

static const char UNDONE[] = "gold.month month=2020-01-01 undone; gold.total () undone;"
                             " silver.sales event_date=2020-01-01 undone";

static void test_all_that_a_run_made_goes_back_in_one_commit_and_is_held(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    correct(w, &of);
    int64_t seq = world_seq(w);
    assert_string_equal(undo(w, of), UNDONE);
    assert_int_equal(world_seq(w), seq + 1);
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1 2020-01-02,A,2");
    assert_int_equal(held(w), 3);
    assert_string_equal(world_marks(w, "silver.sales"), "");
    run(w);
    assert_string_equal(world_counts(w), "");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

static void test_looking_tells_the_same_and_does_nothing(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    build_undones all = {0};
    correct(w, &of);
    int64_t seq = world_seq(w);
    world_begin_run(w);
    assert_ok(build_undo_look(&w->c, of, w->a, &all, &w->err));
    assert_string_equal(told(w, &all), UNDONE);
    assert_string_equal(str_join(w->a, &all.items[0].files, " "), "a.csv");
    assert_int_equal(world_seq(w), seq);
    assert_int_equal(held(w), 0);
}

static void test_a_new_delivery_leaves_what_is_held_and_tells_it(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    correct(w, &of);
    undo(w, of);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-01,B,5\n2020-01-03,B,7\n");
    run(w);
    assert_string_equal(world_rows(w, "silver.sales"),
                        "2020-01-01,A,1 2020-01-02,A,2 2020-01-03,B,7");
    assert_int_equal(w->result.held.count, 3);
    assert_string_equal(w->result.held.items[0].table, "silver.sales");
    assert_int_equal(held(w), 3);
}

static void test_a_hold_ends_with_the_delivery_that_was_behind_it(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    int64_t wrong = correct(w, &of);
    undo(w, of);
    world_set_state(w, wrong, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,4\n2020-01-02,A,2\n");
    run(w);
    assert_int_equal(held(w), 0);
    assert_string_equal(world_rows(w, "gold.total"), "6,2");
}

static void test_what_is_released_is_stale_and_found_again(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    correct(w, &of);
    undo(w, of);
    release(w, "silver.sales", "event_date=1999-01-01", 0);
    release(w, "silver.sales", "event_date=2020-01-01", 1);
    release(w, NULL, NULL, 2);
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    run(w);
    assert_string_equal(world_counts(w), "reused 3");
    assert_string_equal(world_rows(w, "gold.total"), "12,2");
}

static void test_what_was_replaced_since_is_left_with_what_replaced_it(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    build_undones all = {0};
    correct(w, &of);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-01,B,5\n");
    run(w);
    world_begin_run(w);
    assert_ok(build_undo(&w->c, of, NULL, w->a, &all, &w->err));
    assert_string_equal(told(w, &all),
                        "gold.month month=2020-01-01 replaced since; gold.total () replaced since;"
                        " silver.sales event_date=2020-01-01 replaced since");
    assert_string_equal(str_join(w->a, &all.items[2].files, " "), "b.csv");
    assert_string_equal(world_rows(w, "gold.total"), "17,3");
    assert_int_equal(held(w), 0);
}

static void test_the_first_run_leaves_nothing_when_it_is_undone(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", BEFORE);
    undo(w, run(w));
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    assert_string_equal(world_partitions(w, "gold.total"), "");
    run(w);
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    release(w, NULL, NULL, 4);
    run(w);
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

static void test_an_undo_can_be_undone(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    correct(w, &of);
    undo(w, of);
    assert_string_equal(undo(w, w->c.run), UNDONE);
    assert_string_equal(world_rows(w, "gold.total"), "12,2");
    run(w);
    assert_string_equal(world_rows(w, "gold.total"), "12,2");
}

static void test_other_columns_and_lost_tables_cannot_come_back(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    correct(w, &of);
    world_write(w, "tables/gold/total.sql", "SELECT sum(amount) AS total FROM silver.sales\n");
    world_remove(w, "tables/gold/month.sql");
    world_remove(w, "tables/gold/month.yaml");
    world_define(w);
    assert_string_equal(undo(w, of),
                        "a table that is gone month=2020-01-01 the table is no longer defined;"
                        " gold.total () other columns or partitions: put the definition back, then "
                        "weir run --redefine;"
                        " silver.sales event_date=2020-01-01 undone");
}

static void test_what_gc_has_removed_cannot_come_back(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    build_gc_result ignored = {0};
    correct(w, &of);
    w->lake->retention_us = 0;
    w->lake->retention_keep = 0;
    world_begin_run(w);
    assert_ok(build_gc(&w->c, false, w->a, &ignored, &w->err));
    assert_non_null(strstr(undo(w, of), "gc has removed what was there before"));
    assert_string_equal(world_rows(w, "gold.total"), "12,2");
}

static void test_who_lost_the_lease_undoes_nothing(void **state) {
    world *w = world_of(state);
    const char *of = NULL;
    build_undones all = {0};
    int64_t fence = 0;
    correct(w, &of);
    world_begin_run(w);
    assert_ok(ledger_lease_release(w->ledger, "run", w->c.run, &w->err));
    assert_ok(ledger_lease_take(w->ledger, "run", "other", INT64_C(3600000000), &fence, &w->err));
    assert_int_equal(build_undo(&w->c, of, NULL, w->a, &all, &w->err), E_BUSY);
    assert_string_equal(world_rows(w, "gold.total"), "12,2");
    assert_int_equal(held(w), 0);
    assert_ok(ledger_lease_release(w->ledger, "run", "other", &w->err));
}

static void test_a_run_that_never_was_is_told(void **state) {
    world *w = world_of(state);
    build_undones all = {0};
    world_define_shop(w);
    world_begin_run(w);
    assert_int_equal(build_undo(&w->c, "nonsense", NULL, w->a, &all, &w->err), E_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_all_that_a_run_made_goes_back_in_one_commit_and_is_held),
        WORLD_TEST(test_looking_tells_the_same_and_does_nothing),
        WORLD_TEST(test_a_new_delivery_leaves_what_is_held_and_tells_it),
        WORLD_TEST(test_a_hold_ends_with_the_delivery_that_was_behind_it),
        WORLD_TEST(test_what_is_released_is_stale_and_found_again),
        WORLD_TEST(test_what_was_replaced_since_is_left_with_what_replaced_it),
        WORLD_TEST(test_the_first_run_leaves_nothing_when_it_is_undone),
        WORLD_TEST(test_an_undo_can_be_undone),
        WORLD_TEST(test_other_columns_and_lost_tables_cannot_come_back),
        WORLD_TEST(test_what_gc_has_removed_cannot_come_back),
        WORLD_TEST(test_who_lost_the_lease_undoes_nothing),
        WORLD_TEST(test_a_run_that_never_was_is_told),
    };
    return WORLD_RUN(tests);
}
