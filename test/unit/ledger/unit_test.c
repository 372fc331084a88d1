#include "fixture.h"

/* Feeds, and which units an input has: now, of a partition, since a seq. */

static void set_state(fixture *f, int64_t id, delivery_state state) {
    fixture_begin(f);
    assert_ok(ledger_delivery_set_state(f->l, id, state, NULL, &f->err));
    fixture_commit(f);
}

static ledger_units units(fixture *f, int reader, int input, const char *partition) {
    const ledger_edge edge = fixture_edge(f, reader, input);
    ledger_units all = {0};
    bool is_source = f->lake->tables[input]->source != NULL;
    assert_ok(ledger_units_feeding(f->l, &edge, is_source, partition, f->a, &all, &f->err));
    return all;
}

static unit_changes changes(fixture *f, int reader, int input, int64_t since) {
    const ledger_edge edge = fixture_edge(f, reader, input);
    unit_changes all = {0};
    assert_ok(ledger_changes_since(f->l, &edge, since, f->a, &all, &f->err));
    return all;
}

static const char *feeds_of(fixture *f, int reader, int input, int64_t unit) {
    const ledger_edge edge = fixture_edge(f, reader, input);
    strings all = {0};
    assert_ok(ledger_feeds_of(f->l, edge.table, edge.input, edge.map, unit, f->a, &all, &f->err));
    return str_join(f->a, &all, " ");
}

static int64_t add(fixture *f, int table, const char *file, int64_t land_time) {
    fixture_begin(f);
    int64_t id = fixture_deliver(f, table, file, land_time);
    fixture_commit(f);
    return id;
}

static void test_feeds_are_replaced_as_a_whole(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_feed(f, SILVER, RAW, 7, "event_date=3 event_date=1");
    assert_string_equal(feeds_of(f, SILVER, RAW, 7), "event_date=1 event_date=3");
    fixture_feed(f, SILVER, RAW, 7, "event_date=2");
    assert_string_equal(feeds_of(f, SILVER, RAW, 7), "event_date=2");
    fixture_feed(f, SILVER, RAW, 7, "");
    assert_string_equal(feeds_of(f, SILVER, RAW, 7), "");
    fixture_commit(f);
}

static void test_unknown_feeds_are_not_no_feeds(void **state) {
    fixture *f = *state;
    const ledger_edge edge = fixture_edge(f, SILVER, RAW);
    strings all;
    bool only = true;
    assert_status(ledger_feeds_of(f->l, edge.table, edge.input, edge.map, 7, f->a, &all, &f->err),
                  E_NOT_FOUND);
    const strings none = {0};
    assert_ok(ledger_unit_feeds_only(f->l, &edge, 7, &none, &only, &f->err));
    assert_false(only);
}

static void test_feeds_only_says_whether_the_list_holds_them_all(void **state) {
    fixture *f = *state;
    const ledger_edge edge = fixture_edge(f, SILVER, RAW);
    strings planned = str_split(f->a, "event_date=1 event_date=2 event_date=4", ' ');
    bool only;
    fixture_begin(f);
    fixture_feed(f, SILVER, RAW, 1, "event_date=4 event_date=1");
    fixture_feed(f, SILVER, RAW, 2, "event_date=3 event_date=1");
    fixture_feed(f, SILVER, RAW, 3, "");
    fixture_commit(f);
    assert_ok(ledger_unit_feeds_only(f->l, &edge, 1, &planned, &only, &f->err));
    assert_true(only);
    assert_ok(ledger_unit_feeds_only(f->l, &edge, 2, &planned, &only, &f->err));
    assert_false(only);
    assert_ok(ledger_unit_feeds_only(f->l, &edge, 3, &planned, &only, &f->err));
    assert_true(only);
}

static void test_active_deliveries_feed_a_partition_in_reading_order(void **state) {
    fixture *f = *state;
    int64_t b = add(f, RAW, "b.csv", 1), a2 = add(f, RAW, "a.csv", 9), a1 = add(f, RAW, "a.csv", 2);
    int64_t gone = add(f, RAW, "0.csv", 1), elsewhere = add(f, RAW, "1.csv", 1);
    fixture_begin(f);
    const int64_t here[] = {b, a2, a1, gone};
    for (size_t i = 0; i < ARRAY_SIZE(here); i++)
        fixture_feed(f, SILVER, RAW, here[i], "event_date=1");
    fixture_feed(f, SILVER, RAW, elsewhere, "event_date=2");
    fixture_commit(f);
    set_state(f, gone, DELIVERY_SUPERSEDED);
    ledger_units all = units(f, SILVER, RAW, "event_date=1");
    assert_int_equal(all.count, 3);
    assert_int_equal(all.items[0].unit, a1);
    assert_int_equal(all.items[1].unit, a2);
    assert_int_equal(all.items[2].unit, b);
    assert_string_equal(all.items[0].sha256, "sha-a.csv-2");
    assert_string_equal(all.items[0].contract, "{}");
    assert_string_equal(all.items[0].contract_hash, "contract");
    assert_string_equal(all.items[0].object, "file_land_timestamp=2/a.csv");
    assert_null(all.items[0].from_path);
    assert_int_equal(all.items[0].land_time, 2);
    assert_int_equal(all.items[0].rows, 10);
    assert_int_equal(all.items[0].bytes, 100);
}

static void test_all_units_of_an_input_are_its_active_or_current_ones(void **state) {
    fixture *f = *state;
    int64_t first = add(f, NAMES, "a.csv", 1), second = add(f, NAMES, "b.csv", 1);
    set_state(f, first, DELIVERY_WITHDRAWN);
    ledger_units all = units(f, NAMED, NAMES, NULL);
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].unit, second);
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=2", "c1");
    int64_t v2 = fixture_build(f, SILVER, "event_date=2", "c2");
    int64_t v3 = fixture_build(f, SILVER, "event_date=1", "c3");
    fixture_commit(f);
    all = units(f, GOLD, SILVER, NULL);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].unit, v3);
    assert_string_equal(all.items[0].partition, "event_date=1");
    assert_string_equal(all.items[0].content, "c3");
    assert_int_equal(all.items[0].rows, 7);
    assert_int_equal(all.items[1].unit, v2);
}

static void test_only_the_current_version_of_an_input_feeds(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t old = fixture_build(f, SILVER, "event_date=1", "c1");
    int64_t next = fixture_build(f, SILVER, "event_date=1", "c2");
    fixture_feed(f, NAMED, SILVER, old, "event_date=1");
    fixture_feed(f, NAMED, SILVER, next, "event_date=1");
    fixture_commit(f);
    ledger_units all = units(f, NAMED, SILVER, "event_date=1");
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].unit, next);
    assert_int_equal(units(f, NAMED, SILVER, "event_date=2").count, 0);
}

static void test_partitions_fed_come_from_current_units_once(void **state) {
    fixture *f = *state;
    int64_t a = add(f, RAW, "a.csv", 1), b = add(f, RAW, "b.csv", 1), c = add(f, RAW, "c.csv", 1);
    fixture_begin(f);
    fixture_feed(f, SILVER, RAW, a, "event_date=2 event_date=1");
    fixture_feed(f, SILVER, RAW, b, "event_date=2");
    fixture_feed(f, SILVER, RAW, c, "event_date=9");
    int64_t v = fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_feed(f, NAMED, SILVER, v, "event_date=1");
    fixture_feed(f, NAMED, SILVER, v + 1, "event_date=7");
    fixture_commit(f);
    set_state(f, c, DELIVERY_WITHDRAWN);
    strings fed;
    ledger_edge edge = fixture_edge(f, SILVER, RAW);
    assert_ok(ledger_partitions_fed(f->l, &edge, true, f->a, &fed, &f->err));
    assert_string_equal(str_join(f->a, &fed, " "), "event_date=1 event_date=2");
    edge = fixture_edge(f, NAMED, SILVER);
    assert_ok(ledger_partitions_fed(f->l, &edge, false, f->a, &fed, &f->err));
    assert_string_equal(str_join(f->a, &fed, " "), "event_date=1");
}

static void test_from_the_beginning_only_what_is_active_has_changed(void **state) {
    fixture *f = *state;
    int64_t a = add(f, RAW, "a.csv", 1), b = add(f, RAW, "b.csv", 1);
    set_state(f, a, DELIVERY_WITHDRAWN);
    fixture_begin(f);
    fixture_feed(f, SILVER, RAW, b, "event_date=1");
    fixture_commit(f);
    unit_changes all = changes(f, SILVER, RAW, 0);
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].unit, b);
    assert_int_equal(all.items[0].cause, CAUSE_NEW);
    assert_string_equal(all.items[0].ref, "b.csv");
    assert_true(all.items[0].fed);
}

static void test_changes_of_deliveries_tell_their_cause(void **state) {
    fixture *f = *state;
    int64_t a = add(f, RAW, "a.csv", 1), b = add(f, RAW, "b.csv", 1), c = add(f, RAW, "c.csv", 1);
    add(f, RAW, "still.csv", 1);
    int64_t since = fixture_seq(f);
    set_state(f, a, DELIVERY_SUPERSEDED);
    set_state(f, b, DELIVERY_DUPLICATE);
    set_state(f, c, DELIVERY_WITHDRAWN);
    int64_t fresh = add(f, RAW, "new.csv", 1);
    static const delivery_state UNSEEN[] = {DELIVERY_REJECTED, DELIVERY_DUPLICATE,
                                            DELIVERY_SUPERSEDED};
    for (size_t i = 0; i < ARRAY_SIZE(UNSEEN); i++) {
        delivery d = fixture_delivery(f, RAW, "x.csv", 5 + (int64_t)i);
        int64_t id;
        d.state = UNSEEN[i];
        fixture_begin(f);
        assert_ok(ledger_delivery_add(f->l, &d, &id, &f->err));
        fixture_commit(f);
    }
    unit_changes all = changes(f, SILVER, RAW, since);
    assert_int_equal(all.count, 4);
    const int64_t ids[] = {a, b, c, fresh};
    static const cause_kind CAUSES[] = {CAUSE_SUPERSEDED, CAUSE_SUPERSEDED, CAUSE_WITHDRAWN,
                                        CAUSE_NEW};
    for (size_t i = 0; i < all.count; i++) {
        assert_int_equal(all.items[i].unit, ids[i]);
        assert_int_equal(all.items[i].cause, CAUSES[i]);
        assert_int_equal(all.items[i].counts, CAUSES[i] == CAUSE_NEW);
        assert_false(all.items[i].fed);
    }
}

static void test_changes_of_versions_are_those_that_started_or_ended(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t old = fixture_build(f, SILVER, "event_date=1", "c1");
    int64_t same = fixture_build(f, SILVER, "event_date=2", "c2");
    fixture_commit(f);
    int64_t since = fixture_seq(f);
    fixture_begin(f);
    int64_t next = fixture_build(f, SILVER, "event_date=1", "c3");
    fixture_feed(f, NAMED, SILVER, next, "event_date=1");
    fixture_commit(f);
    unit_changes all = changes(f, NAMED, SILVER, since);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].unit, old);
    assert_false(all.items[0].fed);
    assert_false(all.items[0].counts);
    assert_int_equal(all.items[1].unit, next);
    assert_true(all.items[1].fed);
    assert_true(all.items[1].counts);
    assert_int_equal(all.items[1].cause, CAUSE_UPSTREAM);
    assert_string_equal(all.items[1].ref, "silver.trips event_date=1");
    all = changes(f, NAMED, SILVER, 0);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].unit, next);
    assert_true(all.items[0].counts);
    assert_int_equal(all.items[1].unit, same);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_feeds_are_replaced_as_a_whole),
        CLAIM(test_unknown_feeds_are_not_no_feeds),
        CLAIM(test_feeds_only_says_whether_the_list_holds_them_all),
        CLAIM(test_active_deliveries_feed_a_partition_in_reading_order),
        CLAIM(test_all_units_of_an_input_are_its_active_or_current_ones),
        CLAIM(test_only_the_current_version_of_an_input_feeds),
        CLAIM(test_partitions_fed_come_from_current_units_once),
        CLAIM(test_from_the_beginning_only_what_is_active_has_changed),
        CLAIM(test_changes_of_deliveries_tell_their_cause),
        CLAIM(test_changes_of_versions_are_those_that_started_or_ended),
    };
    return fixture_run("unit", TESTS, ARRAY_SIZE(TESTS));
}
