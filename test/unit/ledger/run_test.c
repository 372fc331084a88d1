#include "fixture.h"

/* Runs, steps, events, pending objects, failures, summaries. */

static void start_run(fixture *f, const char *id, int64_t started) {
    const ledger_run r = {
        .id = id, .verb = "run", .state = "running", .started = started, .who = "maria"};
    assert_ok(ledger_run_start(f->l, &r, &f->err));
}

static table_summary summary_of(fixture *f, int table) {
    table_summary s;
    bool is_source = f->lake->tables[table]->source != NULL;
    assert_ok(ledger_table_summary(f->l, fixture_id(f, table), is_source, f->a, &s, &f->err));
    return s;
}

static void test_runs_are_listed_newest_first(void **state) {
    fixture *f = *state;
    ledger_runs runs = {0};
    fixture_begin(f);
    start_run(f, "run-a", 100);
    start_run(f, "run-c", 300);
    start_run(f, "run-b", 200);
    fixture_commit(f);
    assert_ok(ledger_run_list(f->l, 2, f->a, &runs, &f->err));
    assert_int_equal(runs.count, 2);
    assert_string_equal(runs.items[0].id, "run-c");
    assert_string_equal(runs.items[1].id, "run-b");
    assert_string_equal(runs.items[0].state, "running");
    assert_string_equal(runs.items[0].who, "maria");
    assert_int_equal(runs.items[0].finished, 0);
    assert_int_equal(runs.items[0].seq, 0);
    assert_null(runs.items[0].summary);
    assert_null(runs.items[0].code_version);
}

static void test_a_run_id_is_used_once(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    start_run(f, "run-a", 100);
    const ledger_run again = {.id = "run-a", .verb = "land", .state = "running", .who = "maria"};
    assert_status(ledger_run_start(f->l, &again, &f->err), E_EXISTS);
    ledger_rollback(f->l);
}

static void test_a_finished_run_knows_its_newest_commit(void **state) {
    fixture *f = *state;
    ledger *second = fixture_second(f);
    ledger_runs runs = {0};
    fixture_begin(f);
    start_run(f, "run-a", 100);
    fixture_deliver(f, RAW, "a.csv", 1);
    fixture_commit(f);
    int64_t seq = fixture_seq(f);
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err)); /* another process commits later */
    int64_t other;
    assert_ok(ledger_next_seq(second, &other, &f->err));
    assert_ok(ledger_commit(second, &f->err));
    ledger_close(second);
    fixture_begin(f);
    assert_ok(ledger_run_finish(f->l, "run-a", "done", 500, "{\"run\":1}", &f->err));
    fixture_commit(f);
    assert_ok(ledger_run_list(f->l, 1, f->a, &runs, &f->err));
    assert_string_equal(runs.items[0].state, "done");
    assert_int_equal(runs.items[0].finished, 500);
    assert_int_equal(runs.items[0].seq, seq);
    assert_string_equal(runs.items[0].summary, "{\"run\":1}");
}

static void test_a_run_without_a_commit_has_no_seq(void **state) {
    fixture *f = *state;
    ledger *second = fixture_second(f);
    ledger_runs runs = {0};
    const ledger_run r = {.id = "run-a", .verb = "run", .state = "running", .who = "maria"};
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err));
    assert_ok(ledger_run_start(second, &r, &f->err));
    assert_ok(ledger_run_finish(second, "run-a", "done", 5, NULL, &f->err));
    assert_ok(ledger_commit(second, &f->err));
    ledger_close(second);
    assert_ok(ledger_run_list(f->l, 1, f->a, &runs, &f->err));
    assert_int_equal(runs.items[0].seq, 0);
}

static void test_pending_objects_stay_until_removed(void **state) {
    fixture *f = *state;
    static const pending_object OBJECTS[] = {
        {"silver", "b/", "run-1"}, {"quarantine", "b/", "run-1"}, {"silver", "a/", "run-1"}};
    pending_objects all = {0};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_SIZE(OBJECTS); i++)
        assert_ok(ledger_pending_add(f->l, &OBJECTS[i], 5, &f->err));
    const pending_object again = {"silver", "a/", "run-2"};
    assert_ok(ledger_pending_add(f->l, &again, 6, &f->err));
    assert_ok(ledger_pending_remove(f->l, "silver", "b/", &f->err));
    assert_ok(ledger_pending_remove(f->l, "silver", "never there", &f->err));
    fixture_commit(f);
    assert_ok(ledger_pending_list(f->l, f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_string_equal(all.items[0].store, "quarantine");
    assert_string_equal(all.items[1].object, "a/");
    assert_string_equal(all.items[1].run, "run-2");
}

static void test_a_partition_remembers_its_newest_failure(void **state) {
    fixture *f = *state;
    ledger_failures all = {0};
    static const ledger_failure FAILURES[] = {
        {.partition = "event_date=2", .memo_key = "k1", .error = "{}"},
        {.partition = "event_date=1", .memo_key = "k1", .error = "{}"},
        {.partition = "event_date=1", .memo_key = "k2", .error = "{\"a\":1}"}};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_SIZE(FAILURES); i++)
        assert_ok(
            ledger_failure_put(f->l, fixture_id(f, SILVER), &FAILURES[i], "run-1", 5, &f->err));
    fixture_commit(f);
    assert_ok(ledger_failures_of(f->l, fixture_id(f, SILVER), f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_string_equal(all.items[0].partition, "event_date=1");
    assert_string_equal(all.items[0].memo_key, "k2");
    assert_string_equal(all.items[0].error, "{\"a\":1}");
    fixture_begin(f);
    assert_ok(ledger_failure_clear(f->l, fixture_id(f, SILVER), "event_date=1", &f->err));
    fixture_commit(f);
    assert_int_equal(summary_of(f, SILVER).failed, 1);
}

static void test_an_empty_table_sums_up_to_nothing(void **state) {
    fixture *f = *state;
    static const int TABLES[] = {RAW, SILVER};
    for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++) {
        table_summary s = summary_of(f, TABLES[i]);
        assert_int_equal(s.partitions + s.stale + s.failed + s.rows + s.bytes, 0);
        assert_null(s.last_run);
    }
}

static void test_a_source_table_sums_up_its_active_deliveries(void **state) {
    fixture *f = *state;
    int64_t id;
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1);
    fixture_deliver(f, RAW, "b.csv", 1);
    delivery refused = fixture_delivery(f, RAW, "c.csv", 1);
    refused.state = DELIVERY_REJECTED;
    assert_ok(ledger_delivery_add(f->l, &refused, &id, &f->err));
    fixture_commit(f);
    table_summary s = summary_of(f, RAW);
    assert_int_equal(s.partitions, 2);
    assert_int_equal(s.rows, 20);
    assert_int_equal(s.bytes, 200);
    assert_string_equal(s.last_run, "run-1");
}

static void test_a_derived_table_sums_up_what_is_current_and_what_waits(void **state) {
    fixture *f = *state;
    const ledger_step step = {.table = fixture_id(f, SILVER), .built = 1};
    const ledger_step more = {.table = fixture_id(f, SILVER), .built = 2};
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=1", "old");
    fixture_build(f, SILVER, "event_date=1", "new");
    fixture_build(f, SILVER, "event_date=2", "c2");
    static const char *const MARKED[] = {"event_date=2", "event_date=2", "event_date=3"};
    for (size_t i = 0; i < ARRAY_SIZE(MARKED); i++) {
        const mark m = {MARKED[i], i == 0 ? CAUSE_NEW : CAUSE_FORCED, "x", 1};
        assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &m, &f->err));
    }
    assert_ok(ledger_step_put(f->l, "run-1", &step, &f->err));
    assert_ok(ledger_step_put(f->l, "run-2", &step, &f->err));
    assert_ok(ledger_step_put(f->l, "run-2", &more, &f->err)); /* its second commit */
    fixture_commit(f);
    table_summary s = summary_of(f, SILVER);
    assert_int_equal(s.partitions, 2);
    assert_int_equal(s.stale, 2);
    assert_int_equal(s.rows, 14);
    assert_int_equal(s.bytes, 140);
    assert_string_equal(s.last_run, "run-2");
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_runs_are_listed_newest_first),
        CLAIM(test_a_run_id_is_used_once),
        CLAIM(test_a_finished_run_knows_its_newest_commit),
        CLAIM(test_a_run_without_a_commit_has_no_seq),
        CLAIM(test_pending_objects_stay_until_removed),
        CLAIM(test_a_partition_remembers_its_newest_failure),
        CLAIM(test_an_empty_table_sums_up_to_nothing),
        CLAIM(test_a_source_table_sums_up_its_active_deliveries),
        CLAIM(test_a_derived_table_sums_up_what_is_current_and_what_waits),
    };
    return fixture_run("run", TESTS, ARRAY_SIZE(TESTS));
}
