#include "fixture.h"

static int64_t changed_seq(fixture *f, int table) {
    int64_t changed, projected;
    assert_ok(ledger_projection_state(f->l, fixture_id(f, table), &changed, &projected, &f->err));
    return changed;
}

static void set_state(fixture *f, int64_t id, delivery_state state, const char *reason) {
    fixture_begin(f);
    assert_ok(ledger_delivery_set_state(f->l, id, state, reason, &f->err));
    fixture_commit(f);
}

static int64_t quarantined(fixture *f) {
    int64_t count = -1;
    assert_ok(ledger_quarantine_count(f->l, &count, &f->err));
    return count;
}

static int64_t add(fixture *f, const delivery *d) {
    int64_t id = 0;
    fixture_begin(f);
    assert_ok(ledger_delivery_add(f->l, d, &id, &f->err));
    fixture_commit(f);
    return id;
}

static void assert_same_text(const char *a, const char *b) {
    assert_true((a == NULL) == (b == NULL));
    if (a != NULL)
        assert_string_equal(a, b);
}

static void test_a_delivery_comes_back_as_it_was_added(void **state) {
    fixture *f = *state;
    delivery d = fixture_delivery(f, RAW, "it's \"odd\"; -- = $1\n\xC3\xA9\xF0\x9F\x98\x80.csv", 0);
    d.bytes = INT64_MAX;
    d.rows = INT64_MIN;
    d.from_path = "{\"day\":\"1\"}";
    d.verdict = "{}";
    int64_t id = add(f, &d);
    delivery got;
    assert_ok(ledger_delivery_get(f->l, id, f->a, &got, &f->err));
    assert_int_equal(got.id, id);
    assert_int_equal(got.table, d.table);
    assert_same_text(got.identity, d.identity);
    assert_same_text(got.file, d.file);
    assert_same_text(got.sha256, d.sha256);
    assert_true(got.bytes == INT64_MAX);
    assert_true(got.rows == INT64_MIN);
    assert_int_equal(got.land_time, 0);
    assert_int_equal(got.accepted_at, d.accepted_at);
    assert_int_equal(got.state, DELIVERY_ACTIVE);
    assert_same_text(got.contract, d.contract);
    assert_same_text(got.contract_hash, d.contract_hash);
    assert_same_text(got.from_path, d.from_path);
    assert_same_text(got.object, d.object);
    assert_same_text(got.verdict, d.verdict);
    assert_same_text(got.reason, NULL);
    assert_same_text(got.claim, d.claim);
    assert_same_text(got.run, d.run);
    assert_int_equal(got.created_seq, fixture_seq(f));
    assert_int_equal(got.changed_seq, fixture_seq(f));
}

static void test_an_unknown_delivery_is_not_found(void **state) {
    fixture *f = *state;
    delivery got;
    assert_status(ledger_delivery_get(f->l, 99, f->a, &got, &f->err), E_NOT_FOUND);
    fixture_begin(f);
    assert_status(ledger_delivery_set_state(f->l, 99, DELIVERY_ACTIVE, NULL, &f->err), E_NOT_FOUND);
    ledger_rollback(f->l);
}

static void test_only_what_readers_see_changes_the_table(void **state) {
    fixture *f = *state;
    static const delivery_state UNSEEN[] = {DELIVERY_REJECTED, DELIVERY_DUPLICATE,
                                            DELIVERY_SUPERSEDED};
    for (size_t i = 0; i < ARRAY_SIZE(UNSEEN); i++) {
        delivery d = fixture_delivery(f, RAW, "a.csv", 1000 + (int64_t)i);
        d.state = UNSEEN[i];
        add(f, &d);
        assert_int_equal(changed_seq(f, RAW), 0);
    }
    delivery d = fixture_delivery(f, RAW, "a.csv", 2000);
    int64_t id = add(f, &d);
    int64_t added = fixture_seq(f);
    assert_int_equal(changed_seq(f, RAW), added);
    set_state(f, id, DELIVERY_WITHDRAWN, "wrong");
    assert_int_equal(changed_seq(f, RAW), added + 1);
    set_state(f, id, DELIVERY_SUPERSEDED, NULL);
    assert_int_equal(changed_seq(f, RAW), added + 1);
    set_state(f, id, DELIVERY_ACTIVE, NULL);
    assert_int_equal(changed_seq(f, RAW), added + 3);
    assert_int_equal(changed_seq(f, NAMES), 0);
}

static void test_the_same_state_again_is_no_change(void **state) {
    fixture *f = *state;
    delivery d = fixture_delivery(f, RAW, "a.csv", 1000), got;
    int64_t id = add(f, &d);
    int64_t added = fixture_seq(f);
    set_state(f, id, DELIVERY_ACTIVE, "kept");
    assert_ok(ledger_delivery_get(f->l, id, f->a, &got, &f->err));
    assert_int_equal(got.changed_seq, added);
    assert_string_equal(got.reason, "kept");
    assert_int_equal(changed_seq(f, RAW), added);
}

static void test_an_identity_lists_all_states_by_land_time(void **state) {
    fixture *f = *state;
    delivery late = fixture_delivery(f, RAW, "a.csv", 3000);
    delivery early = fixture_delivery(f, RAW, "a.csv", 1000);
    delivery refused = fixture_delivery(f, RAW, "a.csv", 2000);
    delivery other_table = fixture_delivery(f, NAMES, "a.csv", 1);
    refused.state = DELIVERY_REJECTED;
    refused.contract = NULL;
    int64_t ids[] = {add(f, &late), add(f, &early), add(f, &refused)};
    add(f, &other_table);
    deliveries all;
    assert_ok(
        ledger_deliveries_of_identity(f->l, fixture_id(f, RAW), "a.csv", f->a, &all, &f->err));
    assert_int_equal(all.count, 3);
    assert_int_equal(all.items[0].id, ids[1]);
    assert_int_equal(all.items[1].id, ids[2]);
    assert_null(all.items[1].contract);
    assert_int_equal(all.items[2].id, ids[0]);
}

static void test_active_deliveries_are_listed_by_identity_and_land_time(void **state) {
    fixture *f = *state;
    delivery b = fixture_delivery(f, RAW, "b.csv", 1), a2 = fixture_delivery(f, RAW, "a.csv", 9);
    delivery a1 = fixture_delivery(f, RAW, "a.csv", 2), gone = fixture_delivery(f, RAW, "c.csv", 3);
    int64_t ids[] = {add(f, &b), add(f, &a2), add(f, &a1)};
    set_state(f, add(f, &gone), DELIVERY_WITHDRAWN, "wrong");
    deliveries all;
    assert_ok(ledger_deliveries_active(f->l, fixture_id(f, RAW), f->a, &all, &f->err));
    assert_int_equal(all.count, 3);
    assert_int_equal(all.items[0].id, ids[2]);
    assert_int_equal(all.items[1].id, ids[1]);
    assert_int_equal(all.items[2].id, ids[0]);
}

static void test_a_claim_is_known_once_its_delivery_is(void **state) {
    fixture *f = *state;
    delivery d = fixture_delivery(f, RAW, "a.csv", 1000);
    bool known = true;
    assert_ok(ledger_delivery_claimed(f->l, d.claim, &known, &f->err));
    assert_false(known);
    add(f, &d);
    assert_ok(ledger_delivery_claimed(f->l, d.claim, &known, &f->err));
    assert_true(known);
}

static void test_quarantine_counts_until_an_accepted_one_follows(void **state) {
    fixture *f = *state;
    delivery old = fixture_delivery(f, RAW, "a.csv", 1000);
    delivery bad = fixture_delivery(f, RAW, "a.csv", 2000);
    delivery worse = fixture_delivery(f, RAW, "a.csv", 3000);
    delivery other = fixture_delivery(f, RAW, "b.csv", 4000);
    delivery good = fixture_delivery(f, RAW, "a.csv", 5000);
    bad.state = worse.state = DELIVERY_REJECTED;
    add(f, &old);
    add(f, &bad);
    add(f, &worse);
    add(f, &other);
    assert_int_equal(quarantined(f), 2);
    add(f, &good);
    assert_int_equal(quarantined(f), 0);
}

static void test_a_decision_is_kept_beside_the_state(void **state) {
    fixture *f = *state;
    delivery d = fixture_delivery(f, RAW, "a.csv", 1000), got;
    int64_t id = add(f, &d);
    static const delivery_withdrawal DECISIONS[] = {WITHDRAWAL_EMPTIES, WITHDRAWAL_FALLS_BACK,
                                                    WITHDRAWAL_NONE};
    for (size_t i = 0; i < ARRAY_SIZE(DECISIONS); i++) {
        fixture_begin(f);
        assert_ok(ledger_delivery_set_withdrawal(f->l, id, DECISIONS[i], &f->err));
        fixture_commit(f);
        assert_ok(ledger_delivery_get(f->l, id, f->a, &got, &f->err));
        assert_int_equal(got.withdrawal, DECISIONS[i]);
        assert_int_equal(got.state, DELIVERY_ACTIVE);
    }
}

static void test_a_rejected_one_can_be_accepted_after_all(void **state) {
    fixture *f = *state;
    delivery d = fixture_delivery(f, RAW, "a.csv", 1000), got;
    d.state = DELIVERY_REJECTED;
    d.contract = d.contract_hash = NULL;
    d.object = "raw.sales/aside.csv";
    d.reason = "line 2: wrong";
    d.id = add(f, &d);
    d.object = "sales/file_land_timestamp=1000/a_1000.csv";
    d.contract = "{}";
    d.contract_hash = "0";
    d.rows = 7;
    fixture_begin(f);
    assert_ok(ledger_delivery_accept(f->l, &d, &f->err));
    fixture_commit(f);
    assert_ok(ledger_delivery_get(f->l, d.id, f->a, &got, &f->err));
    assert_int_equal(got.state, DELIVERY_SUPERSEDED);
    assert_same_text(got.object, d.object);
    assert_same_text(got.contract, "{}");
    assert_same_text(got.reason, NULL);
    assert_int_equal(got.rows, 7);
    assert_int_equal(got.land_time, 1000);
}

static bool landed_late(void *state, const delivery *d) {
    return d->land_time >= *(const int64_t *)state;
}

static void test_those_that_are_wanted_come_without_what_is_long(void **state) {
    fixture *f = *state;
    delivery b = fixture_delivery(f, RAW, "b.csv", 2000), a = fixture_delivery(f, RAW, "a.csv", 9);
    delivery name = fixture_delivery(f, NAMES, "a.csv", 3000);
    int64_t ids[] = {add(f, &b), add(f, &a), add(f, &name)}, since = 2000;
    deliveries all;
    assert_ok(ledger_deliveries_where(f->l, 0, NULL, NULL, f->a, &all, &f->err));
    assert_int_equal(all.count, 3);
    assert_ok(ledger_deliveries_where(f->l, fixture_id(f, RAW), NULL, NULL, f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].id, ids[1]);
    assert_int_equal(all.items[1].id, ids[0]);
    assert_null(all.items[0].contract);
    assert_same_text(all.items[0].object, a.object);
    assert_ok(ledger_deliveries_where(f->l, 0, landed_late, &since, f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].id + all.items[1].id, ids[0] + ids[2]);
}

static void test_what_decides_from_a_land_time_on_is_few(void **state) {
    fixture *f = *state;
    static const int64_t TIMES[] = {1000, 2000, 3000, 4000, 5000};
    int64_t ids[ARRAY_SIZE(TIMES)];
    for (size_t i = 0; i < ARRAY_SIZE(TIMES); i++) {
        delivery d = fixture_delivery(f, RAW, i % 2 == 0 ? "a.csv" : "b.csv", TIMES[i]);
        ids[i] = add(f, &d);
    }
    set_state(f, ids[0], DELIVERY_WITHDRAWN, "wrong");
    set_state(f, ids[2], DELIVERY_REJECTED, "wrong");
    deliveries all;
    bool before = false;
    assert_ok(
        ledger_deliveries_since(f->l, fixture_id(f, RAW), 4000, f->a, &all, &before, &f->err));
    const int64_t wanted[] = {ids[3], ids[4], ids[0], ids[1]};
    assert_int_equal(all.count, ARRAY_SIZE(wanted));
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        assert_int_equal(all.items[i].id, wanted[i]);
    assert_true(before);
    assert_ok(
        ledger_deliveries_since(f->l, fixture_id(f, RAW), 1500, f->a, &all, &before, &f->err));
    assert_int_equal(all.count, 5);
    assert_false(before);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_delivery_comes_back_as_it_was_added),
        CLAIM(test_an_unknown_delivery_is_not_found),
        CLAIM(test_only_what_readers_see_changes_the_table),
        CLAIM(test_the_same_state_again_is_no_change),
        CLAIM(test_an_identity_lists_all_states_by_land_time),
        CLAIM(test_active_deliveries_are_listed_by_identity_and_land_time),
        CLAIM(test_a_claim_is_known_once_its_delivery_is),
        CLAIM(test_quarantine_counts_until_an_accepted_one_follows),
        CLAIM(test_a_decision_is_kept_beside_the_state),
        CLAIM(test_a_rejected_one_can_be_accepted_after_all),
        CLAIM(test_those_that_are_wanted_come_without_what_is_long),
        CLAIM(test_what_decides_from_a_land_time_on_is_few),
    };
    return fixture_run("delivery", TESTS, ARRAY_SIZE(TESTS));
}
