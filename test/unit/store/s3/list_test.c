#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FIRST "GET /bucket?encoding-type=url&list-type=2&prefix=lake%2Fd%2F"
#define NEXT(token) \
    "GET /bucket?continuation-token=" token "&encoding-type=url&list-type=2&prefix=lake%2Fd%2F"
#define KEY(key)                                                   \
    "<Contents><Key>" key "</Key><Size>1</Size><ETag>\"e\"</ETag>" \
    "<LastModified>2024-05-22T10:00:00.000Z</LastModified></Contents>"
#define MORE(token)                   \
    "<IsTruncated>true</IsTruncated>" \
    "<NextContinuationToken>" token "</NextContinuationToken>"
#define PAGE(content) "<?xml version=\"1.0\"?><ListBucketResult>" content "</ListBucketResult>"

static status list(wire *w, strings *ret) {
    store_objects found = {0};
    status listed = s3_list(w->s3, "d/", w->arena, &found, &w->err);
    *ret = (strings){0};
    for (size_t i = 0; i < found.count; i++)
        vec_push(w->arena, ret, found.items[i].key);
    return listed;
}

static void test_pages_follow_each_other(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = FIRST, .text = PAGE(KEY("lake/d/") KEY("lake/d/a%20b") MORE("1/+="))},
        {.request = NEXT("1%2F%2B%3D"), .status = 503},
        {.request = NEXT("1%2F%2B%3D"), .text = PAGE(MORE("2"))}, /* empty, and yet not the last */
        {.request = NEXT("2"),
         .text = PAGE(KEY("lake/d/%C3%BC") "<IsTruncated>false</IsTruncated>"
                                           "<NextContinuationToken>3</NextContinuationToken>")},
    };
    wire w;
    strings keys;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(list(&w, &keys), OK);
    assert_string_equal(str_join(w.arena, &keys, "|"), "d/a b|d/ü");
    wire_close(&w);
}

static void test_a_missing_bucket_is_named(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = FIRST, .status = 404, .text = "<Error><Code>NoSuchBucket</Code></Error>"}};
    wire w;
    strings keys;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(list(&w, &keys), E_IO);
    assert_string_equal(w.err.hint, "Make the bucket, or correct its name in lake.yaml.");
    wire_close(&w);
}

static void test_what_is_no_listing_is_no_empty_listing(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "not XML",
        "<html><body/></html>",
        "<Error><Code>InternalError</Code></Error>",
        "<ListBucketResult><Contents><Key>lake/d/cut",
        "<!DOCTYPE x [<!ENTITY k \"lake/d/a\">]>" PAGE(KEY("&k;")),
        PAGE(KEY("elsewhere/a")),
        PAGE(KEY("lake/d")),
        PAGE(KEY("lake/d/%zz")),
        PAGE(KEY("lake/d/%00")),
        PAGE("<Contents><Size>1</Size></Contents>"),
        PAGE("<Contents><Key>lake/d/a</Key><Size>-1</Size></Contents>"),
        PAGE("<Contents><Key>lake/d/a</Key><Size>99999999999999999999</Size></Contents>"),
        PAGE("<Contents><Key>lake/d/a</Key><LastModified>now</LastModified></Contents>"),
        PAGE("<Contents><Key>lake/d/a</Key></Contents>"),
        PAGE(KEY("lake/d/a") KEY("lake/d/a")),
        PAGE("<IsTruncated>true</IsTruncated>"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++) {
        const scripted_step steps[] = {{.request = FIRST, .text = TEXTS[i]}};
        wire w;
        strings keys;
        WIRE_OPEN(&w, steps);
        status got = list(&w, &keys);
        if (got != E_IO)
            fail_msg("%s gives %d", TEXTS[i], got);
        assert_string_equal(w.err.message,
                            "cannot list \"s3://bucket/lake/d/\": the reply is no listing");
        wire_close(&w);
    }
}

/* As versitygw lists the folders "d=1" and "d=1-x". */
static void test_keys_need_not_come_in_the_order_of_their_bytes(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = FIRST, .text = PAGE(KEY("lake/d/1/b") KEY("lake/d/1-x/a"))}};
    wire w;
    strings keys;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(list(&w, &keys), OK);
    assert_int_equal(keys.count, 2);
    wire_close(&w);
}

/* What never gets on would never end. */
static void test_pages_that_do_not_get_on_are_refused(void **state) {
    (void)state;
    static const char SAME[] = PAGE(KEY("lake/d/b") MORE("1")), EMPTY[] = PAGE(MORE("1"));
    static const scripted_step AGAIN[] = {{.request = FIRST, .text = SAME},
                                          {.request = NEXT("1"), .text = SAME}};
    static const scripted_step BACK[] = {
        {.request = FIRST, .text = SAME},
        {.request = NEXT("1"), .text = PAGE(KEY("lake/d/a") MORE("2"))},
        {.request = NEXT("2"), .text = SAME},
        {.request = NEXT("1"), .text = PAGE(KEY("lake/d/a") MORE("2"))},
        {.request = NEXT("2"), .way = SCRIPTED_STALL}};
    static const scripted_step NOTHING[] = {{.request = FIRST, .text = EMPTY},
                                            {.request = NEXT("1"), .text = EMPTY}};
    static const struct {
        const scripted_step *steps;
        size_t count;
    } ROWS[] = {{AGAIN, ARRAY_SIZE(AGAIN)}, {BACK, ARRAY_SIZE(BACK)}, {NOTHING, 2}};
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        wire w;
        strings keys;
        wire_open(&w, ROWS[i].steps, ROWS[i].count);
        assert_int_equal(list(&w, &keys), E_IO);
        assert_string_equal(w.err.message,
                            "cannot list \"s3://bucket/lake/d/\": the reply is no listing");
        wire_close(&w);
    }
}

static void test_the_key_after_another_is_asked_for_alone(void **state) {
    (void)state;
    static const char ASKED[] = "GET /bucket?encoding-type=url&list-type=2&max-keys=1&"
                                "prefix=lake%2Fd%2F&start-after=lake%2Fd%2Fb";
    static const scripted_step STEPS[] = {
        {.request = ASKED, .text = PAGE(KEY("lake/d/c") MORE("1"))},
        {.request = ASKED, .text = PAGE("")},
    };
    wire w;
    char *found = NULL;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_next(w.s3, "d/", "d/b", w.arena, &found, &w.err), OK);
    assert_string_equal(found, "d/c");
    assert_int_equal(s3_next(w.s3, "d/", "d/b", w.arena, &found, &w.err), OK);
    assert_null(found);
    wire_close(&w);
}

#define DELETE(keys) \
    "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" keys "<Quiet>true</Quiet></Delete>"
#define ONE(key) "<Object><Key>" key "</Key></Object>"

/* The next page is under way before the keys of the last are dealt with. */
static void test_pages_are_asked_for_early_and_removed_together(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = FIRST, .text = PAGE(KEY("lake/d/a") KEY("lake/d/b%26%3C") MORE("1"))},
        {.request = NEXT("1"), .text = PAGE(KEY("lake/d/c"))},
        {.request = "POST /bucket?delete=",
         .headers = "content-md5: jieMQ82Lm+ICFlvrpNgFhA==",
         .body = DELETE(ONE("lake/d/a") ONE("lake/d/b&amp;&lt;")),
         .text = "<DeleteResult/>"},
        {.request = "POST /bucket?delete=", .status = 503},
        {.request = "POST /bucket?delete=",
         .body = DELETE(ONE("lake/d/c")),
         .text = "<DeleteResult><Error><Key>lake/d/c</Key><Code>NoSuchKey</Code></Error>"
                 "</DeleteResult>"},
    };
    wire w;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_remove_prefix(w.s3, "d/", &w.err), OK);
    wire_close(&w);
}

static void test_keys_that_were_not_removed_are_told(void **state) {
    (void)state;
    static const struct {
        const char *text;
        status kind;
        const char *message;
    } ROWS[] = {
        {"<DeleteResult><Error><Key>lake/d/x</Key><Code>NoSuchKey</Code></Error>"
         "<Error><Key>lake/d/a</Key><Code>AccessDenied</Code></Error>"
         "<Error><Key>lake/d/b</Key><Code>InternalError</Code></Error></DeleteResult>",
         E_DENIED, "cannot remove \"s3://bucket/lake/d/a\": AccessDenied"},
        {"<DeleteResult><Error><Key>lake/d/a</Key></Error></DeleteResult>", E_IO,
         "cannot remove \"s3://bucket/lake/d/a\": unknown"},
        {"<DeleteResult><Error><Code>Odd\nOne</Code></Error></DeleteResult>", E_IO,
         "cannot remove \"s3://bucket/?\": Odd\\x0AOne"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        const scripted_step steps[] = {{.request = FIRST, .text = PAGE(KEY("lake/d/a"))},
                                       {.request = "POST /bucket?delete=", .text = ROWS[i].text}};
        wire w;
        WIRE_OPEN(&w, steps);
        assert_int_equal(s3_remove_prefix(w.s3, "d/", &w.err), ROWS[i].kind);
        assert_string_equal(w.err.message, ROWS[i].message);
        wire_close(&w);
    }
}

#define UPLOADS         "GET /bucket?encoding-type=url&prefix=lake%2F&uploads="
#define UPLOAD(key, id) "<Upload><Key>" key "</Key><UploadId>" id "</UploadId></Upload>"

static void test_unfinished_uploads_below_the_prefix_are_ended(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = UPLOADS,
         .text = "<ListMultipartUploadsResult>" UPLOAD("lake/a%20b", "i+1") UPLOAD(
             "else/a",
             "2") "<IsTruncated>true</IsTruncated><NextKeyMarker>lake/a%20b</NextKeyMarker>"
                  "<NextUploadIdMarker>i+1</NextUploadIdMarker></ListMultipartUploadsResult>"},
        {.request = "DELETE /bucket/lake/a%20b?uploadId=i%2B1", .status = 404},
        {.request = "GET /bucket?encoding-type=url&key-marker=lake%2Fa%20b&prefix=lake%2F"
                    "&upload-id-marker=i%2B1&uploads=",
         .text =
             "<ListMultipartUploadsResult>" UPLOAD("lake/c", "3") "</ListMultipartUploadsResult>"},
        {.request = "DELETE /bucket/lake/c?uploadId=3", .status = 204},
    };
    wire w;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_sweep(w.s3, &w.err), OK);
    wire_close(&w);
}

static void test_what_is_no_list_of_uploads_is_refused(void **state) {
    (void)state;
    static const char STUCK[] =
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k"
        "</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker></ListMultipartUploadsResult>";
    static const scripted_step WRONG[] = {{.request = UPLOADS, .text = "<html/>"}};
    static const scripted_step ENDLESS[] = {
        {.request = UPLOADS, .text = STUCK},
        {.request = "GET /bucket?encoding-type=url&key-marker=k&prefix=lake%2F"
                    "&upload-id-marker=1&uploads=",
         .text = STUCK}};
    wire w;
    WIRE_OPEN(&w, WRONG);
    assert_int_equal(s3_sweep(w.s3, &w.err), E_IO);
    wire_close(&w);
    WIRE_OPEN(&w, ENDLESS);
    assert_int_equal(s3_sweep(w.s3, &w.err), E_IO);
    assert_string_equal(w.err.message,
                        "cannot list uploads in \"s3://bucket\": the reply is no listing");
    wire_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_follow_each_other),
        cmocka_unit_test(test_a_missing_bucket_is_named),
        cmocka_unit_test(test_what_is_no_listing_is_no_empty_listing),
        cmocka_unit_test(test_pages_that_do_not_get_on_are_refused),
        cmocka_unit_test(test_keys_need_not_come_in_the_order_of_their_bytes),
        cmocka_unit_test(test_the_key_after_another_is_asked_for_alone),
        cmocka_unit_test(test_pages_are_asked_for_early_and_removed_together),
        cmocka_unit_test(test_keys_that_were_not_removed_are_told),
        cmocka_unit_test(test_unfinished_uploads_below_the_prefix_are_ended),
        cmocka_unit_test(test_what_is_no_list_of_uploads_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
