#include "store/s3/sign.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The examples of "Signature Calculations for the Authorization Header: Transferring Payload in a
 * Single Chunk" in Amazon's S3 reference, with the keys given there. */
static const char EMPTY[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char PUT_BODY[] = "Welcome to Amazon S3.";

typedef struct example {
    const char *method, *path, *query, *body_sha256;
    s3_pair more[3]; /* headers beside host, content-sha256 and date */
    const char *signed_headers, *signature;
} example;

static const example EXAMPLES[] = {
    {"GET",
     "/test.txt",
     "",
     EMPTY,
     {{"range", "bytes=0-9"}},
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT",
     "/test%24file.text",
     "",
     NULL,
     {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET",
     "/",
     "lifecycle=",
     EMPTY,
     {{NULL, NULL}},
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET",
     "/",
     "max-keys=2&prefix=J",
     EMPTY,
     {{NULL, NULL}},
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static void assert_signed(const example *e) {
    ARENA_AUTO a = arena_new();
    char sha256[SHA256_TEXT_SIZE];
    s3_pairs headers = {0};
    sha256_text(PUT_BODY, strlen(PUT_BODY), sha256);
    const char *body = e->body_sha256 != NULL ? e->body_sha256 : sha256;
    for (size_t i = 0; i < ARRAY_SIZE(e->more) && e->more[i].name != NULL; i++)
        vec_push(a, &headers, e->more[i]);
    vec_push(a, &headers, ((s3_pair){"x-amz-date", "20130524T000000Z"}));
    vec_push(a, &headers, ((s3_pair){"x-amz-content-sha256", body}));
    vec_push(a, &headers, ((s3_pair){"host", "examplebucket.s3.amazonaws.com"}));
    const s3_to_sign what = {.method = e->method,
                             .path = e->path,
                             .query = e->query,
                             .headers = &headers,
                             .body_sha256 = body,
                             .date = "20130524T000000Z",
                             .region = "us-east-1",
                             .service = "s3",
                             .access_key = "AKIAIOSFODNN7EXAMPLE",
                             .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
    const char *wanted = arena_printf(
        a,
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=%s,Signature=%s",
        e->signed_headers, e->signature);
    assert_string_equal(s3_authorization(&what, a), wanted);
}

static void test_the_published_examples_come_out(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(EXAMPLES); i++)
        assert_signed(&EXAMPLES[i]);
}

static void test_dates_are_without_punctuation(void **state) {
    (void)state;
    char text[S3_DATE_SIZE];
    s3_date(INT64_C(1369353600999999), text);
    assert_string_equal(text, "20130524T000000Z");
}

/* RFC 1321's own vector. */
static void test_md5_is_in_base_64(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    assert_string_equal(s3_md5(a, "abc", 3), "kAFQmDzST7DWlj99KOF/cg==");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_examples_come_out),
        cmocka_unit_test(test_dates_are_without_punctuation),
        cmocka_unit_test(test_md5_is_in_base_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
