/* Which partitions wait for a failed one, as the ledger stands. */
#include "world.h"

/* "gold.total () for silver.sales event_date=…" of each, joined by "; ". */
static const char *blocked(world *w) {
    build_blockeds found = {0};
    strings texts = {0};
    world_begin_run(w);
    assert_ok(build_blocked_find(&w->c, w->a, &found, &w->err));
    for (size_t i = 0; i < found.count; i++) {
        const build_blocked *b = &found.items[i];
        vec_push(w->a, &texts, arena_printf(w->a, "%s %s for %s", b->table, b->partition, b->by));
    }
    return str_join(w->a, &texts, "; ");
}

static void test_what_waits_names_what_it_waits_for(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-02-01,A,2\n");
    world_run(w);
    assert_string_equal(blocked(w), "");
    int64_t bad = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-01,A,many\n");
    world_run(w);
    assert_string_equal(blocked(w),
                        "gold.month month=2020-01-01 for silver.sales event_date=2020-01-01; "
                        "gold.total () for silver.sales event_date=2020-01-01");
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(blocked(w), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_what_waits_names_what_it_waits_for),
    };
    return WORLD_RUN(tests);
}
