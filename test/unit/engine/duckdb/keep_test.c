/* Covers keep.c, keep_take.c, keep_give.c and the views over kept rows: a build from the rows that
 * a check kept is a build from the file, and where they are not kept the file is read. */
#include "fixture.h"

#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Every type whose values can be kept, in a table of more rows than fit into one vector. */
#define TYPES(X)                             \
    X("d", "DATE", "1")                      \
    X("b", "BOOLEAN", "2")                   \
    X("i1", "TINYINT", "3")                  \
    X("i2", "SMALLINT", "4")                 \
    X("i4", "INTEGER", "5")                  \
    X("i8", "BIGINT", "6")                   \
    X("u1", "UTINYINT", "7")                 \
    X("u8", "UBIGINT", "8")                  \
    X("f", "FLOAT", "9")                     \
    X("g", "DOUBLE", "10")                   \
    X("m", "DECIMAL(9,2)", "11")             \
    X("n", "DECIMAL(38,4)", "12")            \
    X("t", "TIME", "13")                     \
    X("s", "TIMESTAMP", "14")                \
    X("z", "TIMESTAMP WITH TIME ZONE", "15") \
    X("u", "UUID", "16")                     \
    X("v", "VARCHAR", "17")
#define ROWS                                                                                     \
    "SELECT DATE '2024-05-01' + cast(i % 3 AS integer) AS d, i % 2 = 0 AS b, i % 100 AS i1,"     \
    " i AS i2, -i AS i4, i * 1000003 AS i8, i % 200 AS u1, i * 7 AS u8, i / 4 AS f,"             \
    " i / 3 AS g, i / 100 AS m, i / 16 AS n, TIME '01:00:00' + to_seconds(i) AS t,"              \
    " TIMESTAMP '2024-05-01' + to_seconds(i * 61) AS s,"                                         \
    " TIMESTAMPTZ '2024-05-01 00:00:00+00' + to_seconds(i * 59) AS z, uuid() AS u,"              \
    " CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'short' ELSE 'a text that is long ' || i END AS v" \
    " FROM range(7000) AS r(i)"

#define DECLARED(name, type, id) "{`name`:`" name "`,`type`:`" type "`,`field_id`:" id "},"
#define NOTHING                  "{`name`:`absent`,`type`:`VARCHAR`,`field_id`:99}"
#define COLUMNS                  "[" TYPES(DECLARED) NOTHING "]"

static const char *rows_file(fixture *f, const char *name) {
    const char *path = arena_printf(f->arena, "%s/%s", f->dir, name);
    fixture_sql(f, "COPY (%s) TO '%s' (FORMAT csv, HEADER)", ROWS, path);
    return path;
}

static const char *check(fixture *f, const char *columns, const char *path, const char *token) {
    return fixture_ask(f,
                       "{`op`:`check`,`format`:`csv`,`csv`:{},`columns`:%s,`missing_columns`:"
                       "`null`,`files`:[{`id`:1,`path`:`%s`,`keep`:`%s`}]}",
                       columns, path, token);
}

static const char *contract_of(fixture *f, const char *answer) {
    const char *start = strstr(answer, "{\"format\":\"csv\"");
    const char *end = start != NULL ? strstr(start, "}]}") : NULL;
    assert_non_null(end);
    return arena_strndup(f->arena, start, (size_t)(end - start) + strlen("}]}"));
}

typedef struct wish {
    const char *columns;
    const char *contract;
    const char *files;
    const char *partitions;
    const char *more; /* members of the job */
} wish;

#define DAYS "[[`2024-05-01`],[`2024-05-02`],[`2024-05-03`]]"

static const char *build(fixture *f, wish w) {
    const char *answer = fixture_ask(
        f,
        "{`op`:`build`,`table`:`silver.x`,`sql`:`select * from raw.x`,`inputs`:[{`table`:`raw.x`,"
        "`columns`:%s,`groups`:[{`contract`:%s,`files`:[%s]}]}],`columns`:%s,`partition_by`:[`d`],"
        "`partitions`:%s,`output`:{`dir`:`%s/out`,`stem`:`x`,`target_bytes`:0,`file_name`:null}%s}",
        w.columns, w.contract, w.files, w.columns, w.partitions != NULL ? w.partitions : DAYS,
        f->dir, w.more != NULL ? w.more : "");
    fixture_lacks(answer, "`error`");
    return answer;
}

static const char *file(fixture *f, const char *path, const char *token) {
    return arena_printf(f->arena, "{`path`:`%s`,`file`:`%s`,`land_timestamp`:7,`kept`:`%s`}", path,
                        path, token);
}

static void same_digests(fixture *f, const char *left, const char *right, int count) {
    for (int i = 1; i <= count; i++) {
        assert_string_equal(fixture_value(f, left, "sum1", i), fixture_value(f, right, "sum1", i));
        assert_string_equal(fixture_value(f, left, "sum2", i), fixture_value(f, right, "sum2", i));
    }
}

static void test_kept_rows_are_those_of_the_file(void **state) {
    fixture *f = *state;
    const char *path = rows_file(f, "x.csv");
    const char *answer = check(f, COLUMNS, path, "token");
    fixture_holds(answer, "`verdict`:`accepted`,`rows`:7000");
    fixture_holds(answer, "`kept`:true");
    wish w = {COLUMNS, contract_of(f, answer), file(f, path, "other"), NULL, NULL};
    const char *read = build(f, w);
    w.files = file(f, path, "token");
    const char *kept = build(f, w);
    fixture_holds(kept, "`rows`:2334");
    same_digests(f, read, kept, 3);
}

/* A file that is another one by now tells which of both was read. */
#define SMALL "[{`name`:`d`,`type`:`DATE`,`field_id`:1},{`name`:`k`,`type`:`BIGINT`,`field_id`:2}]"
#define CONTRACT                                                                        \
    "{`format`:`csv`,`compression`:`none`,`delimiter`:`,`,`quote`:`\\``,`header`:true," \
    "`encoding`:`utf-8`,`null_values`:[``],`file_columns`:[`d`,`k`],"                   \
    "`columns`:[{`name`:`d`,`type`:`DATE`,`from`:0},{`name`:`k`,`type`:`BIGINT`,`from`:1}]}"

static const char *keep_and_change(fixture *f, const char *body, const char *now) {
    const char *path = fixture_text(f, "small.csv", body);
    check(f, SMALL, path, "small");
    return fixture_text(f, "small.csv", now);
}

static int64_t total(fixture *f) {
    int64_t sum = -1;
    assert_true(number_int64(
        fixture_sql(f, "SELECT CAST(coalesce(sum(k), 0) AS VARCHAR) FROM '%s/out/*.parquet'",
                    f->dir),
        &sum));
    return sum;
}

#define BEFORE "d,k\n2024-05-01,1\n2024-05-02,2\n"
#define NOW    "d,k\n2024-05-01,10\n2024-05-02,20\n"

static void test_kept_rows_are_read_in_place_of_the_file(void **state) {
    fixture *f = *state;
    const char *path = keep_and_change(f, BEFORE, NOW);
    build(f, (wish){SMALL, CONTRACT, file(f, path, "small"), NULL, NULL});
    assert_int_equal(total(f), 3);
}

static void test_where_the_order_of_rows_matters_the_file_is_read(void **state) {
    fixture *f = *state;
    const char *path = keep_and_change(f, BEFORE, "d,k\n2024-05-01,10\n");
    wish w = {SMALL, CONTRACT, file(f, path, "small"), "[[`2024-05-01`]]", NULL};
    build(f, w);
    assert_int_equal(total(f), 10);
    w.partitions = NULL;
    w.more = ",`single_thread`:true";
    build(f, w);
    assert_int_equal(total(f), 10);
}

static void test_another_contract_or_token_reads_the_file(void **state) {
    static const char *const OTHER =
        "{`format`:`csv`,`file_columns`:[`d`,`k`],`columns`:[{`name`:`d`,`type`:`DATE`,`from`:0},"
        "{`name`:`k`,`type`:`INTEGER`,`from`:1}]}";
    fixture *f = *state;
    const char *path = keep_and_change(f, BEFORE, NOW);
    build(f, (wish){SMALL, OTHER, file(f, path, "small"), NULL, NULL});
    assert_int_equal(total(f), 30);
    build(f, (wish){SMALL, CONTRACT, file(f, path, "unknown"), NULL, NULL});
    assert_int_equal(total(f), 30);
}

static void test_only_rows_of_accepted_files_are_kept(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "bad.csv", BEFORE "2024-05-03,never\n");
    fixture_lacks(check(f, SMALL, path, "bad"), "`kept`");
    assert_int_equal(keep_bytes(f->worker.keep), 0);
    path = fixture_text(f, "bad.csv", NOW);
    build(f, (wish){SMALL, CONTRACT, file(f, path, "bad"), NULL, NULL});
    assert_int_equal(total(f), 30);
}

static void test_a_map_that_cannot_be_computed_keeps_nothing(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "x.csv", BEFORE);
    const char *answer = fixture_ask(
        f,
        "{`op`:`check`,`format`:`csv`,`csv`:{},`columns`:" SMALL ",`maps`:[{`id`:`m`,`columns`:"
        "[{`expression`:`CAST('x' || k AS DATE)`,`type`:`DATE`}]}],`files`:[{`id`:1,`path`:`%s`,"
        "`keep`:`x`}]}",
        path);
    fixture_holds(answer, "`rule`:`map`");
    assert_int_equal(keep_bytes(f->worker.keep), 0);
}

static void test_the_first_rows_of_a_token_stay(void **state) {
    fixture *f = *state;
    const char *path = keep_and_change(f, BEFORE, NOW);
    fixture_lacks(check(f, SMALL, path, "small"), "`kept`");
    build(f, (wish){SMALL, CONTRACT, file(f, path, "small"), NULL, NULL});
    assert_int_equal(total(f), 3);
}

static void test_rows_that_are_too_many_are_read_from_their_file(void **state) {
    fixture *f = *state;
    keep_free(f->worker.keep);
    f->worker.keep = keep_new(100000);
    const char *path = rows_file(f, "x.csv");
    const char *answer = check(f, COLUMNS, path, "large");
    fixture_holds(answer, "`verdict`:`accepted`,`rows`:7000");
    fixture_lacks(answer, "`kept`");
    assert_int_equal(keep_bytes(f->worker.keep), 0);
    fixture_holds(check(f, SMALL, fixture_text(f, "small.csv", BEFORE), "small"), "`kept`:true");
    assert_in_range(keep_bytes(f->worker.keep), 1, 100000);
    fixture_holds(
        build(f, (wish){COLUMNS, contract_of(f, answer), file(f, path, "large"), NULL, NULL}),
        "`rows`:2334");
}

static void test_nested_values_are_not_kept(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "x.csv", "k\n\"[1, 2]\"\n");
    fixture_lacks(check(f, "[{`name`:`k`,`type`:`BIGINT[]`}]", path, "nested"), "`kept`");
}

/* What differs by file comes from the delivery, also for the rows of several kept files. */
static void test_kept_files_know_their_own_path(void **state) {
    fixture *f = *state;
    const char *one = fixture_text(f, "one.csv", BEFORE);
    const char *two = fixture_text(f, "two.csv", NOW);
    const char *three = fixture_text(f, "three.csv", "d,k\n2024-05-03,300\n");
    check(f, SMALL, one, "1");
    check(f, SMALL, two, "2");
    fixture_ask(
        f,
        "{`op`:`build`,`table`:`silver.x`,`sql`:`select d, k, weir_file from raw.x`,`inputs`:[{"
        "`table`:`raw.x`,`columns`:[{`name`:`d`,`type`:`DATE`},{`name`:`k`,`type`:`BIGINT`},"
        "{`name`:`weir_file`,`type`:`VARCHAR`}],`groups`:[{`contract`:" CONTRACT
        ",`files`:[%s,%s,%s]}]}],`columns`:[{`name`:`d`,`type`:`DATE`,`field_id`:1},{`name`:`k`,"
        "`type`:`BIGINT`,`field_id`:2},{`name`:`weir_file`,`type`:`VARCHAR`,`field_id`:3}],"
        "`partition_by`:[`d`],`partitions`:" DAYS
        ",`output`:{`dir`:`%s/out`,`stem`:`x`,`target_bytes`:0,`file_name`:null}}",
        file(f, one, "1"), file(f, three, "3"), file(f, two, "2"), f->dir);
    assert_string_equal(
        fixture_sql(f,
                    "SELECT string_agg(n || '=' || s, ' ' ORDER BY n) FROM (SELECT"
                    " parse_filename(weir_file) AS n, sum(k) AS s FROM '%s/out/*.parquet'"
                    " GROUP BY n)",
                    f->dir),
        "one.csv=3 three.csv=300 two.csv=30");
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
        TEST(test_kept_rows_are_those_of_the_file),
        TEST(test_kept_rows_are_read_in_place_of_the_file),
        TEST(test_where_the_order_of_rows_matters_the_file_is_read),
        TEST(test_another_contract_or_token_reads_the_file),
        TEST(test_only_rows_of_accepted_files_are_kept),
        TEST(test_a_map_that_cannot_be_computed_keeps_nothing),
        TEST(test_the_first_rows_of_a_token_stay),
        TEST(test_rows_that_are_too_many_are_read_from_their_file),
        TEST(test_nested_values_are_not_kept),
        TEST(test_kept_files_know_their_own_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
