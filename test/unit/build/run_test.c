/* Runs as a whole, from deliveries to what readers see. */
#include "world.h"

static void test_a_chain_of_tables_becomes_current_in_one_commit(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n");
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,A,4\n2020-01-02,B,8\n");
    int64_t before = world_seq(w);
    world_run(w);
    assert_string_equal(world_counts(w), "built 6");
    assert_int_equal(w->result.seq, before + 1);
    assert_string_equal(world_partitions(w, "silver.sales"),
                        "event_date=2020-01-01:1 event_date=2020-01-02:2 event_date=2020-02-01:1");
    assert_string_equal(world_rows(w, "gold.month"),
                        "2020-01-01,A,3 2020-01-01,B,8 2020-02-01,A,4");
    assert_string_equal(world_rows(w, "gold.total"), "15,4");
    assert_string_equal(world_marks(w, "silver.sales"), "");
    assert_string_equal(world_marks(w, "gold.month"), "");
    world_assert_no_garbage(w);
}

static void test_running_again_does_nothing(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_run(w);
    int64_t seq = world_seq(w);
    world_run(w);
    assert_string_equal(world_counts(w), "");
    assert_int_equal(w->result.seq, 0);
    assert_int_equal(world_seq(w), seq);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_chain_of_tables_becomes_current_in_one_commit),
        WORLD_TEST(test_running_again_does_nothing),
    };
    return WORLD_RUN(tests);
}
