#include "fixture.h"

static json_t *view_rows(fixture *f, const char *name) {
    json_t *columns_document, *rows;
    assert_ok(ledger_view(f->l, name, &columns_document, &rows, &f->err));
    json_decref(columns_document);
    return rows;
}

/* The value of a column in a row; "NULL" for null. */
static const char *cell(const json_t *rows, size_t row, const char *view, const char *name) {
    for (size_t i = 0; ledger_view_at(i) != NULL; i++) {
        const ledger_view_about *about = ledger_view_at(i);
        if (!str_eq(about->name, view))
            continue;
        for (size_t c = 0; c < about->column_count; c++)
            if (str_eq(about->columns[c].name, name)) {
                const json_t *value = json_array_get(json_array_get(rows, row), c);
                return json_is_null(value) ? "NULL" : json_string_value(value);
            }
    }
    fail_msg("no column \"%s\" in \"%s\"", name, view);
    return NULL;
}

static void test_the_contract_names_eight_views(void **state) {
    (void)state;
    static const char *const NAMES_OF_VIEWS[] = {"delivery", "partition", "version", "lineage",
                                                 "run_log",  "mark",      "verdict", "event"};
    for (size_t i = 0; i < ARRAY_SIZE(NAMES_OF_VIEWS); i++)
        assert_string_equal(ledger_view_at(i)->name, NAMES_OF_VIEWS[i]);
    assert_null(ledger_view_at(ARRAY_SIZE(NAMES_OF_VIEWS)));
}

static void test_every_view_and_column_is_documented_and_typed(void **state) {
    fixture *f = *state;
    const strings types = str_split(f->a, "VARCHAR BIGINT TIMESTAMP BOOLEAN", ' ');
    for (size_t i = 0; ledger_view_at(i) != NULL; i++) {
        const ledger_view_about *about = ledger_view_at(i);
        assert_true(about->doc[0] != '\0');
        for (size_t c = 0; c < about->column_count; c++) {
            assert_true(about->columns[c].doc[0] != '\0');
            assert_true(strings_contain(&types, about->columns[c].type));
        }
    }
}

/* But for the mark of the one table that is there whatever its inputs hold. */
static void test_every_view_of_an_empty_ledger_has_columns_and_no_rows(void **state) {
    fixture *f = *state;
    for (size_t i = 0; ledger_view_at(i) != NULL; i++) {
        const ledger_view_about *about = ledger_view_at(i);
        json_t *columns_document, *rows;
        assert_ok(ledger_view(f->l, about->name, &columns_document, &rows, &f->err));
        assert_int_equal(json_array_size(columns_document), about->column_count);
        assert_int_equal(json_array_size(rows), str_eq(about->name, "mark") ? 1 : 0);
        json_decref(columns_document);
        json_decref(rows);
    }
}

static void test_an_unknown_view_is_refused_with_the_names(void **state) {
    fixture *f = *state;
    json_t *columns_document, *rows;
    assert_status(ledger_view(f->l, "tbl", &columns_document, &rows, &f->err), E_NOT_FOUND);
    assert_non_null(strstr(f->err.hint, "run_log"));
}

static void test_deliveries_show_times_and_nulls(void **state) {
    fixture *f = *state;
    int64_t id;
    fixture_begin(f);
    fixture_deliver(f, RAW, "a \"b\"\n.csv", 1590141600);
    delivery refused = fixture_delivery(f, RAW, "bad.csv", 1590141600);
    refused.state = DELIVERY_REJECTED;
    refused.reason = "header is wrong";
    refused.verdict = "{\"failures\":[]}";
    assert_ok(ledger_delivery_add(f->l, &refused, &id, &f->err));
    fixture_commit(f);
    JSON_AUTO rows = view_rows(f, "delivery");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(cell(rows, 0, "delivery", "table"), "raw.trips");
    assert_string_equal(cell(rows, 0, "delivery", "file"), "a \"b\"\n.csv");
    assert_string_equal(cell(rows, 0, "delivery", "land_time"), "2020-05-22T10:00:00Z");
    assert_string_equal(cell(rows, 0, "delivery", "accepted_at"), "2020-05-22T10:00:00.000005Z");
    assert_string_equal(cell(rows, 0, "delivery", "reason"), "NULL");
    assert_string_equal(cell(rows, 0, "delivery", "bytes"), "100");
    JSON_AUTO verdicts = view_rows(f, "verdict");
    assert_string_equal(cell(verdicts, 0, "verdict", "accepted"), "true");
    assert_string_equal(cell(verdicts, 1, "verdict", "accepted"), "false");
    assert_string_equal(cell(verdicts, 1, "verdict", "verdict"), "{\"failures\":[]}");
}

static void test_a_name_that_is_no_utf8_is_shown_escaped(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_deliver(f, RAW, "caf\xE9.csv", 1);
    fixture_commit(f);
    JSON_AUTO rows = view_rows(f, "delivery");
    assert_non_null(strstr(cell(rows, 0, "delivery", "file"), "caf"));
}

static void test_partitions_versions_and_lineage_belong_together(void **state) {
    fixture *f = *state;
    int64_t derivation;
    ledger_current c;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1);
    fixture_build(f, SILVER, "event_date=1", "old");
    int64_t version = fixture_build(f, SILVER, "event_date=1", "new");
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err));
    const ledger_unit_ref lineage[] = {{fixture_id(f, RAW), unit},
                                       {fixture_id(f, SILVER), version}};
    const ledger_derivation d = {.partition = c.partition,
                                 .memo_key = "k",
                                 .version = version,
                                 .lineage = lineage,
                                 .lineage_count = 2};
    assert_ok(ledger_derivation_add(f->l, &d, "run-1", &derivation, &f->err));
    assert_ok(
        ledger_current_set(f->l, fixture_id(f, SILVER), c.partition, derivation, version, &f->err));
    const mark m = {"event_date=1", CAUSE_WITHDRAWN, "a.csv", 4};
    assert_ok(ledger_mark_add(f->l, fixture_id(f, SILVER), &m, &f->err));
    fixture_commit(f);
    JSON_AUTO partitions = view_rows(f, "partition");
    assert_int_equal(json_array_size(partitions), 1);
    assert_string_equal(cell(partitions, 0, "partition", "stale"), "true");
    assert_string_equal(cell(partitions, 0, "partition", "failed"), "false");
    JSON_AUTO versions = view_rows(f, "version");
    assert_int_equal(json_array_size(versions), 2);
    assert_string_equal(cell(versions, 0, "version", "state"), "retired");
    assert_string_equal(cell(versions, 1, "version", "state"), "current");
    assert_string_equal(cell(versions, 1, "version", "files"), "1");
    JSON_AUTO made_of = view_rows(f, "lineage");
    assert_int_equal(json_array_size(made_of), 2);
    assert_string_equal(cell(made_of, 0, "lineage", "file"), "a.csv");
    assert_string_equal(cell(made_of, 0, "lineage", "input_version"), "NULL");
    assert_string_equal(cell(made_of, 0, "lineage", "current"), "true");
    assert_string_equal(cell(made_of, 1, "lineage", "delivery"), "NULL");
    assert_string_equal(cell(made_of, 1, "lineage", "input_partition"), "event_date=1");
    JSON_AUTO marked = view_rows(f, "mark");
    assert_string_equal(cell(marked, 1, "mark", "cause"), "withdrawn");
}

static void test_runs_and_events_are_shown(void **state) {
    fixture *f = *state;
    const ledger_run r = {
        .id = "run-1", .verb = "withdraw", .state = "running", .started = 1, .who = "maria"};
    fixture_begin(f);
    assert_ok(ledger_run_start(f->l, &r, &f->err));
    assert_ok(ledger_event_add(f->l, "maria", "withdraw", "a.csv", NULL, 1000000, &f->err));
    fixture_commit(f);
    JSON_AUTO runs = view_rows(f, "run_log");
    assert_string_equal(cell(runs, 0, "run_log", "started"), "1970-01-01T00:00:00.000001Z");
    assert_string_equal(cell(runs, 0, "run_log", "finished"), "NULL");
    assert_string_equal(cell(runs, 0, "run_log", "seq"), "NULL");
    JSON_AUTO events = view_rows(f, "event");
    assert_string_equal(cell(events, 0, "event", "at"), "1970-01-01T00:00:01Z");
    assert_string_equal(cell(events, 0, "event", "why"), "NULL");
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_the_contract_names_eight_views),
        CLAIM(test_every_view_and_column_is_documented_and_typed),
        CLAIM(test_every_view_of_an_empty_ledger_has_columns_and_no_rows),
        CLAIM(test_an_unknown_view_is_refused_with_the_names),
        CLAIM(test_deliveries_show_times_and_nulls),
        CLAIM(test_a_name_that_is_no_utf8_is_shown_escaped),
        CLAIM(test_partitions_versions_and_lineage_belong_together),
        CLAIM(test_runs_and_events_are_shown),
    };
    return fixture_run("view", TESTS, ARRAY_SIZE(TESTS));
}
