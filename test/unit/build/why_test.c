/* Why a version is what it is: told from lineage alone. */
#include "world.h"

#include "build/why.h"

#define DAY_ONE "event_date=2020-01-01"

/* "superseded b.csv for a.csv; upstream silver.sales …" of each cause. */
static const char *causes(world *w, const char *table, const char *partition, int64_t limit) {
    why_version v = {0};
    strings texts = {0};
    assert_ok(why_current(&w->c, world_table(w, table), partition, limit, w->a, &v, &w->err));
    for (size_t i = 0; i < v.causes.count; i++) {
        const why_cause *c = &v.causes.items[i];
        const char *what = c->delivery ? c->delivery->file
                           : c->partition
                               ? arena_printf(w->a, "%s %s", c->table->name, c->partition)
                               : str_join(w->a, &c->parts, ", ");
        const char *instead = c->instead ? arena_printf(w->a, " for %s", c->instead->file) : "";
        const char *gone = c->partition && !c->upstream ? " no more" : "";
        vec_push(w->a, &texts, arena_printf(w->a, "%s %s%s%s", c->kind, what, instead, gone));
    }
    if (v.left_out > 0)
        vec_push(w->a, &texts, arena_printf(w->a, "%lld more", (long long)v.left_out));
    return str_join(w->a, &texts, "; ");
}

static const char *silver(world *w) {
    return causes(w, "silver.sales", DAY_ONE, 10);
}

static int64_t deliver(world *w, const char *file, const char *amount) {
    return world_deliver(w, "raw.sales", file,
                         arena_printf(w->a, "day,shop,amount\n2020-01-01,A,%s\n", amount));
}

static void test_a_version_that_came_back_names_what_brought_it_back(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t first = deliver(w, "a.csv", "1");
    world_run(w);
    assert_string_equal(silver(w), "new a.csv");
    world_set_state(w, first, DELIVERY_SUPERSEDED);
    int64_t second = deliver(w, "a.csv", "2");
    world_run(w);
    assert_string_equal(silver(w), "superseded a.csv for a.csv");
    world_set_state(w, second, DELIVERY_SUPERSEDED);
    (void)deliver(w, "a.csv", "1");
    world_run(w);
    assert_int_equal(w->result.reused, 3);
    assert_string_equal(silver(w), "superseded a.csv for a.csv");
}

static void test_a_withdrawal_and_a_return_name_their_file(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    (void)deliver(w, "a.csv", "1");
    int64_t bad = deliver(w, "b.csv", "2");
    world_run(w);
    world_set_state(w, bad, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(silver(w), "withdrawn b.csv");
    world_set_state(w, bad, DELIVERY_ACTIVE);
    world_run(w);
    assert_string_equal(silver(w), "readmitted b.csv");
}

static void test_more_causes_than_asked_for_are_counted(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    for (int i = 0; i < 5; i++)
        (void)deliver(w, arena_printf(w->a, "%d.csv", i), "1");
    world_run(w);
    assert_string_equal(causes(w, "silver.sales", DAY_ONE, 2), "new 0.csv; new 1.csv; 3 more");
}

static void test_a_partition_that_is_read_no_more_is_a_cause(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    (void)deliver(w, "a.csv", "1");
    int64_t other = world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-02,A,1\n");
    world_run(w);
    world_set_state(w, other, DELIVERY_WITHDRAWN);
    world_run(w);
    assert_string_equal(causes(w, "gold.total", "()", 10),
                        "upstream silver.sales event_date=2020-01-02");
}

static void test_what_never_was_is_not_found(void **state) {
    world *w = world_of(state);
    why_version v = {0};
    world_define_shop(w);
    world_run(w);
    assert_int_equal(
        why_current(&w->c, world_table(w, "silver.sales"), DAY_ONE, 10, w->a, &v, &w->err),
        E_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_version_that_came_back_names_what_brought_it_back),
        WORLD_TEST(test_a_withdrawal_and_a_return_name_their_file),
        WORLD_TEST(test_more_causes_than_asked_for_are_counted),
        WORLD_TEST(test_a_partition_that_is_read_no_more_is_a_cause),
        WORLD_TEST(test_what_never_was_is_not_found),
    };
    return WORLD_RUN(tests);
}
