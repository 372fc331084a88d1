/* Notes of results that wait for a run that takes them up. */
#include "ledger/staged.h"

#include "pair.h"

static ledger_staged note(fixture *f, int table, const char *partition, const char *key) {
    return (ledger_staged){.table = fixture_id(f, table),
                           .partition = partition,
                           .memo_key = key,
                           .basis = "basis",
                           .folder = "folder/",
                           .answer = "{}"};
}

static void put(fixture *f, ledger_staged one, int64_t now) {
    assert_ok(ledger_begin(f->l, LEDGER_WRITE_LIGHT, &f->err));
    assert_ok(ledger_staged_put(f->l, &one, now, &f->err));
    fixture_commit(f);
}

static size_t count(fixture *f, ledger *l) {
    ledger_stageds all = {0};
    assert_ok(ledger_staged_list(l, f->a, &all, &f->err));
    return all.count;
}

static void test_a_note_is_found_by_table_partition_and_key(void **state) {
    fixture *f = *state;
    ledger_staged found = {0};
    put(f, note(f, SILVER, "event_date=2024-05-22", "key-1"), 1);
    int64_t id = fixture_id(f, SILVER);
    assert_ok(
        ledger_staged_find(f->l, id, "event_date=2024-05-22", "key-1", f->a, &found, &f->err));
    assert_int_equal(found.table, id);
    assert_string_equal(found.basis, "basis");
    assert_string_equal(found.folder, "folder/");
    assert_string_equal(found.answer, "{}");
    const struct {
        int table;
        const char *partition, *key;
    } others[] = {{GOLD, "event_date=2024-05-22", "key-1"},
                  {SILVER, "event_date=2024-05-23", "key-1"},
                  {SILVER, "event_date=2024-05-22", "key-2"}};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_status(ledger_staged_find(f->l, fixture_id(f, others[i].table), others[i].partition,
                                         others[i].key, f->a, &found, &f->err),
                      E_NOT_FOUND);
}

static void test_a_newer_note_replaces_an_older_one(void **state) {
    fixture *f = *state;
    ledger_staged one = note(f, SILVER, "()", "key-1"), found = {0};
    put(f, one, 1);
    one.folder = "other/";
    put(f, one, 2);
    assert_ok(ledger_staged_find(f->l, one.table, "()", "key-1", f->a, &found, &f->err));
    assert_string_equal(found.folder, "other/");
    assert_int_equal(count(f, f->l), 1);
}

static void test_notes_go_by_table_or_by_age(void **state) {
    fixture *f = *state;
    put(f, note(f, SILVER, "a=1", "key-1"), 1);
    put(f, note(f, SILVER, "a=2", "key-2"), 5);
    put(f, note(f, GOLD, "()", "key-3"), 9);
    fixture_begin(f);
    assert_ok(ledger_staged_drop_older(f->l, 5, &f->err));
    assert_int_equal(count(f, f->l), 2);
    assert_ok(ledger_staged_drop(f->l, fixture_id(f, GOLD), NULL, &f->err));
    assert_int_equal(count(f, f->l), 1);
    assert_ok(ledger_staged_drop(f->l, fixture_id(f, SILVER), "a=1", &f->err));
    assert_int_equal(count(f, f->l), 1);
    assert_ok(ledger_staged_drop(f->l, fixture_id(f, SILVER), "a=2", &f->err));
    fixture_commit(f);
    assert_int_equal(count(f, f->l), 0);
}

static void test_who_asks_for_a_partition_anew_finds_no_note(void **state) {
    fixture *f = *state;
    const mark changed = {.partition = "a=1", .cause = CAUSE_NEW, .ref = "a.csv"};
    const mark forced = {.partition = "a=1", .cause = CAUSE_FORCED, .ref = "run-2"};
    put(f, note(f, SILVER, "a=1", "key-1"), 1);
    put(f, note(f, SILVER, "a=2", "key-2"), 1);
    fixture_begin(f);
    assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &changed, &f->err));
    assert_int_equal(count(f, f->l), 2);
    assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &forced, &f->err));
    fixture_commit(f);
    assert_int_equal(count(f, f->l), 1);
}

/* A copy that was put back may name files that a version has by now. */
static void test_a_ledger_that_is_brought_forward_forgets_its_notes(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    pair_commit_event(f, "something");
    pair_follow(&p);
    ledger_staged one = note(f, SILVER, "()", "key-1");
    assert_ok(ledger_begin(p.copy, LEDGER_WRITE, &f->err));
    assert_ok(ledger_staged_put(p.copy, &one, 1, &f->err));
    assert_ok(ledger_commit(p.copy, &f->err));
    put(f, one, 1);
    assert_int_equal(pair_follow(&p), 0);
    assert_int_equal(count(f, p.copy), 1);
    pair_commit_event(f, "more");
    assert_int_equal(pair_follow(&p), 1);
    assert_int_equal(count(f, p.copy), 0);
    pair_close(&p);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_note_is_found_by_table_partition_and_key),
        CLAIM(test_a_newer_note_replaces_an_older_one),
        CLAIM(test_notes_go_by_table_or_by_age),
        CLAIM(test_who_asks_for_a_partition_anew_finds_no_note),
        CLAIM(test_a_ledger_that_is_brought_forward_forgets_its_notes),
    };
    return fixture_run("staged", TESTS, ARRAY_SIZE(TESTS));
}
