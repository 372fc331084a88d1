/* How many partitions wait for a failed one, as the ledger stands. */
#include "world.h"

static int64_t blocked(world *w, const char *table) {
    int64_t *counts = ARENA_ARRAY(w->a, int64_t, w->lake->table_count);
    world_begin_run(w);
    assert_ok(build_blocked_counts(&w->c, w->a, counts, &w->err));
    return counts[world_table(w, table)->index];
}

static void test_what_waits_is_counted_table_by_table(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-02-01,A,2\n");
    world_run(w);
    assert_int_equal(blocked(w, "gold.total"), 0);
    int64_t bad = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-01,A,many\n");
    world_run(w);
    assert_int_equal(blocked(w, "silver.sales"), 0);
    assert_int_equal(blocked(w, "gold.month"), 1);
    assert_int_equal(blocked(w, "gold.total"), 1);
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_int_equal(blocked(w, "gold.month"), 0);
    assert_int_equal(blocked(w, "gold.total"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_what_waits_is_counted_table_by_table),
    };
    return WORLD_RUN(tests);
}
