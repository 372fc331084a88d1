#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A table that reads one source and one derived table. */
typedef struct setup {
    lake_source source;
    lake_table raw, silver, gold;
    lake_input inputs[2];
    ledger_unit delivery, version;
    ledger_units units[2];
    plan_inputs in[2];
} setup;

static void prepare(setup *s) {
    *s = (setup){.raw = {.name = "raw.a"}, .silver = {.name = "silver.a"}};
    s->raw.source = &s->source;
    s->inputs[0] = (lake_input){.table = &s->raw, .map_fingerprint = "m1"};
    s->inputs[1] = (lake_input){.table = &s->silver, .map_fingerprint = "m2"};
    s->gold = (lake_table){
        .name = "gold.a", .fingerprint = "code", .inputs = s->inputs, .input_count = 2};
    s->delivery = (ledger_unit){.unit = 1,
                                .sha256 = "aa",
                                .contract_hash = "cc",
                                .file = "a/x.csv",
                                .from_path = "{}",
                                .land_time = 100};
    s->version = (ledger_unit){.unit = 2, .content = "content"};
    s->units[0] = (ledger_units){.items = &s->delivery, .count = 1};
    s->units[1] = (ledger_units){.items = &s->version, .count = 1};
    for (size_t i = 0; i < 2; i++)
        s->in[i] = (plan_inputs){.input = &s->inputs[i], .units = &s->units[i]};
}

static void key_of(const setup *s, char key[65]) {
    plan_memo_key(&s->gold, "generation", "d=1", s->in, 2, key);
}

static void assert_key(const setup *s, const char *key, bool same) {
    char now[65];
    key_of(s, now);
    assert_int_equal(strcmp(now, key) == 0, same);
}

static void test_the_key_depends_on_what_the_content_depends_on(void **state) {
    (void)state;
    setup s;
    char key[65], other[65];
    prepare(&s);
    key_of(&s, key);
    assert_key(&s, key, true);
    plan_memo_key(&s.gold, "generation", "d=2", s.in, 2, other);
    assert_string_not_equal(key, other);
    plan_memo_key(&s.gold, "another", "d=1", s.in, 2, other);
    assert_string_not_equal(key, other);
    s.delivery.sha256 = "ab";
    assert_key(&s, key, false);
    prepare(&s);
    s.delivery.contract_hash = "cd";
    assert_key(&s, key, false);
    prepare(&s);
    s.version.content = "other content";
    assert_key(&s, key, false);
    prepare(&s);
    s.gold.fingerprint = "new code";
    assert_key(&s, key, false);
    prepare(&s);
    s.inputs[1].map_fingerprint = "m3";
    assert_key(&s, key, false);
    prepare(&s);
    s.units[0].count = 0;
    assert_key(&s, key, false);
}

/* The same bytes sent under another name or at another time are the same content, unless the SQL
 * looks. */
static void test_name_and_time_count_only_for_sql_that_reads_them(void **state) {
    (void)state;
    setup s;
    char key[65];
    prepare(&s);
    key_of(&s, key);
    s.delivery.unit = 77;
    s.delivery.land_time = 200;
    s.delivery.file = "a/y.csv";
    s.delivery.from_path = "{\"day\":\"1\"}";
    assert_key(&s, key, true);
    prepare(&s);
    s.inputs[0].reads_land_timestamp = true;
    key_of(&s, key);
    s.delivery.land_time = 200;
    assert_key(&s, key, false);
    prepare(&s);
    s.inputs[0].reads_file = true;
    key_of(&s, key);
    s.delivery.file = "a/y.csv";
    assert_key(&s, key, false);
    prepare(&s);
    s.inputs[0].reads_from_path = true;
    key_of(&s, key);
    s.delivery.from_path = "{\"day\":\"1\"}";
    assert_key(&s, key, false);
}

static ledger_file file_of(int64_t rows, const char *sum1, const char *sum2) {
    return (ledger_file){.object = "o", .rows = rows, .sum1 = sum1, .sum2 = sum2};
}

static void test_a_content_id_is_the_sum_over_its_files(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const char *one = NULL, *two = NULL;
    error err = {0};
    ledger_file whole[] = {file_of(5, "0000000000000003", "8000000000000001")};
    ledger_file parts[] = {file_of(2, "0000000000000001", "8000000000000000"),
                           file_of(3, "0000000000000002", "0000000000000001")};
    assert_int_equal(plan_content_id(a, "hash", whole, 1, &one, &err), OK);
    assert_int_equal(plan_content_id(a, "hash", parts, 2, &two, &err), OK);
    assert_string_equal(one, two);
    assert_string_equal(one, "duckdb-hash-1:hash:5:0000000000000003:8000000000000001");
}

static void test_sums_wrap_around(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const char *id = NULL;
    error err = {0};
    ledger_file parts[] = {file_of(1, "ffffffffffffffff", "0000000000000000"),
                           file_of(1, "0000000000000002", "0000000000000000")};
    assert_int_equal(plan_content_id(a, "hash", parts, 2, &id, &err), OK);
    assert_string_equal(id, "duckdb-hash-1:hash:2:0000000000000001:0000000000000000");
}

static void test_a_broken_digest_is_refused(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const char *bad[] = {
        NULL, "", "12", "00000000000000000", "000000000000000G", "000000000000000A"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        const char *id = NULL;
        error err = {0};
        ledger_file file = file_of(1, bad[i], "0000000000000000");
        assert_int_equal(plan_content_id(a, "hash", &file, 1, &id, &err), E_DATA);
        assert_null(id);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_key_depends_on_what_the_content_depends_on),
        cmocka_unit_test(test_name_and_time_count_only_for_sql_that_reads_them),
        cmocka_unit_test(test_a_content_id_is_the_sum_over_its_files),
        cmocka_unit_test(test_sums_wrap_around),
        cmocka_unit_test(test_a_broken_digest_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
