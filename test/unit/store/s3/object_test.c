#include "wire.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { REPEATS = 8 };
#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const char KEY[] = "PUT /bucket/lake/a", LOOK[] = "HEAD /bucket/lake/a";

static status put_if_absent(wire *w) {
    return s3_put(w->s3, "a", "abc", 3, (store_put_options){.if_absent = true}, &w->err);
}

static void test_what_is_read_is_what_was_written(void **state) {
    (void)state;
    static const char RIGHT[] = S3_META_SHA256 ": " ABC_SHA256;
    static const scripted_step STEPS[] = {
        {.request = "GET /bucket/lake/a", .fields = RIGHT, .text = "abc"},
        {.request = "GET /bucket/lake/a", .fields = RIGHT, .text = "abd"},
        {.request = "GET /bucket/lake/a",
         .fields = "content-length: 2\n" S3_META_SHA256 ": " ABC_SHA256,
         .text = "abc"},
        {.request = "GET /bucket/lake/a", .text = "by others"},
        {.request = "GET /bucket/lake/a", .text = "too large, 13"},
    };
    wire w;
    char *body = NULL;
    size_t size = 0;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_get(w.s3, "a", 12, w.arena, &body, &size, &w.err), OK);
    assert_string_equal(body, "abc");
    assert_int_equal(s3_get(w.s3, "a", 12, w.arena, &body, &size, &w.err), E_DATA);
    assert_int_equal(s3_get(w.s3, "a", 12, w.arena, &body, &size, &w.err), E_DATA);
    assert_int_equal(s3_get(w.s3, "a", 12, w.arena, &body, &size, &w.err), OK);
    assert_int_equal(size, 9);
    assert_int_equal(s3_get(w.s3, "a", 12, w.arena, &body, &size, &w.err), E_DATA);
    assert_string_equal(w.err.message, "cannot read \"s3://bucket/lake/a\": larger than 12 bytes");
    assert_int_equal(w.waited_ms, 0);
    wire_close(&w);
}

static int temporary_file(void) {
    char path[] = "/tmp/weir-object-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static void test_a_file_begins_anew_when_its_body_was_cut(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /bucket/lake/a", .way = SCRIPTED_CUT, .text = "abcabcabc"},
        {.request = "GET /bucket/lake/a", .status = 500, .text = "no part of it"},
        {.request = "GET /bucket/lake/a", .text = "abc"},
    };
    wire w;
    char sha256[SHA256_TEXT_SIZE], bytes[16] = "";
    int64_t size = 0;
    int fd = temporary_file();
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_get_file(w.s3, "a", fd, sha256, &size, &w.err), OK);
    assert_string_equal(sha256, ABC_SHA256);
    assert_int_equal(size, 3);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), 3);
    assert_string_equal(bytes, "abc");
    close(fd);
    wire_close(&w);
}

/* A file that may not grow stands for a full disk. */
static void test_a_file_that_cannot_be_written_is_told_as_that(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {{.request = "GET /bucket/lake/a", .text = "abc"}};
    wire w;
    char sha256[SHA256_TEXT_SIZE];
    int64_t size = 0;
    struct rlimit before, none = {0};
    int fd = temporary_file();
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    status got = s3_get_file(w.s3, "a", fd, sha256, &size, &w.err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(got, E_IO);
    assert_string_equal(w.err.message, "cannot keep \"s3://bucket/lake/a\": File too large");
    close(fd);
    wire_close(&w);
}

static void test_a_look_tells_size_time_and_tag(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = LOOK,
         .fields = "content-length: 7\nETag: \"x\"\nLast-Modified: Wed, 22 May 2024 10:00:00 GMT"},
        {.request = LOOK, .fields = "content-length: 7\nLast-Modified: yesterday"},
        {.request = LOOK, .status = 404},
    };
    wire w;
    store_object found = {0};
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_info(w.s3, "a", w.arena, &found, &w.err), OK);
    assert_int_equal(found.size_bytes, 7);
    assert_int_equal(found.modified_us, INT64_C(1716372000000000));
    assert_string_equal(found.tag, "\"x\"");
    assert_int_equal(s3_info(w.s3, "a", w.arena, &found, &w.err), E_IO);
    assert_int_equal(s3_info(w.s3, "a", w.arena, &found, &w.err), E_NOT_FOUND);
    wire_close(&w);
}

/* What one conditional put asks, and how it ends. */
static void assert_put(wire *w, const scripted_step *steps, size_t count, status wanted) {
    wire_open(w, steps, count);
    status got = put_if_absent(w);
    if (got != wanted)
        fail_msg("%d: %s", got, w->err.message);
    wire_close(w);
}
#define ASSERT_PUT(w, steps, wanted) assert_put((w), (steps), ARRAY_SIZE(steps), (wanted))

static const char *mark(const char *more) {
    static char text[256];
    wire w;
    wire_begin(&w);
    snprintf(text, sizeof text, "%s", wire_mark(&w, more));
    wire_close(&w);
    return text;
}

static void test_a_conditional_put_says_so_and_leaves_its_mark(void **state) {
    (void)state;
    const char *wanted = mark("if-none-match: *");
    const scripted_step taken[] = {{.request = KEY, .headers = wanted, .body = "abc"}};
    const scripted_step met[] = {{.request = KEY, .status = 412},
                                 {.request = LOOK, .fields = S3_META_WRITE ": other"}};
    wire w;
    ASSERT_PUT(&w, taken, OK);
    ASSERT_PUT(&w, met, E_EXISTS);
}

static void test_a_lost_reply_is_looked_for_and_not_sent_again(void **state) {
    (void)state;
    const char *ours = mark("");
    const scripted_step lost[] = {{.request = KEY, .way = SCRIPTED_HANG_UP},
                                  {.request = LOOK, .fields = ours}};
    const scripted_step late[] = {{.request = KEY, .way = SCRIPTED_STALL},
                                  {.request = LOOK, .fields = ours}};
    const scripted_step failed[] = {{.request = KEY, .status = 500},
                                    {.request = LOOK, .fields = ours}};
    const scripted_step others[] = {{.request = KEY, .way = SCRIPTED_HANG_UP},
                                    {.request = LOOK, .fields = S3_META_WRITE ": other"}};
    const scripted_step unmarked[] = {{.request = KEY, .way = SCRIPTED_HANG_UP}, {.request = LOOK}};
    const scripted_step denied[] = {{.request = KEY, .way = SCRIPTED_HANG_UP},
                                    {.request = LOOK, .status = 403}};
    wire w;
    ASSERT_PUT(&w, lost, OK);
    ASSERT_PUT(&w, late, OK);
    ASSERT_PUT(&w, failed, OK);
    ASSERT_PUT(&w, others, E_EXISTS);
    ASSERT_PUT(&w, unmarked, E_EXISTS);
    ASSERT_PUT(&w, denied, E_DENIED);
}

static void test_what_is_not_there_after_a_lost_reply_is_sent_again(void **state) {
    (void)state;
    const scripted_step again[] = {{.request = KEY, .way = SCRIPTED_HANG_UP},
                                   {.request = LOOK, .status = 404},
                                   {.request = KEY, .headers = "if-none-match: *", .body = "abc"}};
    const scripted_step met[] = {
        {.request = KEY, .status = 409}, {.request = LOOK, .status = 404}, {.request = KEY}};
    wire w;
    ASSERT_PUT(&w, again, OK);
    ASSERT_PUT(&w, met, OK);
}

/* The first one was on its way all the time. */
static void test_a_put_that_meets_itself_is_no_conflict(void **state) {
    (void)state;
    const char *ours = mark("");
    const scripted_step steps[] = {{.request = KEY, .way = SCRIPTED_STALL},
                                   {.request = LOOK, .status = 404},
                                   {.request = KEY, .status = 412},
                                   {.request = LOOK, .fields = ours}};
    const scripted_step others[] = {{.request = KEY, .way = SCRIPTED_STALL},
                                    {.request = LOOK, .status = 404},
                                    {.request = KEY, .status = 412},
                                    {.request = LOOK, .fields = S3_META_WRITE ": other"}};
    wire w;
    ASSERT_PUT(&w, steps, OK);
    ASSERT_PUT(&w, others, E_EXISTS);
}

/* libcurl sends again by itself what ends on a connection that was used before. */
static void test_a_put_that_was_sent_twice_is_no_conflict(void **state) {
    (void)state;
    const char *ours = mark("");
    const scripted_step steps[] = {{.request = "GET /bucket/lake/a"},
                                   {.request = KEY, .way = SCRIPTED_HANG_UP},
                                   {.request = KEY, .status = 412},
                                   {.request = LOOK, .fields = ours}};
    wire w;
    char *body = NULL;
    WIRE_OPEN(&w, steps);
    assert_int_equal(s3_get(w.s3, "a", 1, w.arena, &body, NULL, &w.err), OK);
    assert_int_equal(put_if_absent(&w), OK);
    wire_close(&w);
}

static void test_conditional_puts_are_as_patient_as_others(void **state) {
    (void)state;
    scripted_step steps[2 * REPEATS + 1];
    for (size_t i = 0; i < REPEATS; i++) {
        steps[2 * i] = (scripted_step){.request = KEY, .status = 503};
        steps[2 * i + 1] = (scripted_step){.request = LOOK, .status = 404};
    }
    steps[2 * REPEATS] = (scripted_step){.request = KEY};
    wire w;
    WIRE_OPEN(&w, steps);
    assert_int_equal(put_if_absent(&w), OK);
    assert_true(w.waited_ms > 5000);
    wire_close(&w);
}

static void test_a_put_that_was_given_up_is_looked_for_once_more(void **state) {
    (void)state;
    const char *ours = mark("");
    const scripted_step steps[] = {
        {.request = KEY, .status = 503, .fields = "retry-after: 100"},
        {.request = LOOK, .fields = ours},
        {.request = KEY, .status = 503, .fields = "retry-after: 100"},
        {.request = LOOK, .status = 404},
    };
    wire w;
    WIRE_OPEN(&w, steps);
    assert_int_equal(put_if_absent(&w), OK);
    assert_int_equal(put_if_absent(&w), E_IO);
    assert_string_equal(w.err.message, "cannot write \"s3://bucket/lake/a\": status 503");
    wire_close(&w);
}

static void test_removing_what_is_gone_is_fine(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "DELETE /bucket/lake/a", .status = 204},
        {.request = "DELETE /bucket/lake/a", .status = 404},
        {.request = "DELETE /bucket/lake/a", .status = 403},
    };
    wire w;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_remove(w.s3, "a", &w.err), OK);
    assert_int_equal(s3_remove(w.s3, "a", &w.err), OK);
    assert_int_equal(s3_remove(w.s3, "a", &w.err), E_DENIED);
    wire_close(&w);
}

static void test_only_the_same_bytes_are_removed(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = LOOK, .fields = "ETag: \"1\"\nx-amz-version-id: v/1"},
        {.request = "DELETE /bucket/lake/a?versionId=v%2F1", .status = 204, .headers = "-if-match"},
        {.request = LOOK, .fields = "ETag: \"1\""},
        {.request = "DELETE /bucket/lake/a", .status = 412, .headers = "if-match: \"1\""},
        {.request = LOOK, .fields = "ETag: \"2\""},
        {.request = LOOK, .status = 404},
    };
    wire w;
    WIRE_OPEN(&w, STEPS);
    for (int i = 0; i < 4; i++)
        assert_int_equal(s3_remove_same(w.s3, "a", "\"1\"", &w.err), OK);
    wire_close(&w);
}

static void test_a_copy_is_made_by_the_service(void **state) {
    (void)state;
    static const char FROM[] = "content-length: 3\nETag: \"e\"";
    static const scripted_step STEPS[] = {
        {.request = LOOK, .fields = FROM},
        {.request = "HEAD /bucket/lake/b", .status = 404},
        {.request = "PUT /bucket/lake/b",
         .headers = "x-amz-copy-source: bucket/lake/a\nx-amz-copy-source-if-match: \"e\"\n"
                    "x-amz-metadata-directive: REPLACE\n" S3_META_SHA256 ": " ABC_SHA256
                    "\n" S3_META_NAME ": d/a%20b",
         .text = "<Error><Code>InternalError</Code></Error>"}, /* after a 200 */
        {.request = "PUT /bucket/lake/b",
         .text = "<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"},
        {.request = LOOK, .fields = FROM},
        {.request = "HEAD /bucket/lake/b"},
        {.request = LOOK, .fields = "content-length: 3\nETag: \"e\"\n" S3_META_SHA256 ": other"},
    };
    wire w;
    const store_copy_options options = {.name = "d/a b", .sha256 = ABC_SHA256};
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_copy(w.s3, "a", w.s3, "b", options, &w.err), OK);
    assert_int_equal(s3_copy(w.s3, "a", w.s3, "b", options, &w.err), E_EXISTS);
    assert_int_equal(s3_copy(w.s3, "a", w.s3, "b", options, &w.err), E_DATA);
    wire_close(&w);
}

/* Whoever writes to a bucket can note anything. */
static void test_a_noted_sha256_that_is_none_is_not_that_of_the_copy(void **state) {
    (void)state;
    static const char CHECKSUM[] =
        "<CopyObjectResult><ETag>&quot;e&quot;</ETag><ChecksumSHA256>"
        "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=</ChecksumSHA256></CopyObjectResult>";
    static const char *const NOTED[] = {"", "ab", "nothing like a hash", ABC_SHA256 "00"};
    for (size_t i = 0; i < ARRAY_SIZE(NOTED); i++) {
        char from[256];
        snprintf(from, sizeof from, "content-length: 3\nETag: \"e\"\n%s: %s", S3_META_SHA256,
                 NOTED[i]);
        const scripted_step steps[] = {
            {.request = LOOK, .fields = from},
            {.request = "HEAD /bucket/lake/b", .status = 404},
            {.request = "PUT /bucket/lake/b", .text = CHECKSUM},
            {.request = "DELETE /bucket/lake/b", .status = 204},
        };
        wire w;
        WIRE_OPEN(&w, steps);
        assert_int_equal(s3_copy(w.s3, "a", w.s3, "b", (store_copy_options){0}, &w.err), E_DATA);
        assert_string_equal(w.err.message, "\"s3://bucket/lake/a\" is not what was to be copied");
        wire_close(&w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read_is_what_was_written),
        cmocka_unit_test(test_a_file_begins_anew_when_its_body_was_cut),
        cmocka_unit_test(test_a_file_that_cannot_be_written_is_told_as_that),
        cmocka_unit_test(test_a_look_tells_size_time_and_tag),
        cmocka_unit_test(test_a_conditional_put_says_so_and_leaves_its_mark),
        cmocka_unit_test(test_a_lost_reply_is_looked_for_and_not_sent_again),
        cmocka_unit_test(test_what_is_not_there_after_a_lost_reply_is_sent_again),
        cmocka_unit_test(test_a_put_that_meets_itself_is_no_conflict),
        cmocka_unit_test(test_a_put_that_was_sent_twice_is_no_conflict),
        cmocka_unit_test(test_conditional_puts_are_as_patient_as_others),
        cmocka_unit_test(test_a_put_that_was_given_up_is_looked_for_once_more),
        cmocka_unit_test(test_removing_what_is_gone_is_fine),
        cmocka_unit_test(test_only_the_same_bytes_are_removed),
        cmocka_unit_test(test_a_copy_is_made_by_the_service),
        cmocka_unit_test(test_a_noted_sha256_that_is_none_is_not_that_of_the_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
