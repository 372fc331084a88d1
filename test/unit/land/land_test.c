#include "fixture.h"

#include "base/hash.h"
#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#define DAY_ONE "day,n\n2020-01-01,1\n"
#define DAY_TWO "day,n\n2020-01-02,2\n2020-01-03,3\n"

static void test_an_accepted_file_is_in_raw_history_byte_for_byte(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 0);
    assert_int_equal(f->result.bytes, strlen(DAY_ONE));
    const char *kept = "data/raw/sales/file_land_timestamp=100/a_100.csv";
    assert_string_equal(fixture_read(f, kept), DAY_ONE);
    struct stat found;
    assert_int_equal(stat(fixture_path(f, kept), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0444);
    assert_int_equal(found.st_nlink, 1);
    assert_string_equal(fixture_files(f, "land"), "");
    fixture_assert_nothing_pending(f);
}

static void test_a_delivery_is_recorded_with_all_that_reading_needs(void **state) {
    fixture *f = *state;
    char sha256[65];
    fixture_put(f, "sales/2020/a.csv", DAY_TWO);
    fixture_land(f, 100);
    delivery d = fixture_delivery(f, "2020/a.csv", 0);
    sha256_text(DAY_TWO, strlen(DAY_TWO), sha256);
    assert_string_equal(d.sha256, sha256);
    assert_string_equal(d.file, "sales/2020/a.csv");
    assert_string_equal(d.object, "sales/file_land_timestamp=100/a_100.csv");
    assert_string_equal(d.contract, "{\"format\":\"csv\",\"file_columns\":[\"day\",\"n\"]}");
    assert_int_equal(d.land_time, 100);
    assert_int_equal(d.rows, 2);
    assert_int_equal(d.bytes, strlen(DAY_TWO));
    assert_string_equal(d.run, "run-1");
    assert_null(d.reason);
}

static void test_feeds_and_marks_come_with_the_delivery(void **state) {
    fixture *f = *state;
    strings fed;
    fixture_put(f, "sales/a.csv", DAY_TWO);
    fixture_land(f, 100);
    delivery d = fixture_delivery(f, "a.csv", 0);
    assert_int_equal(ledger_feeds_of(f->ledger, f->tables[SILVER].id, f->tables[RAW].id, "map-day",
                                     d.id, f->a, &fed, &f->err),
                     OK);
    assert_string_equal(str_join(f->a, &fed, " "), "event_date=2020-01-02 event_date=2020-01-03");
    assert_string_equal(fixture_marks(f, SILVER), "new sales/a.csv event_date=2020-01-02; "
                                                  "new sales/a.csv event_date=2020-01-03");
    assert_string_equal(fixture_marks(f, GOLD), "code code-0123456 (); new sales/a.csv ()");
    ledger_edges behind = {0};
    assert_int_equal(ledger_edges_behind(f->ledger, f->a, &behind, &f->err), OK);
    assert_int_equal(behind.count, 0);
}

static void test_the_same_bytes_again_are_recorded_and_nothing_else(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_clear_marks(f);
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 200);
    fixture_assert_counts(f, 0, 1, 0, 0);
    assert_string_equal(fixture_states(f, "a.csv"), "active duplicate");
    assert_string_equal(fixture_files(f, "data/raw"), "sales/file_land_timestamp=100/a_100.csv");
    assert_string_equal(fixture_marks(f, SILVER), "");
    assert_string_equal(fixture_checked(f), "sales/a.csv");
    assert_string_equal(fixture_files(f, "land"), "");
    fixture_assert_nothing_pending(f);
}

static void test_the_same_bytes_again_bring_back_what_was_lost_of_them(void **state) {
    fixture *f = *state;
    const char *kept = "data/raw/sales/file_land_timestamp=100/a_100.csv";
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    assert_int_equal(unlink(fixture_path(f, kept)), 0);
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 200);
    fixture_assert_counts(f, 0, 1, 0, 0);
    assert_string_equal(fixture_read(f, kept), DAY_ONE);
    assert_string_equal(fixture_files(f, "data/raw"), "sales/file_land_timestamp=100/a_100.csv");
}

static void test_a_corrected_file_supersedes_and_marks_both(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_clear_marks(f);
    fixture_put(f, "sales/a.csv", DAY_TWO);
    fixture_land(f, 200);
    fixture_assert_counts(f, 1, 0, 1, 0);
    assert_string_equal(fixture_states(f, "a.csv"), "superseded active");
    assert_string_equal(fixture_marks(f, SILVER), "superseded sales/a.csv event_date=2020-01-01; "
                                                  "new sales/a.csv event_date=2020-01-02; "
                                                  "new sales/a.csv event_date=2020-01-03");
    assert_string_equal(fixture_files(f, "data/raw"), "sales/file_land_timestamp=100/a_100.csv "
                                                      "sales/file_land_timestamp=200/a_200.csv");
}

static void test_a_revert_is_accepted_with_a_warning(void **state) {
    fixture *f = *state;
    static const char *const TEXTS[] = {DAY_ONE, DAY_TWO, DAY_ONE};
    for (int i = 0; i < 3; i++) {
        fixture_put(f, "sales/a.csv", TEXTS[i]);
        fixture_land(f, 100 * (i + 1));
    }
    assert_string_equal(fixture_states(f, "a.csv"), "superseded superseded active");
    assert_non_null(strstr(fixture_delivery(f, "a.csv", 2).verdict,
                           "is again what landed on 1970-01-01T00:01:40Z"));
}

static void test_a_replay_in_another_order_ends_the_same(void **state) {
    fixture *f = *state;
    static const char *const TEXTS[] = {DAY_ONE, DAY_ONE, DAY_TWO};
    static const int64_t MOMENTS[] = {100, 300, 200};
    for (int i = 0; i < 3; i++) {
        fixture_put(f, "sales/a.csv", TEXTS[i]);
        fixture_land(f, MOMENTS[i]);
    }
    assert_string_equal(fixture_states(f, "a.csv"), "superseded superseded active");
    delivery last = fixture_delivery(f, "a.csv", 2);
    assert_int_equal(last.land_time, 300);
    assert_non_null(last.contract);
    assert_string_equal(fixture_read(f, arena_printf(f->a, "data/raw/%s", last.object)), DAY_ONE);
}

static void test_a_wrong_file_goes_to_quarantine_with_its_report(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/bad.csv", DAY_ONE);
    fixture_put(f, "sales/good.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 1);
    const land_rejection *r = &f->result.rejected.items[0];
    assert_string_equal(r->file, "sales/bad.csv");
    assert_string_equal(r->table, "raw.sales");
    assert_string_equal(r->reason, "line 2: n: \"x\" is no BIGINT (and 1 more)");
    assert_false(r->left_in_land);
    assert_string_equal(fixture_files(f, "data/.weir/quarantine"),
                        "raw.sales/file_land_timestamp=100/bad_100.csv "
                        "raw.sales/file_land_timestamp=100/bad_100.csv.report.json");
    assert_string_equal(
        fixture_read(f, "data/.weir/quarantine/raw.sales/file_land_timestamp=100/bad_100.csv"),
        DAY_ONE);
    assert_string_equal(fixture_files(f, "data/raw"), "sales/file_land_timestamp=100/good_100.csv");
    assert_string_equal(fixture_states(f, "bad.csv"), "rejected");
    assert_true(file_exists(r->report));
    fixture_assert_nothing_pending(f);
}

static void test_a_report_says_what_where_and_what_to_do(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/bad.csv", DAY_ONE);
    fixture_land(f, 1583584994);
    char *text = NULL;
    assert_int_equal(file_read(f->result.rejected.items[0].report, 10000, f->a, &text, NULL, NULL),
                     OK);
    assert_true(str_ends(text, "}\n")); /* for a terminal */
    json_t *report = json_loads(text, 0, NULL);
    assert_int_equal(json_get_int(report, "format", 0), 1);
    assert_string_equal(json_get_string(report, "file", ""), "sales/bad.csv");
    assert_string_equal(json_get_string(report, "table", ""), "raw.sales");
    assert_string_equal(json_get_string(report, "landed", ""), "2020-03-07T12:43:14Z");
    assert_string_equal(json_get_string(report, "verdict", ""), "rejected");
    assert_int_equal(json_get_int(report, "bytes", 0), strlen(DAY_ONE));
    assert_int_equal(json_get_int(report, "failure_count", 0), 2);
    assert_string_equal(json_get_string(report, "hint", ""),
                        "Deliver a corrected file under the same name, or change "
                        "tables/raw/sales.yaml and deliver this one again.");
    const json_t *failure = json_array_get(json_object_get(report, "failures"), 0);
    assert_string_equal(json_get_string(failure, "rule", ""), "type");
    assert_int_equal(json_get_int(failure, "line", 0), 2);
    json_decref(report);
}

static void test_rejected_bytes_are_not_checked_twice_under_one_declaration(void **state) {
    fixture *f = *state;
    for (int moment = 100; moment <= 200; moment += 100) {
        fixture_put(f, "sales/bad.csv", DAY_ONE);
        fixture_land(f, moment);
        fixture_assert_counts(f, 0, 0, 0, 1);
    }
    assert_string_equal(fixture_checked(f), "sales/bad.csv");
    assert_string_equal(
        f->result.rejected.items[0].reason,
        "these bytes were rejected on 1970-01-01T00:01:40Z and the table's "
        "declaration is still the same: line 2: n: \"x\" is no BIGINT (and 1 more)");
    f->source->fingerprint = "source-2";
    fixture_put(f, "sales/bad.csv", DAY_ONE);
    fixture_land(f, 300);
    assert_string_equal(fixture_checked(f), "sales/bad.csv sales/bad.csv");
}

static void withdraw(fixture *f, int64_t id) {
    assert_int_equal(ledger_begin(f->ledger, LEDGER_WRITE, &f->err), OK);
    assert_int_equal(ledger_delivery_set_withdrawal(f->ledger, id, WITHDRAWAL_EMPTIES, &f->err),
                     OK);
    assert_int_equal(ledger_delivery_set_state(f->ledger, id, DELIVERY_WITHDRAWN,
                                               "withdrawn on Monday: wrong month", &f->err),
                     OK);
    assert_int_equal(ledger_commit(f->ledger, &f->err), OK);
}

static void test_withdrawn_bytes_stay_out_and_a_correction_comes_in(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    withdraw(f, fixture_delivery(f, "a.csv", 0).id);
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 200);
    fixture_assert_counts(f, 0, 0, 0, 1);
    assert_string_equal(f->result.rejected.items[0].reason,
                        "these bytes, landed on 1970-01-01T00:01:40Z, were withdrawn on Monday: "
                        "wrong month; `weir readmit` to take them");
    fixture_put(f, "sales/a.csv", DAY_TWO);
    fixture_land(f, 300);
    assert_string_equal(fixture_states(f, "a.csv"), "withdrawn rejected active");
}

static void test_strange_names_land_like_others(void **state) {
    fixture *f = *state;
    static const char *const NAMES[] = {"with space.csv", "it's.csv",  "\"q\".csv", "new\nline.csv",
                                        "k=v.csv",        "a*b.csv",   "a[b.csv",   "però.csv",
                                        "-rf.csv",        "a%20b.csv", "a\\b.csv",  "{x}.csv"};
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++)
        fixture_put(f, arena_printf(f->a, "sales/%s", NAMES[i]), DAY_ONE);
    fixture_put(f, "sales/aXb.csv", DAY_TWO);
    fixture_land(f, 100);
    fixture_assert_counts(f, (int)ARRAY_SIZE(NAMES) + 1, 0, 0, 0);
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
        delivery d = fixture_delivery(f, NAMES[i], 0);
        assert_int_equal(d.rows, 1);
        assert_string_equal(fixture_read(f, arena_printf(f->a, "data/raw/%s", d.object)), DAY_ONE);
    }
    assert_string_equal(fixture_files(f, "land"), "");
}

static void test_names_that_fall_together_get_different_objects(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/2020/a.csv", DAY_ONE);
    fixture_put(f, "sales/2021/a.csv", DAY_TWO);
    fixture_land(f, 100);
    fixture_put(f, "sales/2022/a.csv", DAY_ONE);
    fixture_land(f, 100);
    assert_string_equal(fixture_files(f, "data/raw"), "sales/file_land_timestamp=100/a-2_100.csv "
                                                      "sales/file_land_timestamp=100/a-3_100.csv "
                                                      "sales/file_land_timestamp=100/a_100.csv");
    assert_string_equal(fixture_read(f, "data/raw/sales/file_land_timestamp=100/a-2_100.csv"),
                        DAY_TWO);
}

static const char *reason_for(const fixture *f, const char *file) {
    for (size_t i = 0; i < f->result.unknown.count; i++)
        if (str_eq(f->result.unknown.items[i].file, file)) {
            assert_true(f->result.unknown.items[i].left_in_land);
            return f->result.unknown.items[i].reason;
        }
    return "(not told)";
}

static void test_what_is_no_file_is_told_and_left(void **state) {
    fixture *f = *state;
    fixture_put(f, "secret", DAY_ONE);
    fixture_put(f, "sales/folder.csv/part-0.csv", DAY_ONE);
    fixture_put(f, "sales/\xff.csv", DAY_ONE);
    assert_int_equal(symlink(fixture_path(f, "land/secret"), fixture_path(f, "land/sales/l.csv")),
                     0);
    assert_int_equal(symlink("/etc", fixture_path(f, "land/sales/etc")), 0);
    assert_int_equal(mkfifo(fixture_path(f, "land/sales/pipe.csv"), 0600), 0);
    fixture_put(f, "sales/good.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 0);
    assert_string_equal(reason_for(f, "sales/l.csv"),
                        "a symbolic link is not followed: deliver the file itself");
    assert_string_equal(reason_for(f, "sales/etc"),
                        "a symbolic link is not followed: deliver the file itself");
    assert_string_equal(reason_for(f, "sales/folder.csv"),
                        "a folder where a file should be: deliver its files by themselves");
    assert_string_equal(reason_for(f, "sales/pipe.csv"), "not a regular file");
    assert_string_equal(reason_for(f, "sales/\\xFF.csv"),
                        "the name is not UTF-8 or too long: rename it");
    assert_string_equal(reason_for(f, "secret"),
                        "belongs to no table: see the land: key of the tables, or remove it");
    assert_int_equal(f->result.unknown.count, 6);
    assert_true(file_exists(fixture_path(f, "land/sales/folder.csv/part-0.csv")));
}

static void test_unfinished_files_are_not_seen(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv.part", DAY_ONE);
    fixture_put(f, "sales/a.csv.tmp", DAY_ONE);
    fixture_put(f, "sales/.a.csv", DAY_ONE);
    fixture_put(f, "sales/_temporary/0/a.csv", DAY_ONE);
    bool empty = false;
    assert_int_equal(land_is_empty(f->lake, &empty, &f->err), OK);
    assert_true(empty);
    fixture_land(f, 100);
    fixture_assert_counts(f, 0, 0, 0, 0);
    assert_int_equal(f->result.unknown.count + f->result.failed.count + f->result.waiting.count, 0);
}

static void test_land_is_not_empty_with_a_file_or_a_claim(void **state) {
    fixture *f = *state;
    bool empty = true;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    assert_int_equal(land_is_empty(f->lake, &empty, &f->err), OK);
    assert_false(empty);
    fixture_land(f, 100);
    assert_int_equal(land_is_empty(f->lake, &empty, &f->err), OK);
    assert_true(empty);
    fixture_put(f, ".weir-claim/01x/5000000/sales/b.csv", DAY_ONE);
    assert_int_equal(land_is_empty(f->lake, &empty, &f->err), OK);
    assert_false(empty);
}

static void test_a_file_that_grows_while_read_waits_for_the_next_time(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/growing.csv", DAY_ONE);
    fixture_put(f, "sales/good.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 0);
    assert_int_equal(f->result.waiting.count, 1);
    assert_string_equal(f->result.waiting.items[0].reason,
                        "\"sales/growing.csv\" changed while it was read");
    assert_string_equal(fixture_read(f, "land/sales/growing.csv"), DAY_ONE "2020-01-09,9\n");
    assert_string_equal(fixture_files(f, "data/raw"), "sales/file_land_timestamp=100/good_100.csv");
    assert_string_equal(fixture_states(f, "growing.csv"), "");
    fixture_assert_nothing_pending(f);
}

static void test_a_file_that_kills_the_worker_keeps_no_other_out(void **state) {
    fixture *f = *state;
    for (int i = 0; i < 5; i++)
        fixture_put(f, arena_printf(f->a, "sales/%d.csv", i), DAY_ONE);
    fixture_put(f, "sales/2-poison.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 5, 0, 0, 0);
    assert_int_equal(f->result.failed.count, 1);
    assert_string_equal(f->result.failed.items[0].file, "sales/2-poison.csv");
    assert_string_equal(f->result.failed.items[0].reason,
                        "the worker was ended by signal 6 (Aborted): cannot digest this");
    assert_string_equal(fixture_files(f, "land"), "sales/2-poison.csv");
    fixture_assert_nothing_pending(f);
}

static void test_a_file_that_cannot_be_read_is_left_and_told(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/broken.csv", DAY_ONE);
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 0);
    assert_string_equal(f->result.failed.items[0].reason, "a bad sector");
    assert_string_equal(fixture_files(f, "land"), "sales/broken.csv");
}

static void test_a_file_waits_until_it_has_settled(void **state) {
    fixture *f = *state;
    f->source->settle_us = 60 * 1000000;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 0, 0, 0, 0);
    assert_int_equal(f->result.waiting.count, 1);
    f->clock_us = clock_now_us(&CLOCK_SYSTEM) + 61 * 1000000;
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 0);
}

static void test_the_land_time_is_the_upload_unless_told_otherwise(void **state) {
    fixture *f = *state;
    int64_t before = clock_now_us(&CLOCK_SYSTEM) / 1000000;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    f->clock_us = (before + 1000) * 1000000;
    fixture_land(f, 0);
    int64_t uploaded = fixture_delivery(f, "a.csv", 0).land_time;
    assert_true(uploaded >= before - 1 && uploaded < before + 100);
    f->source->land_time = LAND_TIME_ACCEPTED;
    fixture_put(f, "sales/b.csv", DAY_ONE);
    fixture_land(f, 0);
    assert_int_equal(fixture_delivery(f, "b.csv", 0).land_time, before + 1000);
}

static void test_the_land_time_is_never_later_than_now(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/a.csv", DAY_ONE);
    f->clock_us = 77 * 1000000;
    fixture_land(f, 0);
    assert_int_equal(fixture_delivery(f, "a.csv", 0).land_time, 77);
}

static void test_one_identity_twice_in_one_call_is_taken_in_order(void **state) {
    fixture *f = *state;
    f->source->identity = "(\\d+)-v\\d\\.csv$";
    fixture_put(f, "sales/1-v1.csv", DAY_ONE);
    fixture_put(f, "sales/1-v2.csv", DAY_TWO);
    fixture_put(f, "sales/1-v3.csv", DAY_TWO);
    fixture_put(f, "sales/2-v1.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 3, 1, 1, 0);
    assert_string_equal(fixture_states(f, "1"), "superseded active duplicate");
    assert_string_equal(fixture_states(f, "2"), "active");
    assert_int_equal(fixture_delivery(f, "1", 2).land_time, 102);
}

static void test_a_path_that_does_not_match_goes_to_quarantine(void **state) {
    fixture *f = *state;
    f->source->from_path = "(?<day>\\d{8})\\.csv$";
    vec_push(f->a, &f->source->from_path_names, "day");
    fixture_put(f, "sales/20200101.csv", DAY_ONE);
    fixture_put(f, "sales/monday.csv", DAY_ONE);
    fixture_put(f, "sales/monday.xlsx", DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 2);
    assert_string_equal(fixture_delivery(f, "20200101.csv", 0).from_path, "{\"day\":\"20200101\"}");
    assert_string_equal(f->result.rejected.items[0].reason,
                        "the path \"sales/monday.csv\" does not match the pattern of from_path");
    assert_string_equal(fixture_states(f, "monday.xlsx"), "rejected");
}

static void test_with_full_contents_the_newest_file_of_the_table_counts(void **state) {
    fixture *f = *state;
    f->source->contents_full = true;
    fixture_put(f, "sales/1.csv", DAY_ONE);
    fixture_land(f, 100);
    fixture_put(f, "sales/2.csv", DAY_TWO);
    fixture_land(f, 200);
    assert_string_equal(fixture_states(f, "1.csv"), "superseded");
    assert_string_equal(fixture_states(f, "2.csv"), "active");
    fixture_put(f, "sales/3.csv", DAY_TWO);
    fixture_land(f, 150);
    assert_string_equal(fixture_states(f, "3.csv"), "superseded");
    assert_string_equal(fixture_states(f, "2.csv"), "active");
}

static void test_keep_both_keeps_both(void **state) {
    fixture *f = *state;
    f->source->on_redelivery = REDELIVERY_KEEP_BOTH;
    static const char *const TEXTS[] = {DAY_ONE, DAY_TWO, DAY_ONE};
    for (int i = 0; i < 3; i++) {
        fixture_put(f, "sales/a.csv", TEXTS[i]);
        fixture_land(f, 100 * (i + 1));
    }
    assert_string_equal(fixture_states(f, "a.csv"), "active active duplicate");
}

static void test_reject_refuses_other_content_but_not_a_repetition(void **state) {
    fixture *f = *state;
    f->source->on_redelivery = REDELIVERY_REJECT;
    static const char *const TEXTS[] = {DAY_ONE, DAY_TWO, DAY_ONE};
    for (int i = 0; i < 3; i++) {
        fixture_put(f, "sales/a.csv", TEXTS[i]);
        fixture_land(f, 100 * (i + 1));
    }
    assert_string_equal(fixture_states(f, "a.csv"), "active rejected duplicate");
}

static void test_an_opaque_file_is_kept_unread(void **state) {
    fixture *f = *state;
    f->source->format = FORMAT_OPAQUE;
    f->lake->tables[SILVER]->inputs[0].map.kind = MAP_ALL;
    fixture_put(f, "sales/image.bin", "\x89PNG");
    fixture_put(f, "sales/empty.bin", "");
    fixture_land(f, 100);
    fixture_assert_counts(f, 1, 0, 0, 1);
    assert_string_equal(f->result.rejected.items[0].reason, "the file is empty");
    assert_string_equal(fixture_delivery(f, "image.bin", 0).contract, "{\"format\":\"opaque\"}");
    assert_string_equal(fixture_checked(f), "");
}

static void test_a_zero_byte_file_is_refused(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/empty.csv", "");
    fixture_land(f, 100);
    fixture_assert_counts(f, 0, 0, 0, 1);
    assert_string_equal(fixture_states(f, "empty.csv"), "rejected");
}

static void test_tables_that_are_not_asked_for_wait(void **state) {
    fixture *f = *state;
    bool selected[TABLES] = {false};
    fixture_put(f, "sales/a.csv", DAY_ONE);
    fixture_put(f, ".weir-claim/01x/5000000/sales/b.csv", DAY_ONE);
    assert_int_equal(land_all(&f->context, selected, f->a, &f->result, &f->err), OK);
    fixture_assert_counts(f, 0, 0, 0, 0);
    assert_string_equal(fixture_files(f, "land"),
                        ".weir-claim/01x/5000000/sales/b.csv sales/a.csv");
    fixture_land(f, 100);
    fixture_assert_counts(f, 2, 0, 0, 0);
}

static void test_a_lake_without_a_land_folder_is_empty(void **state) {
    fixture *f = *state;
    bool empty = false;
    assert_int_equal(rmdir(f->lake->land), 0);
    assert_int_equal(land_is_empty(f->lake, &empty, &f->err), OK);
    assert_true(empty);
    fixture_land(f, 100);
    fixture_assert_counts(f, 0, 0, 0, 0);
}

static void test_more_files_than_a_batch_all_land(void **state) {
    fixture *f = *state;
    for (int i = 0; i < 300; i++)
        fixture_put(f, arena_printf(f->a, "sales/%03d.csv", i), DAY_ONE);
    fixture_land(f, 100);
    fixture_assert_counts(f, 300, 0, 0, 0);
    assert_string_equal(fixture_files(f, "land"), "");
    fixture_assert_nothing_pending(f);
}

static void test_trying_a_file_takes_nothing(void **state) {
    fixture *f = *state;
    json_t *report = NULL;
    fixture_put(f, "elsewhere/bad.csv", DAY_ONE);
    const char *path = fixture_path(f, "land/elsewhere/bad.csv");
    assert_int_equal(land_try(&f->context, f->lake->tables[RAW], path, &report, &f->err), OK);
    assert_string_equal(json_get_string(report, "verdict", ""), "rejected");
    assert_string_equal(json_get_string(report, "file", ""), "sales/bad.csv");
    json_decref(report);
    assert_true(file_exists(path));
    assert_string_equal(fixture_files(f, "data"), "");
    assert_int_equal(
        land_try(&f->context, f->lake->tables[RAW], "/nowhere/x.csv", &report, &f->err),
        E_NOT_FOUND);
}

#define LAND_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        LAND_TEST(test_an_accepted_file_is_in_raw_history_byte_for_byte),
        LAND_TEST(test_a_delivery_is_recorded_with_all_that_reading_needs),
        LAND_TEST(test_feeds_and_marks_come_with_the_delivery),
        LAND_TEST(test_the_same_bytes_again_are_recorded_and_nothing_else),
        LAND_TEST(test_the_same_bytes_again_bring_back_what_was_lost_of_them),
        LAND_TEST(test_a_corrected_file_supersedes_and_marks_both),
        LAND_TEST(test_a_revert_is_accepted_with_a_warning),
        LAND_TEST(test_a_replay_in_another_order_ends_the_same),
        LAND_TEST(test_a_wrong_file_goes_to_quarantine_with_its_report),
        LAND_TEST(test_a_report_says_what_where_and_what_to_do),
        LAND_TEST(test_rejected_bytes_are_not_checked_twice_under_one_declaration),
        LAND_TEST(test_withdrawn_bytes_stay_out_and_a_correction_comes_in),
        LAND_TEST(test_strange_names_land_like_others),
        LAND_TEST(test_names_that_fall_together_get_different_objects),
        LAND_TEST(test_what_is_no_file_is_told_and_left),
        LAND_TEST(test_unfinished_files_are_not_seen),
        LAND_TEST(test_land_is_not_empty_with_a_file_or_a_claim),
        LAND_TEST(test_a_file_that_grows_while_read_waits_for_the_next_time),
        LAND_TEST(test_a_file_that_kills_the_worker_keeps_no_other_out),
        LAND_TEST(test_a_file_that_cannot_be_read_is_left_and_told),
        LAND_TEST(test_a_file_waits_until_it_has_settled),
        LAND_TEST(test_the_land_time_is_the_upload_unless_told_otherwise),
        LAND_TEST(test_the_land_time_is_never_later_than_now),
        LAND_TEST(test_one_identity_twice_in_one_call_is_taken_in_order),
        LAND_TEST(test_a_path_that_does_not_match_goes_to_quarantine),
        LAND_TEST(test_with_full_contents_the_newest_file_of_the_table_counts),
        LAND_TEST(test_keep_both_keeps_both),
        LAND_TEST(test_reject_refuses_other_content_but_not_a_repetition),
        LAND_TEST(test_an_opaque_file_is_kept_unread),
        LAND_TEST(test_a_zero_byte_file_is_refused),
        LAND_TEST(test_tables_that_are_not_asked_for_wait),
        LAND_TEST(test_a_lake_without_a_land_folder_is_empty),
        LAND_TEST(test_more_files_than_a_batch_all_land),
        LAND_TEST(test_trying_a_file_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
