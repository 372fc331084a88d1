/* Refused files after another look, with the real worker. */
#include "land/withdraw.h"

#include "fixture.h"

#include "base/path.h"
#include "land/find.h"

#include <sys/stat.h>
#include <unistd.h>

#define LOW  "day,n\n2020-01-01,-5\n"
#define HIGH "day,n\n2020-01-02,5\n"

static int set_up(void **state) {
    int result = fixture_set_up_worker(state);
    fixture *f = *state;
    if (f != NULL)
        f->source->columns.items[1].minimum = "0";
    return result;
}

static void deliver(fixture *f, const char *file, const char *text, int64_t now) {
    fixture_put(f, file, text);
    fixture_land(f, now);
}

static void allow_anything(fixture *f) {
    f->source->columns.items[1].minimum = NULL;
    f->source->fingerprint = "source-2";
}

static status readmit_as(fixture *f, const char *file, const land_readmission *how,
                         land_decided *ret) {
    find_question q = {.purpose = FIND_TO_READMIT, .folder = f->folder};
    deliveries which = {0};
    vec_push(f->a, &q.files, file);
    if (find_deliveries(&f->context, &q, f->a, &which, &f->err) != OK)
        fail_msg("%s", f->err.message);
    f->context.now_us = 1000 * 1000000LL;
    return land_readmit(&f->context, &which, how, f->a, ret, &f->err);
}

static land_decided readmit(fixture *f, const char *file, bool accept_anyway) {
    const land_readmission how = {.why = "a refund", .accept_anyway = accept_anyway};
    land_decided decided = {0};
    if (readmit_as(f, file, &how, &decided) != OK)
        fail_msg("%s (%s)", f->err.message, f->err.hint);
    return decided;
}

static void assert_taken(fixture *f) {
    delivery d = fixture_delivery(f, "a.csv", 0);
    struct stat found;
    const char *kept = "data/raw/sales/file_land_timestamp=100/a_100.csv";
    assert_int_equal(d.state, DELIVERY_ACTIVE);
    assert_int_equal(d.land_time, 100);
    assert_string_equal(d.object, "sales/file_land_timestamp=100/a_100.csv");
    assert_non_null(d.contract);
    assert_int_equal(d.rows, 1);
    assert_string_equal(fixture_read(f, kept), LOW);
    assert_int_equal(stat(fixture_path(f, kept), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0444);
    assert_string_equal(fixture_files(f, "data/.weir/quarantine"), "");
    assert_string_equal(fixture_marks(f, SILVER), "readmitted sales/a.csv event_date=2020-01-01");
    fixture_assert_nothing_pending(f);
}

static void test_a_refused_file_is_taken_when_the_rule_has_changed(void **state) {
    fixture *f = fixture_need_worker(state);
    deliver(f, "sales/a.csv", LOW, 100);
    assert_string_equal(fixture_states(f, "a.csv"), "rejected");
    allow_anything(f);
    land_decided decided = readmit(f, "a.csv", false);
    assert_int_equal(decided.seen.count, 1);
    assert_taken(f);
}

static void test_a_refused_file_is_taken_anyway_and_the_verdict_says_so(void **state) {
    fixture *f = fixture_need_worker(state);
    const land_readmission strict = {0};
    land_decided decided = {0};
    deliver(f, "sales/a.csv", LOW, 100);
    assert_int_equal(readmit_as(f, "a.csv", &strict, &decided), E_CHECK);
    assert_string_equal(fixture_states(f, "a.csv"), "rejected");
    (void)readmit(f, "a.csv", true);
    assert_taken(f);
    const char *verdict = fixture_delivery(f, "a.csv", 0).verdict;
    assert_non_null(strstr(verdict, "accepted by tester although line 2: n: -5"));
    assert_non_null(strstr(verdict, "a refund"));
}

static void test_what_cannot_be_read_is_never_taken(void **state) {
    fixture *f = fixture_need_worker(state);
    const land_readmission how = {.why = "please", .accept_anyway = true};
    land_decided decided = {0};
    deliver(f, "sales/a.csv", "day,n\n2020-01-01,many\n", 100);
    assert_int_equal(readmit_as(f, "a.csv", &how, &decided), E_CHECK);
    assert_non_null(strstr(f->err.message, "cannot be read, whatever the rules"));
    assert_string_equal(fixture_states(f, "a.csv"), "rejected");
    assert_string_equal(fixture_files(f, "data/raw"), "");
    fixture_assert_nothing_pending(f);
}

static void test_an_older_one_is_taken_behind_what_counts(void **state) {
    fixture *f = fixture_need_worker(state);
    deliver(f, "sales/a.csv", LOW, 100);
    deliver(f, "sales/a.csv", HIGH, 200);
    fixture_clear_marks(f);
    const char *number = arena_printf(f->a, "%d", (int)fixture_delivery(f, "a.csv", 0).id);
    (void)readmit(f, number, true);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded active");
    assert_string_equal(fixture_marks(f, SILVER), "");
}

static void test_a_newer_one_replaces_what_counts(void **state) {
    fixture *f = fixture_need_worker(state);
    deliver(f, "sales/a.csv", HIGH, 100);
    deliver(f, "sales/a.csv", LOW, 200);
    fixture_clear_marks(f);
    (void)readmit(f, "a.csv", true);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded active");
    assert_string_equal(fixture_marks(f, SILVER), "readmitted sales/a.csv event_date=2020-01-01; "
                                                  "superseded sales/a.csv event_date=2020-01-02");
}

static void test_all_that_were_refused_for_these_bytes_are_taken(void **state) {
    fixture *f = fixture_need_worker(state);
    deliver(f, "sales/a.csv", LOW, 100);
    deliver(f, "sales/a.csv", LOW, 200);
    assert_string_equal(fixture_states(f, "a.csv"), "rejected rejected");
    (void)readmit(f, "a.csv", true);
    assert_string_equal(fixture_states(f, "a.csv"), "active duplicate");
    assert_taken(f);
    deliver(f, "sales/a.csv", LOW, 300);
    assert_string_equal(fixture_states(f, "a.csv"), "active duplicate duplicate");
}

static void test_each_content_only_once_is_a_rule_like_others(void **state) {
    fixture *f = fixture_need_worker(state);
    const land_readmission strict = {0};
    land_decided decided = {0};
    f->source->on_redelivery = REDELIVERY_REJECT;
    deliver(f, "sales/a.csv", HIGH, 100);
    deliver(f, "sales/a.csv", "day,n\n2020-01-03,7\n", 200);
    assert_string_equal(fixture_states(f, "a.csv"), "active rejected");
    assert_int_equal(readmit_as(f, "a.csv", &strict, &decided), E_CHECK);
    assert_non_null(strstr(f->err.message, "on_redelivery: reject"));
    (void)readmit(f, "a.csv", true);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded active");
}

static void test_a_pattern_that_fits_now_gives_another_identity(void **state) {
    fixture *f = fixture_need_worker(state);
    f->source->identity = "^sales/(x.*)$";
    f->source->fingerprint = "source-0";
    deliver(f, "sales/a.csv", HIGH, 100);
    assert_string_equal(fixture_states(f, "a.csv"), "rejected");
    f->source->identity = "^sales/(.).*$";
    f->source->fingerprint = "source-2";
    (void)readmit(f, "a.csv", false);
    assert_string_equal(fixture_states(f, "a"), "active");
    assert_string_equal(fixture_states(f, "a.csv"), "");
}

static void test_a_file_that_was_altered_in_quarantine_is_not_taken(void **state) {
    fixture *f = fixture_need_worker(state);
    const land_readmission how = {.why = "please", .accept_anyway = true};
    land_decided decided = {0};
    deliver(f, "sales/a.csv", LOW, 100);
    const char *path =
        fixture_path(f, "data/.weir/quarantine/raw.sales/file_land_timestamp=100/a_100.csv");
    assert_int_equal(chmod(path, 0644), 0);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    assert_true(fputs("2020-01-09,1\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(readmit_as(f, "a.csv", &how, &decided), E_DATA);
    assert_string_equal(fixture_states(f, "a.csv"), "rejected");
    assert_string_equal(fixture_files(f, "data/raw"), "");
    fixture_assert_nothing_pending(f);
}

static void test_a_rehearsal_tells_the_same_and_touches_no_file(void **state) {
    fixture *f = fixture_need_worker(state);
    const land_readmission how = {.why = "a refund", .accept_anyway = true, .dry = true};
    land_decided decided = {0};
    deliver(f, "sales/a.csv", LOW, 100);
    const char *before = fixture_files(f, "data");
    assert_int_equal(ledger_rehearse(f->ledger, &f->err), OK);
    assert_int_equal(readmit_as(f, "a.csv", &how, &decided), OK);
    assert_int_equal(decided.seen.count, 1);
    assert_int_equal(decided.seen.items[0].after, DELIVERY_ACTIVE);
    assert_string_equal(fixture_files(f, "data"), before);
}

int main(void) {
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CLAIM(test_a_refused_file_is_taken_when_the_rule_has_changed),
        CLAIM(test_a_refused_file_is_taken_anyway_and_the_verdict_says_so),
        CLAIM(test_what_cannot_be_read_is_never_taken),
        CLAIM(test_an_older_one_is_taken_behind_what_counts),
        CLAIM(test_a_newer_one_replaces_what_counts),
        CLAIM(test_all_that_were_refused_for_these_bytes_are_taken),
        CLAIM(test_each_content_only_once_is_a_rule_like_others),
        CLAIM(test_a_pattern_that_fits_now_gives_another_identity),
        CLAIM(test_a_file_that_was_altered_in_quarantine_is_not_taken),
        CLAIM(test_a_rehearsal_tells_the_same_and_touches_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
