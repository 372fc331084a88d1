/* What a run would do, before it does it. */
#include "world.h"

static const char *causes_of(world *w, const plan_partition *p) {
    strings texts = {0};
    for (size_t i = 0; i < p->causes.count; i++)
        vec_push(w->a, &texts,
                 arena_printf(w->a, "%s %s", cause_name(p->causes.items[i].kind),
                              p->causes.items[i].ref));
    return str_join(w->a, &texts, ", ");
}

/* "table partition: causes (certain)" of each, joined by "; ". */
static const char *planned(world *w, const bool *selected) {
    plan p = {0};
    strings texts = {0};
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    assert_ok(build_plan(&w->c, selected, w->a, &p, &w->err));
    for (size_t i = 0; i < p.step_count; i++)
        for (size_t j = 0; j < p.steps[i].partitions.count; j++) {
            const plan_partition *one = &p.steps[i].partitions.items[j];
            const char *certain = one->certain ? "certain" : "uncertain";
            vec_push(w->a, &texts,
                     arena_printf(w->a, "%s %s: %s (%s)", p.steps[i].table->name, one->text,
                                  causes_of(w, one), certain));
        }
    return str_join(w->a, &texts, "; ");
}

static void build_two_months(world *w) {
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-02-01,A,2\n");
    world_run(w);
}

static void test_nothing_stale_is_an_empty_plan(void **state) {
    world *w = world_of(state);
    build_two_months(w);
    assert_string_equal(planned(w, NULL), "");
}

static void test_what_a_file_reaches_is_certain_and_what_follows_is_not(void **state) {
    world *w = world_of(state);
    build_two_months(w);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,B,4\n");
    assert_string_equal(
        planned(w, NULL),
        "silver.sales event_date=2020-02-01: new b.csv (certain); "
        "gold.month month=2020-02-01: upstream silver.sales event_date=2020-02-01 (uncertain); "
        "gold.total (): upstream silver.sales event_date=2020-02-01 (uncertain)");
}

static void test_a_change_of_code_names_itself(void **state) {
    world *w = world_of(state);
    build_two_months(w);
    world_write(w, "tables/gold/total.sql",
                "SELECT sum(amount) AS total, count(*) + 1 AS n FROM silver.sales\n");
    world_define(w);
    const char *text = planned(w, NULL);
    assert_non_null(strstr(text, "gold.total (): code "));
    assert_true(str_ends(text, "(certain)"));
    assert_null(strstr(text, "silver"));
}

static void test_only_what_is_selected_is_planned(void **state) {
    world *w = world_of(state);
    build_two_months(w);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,B,4\n");
    bool *selected = ARENA_ARRAY(w->a, bool, w->lake->table_count);
    selected[world_table(w, "silver.sales")->index] = true;
    assert_string_equal(planned(w, selected),
                        "silver.sales event_date=2020-02-01: new b.csv (certain)");
}

static void test_planning_changes_no_version_and_stages_nothing(void **state) {
    world *w = world_of(state);
    build_two_months(w);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,B,4\n");
    size_t objects = world_objects(w, "silver").count;
    (void)planned(w, NULL);
    assert_int_equal(world_objects(w, "silver").count, objects);
    assert_int_equal(world_pending(w), 0);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "7,3");
}

/* The table is built anew under other partitions: what reads the old ones is reached too. */
static void test_another_partitioning_reaches_what_reads_the_old_one(void **state) {
    world *w = world_of(state);
    build_two_months(w);
    world_write(w, "tables/silver/sales.yaml", "partition_by: [shop]\n");
    world_define(w);
    const char *text = planned(w, NULL);
    assert_non_null(strstr(text, "silver.sales shop=A: code partition_by (certain)"));
    assert_non_null(strstr(text, "gold.month month=2020-01-01: upstream silver.sales"));
    assert_non_null(strstr(text, "gold.total (): upstream silver.sales"));
}

static void test_the_size_of_what_is_replaced_is_told(void **state) {
    world *w = world_of(state);
    build_two_months(w);
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-02-01,B,4\n2020-03-01,B,4\n");
    plan p = {0};
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    assert_ok(build_plan(&w->c, NULL, w->a, &p, &w->err));
    const plan_partitions *silver = &p.steps[0].partitions;
    assert_int_equal(silver->items[0].rows, 1);
    assert_true(silver->items[0].bytes > 0);
    assert_int_equal(silver->items[1].rows, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_nothing_stale_is_an_empty_plan),
        WORLD_TEST(test_what_a_file_reaches_is_certain_and_what_follows_is_not),
        WORLD_TEST(test_a_change_of_code_names_itself),
        WORLD_TEST(test_only_what_is_selected_is_planned),
        WORLD_TEST(test_planning_changes_no_version_and_stages_nothing),
        WORLD_TEST(test_another_partitioning_reaches_what_reads_the_old_one),
        WORLD_TEST(test_the_size_of_what_is_replaced_is_told),
    };
    return WORLD_RUN(tests);
}
