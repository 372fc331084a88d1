#include "pair.h"

#include "base/path.h"
#include "ledger/care.h"
#include "ledger/journal.h"

#include <unistd.h>

/* what commits are made of */

static void add_run(fixture *f) {
    const ledger_run r = {
        .id = "run-1", .verb = "run", .state = "running", .started = 5, .who = "maria"};
    const ledger_step step = {.table = fixture_id(f, SILVER), .built = 3, .rows = 7};
    assert_ok(ledger_run_start(f->l, &r, &f->err));
    assert_ok(ledger_step_put(f->l, "run-1", &step, &f->err));
    pair_event(f, "run");
}

static void add_failure(fixture *f) {
    const ledger_failure failure = {
        .partition = "event_date=2024-05-23", .memo_key = "key", .error = "{\"message\":\"x\"}"};
    int64_t table = fixture_id(f, SILVER);
    assert_ok(ledger_failure_put(f->l, table, &failure, "run-1", 9, &f->err));
}

static void derive(fixture *f, int64_t partition, int64_t version, int64_t unit) {
    int64_t id;
    const ledger_unit_ref lineage = {fixture_id(f, RAW), unit};
    const ledger_derivation d = {.partition = partition,
                                 .memo_key = "v1",
                                 .version = version,
                                 .code = f->tables[SILVER].code,
                                 .lineage = &lineage,
                                 .lineage_count = 1};
    assert_ok(ledger_derivation_add(f->l, &d, "run-1", &id, &f->err));
}

static void run_script(fixture *f, const char *sql) {
    assert_ok(ledger_write(f->l, sql, NULL, 0, &f->err));
}

static void test_every_kind_of_commit_replays_to_an_equal_ledger(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    assert_true(pair_follow(&p) > 0);
    pair_assert_equal(&p);

    fixture_begin(f); /* landing */
    int64_t first = fixture_deliver(f, RAW, "a.csv", 1);
    fixture_feed(f, SILVER, RAW, first, "event_date=2024-05-22 event_date=2024-05-23");
    pair_commit(&p);

    fixture_begin(f); /* building */
    add_run(f);
    int64_t version = fixture_build(f, SILVER, "event_date=2024-05-22", "v1");
    fixture_build(f, GOLD, "()", "g1");
    fixture_feed(f, GOLD, SILVER, version, "*");
    add_failure(f);
    pair_commit(&p);

    fixture_begin(f); /* a correction, and another lineage under the same key */
    assert_ok(ledger_delivery_set_state(f->l, first, DELIVERY_SUPERSEDED, NULL, &f->err));
    int64_t second = fixture_deliver(f, RAW, "a.csv", 2);
    fixture_feed(f, SILVER, RAW, second, "event_date=2024-05-22");
    derive(f, pair_number(f, f->l, "SELECT min(partition) FROM version"), version, first);
    derive(f, pair_number(f, f->l, "SELECT min(partition) FROM version"), version, second);
    assert_ok(ledger_failure_clear(f->l, fixture_id(f, SILVER), "event_date=2024-05-23", &f->err));
    pair_commit(&p);

    fixture_begin(f); /* replaced, then emptied */
    fixture_build(f, SILVER, "event_date=2024-05-22", "v2");
    pair_commit(&p);
    fixture_begin(f);
    assert_ok(ledger_current_set(f->l, fixture_id(f, SILVER), 1, 0, 0, &f->err));
    assert_ok(ledger_run_finish(f->l, "run-1", "done", 9, "{\"run\":\"run-1\"}", &f->err));
    pair_commit(&p);

    fixture_begin(f); /* what gc and release do */
    run_script(f, "DELETE FROM version_file WHERE version = 1");
    run_script(f, "DELETE FROM file WHERE id = 1");
    run_script(f, "UPDATE version SET state = 'gone' WHERE id = 1");
    pair_event(f, "gc");
    pair_commit(&p);
    pair_close(&p);
}

static void test_a_new_definition_replays_to_an_equal_ledger(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    fixture_begin(f);
    int64_t first = fixture_deliver(f, RAW, "a.csv", 1);
    fixture_feed(f, SILVER, RAW, first, "event_date=2024-05-22");
    fixture_build(f, SILVER, "event_date=2024-05-22", "v1");
    fixture_commit(f);
    lake_table *silver = f->lake->tables[SILVER];
    silver->fingerprint = "other-code-9876543210";
    silver->inputs[0].map_fingerprint = "other-map";
    silver->partition_by.count = 0; /* its feeds mean nothing any more */
    fixture_redefine(f);
    assert_int_equal(pair_number(f, f->l, "SELECT count(*) FROM feed"), 0);
    pair_commit_event(f, "anything");
    pair_follow(&p);
    pair_assert_equal(&p);
    pair_close(&p);
}

static void test_changes_without_a_seq_go_with_the_next_entry(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1);
    fixture_commit(f);
    int64_t seq = fixture_seq(f);
    fixture_begin(f);
    fixture_feed(f, SILVER, RAW, unit, "event_date=2024-05-22");
    fixture_commit(f);
    assert_int_equal(fixture_seq(f), seq);
    pair_commit_event(f, "anything");
    pair_follow(&p);
    pair_assert_equal(&p);
    assert_int_equal(pair_number(f, p.copy, "SELECT count(*) FROM feed"), 1);
    pair_close(&p);
}

static void test_a_rollback_leaves_no_entry(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1);
    ledger_rollback(f->l);
    assert_int_equal(pair_number(f, f->l, "SELECT count(*) FROM unjournaled"), 0);
    assert_int_equal(pair_number(f, f->l, "SELECT count(*) FROM outbox"), 0);
    pair_commit_event(f, "anything");
    pair_follow(&p);
    pair_assert_equal(&p);
    pair_close(&p);
}

static void test_a_replay_leaves_everything_to_be_looked_at(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=2024-05-22", "v1");
    fixture_commit(f);
    pair_follow(&p);
    assert_int_equal(pair_number(f, p.copy, "SELECT max(bookmark_seq) FROM edge"), 0);
    assert_int_equal(pair_number(f, p.copy, "SELECT max(projected_seq) FROM tbl"), 0);
    assert_int_equal(pair_number(f, p.copy, "SELECT count(*) FROM mark WHERE ref = 'journal'"), 2);
    assert_int_equal(pair_number(f, p.copy, "SELECT count(*) FROM lake WHERE definition IS NULL"),
                     1);
    assert_int_equal(pair_number(f, p.copy, "SELECT count(*) FROM unjournaled"), 0);
    pair_close(&p);
}

/* exporting */

static void test_a_kill_between_commit_and_export_loses_nothing(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    bool is_exported = true;
    journal_attach(f->l, NULL);
    pair_commit_event(f, "one");
    pair_commit_event(f, "two");
    assert_ok(journal_is_exported(f->l, &is_exported, &f->err));
    assert_false(is_exported);
    ledger_close(f->l);
    assert_ok(ledger_open_by(f->driver, f->location, "lake-1", &f->l, &f->err));
    assert_ok(journal_export(f->l, p.s, &f->err));
    assert_ok(journal_is_exported(f->l, &is_exported, &f->err));
    assert_true(is_exported);
    pair_follow(&p);
    pair_assert_equal(&p);
    pair_close(&p);
}

static void test_an_entry_that_is_there_already_is_fine(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    ledger *second = fixture_second(f);
    journal_attach(f->l, NULL);
    pair_commit_event(f, "one");
    fixture_begin(f); /* killed after the export, before the outbox knew */
    run_script(f, "UPDATE outbox SET seq = seq");
    fixture_commit(f);
    char *entry = NULL;
    ARENA_AUTO a = arena_new();
    assert_ok(journal_export(second, p.s, &f->err));
    size_t size;
    assert_ok(store_get(p.s, pair_key(f, fixture_seq(f)), 1 << 20, a, &entry, &size, &f->err));
    const db_value values[] = {DB_I(fixture_seq(f)), DB_T(entry)};
    fixture_begin(f);
    assert_ok(ledger_write(f->l, "INSERT INTO outbox (seq, document) VALUES ($1, $2)", values, 2,
                           &f->err));
    fixture_commit(f);
    assert_ok(journal_export(f->l, p.s, &f->err));
    ledger_close(second);
    pair_close(&p);
}

static void test_another_entry_under_the_number_is_foreign(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    const char *key = pair_key(f, fixture_seq(f) + 1);
    assert_ok(store_put(p.s, key, "{}\n", 3, (store_put_options){0}, &f->err));
    pair_commit_event(f, "one"); /* the commit stands */
    assert_int_equal(pair_number(f, f->l, "SELECT count(*) FROM event"), 1);
    assert_status(journal_export(f->l, p.s, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, key));
    assert_non_null(strstr(f->err.hint, "weir ledger rebuild"));
    pair_close(&p);
}

static void test_a_commit_stands_when_its_entry_cannot_be_written(void **state) {
    fixture *f = *state;
    store *s = NULL;
    const char *root = path_join(f->a, f->folder, "data");
    const char *place = path_join(f->a, root, ".weir");
    assert_ok(store_open(root, &s, &f->err));
    assert_ok(file_write_atomic(place, "x", 1, &f->err)); /* a file where a folder has to be */
    journal_attach(f->l, s);
    pair_commit_event(f, "one");
    assert_int_equal(pair_number(f, f->l, "SELECT count(*) FROM event"), 1);
    assert_true(journal_export(f->l, s, &f->err) != OK);
    assert_int_equal(unlink(place), 0);
    assert_ok(journal_export(f->l, s, &f->err));
    assert_int_equal(pair_number(f, f->l, "SELECT count(*) FROM outbox"), 0);
    ledger_close(f->l);
    f->l = NULL;
    store_close(s);
}

static void test_a_rehearsal_exports_nothing(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    int64_t seq = fixture_seq(f);
    store_object found;
    assert_ok(ledger_rehearse(f->l, &f->err));
    pair_commit_event(f, "one");
    assert_int_equal(fixture_seq(f), seq + 1);
    assert_status(store_info(p.s, pair_key(f, seq + 1), f->a, &found, &f->err), E_NOT_FOUND);
    pair_close(&p);
}

/* looking */

static void test_an_older_ledger_is_recognised_and_brought_forward(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    const char *path = path_join(f->a, f->folder, "backup.db");
    fixture_begin(f);
    const pending_object lost = {"raw", "file_land_timestamp=9/b.csv", "run-1"};
    const pending_object garbage = {"raw", "file_land_timestamp=9/c.csv", "run-1"};
    assert_ok(ledger_pending_add(f->l, &lost, 1, &f->err));
    assert_ok(ledger_pending_add(f->l, &garbage, 1, &f->err));
    fixture_commit(f);
    assert_ok(ledger_backup(f->l, path, &f->err));
    fixture_begin(f);
    assert_ok(ledger_pending_remove(f->l, "raw", lost.object, &f->err));
    fixture_deliver(f, RAW, "b.csv", 9);
    fixture_commit(f);
    pair_commit_event(f, "two");
    ledger_close(p.copy);
    assert_ok(ledger_open(path, "lake-1", &p.copy, &f->err));
    assert_true(pair_is_behind(&p, p.copy));
    assert_false(pair_is_behind(&p, f->l));
    assert_int_equal(pair_follow(&p), 2);
    assert_false(pair_is_behind(&p, p.copy));
    pair_assert_equal(&p);
    pending_objects pending = {0}; /* a delivery has the one: it is no garbage any more */
    assert_ok(ledger_pending_list(p.copy, f->a, &pending, &f->err));
    assert_int_equal(pending.count, 1);
    assert_string_equal(pending.items[0].object, garbage.object);
    assert_int_equal(pair_follow(&p), 0);
    pair_close(&p);
}

static void test_what_was_lost_is_wanted_anew_after_a_replay(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=2024-05-22", "v1");
    fixture_build(f, SILVER, "event_date=2024-05-23", "v2");
    fixture_commit(f);
    fixture_begin(f);
    assert_ok(ledger_file_lost(f->l, "silver.trips/event_date=2024-05-23/v2.parquet", &f->err));
    pair_commit(&p);
    assert_int_equal(pair_number(f, p.copy, "SELECT count(*) FROM mark WHERE cause = 'missing'"),
                     1);
    assert_int_equal(pair_number(f, p.copy,
                                 "SELECT count(*) FROM mark WHERE cause = 'missing'"
                                 " AND partition = 'event_date=2024-05-23'"),
                     1);
    pair_close(&p);
}

static void test_a_copy_is_of_one_commit_while_others_write(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    ledger *second = fixture_second(f), *copy = NULL;
    int64_t seq = fixture_seq(f), ignored;
    const char *path = path_join(f->a, f->folder, "backup.db");
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err));
    assert_ok(ledger_next_seq(second, &ignored, &f->err));
    assert_ok(ledger_backup(f->l, path, &f->err));
    assert_ok(ledger_commit(second, &f->err));
    ledger_close(second);
    assert_ok(ledger_open(path, "lake-1", &copy, &f->err));
    assert_int_equal(pair_number(f, copy, "SELECT seq FROM lake"), seq);
    ledger_close(copy);
    pair_close(&p);
}

static void test_a_ledger_that_went_another_way_is_foreign(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    int64_t count = 0;
    pair_follow(&p);
    pair_commit_event(f, "one");
    pair_commit_event(f, "two");
    assert_ok(ledger_begin(p.copy, LEDGER_WRITE, &f->err)); /* restored, and not brought forward */
    assert_ok(ledger_event_add(p.copy, "paolo", "other", NULL, NULL, 8, &f->err));
    assert_ok(ledger_commit(p.copy, &f->err));
    assert_true(pair_is_behind(&p, p.copy));
    const char *key = pair_key(f, fixture_seq(f));
    assert_status(journal_replay(p.copy, p.s, &count, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, key));
    assert_non_null(strstr(f->err.message, "does not follow"));
    pair_close(&p);
}

/* Two copies of one lake that went on by themselves and are at commits of the same number. */
static void test_another_ledger_that_wrote_the_newest_commit_is_noticed(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    bool is_behind;
    pair_follow(&p);
    pair_commit_event(f, "one");
    journal_attach(p.copy, NULL);
    assert_ok(ledger_begin(p.copy, LEDGER_WRITE, &f->err));
    assert_ok(ledger_event_add(p.copy, "paolo", "other", NULL, NULL, 8, &f->err));
    assert_ok(ledger_commit(p.copy, &f->err));
    store *own = NULL;
    const char *key = pair_key(f, fixture_seq(f));
    assert_ok(store_open("memory:", &own, &f->err));
    assert_ok(journal_export(p.copy, own, &f->err));
    assert_status(journal_look(p.copy, p.s, &is_behind, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, key));
    assert_ok(store_put(p.s, key, "{}", 2, (store_put_options){0}, &f->err)); /* cut short */
    assert_ok(journal_look(p.copy, p.s, &is_behind, &f->err));
    store_close(own);
    pair_close(&p);
}

static void test_a_ledger_ahead_of_its_journal_is_foreign(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    bool is_behind;
    journal_attach(f->l, NULL);
    pair_commit_event(f, "one");
    assert_false(pair_is_behind(&p, f->l)); /* the outbox explains it */
    assert_ok(journal_export(f->l, p.s, &f->err));
    assert_ok(store_remove(p.s, pair_key(f, fixture_seq(f)), &f->err));
    assert_status(journal_look(f->l, p.s, &is_behind, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, f->location));
    assert_true(f->err.hint[0] != '\0');
    pair_close(&p);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_every_kind_of_commit_replays_to_an_equal_ledger),
        CLAIM(test_a_new_definition_replays_to_an_equal_ledger),
        CLAIM(test_changes_without_a_seq_go_with_the_next_entry),
        CLAIM(test_a_rollback_leaves_no_entry),
        CLAIM(test_a_replay_leaves_everything_to_be_looked_at),
        CLAIM(test_a_kill_between_commit_and_export_loses_nothing),
        CLAIM(test_an_entry_that_is_there_already_is_fine),
        CLAIM(test_another_entry_under_the_number_is_foreign),
        CLAIM(test_a_commit_stands_when_its_entry_cannot_be_written),
        CLAIM(test_a_rehearsal_exports_nothing),
        CLAIM(test_an_older_ledger_is_recognised_and_brought_forward),
        CLAIM(test_what_was_lost_is_wanted_anew_after_a_replay),
        CLAIM(test_a_copy_is_of_one_commit_while_others_write),
        CLAIM(test_a_ledger_that_went_another_way_is_foreign),
        CLAIM(test_another_ledger_that_wrote_the_newest_commit_is_noticed),
        CLAIM(test_a_ledger_ahead_of_its_journal_is_foreign),
    };
    return fixture_run("journal", TESTS, ARRAY_SIZE(TESTS));
}
