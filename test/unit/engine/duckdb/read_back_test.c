/* Covers read_back.c, digest.c and maps.c: what a digest depends on, and what not. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Build one whole table from SQL; its answer. */
static const char *make(fixture *f, const char *sql, const char *columns, const char *more) {
    return fixture_ask(f,
                       "{`op`:`build`,`table`:`s.t`,`sql`:`%s`,`inputs`:[],`columns`:%s,"
                       "`partition_by`:[],`partitions`:[[]],`output`:{`dir`:`%s/out`,`stem`:`t`,"
                       "`target_bytes`:0,`file_name`:null}%s}",
                       sql, columns, f->dir, more);
}

static const char *digest(fixture *f, const char *sql, const char *columns, const char *more) {
    const char *answer = make(f, sql, columns, more);
    return arena_printf(f->arena, "%s %s", fixture_value(f, answer, "sum1", 1),
                        fixture_value(f, answer, "sum2", 1));
}

#define A  "[{`name`:`a`,`type`:`INTEGER`,`field_id`:1}]"
#define AB "[{`name`:`a`,`type`:`INTEGER`,`field_id`:1},{`name`:`b`,`type`:`INTEGER`,`field_id`:2}]"
#define V  "[{`name`:`a`,`type`:`VARCHAR`,`field_id`:1}]"

static void test_the_digest_has_the_value_it_always_had(void **state) {
    /* A change of these breaks every ledger: it needs another name for the algorithm. */
    assert_string_equal(digest(*state, "select 1 as a, 2 as b", AB, ""),
                        "66b5c8d6fb219900 d497f6461bc1ebe8");
}

static void test_the_digest_does_not_depend_on_order_or_threads(void **state) {
    fixture *f = *state;
    const char *up = "select i::int as a, (i * 7 % 1000)::int as b from range(300000) t(i)";
    const char *sorted = arena_printf(f->arena, "%s order by i", up);
    const char *reverse = arena_printf(f->arena, "%s order by i desc", up);
    const char *first = digest(f, sorted, AB, "");
    assert_string_equal(first, digest(f, reverse, AB, ",`single_thread`:true"));
}

static uint64_t hex(const char *text) {
    uint64_t value = 0;
    assert_int_equal(strlen(text), 16);
    for (; *text != '\0'; text++)
        value = value * 16 + (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
    return value;
}

static void test_the_digest_of_a_partition_is_the_sum_over_its_files(void **state) {
    fixture *f = *state;
    const char *sql = "select i::int as a, 1 as b from range(1000) t(i)";
    const char *whole = make(f, sql, AB, "");
    uint64_t sum = hex(fixture_value(f, whole, "sum1", 1));
    const char *parts = fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.t`,`sql`:`select i::int as a, 1 as b from range(1000) t(i)`,"
        "`inputs`:[],`columns`:" AB ",`partition_by`:[`a`],`partitions`:%s,`outside`:`drop`,"
        "`output`:{`dir`:`%s/out`,`stem`:`p`,`target_bytes`:0,`file_name`:null}}",
        "[[`1`],[`2`],[`3`]]", f->dir);
    const char *three = make(f, "select i::int as a, 1 as b from range(1, 4) t(i)", AB, "");
    uint64_t added = 0;
    for (int i = 1; i <= 3; i++)
        added += hex(fixture_value(f, parts, "sum1", i));
    assert_true(added == hex(fixture_value(f, three, "sum1", 1)));
    assert_true(added != sum);
}

static void test_the_digest_sees_every_change(void **state) {
    fixture *f = *state;
    const char *const sql[] = {
        "select * from (values (1, 2), (3, 4)) t(a, b)",
        "select * from (values (1, 4), (3, 2)) t(a, b)",
        "select * from (values (2, 1), (4, 3)) t(a, b)",
        "select * from (values (1, 2), (3, null)) t(a, b)",
        "select * from (values (1, 2), (null, 3)) t(a, b)",
        "select * from (values (1, 2), (3, 4), (3, 4)) t(a, b)",
        "select * from (values (0, 2), (3, 4)) t(a, b)",
        "select * from (values (0, 0), (3, 4)) t(a, b)",
    };
    for (size_t i = 0; i < ARRAY_SIZE(sql); i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(digest(f, sql[i], AB, ""), digest(f, sql[k], AB, ""));
}

static void test_the_digest_tells_nested_values_apart(void **state) {
    fixture *f = *state;
    const char *list = "[{`name`:`a`,`type`:`INTEGER[][]`,`field_id`:1}]";
    assert_string_not_equal(digest(f, "select [[1],[2]] as a", list, ""),
                            digest(f, "select [[1,2]] as a", list, ""));
    assert_string_not_equal(digest(f, "select []::int[][] as a", list, ""),
                            digest(f, "select null::int[][] as a", list, ""));
    const char *interval = "[{`name`:`a`,`type`:`INTERVAL`,`field_id`:1}]";
    assert_string_not_equal(digest(f, "select interval 1 month as a", interval, ""),
                            digest(f, "select interval 30 days as a", interval, ""));
}

/* The same rows, as the engine writes them by itself in other ways, read as an input again. */
static void test_the_digest_does_not_depend_on_encoding(void **state) {
    fixture *f = *state;
    const char *rows = "SELECT 'value number ' || (i % 10) AS a FROM range(200000) t(i)";
    const char *const options[] = {"", ", COMPRESSION snappy, ROW_GROUP_SIZE 2048",
                                   ", DICTIONARY_SIZE_LIMIT 1", ", PARQUET_VERSION v2"};
    const char *first = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        fixture_sql(f, "COPY (%s) TO '%s/in%zu.parquet' (FORMAT parquet%s)", rows, f->dir, i,
                    options[i]);
        const char *answer = fixture_ask(
            f,
            "{`op`:`build`,`table`:`s.t`,`sql`:`select a from raw.x`,`inputs`:[{`table`:`raw.x`,"
            "`columns`:[{`name`:`a`,`type`:`VARCHAR`}],`groups`:[{`contract`:{`format`:`parquet`},"
            "`files`:[{`path`:`%s/in%zu.parquet`,`file`:`x`,`land_timestamp`:1}]}]}],`columns`:" V
            ",`partition_by`:[],`partitions`:[[]],`output`:{`dir`:`%s/out`,`stem`:`t`,"
            "`target_bytes`:0,`file_name`:null}}",
            f->dir, i, f->dir);
        const char *sums = fixture_value(f, answer, "sum1", 1);
        if (first != NULL)
            assert_string_equal(sums, first);
        first = sums;
    }
}

static void test_feeds_are_told_per_partition_and_map(void **state) {
    fixture *f = *state;
    const char *answer = fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.t`,`sql`:`select * from (values (1, 5), (1, null), "
        "(1, 5), (2, 6)) "
        "t(a, b)`,`inputs`:[],`columns`:" AB
        ",`partition_by`:[`a`],`partitions`:[[`2`],[`1`],[`9`]],"
        "`maps`:[{`id`:`g.x/s.t`,`columns`:[{`expression`:`b + 1`,`type`:`BIGINT`}]},"
        "{`id`:`g.y/s.t`,`columns`:[]}],`output`:{`dir`:`%s/out`,`stem`:`t`,`target_bytes`:0,"
        "`file_name`:null}}",
        f->dir);
    fixture_holds(answer, "`feeds`:[{`id`:`g.x/s.t`,`partitions`:[[`7`]],`rows`:[1]},"
                          "{`id`:`g.y/s.t`,`partitions`:[[]],`rows`:[1]}]}");
    fixture_holds(answer, "`feeds`:[{`id`:`g.x/s.t`,`partitions`:[[`6`],[null]],`rows`:[2,1]},"
                          "{`id`:`g.y/s.t`,`partitions`:[[]],`rows`:[3]}]}");
    fixture_holds(answer,
                  "{`ordinal`:2,`rows`:0,`files`:[],`feeds`:[{`id`:`g.x/s.t`,`partitions`:[],"
                  "`rows`:[]},{`id`:`g.y/s.t`,`partitions`:[],`rows`:[]}]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_digest_has_the_value_it_always_had),
        cmocka_unit_test(test_the_digest_does_not_depend_on_order_or_threads),
        cmocka_unit_test(test_the_digest_of_a_partition_is_the_sum_over_its_files),
        cmocka_unit_test(test_the_digest_sees_every_change),
        cmocka_unit_test(test_the_digest_tells_nested_values_apart),
        cmocka_unit_test(test_the_digest_does_not_depend_on_encoding),
        cmocka_unit_test(test_feeds_are_told_per_partition_and_map),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
