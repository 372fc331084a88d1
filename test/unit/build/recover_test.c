/* Cleaning up after killed runs: garbage goes, everything else stays. */
#include "world.h"

static const char ONE_DAY[] = "day,shop,amount\n2020-01-01,A,1\n";

static void put(world *w, const char *layer, const char *key) {
    for (size_t i = 0; i < w->lake->layer_count; i++)
        if (str_eq(w->lake->layers[i].name, layer))
            assert_ok(store_put(w->layers[i], key, "x", 1, (store_put_options){0}, &w->err));
}

static void pend(world *w, const char *layer, const char *object) {
    pending_object p = {.store = layer, .object = object, .run = "dead"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_pending_add(w->ledger, &p, 1, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
}

static void recover(world *w) {
    world_begin_run(w);
    assert_ok(build_recover(&w->c, &w->err));
}

static void test_only_garbage_below_a_pending_place_goes(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", ONE_DAY);
    world_run(w);
    put(w, "silver", ".weir/objects/silver.sales/dead/0/x.parquet");
    put(w, "silver", ".weir/objects/silver.sales/alive/0/x.parquet");
    put(w, "silver", "sales/x.parquet");
    pend(w, "silver", ".weir/objects/silver.sales/dead/");
    recover(w);
    strings left = world_objects(w, "silver");
    assert_int_equal(left.count, 2);
    assert_string_equal(left.items[0], ".weir/objects/silver.sales/alive/0/x.parquet");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1");
    assert_int_equal(world_pending(w), 0);
}

/* The run was killed after its commit, or its commit left the record because a part was garbage. */
static void test_files_of_versions_below_a_pending_place_stay(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", ONE_DAY);
    world_run(w);
    put(w, "silver", ".weir/objects/silver.sales/run1/7/x.parquet");
    pend(w, "silver", ".weir/objects/silver.sales/run1/");
    recover(w);
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1");
    world_assert_no_garbage(w);
}

static void test_what_landing_has_pending_is_left_to_landing(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    put(w, "raw", "sales/file_land_timestamp=1/a.csv");
    pend(w, "raw", "sales/file_land_timestamp=1/a.csv");
    pend(w, "quarantine", "raw.sales/a.csv");
    pend(w, "gone", ".weir/objects/gone.x/dead/");
    recover(w);
    assert_int_equal(world_pending(w), 3);
    store_objects objects = {0};
    assert_ok(store_list(w->layers[0], "sales/", w->a, &objects, &w->err));
    assert_int_equal(objects.count, 1);
}

static void test_recovering_twice_is_the_same_as_once(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    put(w, "silver", ".weir/objects/silver.sales/dead/0/x.parquet");
    pend(w, "silver", ".weir/objects/silver.sales/dead/");
    recover(w);
    recover(w);
    assert_int_equal(world_objects(w, "silver").count, 0);
    assert_int_equal(world_pending(w), 0);
}

/* Garbage that cannot be removed must not stop anybody's work. */
static void test_garbage_that_stays_is_tried_again_by_the_next_run(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    pend(w, "silver", "*/../not a key/");
    pend(w, "silver", ".weir/objects/../../outside/");
    recover(w);
    assert_int_equal(world_pending(w), 2);
    world_deliver(w, "raw.sales", "a.csv", ONE_DAY);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "1,1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_only_garbage_below_a_pending_place_goes),
        WORLD_TEST(test_files_of_versions_below_a_pending_place_stay),
        WORLD_TEST(test_what_landing_has_pending_is_left_to_landing),
        WORLD_TEST(test_recovering_twice_is_the_same_as_once),
        WORLD_TEST(test_garbage_that_stays_is_tried_again_by_the_next_run),
    };
    return WORLD_RUN(tests);
}
