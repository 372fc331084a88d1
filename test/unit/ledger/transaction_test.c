#include "fixture.h"

static void test_a_new_ledger_has_its_lake_and_no_commit(void **state) {
    fixture *f = *state;
    ledger *l;
    assert_ok(
        ledger_create_by(f->driver, fixture_location(f, "other"), "lake-2", "roma", &l, &f->err));
    int64_t seq = -1;
    assert_string_equal(ledger_lake_id(l), "lake-2");
    assert_ok(ledger_seq(l, &seq, &f->err));
    assert_int_equal(seq, 0);
    ledger_close(l);
}

static void test_a_ledger_is_not_created_twice(void **state) {
    fixture *f = *state;
    ledger *l;
    assert_status(ledger_create_by(f->driver, f->location, "lake-9", "roma", &l, &f->err),
                  E_EXISTS);
    assert_non_null(strstr(f->err.message, f->location));
    assert_ok(ledger_open_by(f->driver, f->location, "lake-1", &l, &f->err));
    ledger_close(l);
}

static void test_another_lakes_ledger_is_refused(void **state) {
    fixture *f = *state;
    ledger *l;
    assert_status(ledger_open_by(f->driver, f->location, "lake-2", &l, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, "lake-1"));
    assert_non_null(strstr(f->err.message, "lake-2"));
    assert_true(f->err.hint[0] != '\0');
}

static void test_without_an_expectation_any_lake_opens(void **state) {
    fixture *f = *state;
    ledger *l;
    assert_ok(ledger_open_by(f->driver, f->location, NULL, &l, &f->err));
    assert_string_equal(ledger_lake_id(l), "lake-1");
    ledger_close(l);
}

static void test_a_newer_schema_is_refused(void **state) {
    fixture *f = *state;
    db *d;
    ledger *l;
    assert_ok(db_open(f->driver, f->location, false, &d, &f->err));
    assert_ok(db_schema_set(d, LEDGER_SCHEMA + 1, &f->err));
    db_close(d);
    assert_status(ledger_open_by(f->driver, f->location, "lake-1", &l, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, "of a newer weir"));
}

static void test_a_seq_is_taken_once_per_transaction(void **state) {
    fixture *f = *state;
    int64_t before = fixture_seq(f), first, again, next;
    fixture_begin(f);
    assert_ok(ledger_next_seq(f->l, &first, &f->err));
    assert_ok(ledger_next_seq(f->l, &again, &f->err));
    fixture_commit(f);
    fixture_begin(f);
    assert_ok(ledger_next_seq(f->l, &next, &f->err));
    fixture_commit(f);
    assert_int_equal(first, before + 1);
    assert_int_equal(again, first);
    assert_int_equal(next, first + 1);
}

static void test_a_rolled_back_seq_is_given_again(void **state) {
    fixture *f = *state;
    int64_t lost, next;
    fixture_begin(f);
    assert_ok(ledger_next_seq(f->l, &lost, &f->err));
    ledger_rollback(f->l);
    fixture_begin(f);
    assert_ok(ledger_next_seq(f->l, &next, &f->err));
    fixture_commit(f);
    assert_int_equal(next, lost);
}

static void test_a_transaction_that_changes_nothing_takes_no_seq(void **state) {
    fixture *f = *state;
    int64_t before = fixture_seq(f);
    const pending_object p = {.store = "silver", .object = "a/", .run = "run-1"};
    fixture_begin(f);
    assert_ok(ledger_pending_add(f->l, &p, 1, &f->err));
    fixture_commit(f);
    assert_int_equal(fixture_seq(f), before);
}

static void test_a_closed_handle_leaves_nothing_of_an_open_transaction(void **state) {
    fixture *f = *state;
    ledger *second = fixture_second(f);
    int64_t before = fixture_seq(f), seq;
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err));
    assert_ok(ledger_next_seq(second, &seq, &f->err));
    ledger_close(second);
    assert_int_equal(fixture_seq(f), before);
}

static void test_a_reader_sees_one_state_until_it_ends(void **state) {
    fixture *f = *state;
    ledger *reader = fixture_second(f);
    int64_t before, within, after;
    assert_ok(ledger_begin(reader, LEDGER_READ, &f->err));
    assert_ok(ledger_seq(reader, &before, &f->err));
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_commit(f);
    assert_ok(ledger_seq(reader, &within, &f->err));
    deliveries seen;
    assert_ok(ledger_deliveries_active(reader, fixture_id(f, RAW), f->a, &seen, &f->err));
    assert_int_equal(seen.count, 0);
    ledger_rollback(reader);
    assert_ok(ledger_seq(reader, &after, &f->err));
    assert_int_equal(within, before);
    assert_int_equal(after, before + 1);
    ledger_close(reader);
}

static void test_a_second_writer_is_busy_and_keeps_nothing(void **state) {
    fixture *f = *state;
    ledger *second = fixture_second(f);
    fixture_begin(f);
    int64_t seq;
    assert_ok(ledger_next_seq(f->l, &seq, &f->err));
    assert_status(ledger_begin(second, LEDGER_WRITE, &f->err), E_BUSY);
    assert_true(f->err.hint[0] != '\0');
    fixture_commit(f);
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err));
    assert_ok(ledger_commit(second, &f->err));
    ledger_close(second);
}

static void test_a_rehearsal_is_seen_by_nobody_and_blocks_nobody(void **state) {
    fixture *f = *state;
    ledger *second = fixture_second(f);
    int64_t before = fixture_seq(f), seq;
    assert_ok(ledger_rehearse(second, &f->err));
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err));
    assert_ok(ledger_next_seq(second, &seq, &f->err));
    fixture_begin(f); /* while the rehearsal writes */
    fixture_commit(f);
    assert_ok(ledger_commit(second, &f->err));
    assert_ok(ledger_seq(second, &seq, &f->err));
    assert_int_equal(seq, before + 1);
    assert_int_equal(fixture_seq(f), before);
    ledger_close(second);
    assert_int_equal(fixture_seq(f), before);
}

static void test_a_rehearsal_begins_with_what_the_ledger_holds(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_commit(f);
    ledger *second = fixture_second(f);
    deliveries seen;
    assert_ok(ledger_deliveries_active(second, fixture_id(f, RAW), f->a, &seen, &f->err));
    assert_ok(ledger_rehearse(second, &f->err));
    assert_ok(ledger_deliveries_active(second, fixture_id(f, RAW), f->a, &seen, &f->err));
    assert_int_equal(seen.count, 1);
    assert_string_equal(ledger_lake_id(second), "lake-1");
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err));
    assert_ok(
        ledger_delivery_set_state(second, seen.items[0].id, DELIVERY_WITHDRAWN, "no", &f->err));
    ledger_rollback(second);
    assert_ok(ledger_deliveries_active(second, fixture_id(f, RAW), f->a, &seen, &f->err));
    assert_int_equal(seen.count, 1);
    ledger_close(second);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_new_ledger_has_its_lake_and_no_commit),
        CLAIM(test_a_ledger_is_not_created_twice),
        CLAIM(test_another_lakes_ledger_is_refused),
        CLAIM(test_without_an_expectation_any_lake_opens),
        CLAIM(test_a_newer_schema_is_refused),
        CLAIM(test_a_seq_is_taken_once_per_transaction),
        CLAIM(test_a_rolled_back_seq_is_given_again),
        CLAIM(test_a_transaction_that_changes_nothing_takes_no_seq),
        CLAIM(test_a_closed_handle_leaves_nothing_of_an_open_transaction),
        CLAIM(test_a_reader_sees_one_state_until_it_ends),
        CLAIM(test_a_second_writer_is_busy_and_keeps_nothing),
        CLAIM(test_a_rehearsal_is_seen_by_nobody_and_blocks_nobody),
        CLAIM(test_a_rehearsal_begins_with_what_the_ledger_holds),
    };
    return fixture_run("transaction", TESTS, ARRAY_SIZE(TESTS));
}
