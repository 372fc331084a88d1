/* What is kept although the code is another one. */
#include "world.h"

#include "build/accept.h"
#include "ledger/care.h"

static const char DAY_ONE[] = "day,shop,amount\n2020-01-01,A,1\n";
static const char DAY_TWO[] = "day,shop,amount\n2020-01-02,A,2\n";

static void double_amounts(world *w) {
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, shop, 2 * cast(amount AS bigint) AS amount"
                " FROM raw.sales\n");
    world_define(w);
}

static void begin(world *w) {
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", DAY_ONE);
    world_deliver(w, "raw.sales", "b.csv", DAY_TWO);
    world_run(w);
}

/* "silver.sales event_date=2020-01-01 sql: its inputs changed too" of each, joined by "; ". */
static const char *accept(world *w) {
    accepteds all = {0};
    strings texts = {0};
    const accept_ask ask = {.why = "as agreed"};
    world_begin_run(w);
    assert_ok(build_accept(&w->c, &ask, w->a, &all, &w->err));
    for (size_t i = 0; i < all.count; i++) {
        const accepted *one = &all.items[i];
        const char *reason = one->reason ? arena_printf(w->a, ": %s", one->reason) : "";
        vec_push(w->a, &texts,
                 arena_printf(w->a, "%s %s %s%s", one->table, one->partition, one->causes, reason));
    }
    return str_join(w->a, &texts, "; ");
}

static ledger_current current(world *w, const char *partition) {
    ledger_current c = {0};
    assert_ok(
        ledger_current_get(w->ledger, world_id(w, "silver.sales"), partition, w->a, &c, &w->err));
    return c;
}

static void test_what_is_accepted_stays_and_no_later_run_builds_it(void **state) {
    world *w = world_of(state);
    begin(w);
    const ledger_current before = current(w, "event_date=2020-01-01");
    double_amounts(w);
    assert_string_equal(accept(w), "silver.sales event_date=2020-01-01 sql; "
                                   "silver.sales event_date=2020-01-02 sql");
    assert_string_equal(world_marks(w, "silver.sales"), "");
    const ledger_current after = current(w, "event_date=2020-01-01");
    assert_int_equal(after.version, before.version);
    assert_int_equal(after.from_seq, before.from_seq);
    assert_string_not_equal(after.memo_key, before.memo_key);
    ledger_event why = {0};
    assert_ok(ledger_event_get(w->ledger, after.accepted, w->a, &why, &w->err));
    assert_string_equal(why.what, "accept");
    assert_string_equal(why.ref, "silver.sales");
    assert_string_equal(why.why, "as agreed");
    const mark again = {.partition = "event_date=2020-01-01", .cause = CAUSE_CODE, .ref = "again"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_mark_add(w->ledger, world_id(w, "silver.sales"), &again, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
    world_run(w);
    assert_string_equal(world_counts(w), "unchanged 1");
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

static void test_an_input_that_changes_brings_the_new_code_to_work(void **state) {
    world *w = world_of(state);
    begin(w);
    double_amounts(w);
    accept(w);
    world_deliver(w, "raw.sales", "c.csv", DAY_ONE);
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "6,3");
    assert_int_equal(current(w, "event_date=2020-01-01").accepted, 0);
    assert_true(current(w, "event_date=2020-01-02").accepted > 0);
}

static void test_what_it_was_made_of_stays_known(void **state) {
    world *w = world_of(state);
    begin(w);
    strings before = {0}, after = {0};
    int64_t made = current(w, "event_date=2020-01-01").derivation;
    assert_ok(ledger_deliveries_between(w->ledger, made, 0, w->a, &before, &w->err));
    double_amounts(w);
    accept(w);
    int64_t now = current(w, "event_date=2020-01-01").derivation;
    assert_int_not_equal(now, made);
    assert_ok(ledger_deliveries_between(w->ledger, now, 0, w->a, &after, &w->err));
    assert_string_equal(str_join(w->a, &after, " "), str_join(w->a, &before, " "));
    assert_string_equal(str_join(w->a, &after, " "), "a.csv");
}

static void test_what_cannot_be_kept_stays_stale_with_its_reason(void **state) {
    world *w = world_of(state);
    begin(w);
    world_deliver(w, "raw.sales", "c.csv", DAY_TWO);
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) + 0 AS event_date, shop, 2 * cast(amount AS bigint) AS"
                " amount FROM raw.sales\n");
    world_write(w, "tables/gold/total.sql",
                "SELECT sum(amount) AS total, count(*) AS n, max(amount) AS most"
                " FROM silver.sales\n");
    world_define(w);
    assert_string_equal(
        accept(w),
        "silver.sales event_date=2020-01-01 sql, map of raw.sales; "
        "silver.sales event_date=2020-01-02 sql, map of raw.sales: its inputs changed too; "
        "gold.total () sql, columns: it has other columns or partitions now");
    world_run(w);
    assert_string_equal(world_counts(w), "built 3");
    assert_string_equal(world_rows(w, "gold.total"), "9,3,4");
}

/* The mark of what landed names a day of the old map; the day that the new map gives must not lose
 * it. */
static void test_what_came_in_under_an_older_map_is_not_lost(void **state) {
    world *w = world_of(state);
    begin(w);
    world_deliver(w, "raw.sales", "c.csv", DAY_ONE);
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    assert_string_equal(world_marks(w, "silver.sales"), "event_date=2020-01-01 new c.csv");
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) + 1 AS event_date, shop, cast(amount AS bigint) AS"
                " amount FROM raw.sales\n");
    world_define(w);
    const char *told = accept(w);
    assert_non_null(strstr(told, "event_date=2020-01-01 sql, map of raw.sales: its inputs"));
    assert_non_null(strstr(told, "event_date=2020-01-02 sql, map of raw.sales: its inputs"));
}

/* A partition that fails under the new code is out of trouble. */
static void test_a_failure_of_what_is_accepted_is_forgotten(void **state) {
    world *w = world_of(state);
    begin(w);
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, shop,"
                " cast(CASE WHEN shop = 'A' THEN 'x' ELSE amount END AS bigint) AS amount"
                " FROM raw.sales\n");
    world_define(w);
    world_run(w);
    assert_int_equal(world_failures(w, "silver.sales"), 2);
    accept(w);
    assert_int_equal(world_failures(w, "silver.sales"), 0);
    world_run(w);
    assert_string_equal(world_failed(w), "");
    assert_string_equal(world_counts(w), "");
}

static void test_code_that_came_back_needs_nobodys_word(void **state) {
    world *w = world_of(state);
    begin(w);
    double_amounts(w);
    world_define_shop(w);
    assert_non_null(strstr(accept(w), "silver.sales event_date=2020-01-01 sql"));
    assert_int_equal(current(w, "event_date=2020-01-01").accepted, 0);
    assert_string_equal(world_marks(w, "silver.sales"), "");
}

static void test_what_the_code_made_before_is_taken_by_a_run(void **state) {
    world *w = world_of(state);
    begin(w);
    double_amounts(w);
    world_run(w);
    world_define_shop(w);
    assert_non_null(
        strstr(accept(w), "event_date=2020-01-01 sql: what the code makes of it is known"));
    world_run(w);
    assert_string_equal(world_rows(w, "gold.total"), "3,2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_what_is_accepted_stays_and_no_later_run_builds_it),
        WORLD_TEST(test_an_input_that_changes_brings_the_new_code_to_work),
        WORLD_TEST(test_what_it_was_made_of_stays_known),
        WORLD_TEST(test_what_cannot_be_kept_stays_stale_with_its_reason),
        WORLD_TEST(test_what_came_in_under_an_older_map_is_not_lost),
        WORLD_TEST(test_a_failure_of_what_is_accepted_is_forgotten),
        WORLD_TEST(test_code_that_came_back_needs_nobodys_word),
        WORLD_TEST(test_what_the_code_made_before_is_taken_by_a_run),
    };
    return WORLD_RUN(tests);
}
