/* Which versions nothing needs, and what goes with them. */
#include "ledger/care.h"

#include "fixture.h"

#include "ledger/owner.h"

static const char DAY[] = "event_date=2024-05-22", OTHER[] = "event_date=2024-05-23";
/* Keeps nothing by itself. */
static const ledger_retention NOTHING = {.before_us = INT64_MAX};

static int64_t build(fixture *f, int table, const char *partition, const char *content) {
    fixture_begin(f);
    int64_t version = fixture_build(f, table, partition, content);
    fixture_commit(f);
    return version;
}

/* Two versions, the first of which is replaced. */
static int64_t replaced(fixture *f, const char *partition) {
    int64_t old = build(f, SILVER, partition, arena_printf(f->a, "%s old", partition));
    build(f, SILVER, partition, arena_printf(f->a, "%s new", partition));
    return old;
}

/* No reader waits for anything. */
static void catch_up(fixture *f) {
    fixture_script(f, "UPDATE edge SET bookmark_seq = 1000000");
}

static ledger_retireds look(fixture *f, ledger_retention rule) {
    ledger_retireds all = {0};
    fixture_begin(f);
    assert_ok(ledger_gc_look(f->l, &rule, f->a, &all, &f->err));
    fixture_commit(f);
    return all;
}

static ledger_retired only(fixture *f, ledger_retention rule) {
    ledger_retireds all = look(f, rule);
    assert_int_equal(all.count, 1);
    return all.items[0];
}

static void mark_version(fixture *f, int64_t version) {
    fixture_begin(f);
    assert_ok(ledger_gc_mark(f->l, version, &f->err));
    fixture_commit(f);
}

static void forget(fixture *f) {
    fixture_begin(f);
    assert_ok(ledger_gc_forget(f->l, &f->err));
    fixture_commit(f);
}

static const char *doomed(fixture *f) {
    ledger_doomeds all = {0};
    strings names = {0};
    assert_ok(ledger_gc_files(f->l, f->a, &all, &f->err));
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &names, all.items[i].object);
    return str_join(f->a, &names, " ");
}

static void test_only_what_was_replaced_is_looked_at(void **state) {
    fixture *f = *state;
    int64_t old = replaced(f, DAY);
    catch_up(f);
    ledger_retired r = only(f, NOTHING);
    assert_int_equal(r.version, old);
    assert_int_equal(r.table, fixture_id(f, SILVER));
    assert_string_equal(r.table_name, "silver.trips");
    assert_string_equal(r.partition, DAY);
    assert_int_equal(r.bytes, 70);
    assert_int_equal(r.need, NEED_NONE);
    assert_true(r.ended_us > 0);
}

static void test_retention_keeps_by_time_and_by_number(void **state) {
    fixture *f = *state;
    replaced(f, DAY);
    build(f, SILVER, DAY, "third");
    replaced(f, OTHER);
    catch_up(f);
    ledger_retireds all = look(f, (ledger_retention){.before_us = 0});
    for (size_t i = 0; i < all.count; i++)
        assert_int_equal(all.items[i].need, NEED_AGE);
    all = look(f, (ledger_retention){.before_us = INT64_MAX, .keep = 1});
    assert_int_equal(all.count, 3);
    assert_int_equal(all.items[0].need, NEED_NUMBER);
    assert_int_equal(all.items[1].need, NEED_NONE);
    assert_string_equal(all.items[2].partition, OTHER);
    assert_int_equal(all.items[2].need, NEED_NUMBER);
}

static void test_a_reader_that_has_not_taken_the_change_in_needs_it(void **state) {
    fixture *f = *state;
    replaced(f, DAY);
    fixture_script(f, "UPDATE edge SET bookmark_seq = 1");
    ledger_retired r = only(f, NOTHING);
    assert_int_equal(r.need, NEED_READER);
    assert_string_equal(r.who, "gold.totals");
}

static void test_a_pin_needs_what_was_current_then_until_it_ends(void **state) {
    fixture *f = *state;
    int64_t old = build(f, SILVER, DAY, "old"), pin = 0, seq = fixture_seq(f);
    build(f, SILVER, DAY, "new");
    catch_up(f);
    assert_ok(ledger_pin_take(f->l, seq, INT64_C(3600000000), &pin, &f->err));
    ledger_retired r = only(f, NOTHING);
    assert_int_equal(r.version, old);
    assert_int_equal(r.need, NEED_PIN);
    assert_non_null(strstr(r.who, " "));
    assert_ok(ledger_pin_drop(f->l, pin, &f->err));
    assert_int_equal(only(f, NOTHING).need, NEED_NONE);
    assert_ok(ledger_pin_take(f->l, fixture_seq(f), INT64_C(3600000000), &pin, &f->err));
    assert_int_equal(only(f, NOTHING).need, NEED_NONE);
}

static void test_a_pin_of_the_past_or_of_the_dead_needs_nothing(void **state) {
    fixture *f = *state;
    int64_t pin = 0, seq = 0, left = -1;
    build(f, SILVER, DAY, "old");
    seq = fixture_seq(f);
    build(f, SILVER, DAY, "new");
    catch_up(f);
    assert_ok(ledger_pin_take(f->l, seq, -1, &pin, &f->err));
    assert_ok(ledger_pin_take(f->l, seq, INT64_C(3600000000), &pin, &f->err));
    const char *dead = owner_self(f->a); /* its number was used again */
    fixture_script(f, arena_printf(f->a, "UPDATE pin SET process = '%.*s 1' WHERE until > 1",
                                   (int)(strrchr(dead, ' ') - dead), dead));
    assert_int_equal(only(f, NOTHING).need, NEED_NONE);
    assert_ok(db_get_int(f->l->d, "SELECT count(*) FROM pin", NULL, 0, -1, &left, &f->err));
    assert_int_equal(left, 0);
}

static void test_who_rehearses_pins_what_the_ledger_has(void **state) {
    fixture *f = *state;
    int64_t pin = 0, left = -1, old = build(f, SILVER, DAY, "old");
    catch_up(f);
    ledger *reader = f->l;
    assert_ok(ledger_rehearse(reader, &f->err));
    assert_ok(ledger_begin(reader, LEDGER_WRITE, &f->err));
    assert_ok(ledger_next_seq(reader, &left, &f->err));
    assert_ok(ledger_commit(reader, &f->err));
    assert_ok(ledger_pin_take(reader, left, INT64_C(3600000000), &pin, &f->err));
    f->l = fixture_second(f);
    build(f, SILVER, DAY, "new");
    ledger_retired r = only(f, NOTHING);
    assert_int_equal(r.version, old);
    assert_int_equal(r.need, NEED_PIN);
    assert_ok(ledger_pin_drop(reader, pin, &f->err));
    assert_int_equal(only(f, NOTHING).need, NEED_NONE);
    mark_version(f, old);
    assert_status(ledger_pin_take(reader, left, INT64_C(3600000000), &pin, &f->err), E_CHANGED);
    ledger_close(reader);
}

static void test_a_hold_needs_what_was_undone(void **state) {
    fixture *f = *state;
    replaced(f, DAY);
    catch_up(f);
    const ledger_hold h = {.table = fixture_id(f, SILVER),
                           .partition = DAY,
                           .derivation = 1,
                           .run = "run-7",
                           .who = "me"};
    fixture_begin(f);
    assert_ok(ledger_hold_put(f->l, &h, &f->err));
    fixture_commit(f);
    ledger_retired r = only(f, NOTHING);
    assert_int_equal(r.need, NEED_HOLD);
    assert_string_equal(r.who, "run-7");
}

static void test_what_is_marked_is_never_used_again_and_its_files_go(void **state) {
    fixture *f = *state;
    ledger_derivation found = {0};
    ledger_current now = {0};
    int64_t old = replaced(f, DAY);
    catch_up(f);
    assert_string_equal(doomed(f), "");
    mark_version(f, old);
    assert_int_equal(look(f, NOTHING).count, 0);
    assert_string_equal(doomed(f), "silver.trips/event_date=2024-05-22/event_date=2024-05-22 old"
                                   ".parquet");
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), DAY, f->a, &now, &f->err));
    assert_status(
        ledger_derivation_find(f->l, now.partition, "event_date=2024-05-22 old", &found, &f->err),
        E_NOT_FOUND);
    assert_ok(ledger_derivation_find(f->l, now.partition, now.memo_key, &found, &f->err));
    forget(f);
    assert_string_equal(doomed(f), "");
    ledger_pasts history = {0};
    assert_ok(ledger_history(f->l, fixture_id(f, SILVER), DAY, f->a, &history, &f->err));
    assert_int_equal(history.count, 2);
    assert_true(history.items[1].is_gone);
    assert_false(history.items[0].is_gone);
}

static void test_a_file_that_another_version_has_stays(void **state) {
    fixture *f = *state;
    ledger_current now = {0};
    ledger_file *files = NULL;
    size_t count = 0;
    int64_t old = replaced(f, DAY);
    catch_up(f);
    assert_ok(ledger_version_files(f->l, old, f->a, &files, &count, &f->err));
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), DAY, f->a, &now, &f->err));
    ledger_version sharing = {
        .partition = now.partition, .content = "sharing", .files = files, .file_count = count};
    fixture_begin(f);
    assert_ok(ledger_version_add(f->l, fixture_id(f, SILVER), &sharing, "run-1", &f->err));
    fixture_commit(f);
    mark_version(f, old);
    assert_string_equal(doomed(f), "");
    forget(f);
    bool known = false;
    assert_ok(ledger_object_known(f->l, files[0].object, &known, &f->err));
    assert_true(known);
    mark_version(f, sharing.id);
    assert_string_equal(doomed(f), files[0].object);
}

static void test_runs_are_over_when_another_one_has_the_lease(void **state) {
    fixture *f = *state;
    bool over = true;
    const ledger_run r = {.id = "run-1", .verb = "run", .state = "running", .who = "w"};
    fixture_begin(f);
    assert_ok(ledger_run_start(f->l, &r, &f->err));
    fixture_commit(f);
    assert_ok(ledger_run_is_over(f->l, "run-1", "run-2", &over, &f->err));
    assert_true(over);
    assert_ok(ledger_run_is_over(f->l, "run-1", "run-1", &over, &f->err));
    assert_false(over);
    assert_ok(ledger_run_is_over(f->l, "unknown", "run-2", &over, &f->err));
    assert_false(over);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_only_what_was_replaced_is_looked_at),
        CLAIM(test_retention_keeps_by_time_and_by_number),
        CLAIM(test_a_reader_that_has_not_taken_the_change_in_needs_it),
        CLAIM(test_a_pin_needs_what_was_current_then_until_it_ends),
        CLAIM(test_a_pin_of_the_past_or_of_the_dead_needs_nothing),
        CLAIM(test_who_rehearses_pins_what_the_ledger_has),
        CLAIM(test_a_hold_needs_what_was_undone),
        CLAIM(test_what_is_marked_is_never_used_again_and_its_files_go),
        CLAIM(test_a_file_that_another_version_has_stays),
        CLAIM(test_runs_are_over_when_another_one_has_the_lease),
    };
    return fixture_run("gc", TESTS, ARRAY_SIZE(TESTS));
}
