/* What gc removes, what it leaves, and what it will not be led to remove. */
#include "world.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char BEFORE[] = "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n";
static const char AFTER[] = "day,shop,amount\n2020-01-01,A,10\n2020-01-02,A,2\n";
static const char FOLDER[] = ".weir/objects/silver.sales/";

static void note_run(world *w) {
    const ledger_run r = {.id = w->c.run, .verb = "run", .state = "done", .started = 1, .who = "w"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_run_start(w->ledger, &r, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
}

/* A lake with a correction behind it, that keeps nothing of what was replaced. */
static world *new_world(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    w->lake->retention_us = 0;
    w->lake->retention_keep = 0;
    int64_t old = world_deliver(w, "raw.sales", "a.csv", BEFORE);
    world_run(w);
    note_run(w);
    world_set_state(w, old, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", AFTER);
    world_run(w);
    note_run(w);
    return w;
}

static build_gc_result collect(world *w, bool dry) {
    build_gc_result result = {0};
    world_begin_run(w);
    note_run(w);
    assert_ok(build_gc(&w->c, dry, w->a, &result, &w->err));
    return result;
}

/* An object that no version has; age in hours. */
static void put(world *w, const char *key, int age) {
    assert_ok(store_put(w->layers[1], key, "x", 1, (store_put_options){0}, &w->err));
    time_t then = (time_t)(clock_now_us(&w->clock) / 1000000 - age * INT64_C(3600));
    const struct timespec times[2] = {{.tv_sec = then}, {.tv_sec = then}};
    assert_int_equal(utimensat(AT_FDCWD, store_url(w->layers[1], w->a, key), times, 0), 0);
}

static bool is_there(world *w, const char *key) {
    return access(store_url(w->layers[1], w->a, key), F_OK) == 0;
}

static void test_files_of_what_was_replaced_go_and_no_others(void **state) {
    world *w = new_world(state);
    strings before = world_objects(w, "silver");
    build_gc_result told = collect(w, false);
    assert_int_equal(told.files.count, 3); /* of a day, a month, and the total */
    assert_int_equal(world_objects(w, "silver").count, before.count - 1);
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,10 2020-01-02,A,2");
    assert_string_equal(world_rows(w, "gold.total"), "12,2");
    world_assert_no_garbage(w);
    assert_int_equal(collect(w, false).files.count, 0);
}

static void test_a_rehearsal_tells_the_same_and_removes_nothing(void **state) {
    world *w = new_world(state);
    strings before = world_objects(w, "silver");
    assert_ok(ledger_rehearse(w->ledger, &w->err));
    assert_int_equal(collect(w, true).files.count, 3);
    assert_int_equal(world_objects(w, "silver").count, before.count);
}

static void test_what_retention_keeps_is_told_and_stays(void **state) {
    world *w = new_world(state);
    w->lake->retention_us = INT64_C(3600000000);
    build_gc_result told = collect(w, false);
    assert_int_equal(told.files.count, 0);
    assert_int_equal(told.retired.count, 3);
    for (size_t i = 0; i < told.retired.count; i++)
        assert_int_equal(told.retired.items[i].need, NEED_AGE);
}

static void test_what_was_collected_is_built_again_when_it_is_wanted(void **state) {
    world *w = new_world(state);
    collect(w, false);
    deliveries all = {0};
    assert_ok(ledger_deliveries_active(w->ledger, world_id(w, "raw.sales"), w->a, &all, &w->err));
    world_set_state(w, all.items[0].id, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", BEFORE);
    world_run(w);
    assert_string_equal(world_counts(w), "built 3, reused 1");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

static void test_an_unknown_object_goes_only_when_it_is_old_and_its_run_over(void **state) {
    world *w = new_world(state);
    const char *old = arena_printf(w->a, "%srun1/9/old", FOLDER);
    const char *young = arena_printf(w->a, "%srun1/9/young", FOLDER);
    const char *foreign = arena_printf(w->a, "%snobody/9/old", FOLDER);
    const char *misplaced = ".weir/objects/x";
    put(w, old, 25);
    put(w, young, 23);
    put(w, foreign, 25);
    put(w, misplaced, 25);
    build_gc_result told = collect(w, false);
    assert_int_equal(told.unknown.count, 4);
    assert_string_equal(told.unknown.items[0].object, foreign);
    assert_non_null(strstr(told.unknown.items[0].kept, "its run is not known"));
    assert_null(told.unknown.items[1].kept);
    assert_string_equal(told.unknown.items[2].kept, "younger than a day");
    assert_false(is_there(w, old));
    assert_true(is_there(w, young) && is_there(w, foreign) && is_there(w, misplaced));
}

static void test_what_is_pending_is_not_looked_at(void **state) {
    world *w = new_world(state);
    const char *key = arena_printf(w->a, "%srun1/9/old", FOLDER);
    const pending_object p = {"silver", arena_printf(w->a, "%srun1/", FOLDER), "run1"};
    put(w, key, 25);
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_pending_add(w->ledger, &p, 1, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
    assert_int_equal(collect(w, false).unknown.count, 0);
    assert_true(is_there(w, key));
}

static void test_a_gc_that_was_cut_off_is_finished_by_the_next(void **state) {
    world *w = new_world(state);
    ledger_retireds all = {0};
    const ledger_retention nothing = {.before_us = INT64_MAX};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_gc_look(w->ledger, &nothing, w->a, &all, &w->err));
    for (size_t i = 0; i < all.count; i++)
        assert_ok(ledger_gc_mark(w->ledger, all.items[i].version, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
    build_gc_result told = collect(w, false);
    assert_int_equal(told.retired.count, 0);
    assert_int_equal(told.files.count, 3);
    world_assert_no_garbage(w);
    assert_int_equal(collect(w, false).files.count, 0);
}

static void test_what_dead_runs_left_in_their_workshops_goes(void **state) {
    world *w = new_world(state);
    static const char *const LEFT[] = {".weir/landing/x/0", ".weir/project/silver.sales/x",
                                       ".weir/tmp/old"};
    for (size_t i = 0; i < ARRAY_SIZE(LEFT); i++)
        put(w, LEFT[i], 25);
    put(w, ".weir/tmp/young", 1);
    collect(w, false);
    for (size_t i = 0; i < ARRAY_SIZE(LEFT); i++)
        assert_false(is_there(w, LEFT[i]));
    assert_true(is_there(w, ".weir/tmp/young"));
}

static void test_a_ledger_that_knows_no_version_removes_nothing(void **state) {
    world *w = new_world(state);
    strings before = world_objects(w, "silver");
    const char *location = arena_printf(w->a, "%s/empty.db", w->folder);
    build_gc_result result = {0};
    ledger_close(w->ledger);
    assert_ok(ledger_create(location, "lake-1", "shop", &w->ledger, &w->err));
    world_define(w);
    w->c.run = NULL;
    world_begin_run(w);
    assert_int_equal(build_gc(&w->c, false, w->a, &result, &w->err), E_FOREIGN);
    assert_non_null(strstr(w->err.hint, "weir ledger rebuild"));
    assert_int_equal(world_objects(w, "silver").count, before.count);
}

static void test_who_lost_the_lease_removes_nothing(void **state) {
    world *w = new_world(state);
    strings before = world_objects(w, "silver");
    build_gc_result result = {0};
    int64_t fence = 0;
    world_begin_run(w);
    assert_ok(ledger_lease_release(w->ledger, "run", w->c.run, &w->err));
    assert_ok(ledger_lease_take(w->ledger, "run", "other", INT64_C(3600000000), &fence, &w->err));
    put(w, ".weir/landing/theirs/0", 0);
    assert_int_equal(build_gc(&w->c, false, w->a, &result, &w->err), E_BUSY);
    assert_int_equal(world_objects(w, "silver").count, before.count);
    assert_true(is_there(w, ".weir/landing/theirs/0"));
    assert_ok(ledger_lease_release(w->ledger, "run", "other", &w->err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_files_of_what_was_replaced_go_and_no_others),
        WORLD_TEST(test_a_rehearsal_tells_the_same_and_removes_nothing),
        WORLD_TEST(test_what_retention_keeps_is_told_and_stays),
        WORLD_TEST(test_what_was_collected_is_built_again_when_it_is_wanted),
        WORLD_TEST(test_an_unknown_object_goes_only_when_it_is_old_and_its_run_over),
        WORLD_TEST(test_what_is_pending_is_not_looked_at),
        WORLD_TEST(test_a_gc_that_was_cut_off_is_finished_by_the_next),
        WORLD_TEST(test_what_dead_runs_left_in_their_workshops_goes),
        WORLD_TEST(test_a_ledger_that_knows_no_version_removes_nothing),
        WORLD_TEST(test_who_lost_the_lease_removes_nothing),
    };
    return WORLD_RUN(tests);
}
