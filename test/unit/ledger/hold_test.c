/* Holds: what they keep out of a run's sight, and what ends them. */
#include "ledger/care.h"

#include "fixture.h"

static const char DAY[] = "event_date=2024-05-22";

/* A derivation with its version, current from this transaction on. */
static int64_t build_from(fixture *f, int table, const char *partition, const char *content,
                          ledger_unit_ref input) {
    const ledger_table *t = &f->tables[table];
    int64_t id = 0, derivation = 0;
    assert_ok(ledger_partition_need(f->l, t->id, t->generation, partition, &id, &f->err));
    ledger_file file = {.object = arena_printf(f->a, "%s/%s", t->name, content),
                        .rows = 1,
                        .bytes = 1,
                        .sum1 = "0000000000000001",
                        .sum2 = "0000000000000001"};
    ledger_version v = {
        .partition = id, .content = content, .rows = 1, .files = &file, .file_count = 1};
    assert_ok(ledger_version_add(f->l, t->id, &v, "run-1", &f->err));
    const ledger_derivation d = {.partition = id,
                                 .memo_key = content,
                                 .version = v.id,
                                 .code = t->code,
                                 .lineage = &input,
                                 .lineage_count = input.input != 0};
    assert_ok(ledger_derivation_add(f->l, &d, "run-1", &derivation, &f->err));
    assert_ok(ledger_current_set(f->l, t->id, id, derivation, v.id, &f->err));
    return derivation;
}

static int64_t version_of(fixture *f, int table, const char *partition) {
    ledger_current now = {0};
    assert_ok(ledger_current_get(f->l, fixture_id(f, table), partition, f->a, &now, &f->err));
    return now.version;
}

static void run_of(fixture *f, const char *run) {
    const ledger_run r = {.id = run, .verb = "run", .state = "running", .who = "w"};
    assert_ok(ledger_run_start(f->l, &r, &f->err));
    assert_ok(ledger_moment_of_run(f->l, run, &f->err));
}

static void hold(fixture *f, int table, const char *partition, int64_t derivation) {
    const ledger_hold h = {.table = fixture_id(f, table),
                           .partition = partition,
                           .derivation = derivation,
                           .run = "run-2",
                           .who = "me",
                           .why = "wrong",
                           .at_us = 7};
    assert_ok(ledger_hold_put(f->l, &h, &f->err));
}

static size_t lapsed(fixture *f) {
    ledger_holds all = {0};
    assert_ok(ledger_holds_lapsed(f->l, f->a, &all, &f->err));
    return all.count;
}

static void test_a_hold_tells_whose_and_why_until_it_is_released(void **state) {
    fixture *f = *state;
    ledger_holds all = {0};
    bool held = false;
    fixture_begin(f);
    hold(f, SILVER, "event_date=2024-05-23", 2);
    hold(f, SILVER, DAY, 1);
    hold(f, SILVER, DAY, 3);
    hold(f, GOLD, "()", 4);
    fixture_commit(f);
    assert_ok(ledger_holds_of(f->l, fixture_id(f, SILVER), f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_string_equal(all.items[0].partition, DAY);
    assert_int_equal(all.items[0].derivation, 3);
    assert_string_equal(all.items[0].run, "run-2");
    assert_string_equal(all.items[0].who, "me");
    assert_string_equal(all.items[0].why, "wrong");
    assert_int_equal(all.items[0].at_us, 7);
    assert_ok(ledger_holds_of(f->l, 0, f->a, &all, &f->err));
    assert_int_equal(all.count, 3);
    fixture_begin(f);
    assert_ok(ledger_hold_release(f->l, fixture_id(f, SILVER), DAY, &f->err));
    fixture_commit(f);
    assert_ok(ledger_hold_is(f->l, fixture_id(f, SILVER), DAY, &held, &f->err));
    assert_false(held);
    assert_ok(ledger_hold_is(f->l, fixture_id(f, GOLD), "()", &held, &f->err));
    assert_true(held);
}

static void test_a_hold_tells_whether_something_changed_since(void **state) {
    fixture *f = *state;
    ledger_holds all = {0};
    const mark stale = {.partition = DAY, .cause = CAUSE_NEW, .ref = "a.csv"};
    fixture_begin(f);
    assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &stale, &f->err));
    hold(f, SILVER, DAY, 1);
    fixture_commit(f);
    assert_ok(ledger_holds_of(f->l, 0, f->a, &all, &f->err));
    assert_false(all.items[0].is_stale);
    fixture_begin(f);
    assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &stale, &f->err));
    fixture_commit(f);
    assert_ok(ledger_holds_of(f->l, 0, f->a, &all, &f->err));
    assert_true(all.items[0].is_stale);
}

static void test_what_is_held_is_marked_and_not_shown_as_such(void **state) {
    fixture *f = *state;
    int64_t before = 0, count = 0;
    const mark stale = {.partition = DAY, .cause = CAUSE_NEW, .ref = "a.csv"};
    assert_ok(ledger_mark_count(f->l, &before, &f->err));
    fixture_begin(f);
    assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &stale, &f->err));
    hold(f, SILVER, DAY, 1);
    fixture_commit(f);
    assert_string_equal(fixture_marks(f, SILVER), "");
    assert_ok(ledger_mark_count(f->l, &count, &f->err));
    assert_int_equal(count, before);
    fixture_begin(f);
    assert_ok(ledger_hold_release(f->l, fixture_id(f, SILVER), DAY, &f->err));
    fixture_commit(f);
    assert_string_equal(fixture_marks(f, SILVER), "event_date=2024-05-22 new a.csv");
}

/* raw.trips a.csv → silver.trips → gold.totals, which is held. */
static int64_t hold_gold(fixture *f) {
    fixture_begin(f);
    int64_t id = fixture_deliver(f, RAW, "a.csv", 10);
    build_from(f, SILVER, DAY, "s1", (ledger_unit_ref){fixture_id(f, RAW), id});
    int64_t gold = build_from(f, GOLD, "()", "g1",
                              (ledger_unit_ref){fixture_id(f, SILVER), version_of(f, SILVER, DAY)});
    fixture_commit(f);
    fixture_begin(f);
    hold(f, GOLD, "()", gold);
    fixture_commit(f);
    assert_int_equal(lapsed(f), 0);
    return id;
}

static void test_a_hold_ends_when_a_delivery_far_up_no_longer_counts(void **state) {
    fixture *f = *state;
    int64_t id = hold_gold(f);
    fixture_begin(f);
    fixture_deliver(f, RAW, "b.csv", 20);
    fixture_commit(f);
    assert_int_equal(lapsed(f), 0);
    fixture_begin(f);
    assert_ok(ledger_delivery_set_state(f->l, id, DELIVERY_SUPERSEDED, NULL, &f->err));
    fixture_commit(f);
    assert_int_equal(lapsed(f), 1);
}

static void test_a_hold_ends_when_code_on_the_way_changes(void **state) {
    fixture *f = *state;
    hold_gold(f);
    f->lake->tables[NAMED]->fingerprint = "another";
    fixture_redefine(f);
    assert_int_equal(lapsed(f), 0);
    f->lake->tables[SILVER]->fingerprint = "another";
    fixture_redefine(f);
    assert_int_equal(lapsed(f), 1);
}

static void test_what_a_run_made_can_be_undone_as_far_as_it_is_current(void **state) {
    fixture *f = *state;
    ledger_undoables all = {0};
    fixture_begin(f);
    int64_t old = build_from(f, SILVER, DAY, "s1", (ledger_unit_ref){0});
    fixture_commit(f);
    fixture_begin(f);
    run_of(f, "run-2");
    int64_t new = build_from(f, SILVER, DAY, "s2", (ledger_unit_ref){0});
    build_from(f, GOLD, "()", "g1", (ledger_unit_ref){0});
    fixture_commit(f);
    assert_ok(ledger_undoables_of(f->l, "run-2", f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].table, fixture_id(f, GOLD));
    assert_int_equal(all.items[0].old_version, 0);
    assert_true(all.items[0].is_current);
    assert_string_equal(all.items[1].partition, DAY);
    assert_int_equal(all.items[1].derivation, new);
    assert_int_equal(all.items[1].old_derivation, old);
    assert_false(all.items[1].is_gone);
    assert_false(all.items[1].is_other_generation);
    fixture_begin(f);
    build_from(f, SILVER, DAY, "s3", (ledger_unit_ref){0});
    fixture_commit(f);
    assert_ok(ledger_undoables_of(f->l, "run-2", f->a, &all, &f->err));
    assert_true(all.items[0].is_current);
    assert_false(all.items[1].is_current);
    assert_ok(ledger_undoables_of(f->l, "run-9", f->a, &all, &f->err));
    assert_int_equal(all.count, 0);
}

static void test_deliveries_that_only_one_of_two_read_are_told(void **state) {
    fixture *f = *state;
    strings files = {0};
    fixture_begin(f);
    int64_t a = fixture_deliver(f, RAW, "a.csv", 10), b = fixture_deliver(f, RAW, "b.csv", 20);
    int64_t one = build_from(f, SILVER, DAY, "s1", (ledger_unit_ref){fixture_id(f, RAW), a});
    int64_t other = build_from(f, SILVER, DAY, "s2", (ledger_unit_ref){fixture_id(f, RAW), b});
    int64_t far = build_from(f, GOLD, "()", "g1",
                             (ledger_unit_ref){fixture_id(f, SILVER), version_of(f, SILVER, DAY)});
    fixture_commit(f);
    assert_ok(ledger_deliveries_between(f->l, one, other, f->a, &files, &f->err));
    assert_string_equal(str_join(f->a, &files, " "), "a.csv b.csv");
    assert_ok(ledger_deliveries_between(f->l, one, 0, f->a, &files, &f->err));
    assert_string_equal(str_join(f->a, &files, " "), "a.csv");
    assert_ok(ledger_deliveries_between(f->l, far, other, f->a, &files, &f->err));
    assert_int_equal(files.count, 0);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_hold_tells_whose_and_why_until_it_is_released),
        CLAIM(test_a_hold_tells_whether_something_changed_since),
        CLAIM(test_what_is_held_is_marked_and_not_shown_as_such),
        CLAIM(test_a_hold_ends_when_a_delivery_far_up_no_longer_counts),
        CLAIM(test_a_hold_ends_when_code_on_the_way_changes),
        CLAIM(test_what_a_run_made_can_be_undone_as_far_as_it_is_current),
        CLAIM(test_deliveries_that_only_one_of_two_read_are_told),
    };
    return fixture_run("hold", TESTS, ARRAY_SIZE(TESTS));
}
