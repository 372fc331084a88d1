#include "fixture.h"

#include "ledger/care.h"
#include "ledger/lineage.h"

/* Questions that a run asks for each unit or partition, or when nothing changed, must find their
 * rows by an index. A driver that explains every statement before it runs it watches them. */

typedef struct watch {
    char scans[4096]; /* "table: statement" lines of what was scanned */
    size_t explained;
    bool narrow; /* what is found by its table alone is as good as scanned */
} watch;

/* One test at a time uses it; a driver's calls bring no place of their own. */
static watch WATCH;

/* What grows with the lake. The rest (tbl, edge, generation) is as small as its definition. */
static const char *const LARGE[] = {
    "delivery", "d", "n",    "feed", "f",    "fed", "current",    "c",       "s", "partition", "p",
    "version",  "v", "file", "vf",   "mark", "m",   "derivation", "lineage",
};

static bool is_large(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(LARGE); i++)
        if (str_eq(LARGE[i], name))
            return true;
    return false;
}

static void note_scan(const char *detail, const char *sql) {
    char name[64] = "";
    size_t size = strcspn(detail + 5, " ");
    if (size >= sizeof name)
        return;
    memcpy(name, detail + 5, size);
    name[size] = '\0';
    if (!is_large(name))
        return;
    size_t used = strlen(WATCH.scans);
    snprintf(WATCH.scans + used, sizeof WATCH.scans - used, "%s: %s\n", name, sql);
}

/* "SEARCH f USING INDEX feed_by_unit (input=? AND unit=?)": is a column named that tells rows of
 * one table apart? */
static bool is_narrow(const char *detail) {
    static const char *const TELLING[] = {
        "unit", "partition", "id",       "text",    "version",     "identity",
        "(seq", "(run",      "from_seq", "to_seq>", "generation=",
    };
    for (size_t i = 0; i < ARRAY_SIZE(TELLING); i++)
        if (strstr(strchr(detail, '(') ? strchr(detail, '(') : "", TELLING[i]) != NULL)
            return true;
    return false;
}

static void explain(void *state, const char *sql, const db_value *values, size_t count) {
    ARENA_AUTO a = arena_new();
    void *rows;
    bool more;
    const char *question = arena_printf(a, "EXPLAIN QUERY PLAN %s", sql);
    if (DB_SQLITE.query(state, question, values, count, &rows, NULL) != OK)
        return;
    while (DB_SQLITE.next(state, rows, &more, NULL) == OK && more) {
        db_value detail = DB_SQLITE.column(rows, 3);
        WATCH.explained++;
        if (str_starts(detail.text, "SCAN "))
            note_scan(detail.text, sql);
        if (WATCH.narrow && str_starts(detail.text, "SEARCH ") && !is_narrow(detail.text))
            note_scan(detail.text + 2, sql);
    }
    DB_SQLITE.end(state, rows);
}

static status query_explained(void *state, const char *sql, const db_value *values, size_t count,
                              void **ret_rows, error *err) {
    explain(state, sql, values, count);
    return DB_SQLITE.query(state, sql, values, count, ret_rows, err);
}

static void open_watched(fixture *f) {
    static db_driver watching;
    watching = DB_SQLITE;
    watching.query = query_explained;
    WATCH = (watch){0};
    ledger_close(f->l);
    f->l = NULL;
    assert_ok(ledger_open_by(&watching, f->location, "lake-1", &f->l, &f->err));
}

static void assert_nothing_scanned(void) {
    assert_true(WATCH.explained > 0);
    if (WATCH.scans[0] != '\0')
        fail_msg("scanned %s", WATCH.scans);
}

static void fill(fixture *f) {
    fixture_begin(f);
    for (int i = 0; i < 20; i++) {
        int64_t unit = fixture_deliver(f, RAW, arena_printf(f->a, "%d.csv", i), 1);
        const char *partition = arena_printf(f->a, "event_date=%d", i);
        fixture_feed(f, SILVER, RAW, unit, partition);
        int64_t version = fixture_build(f, SILVER, partition, partition);
        fixture_feed(f, NAMED, SILVER, version, partition);
        fixture_feed(f, GOLD, SILVER, version, "*");
    }
    fixture_commit(f);
}

static void test_a_run_without_work_scans_nothing_that_grows(void **state) {
    fixture *f = *state;
    fill(f);
    open_watched(f);
    ledger_edges edges;
    int64_t changed, projected;
    pending_objects pending;
    assert_ok(ledger_tables(f->l, f->lake, f->a, &f->tables, &f->err));
    assert_ok(ledger_edges_behind(f->l, f->a, &edges, &f->err));
    assert_ok(ledger_pending_list(f->l, f->a, &pending, &f->err));
    assert_ok(ledger_projection_state(f->l, fixture_id(f, SILVER), &changed, &projected, &f->err));
    assert_nothing_scanned();
}

static void test_landing_scans_nothing(void **state) {
    fixture *f = *state;
    fill(f);
    open_watched(f);
    deliveries all;
    bool claimed;
    int64_t count;
    fixture_begin(f);
    assert_ok(ledger_delivery_claimed(f->l, "x", &claimed, &f->err));
    assert_ok(
        ledger_deliveries_of_identity(f->l, fixture_id(f, RAW), "1.csv", f->a, &all, &f->err));
    assert_ok(ledger_deliveries_active(f->l, fixture_id(f, RAW), f->a, &all, &f->err));
    int64_t unit = fixture_deliver(f, RAW, "new.csv", 1);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, RAW), unit, CAUSE_NEW, "new.csv", &f->err));
    assert_ok(ledger_delivery_set_state(f->l, all.items[0].id, DELIVERY_SUPERSEDED, NULL, &f->err));
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, RAW), all.items[0].id, CAUSE_SUPERSEDED, "1.csv",
                               &f->err));
    fixture_commit(f);
    assert_ok(ledger_quarantine_count(f->l, &count, &f->err));
    assert_nothing_scanned();
}

static void ask_about_units(fixture *f, int reader, int input) {
    const ledger_edge edge = fixture_edge(f, reader, input);
    bool is_source = f->lake->tables[input]->source != NULL, only;
    const strings none = {0};
    ledger_units units;
    unit_changes changes;
    strings fed;
    assert_ok(ledger_units_feeding(f->l, &edge, is_source, "event_date=1", f->a, &units, &f->err));
    assert_ok(ledger_units_feeding(f->l, &edge, is_source, NULL, f->a, &units, &f->err));
    assert_ok(ledger_changes_since(f->l, &edge, 0, f->a, &changes, &f->err));
    assert_ok(ledger_changes_since(f->l, &edge, 1, f->a, &changes, &f->err));
    assert_ok(ledger_partitions_fed(f->l, &edge, is_source, f->a, &fed, &f->err));
    assert_ok(ledger_unit_feeds_only(f->l, &edge, 1, &none, &only, &f->err));
}

static void test_planning_scans_nothing(void **state) {
    fixture *f = *state;
    fill(f);
    open_watched(f);
    marks all;
    ledger_failures failures;
    ask_about_units(f, SILVER, RAW);
    ask_about_units(f, NAMED, SILVER);
    assert_ok(ledger_marks(f->l, fixture_id(f, SILVER), f->a, &all, &f->err));
    assert_ok(ledger_failures_of(f->l, fixture_id(f, SILVER), f->a, &failures, &f->err));
    assert_nothing_scanned();
}

static void test_a_commit_scans_nothing(void **state) {
    fixture *f = *state;
    fill(f);
    open_watched(f);
    ledger_current c;
    ledger_currents all;
    ledger_version v;
    projection_changes changes;
    bool known;
    int64_t silver = fixture_id(f, SILVER);
    fixture_begin(f);
    assert_ok(ledger_current_get(f->l, silver, "event_date=1", f->a, &c, &f->err));
    int64_t version = fixture_build(f, SILVER, "event_date=1", "other");
    fixture_feed(f, NAMED, SILVER, version, "event_date=1");
    fixture_feed(f, GOLD, SILVER, version, "*");
    assert_ok(ledger_mark_unit(f->l, silver, c.version, CAUSE_UPSTREAM, "x", &f->err));
    assert_ok(ledger_mark_unit(f->l, silver, version, CAUSE_UPSTREAM, "x", &f->err));
    assert_ok(ledger_marks_clear(f->l, silver, "event_date=1", 1, &f->err));
    assert_ok(ledger_marks_clear_of_seq(f->l, silver, "event_date=1", 1, &f->err));
    assert_ok(ledger_generation_retire(f->l, silver, f->tables[SILVER].generation, &f->err));
    fixture_commit(f);
    assert_ok(ledger_currents_of(f->l, silver, -1, f->a, &all, &f->err));
    assert_ok(ledger_currents_of(f->l, silver, 1, f->a, &all, &f->err));
    assert_ok(ledger_version_get(f->l, version, f->a, &v, &f->err));
    assert_ok(ledger_object_known(f->l, "x", &known, &f->err));
    assert_ok(ledger_projection_changes(f->l, silver, 1, f->a, &changes, &f->err));
    assert_nothing_scanned();
}

/* What a run asks for one partition and the unit that changed. */
static void test_one_partition_is_found_without_walking_over_the_others(void **state) {
    fixture *f = *state;
    fill(f);
    open_watched(f);
    WATCH.narrow = true;
    const ledger_edge edge = fixture_edge(f, SILVER, RAW);
    const strings none = {0};
    ledger_units units;
    ledger_current c;
    ledger_currents others;
    strings fed;
    bool only;
    int64_t silver = fixture_id(f, SILVER);
    assert_ok(ledger_units_feeding(f->l, &edge, true, "event_date=1", f->a, &units, &f->err));
    assert_ok(ledger_unit_feeds_only(f->l, &edge, 1, &none, &only, &f->err));
    assert_ok(ledger_feeds_of(f->l, edge.table, edge.input, edge.map, 1, f->a, &fed, &f->err));
    assert_ok(ledger_current_get(f->l, silver, "event_date=1", f->a, &c, &f->err));
    assert_ok(ledger_generation_others(f->l, silver, f->tables[SILVER].generation, f->a, &others,
                                       &f->err));
    assert_int_equal(others.count, 0);
    fixture_begin(f);
    assert_ok(ledger_current_set(f->l, silver, c.partition, c.derivation, 0, &f->err));
    assert_ok(ledger_generation_retire(f->l, silver, f->tables[SILVER].generation, &f->err));
    fixture_commit(f);
    assert_nothing_scanned();
}

/* What people ask about one partition or one small run. */
static void test_what_is_told_of_one_partition_walks_over_no_others(void **state) {
    fixture *f = *state;
    fill(f);
    fixture_begin(f);
    int64_t version = fixture_build(f, SILVER, "event_date=1", "other");
    fixture_commit(f);
    open_watched(f);
    WATCH.narrow = true;
    const ledger_edge edge = fixture_edge(f, NAMED, SILVER);
    ledger_current c;
    ledger_pasts pasts;
    ledger_terms terms;
    ledger_undoables undone;
    strings texts;
    bool known;
    int64_t silver = fixture_id(f, SILVER);
    assert_ok(ledger_current_get(f->l, silver, "event_date=1", f->a, &c, &f->err));
    assert_int_equal(c.version, version);
    assert_ok(ledger_feeds_ever(f->l, &edge, "event_date=1", f->a, &texts, &known, &f->err));
    assert_ok(ledger_history(f->l, silver, "event_date=1", f->a, &pasts, &f->err));
    assert_int_equal(pasts.count, 2);
    assert_ok(ledger_terms_before(f->l, silver, "event_date=1", INT64_MAX, f->a, &terms, &f->err));
    assert_ok(ledger_undoables_of(f->l, "run", f->a, &undone, &f->err));
    assert_ok(ledger_deliveries_between(f->l, c.derivation, 0, f->a, &texts, &f->err));
    assert_nothing_scanned();
}

static void test_the_watch_sees_a_scan(void **state) {
    fixture *f = *state;
    int64_t count;
    open_watched(f);
    assert_ok(db_get_int(f->l->d, "SELECT count(*) FROM delivery WHERE sha256 = 'x'", NULL, 0, 0,
                         &count, &f->err));
    assert_non_null(strstr(WATCH.scans, "delivery: SELECT"));
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_the_watch_sees_a_scan),
        CLAIM(test_a_run_without_work_scans_nothing_that_grows),
        CLAIM(test_landing_scans_nothing),
        CLAIM(test_planning_scans_nothing),
        CLAIM(test_a_commit_scans_nothing),
        CLAIM(test_one_partition_is_found_without_walking_over_the_others),
        CLAIM(test_what_is_told_of_one_partition_walks_over_no_others),
    };
    return fixture_run_on(&DB_SQLITE, "index", TESTS, ARRAY_SIZE(TESTS));
}
