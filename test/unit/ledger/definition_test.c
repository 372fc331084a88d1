#include "fixture.h"

#include "ledger/care.h"

static ledger_edges edges_behind(fixture *f) {
    ledger_edges edges = {0};
    assert_ok(ledger_edges_behind(f->l, f->a, &edges, &f->err));
    return edges;
}

static int64_t count(fixture *f, const char *sql) {
    int64_t counted = -1;
    assert_ok(db_get_int(f->l->d, sql, NULL, 0, -1, &counted, &f->err));
    return counted;
}

static void test_tables_come_back_as_they_were_defined(void **state) {
    fixture *f = *state;
    const ledger_table *silver = &f->tables[SILVER];
    assert_string_equal(silver->name, "silver.trips");
    assert_int_equal(silver->column_count, 2);
    assert_string_equal(silver->columns[1].name, "total");
    assert_string_equal(silver->columns[1].type, "BIGINT");
    assert_int_equal(silver->columns[0].field_id, 1);
    assert_int_equal(silver->columns[1].field_id, 2);
    assert_true(silver->generation > 0);
    assert_true(silver->code > 0);
    assert_true(f->tables[RAW].code > 0);
    assert_int_equal(silver->changed_seq, 0);
}

static void test_the_same_definition_writes_nothing(void **state) {
    fixture *f = *state;
    int64_t before = fixture_seq(f);
    ledger *writer = fixture_second(f); /* would make a write transaction wait */
    assert_ok(ledger_begin(writer, LEDGER_WRITE, &f->err));
    fixture_sync(f);
    ledger_close(writer);
    assert_int_equal(fixture_seq(f), before);
}

static void test_a_definition_that_differs_in_no_table_takes_no_seq(void **state) {
    fixture *f = *state;
    int64_t before = fixture_seq(f);
    fixture_redefine(f);
    assert_int_equal(fixture_seq(f), before);
    assert_ok(ledger_tables(f->l, f->lake, f->a, &f->tables, &f->err));
}

static void test_reading_tables_needs_this_very_definition(void **state) {
    fixture *f = *state;
    ledger_table *tables;
    f->lake->fingerprint = "another";
    assert_status(ledger_tables(f->l, f->lake, f->a, &tables, &f->err), E_NOT_FOUND);
    assert_non_null(strstr(f->err.hint, "weir run"));
}

static void test_a_synchronisation_within_a_transaction_is_part_of_it(void **state) {
    fixture *f = *state;
    ledger_table *tables;
    fixture_begin(f);
    f->lake->fingerprint = "another";
    assert_ok(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err));
    ledger_rollback(f->l);
    assert_status(ledger_tables(f->l, f->lake, f->a, &tables, &f->err), E_NOT_FOUND);
}

static void test_changed_code_marks_what_exists_and_keeps_the_bookmark(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1 event_date=2");
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, RAW), unit, CAUSE_NEW, "a.csv", &f->err));
    fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_commit(f);
    fixture_begin(f);
    for (int i = 1; i <= 2; i++)
        assert_ok(ledger_marks_clear(f->l, fixture_id(f, SILVER),
                                     i == 1 ? "event_date=1" : "event_date=2", 1000, &f->err));
    fixture_commit(f);
    int64_t code = f->tables[SILVER].code;
    f->lake->tables[SILVER]->fingerprint = "abcdefabcdefabcdef";
    fixture_redefine(f);
    assert_true(f->tables[SILVER].code > code);
    assert_string_equal(fixture_marks(f, SILVER), "event_date=1 code abcdefabcdef");
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), f->tables[RAW].changed_seq);
}

static void test_a_new_map_starts_its_bookmark_again(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, RAW), unit, CAUSE_NEW, "a.csv", &f->err));
    fixture_commit(f);
    assert_int_equal(edges_behind(f).count, 0);
    f->lake->tables[SILVER]->inputs[0].map_fingerprint = "another-map";
    fixture_redefine(f);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), 0);
    ledger_edges behind = edges_behind(f);
    assert_int_equal(behind.count, 1);
    assert_string_equal(behind.items[0].map, "another-map");
}

static void test_an_input_that_is_gone_leaves_no_edge(void **state) {
    fixture *f = *state;
    f->lake->tables[NAMED]->input_count = 1;
    fixture_redefine(f);
    assert_int_equal(fixture_bookmark(f, NAMED, NAMES), -1);
    assert_int_equal(fixture_bookmark(f, NAMED, SILVER), 0);
}

static void test_new_columns_start_a_generation_and_mark_what_exists(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_commit(f);
    int64_t generation = f->tables[SILVER].generation;
    f->lake->tables[SILVER]->columns.items[1].type = "DOUBLE";
    fixture_redefine(f);
    assert_true(f->tables[SILVER].generation > generation);
    assert_string_equal(f->tables[SILVER].columns[1].type, "DOUBLE");
    assert_string_equal(fixture_marks(f, SILVER), "event_date=1 code silver.trips");
    ledger_current c;
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err));
}

static void test_columns_that_come_back_are_the_same_generation(void **state) {
    fixture *f = *state;
    lake_table *silver = f->lake->tables[SILVER];
    int64_t generation = f->tables[SILVER].generation;
    const char *type = silver->columns.items[1].type;
    silver->columns.items[1].type = "DOUBLE";
    fixture_redefine(f);
    assert_true(f->tables[SILVER].generation > generation);
    silver->columns.items[1].type = type;
    fixture_redefine(f);
    assert_int_equal(f->tables[SILVER].generation, generation);
}

static void test_a_table_that_was_gone_comes_back_with_all_it_has_marked(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_build(f, GOLD, "()", "c1");
    fixture_commit(f);
    f->lake->table_count--;
    fixture_redefine(f);
    f->lake->table_count++;
    fixture_redefine(f);
    assert_string_equal(fixture_marks(f, GOLD), "() code defined again");
}

static void test_another_partitioning_forgets_texts_but_keeps_the_data(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_feed(f, SILVER, RAW, unit, "event_date=1");
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, RAW), unit, CAUSE_NEW, "a.csv", &f->err));
    fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_commit(f);
    f->lake->tables[SILVER]->partition_by.items[0] = "total";
    fixture_redefine(f);
    strings feeds;
    const ledger_edge edge = fixture_edge(f, SILVER, RAW);
    /* what the file fed is forgotten; what is current has to go */
    assert_string_equal(fixture_marks(f, SILVER), "event_date=1 code silver.trips");
    assert_status(
        ledger_feeds_of(f->l, edge.table, edge.input, edge.map, unit, f->a, &feeds, &f->err),
        E_NOT_FOUND);
    assert_int_equal(fixture_bookmark(f, SILVER, RAW), 0);
    ledger_currents currents;
    assert_ok(ledger_currents_of(f->l, fixture_id(f, SILVER), -1, f->a, &currents, &f->err));
    assert_int_equal(currents.count, 1);
    assert_string_equal(currents.items[0].text, "event_date=1");
}

static void test_a_table_that_is_gone_is_orphaned_and_comes_back_stale(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t version = fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_feed(f, GOLD, SILVER, version, "*");
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, SILVER), version, CAUSE_UPSTREAM, "x", &f->err));
    fixture_commit(f);
    assert_string_equal(fixture_marks(f, GOLD), "() code gold.totals-; () upstream x");
    f->lake->table_count--;
    fixture_redefine(f);
    assert_int_equal(count(f, "SELECT count(*) FROM tbl WHERE state = 'orphaned'"), 1);
    int64_t left = -1;
    assert_ok(ledger_mark_count(f->l, &left, &f->err));
    assert_int_equal(left, 0);
    f->lake->table_count++;
    fixture_redefine(f);
    assert_int_equal(count(f, "SELECT count(*) FROM tbl WHERE state = 'orphaned'"), 0);
    assert_int_equal(fixture_bookmark(f, GOLD, SILVER), 0);
}

static void test_an_unpartitioned_table_is_marked_when_it_is_new(void **state) {
    fixture *f = *state;
    assert_string_equal(fixture_marks(f, GOLD), "() code gold.totals-");
    f->lake->tables[GOLD]->input_count = 0;
    f->lake->tables[GOLD]->fingerprint = "constant";
    fixture_redefine(f);
    assert_string_equal(fixture_marks(f, GOLD), "() code gold.totals-; () code constant");
}

static void test_a_source_table_cannot_become_a_derived_one(void **state) {
    fixture *f = *state;
    ledger_table *tables;
    f->lake->tables[NAMES]->source = NULL;
    f->lake->tables[NAMES]->sql = "SELECT 1";
    f->lake->fingerprint = "another";
    assert_status(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err), E_DEFINITION);
    assert_non_null(strstr(f->err.message, "raw.names"));
    f->lake->fingerprint = "definition-1";
    assert_ok(ledger_tables(f->l, f->lake, f->a, &tables, &f->err)); /* nothing was changed */
}

static void set_part(fixture *f, const char *name, const char *hash) {
    lake_table *t = f->lake->tables[SILVER];
    for (size_t i = 0; i < t->code_parts.count; i++) {
        if (str_eq(t->code_parts.items[i].name, name))
            t->code_parts.items[i].hash = hash;
    }
    t->fingerprint = arena_printf(f->a, "%s, %s is %s", t->fingerprint, name, hash);
}

static void build_with_parts(fixture *f) {
    static const char *const NAMES_OF_PARTS[] = {"sql", "partition_by", "map of raw.trips",
                                                 "alignment", "timezone"};
    lake_table *silver = f->lake->tables[SILVER];
    for (size_t i = 0; i < ARRAY_SIZE(NAMES_OF_PARTS); i++) {
        lake_code_part part = {NAMES_OF_PARTS[i], "first"};
        vec_push(f->a, &silver->code_parts, part);
    }
    silver->fingerprint = "with parts";
    fixture_redefine(f);
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_commit(f);
}

static const char *marks_after(fixture *f, const char *part, const char *hash,
                               const char *other_part) {
    set_part(f, part, hash);
    set_part(f, other_part, hash);
    fixture_begin(f);
    assert_ok(ledger_marks_clear(f->l, fixture_id(f, SILVER), "event_date=1", 1000, &f->err));
    fixture_commit(f);
    fixture_redefine(f);
    return fixture_marks(f, SILVER);
}

static void test_a_mark_names_what_people_changed_and_not_what_follows_from_it(void **state) {
    fixture *f = *state;
    build_with_parts(f);
    assert_string_equal(marks_after(f, "sql", "2", "alignment"), "event_date=1 code sql");
    assert_string_equal(marks_after(f, "sql", "3", "map of raw.trips"),
                        "event_date=1 code sql, map of raw.trips");
    assert_string_equal(marks_after(f, "timezone", "4", "map of raw.trips"),
                        "event_date=1 code timezone");
    assert_string_equal(marks_after(f, "alignment", "5", "alignment"),
                        "event_date=1 code alignment");
}

static ledger_edge edge_behind(fixture *f, int reader) {
    ledger_edges behind = edges_behind(f);
    for (size_t i = 0; i < behind.count; i++)
        if (behind.items[i].table == fixture_id(f, reader))
            return behind.items[i];
    fail_msg("it is not behind");
    return (ledger_edge){0};
}

/* What had been taken in is reached by the code, what had not by itself. */
static void test_a_bookmark_that_was_set_back_knows_why_and_from_where(void **state) {
    fixture *f = *state;
    build_with_parts(f);
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_commit(f);
    int64_t taken_in = fixture_seq(f);
    fixture_begin(f);
    assert_ok(
        ledger_bookmark_set(f->l, fixture_id(f, SILVER), fixture_id(f, RAW), taken_in, &f->err));
    fixture_deliver(f, RAW, "b.csv", 2000);
    fixture_commit(f);
    f->lake->tables[SILVER]->inputs[0].map_fingerprint = "another-map";
    set_part(f, "map of raw.trips", "2");
    fixture_redefine(f);
    const ledger_edge behind = edge_behind(f, SILVER);
    assert_string_equal(behind.reason, "map of raw.trips");
    assert_int_equal(behind.reason_seq, taken_in);
    unit_changes changes;
    assert_ok(ledger_changes_since(f->l, &behind, 0, f->a, &changes, &f->err));
    assert_int_equal(changes.count, 2);
    assert_int_equal(changes.items[0].seq, taken_in);
    assert_true(changes.items[1].seq > taken_in);
}

static void test_a_bookmark_of_a_new_table_has_no_reason(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_commit(f);
    f->lake->tables[SILVER]->inputs[0].map_fingerprint = "another-map";
    fixture_redefine(f);
    const ledger_edge behind = edge_behind(f, SILVER);
    assert_null(behind.reason);
}

static void test_a_definition_that_was_replaced_is_refused_unless_it_is_taken_back(void **state) {
    fixture *f = *state;
    ledger_table *tables;
    const char *older = f->lake->tables[SILVER]->fingerprint;
    f->lake->tables[SILVER]->fingerprint = "newer";
    fixture_redefine(f);
    int64_t seq = fixture_seq(f);
    f->lake->tables[SILVER]->fingerprint = older;
    f->lake->fingerprint = "as it was";
    assert_status(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err), E_DEFINITION);
    assert_non_null(strstr(f->err.message, "the definition of \"silver.trips\" is an older one"));
    assert_non_null(strstr(f->err.hint, "--redefine"));
    assert_int_equal(fixture_seq(f), seq);
    assert_ok(ledger_redefine(f->l, f->lake, f->a, &tables, &f->err));
    f->lake->fingerprint = "the same with other settings";
    assert_ok(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err));
    f->lake->tables[SILVER]->fingerprint = "newer"; /* now this is the older one */
    f->lake->fingerprint = "forward again";
    assert_status(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err), E_DEFINITION);
}

static void test_an_older_definition_of_a_source_table_is_refused_too(void **state) {
    fixture *f = *state;
    ledger_table *tables;
    f->lake->tables[RAW]->fingerprint = "stricter";
    fixture_redefine(f);
    f->lake->tables[RAW]->fingerprint = "source-code";
    f->lake->fingerprint = "as it was";
    assert_status(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err), E_DEFINITION);
    assert_non_null(strstr(f->err.message, "raw.trips"));
}

static void rename_silver(fixture *f) {
    f->lake->tables[SILVER]->was = "silver.trips";
    f->lake->tables[SILVER]->name = "silver.rides";
}

static void test_a_renamed_table_is_the_same_one(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=1", "c1");
    fixture_commit(f);
    int64_t id = fixture_id(f, SILVER);
    rename_silver(f);
    fixture_redefine(f);
    assert_int_equal(fixture_id(f, SILVER), id);
    assert_string_equal(fixture_marks(f, SILVER), "");
    assert_int_equal(count(f, "SELECT count(*) FROM tbl WHERE state = 'orphaned'"), 0);
    directory_moves moves = {0};
    assert_ok(ledger_directory_moves(f->l, f->a, &moves, &f->err));
    assert_int_equal(moves.count, 1);
    assert_string_equal(moves.items[0].layer, "silver");
    assert_string_equal(moves.items[0].folder, "trips");
    assert_string_equal(moves.items[0].target, "rides");
    fixture_redefine(f); /* once is enough */
    f->lake->tables[SILVER]->was = "silver.rides";
    f->lake->tables[SILVER]->name = "silver.tours";
    fixture_redefine(f);
    assert_int_equal(fixture_id(f, SILVER), id);
    assert_ok(ledger_directory_moves(f->l, f->a, &moves, &f->err));
    assert_int_equal(moves.count, 1); /* straight there */
    assert_string_equal(moves.items[0].folder, "trips");
    assert_string_equal(moves.items[0].target, "tours");
}

static void test_a_name_that_was_given_up_is_refused_unless_it_is_free_again(void **state) {
    fixture *f = *state;
    ledger_table *tables;
    lake_table *silver = f->lake->tables[SILVER];
    int64_t id = fixture_id(f, SILVER);
    rename_silver(f);
    fixture_redefine(f);
    silver->name = "silver.trips";
    silver->was = NULL;
    f->lake->fingerprint = "as it was";
    assert_status(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err), E_DEFINITION);
    assert_non_null(strstr(f->err.message, "renamed to \"silver.rides\""));
    lake_table *other =
        f->lake->tables[NAMED]; /* both are defined: the old name is a new table's */
    silver->name = "silver.rides";
    other->name = "silver.trips";
    f->lake->fingerprint = "another with the old name";
    assert_ok(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err));
    assert_int_equal(tables[SILVER].id, id);
    assert_int_not_equal(tables[NAMED].id, id);
}

static void test_an_old_name_is_taken_back_on_purpose(void **state) {
    fixture *f = *state;
    int64_t id = fixture_id(f, SILVER);
    rename_silver(f);
    fixture_redefine(f);
    f->lake->tables[SILVER]->name = "silver.trips";
    f->lake->tables[SILVER]->was = NULL;
    f->lake->fingerprint = "as it was";
    assert_ok(ledger_redefine(f->l, f->lake, f->a, &f->tables, &f->err));
    assert_int_equal(fixture_id(f, SILVER), id);
    rename_silver(f);
    fixture_redefine(f);
    assert_int_equal(fixture_id(f, SILVER), id);
}

static void test_a_table_cannot_be_two(void **state) {
    fixture *f = *state;
    ledger_table *tables;
    f->lake->tables[NAMED]->name = "silver.rides";
    f->lake->tables[NAMED]->was = "silver.trips";
    f->lake->fingerprint = "two";
    assert_status(ledger_sync_definition(f->l, f->lake, f->a, &tables, &f->err), E_DEFINITION);
    assert_non_null(strstr(f->err.message, "\"silver.trips\", which is defined, too"));
}

static ledger_orphan orphan_gold(fixture *f) {
    ledger_orphans all = {0};
    f->lake->table_count--;
    fixture_redefine(f);
    assert_ok(ledger_orphans_of(f->l, f->a, &all, &f->err));
    assert_int_equal(all.count, 1);
    assert_string_equal(all.items[0].name, "gold.totals");
    assert_false(all.items[0].is_dropped);
    return all.items[0];
}

static void test_what_is_dropped_is_retired_whatever_number_is_kept(void **state) {
    fixture *f = *state;
    const ledger_retention rule = {.before_us = INT64_MAX, .keep = 5};
    ledger_retireds retired = {0};
    fixture_begin(f);
    fixture_build(f, GOLD, "()", "c1");
    fixture_commit(f);
    const ledger_orphan gold = orphan_gold(f);
    fixture_begin(f);
    assert_ok(ledger_drop(f->l, &gold, &f->err));
    assert_ok(ledger_gc_look(f->l, &rule, f->a, &retired, &f->err));
    fixture_commit(f);
    assert_int_equal(retired.count, 1);
    assert_int_equal(retired.items[0].need, NEED_NONE);
    directory_moves moves = {0};
    assert_ok(ledger_directory_moves(f->l, f->a, &moves, &f->err));
    assert_string_equal(moves.items[0].folder, "totals");
    assert_null(moves.items[0].target);
    f->lake->table_count++;
    fixture_redefine(f);
    assert_int_equal(fixture_id(f, GOLD), gold.id);
    fixture_begin(f);
    assert_ok(ledger_gc_look(f->l, &rule, f->a, &retired, &f->err));
    fixture_commit(f);
    assert_int_equal(retired.items[0].need, NEED_NUMBER); /* it may be taken again */
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_tables_come_back_as_they_were_defined),
        CLAIM(test_the_same_definition_writes_nothing),
        CLAIM(test_a_definition_that_differs_in_no_table_takes_no_seq),
        CLAIM(test_reading_tables_needs_this_very_definition),
        CLAIM(test_a_synchronisation_within_a_transaction_is_part_of_it),
        CLAIM(test_changed_code_marks_what_exists_and_keeps_the_bookmark),
        CLAIM(test_a_new_map_starts_its_bookmark_again),
        CLAIM(test_an_input_that_is_gone_leaves_no_edge),
        CLAIM(test_new_columns_start_a_generation_and_mark_what_exists),
        CLAIM(test_columns_that_come_back_are_the_same_generation),
        CLAIM(test_a_table_that_was_gone_comes_back_with_all_it_has_marked),
        CLAIM(test_another_partitioning_forgets_texts_but_keeps_the_data),
        CLAIM(test_a_table_that_is_gone_is_orphaned_and_comes_back_stale),
        CLAIM(test_an_unpartitioned_table_is_marked_when_it_is_new),
        CLAIM(test_a_source_table_cannot_become_a_derived_one),
        CLAIM(test_a_mark_names_what_people_changed_and_not_what_follows_from_it),
        CLAIM(test_a_bookmark_that_was_set_back_knows_why_and_from_where),
        CLAIM(test_a_bookmark_of_a_new_table_has_no_reason),
        CLAIM(test_a_definition_that_was_replaced_is_refused_unless_it_is_taken_back),
        CLAIM(test_an_older_definition_of_a_source_table_is_refused_too),
        CLAIM(test_a_renamed_table_is_the_same_one),
        CLAIM(test_a_name_that_was_given_up_is_refused_unless_it_is_free_again),
        CLAIM(test_an_old_name_is_taken_back_on_purpose),
        CLAIM(test_a_table_cannot_be_two),
        CLAIM(test_what_is_dropped_is_retired_whatever_number_is_kept),
    };
    return fixture_run("definition", TESTS, ARRAY_SIZE(TESTS));
}
