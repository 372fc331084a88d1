#include "fixture.h"

#include "base/hash.h"
#include "base/path.h"
#include "ledger/journal.h"
#include "ledger/journal_tables.h"

#include <inttypes.h>
#include <unistd.h>

/* A fixture's ledger, its journal, and a second ledger of the same lake that only knows the
 * journal. */
typedef struct pair {
    fixture *f;
    store *s;
    ledger *copy;
} pair;

static ledger *new_ledger(fixture *f, const char *name) {
    ledger *made = NULL;
    const char *path = path_join(f->a, f->folder, name);
    assert_ok(ledger_create_by(f->driver, path, "lake-1", "italy", &made, &f->err));
    return made;
}

static pair open_pair(fixture *f) {
    pair p = {.f = f, .copy = new_ledger(f, "copy.db")};
    assert_ok(store_open("memory:", &p.s, &f->err));
    journal_attach(f->l, p.s);
    assert_ok(journal_export(f->l, p.s, &f->err));
    return p;
}

static void close_pair(pair *p) {
    ledger_close(p->copy);
    ledger_close(p->f->l);
    p->f->l = NULL;
    store_close(p->s);
}

/* Every row of every table that the journal carries. */

typedef struct dump {
    buf text;
    const journal_table *table;
} dump;

static void dump_row(const db_rows *row, arena *a, void *into) {
    dump *d = into;
    buf_printf(&d->text, "%s", d->table->name);
    for (size_t i = 0; i < db_width(row); i++)
        buf_printf(&d->text, "|%s", db_is_null(row, i) ? "NULL" : db_text(row, i, a));
    buf_char(&d->text, '\n');
}

static const char *dump_of(fixture *f, ledger *l) {
    dump d = {.text = buf_new(f->a)};
    for (size_t i = 0; i < JOURNAL_TABLE_COUNT; i++) {
        strings names = {0}, places = {0};
        d.table = &JOURNAL_TABLES[i];
        for (size_t c = 0; c < d.table->count; c++) {
            if (d.table->columns[c].type == JOURNAL_LOCAL)
                continue;
            vec_push(f->a, &names, d.table->columns[c].name);
            vec_push(f->a, &places, arena_printf(f->a, "%zu", names.count));
        }
        const ledger_query query = {arena_printf(f->a, "SELECT %s FROM %s ORDER BY %s",
                                                 str_join(f->a, &names, ", "), d.table->name,
                                                 str_join(f->a, &places, ", ")),
                                    NULL, 0, dump_row};
        assert_ok(ledger_select(l, &query, f->a, &d, &f->err));
    }
    return d.text.text;
}

static int64_t number(fixture *f, ledger *l, const char *sql) {
    int64_t value = -1;
    assert_ok(db_get_int(l->d, sql, NULL, 0, -1, &value, &f->err));
    return value;
}

static int64_t follow(pair *p) {
    fixture *f = p->f;
    int64_t count = 0;
    assert_ok(journal_replay(p->copy, p->s, &count, &f->err));
    return count;
}

static void assert_equal_ledgers(pair *p) {
    fixture *f = p->f;
    assert_string_equal(dump_of(f, p->copy), dump_of(f, f->l));
    assert_int_equal(number(f, p->copy, "SELECT seq FROM lake"), fixture_seq(f));
}

/* The next commit of both is the same, so the journal goes on where the lost ledger ended. */
static void commit_and_follow(pair *p) {
    fixture_commit(p->f);
    assert_true(follow(p) > 0);
    assert_equal_ledgers(p);
}

static const char *key_of(fixture *f, int64_t seq) {
    return arena_printf(f->a, JOURNAL_PREFIX "%020" PRId64 ".json", seq);
}

static void event(fixture *f, const char *what) {
    assert_ok(ledger_event_add(f->l, "maria", what, NULL, NULL, 7, &f->err));
}

static void commit_event(fixture *f, const char *what) {
    fixture_begin(f);
    event(f, what);
    fixture_commit(f);
}

/* what commits are made of */

static void add_run(fixture *f) {
    const ledger_run r = {
        .id = "run-1", .verb = "run", .state = "running", .started = 5, .who = "maria"};
    const ledger_step step = {.table = fixture_id(f, SILVER), .built = 3, .rows = 7};
    assert_ok(ledger_run_start(f->l, &r, &f->err));
    assert_ok(ledger_step_put(f->l, "run-1", &step, &f->err));
    event(f, "run");
}

static void add_failure(fixture *f) {
    const ledger_failure failure = {"event_date=2024-05-23", "key", "{\"message\":\"x\"}"};
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
    pair p = open_pair(f);
    assert_true(follow(&p) > 0);
    assert_equal_ledgers(&p);

    fixture_begin(f); /* landing */
    int64_t first = fixture_deliver(f, RAW, "a.csv", 1);
    fixture_feed(f, SILVER, RAW, first, "event_date=2024-05-22 event_date=2024-05-23");
    commit_and_follow(&p);

    fixture_begin(f); /* building */
    add_run(f);
    int64_t version = fixture_build(f, SILVER, "event_date=2024-05-22", "v1");
    fixture_build(f, GOLD, "()", "g1");
    fixture_feed(f, GOLD, SILVER, version, "*");
    add_failure(f);
    commit_and_follow(&p);

    fixture_begin(f); /* a correction, and another lineage under the same key */
    assert_ok(ledger_delivery_set_state(f->l, first, DELIVERY_SUPERSEDED, NULL, &f->err));
    int64_t second = fixture_deliver(f, RAW, "a.csv", 2);
    fixture_feed(f, SILVER, RAW, second, "event_date=2024-05-22");
    derive(f, number(f, f->l, "SELECT min(partition) FROM version"), version, first);
    derive(f, number(f, f->l, "SELECT min(partition) FROM version"), version, second);
    assert_ok(ledger_failure_clear(f->l, fixture_id(f, SILVER), "event_date=2024-05-23", &f->err));
    commit_and_follow(&p);

    fixture_begin(f); /* replaced, then emptied */
    fixture_build(f, SILVER, "event_date=2024-05-22", "v2");
    commit_and_follow(&p);
    fixture_begin(f);
    assert_ok(ledger_current_set(f->l, fixture_id(f, SILVER), 1, 0, 0, &f->err));
    assert_ok(ledger_run_finish(f->l, "run-1", "done", 9, "{\"run\":\"run-1\"}", &f->err));
    commit_and_follow(&p);

    fixture_begin(f); /* what gc and release do */
    run_script(f, "DELETE FROM version_file WHERE version = 1");
    run_script(f, "DELETE FROM file WHERE id = 1");
    run_script(f, "UPDATE version SET state = 'gone' WHERE id = 1");
    event(f, "gc");
    commit_and_follow(&p);
    close_pair(&p);
}

static void test_a_new_definition_replays_to_an_equal_ledger(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
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
    assert_int_equal(number(f, f->l, "SELECT count(*) FROM feed"), 0);
    commit_event(f, "anything");
    follow(&p);
    assert_equal_ledgers(&p);
    close_pair(&p);
}

static void test_changes_without_a_seq_go_with_the_next_entry(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1);
    fixture_commit(f);
    int64_t seq = fixture_seq(f);
    fixture_begin(f);
    fixture_feed(f, SILVER, RAW, unit, "event_date=2024-05-22");
    fixture_commit(f);
    assert_int_equal(fixture_seq(f), seq);
    commit_event(f, "anything");
    follow(&p);
    assert_equal_ledgers(&p);
    assert_int_equal(number(f, p.copy, "SELECT count(*) FROM feed"), 1);
    close_pair(&p);
}

static void test_a_rollback_leaves_no_entry(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1);
    ledger_rollback(f->l);
    assert_int_equal(number(f, f->l, "SELECT count(*) FROM unjournaled"), 0);
    assert_int_equal(number(f, f->l, "SELECT count(*) FROM outbox"), 0);
    commit_event(f, "anything");
    follow(&p);
    assert_equal_ledgers(&p);
    close_pair(&p);
}

static void test_a_replay_leaves_everything_to_be_looked_at(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=2024-05-22", "v1");
    fixture_commit(f);
    follow(&p);
    assert_int_equal(number(f, p.copy, "SELECT max(bookmark_seq) FROM edge"), 0);
    assert_int_equal(number(f, p.copy, "SELECT max(projected_seq) FROM tbl"), 0);
    assert_int_equal(number(f, p.copy, "SELECT count(*) FROM mark WHERE ref = 'journal'"), 2);
    assert_int_equal(number(f, p.copy, "SELECT count(*) FROM lake WHERE definition IS NULL"), 1);
    assert_int_equal(number(f, p.copy, "SELECT count(*) FROM unjournaled"), 0);
    close_pair(&p);
}

/* exporting */

static void test_a_kill_between_commit_and_export_loses_nothing(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    bool is_exported = true;
    journal_attach(f->l, NULL);
    commit_event(f, "one");
    commit_event(f, "two");
    assert_ok(journal_is_exported(f->l, &is_exported, &f->err));
    assert_false(is_exported);
    ledger_close(f->l);
    assert_ok(ledger_open_by(f->driver, f->location, "lake-1", &f->l, &f->err));
    assert_ok(journal_export(f->l, p.s, &f->err));
    assert_ok(journal_is_exported(f->l, &is_exported, &f->err));
    assert_true(is_exported);
    follow(&p);
    assert_equal_ledgers(&p);
    close_pair(&p);
}

static void test_an_entry_that_is_there_already_is_fine(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    ledger *second = fixture_second(f);
    journal_attach(f->l, NULL);
    commit_event(f, "one");
    fixture_begin(f); /* killed after the export, before the outbox knew */
    run_script(f, "UPDATE outbox SET seq = seq");
    fixture_commit(f);
    char *entry = NULL;
    ARENA_AUTO a = arena_new();
    assert_ok(journal_export(second, p.s, &f->err));
    size_t size;
    assert_ok(store_get(p.s, key_of(f, fixture_seq(f)), 1 << 20, a, &entry, &size, &f->err));
    const db_value values[] = {DB_I(fixture_seq(f)), DB_T(entry)};
    fixture_begin(f);
    assert_ok(ledger_write(f->l, "INSERT INTO outbox (seq, document) VALUES ($1, $2)", values, 2,
                           &f->err));
    fixture_commit(f);
    assert_ok(journal_export(f->l, p.s, &f->err));
    ledger_close(second);
    close_pair(&p);
}

static void test_another_entry_under_the_number_is_foreign(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    const char *key = key_of(f, fixture_seq(f) + 1);
    assert_ok(store_put(p.s, key, "{}\n", 3, (store_put_options){0}, &f->err));
    commit_event(f, "one"); /* the commit stands */
    assert_int_equal(number(f, f->l, "SELECT count(*) FROM event"), 1);
    assert_status(journal_export(f->l, p.s, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, key));
    assert_non_null(strstr(f->err.hint, "weir ledger rebuild"));
    close_pair(&p);
}

static void test_a_commit_stands_when_its_entry_cannot_be_written(void **state) {
    fixture *f = *state;
    store *s = NULL;
    const char *root = path_join(f->a, f->folder, "data");
    const char *place = path_join(f->a, root, ".weir");
    assert_ok(store_open(root, &s, &f->err));
    assert_ok(file_write_atomic(place, "x", 1, &f->err)); /* a file where a folder has to be */
    journal_attach(f->l, s);
    commit_event(f, "one");
    assert_int_equal(number(f, f->l, "SELECT count(*) FROM event"), 1);
    assert_true(journal_export(f->l, s, &f->err) != OK);
    assert_int_equal(unlink(place), 0);
    assert_ok(journal_export(f->l, s, &f->err));
    assert_int_equal(number(f, f->l, "SELECT count(*) FROM outbox"), 0);
    ledger_close(f->l);
    f->l = NULL;
    store_close(s);
}

static void test_a_rehearsal_exports_nothing(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    int64_t seq = fixture_seq(f);
    store_object found;
    assert_ok(ledger_rehearse(f->l, &f->err));
    commit_event(f, "one");
    assert_int_equal(fixture_seq(f), seq + 1);
    assert_status(store_info(p.s, key_of(f, seq + 1), f->a, &found, &f->err), E_NOT_FOUND);
    close_pair(&p);
}

/* looking */

static bool looks_behind(pair *p, ledger *l) {
    fixture *f = p->f;
    bool is_behind = false;
    assert_ok(journal_look(l, p->s, &is_behind, &f->err));
    return is_behind;
}

static void test_an_older_ledger_is_recognised_and_brought_forward(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
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
    commit_event(f, "two");
    ledger_close(p.copy);
    assert_ok(ledger_open_by(f->driver, path, "lake-1", &p.copy, &f->err));
    assert_true(looks_behind(&p, p.copy));
    assert_false(looks_behind(&p, f->l));
    assert_int_equal(follow(&p), 2);
    assert_false(looks_behind(&p, p.copy));
    assert_equal_ledgers(&p);
    pending_objects pending = {0}; /* a delivery has the one: it is no garbage any more */
    assert_ok(ledger_pending_list(p.copy, f->a, &pending, &f->err));
    assert_int_equal(pending.count, 1);
    assert_string_equal(pending.items[0].object, garbage.object);
    assert_int_equal(follow(&p), 0);
    close_pair(&p);
}

static void test_a_copy_is_of_one_commit_while_others_write(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    ledger *second = fixture_second(f), *copy = NULL;
    int64_t seq = fixture_seq(f), ignored;
    const char *path = path_join(f->a, f->folder, "backup.db");
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err));
    assert_ok(ledger_next_seq(second, &ignored, &f->err));
    assert_ok(ledger_backup(f->l, path, &f->err));
    assert_ok(ledger_commit(second, &f->err));
    ledger_close(second);
    assert_ok(ledger_open_by(f->driver, path, "lake-1", &copy, &f->err));
    assert_int_equal(number(f, copy, "SELECT seq FROM lake"), seq);
    ledger_close(copy);
    close_pair(&p);
}

static void test_a_ledger_that_went_another_way_is_foreign(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    int64_t count = 0;
    follow(&p);
    commit_event(f, "one");
    commit_event(f, "two");
    assert_ok(ledger_begin(p.copy, LEDGER_WRITE, &f->err)); /* restored, and not brought forward */
    assert_ok(ledger_event_add(p.copy, "paolo", "other", NULL, NULL, 8, &f->err));
    assert_ok(ledger_commit(p.copy, &f->err));
    assert_true(looks_behind(&p, p.copy));
    const char *key = key_of(f, fixture_seq(f));
    assert_status(journal_replay(p.copy, p.s, &count, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, key));
    assert_non_null(strstr(f->err.message, "does not follow"));
    close_pair(&p);
}

static void test_a_ledger_ahead_of_its_journal_is_foreign(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    bool is_behind;
    journal_attach(f->l, NULL);
    commit_event(f, "one");
    assert_false(looks_behind(&p, f->l)); /* the outbox explains it */
    assert_ok(journal_export(f->l, p.s, &f->err));
    assert_ok(store_remove(p.s, key_of(f, fixture_seq(f)), &f->err));
    assert_status(journal_look(f->l, p.s, &is_behind, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, f->location));
    assert_true(f->err.hint[0] != '\0');
    close_pair(&p);
}

/* damage */

static char *entry_of(pair *p, int64_t seq, size_t *ret_size) {
    fixture *f = p->f;
    char *text = NULL;
    assert_ok(store_get(p->s, key_of(f, seq), 1 << 20, f->a, &text, ret_size, &f->err));
    return text;
}

static void put_entry(pair *p, int64_t seq, const char *text, size_t size) {
    fixture *f = p->f;
    assert_ok(store_remove(p->s, key_of(f, seq), &f->err));
    assert_ok(store_put(p->s, key_of(f, seq), text, size, (store_put_options){0}, &f->err));
}

static void assert_refused(pair *p, int64_t seq, status kind, const char *what) {
    fixture *f = p->f;
    int64_t count = -1;
    f->err = (error){0};
    assert_status(journal_replay(p->copy, p->s, &count, &f->err), kind);
    assert_int_equal(count, -1);
    if (strstr(f->err.message, key_of(f, seq)) == NULL || strstr(f->err.message, what) == NULL)
        fail_msg("\"%s\" does not name %s and tell \"%s\"", f->err.message, key_of(f, seq), what);
    assert_int_equal(number(f, p->copy, "SELECT seq FROM lake"), 0); /* nothing of it was taken */
    assert_int_equal(number(f, p->copy, "SELECT count(*) FROM tbl"), 0);
}

static void test_an_altered_entry_is_named(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    commit_event(f, "one");
    commit_event(f, "two");
    int64_t seq = fixture_seq(f) - 1;
    size_t size;
    char *text = entry_of(&p, seq, &size);
    for (size_t i = 0; i < size; i++) { /* whichever byte it is */
        char *altered = arena_strndup(f->a, text, size);
        altered[i] = (char)(altered[i] ^ 1);
        put_entry(&p, seq, altered, size);
        int64_t count;
        assert_status(journal_replay(p.copy, p.s, &count, &f->err), E_DATA);
        assert_non_null(strstr(f->err.message, key_of(f, seq)));
    }
    close_pair(&p);
}

static void test_an_entry_cut_short_is_named(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    commit_event(f, "one");
    int64_t seq = fixture_seq(f);
    size_t size;
    char *text = entry_of(&p, seq, &size);
    for (size_t cut = 0; cut < size; cut += 7) {
        put_entry(&p, seq, text, cut);
        assert_refused(&p, seq, E_DATA, "cut short");
    }
    close_pair(&p);
}

static void test_a_missing_entry_is_named(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    for (int i = 0; i < 5; i++)
        commit_event(f, "one");
    int64_t seq = fixture_seq(f) - 2;
    assert_ok(store_remove(p.s, key_of(f, seq), &f->err));
    assert_refused(&p, seq, E_DATA, "missing");
    assert_true(looks_behind(&p, p.copy));
    close_pair(&p);
}

static void test_an_entry_in_another_place_is_named(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    commit_event(f, "one");
    commit_event(f, "two");
    int64_t seq = fixture_seq(f);
    size_t size;
    char *text = entry_of(&p, seq - 1, &size);
    put_entry(&p, seq, text, size);
    assert_refused(&p, seq, E_DATA, "another entry's content");
    close_pair(&p);
}

static void test_an_entry_of_another_lake_is_foreign(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    ledger_close(p.copy);
    const char *path = path_join(f->a, f->folder, "other.db");
    assert_ok(ledger_create_by(f->driver, path, "lake-2", "italy", &p.copy, &f->err));
    assert_refused(&p, 1, E_FOREIGN, "another lake");
    close_pair(&p);
}

/* Entries that are sealed as they should be and hold what no weir writes. */

typedef struct forgery {
    const char *tables;
    const char *what; /* told */
} forgery;

static void forge(pair *p, const char *format, const char *tables) {
    fixture *f = p->f;
    buf text = buf_new(f->a);
    char sha256[SHA256_TEXT_SIZE];
    buf_printf(&text,
               "{\"format\":%s,\"lake\":\"lake-1\",\"seq\":1,\"previous\":\"\",\"tables\":%s",
               format, tables);
    sha256_text(text.text, text.size, sha256);
    buf_printf(&text, ",\"sha256\":\"%s\"}\n", sha256);
    put_entry(p, 1, text.text, text.size);
}

#define FILE_ROW(object)                                                              \
    "[{\"table\":\"file\",\"columns\":[\"id\",\"tbl\",\"object\",\"rows\",\"bytes\"," \
    "\"sum1\",\"sum2\",\"delivery\"],\"gone\":[],\"rows\":[[1,1," object              \
    ",1,1,\"0\",\"0\",null]]}]"

static const forgery FORGERIES[] = {
    {FILE_ROW("\"../../etc/passwd\""), "leads out"},
    {FILE_ROW("\"/etc/passwd\""), "leads out"},
    {FILE_ROW("\"a/./b\""), "leads out"},
    {FILE_ROW("\"\""), "leads out"},
    {FILE_ROW("7"), "another type"},
    {"[{\"table\":\"sqlite_master\",\"columns\":[],\"gone\":[],\"rows\":[]}]", "table"},
    {"[{\"table\":\"lease\",\"columns\":[],\"gone\":[],\"rows\":[]}]", "table"},
    {"[{\"table\":\"fed\",\"columns\":[\"tbl\"],\"gone\":[],\"rows\":[]}]", "key column"},
    {"[{\"table\":\"fed\",\"columns\":[\"x; DROP TABLE fed\"],\"gone\":[],\"rows\":[]}]", "column"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\",\"tbl\"],\"gone\":[],\"rows\":[]}]",
     "column"},
    {"[{\"table\":\"edge\",\"columns\":[\"bookmark_seq\"],\"gone\":[],\"rows\":[]}]", "column"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[[\"a\"]],\"rows\":[]}]", "type"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[[\"a\",1,2]],\"rows\":[]}]",
     "width"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[],\"rows\":[[\"a\",1,2]]}]",
     "width"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[],\"rows\":[[null,1]]}]",
     "type"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[],\"rows\":[7]}]", "type"},
    {"[7]", ""},
    {"{}", ""},
};

static void test_what_no_weir_writes_is_refused(void **state) {
    fixture *f = *state;
    pair p = open_pair(f);
    for (size_t i = 0; i < ARRAY_SIZE(FORGERIES); i++) {
        forge(&p, "1", FORGERIES[i].tables);
        assert_refused(&p, 1, E_DATA, FORGERIES[i].what);
    }
    forge(&p, "2", "[]");
    assert_refused(&p, 1, E_FOREIGN, "newer weir");
    forge(&p, "1",
          "[{\"table\":\"fed\",\"columns\":[\"tbl\",\"input\",\"map\",\"unit\"],"
          "\"gone\":[],\"rows\":[[1,1,\"m\",1],[1,1,\"m\",1]]}]");
    assert_refused(&p, 1, E_DATA, "UNIQUE");
    forge(&p, "1", "[{\"table\":\"run\",\"columns\":[\"id\"],\"gone\":[],\"rows\":[[\"a\"]]}]");
    assert_refused(&p, 1, E_IO, "NOT NULL"); /* the schema has the last word */
    close_pair(&p);
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
        CLAIM(test_a_copy_is_of_one_commit_while_others_write),
        CLAIM(test_a_ledger_that_went_another_way_is_foreign),
        CLAIM(test_a_ledger_ahead_of_its_journal_is_foreign),
        CLAIM(test_an_altered_entry_is_named),
        CLAIM(test_an_entry_cut_short_is_named),
        CLAIM(test_a_missing_entry_is_named),
        CLAIM(test_an_entry_in_another_place_is_named),
        CLAIM(test_an_entry_of_another_lake_is_foreign),
        CLAIM(test_what_no_weir_writes_is_refused),
    };
    return fixture_run("journal", TESTS, ARRAY_SIZE(TESTS));
}
