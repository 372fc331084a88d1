#include "wire.h"

#include "base/hash.h"
#include "store/s3/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

enum { REST = 5 };

#define BEGIN   "POST /bucket/lake/a?uploads="
#define PART(n) "PUT /bucket/lake/a?partNumber=" n "&uploadId=u%2F1"
#define END     "POST /bucket/lake/a?uploadId=u%2F1"
#define ABORT   "DELETE /bucket/lake/a?uploadId=u%2F1"
#define BEGUN \
    "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>"
#define DONE                                            \
    "<CompleteMultipartUploadResult><ETag>\"w\"</ETag>" \
    "</CompleteMultipartUploadResult>"
#define FAILED "<Error><Code>InternalError</Code></Error>"

/* Steps of an upload of two parts that goes well until then. */
#define PARTS                                                                          \
    {.request = BEGIN, .text = BEGUN, .body_size = 0},                                 \
        {.request = PART("1"), .fields = "ETag: \"1\"", .body_size = S3_PART_BYTES}, { \
        .request = PART("2"), .fields = "ETag: \"2\"", .body_size = REST               \
    }

static int file_of(off_t size) {
    char path[] = "/tmp/weir-multipart-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && ftruncate(fd, size) == 0);
    unlink(path);
    return fd;
}

static status put(wire *w, bool if_absent) {
    char sha256[SHA256_TEXT_SIZE];
    int64_t size = 0;
    int fd = file_of(S3_PART_BYTES + REST);
    const store_put_options options = {.if_absent = if_absent};
    status done = s3_put_file(w->s3, "a", fd, options, sha256, &size, &w->err);
    close(fd);
    if (done == OK)
        assert_int_equal(size, S3_PART_BYTES + REST);
    return done;
}

static const char *mark(void) {
    static char text[64];
    wire w;
    wire_begin(&w);
    snprintf(text, sizeof text, "%s: %s", S3_META_WRITE, w.write_id);
    wire_close(&w);
    return text;
}

static void run(const scripted_step *steps, size_t count, bool if_absent, status wanted) {
    wire w;
    wire_open(&w, steps, count);
    status got = put(&w, if_absent);
    if (got != wanted)
        fail_msg("%d: %s", got, w.err.message);
    wire_close(&w);
}
#define RUN(steps, if_absent, wanted) run((steps), ARRAY_SIZE(steps), (if_absent), (wanted))

static void test_a_large_file_goes_in_parts(void **state) {
    (void)state;
    const char *ours = mark();
    const scripted_step steps[] = {
        {.request = BEGIN, .headers = ours, .text = BEGUN},
        {.request = PART("1"), .fields = "ETag: \"1\"", .body_size = S3_PART_BYTES},
        {.request = PART("2"), .status = 500, .body_size = REST},
        {.request = PART("2"), .fields = "ETag: \"2\"", .body_size = REST},
        {.request = END,
         .headers = "if-none-match: *",
         .body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                 "<Part><PartNumber>1</PartNumber><ETag>&quot;1&quot;</ETag></Part>"
                 "<Part><PartNumber>2</PartNumber><ETag>&quot;2&quot;</ETag></Part>"
                 "</CompleteMultipartUpload>",
         .text = DONE},
    };
    RUN(steps, true, OK);
}

static void test_an_upload_that_fails_is_ended(void **state) {
    (void)state;
    static const scripted_step REFUSED[] = {
        {.request = BEGIN, .text = BEGUN},
        {.request = PART("1"), .status = 403},
        {.request = ABORT, .status = 204},
    };
    static const scripted_step UNTAGGED[] = {
        {.request = BEGIN, .text = BEGUN},
        {.request = PART("1")},
        {.request = ABORT, .status = 503},
        {.request = ABORT, .status = 204},
    };
    static const scripted_step LEFT[] = {
        {.request = BEGIN, .text = BEGUN},
        {.request = PART("1"), .status = 400},
        {.request = ABORT, .status = 403}, /* swept later */
    };
    static const scripted_step MET[] = {
        PARTS,
        {.request = END, .status = 412},
        {.request = "HEAD /bucket/lake/a", .fields = S3_META_WRITE ": other"},
        {.request = ABORT, .status = 204},
    };
    RUN(REFUSED, false, E_DENIED);
    RUN(UNTAGGED, false, E_IO);
    RUN(LEFT, false, E_IO);
    RUN(MET, true, E_EXISTS);
}

static void test_an_upload_without_an_id_is_asked_for_again(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = BEGIN, .text = "<html/>"}, PARTS, {.request = END, .text = DONE}};
    RUN(STEPS, false, OK);
}

/* Completing answers 200 before it is done, and tells in the body that it failed. */
static void test_an_end_without_its_tag_is_a_failure(void **state) {
    (void)state;
    static const scripted_step AGAIN[] = {
        PARTS,
        {.request = END, .text = FAILED},
        {.request = "HEAD /bucket/lake/a", .status = 404},
        {.request = END, .text = DONE},
    };
    RUN(AGAIN, true, OK);
}

static void test_a_lost_end_is_looked_for(void **state) {
    (void)state;
    const char *ours = mark();
    const scripted_step there[] = {
        PARTS,
        {.request = END, .way = SCRIPTED_STALL},
        {.request = "HEAD /bucket/lake/a", .fields = ours},
    };
    const scripted_step twice[] = {
        /* libcurl sends again what ends on a connection that was used before */
        PARTS,
        {.request = END, .way = SCRIPTED_HANG_UP},
        {.request = END, .status = 404},
        {.request = "HEAD /bucket/lake/a", .fields = ours},
    };
    const scripted_step before[] = {
        /* what it replaces is still there */
        PARTS,
        {.request = END, .way = SCRIPTED_STALL},
        {.request = "HEAD /bucket/lake/a", .fields = S3_META_WRITE ": other"},
        {.request = END, .status = 404},
        {.request = "HEAD /bucket/lake/a", .fields = ours},
    };
    const scripted_step others[] = {
        PARTS,
        {.request = END, .way = SCRIPTED_STALL},
        {.request = "HEAD /bucket/lake/a", .fields = S3_META_WRITE ": other"},
        {.request = ABORT, .status = 204},
    };
    const scripted_step ended[] = {
        PARTS,
        {.request = END, .way = SCRIPTED_STALL},
        {.request = "HEAD /bucket/lake/a", .status = 404},
        {.request = END, .status = 404},
        {.request = "HEAD /bucket/lake/a", .status = 404},
        {.request = ABORT, .status = 404},
    };
    RUN(there, true, OK);
    RUN(twice, true, OK);
    RUN(before, false, OK);
    RUN(others, true, E_EXISTS);
    RUN(ended, true, E_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_large_file_goes_in_parts),
        cmocka_unit_test(test_an_upload_that_fails_is_ended),
        cmocka_unit_test(test_an_upload_without_an_id_is_asked_for_again),
        cmocka_unit_test(test_an_end_without_its_tag_is_a_failure),
        cmocka_unit_test(test_a_lost_end_is_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
