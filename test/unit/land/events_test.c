#include "land/events.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RECORD(name, bucket, key)                                                      \
    "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":\"" name "\"," \
    "\"s3\":{\"bucket\":{\"name\":\"" bucket "\"},\"object\":{\"key\":\"" key "\","    \
    "\"size\":3,\"eTag\":\"e\",\"sequencer\":\"0055AED6DCD90281E5\"}}}"
#define MADE(key)     RECORD("ObjectCreated:Put", "box", key)
#define RECORDS(list) "{\"Records\":[" list "]}"
#define BRIDGE(type, key)                                                               \
    "{\"version\":\"0\",\"source\":\"aws.s3\",\"detail-type\":\"" type "\",\"detail\":" \
    "{\"bucket\":{\"name\":\"box\"},\"object\":{\"key\":\"" key "\"}}}"
/* A record as text inside another document. */
#define QUOTED                                                                                   \
    "{\\\"Records\\\":[{\\\"eventName\\\":\\\"ObjectCreated:Put\\\",\\\"s3\\\":{\\\"bucket\\\":" \
    "{\\\"name\\\":\\\"box\\\"},\\\"object\\\":{\\\"key\\\":\\\"in/q.csv\\\"}}}]}"

static status read(arena *a, const char *text, land_events *ret, error *err) {
    *ret = (land_events){0};
    return events_read(text, strlen(text), "records", "s3://box/in", a, ret, err);
}

static void assert_keys(const char *text, const char *keys, int64_t records, int64_t ignored) {
    ARENA_AUTO a = arena_new();
    land_events found;
    error err = {0};
    if (read(a, text, &found, &err) != OK)
        fail_msg("%s: %s", text, err.message);
    assert_string_equal(str_join(a, &found.keys, "|"), keys);
    assert_int_equal(found.records, records);
    assert_int_equal(found.ignored, ignored);
}

static void test_created_objects_below_the_prefix_are_found(void **state) {
    (void)state;
    assert_keys("", "", 0, 0);
    assert_keys(" \n", "", 0, 0);
    assert_keys(RECORDS(""), "", 0, 0);
    assert_keys(RECORDS(MADE("in/a b+c")), "a b+c", 1, 0);
    assert_keys(RECORDS(MADE("in/sales/a+b%2B%C3%BC%20c.csv")), "sales/a b+ü c.csv", 1, 0);
    assert_keys(RECORDS(RECORD("s3:ObjectCreated:CompleteMultipartUpload", "box", "in/a")), "a", 1,
                0);
}

static void test_duplicates_and_disorder_do_no_harm(void **state) {
    (void)state;
    assert_keys(RECORDS(MADE("in/b") "," MADE("in/a") "," MADE("in/b")) "\n" RECORDS(MADE("in/a")),
                "a|b", 4, 0);
}

static void test_other_records_are_counted_and_ignored(void **state) {
    (void)state;
    static const char *const IGNORED[] = {
        RECORD("ObjectRemoved:Delete", "box", "in/a"),
        RECORD("ObjectCreated:Put", "other", "in/a"),
        MADE("out/a"),
        MADE("in/"),
        MADE("in"),
        MADE("inner/a"),
        MADE("in/folder/"),
    };
    ARENA_AUTO a = arena_new();
    buf text = buf_new(a);
    for (size_t i = 0; i < ARRAY_SIZE(IGNORED); i++)
        buf_printf(&text, "{\"Records\":[%s]}\n", IGNORED[i]);
    buf_add(&text, RECORDS(MADE("in/ok")));
    assert_keys(text.text, "ok", ARRAY_SIZE(IGNORED) + 1, ARRAY_SIZE(IGNORED));
    assert_keys("{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"box\"}", "", 0,
                0);
}

static void test_envelopes_are_opened(void **state) {
    (void)state;
    assert_keys("{\"Type\":\"Notification\",\"Message\":\"" QUOTED "\"}", "q.csv", 1, 0);
    assert_keys("{\"Messages\":[{\"MessageId\":\"1\",\"Body\":\"" QUOTED "\"}]}", "q.csv", 1, 0);
    assert_keys("{\"MessageId\":\"1\",\"Body\":\"" QUOTED "\"}", "q.csv", 1, 0);
    assert_keys(RECORDS("{\"eventSource\":\"aws:sqs\",\"body\":\"" QUOTED "\"}"), "q.csv", 1, 0);
    assert_keys(RECORDS("{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":\"" QUOTED "\"}}"),
                "q.csv", 1, 0);
    assert_keys("[" RECORDS(MADE("in/a")) "," RECORDS(MADE("in/b")) "]", "a|b", 2, 0);
    assert_keys("{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"hello\"}", "", 0, 0);
}

/* Its keys are as they are in the bucket. */
static void test_events_of_a_bridge_are_understood(void **state) {
    (void)state;
    assert_keys(BRIDGE("Object Created", "in/a+b%20.csv"), "a+b%20.csv", 1, 0);
    assert_keys(BRIDGE("Object Deleted", "in/a"), "", 1, 1);
}

/* Whatever is odd: nothing is taken, and the place is told. */
static void test_hostile_records_are_refused_with_their_place(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "{}",
        "[1]",
        "[[[[[[[[{}]]]]]]]]",
        "{\"Records\":{}}",
        RECORDS("1"),
        RECORDS("null"),
        RECORDS("{\"eventName\":1}"),
        RECORDS("{\"eventName\":\"ObjectCreated:Put\"}"),
        RECORDS("{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"box\"}}}"),
        RECORDS("{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":\"box\","
                "\"object\":{\"key\":\"in/a\"}}}"),
        RECORDS(MADE("")),
        RECORDS(MADE("in/%zz")),
        RECORDS(MADE("in/%00")),
        RECORDS(MADE("in/%ff")),
        RECORDS(MADE("in/%")),
        RECORDS("{\"eventSource\":\"aws:sqs\",\"body\":\"no JSON\"}"),
        RECORDS("{\"eventSource\":\"aws:sqs\"}"),
        RECORDS("{\"EventSource\":\"aws:sns\",\"Sns\":[]}"),
        "{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\"}",
        "{\"Type\":\"Notification\"}",
        "{\"MessageId\":\"1\",\"Body\":{}}",
        "\xff",
        "{\"Records\":[",
        "plain text",
        "{\"Records\":[],\"Records\":[]}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++) {
        ARENA_AUTO a = arena_new();
        land_events found = {.records = 7};
        error err = {0};
        const char *text = arena_printf(a, "%s\n\n%s", RECORDS(MADE("in/a")), TEXTS[i]);
        status got = events_read(text, strlen(text), "records", "s3://box/in", a, &found, &err);
        if (got != E_DATA || err.line != 3)
            fail_msg("%s gives %d in line %d: %s", TEXTS[i], got, err.line, err.message);
        assert_true(found.records == 7 && found.keys.count == 0);
    }
}

static void test_the_record_is_named(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    land_events found;
    error err = {0};
    assert_int_equal(read(a, RECORDS(MADE("in/a") ",{}"), &found, &err), E_DATA);
    assert_string_equal(err.message, "record 2 of \"records\": the key \"eventName\" is missing");
}

static void test_envelopes_do_not_go_on_for_ever(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    land_events found;
    error err = {0};
    const char *text = "{\"Records\":[]}";
    for (int i = 0; i < 6; i++) {
        buf quoted = buf_new(a);
        for (const char *c = text; *c != '\0'; c++)
            buf_printf(&quoted, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
        text = arena_printf(a, "{\"MessageId\":\"1\",\"Body\":\"%s\"}", quoted.text);
    }
    assert_int_equal(read(a, text, &found, &err), E_DATA);
    assert_non_null(strstr(err.message, "too many envelopes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_created_objects_below_the_prefix_are_found),
        cmocka_unit_test(test_duplicates_and_disorder_do_no_harm),
        cmocka_unit_test(test_other_records_are_counted_and_ignored),
        cmocka_unit_test(test_envelopes_are_opened),
        cmocka_unit_test(test_events_of_a_bridge_are_understood),
        cmocka_unit_test(test_hostile_records_are_refused_with_their_place),
        cmocka_unit_test(test_the_record_is_named),
        cmocka_unit_test(test_envelopes_do_not_go_on_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
