#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ATTEMPTS_IN_A_MINUTE = 19, HUGE = 1 << 20 };

static status get(wire *w) {
    char *body = NULL;
    return s3_get(w->s3, "a", 100, w->arena, &body, NULL, &w->err);
}

static void test_what_is_signed_is_what_is_sent(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "PUT /bucket/lake/a%20b/%C3%BC%3D%2B%26~%27",
         .headers = "host: 127.0.0.1:{port}\nx-amz-date: " WIRE_DATE "\n"
                    "x-amz-content-sha256: "
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
                    "x-amz-meta-weir-sha256: "
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
                    "content-length: 3\n-content-type\n-expect\n-accept\n-if-none-match\n"
                    "-x-amz-security-token",
         .body = "abc"},
    };
    wire w;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_put(w.s3, "a b/ü=+&~'", "abc", 3, (store_put_options){0}, &w.err), OK);
    wire_close(&w);
}

static void test_the_bucket_is_in_the_host_or_in_the_path(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /lake/a", .headers = "host: bucket.localhost:{port}", .text = "x"},
    };
    wire w;
    wire_set("AWS_ENDPOINT_URL", "http://localhost:{port}");
    wire_set("WEIR_S3_URL_STYLE", "virtual");
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

static void test_a_session_token_is_sent_along(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /bucket/lake/a", .headers = "x-amz-security-token: passing"}};
    wire w;
    wire_set("AWS_SESSION_TOKEN", "passing");
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

static void test_refusals_are_never_sent_again(void **state) {
    (void)state;
    static const struct {
        int http_status;
        status kind;
    } ROWS[] = {
        {301, E_IO}, {400, E_IO}, {401, E_DENIED}, {403, E_DENIED}, {404, E_NOT_FOUND}, {405, E_IO},
        {409, E_IO}, {410, E_IO}, {412, E_EXISTS}, {416, E_IO},     {418, E_IO},        {499, E_IO},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        const scripted_step steps[] = {
            {.request = "GET /bucket/lake/a", .status = ROWS[i].http_status}};
        wire w;
        WIRE_OPEN(&w, steps);
        assert_int_equal(get(&w), ROWS[i].kind);
        assert_int_equal(w.waited_ms, 0);
        wire_close(&w);
    }
}

static void test_what_may_pass_is_sent_again(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /bucket/lake/a", .status = 500},
        {.request = "GET /bucket/lake/a", .status = 502, .text = "<html>bad gateway"},
        {.request = "GET /bucket/lake/a", .status = 503, .text = "<Error><Code>SlowDown"},
        {.request = "GET /bucket/lake/a", .status = 408},
        {.request = "GET /bucket/lake/a", .status = 429},
        {.request = "GET /bucket/lake/a", .way = SCRIPTED_HANG_UP},
        {.request = "GET /bucket/lake/a", .way = SCRIPTED_STALL},
        {.request = "GET /bucket/lake/a", .way = SCRIPTED_CUT, .text = "0123456789"},
        {.request = "GET /bucket/lake/a", .fields = "content-length: 9", .text = "short"},
        {.request = "GET /bucket/lake/a", .text = "whole"},
    };
    wire w;
    char *body = NULL;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(s3_get(w.s3, "a", 100, w.arena, &body, NULL, &w.err), OK);
    assert_string_equal(body, "whole");
    assert_true(w.waited_ms > 0);
    wire_close(&w);
}

static void test_a_reply_says_when_to_come_again(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /bucket/lake/a", .status = 503, .fields = "Retry-After: 7"},
        {.request = "GET /bucket/lake/a",
         .status = 429,
         .fields = "retry-after: Wed, 22 May 2024 10:00:27 GMT"},
        {.request = "GET /bucket/lake/a"},
    };
    wire w;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    assert_int_equal(w.waited_ms, 7000 + 20000);
    wire_close(&w);
}

static void test_who_asks_for_more_than_the_budget_is_told_at_once(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /bucket/lake/a", .status = 503, .fields = "retry-after: 61"}};
    wire w;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), E_IO);
    assert_string_equal(w.err.message, "cannot read \"s3://bucket/lake/a\": status 503");
    assert_int_equal(w.waited_ms, 0);
    wire_close(&w);
}

static void test_it_ends_when_the_time_is_over(void **state) {
    (void)state;
    scripted_step steps[ATTEMPTS_IN_A_MINUTE];
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        steps[i] = (scripted_step){.request = "GET /bucket/lake/a", .status = 503};
    wire w;
    WIRE_OPEN(&w, steps);
    assert_int_equal(get(&w), E_IO);
    assert_true(w.waited_ms > 50000 && w.waited_ms <= 60000);
    wire_close(&w);
}

static void test_nobody_there_is_told_with_the_address(void **state) {
    (void)state;
    static const scripted_step NONE[] = {{.request = "never"}};
    wire w;
    wire_set("WEIR_S3_RETRY_FOR", "0s");
    wire_begin(&w);
    scripted *other = scripted_start(NONE, 0);
    int port = scripted_port(other);
    assert_string_equal(scripted_stop(other, w.arena), "");
    const char *url = arena_printf(w.arena, "http://127.0.0.1:%d", port);
    wire_set("AWS_ENDPOINT_URL", url);
    wire_set("AWS_ACCESS_KEY_ID", "key");
    wire_set("AWS_SECRET_ACCESS_KEY", "secret");
    const s3_options options = {.environment = wire_get, .clock = &w.clock};
    assert_int_equal(s3_open("s3://bucket/lake", options, &w.s3, &w.err), OK);
    assert_int_equal(get(&w), E_IO);
    assert_string_equal(w.err.hint, arena_printf(w.arena,
                                                 "Is \"127.0.0.1:%d\" the right address, and is it "
                                                 "up? Tried 3 times.",
                                                 port));
    wire_close(&w);
}

static void test_an_error_is_told_with_code_and_hint(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /bucket/lake/a",
         .status = 403,
         .fields = "x-amz-bucket-region: eu-west-3",
         .text = "<?xml version='1.0'?><Error><Code>AccessDenied</Code>"
                 "<Message>not\nhere</Message></Error>"}};
    wire w;
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), E_DENIED);
    assert_string_equal(w.err.message, "cannot read \"s3://bucket/lake/a\": status 403 "
                                       "AccessDenied: not\\x0Ahere");
    assert_string_equal(w.err.hint, "The bucket is in another region: set AWS_REGION=eu-west-3.");
    wire_close(&w);
}

static void test_texts_of_errors_are_hostile(void **state) {
    (void)state;
    char *huge = malloc(HUGE + 1);
    assert_non_null(huge);
    memset(huge, 'x', HUGE);
    huge[HUGE] = '\0';
    const char *const texts[] = {
        huge,
        "<!DOCTYPE a [<!ENTITY b \"bomb\">]><Error><Code>&b;</Code></Error>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><Error><Code>&b;</Code></Error>",
        "<Error><Code>Cut",
        "<Error><Code></Code><Message></Message></Error>",
        "{\"Code\": \"Else\"}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const scripted_step steps[] = {
            {.request = "GET /bucket/lake/a", .status = 400, .text = texts[i]}};
        wire w;
        WIRE_OPEN(&w, steps);
        assert_int_equal(get(&w), E_IO);
        assert_string_equal(w.err.message, "cannot read \"s3://bucket/lake/a\": status 400");
        wire_close(&w);
    }
    free(huge);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_signed_is_what_is_sent),
        cmocka_unit_test(test_the_bucket_is_in_the_host_or_in_the_path),
        cmocka_unit_test(test_a_session_token_is_sent_along),
        cmocka_unit_test(test_refusals_are_never_sent_again),
        cmocka_unit_test(test_what_may_pass_is_sent_again),
        cmocka_unit_test(test_a_reply_says_when_to_come_again),
        cmocka_unit_test(test_who_asks_for_more_than_the_budget_is_told_at_once),
        cmocka_unit_test(test_it_ends_when_the_time_is_over),
        cmocka_unit_test(test_nobody_there_is_told_with_the_address),
        cmocka_unit_test(test_an_error_is_told_with_code_and_hint),
        cmocka_unit_test(test_texts_of_errors_are_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
