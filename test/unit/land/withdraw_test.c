#include "land/withdraw.h"

#include "fixture.h"

#include "base/path.h"
#include "land/find.h"

#define DAY_ONE "day,n\n2020-01-01,1\n"
#define DAY_TWO "day,n\n2020-01-02,2\n"

static void deliver(fixture *f, const char *file, const char *text, int64_t now) {
    fixture_put(f, file, text);
    fixture_land(f, now);
}

static deliveries find(fixture *f, find_purpose purpose, const char *file) {
    find_question q = {.purpose = purpose, .folder = f->folder};
    deliveries all = {0};
    strings files = str_split(f->a, file, ' ');
    q.files = files;
    if (find_deliveries(&f->context, &q, f->a, &all, &f->err) != OK)
        fail_msg("%s", f->err.message);
    return all;
}

static land_decided withdraw(fixture *f, const char *file, bool fall_back) {
    const land_withdrawal how = {.why = "wrong month", .fall_back = fall_back};
    deliveries which = find(f, FIND_TO_WITHDRAW, file);
    land_decided decided = {0};
    f->context.now_us = 1000 * 1000000LL;
    if (land_withdraw(&f->context, &which, &how, f->a, &decided, &f->err) != OK)
        fail_msg("%s", f->err.message);
    return decided;
}

static status try_readmit(fixture *f, const char *file, bool accept_anyway, land_decided *ret) {
    const land_readmission how = {.why = "it is true", .accept_anyway = accept_anyway};
    deliveries which = find(f, FIND_TO_READMIT, file);
    return land_readmit(&f->context, &which, &how, f->a, ret, &f->err);
}

static land_decided readmit(fixture *f, const char *file) {
    land_decided decided = {0};
    if (try_readmit(f, file, false, &decided) != OK)
        fail_msg("%s (%s)", f->err.message, f->err.hint);
    return decided;
}

static int64_t seq_of(fixture *f) {
    int64_t seq;
    assert_int_equal(ledger_seq(f->ledger, &seq, &f->err), OK);
    return seq;
}

static void test_a_withdrawn_file_marks_what_it_fed_in_one_commit(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    fixture_clear_marks(f);
    int64_t before = seq_of(f);
    land_decided decided = withdraw(f, "a.csv", false);
    assert_int_equal(seq_of(f), before + 1);
    assert_string_equal(fixture_states(f, "a.csv"), "withdrawn");
    assert_string_equal(fixture_delivery(f, "a.csv", 0).reason,
                        "withdrawn on 1970-01-01T00:16:40Z by tester: wrong month");
    assert_string_equal(fixture_marks(f, SILVER), "withdrawn sales/a.csv event_date=2020-01-01");
    assert_string_equal(fixture_marks(f, GOLD), "withdrawn sales/a.csv ()");
    assert_int_equal(decided.named.count, 1);
    assert_int_equal(decided.named.items[0].after, DELIVERY_WITHDRAWN);
    assert_int_equal(decided.seen.count, 1);
    assert_string_equal(fixture_files(f, "data/raw/sales"), "file_land_timestamp=100/a_100.csv");
}

static void test_falling_back_marks_both_what_goes_and_what_comes(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    deliver(f, "sales/a.csv", DAY_TWO, 200);
    fixture_clear_marks(f);
    land_decided decided = withdraw(f, "a.csv", true);
    assert_string_equal(fixture_states(f, "a.csv"), "active withdrawn");
    assert_string_equal(fixture_marks(f, SILVER), "readmitted sales/a.csv event_date=2020-01-01; "
                                                  "withdrawn sales/a.csv event_date=2020-01-02");
    assert_int_equal(decided.seen.count, 2);
}

static void test_a_replaced_file_can_be_withdrawn_without_a_mark(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    deliver(f, "sales/a.csv", DAY_TWO, 200);
    fixture_clear_marks(f);
    land_decided decided = withdraw(f, "a_100.csv", false);
    assert_string_equal(fixture_states(f, "a.csv"), "withdrawn active");
    assert_string_equal(fixture_marks(f, SILVER), "");
    assert_int_equal(decided.named.count, 1);
    assert_int_equal(decided.seen.count, 0);
    (void)withdraw(f, "a.csv", true);
    assert_string_equal(fixture_states(f, "a.csv"), "withdrawn withdrawn");
}

static void test_withdrawing_again_changes_nothing_but_the_way(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    deliver(f, "sales/a.csv", DAY_TWO, 200);
    (void)withdraw(f, "a.csv", false);
    land_decided again = withdraw(f, "a.csv", false);
    assert_int_equal(again.named.count, 0);
    assert_int_equal(again.left.count, 1);
    assert_non_null(strstr(again.left.items[0].reason, "already withdrawn on"));
    assert_string_equal(fixture_states(f, "a.csv"), "superseded withdrawn");
    (void)withdraw(f, "a.csv", true);
    assert_string_equal(fixture_states(f, "a.csv"), "active withdrawn");
}

static void test_readmitting_takes_it_back_with_its_land_time(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    (void)withdraw(f, "a.csv", false);
    fixture_clear_marks(f);
    land_decided decided = readmit(f, "a.csv");
    delivery d = fixture_delivery(f, "a.csv", 0);
    assert_int_equal(d.state, DELIVERY_ACTIVE);
    assert_int_equal(d.land_time, 100);
    assert_null(d.reason);
    assert_string_equal(fixture_marks(f, SILVER), "readmitted sales/a.csv event_date=2020-01-01");
    assert_int_equal(decided.seen.count, 1);
}

static void test_the_same_bytes_are_refused_until_they_are_readmitted(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    (void)withdraw(f, "a.csv", false);
    deliver(f, "sales/a.csv", DAY_ONE, 200);
    assert_int_equal(f->result.rejected.count, 1);
    assert_string_equal(f->result.rejected.items[0].reason,
                        "these bytes, landed on 1970-01-01T00:01:40Z, were withdrawn on "
                        "1970-01-01T00:16:40Z by tester: wrong month; `weir readmit` to take them");
    assert_string_equal(fixture_states(f, "a.csv"), "withdrawn rejected");
    (void)readmit(f, "a.csv");
    assert_string_equal(fixture_states(f, "a.csv"), "active duplicate");
    assert_string_equal(fixture_delivery(f, "a.csv", 1).object,
                        "sales/file_land_timestamp=100/a_100.csv");
    assert_string_equal(fixture_files(f, "data/.weir/quarantine"), "");
    fixture_assert_nothing_pending(f);
    deliver(f, "sales/a.csv", DAY_ONE, 300);
    assert_string_equal(fixture_states(f, "a.csv"), "active duplicate duplicate");
}

static void test_bytes_refused_behind_a_correction_count_again_with_it_in_between(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    (void)withdraw(f, "a.csv", false);
    deliver(f, "sales/a.csv", DAY_TWO, 200);
    deliver(f, "sales/a.csv", DAY_ONE, 300);
    assert_string_equal(fixture_states(f, "a.csv"), "withdrawn active rejected");
    (void)readmit(f, "a_100.csv");
    assert_string_equal(fixture_states(f, "a.csv"), "superseded superseded active");
}

/* The scripted worker refuses by the file's name. */
static void test_a_refused_file_is_checked_again_and_stays_out(void **state) {
    fixture *f = *state;
    land_decided decided = {0};
    deliver(f, "sales/bad.csv", DAY_ONE, 100);
    int64_t before = seq_of(f);
    assert_int_equal(try_readmit(f, "bad.csv", false, &decided), E_CHECK);
    assert_non_null(strstr(f->err.message, "still does not pass: line 2: n"));
    assert_non_null(strstr(f->err.hint, "tables/raw/sales.yaml"));
    assert_int_equal(seq_of(f), before);
    assert_int_equal(try_readmit(f, "bad.csv", true, &decided), E_CHECK);
    assert_non_null(strstr(f->err.message, "cannot be read, whatever the rules"));
    assert_string_equal(fixture_states(f, "bad.csv"), "rejected");
    assert_string_equal(fixture_files(f, "data/raw"), "");
    fixture_assert_nothing_pending(f);
}

static void test_with_full_contents_nothing_counts_until_another_comes(void **state) {
    fixture *f = *state;
    f->source->contents_full = true;
    deliver(f, "sales/monday.csv", DAY_ONE, 100);
    deliver(f, "sales/tuesday.csv", DAY_TWO, 200);
    land_decided decided = withdraw(f, "tuesday.csv", false);
    assert_int_equal(decided.emptied.count, 1);
    assert_string_equal(fixture_states(f, "monday.csv"), "superseded");
    deliver(f, "sales/late.csv", "day,n\n2020-01-01,7\n", 150);
    assert_string_equal(fixture_states(f, "late.csv"), "superseded");
    decided = withdraw(f, "tuesday.csv", true);
    assert_int_equal(decided.emptied.count, 0);
    assert_string_equal(fixture_states(f, "late.csv"), "active");
    assert_string_equal(fixture_states(f, "monday.csv"), "superseded");
    (void)readmit(f, "tuesday.csv");
    assert_string_equal(fixture_states(f, "tuesday.csv"), "active");
    assert_string_equal(fixture_states(f, "late.csv"), "superseded");
}

static void test_a_late_file_and_a_revert_mark_what_changes_by_them(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    deliver(f, "sales/a.csv", DAY_TWO, 300);
    fixture_clear_marks(f);
    deliver(f, "sales/a.csv", "day,n\n2020-01-07,7\n", 200);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded superseded active");
    assert_string_equal(fixture_marks(f, SILVER), "");
    deliver(f, "sales/a.csv", DAY_ONE, 400);
    assert_string_equal(fixture_marks(f, SILVER), "new sales/a.csv event_date=2020-01-01; "
                                                  "superseded sales/a.csv event_date=2020-01-02");
    (void)withdraw(f, "a.csv", true);
    assert_string_equal(fixture_states(f, "a.csv"), "withdrawn superseded active withdrawn");
}

static void test_several_files_are_one_decision(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    deliver(f, "sales/b.csv", DAY_TWO, 100);
    int64_t before = seq_of(f);
    land_decided decided = withdraw(f, "a.csv b.csv", false);
    assert_int_equal(decided.named.count, 2);
    assert_int_equal(seq_of(f), before + 1);
    assert_string_equal(fixture_states(f, "b.csv"), "withdrawn");
}

static void test_whoever_has_lost_the_lease_decides_nothing(void **state) {
    fixture *f = *state;
    deliver(f, "sales/a.csv", DAY_ONE, 100);
    deliveries which = find(f, FIND_TO_WITHDRAW, "a.csv");
    const land_withdrawal how = {.why = "wrong month"};
    land_decided decided = {0};
    f->context.fence = 77;
    assert_int_equal(land_withdraw(&f->context, &which, &how, f->a, &decided, &f->err), E_BUSY);
    f->context.fence = 0;
    assert_string_equal(fixture_states(f, "a.csv"), "active");
    assert_int_equal(decided.named.count, 0);
}

int main(void) {
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CLAIM(test_a_withdrawn_file_marks_what_it_fed_in_one_commit),
        CLAIM(test_falling_back_marks_both_what_goes_and_what_comes),
        CLAIM(test_a_replaced_file_can_be_withdrawn_without_a_mark),
        CLAIM(test_withdrawing_again_changes_nothing_but_the_way),
        CLAIM(test_readmitting_takes_it_back_with_its_land_time),
        CLAIM(test_the_same_bytes_are_refused_until_they_are_readmitted),
        CLAIM(test_bytes_refused_behind_a_correction_count_again_with_it_in_between),
        CLAIM(test_a_refused_file_is_checked_again_and_stays_out),
        CLAIM(test_with_full_contents_nothing_counts_until_another_comes),
        CLAIM(test_a_late_file_and_a_revert_mark_what_changes_by_them),
        CLAIM(test_several_files_are_one_decision),
        CLAIM(test_whoever_has_lost_the_lease_decides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
