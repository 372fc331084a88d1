/* The past: versions, moments, and what counted when. */
#include "ledger/care.h"
#include "ledger/delivery.h"

#include "fixture.h"

static const char DAY[] = "event_date=2024-05-22";

static int64_t build(fixture *f, const char *content) {
    fixture_begin(f);
    int64_t version = fixture_build(f, SILVER, DAY, content);
    fixture_commit(f);
    return version;
}

/* "id id": versions or deliveries that counted then. */
static const char *as_of(fixture *f, int table, int64_t seq) {
    ledger_units units = {0};
    strings texts = {0};
    assert_ok(ledger_units_as_of(f->l, fixture_id(f, table), table == RAW || table == NAMES, seq,
                                 f->a, &units, &f->err));
    for (size_t i = 0; i < units.count; i++)
        vec_push(f->a, &texts, units.items[i].file ? units.items[i].file : units.items[i].content);
    return str_join(f->a, &texts, " ");
}

static void test_history_has_each_version_once_the_newest_time_first(void **state) {
    fixture *f = *state;
    ledger_pasts all = {0};
    int64_t one = build(f, "one"), other = build(f, "other");
    ledger_current now = {0};
    ledger_derivation again = {0};
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), DAY, f->a, &now, &f->err));
    assert_ok(ledger_derivation_find(f->l, now.partition, "one", &again, &f->err));
    fixture_begin(f);
    assert_ok(
        ledger_current_set(f->l, fixture_id(f, SILVER), now.partition, again.id, one, &f->err));
    fixture_commit(f);
    assert_ok(ledger_history(f->l, fixture_id(f, SILVER), DAY, f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].version, one);
    assert_int_equal(all.items[0].to_seq, 0);
    assert_int_equal(all.items[0].from_seq, fixture_seq(f));
    assert_true(all.items[0].from_us > 0);
    assert_int_equal(all.items[1].version, other);
    assert_int_equal(all.items[1].to_seq, fixture_seq(f));
    assert_string_equal(all.items[1].code, "silver.trips-code-0123456789");
    assert_int_equal(all.items[1].rows, 7);
    assert_ok(
        ledger_history(f->l, fixture_id(f, SILVER), "event_date=1999-01-01", f->a, &all, &f->err));
    assert_int_equal(all.count, 0);
}

static void test_moments_are_found_by_time_and_by_run(void **state) {
    fixture *f = *state;
    int64_t seq = 0;
    fixture_begin(f);
    const ledger_run run = {
        .id = "run-2", .verb = "run", .state = "running", .started = 1, .who = "w"};
    assert_ok(ledger_run_start(f->l, &run, &f->err));
    fixture_build(f, SILVER, DAY, "one");
    assert_ok(ledger_moment_of_run(f->l, "run-2", &f->err));
    fixture_commit(f);
    int64_t made = fixture_seq(f);
    build(f, "other");
    assert_ok(ledger_seq_of_run(f->l, "run-2", &seq, &f->err));
    assert_int_equal(seq, made);
    assert_status(ledger_seq_of_run(f->l, "run-9", &seq, &f->err), E_NOT_FOUND);
    assert_ok(ledger_seq_at(f->l, INT64_MAX, &seq, &f->err));
    assert_int_equal(seq, fixture_seq(f));
    assert_ok(ledger_seq_at(f->l, 1, &seq, &f->err));
    assert_int_equal(seq, 0);
}

/* The wall clock may be set back between two commits. */
static void test_moments_never_go_back(void **state) {
    fixture *f = *state;
    int64_t wrong = -1;
    build(f, "one");
    fixture_script(f, "UPDATE moment SET at = 9000000000000000");
    build(f, "other");
    assert_ok(db_get_int(f->l->d, "SELECT count(*) FROM moment WHERE at < 9000000000000000", NULL,
                         0, -1, &wrong, &f->err));
    assert_int_equal(wrong, 0);
}

static void test_what_counted_then_is_told_of_both_kinds_of_tables(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t a = fixture_deliver(f, RAW, "a.csv", 10);
    fixture_commit(f);
    int64_t first = fixture_seq(f);
    build(f, "one");
    int64_t second = fixture_seq(f);
    fixture_begin(f);
    assert_ok(ledger_delivery_set_state(f->l, a, DELIVERY_WITHDRAWN, NULL, &f->err));
    fixture_deliver(f, RAW, "b.csv", 20);
    fixture_commit(f);
    build(f, "other");
    assert_string_equal(as_of(f, RAW, first - 1), "");
    assert_string_equal(as_of(f, RAW, first), "a.csv");
    assert_string_equal(as_of(f, RAW, second), "a.csv");
    assert_string_equal(as_of(f, RAW, fixture_seq(f)), "b.csv");
    assert_string_equal(as_of(f, SILVER, first), "");
    assert_string_equal(as_of(f, SILVER, second), "one");
    assert_string_equal(as_of(f, SILVER, fixture_seq(f)), "other");
}

static void test_what_gc_has_removed_is_refused_by_name(void **state) {
    fixture *f = *state;
    ledger_units units = {0};
    int64_t one = build(f, "one"), then = fixture_seq(f);
    build(f, "other");
    fixture_begin(f);
    assert_ok(ledger_gc_mark(f->l, one, &f->err));
    fixture_commit(f);
    f->err = (error){0};
    assert_status(
        ledger_units_as_of(f->l, fixture_id(f, SILVER), false, then, f->a, &units, &f->err),
        E_USAGE);
    assert_non_null(strstr(f->err.message, DAY));
    assert_non_null(strstr(f->err.hint, "retention"));
}

static void test_a_version_keeps_the_columns_of_its_generation(void **state) {
    fixture *f = *state;
    ledger_column *had = NULL;
    size_t count = 0;
    int64_t one = build(f, "one");
    column more = {.name = "more", .type = "VARCHAR", .nullable = true};
    vec_push(f->a, &f->lake->tables[SILVER]->columns, more);
    fixture_redefine(f);
    assert_ok(ledger_version_columns(f->l, one, f->a, &had, &count, &f->err));
    assert_int_equal(count, 2);
    assert_string_equal(had[1].name, "total");
    assert_string_equal(had[1].type, "BIGINT");
    assert_status(ledger_version_columns(f->l, 99, f->a, &had, &count, &f->err), E_NOT_FOUND);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_history_has_each_version_once_the_newest_time_first),
        CLAIM(test_moments_are_found_by_time_and_by_run),
        CLAIM(test_moments_never_go_back),
        CLAIM(test_what_counted_then_is_told_of_both_kinds_of_tables),
        CLAIM(test_what_gc_has_removed_is_refused_by_name),
        CLAIM(test_a_version_keeps_the_columns_of_its_generation),
    };
    return fixture_run("history", TESTS, ARRAY_SIZE(TESTS));
}
