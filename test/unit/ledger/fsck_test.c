/* What fsck asks the ledger, and tells it. */
#include "ledger/care.h"
#include "ledger/delivery.h"

#include "fixture.h"

static const char DAY[] = "event_date=2024-05-22";

static int64_t build(fixture *f, const char *content) {
    fixture_begin(f);
    int64_t version = fixture_build(f, SILVER, DAY, content);
    fixture_commit(f);
    return version;
}

static const char *known(fixture *f) {
    ledger_known_files all = {0};
    strings names = {0};
    assert_ok(ledger_known_files_of(f->l, f->a, &all, &f->err));
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &names, strrchr(all.items[i].file.object, '/') + 1);
    return str_join(f->a, &names, " ");
}

static void lose(fixture *f, const char *content) {
    fixture_begin(f);
    const char *object = arena_printf(f->a, "silver.trips/%s/%s.parquet", DAY, content);
    assert_ok(ledger_file_lost(f->l, object, &f->err));
    fixture_commit(f);
}

static void test_files_of_what_is_current_or_kept_are_known(void **state) {
    fixture *f = *state;
    ledger_known_files all = {0};
    int64_t one = build(f, "one");
    build(f, "other");
    assert_string_equal(known(f), "one.parquet other.parquet");
    assert_ok(ledger_known_files_of(f->l, f->a, &all, &f->err));
    assert_string_equal(all.items[0].table_name, "silver.trips");
    assert_int_equal(all.items[0].version, one);
    assert_int_equal(all.items[0].file.bytes, 70);
    assert_string_equal(all.items[0].file.sum1, "0000000000000001");
    fixture_begin(f);
    assert_ok(ledger_gc_mark(f->l, one, &f->err));
    fixture_commit(f);
    assert_string_equal(known(f), "other.parquet");
}

static void test_what_is_lost_is_wanted_anew_and_never_used_again(void **state) {
    fixture *f = *state;
    ledger_current now = {0};
    ledger_derivation found = {0};
    build(f, "one");
    lose(f, "one");
    assert_string_equal(fixture_marks(f, SILVER),
                        "event_date=2024-05-22 missing silver.trips/event_date=2024-05-22/"
                        "one.parquet");
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), DAY, f->a, &now, &f->err));
    assert_string_equal(now.content, "");
    assert_status(ledger_derivation_find(f->l, now.partition, "one", &found, &f->err), E_NOT_FOUND);
    assert_string_equal(known(f), "one.parquet"); /* it is current, and still missing */
    build(f, "other");
    assert_string_equal(known(f), "other.parquet");
}

static void test_a_file_of_what_was_replaced_marks_nothing(void **state) {
    fixture *f = *state;
    ledger_current now = {0};
    build(f, "one");
    build(f, "other");
    lose(f, "one");
    assert_string_equal(fixture_marks(f, SILVER), "");
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), DAY, f->a, &now, &f->err));
    assert_string_equal(now.content, "other");
    assert_string_equal(known(f), "other.parquet");
}

static void test_tables_that_left_the_definition_are_told(void **state) {
    fixture *f = *state;
    ledger_orphans all = {0};
    assert_ok(ledger_orphans_of(f->l, f->a, &all, &f->err));
    assert_int_equal(all.count, 0);
    f->lake->tables[NAMES] = f->lake->tables[--f->lake->table_count];
    f->lake->tables[NAMES]->index = NAMES;
    f->lake->tables[NAMED]->input_count = 1;
    int64_t id = fixture_id(f, NAMES);
    fixture_redefine(f);
    assert_ok(ledger_orphans_of(f->l, f->a, &all, &f->err));
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].id, id);
    assert_string_equal(all.items[0].name, "raw.names");
    assert_true(all.items[0].is_source);
}

static void test_a_sound_ledger_says_so(void **state) {
    fixture *f = *state;
    strings damages = {0};
    build(f, "one");
    assert_ok(ledger_check(f->l, f->a, &damages, &f->err));
    assert_int_equal(damages.count, 0);
    assert_string_equal(ledger_location(f->l), f->location);
}

static void test_all_deliveries_of_a_table_are_listed_whatever_their_state(void **state) {
    fixture *f = *state;
    deliveries all = {0};
    fixture_begin(f);
    int64_t id = fixture_deliver(f, RAW, "b.csv", 10);
    fixture_deliver(f, RAW, "a.csv", 20);
    fixture_deliver(f, NAMES, "n.csv", 20);
    assert_ok(ledger_delivery_set_state(f->l, id, DELIVERY_WITHDRAWN, "wrong", &f->err));
    fixture_commit(f);
    assert_ok(ledger_deliveries_all(f->l, fixture_id(f, RAW), f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].state, DELIVERY_WITHDRAWN);
    assert_string_equal(all.items[1].file, "a.csv");
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_files_of_what_is_current_or_kept_are_known),
        CLAIM(test_what_is_lost_is_wanted_anew_and_never_used_again),
        CLAIM(test_a_file_of_what_was_replaced_marks_nothing),
        CLAIM(test_tables_that_left_the_definition_are_told),
        CLAIM(test_a_sound_ledger_says_so),
        CLAIM(test_all_deliveries_of_a_table_are_listed_whatever_their_state),
    };
    return fixture_run("fsck", TESTS, ARRAY_SIZE(TESTS));
}
