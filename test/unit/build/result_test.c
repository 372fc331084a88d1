/* A worker's answer is believed only where it fits the job. */
#include "world.h"

static void define_with_one_reader(world *w) {
    world_define_shop(w);
    world_remove(w, "tables/gold/total.sql");
    world_define(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,1\n");
}

static void run_broken(world *w, const char *way) {
    world_script(w, arena_printf(w->a, "{\"break\": \"%s\"}", way));
    world_run(w);
}

static void assert_nothing_taken(world *w) {
    assert_string_equal(world_partitions(w, "silver.sales"), "");
    assert_int_equal(world_failures(w, "silver.sales"), 0);
    assert_non_null(strstr(world_marks(w, "silver.sales"), "event_date=2020-01-01 new a.csv"));
    world_assert_no_garbage(w);
}

static void test_answers_that_do_not_fit_the_job_fail_it(void **state) {
    static const char *const WAYS[] = {"count",  "path",     "folder", "missing", "rows",
                                       "digest", "negative", "feeds",  "files",   "twice"};
    world *w = world_of(state);
    define_with_one_reader(w);
    for (size_t i = 0; i < ARRAY_SIZE(WAYS); i++) {
        run_broken(w, WAYS[i]);
        if (w->result.failed.count == 0)
            fail_msg("an answer with wrong %s was taken", WAYS[i]);
        const error *told = &w->result.failed.items[0].error;
        if (told->kind != E_ENGINE && told->kind != E_NOT_FOUND)
            fail_msg("%s: %s: %s", WAYS[i], status_name(told->kind), told->message);
        assert_nothing_taken(w);
    }
    world_script(w, "{}");
    world_run(w);
    assert_string_equal(world_failed(w), "");
}

/* Alone, a partition cannot be out of order: the halves are right. */
static void test_an_answer_out_of_order_is_asked_for_again_in_halves(void **state) {
    world *w = world_of(state);
    define_with_one_reader(w);
    run_broken(w, "order");
    assert_string_equal(world_jobs(w), "2020-01-01 2020-01-02; 2020-01-01; 2020-01-02; 2020-01-01");
    assert_string_equal(world_partitions(w, "silver.sales"),
                        "event_date=2020-01-01:1 event_date=2020-01-02:1");
    world_assert_no_garbage(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_answers_that_do_not_fit_the_job_fail_it),
        WORLD_TEST(test_an_answer_out_of_order_is_asked_for_again_in_halves),
    };
    return WORLD_RUN(tests);
}
