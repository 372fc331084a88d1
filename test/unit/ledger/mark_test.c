#include "fixture.h"

/* What a change marks, and when a bookmark may follow it. */

static size_t behind(fixture *f) {
    ledger_edges edges = {0};
    assert_ok(ledger_edges_behind(f->l, f->a, &edges, &f->err));
    return edges.count;
}

static void mark_unit(fixture *f, int input, int64_t unit, cause_kind cause, const char *ref) {
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, input), unit, cause, ref, &f->err));
}

static void clear(fixture *f, int table, const char *partition, int64_t up_to) {
    assert_ok(ledger_marks_clear(f->l, fixture_id(f, table), partition, up_to, &f->err));
}

/* gold.totals is not partitioned, and is to be built whatever comes. */
enum { BY_DEFINITION = 1 };

static int64_t mark_count(fixture *f) {
    int64_t count = -1;
    assert_ok(ledger_mark_count(f->l, &count, &f->err));
    return count - BY_DEFINITION;
}

static void test_a_unit_marks_what_it_feeds_and_moves_the_bookmark(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=2 event_date=1");
    mark_unit(f, RAW, unit, CAUSE_NEW, "a.csv");
    fixture_commit(f);
    assert_string_equal(fixture_marks(f, SILVER), "event_date=1 new a.csv; event_date=2 new a.csv");
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), fixture_seq(f));
    assert_int_equal(behind(f), 0);
    assert_int_equal(mark_count(f), 2);
}

static void test_a_unit_that_feeds_nothing_still_moves_the_bookmark(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "");
    mark_unit(f, RAW, unit, CAUSE_NEW, "a.csv");
    fixture_commit(f);
    assert_int_equal(mark_count(f), 0);
    assert_int_equal(behind(f), 0);
}

static void test_one_unit_with_unknown_feeds_keeps_the_bookmark(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t known = fixture_deliver(f, RAW, "a.csv", 1000);
    int64_t unknown = fixture_deliver(f, RAW, "b.csv", 1000);
    fixture_feed(f, SILVER, RAW, known, "event_date=1");
    mark_unit(f, RAW, known, CAUSE_NEW, "a.csv");
    mark_unit(f, RAW, unknown, CAUSE_NEW, "b.csv");
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), 0);
    assert_int_equal(behind(f), 1);
}

static void test_a_unit_nobody_marked_keeps_the_bookmark(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_deliver(f, RAW, "b.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    mark_unit(f, RAW, unit, CAUSE_NEW, "a.csv");
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), 0);
}

static void test_several_units_in_one_commit_move_the_bookmark_together(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    for (int i = 0; i < 3; i++) {
        int64_t unit = fixture_deliver(f, RAW, i == 0 ? "a" : i == 1 ? "b" : "c", 1000);
        fixture_feed(f, SILVER, RAW, unit, "event_date=1");
        mark_unit(f, RAW, unit, CAUSE_NEW, "x");
    }
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), fixture_seq(f));
}

static void test_a_bookmark_that_was_behind_stays_behind(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_deliver(f, RAW, "unseen.csv", 1000);
    fixture_commit(f);
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    mark_unit(f, RAW, unit, CAUSE_NEW, "a.csv");
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), 0);
    assert_string_equal(fixture_marks(f, SILVER), "event_date=1 new a.csv");
}

static void test_a_bookmark_follows_across_commits_of_other_tables(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    mark_unit(f, RAW, unit, CAUSE_NEW, "a.csv");
    fixture_commit(f);
    fixture_begin(f);
    fixture_deliver(f, NAMES, "n.csv", 1000);
    fixture_commit(f);
    fixture_begin(f);
    assert_ok(ledger_delivery_set_state(f->l, unit, DELIVERY_WITHDRAWN, "bad", &f->err));
    mark_unit(f, RAW, unit, CAUSE_WITHDRAWN, "a.csv");
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), fixture_seq(f));
    assert_string_equal(fixture_marks(f, SILVER),
                        "event_date=1 new a.csv; event_date=1 withdrawn a.csv");
}

static void test_a_rolled_back_change_leaves_bookmark_and_marks(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    mark_unit(f, RAW, unit, CAUSE_NEW, "a.csv");
    ledger_rollback(f->l);
    assert_int_equal(mark_count(f), 0);
    fixture_begin(f);
    fixture_deliver(f, RAW, "b.csv", 1000);
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), 0);
}

static void test_a_unit_that_feeds_all_marks_existing_partitions(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_build(f, NAMED, "event_date=1", "c1");
    fixture_build(f, NAMED, "event_date=2", "c2");
    int64_t unit = fixture_deliver(f, NAMES, "names.csv", 1000);
    fixture_feed(f, NAMED, NAMES, unit, "*");
    mark_unit(f, NAMES, unit, CAUSE_NEW, "names.csv");
    fixture_commit(f);
    assert_string_equal(fixture_marks(f, NAMED),
                        "event_date=1 new names.csv; event_date=2 new names.csv");
    assert_int_equal(fixture_bookmark(f, NAMED, NAMES), fixture_seq(f));
}

static void test_an_unpartitioned_reader_is_marked_before_it_was_ever_built(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t version = fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_feed(f, GOLD, SILVER, version, "*");
    fixture_feed(f, NAMED, SILVER, version, "event_date=1");
    mark_unit(f, SILVER, version, CAUSE_UPSTREAM, "silver.trips event_date=1");
    fixture_commit(f);
    assert_string_equal(fixture_marks(f, GOLD),
                        "() code gold.totals-; () upstream silver.trips event_date=1");
    assert_string_equal(fixture_marks(f, NAMED), "event_date=1 upstream silver.trips event_date=1");
}

static void test_an_unpartitioned_reader_that_exists_is_marked_once(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_build(f, GOLD, "()", "g1");
    int64_t version = fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_feed(f, GOLD, SILVER, version, "*");
    mark_unit(f, SILVER, version, CAUSE_UPSTREAM, "x");
    fixture_commit(f);
    assert_string_equal(fixture_marks(f, GOLD), "() code gold.totals-; () upstream x");
}

static void test_feeds_under_an_older_map_mark_nothing(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    fixture_commit(f);
    f->lake->tables[SILVER]->inputs[0].map_fingerprint = "another-map";
    fixture_redefine(f);
    fixture_begin(f);
    mark_unit(f, RAW, unit, CAUSE_WITHDRAWN, "a.csv");
    fixture_commit(f);
    assert_int_equal(mark_count(f), 0);
}

static void test_replacing_a_version_needs_old_and_new_marked(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t old = fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_feed(f, NAMED, SILVER, old, "event_date=1");
    mark_unit(f, SILVER, old, CAUSE_UPSTREAM, "x");
    fixture_commit(f);
    int64_t first = fixture_seq(f);
    assert_int_equal(fixture_bookmark(f, NAMED, SILVER), first);
    fixture_begin(f);
    int64_t next = fixture_build(f, SILVER, "event_date=1", "c2");
    fixture_feed(f, NAMED, SILVER, next, "event_date=1");
    mark_unit(f, SILVER, next, CAUSE_UPSTREAM, "x");
    ledger_rollback(f->l);
    fixture_begin(f);
    next = fixture_build(f, SILVER, "event_date=1", "c2");
    fixture_feed(f, NAMED, SILVER, next, "event_date=1");
    mark_unit(f, SILVER, next, CAUSE_UPSTREAM, "x");
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, NAMED, SILVER), first); /* the old one was forgotten */
    fixture_begin(f);
    assert_ok(ledger_bookmark_set(f->l, fixture_id(f, NAMED), fixture_id(f, SILVER), fixture_seq(f),
                                  &f->err));
    int64_t last = fixture_build(f, SILVER, "event_date=1", "c3");
    fixture_feed(f, NAMED, SILVER, last, "event_date=1");
    mark_unit(f, SILVER, next, CAUSE_UPSTREAM, "x");
    mark_unit(f, SILVER, last, CAUSE_UPSTREAM, "x");
    fixture_commit(f);
    assert_int_equal(fixture_bookmark(f, NAMED, SILVER), fixture_seq(f));
}

static void test_a_mark_that_exists_keeps_the_higher_seq(void **state) {
    fixture *f = *state;
    static const int64_t SEQS[] = {5, 9, 7};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_SIZE(SEQS); i++) {
        const mark m = {"event_date=1", CAUSE_FORCED, NULL, SEQS[i]};
        assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &m, &f->err));
    }
    fixture_commit(f);
    marks all;
    assert_ok(ledger_marks(f->l, fixture_id(f, SILVER), f->a, &all, &f->err));
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].seq, 9);
    assert_int_equal(all.items[0].cause, CAUSE_FORCED);
    assert_string_equal(all.items[0].ref, "");
}

static void test_clearing_spares_what_came_later(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    for (int64_t seq = 1; seq <= 3; seq++) {
        const mark m = {"event_date=1", CAUSE_NEW, arena_printf(f->a, "%d", (int)seq), seq};
        const mark other = {"event_date=10", CAUSE_NEW, "x", 1};
        assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &m, &f->err));
        assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &other, &f->err));
    }
    clear(f, SILVER, "event_date=1", 1);
    assert_string_equal(fixture_marks(f, SILVER),
                        "event_date=1 new 2; event_date=1 new 3; event_date=10 new x");
    assert_ok(ledger_marks_clear_of_seq(f->l, fixture_id(f, SILVER), "event_date=1", 3, &f->err));
    assert_string_equal(fixture_marks(f, SILVER), "event_date=1 new 2; event_date=10 new x");
    fixture_commit(f);
}

static void test_every_cause_is_read_back_as_written(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    for (int cause = CAUSE_NEW; cause <= CAUSE_MISSING; cause++) {
        const mark m = {"p", (cause_kind)cause, "", cause + 1};
        assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &m, &f->err));
    }
    fixture_commit(f);
    marks all;
    assert_ok(ledger_marks(f->l, fixture_id(f, SILVER), f->a, &all, &f->err));
    assert_int_equal(all.count, CAUSE_MISSING + 1);
    for (size_t i = 0; i < all.count; i++)
        assert_int_equal(all.items[i].cause, i);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_unit_marks_what_it_feeds_and_moves_the_bookmark),
        CLAIM(test_a_unit_that_feeds_nothing_still_moves_the_bookmark),
        CLAIM(test_one_unit_with_unknown_feeds_keeps_the_bookmark),
        CLAIM(test_a_unit_nobody_marked_keeps_the_bookmark),
        CLAIM(test_several_units_in_one_commit_move_the_bookmark_together),
        CLAIM(test_a_bookmark_that_was_behind_stays_behind),
        CLAIM(test_a_bookmark_follows_across_commits_of_other_tables),
        CLAIM(test_a_rolled_back_change_leaves_bookmark_and_marks),
        CLAIM(test_a_unit_that_feeds_all_marks_existing_partitions),
        CLAIM(test_an_unpartitioned_reader_is_marked_before_it_was_ever_built),
        CLAIM(test_an_unpartitioned_reader_that_exists_is_marked_once),
        CLAIM(test_feeds_under_an_older_map_mark_nothing),
        CLAIM(test_replacing_a_version_needs_old_and_new_marked),
        CLAIM(test_a_mark_that_exists_keeps_the_higher_seq),
        CLAIM(test_clearing_spares_what_came_later),
        CLAIM(test_every_cause_is_read_back_as_written),
    };
    return fixture_run("mark", TESTS, ARRAY_SIZE(TESTS));
}
