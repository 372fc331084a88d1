#include "store/s3/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_place_is_a_bucket_and_a_prefix(void **state) {
    (void)state;
    static const char *const ROWS[][3] = {
        {"s3://bucket", "bucket", ""},
        {"s3://bucket/", "bucket", ""},
        {"s3://my.bucket-1/prefix", "my.bucket-1", "prefix/"},
        {"s3://bucket/a/b=c d/", "bucket", "a/b=c d/"},
    };
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        s3_place place = {0};
        assert_int_equal(s3_place_parse(ROWS[i][0], a, &place, NULL), OK);
        assert_string_equal(place.bucket, ROWS[i][1]);
        assert_string_equal(place.prefix, ROWS[i][2]);
    }
}

static void test_what_names_no_bucket_is_refused(void **state) {
    (void)state;
    static const char *const URLS[] = {
        "s3://",      "s3:///a",      "s3://ab/x",     "s3://Bucket/x",      "s3://b_/x",
        "s3://-bu/x", "s3://bu/../x", "s3://buc/a//b", "s3://buc/a/../../b", "s3://bu%63/x"};
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(URLS); i++) {
        s3_place place = {0};
        error err = {0};
        assert_int_equal(s3_place_parse(URLS[i], a, &place, &err), E_DEFINITION);
        assert_non_null(strstr(err.message, URLS[i]));
        assert_null(place.bucket);
    }
}

static void test_only_unreserved_characters_stay(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(s3_encode(a, "a-Z_0.9~", false), "a-Z_0.9~");
    assert_string_equal(s3_encode(a, "a/b=c d+e%f", true), "a/b%3Dc%20d%2Be%25f");
    assert_string_equal(s3_encode(a, "a/\xC3\xA4*", false), "a%2F%C3%A4%2A");
}

static void test_what_is_encoded_comes_back(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    char *back = NULL;
    char all[256];
    for (size_t i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    assert_true(s3_decode(a, s3_encode(a, all, true), &back));
    assert_string_equal(back, all);
    assert_true(s3_decode(a, "a+b%2b", &back));
    assert_string_equal(back, "a b+");
    assert_false(s3_decode(a, "a%2", &back));
    assert_false(s3_decode(a, "a%zz", &back));
    assert_false(s3_decode(a, "a%00b", &back));
}

static void test_queries_are_sorted_and_encoded(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    s3_pairs query = {0};
    assert_string_equal(s3_canonical_query(a, &query), "");
    vec_push(a, &query, ((s3_pair){"uploads", ""}));
    vec_push(a, &query, ((s3_pair){"prefix", "a/b c"}));
    vec_push(a, &query, ((s3_pair){"Prefix", "&"}));
    assert_string_equal(s3_canonical_query(a, &query), "Prefix=%26&prefix=a%2Fb%20c&uploads=");
}

static void test_endpoints_are_hosts_without_paths(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    s3_endpoint at = {0};
    assert_int_equal(s3_endpoint_parse("http://127.0.0.1:7070/", a, &at, NULL), OK);
    assert_false(at.tls);
    assert_string_equal(at.host, "127.0.0.1:7070");
    assert_int_equal(s3_endpoint_parse("https://s3.example:443", a, &at, NULL), OK);
    assert_true(at.tls);
    assert_string_equal(at.host, "s3.example");
    static const char *const WRONG[] = {"",           "s3.example", "ftp://x",
                                        "http://x/y", "http://a b", "http://user@x"};
    for (size_t i = 0; i < ARRAY_SIZE(WRONG); i++)
        assert_int_equal(s3_endpoint_parse(WRONG[i], a, &at, NULL), E_DEFINITION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_place_is_a_bucket_and_a_prefix),
        cmocka_unit_test(test_what_names_no_bucket_is_refused),
        cmocka_unit_test(test_only_unreserved_characters_stay),
        cmocka_unit_test(test_what_is_encoded_comes_back),
        cmocka_unit_test(test_queries_are_sorted_and_encoded),
        cmocka_unit_test(test_endpoints_are_hosts_without_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
