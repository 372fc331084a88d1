#include "ledger/reach.h"

#include "fixture.h"

/* What feeds mean under a window or as_of map: what they mark, and what a partition reads. */

/* Lets silver.named read an input so; the other edges stay. */
static void redefine(fixture *f, int input, span s) {
    s.by = s.base = str_split(f->a, "event_date", ' ');
    s.type = "DATE";
    for (size_t i = 0; i < f->lake->tables[NAMED]->input_count; i++) {
        lake_input *in = &f->lake->tables[NAMED]->inputs[i];
        if (in->table != f->lake->tables[input])
            continue;
        in->span = span_text(&s, f->a);
        in->map_fingerprint = in->span;
    }
    fixture_redefine(f);
}

static ledger_edge edge_of(const fixture *f, int input) {
    ledger_edge edge = fixture_edge(f, NAMED, input);
    edge.span = edge.map;
    return edge;
}

static const span LAST_THREE = {.kind = SPAN_WINDOW, .from = -2, .to = 0};
static const span NEWEST = {.kind = SPAN_AS_OF};
static const span NEWEST_WHOLE = {.kind = SPAN_AS_OF, .only_newest = true};

static void build_days(fixture *f, const char *days) {
    strings all = str_split(f->a, days, ' ');
    fixture_begin(f);
    for (size_t i = 0; i < all.count; i++)
        fixture_build(f, NAMED, arena_printf(f->a, "event_date=2024-05-%s", all.items[i]),
                      arena_printf(f->a, "c%zu", i));
    fixture_commit(f);
}

/* A list of names that stands at a day. */
static int64_t take(fixture *f, const char *day, int64_t land_time, delivery_state state) {
    delivery d = fixture_delivery(f, NAMES, arena_printf(f->a, "%s.csv", day), land_time);
    int64_t id = 0;
    d.state = state;
    assert_ok(ledger_delivery_add(f->l, &d, &id, &f->err));
    fixture_feed(f, NAMED, NAMES, id, arena_printf(f->a, "event_date=2024-05-%s", day));
    return id;
}

static void change(fixture *f, int64_t id, delivery_state state, cause_kind cause) {
    assert_ok(ledger_delivery_set_state(f->l, id, state, NULL, &f->err));
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, NAMES), id, cause, "x", &f->err));
}

static void clear_marks(fixture *f) {
    fixture_script(f, "DELETE FROM mark");
}

/* The days of the marks of silver.named. */
static const char *marked(fixture *f) {
    marks all = {0};
    strings days = {0};
    assert_ok(ledger_marks(f->l, fixture_id(f, NAMED), f->a, &all, &f->err));
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &days, all.items[i].partition + strlen("event_date=2024-05-"));
    return str_join(f->a, &days, " ");
}

static const char *files_of(fixture *f, const ledger_units *units) {
    strings files = {0};
    for (size_t i = 0; i < units->count; i++)
        vec_push(f->a, &files,
                 units->items[i].file ? units->items[i].file : units->items[i].partition);
    return str_join(f->a, &files, " ");
}

static const char *read_at(fixture *f, int input, const char *bases) {
    ledger_units units = {0};
    const ledger_edge edge = edge_of(f, input);
    const strings list = str_split(f->a, bases, ' ');
    bool is_source = f->lake->tables[input]->source != NULL;
    assert_ok(ledger_units_at(f->l, &edge, is_source, &list, f->a, &units, &f->err));
    return files_of(f, &units);
}

static const char *newest(fixture *f, int input, const char *last, bool before_last) {
    const char *found = NULL;
    const ledger_edge edge = edge_of(f, input);
    const ledger_bases bases = {"event_date=", last, before_last};
    bool is_source = f->lake->tables[input]->source != NULL;
    assert_ok(ledger_newest_base(f->l, &edge, is_source, &bases, f->a, &found, &f->err));
    return found ? found : "none";
}

static void test_a_window_marks_what_exists_around_the_change(void **state) {
    fixture *f = *state;
    redefine(f, NAMES, LAST_THREE);
    build_days(f, "01 02 03 05");
    fixture_begin(f);
    int64_t unit = take(f, "02", 1000, DELIVERY_ACTIVE);
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, NAMES), unit, CAUSE_NEW, "x", &f->err));
    fixture_commit(f);
    assert_string_equal(marked(f), "02 03");
    assert_int_equal(fixture_bookmark(f, NAMED, NAMES), fixture_seq(f));
}

static void test_a_window_over_driving_rows_makes_their_own_partition(void **state) {
    fixture *f = *state;
    span s = LAST_THREE;
    s.creates = SPAN_CREATES_OWN;
    redefine(f, NAMES, s);
    build_days(f, "04");
    fixture_begin(f);
    int64_t unit = take(f, "02", 1000, DELIVERY_ACTIVE);
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, NAMES), unit, CAUSE_NEW, "x", &f->err));
    fixture_commit(f);
    assert_string_equal(marked(f), "02 04");
}

static void test_a_window_may_make_every_partition_that_reads_a_row(void **state) {
    fixture *f = *state;
    span s = LAST_THREE;
    s.creates = SPAN_CREATES_ALL;
    redefine(f, NAMES, s);
    fixture_begin(f);
    int64_t unit = take(f, "02", 1000, DELIVERY_ACTIVE);
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, NAMES), unit, CAUSE_NEW, "x", &f->err));
    fixture_commit(f);
    assert_string_equal(marked(f), "02 03 04");
}

static void test_a_list_marks_until_the_next_one_takes_over(void **state) {
    fixture *f = *state;
    redefine(f, NAMES, NEWEST);
    build_days(f, "01 02 03 04 05");
    fixture_begin(f);
    take(f, "04", 1000, DELIVERY_ACTIVE);
    int64_t unit = take(f, "02", 1000, DELIVERY_ACTIVE);
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, NAMES), unit, CAUSE_NEW, "x", &f->err));
    fixture_commit(f);
    assert_string_equal(marked(f), "02 03");
    clear_marks(f);
    fixture_begin(f);
    change(f, unit, DELIVERY_WITHDRAWN, CAUSE_WITHDRAWN);
    fixture_commit(f);
    assert_string_equal(marked(f), "02 03");
}

static void test_a_list_that_was_the_whole_counts_for_its_days(void **state) {
    fixture *f = *state;
    redefine(f, NAMES, NEWEST_WHOLE);
    build_days(f, "01 02 03 04 05");
    fixture_begin(f);
    int64_t old = take(f, "02", 1000, DELIVERY_ACTIVE);
    int64_t next = take(f, "04", 2000, DELIVERY_ACTIVE);
    change(f, old, DELIVERY_SUPERSEDED, CAUSE_SUPERSEDED);
    fixture_commit(f);
    assert_string_equal(marked(f), ""); /* it is what it was */
    assert_string_equal(newest(f, NAMES, "event_date=2024-05-03", false), "event_date=2024-05-02");
    assert_string_equal(newest(f, NAMES, "event_date=2024-05-04", false), "event_date=2024-05-04");
    assert_string_equal(newest(f, NAMES, "event_date=2024-05-04", true), "event_date=2024-05-02");
    assert_string_equal(newest(f, NAMES, "event_date=2024-05-01", false), "none");
    assert_string_equal(read_at(f, NAMES, "event_date=2024-05-02"), "02.csv");
    fixture_begin(f);
    change(f, old, DELIVERY_WITHDRAWN, CAUSE_WITHDRAWN);
    fixture_commit(f);
    assert_string_equal(marked(f), "02 03");
    assert_string_equal(newest(f, NAMES, "event_date=2024-05-03", false), "none");
    assert_string_equal(read_at(f, NAMES, "event_date=2024-05-02"), "");
    (void)next;
}

static void test_a_list_that_comes_late_is_looked_at_though_superseded_at_once(void **state) {
    fixture *f = *state;
    unit_changes found = {0};
    redefine(f, NAMES, NEWEST_WHOLE);
    fixture_begin(f);
    int64_t newer = take(f, "04", 2000, DELIVERY_ACTIVE);
    assert_ok(ledger_mark_unit(f->l, fixture_id(f, NAMES), newer, CAUSE_NEW, "x", &f->err));
    fixture_commit(f);
    int64_t seen = fixture_seq(f);
    assert_int_equal(fixture_bookmark(f, NAMED, NAMES), seen);
    fixture_begin(f);
    int64_t late = take(f, "02", 1000, DELIVERY_SUPERSEDED);
    fixture_commit(f);
    const ledger_edge edge = edge_of(f, NAMES);
    ledger_edges behind = {0};
    assert_ok(ledger_edges_behind(f->l, f->a, &behind, &f->err));
    assert_int_equal(behind.count, 1);
    assert_string_equal(behind.items[0].span, edge.span);
    assert_ok(ledger_changes_since(f->l, &edge, seen, f->a, &found, &f->err));
    assert_int_equal(found.count, 1);
    assert_int_equal(found.items[0].unit, late);
    assert_true(found.items[0].counts);
    assert_ok(ledger_changes_since(f->l, &edge, 0, f->a, &found, &f->err));
    assert_int_equal(found.count, 2);
}

static void test_where_lists_add_up_only_active_ones_count(void **state) {
    fixture *f = *state;
    redefine(f, NAMES, NEWEST);
    fixture_begin(f);
    int64_t old = take(f, "02", 1000, DELIVERY_ACTIVE);
    take(f, "03", 1000, DELIVERY_ACTIVE);
    change(f, old, DELIVERY_SUPERSEDED, CAUSE_SUPERSEDED);
    fixture_commit(f);
    assert_string_equal(newest(f, NAMES, "event_date=2024-05-02", false), "none");
    assert_string_equal(read_at(f, NAMES, "event_date=2024-05-02 event_date=2024-05-03"), "03.csv");
}

static void test_a_version_without_rows_is_not_the_newest(void **state) {
    fixture *f = *state;
    redefine(f, SILVER, NEWEST);
    fixture_begin(f);
    int64_t first = fixture_build(f, SILVER, "event_date=2024-05-01", "c1");
    int64_t second = fixture_build(f, SILVER, "event_date=2024-05-02", "c2");
    fixture_feed(f, NAMED, SILVER, first, "event_date=2024-05-01");
    fixture_feed(f, NAMED, SILVER, second, "event_date=2024-05-02");
    fixture_commit(f);
    assert_string_equal(newest(f, SILVER, "event_date=2024-05-09", false), "event_date=2024-05-02");
    fixture_script(f, "UPDATE version SET rows = 0 WHERE content = 'c2'");
    assert_string_equal(newest(f, SILVER, "event_date=2024-05-09", false), "event_date=2024-05-01");
    assert_string_equal(read_at(f, SILVER, "event_date=2024-05-01"), "event_date=2024-05-01");
}

static void test_a_null_is_never_the_newest(void **state) {
    fixture *f = *state;
    strings reached = {0};
    redefine(f, NAMES, NEWEST);
    build_days(f, "01");
    fixture_begin(f);
    int64_t unit = fixture_deliver(f, NAMES, "n.csv", 1000);
    fixture_feed(f, NAMED, NAMES, unit, "event_date=__HIVE_DEFAULT_PARTITION__");
    fixture_commit(f);
    const ledger_edge edge = edge_of(f, NAMES);
    assert_string_equal(newest(f, NAMES, "event_date=infinity", false), "none");
    assert_ok(ledger_reached(f->l, &edge, "event_date=__HIVE_DEFAULT_PARTITION__", f->a, &reached,
                             &f->err));
    assert_int_equal(reached.count, 0);
}

static void test_without_a_span_feeds_are_what_they_say(void **state) {
    fixture *f = *state;
    strings reached = {0};
    build_days(f, "01 02");
    const ledger_edge edge = fixture_edge(f, NAMED, NAMES), whole = fixture_edge(f, GOLD, SILVER);
    assert_ok(ledger_reached(f->l, &edge, "event_date=9", f->a, &reached, &f->err));
    assert_string_equal(str_join(f->a, &reached, " "), "event_date=9");
    assert_ok(ledger_reached(f->l, &edge, "*", f->a, &reached, &f->err));
    assert_string_equal(str_join(f->a, &reached, " "),
                        "event_date=2024-05-01 event_date=2024-05-02");
    assert_ok(ledger_reached(f->l, &whole, "*", f->a, &reached, &f->err));
    assert_string_equal(str_join(f->a, &reached, " "), "()");
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_window_marks_what_exists_around_the_change),
        CLAIM(test_a_window_over_driving_rows_makes_their_own_partition),
        CLAIM(test_a_window_may_make_every_partition_that_reads_a_row),
        CLAIM(test_a_list_marks_until_the_next_one_takes_over),
        CLAIM(test_a_list_that_was_the_whole_counts_for_its_days),
        CLAIM(test_a_list_that_comes_late_is_looked_at_though_superseded_at_once),
        CLAIM(test_where_lists_add_up_only_active_ones_count),
        CLAIM(test_a_version_without_rows_is_not_the_newest),
        CLAIM(test_a_null_is_never_the_newest),
        CLAIM(test_without_a_span_feeds_are_what_they_say),
    };
    return fixture_run("reach", TESTS, ARRAY_SIZE(TESTS));
}
