/* What a killed run had finished: found again by the next one, or swept. */
#include "world.h"

#include "ledger/staged.h"

#include <sys/stat.h>
#include <unistd.h>

static const char TWO_DAYS[] = "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n";
static const char MORE[] = "day,shop,amount\n2020-01-02,B,5\n";

static world *new_world(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    return w;
}

/* As far as a run gets that is killed right before its commit. */
static void kill_run(world *w) {
    build_state s;
    world_stage(w, &s);
}

static size_t noted(world *w) {
    ledger_stageds all = {0};
    assert_ok(ledger_staged_list(w->ledger, w->a, &all, &w->err));
    return all.count;
}

/* How many objects of a layer a run made. */
static size_t made_by(world *w, const char *layer, const char *run) {
    strings keys = world_objects(w, layer);
    size_t count = 0;
    for (size_t i = 0; i < keys.count; i++)
        count += strstr(keys.items[i], run) != NULL;
    return count;
}

static void test_the_next_run_takes_up_all_that_was_finished(void **state) {
    world *w = new_world(state);
    kill_run(w);
    assert_int_equal(noted(w), 4);
    world_run(w);
    assert_string_equal(world_counts(w), "reused 4");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1 2020-01-02,A,2");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    assert_int_equal(made_by(w, "silver", "/run1/"), 2);
    assert_int_equal(made_by(w, "silver", "/run2/"), 0);
    assert_int_equal(noted(w), 0);
    world_assert_no_garbage(w);
    world_run(w);
    assert_string_equal(world_counts(w), "");
}

static void test_what_a_run_takes_up_is_as_if_it_had_built_it(void **state) {
    world *w = new_world(state);
    kill_run(w);
    world_run(w);
    world_deliver(w, "raw.sales", "b.csv", MORE);
    world_run(w);
    assert_string_equal(world_counts(w), "built 3");
    assert_string_equal(world_rows(w, "gold.total"), "8,3");
}

static void test_only_what_still_has_the_key_is_taken_up(void **state) {
    world *w = new_world(state);
    kill_run(w);
    world_deliver(w, "raw.sales", "b.csv", MORE);
    world_run(w);
    assert_string_equal(world_counts(w), "built 3, reused 1");
    assert_string_equal(world_rows(w, "gold.total"), "8,3");
    assert_int_equal(noted(w), 0);
    world_assert_no_garbage(w);
}

static void test_a_run_that_dies_again_loses_nothing(void **state) {
    world *w = new_world(state);
    kill_run(w);
    kill_run(w);
    world_run(w);
    assert_string_equal(world_counts(w), "reused 4");
    assert_int_equal(made_by(w, "silver", "/run1/"), 2);
    world_assert_no_garbage(w);
}

static void test_what_is_not_wanted_any_more_goes(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t id = world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    kill_run(w);
    world_set_state(w, id, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_int_equal(noted(w), 0);
    assert_int_equal(world_objects(w, "silver").count, 0);
    world_assert_no_garbage(w);
}

static void test_a_run_for_some_tables_keeps_what_others_wait_for(void **state) {
    world *w = new_world(state);
    kill_run(w);
    world_run_only(w, "silver.sales");
    assert_string_equal(world_counts(w), "reused 2");
    assert_int_equal(noted(w), 2);
    world_run(w);
    assert_string_equal(world_counts(w), "reused 2");
    world_assert_no_garbage(w);
}

static const char *first_object(world *w) {
    return arena_printf(w->a, "%s/data/silver/%s", w->folder, world_objects(w, "silver").items[0]);
}

static void test_files_that_were_touched_meanwhile_are_built_again(void **state) {
    world *w = new_world(state);
    kill_run(w);
    const char *path = first_object(w);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(truncate(path, 10), 0);
    world_run(w);
    assert_string_equal(world_counts(w), "built 1, reused 3");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    world_assert_no_garbage(w);
}

static void test_files_that_went_meanwhile_are_built_again(void **state) {
    world *w = new_world(state);
    kill_run(w);
    assert_int_equal(unlink(first_object(w)), 0);
    world_run(w);
    assert_string_equal(world_counts(w), "built 1, reused 3");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

static void test_a_note_that_cannot_be_read_is_no_obstacle(void **state) {
    world *w = new_world(state);
    kill_run(w);
    ledger_stageds all = {0};
    assert_ok(ledger_staged_list(w->ledger, w->a, &all, &w->err));
    static const char *const ANSWERS[] = {
        "", "[]", "{\"rows\":1,\"files\":[{\"name\":\"../../../x\",\"rows\":1,\"bytes\":1}]}",
        "{}"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    for (size_t i = 0; i < all.count; i++) {
        all.items[i].answer = ANSWERS[i];
        assert_ok(ledger_staged_put(w->ledger, &all.items[i], 1, &w->err));
    }
    assert_ok(ledger_commit(w->ledger, &w->err));
    world_run(w);
    assert_string_equal(world_counts(w), "built 4");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    world_assert_no_garbage(w);
}

static void test_other_maps_of_the_readers_want_another_answer(void **state) {
    world *w = new_world(state);
    kill_run(w);
    world_write(w, "tables/gold/month.sql",
                "SELECT cast(date_trunc('year', event_date) AS date) AS month, shop,"
                " sum(amount) AS total FROM silver.sales GROUP BY ALL\n");
    world_define(w);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.month"), "2020-01-01,A,3");
    world_assert_no_garbage(w);
}

static void test_files_of_another_policy_are_not_taken_up(void **state) {
    world *w = new_world(state);
    kill_run(w);
    world_write(w, "tables/silver/sales.yaml",
                "partition_by: [event_date]\nfiles: {target_size: 1MB}\n");
    world_define(w);
    world_run(w);
    assert_int_equal(made_by(w, "silver", "/run1/"), 0);
    assert_int_equal(made_by(w, "silver", "/run2/"), 2);
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
    world_assert_no_garbage(w);
}

static void force(world *w, const char *partition) {
    const mark forced = {.partition = partition, .cause = CAUSE_FORCED, .ref = "rebuild"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_mark_add(w->ledger, world_id(w, "silver.sales"), &forced, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
}

static void
test_a_rebuild_that_was_killed_goes_on_and_does_not_serve_what_was_before(void **state) {
    world *w = new_world(state);
    kill_run(w);
    force(w, "event_date=2020-01-01");
    kill_run(w);
    assert_int_equal(made_by(w, "silver", "/run2/"), 1);
    world_run(w);
    assert_string_equal(world_counts(w), "reused 4");
    assert_int_equal(made_by(w, "silver", "/run1/"), 1);
    assert_int_equal(made_by(w, "silver", "/run2/"), 1);
    world_assert_no_garbage(w);
}

static void test_a_run_that_lost_the_lease_notes_nothing(void **state) {
    world *w = new_world(state);
    build_state s;
    int64_t fence = 0;
    world_begin_build(w, &s);
    assert_ok(ledger_lease_release(w->ledger, "run", w->c.run, &w->err));
    assert_ok(ledger_lease_take(w->ledger, "run", "other", 3600000000, &fence, &w->err));
    const lake_table *t = world_table(w, "silver.sales");
    world_decide(w, &s, t);
    assert_int_equal(stage_build(&s, t, &w->err), E_BUSY);
    assert_int_equal(noted(w), 0);
    assert_ok(ledger_lease_release(w->ledger, "run", "other", &w->err));
}

static void test_what_nobody_took_up_for_long_can_be_dropped(void **state) {
    world *w = new_world(state);
    kill_run(w);
    assert_ok(build_drop_kept(&w->c, clock_now_us(&w->clock) - 3600000000, &w->err));
    assert_int_equal(noted(w), 4);
    assert_ok(build_drop_kept(&w->c, clock_now_us(&w->clock) + 1000000, &w->err));
    assert_ok(build_recover(&w->c, &w->err));
    assert_int_equal(world_objects(w, "silver").count, 0);
    world_assert_no_garbage(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_the_next_run_takes_up_all_that_was_finished),
        WORLD_TEST(test_what_a_run_takes_up_is_as_if_it_had_built_it),
        WORLD_TEST(test_only_what_still_has_the_key_is_taken_up),
        WORLD_TEST(test_a_run_that_dies_again_loses_nothing),
        WORLD_TEST(test_what_is_not_wanted_any_more_goes),
        WORLD_TEST(test_a_run_for_some_tables_keeps_what_others_wait_for),
        WORLD_TEST(test_files_that_were_touched_meanwhile_are_built_again),
        WORLD_TEST(test_files_that_went_meanwhile_are_built_again),
        WORLD_TEST(test_a_note_that_cannot_be_read_is_no_obstacle),
        WORLD_TEST(test_other_maps_of_the_readers_want_another_answer),
        WORLD_TEST(test_files_of_another_policy_are_not_taken_up),
        WORLD_TEST(test_a_rebuild_that_was_killed_goes_on_and_does_not_serve_what_was_before),
        WORLD_TEST(test_a_run_that_lost_the_lease_notes_nothing),
        WORLD_TEST(test_what_nobody_took_up_for_long_can_be_dropped),
    };
    return WORLD_RUN(tests);
}
