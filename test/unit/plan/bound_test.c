#include "plan/bound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* silver and gold by day, and gold.all without partitions, which reads all days of gold. */
typedef struct world {
    arena *a;
    lake_table silver, gold, all;
    bound_graph graph;
} world;

static void by_day(world *w, lake_table *t, const char *name, size_t index) {
    column day = {.name = "day", .type = "DATE"};
    *t = (lake_table){.name = name, .index = index};
    vec_push(w->a, &t->columns, day);
    vec_push(w->a, &t->partition_by, "day");
}

static size_t add(world *w, const lake_table *t, const char *partition) {
    bound_node n = {.table = t, .partition = partition, .bytes = 10, .micros = 100};
    vec_push(w->a, &w->graph.nodes, n);
    return w->graph.nodes.count - 1;
}

static void follow(world *w, size_t from, size_t to) {
    bound_edge e = {from, to};
    vec_push(w->a, &w->graph.edges, e);
}

/* With so many days, at most 9, of both tables. The tables are in place: nodes point to them. */
static void fill(world *w, arena *a, int days) {
    *w = (world){.a = a};
    by_day(w, &w->silver, "silver.x", 0);
    by_day(w, &w->gold, "gold.x", 1);
    w->all = (lake_table){.name = "gold.all", .index = 2};
    for (int day = 1; day <= days; day++)
        (void)add(w, &w->silver, arena_printf(a, "day=2024-05-0%d", day));
    for (int day = 1; day <= days; day++)
        follow(w, (size_t)day - 1, add(w, &w->gold, arena_printf(a, "day=2024-05-0%d", day)));
    size_t last = days > 0 ? add(w, &w->all, "()") : 0;
    for (int day = 1; day <= days; day++)
        follow(w, (size_t)(days + day) - 1, last);
}

/* "silver.x day=2024-05-01; …" of what is taken. */
static const char *taken(world *w, plan_bounds bounds) {
    strings texts = {0};
    const bool *flags = bound_take(&w->graph, &bounds, w->a);
    for (size_t i = 0; i < w->graph.nodes.count; i++) {
        const bound_node *n = &w->graph.nodes.items[i];
        const char *day = strlen(n->partition) > 2 ? n->partition + strlen(n->partition) - 1 : "()";
        if (flags[i])
            vec_push(w->a, &texts, arena_printf(w->a, "%s %s", n->table->name, day));
    }
    return str_join(w->a, &texts, ", ");
}

static void test_a_day_goes_through_all_layers(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 3);
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 4}),
                        "silver.x 1, silver.x 2, gold.x 1, gold.x 2");
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 4, .newest_first = true}),
                        "silver.x 2, silver.x 3, gold.x 2, gold.x 3");
}

static void test_what_reads_all_days_comes_with_the_last(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 2);
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 4}), "silver.x 1, gold.x 1");
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 5}),
                        "silver.x 1, silver.x 2, gold.x 1, gold.x 2, gold.all ()");
    assert_string_equal(taken(&w, (plan_bounds){0}),
                        "silver.x 1, silver.x 2, gold.x 1, gold.x 2, gold.all ()");
}

static void test_a_day_that_would_be_cut_is_left_whole(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 3);
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 3}), "silver.x 1, gold.x 1");
}

static void test_at_least_one_is_taken(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 3);
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 1}), "silver.x 1");
    assert_string_equal(taken(&w, (plan_bounds){.bytes = 1}), "silver.x 1");
    assert_string_equal(taken(&w, (plan_bounds){.micros = 1}), "silver.x 1");
}

static void test_bytes_and_time_bound_too(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 3);
    assert_string_equal(taken(&w, (plan_bounds){.bytes = 25}), "silver.x 1, gold.x 1");
    assert_string_equal(taken(&w, (plan_bounds){.micros = 450, .partitions = 100}),
                        "silver.x 1, silver.x 2, gold.x 1, gold.x 2");
}

/* One country's list that every day reads: more than any run may do. It is begun, and a later run
 * finds what is left as days of their own. */
static void test_a_group_that_never_fits_is_begun(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 0);
    size_t list = add(&w, &w.all, "()");
    for (int day = 1; day <= 5; day++)
        follow(&w, list, add(&w, &w.gold, arena_printf(a, "day=2024-05-0%d", day)));
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 3}),
                        "gold.all (), gold.x 1, gold.x 2");
}

static void test_what_is_made_already_costs_nothing(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 0);
    for (int day = 1; day <= 4; day++)
        (void)add(&w, &w.silver, arena_printf(a, "day=2024-05-0%d", day));
    w.graph.nodes.items[0].made = w.graph.nodes.items[1].made = true;
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 1}),
                        "silver.x 1, silver.x 2, silver.x 3");
}

static void test_nothing_stale_is_nothing_taken(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    world w;
    fill(&w, a, 0);
    assert_string_equal(taken(&w, (plan_bounds){.partitions = 1}), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_day_goes_through_all_layers),
        cmocka_unit_test(test_what_reads_all_days_comes_with_the_last),
        cmocka_unit_test(test_a_day_that_would_be_cut_is_left_whole),
        cmocka_unit_test(test_at_least_one_is_taken),
        cmocka_unit_test(test_bytes_and_time_bound_too),
        cmocka_unit_test(test_a_group_that_never_fits_is_begun),
        cmocka_unit_test(test_what_is_made_already_costs_nothing),
        cmocka_unit_test(test_nothing_stale_is_nothing_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
