#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_sha256_has_the_standards_values(void **state) {
    (void)state;
    char text[SHA256_TEXT_SIZE];
    sha256_text("abc", 3, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_text(NULL, 0, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_raw_bytes_may_come_in_pieces(void **state) {
    (void)state;
    char whole[SHA256_TEXT_SIZE], pieces[SHA256_TEXT_SIZE];
    sha256_text("abcdef", 6, whole);
    hasher *h = hasher_new();
    hasher_bytes(h, "abc", 3);
    hasher_bytes(h, NULL, 0);
    hasher_bytes(h, "def", 3);
    hasher_finish(h, pieces);
    hasher_free(h);
    assert_string_equal(whole, pieces);
}

static void hash_texts(const char *first, const char *second, char text[SHA256_TEXT_SIZE]) {
    hasher *h = hasher_new();
    hasher_text(h, first);
    hasher_text(h, second);
    hasher_finish(h, text);
    hasher_free(h);
}

static void test_fields_do_not_run_into_each_other(void **state) {
    (void)state;
    const char *pairs[][2] = {{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"abc", NULL}, {NULL, "abc"}};
    char seen[ARRAY_SIZE(pairs)][SHA256_TEXT_SIZE];
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        hash_texts(pairs[i][0], pairs[i][1], seen[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    }
}

/* Fingerprints are stored: a change of the encoding would rebuild every lake. */
static void test_the_encoding_of_fields_never_changes(void **state) {
    (void)state;
    char fields[SHA256_TEXT_SIZE], bytes[SHA256_TEXT_SIZE];
    hasher *h = hasher_new();
    hasher_text(h, "ab");
    hasher_int(h, -2);
    hasher_text(h, NULL);
    hasher_finish(h, fields);
    hasher_free(h);
    static const char ENCODED[] = "T\x02\0\0\0\0\0\0\0ab"
                                  "I\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                  "N\0\0\0\0\0\0\0\0";
    sha256_text(ENCODED, sizeof ENCODED - 1, bytes);
    assert_string_equal(fields, bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_has_the_standards_values),
        cmocka_unit_test(test_raw_bytes_may_come_in_pieces),
        cmocka_unit_test(test_fields_do_not_run_into_each_other),
        cmocka_unit_test(test_the_encoding_of_fields_never_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
