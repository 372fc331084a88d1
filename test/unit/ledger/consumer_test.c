#include "fixture.h"

#include "ledger/consumer.h"

#include <inttypes.h>

/* "event_date=1 added; …, up to 3" of what changed in silver.trips. */
static const char *changes(fixture *f, int64_t since, int64_t up_to, int64_t limit) {
    const changes_asked asked = {
        .table = fixture_id(f, SILVER), .since_seq = since, .up_to_seq = up_to, .limit = limit};
    partition_changes all = {0};
    int64_t to = 0;
    assert_ok(ledger_partition_changes(f->l, &asked, f->a, &all, &to, &f->err));
    buf b = buf_new(f->a);
    for (size_t i = 0; i < all.count; i++) {
        const partition_change *c = &all.items[i];
        assert_true(c->seq > since && c->seq <= to);
        assert_true((c->version != 0) == (c->rows > 0));
        buf_printf(&b, "%s %s; ", c->partition, change_name(c->kind));
    }
    buf_printf(&b, "up to %" PRId64, to);
    return b.text;
}

static int64_t build(fixture *f, const char *partition, const char *content) {
    fixture_begin(f);
    fixture_build(f, SILVER, partition, content);
    fixture_commit(f);
    return fixture_seq(f);
}

static void end(fixture *f, const char *partition) {
    int64_t id = 0;
    fixture_begin(f);
    assert_ok(ledger_partition_find(f->l, f->tables[SILVER].generation, partition, &id, &f->err));
    assert_ok(ledger_current_set(f->l, fixture_id(f, SILVER), id, 0, 0, &f->err));
    fixture_commit(f);
}

static void test_what_changed_is_told_as_it_is_now(void **state) {
    fixture *f = *state;
    int64_t before = fixture_seq(f);
    int64_t first = build(f, "event_date=1", "c1");
    int64_t second = build(f, "event_date=2", "c2");
    assert_string_equal(
        changes(f, before, second, 100),
        arena_printf(f->a, "event_date=1 added; event_date=2 added; up to %" PRId64, second));
    build(f, "event_date=1", "c3");
    end(f, "event_date=2");
    const char *now = arena_printf(
        f->a, "event_date=1 changed; event_date=2 emptied; up to %" PRId64, fixture_seq(f));
    assert_string_equal(changes(f, second, fixture_seq(f), 100), now);
    now = arena_printf(f->a, "event_date=1 changed; event_date=2 emptied; up to %" PRId64,
                       fixture_seq(f));
    assert_string_equal(changes(f, first, fixture_seq(f), 100), now);
}

/* Who was told of the first content may have read the second. */
static void test_what_changed_back_is_told_all_the_same(void **state) {
    fixture *f = *state;
    int64_t first = build(f, "event_date=1", "c1");
    ledger_current was = {0};
    int64_t table = fixture_id(f, SILVER);
    assert_ok(ledger_current_get(f->l, table, "event_date=1", f->a, &was, &f->err));
    build(f, "event_date=1", "c2");
    fixture_begin(f);
    assert_ok(ledger_current_set(f->l, table, was.partition, was.derivation, was.version, &f->err));
    fixture_commit(f);
    assert_string_equal(changes(f, first, fixture_seq(f), 100),
                        arena_printf(f->a, "event_date=1 changed; up to %" PRId64, fixture_seq(f)));
}

static void test_pages_hold_whole_commits_and_leave_out_what_changed_later(void **state) {
    fixture *f = *state;
    int64_t before = fixture_seq(f);
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_build(f, SILVER, "event_date=2", "c2");
    fixture_commit(f);
    int64_t first = fixture_seq(f);
    int64_t second = build(f, "event_date=3", "c3");
    assert_string_equal(
        changes(f, before, second, 1),
        arena_printf(f->a, "event_date=1 added; event_date=2 added; up to %" PRId64, first));
    assert_string_equal(changes(f, first, second, 1),
                        arena_printf(f->a, "event_date=3 added; up to %" PRId64, second));
    build(f, "event_date=1", "c4");
    assert_string_equal(
        changes(f, before, second, 100),
        arena_printf(f->a, "event_date=2 added; event_date=3 added; up to %" PRId64, second));
    assert_string_equal(changes(f, second, second, 100),
                        arena_printf(f->a, "up to %" PRId64, second));
}

static void test_another_generation_changes_partitions_by_their_text(void **state) {
    fixture *f = *state;
    int64_t first = build(f, "event_date=1", "c1");
    build(f, "event_date=2", "c2");
    f->lake->tables[SILVER]->columns.items[1].type = "DOUBLE";
    f->lake->tables[SILVER]->fingerprint = "doubles";
    fixture_redefine(f);
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=1", "c3");
    assert_ok(ledger_generation_retire(f->l, fixture_id(f, SILVER), f->tables[SILVER].generation,
                                       &f->err));
    fixture_commit(f);
    assert_string_equal(changes(f, first, fixture_seq(f), 100),
                        arena_printf(f->a,
                                     "event_date=1 changed; event_date=2 emptied; up to %" PRId64,
                                     fixture_seq(f)));
}

static void put(fixture *f, int table, const char *name, int64_t seq) {
    const ledger_consumer c = {fixture_id(f, table), name, seq, "maria", 5};
    fixture_begin(f);
    assert_ok(ledger_consumer_put(f->l, &c, &f->err));
    fixture_commit(f);
}

static void test_a_consumers_position_takes_no_seq_and_is_each_tables_own(void **state) {
    fixture *f = *state;
    int64_t before = fixture_seq(f);
    put(f, SILVER, "export", 3);
    put(f, GOLD, "export", 1);
    put(f, SILVER, "export", 4);
    assert_int_equal(fixture_seq(f), before);
    ledger_consumer c = {0};
    assert_ok(ledger_consumer_get(f->l, fixture_id(f, SILVER), "export", f->a, &c, &f->err));
    assert_int_equal(c.seq, 4);
    assert_string_equal(c.who, "maria");
    fixture_begin(f);
    assert_ok(ledger_consumer_remove(f->l, fixture_id(f, SILVER), "export", &f->err));
    fixture_commit(f);
    assert_status(ledger_consumer_get(f->l, fixture_id(f, SILVER), "export", f->a, &c, &f->err),
                  E_NOT_FOUND);
    ledger_consumers all = {0};
    assert_ok(ledger_consumers_of(f->l, 0, f->a, &all, &f->err));
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].table, fixture_id(f, GOLD));
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_what_changed_is_told_as_it_is_now),
        CLAIM(test_what_changed_back_is_told_all_the_same),
        CLAIM(test_pages_hold_whole_commits_and_leave_out_what_changed_later),
        CLAIM(test_another_generation_changes_partitions_by_their_text),
        CLAIM(test_a_consumers_position_takes_no_seq_and_is_each_tables_own),
    };
    return fixture_run("consumer", TESTS, ARRAY_SIZE(TESTS));
}
