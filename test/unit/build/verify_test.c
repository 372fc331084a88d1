/* Building again beside the lake: what is compared, what is not, and what fails alone. */
#include "world.h"

#include "base/path.h"
#include "build/verify.h"

static verify_result verify(world *w, verify_ask ask) {
    verify_result result = {0};
    world_begin_run(w);
    ask.share = ask.share > 0 ? ask.share : 1;
    ask.seed = ask.seed ? ask.seed : "seed";
    ask.temp_dir = path_join(w->a, w->folder, "tmp");
    assert_ok(verify_build(&w->c, &ask, w->a, &result, &w->err));
    return result;
}

static int64_t deliver(world *w, int number) {
    return world_deliver(
        w, "raw.sales", arena_printf(w->a, "%d.csv", number),
        arena_printf(w->a, "day,shop,amount\n2020-01-%02d,A,%d\n", number, number));
}

static void begin(world *w) {
    world_define_shop(w);
    for (int i = 1; i <= 4; i++)
        (void)deliver(w, i);
    world_run(w);
}

static void test_everything_is_equal_and_nothing_is_left(void **state) {
    world *w = world_of(state);
    begin(w);
    int64_t seq = world_seq(w);
    verify_result r = verify(w, (verify_ask){0});
    assert_int_equal(r.equal, 6);
    assert_int_equal(r.different.count + r.failed.count + r.skipped.count, 0);
    assert_int_equal(world_seq(w), seq);
    world_assert_no_garbage(w);
}

static void test_one_missing_file_fails_its_partition_alone(void **state) {
    world *w = world_of(state);
    begin(w);
    delivery d = {0};
    assert_ok(ledger_delivery_get(w->ledger, 2, w->a, &d, &w->err));
    assert_ok(store_remove(w->layers[0], d.object, &w->err));
    verify_result r = verify(w, (verify_ask){0});
    assert_int_equal(r.failed.count, 1);
    assert_string_equal(r.failed.items[0].partition, "event_date=2020-01-02");
    assert_int_equal(r.equal, 5);
}

static void test_a_sample_is_the_same_for_the_same_seed(void **state) {
    world *w = world_of(state);
    begin(w);
    bool *selected = ARENA_ARRAY(w->a, bool, w->lake->table_count);
    selected[world_table(w, "silver.sales")->index] = true;
    plan_filter filter = {0};
    vec_push(w->a, &filter.partitions, "event_date=2020-01-03");
    verify_result r = verify(w, (verify_ask){.selected = selected, .share = 0.5});
    assert_int_equal(r.equal, 2);
    assert_int_equal(r.unsampled, 2);
    r = verify(w, (verify_ask){.selected = selected, .share = 0.01});
    assert_int_equal(r.equal, 1);
    r = verify(w, (verify_ask){.selected = selected, .filter = &filter});
    assert_int_equal(r.equal, 1);
    assert_int_equal(r.unsampled, 0);
}

static void test_what_is_stale_is_not_compared(void **state) {
    world *w = world_of(state);
    begin(w);
    (void)world_deliver(w, "raw.sales", "more.csv", "day,shop,amount\n2020-01-02,B,9\n");
    assert_ok(build_absorb(&w->c, &w->err));
    verify_result r = verify(w, (verify_ask){0});
    assert_int_equal(r.skipped.count, 1);
    assert_string_equal(r.skipped.items[0].partition, "event_date=2020-01-02");
    assert_string_equal(r.skipped.items[0].reason, "stale");
    assert_int_equal(r.equal, 5);
    r = verify(w, (verify_ask){.whole = true});
    assert_int_equal(r.outside.count, 0);
    assert_int_equal(r.different.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_everything_is_equal_and_nothing_is_left),
        WORLD_TEST(test_one_missing_file_fails_its_partition_alone),
        WORLD_TEST(test_a_sample_is_the_same_for_the_same_seed),
        WORLD_TEST(test_what_is_stale_is_not_compared),
    };
    return WORLD_RUN(tests);
}
