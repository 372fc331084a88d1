/* Covers stream.c: whole and broken compressed files. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/duckdb/stream.h"

#include <zlib.h>
#include <zstd.h>

enum { PLAIN_SIZE = 300000, ROOM = 400000 };

/* Bytes that do not compress away to nothing. */
static char *plain_bytes(fixture *f) {
    char *bytes = arena_alloc(f->arena, PLAIN_SIZE);
    uint32_t x = 1;
    for (size_t i = 0; i < PLAIN_SIZE; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (char)('a' + (x >> 28));
    }
    return bytes;
}

static size_t gzip_bytes(const char *plain, size_t size, char *out) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)plain;
    z.avail_in = (unsigned)size;
    z.next_out = (unsigned char *)out;
    z.avail_out = ROOM;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t written = ROOM - z.avail_out;
    deflateEnd(&z);
    return written;
}

static status check(const char *path, const char *compression, stream_facts *facts, error *err) {
    *err = (error){0};
    return stream_check(path, compression, facts, err);
}

static void test_whole_streams_are_whole(void **state) {
    fixture *f = *state;
    error err;
    stream_facts facts;
    char *plain = plain_bytes(f);
    char *packed = arena_alloc(f->arena, ROOM);
    size_t size = gzip_bytes(plain, PLAIN_SIZE, packed);
    assert_int_equal(check(fixture_write(f, "a.gz", packed, size), "gzip", &facts, &err), OK);
    assert_int_equal(facts.head_size, STREAM_HEAD_MAX);
    assert_memory_equal(facts.head, plain, STREAM_HEAD_MAX);
    size = ZSTD_compress(packed, ROOM, plain, PLAIN_SIZE, 3);
    assert_int_equal(check(fixture_write(f, "a.zst", packed, size), "zstd", &facts, &err), OK);
    assert_memory_equal(facts.head, plain, STREAM_HEAD_MAX);
    assert_int_equal(check(fixture_write(f, "a", plain, 5), "none", &facts, &err), OK);
    assert_int_equal(facts.head_size, 5);
}

static void test_two_members_are_one_stream(void **state) {
    fixture *f = *state;
    error err;
    stream_facts facts;
    char *packed = arena_alloc(f->arena, 2 * (size_t)ROOM);
    size_t size = gzip_bytes("ab", 2, packed);
    size += gzip_bytes("cd", 2, packed + size);
    assert_int_equal(check(fixture_write(f, "two.gz", packed, size), "gzip", &facts, &err), OK);
    assert_int_equal(facts.head_size, 4);
    assert_memory_equal(facts.head, "abcd", 4);
}

static void test_cut_off_streams_are_refused_wherever_they_end(void **state) {
    fixture *f = *state;
    error err;
    stream_facts facts;
    char *plain = plain_bytes(f);
    char *gzip = arena_alloc(f->arena, ROOM);
    char *zstd = arena_alloc(f->arena, ROOM);
    size_t gzip_size = gzip_bytes(plain, PLAIN_SIZE, gzip);
    size_t zstd_size = ZSTD_compress(zstd, ROOM, plain, PLAIN_SIZE, 3);
    for (size_t cut = 1; cut < gzip_size; cut = cut * 3 + 1)
        assert_int_equal(
            check(fixture_write(f, "cut.gz", gzip, gzip_size - cut), "gzip", &facts, &err), E_DATA);
    for (size_t cut = 1; cut < zstd_size; cut = cut * 3 + 1)
        assert_int_equal(
            check(fixture_write(f, "cut.zst", zstd, zstd_size - cut), "zstd", &facts, &err),
            E_DATA);
}

static void test_other_bytes_are_refused(void **state) {
    fixture *f = *state;
    error err;
    stream_facts facts;
    const char *path = fixture_text(f, "text", "day,code\n1,2\n");
    assert_int_equal(check(path, "gzip", &facts, &err), E_DATA);
    assert_int_equal(check(path, "zstd", &facts, &err), E_DATA);
    path = fixture_text(f, "nothing", "");
    assert_int_equal(check(path, "gzip", &facts, &err), E_DATA);
    assert_int_equal(check(path, "zstd", &facts, &err), E_DATA);
}

static void test_what_is_no_file_is_not_data(void **state) {
    fixture *f = *state;
    error err;
    stream_facts facts;
    assert_int_equal(check(f->dir, "none", &facts, &err), E_IO);
    assert_int_equal(check("/nowhere/x", "none", &facts, &err), E_NOT_FOUND);
    assert_int_equal(check("/dev/null", "gzip", &facts, &err), E_IO);
}

static void test_lines_are_found_by_offset(void **state) {
    fixture *f = *state;
    error err = {0};
    const char *path = fixture_text(f, "lines", "a\nbc\r\nd\re\n");
    int64_t offsets[] = {0, 1, 2, 6, 8, 100};
    assert_int_equal(stream_lines(path, "none", offsets, ARRAY_SIZE(offsets), &err), OK);
    const int64_t lines[] = {1, 1, 2, 3, 4, 5};
    assert_memory_equal(offsets, lines, sizeof lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_streams_are_whole),
        cmocka_unit_test(test_two_members_are_one_stream),
        cmocka_unit_test(test_cut_off_streams_are_refused_wherever_they_end),
        cmocka_unit_test(test_other_bytes_are_refused),
        cmocka_unit_test(test_lines_are_found_by_offset),
        cmocka_unit_test(test_what_is_no_file_is_not_data),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
