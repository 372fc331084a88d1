/* Covers build.c, write.c, field_ids.c and the views of inputs through the job build. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/path.h"

#define COLUMNS \
    "[{`name`:`d`,`type`:`DATE`,`field_id`:1},{`name`:`k`,`type`:`VARCHAR`,`field_id`:2}]"
#define CSV_CONTRACT                                                                    \
    "{`format`:`csv`,`compression`:`none`,`delimiter`:`,`,`quote`:`\\``,`header`:true," \
    "`encoding`:`utf-8`,`null_values`:[``],`file_columns`:[`d`,`k`],"                   \
    "`columns`:[{`name`:`d`,`type`:`DATE`,`from`:0},{`name`:`k`,`type`:`VARCHAR`,`from`:1}]}"

/* One build of days from one CSV file; more: further members of the job. */
static const char *build(fixture *f, const char *csv, const char *partitions, const char *more) {
    const char *path = fixture_text(f, "in.csv", csv);
    return fixture_ask(
        f,
        "{`op`:`build`,`table`:`silver.x`,`sql`:`select * from raw.x`,`inputs`:[{`table`:`raw.x`,"
        "`columns`:[{`name`:`d`,`type`:`DATE`},{`name`:`k`,`type`:`VARCHAR`}],"
        "`groups`:[{`contract`:" CSV_CONTRACT ",`files`:[{`path`:`%s`,`file`:`x/in.csv`,"
        "`land_timestamp`:7}]}]}],`columns`:" COLUMNS ",`partition_by`:[`d`],`partitions`:%s,"
        "`output`:{`dir`:`%s/out`,`stem`:`x_7`,`target_bytes`:1000000,`file_name`:null}%s}",
        path, partitions, f->dir, more);
}

static bool made(fixture *f, const char *name) {
    return file_exists(path_join(f->arena, f->dir, arena_printf(f->arena, "out/%s", name)));
}

static void test_build_writes_each_partition_and_tells_of_empty_ones(void **state) {
    fixture *f = *state;
    const char *answer = build(f, "d,k\n2020-01-01,a\n2020-01-03,b\n2020-01-01,c\n",
                               "[[`2020-01-01`],[`2020-01-02`],[`2020-01-03`]]", "");
    fixture_holds(answer, "{`ordinal`:0,`rows`:2,`files`:[{`name`:`x_7_0_0.parquet`,`rows`:2,");
    fixture_holds(answer, "{`ordinal`:1,`rows`:0,`files`:[],`feeds`:[]}");
    fixture_holds(answer, "{`ordinal`:2,`rows`:1,`files`:[{`name`:`x_7_2_0.parquet`,`rows`:1,");
    fixture_holds(answer, "`outside`:{`rows`:0,`examples`:[]}");
    assert_true(made(f, "x_7_0_0.parquet"));
    assert_false(made(f, ".weir-out"));
    assert_string_equal(
        fixture_sql(f,
                    "SELECT string_agg(k, ',' ORDER BY k) FROM '%s/out/x_7_0_0.parquet'"
                    " WHERE d = '2020-01-01'",
                    f->dir),
        "a,c");
}

static void test_build_takes_null_for_a_partition_of_its_own(void **state) {
    fixture *f = *state;
    const char *answer = build(f, "d,k\n2020-01-01,a\n,b\n", "[[null],[`2020-01-01`]]", "");
    fixture_holds(answer, "{`ordinal`:0,`rows`:1,`files`:[{`name`:`x_7_0_0.parquet`");
    assert_string_equal(
        fixture_sql(f, "SELECT k FROM '%s/out/x_7_0_0.parquet' WHERE d IS NULL", f->dir), "b");
}

static void test_build_refuses_rows_outside_and_leaves_nothing(void **state) {
    fixture *f = *state;
    const char *answer =
        build(f, "d,k\n2020-01-01,a\n2020-01-02,b\n,c\n", "[[`2020-01-01`],[`2021-01-01`]]", "");
    fixture_holds(answer, "{`error`:{`kind`:`data`,`message`:`2 rows of \\`silver.x\\` are in no "
                          "planned partition, such as d=2020-01-02, d=NULL`");
    assert_false(made(f, "x_7_0_0.parquet"));
    assert_false(made(f, ".weir-out"));
    answer = build(f, "d,k\n2020-01-01,a\n2020-01-02,b\n", "[[`2020-01-01`]]", "");
    fixture_holds(answer, "1 rows of");
    assert_false(made(f, "x_7_0_0.parquet"));
}

static void test_build_drops_and_counts_rows_outside_when_asked(void **state) {
    fixture *f = *state;
    const char *csv = "d,k\n2020-01-01,a\n2020-01-02,b\n2020-01-03,c\n";
    const char *answer = build(f, csv, "[[`2020-01-01`]]", ",`outside`:`drop`");
    fixture_holds(answer, "{`ordinal`:0,`rows`:1,");
    fixture_holds(answer, "`outside`:{`rows`:2,`examples`:[[`2020-01-02`],[`2020-01-03`]]}");
    assert_string_equal(
        fixture_sql(f, "SELECT string_agg(k, '') FROM '%s/out/x_7_0_0.parquet'", f->dir), "a");
    answer = build(f, csv, "[[`2020-01-01`],[`2020-01-03`]]", ",`outside`:`drop`");
    fixture_holds(answer, "`outside`:{`rows`:1,`examples`:[[`2020-01-02`]]}");
    fixture_holds(answer, "{`ordinal`:1,`rows`:1,");
}

static void test_build_refuses_a_value_that_is_not_of_its_column(void **state) {
    const char *answer = build(*state, "d,k\n2020-01-01,a\n", "[[`yesterday`]]", "");
    fixture_holds(answer, "a planned partition is not of its column's type");
}

/* A job without inputs. */
static const char *make(fixture *f, const char *sql, const char *columns, const char *rest) {
    return fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.t`,`sql`:`%s`,`inputs`:[],`columns`:%s,"
        "`output`:{`dir`:`%s/out`,`stem`:`t_1`,`target_bytes`:0,`file_name`:null},%s}",
        sql, columns, f->dir, rest);
}
#define WHOLE "`partition_by`:[],`partitions`:[[]]"

static void test_build_refuses_other_columns_than_planned(void **state) {
    fixture *f = *state;
    const char *wanted = "[{`name`:`a`,`type`:`BIGINT`,`field_id`:1}]";
    const char *answer = make(f, "select 1 as a", wanted, WHOLE);
    fixture_holds(answer,
                  "`kind`:`definition`,`message`:`the column \\`a\\` of \\`s.t\\` is INTEGER, "
                  "expected BIGINT`");
    fixture_holds(answer, "`hint`:`Write CAST(… AS BIGINT) AS \\`a\\` in the SQL");
    fixture_holds(make(f, "select 1::bigint as b", wanted, WHOLE), "is \\`b\\`, expected \\`a\\`");
    fixture_holds(make(f, "select 1::bigint as a, 2 as b", wanted, WHOLE), "gives 2 columns");
}

static void test_build_keeps_sums_of_integers_exactly(void **state) {
    fixture *f = *state;
    const char *answer = make(f, "select sum(i) as a from range(10) t(i)",
                              "[{`name`:`a`,`type`:`DECIMAL(38,0)`,`field_id`:1}]", WHOLE);
    fixture_holds(answer, "`rows`:1");
    assert_string_equal(
        fixture_sql(f, "SELECT a::VARCHAR || typeof(a) FROM '%s/out/t_1_0_0.parquet'", f->dir),
        "45DECIMAL(38,0)");
}

static void test_build_refuses_types_that_parquet_would_change(void **state) {
    fixture *f = *state;
    const char *answer = make(f, "select [1::hugeint] as a",
                              "[{`name`:`a`,`type`:`HUGEINT[]`,`field_id`:1}]", WHOLE);
    fixture_holds(answer, "`kind`:`definition`");
    fixture_holds(answer, "cannot be kept: files hold it as DOUBLE[]");
    assert_false(made(f, "t_1_0_0.parquet"));
}

static void test_build_numbers_nested_fields_too(void **state) {
    fixture *f = *state;
    fixture_holds(make(f, "select 1 as i, {'x':1,'l':[{'z':2}],'m':map{'k':1}} as s",
                       "[{`name`:`i`,`type`:`INTEGER`,`field_id`:1},{`name`:`s`,`type`:`STRUCT(x "
                       "INTEGER, l STRUCT(z INTEGER)[], m MAP(VARCHAR, INTEGER))`,`field_id`:7}]",
                       WHOLE),
                  "`rows`:1");
    assert_string_equal(fixture_sql(f,
                                    "SELECT string_agg(name || field_id, ',') FROM"
                                    " parquet_schema('%s/out/t_1_0_0.parquet')"
                                    " WHERE field_id IS NOT NULL",
                                    f->dir),
                        "i1,s7,x7001,l7002,element7003,z7004,m7005,key7006,value7007");
}

static void test_build_makes_no_file_without_rows(void **state) {
    fixture *f = *state;
    fixture_holds(
        make(f, "select 1 as a where false", "[{`name`:`a`,`type`:`INTEGER`,`field_id`:1}]", WHOLE),
        "{`ordinal`:0,`rows`:0,`files`:[],");
    assert_false(made(f, "t_1_0_0.parquet"));
}

static void test_build_splits_one_partition_by_size(void **state) {
    fixture *f = *state;
    const char *answer = fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.t`,`sql`:`select i, hash(i)::varchar h from range(500000) t(i)`,"
        "`inputs`:[],`columns`:[{`name`:`i`,`type`:`BIGINT`,`field_id`:1},{`name`:`h`,`type`:"
        "`VARCHAR`,`field_id`:2}]," WHOLE ",`single_thread`:true,`output`:{`dir`:`%s/out`,"
        "`stem`:`t_1`,`target_bytes`:1000000,`file_name`:null}}",
        f->dir);
    fixture_holds(answer, "{`ordinal`:0,`rows`:500000,");
    fixture_holds(answer, "`t_1_0_1.parquet`");
    assert_true(made(f, "t_1_0_1.parquet"));
}

static const char *make_named(fixture *f, const char *partitions, const char *name) {
    return fixture_ask(f,
                       "{`op`:`build`,`table`:`s.t`,`sql`:`select 1 as a`,`inputs`:[],`columns`:"
                       "[{`name`:`a`,`type`:`INTEGER`,`field_id`:1}],%s,`output`:{`dir`:`%s/out`,"
                       "`stem`:`t_1`,`target_bytes`:0,`file_name`:`%s`}}",
                       partitions, f->dir, name);
}

static void test_build_gives_the_one_file_its_fixed_name(void **state) {
    fixture *f = *state;
    fixture_holds(make_named(f, WHOLE, "report.parquet"), "`name`:`report.parquet`");
    assert_true(made(f, "report.parquet"));
    fixture_holds(make_named(f, WHOLE, "../evil"), "is not a name for a file");
    fixture_holds(make_named(f, "`partition_by`:[`a`],`partitions`:[[`1`],[`2`]]", "x"),
                  "a fixed file name needs a job of one partition");
}

static void test_build_is_a_sandbox(void **state) {
    fixture *f = *state;
    const char *secret = fixture_text(f, "secret.csv", "a\n1\n");
    const char *columns = "[{`name`:`a`,`type`:`BIGINT`,`field_id`:1}]";
    const char *answer =
        make(f, arena_printf(f->arena, "select a from read_csv('%s')", secret), columns, WHOLE);
    fixture_holds(answer, "`kind`:`definition`");
    fixture_holds(answer, "`line`:1,`column`:15");
    fixture_holds(make(f, "select 1::bigint as a; select 2", columns, WHOLE), "2 statements");
    fixture_holds(make(f, "copy (select 1) to '/tmp/evil'", columns, WHOLE), "`kind`:`definition`");
    fixture_holds(make(f, "set threads = 1", columns, WHOLE), "not a SELECT");
}

static void test_build_tells_a_failed_conversion_from_a_wrong_definition(void **state) {
    fixture_holds(make(*state, "select cast(x as int) as a from (values ('q'), ('1')) t(x)",
                       "[{`name`:`a`,`type`:`INTEGER`,`field_id`:1}]", WHOLE),
                  "`kind`:`data`");
}

/* Two files, pseudo columns, a column that the first group does not have, and a filter. */
static void test_build_reads_groups_as_one_view(void **state) {
    fixture *f = *state;
    const char *old =
        fixture_text(f, "we ird [1]* '\n=.csv", "k,d\nold,2020-01-01\nno,2020-01-09\n");
    const char *one = fixture_text(f, "one.csv", "d,k\n2020-01-01,one\n");
    const char *two = fixture_text(f, "two.csv", "d,k\n2020-01-02,two\n");
    const char *answer = fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.t`,`sql`:`select d, k, v, weir_file as w, file_land_timestamp as "
        "t, day from raw.x`,`inputs`:[{`table`:`raw.x`,`columns`:[{`name`:`d`,`type`:`DATE`},"
        "{`name`:`k`,`type`:`VARCHAR`},{`name`:`v`,`type`:`DECIMAL(9,2)`},{`name`:`weir_file`,"
        "`type`:`VARCHAR`},{`name`:`file_land_timestamp`,`type`:`BIGINT`},{`name`:`day`,`type`:"
        "`VARCHAR`}],`filter`:[`d`],`groups`:[{`contract`:{`format`:`csv`,`file_columns`:[`k`,`d`],"
        "`columns`:[{`name`:`d`,`type`:`DATE`,`from`:1},{`name`:`k`,`type`:`VARCHAR`,`from`:0},"
        "{`name`:`v`,`type`:`DECIMAL(9,2)`,`from`:null}]},`files`:[{`path`:`%s`,`file`:`x/old`,"
        "`land_timestamp`:1,`from_path`:{`day`:`a`}}]},{`contract`:" CSV_CONTRACT ",`files`:["
        "{`path`:`%s`,`file`:`x/one`,`land_timestamp`:2,`from_path`:{`day`:`b`}},"
        "{`path`:`%s`,`file`:`x/two`,`land_timestamp`:3,`from_path`:{`day`:`c`}}]}]}],`columns`:["
        "{`name`:`d`,`type`:`DATE`,`field_id`:1},{`name`:`k`,`type`:`VARCHAR`,`field_id`:2},"
        "{`name`:`v`,`type`:`DECIMAL(9,2)`,`field_id`:3},{`name`:`w`,`type`:`VARCHAR`,"
        "`field_id`:4},"
        "{`name`:`t`,`type`:`BIGINT`,`field_id`:5},{`name`:`day`,`type`:`VARCHAR`,`field_id`:6}],"
        "`partition_by`:[`d`],`partitions`:[[`2020-01-01`],[`2020-01-02`]],"
        "`output`:{`dir`:`%s/out`,`stem`:`t`,`target_bytes`:0,`file_name`:null}}",
        arena_printf(f->arena, "%s/we ird [1]* '\\n=.csv", f->dir), one, two, f->dir);
    (void)old;
    fixture_holds(answer, "{`ordinal`:0,`rows`:2,");
    assert_string_equal(
        fixture_sql(f,
                    "SELECT string_agg(concat_ws('|', d, k, v, w, t, day), ' ' ORDER BY t)"
                    " FROM '%s/out/*.parquet'",
                    f->dir),
        "2020-01-01|old|x/old|1|a 2020-01-01|one|x/one|2|b 2020-01-02|two|x/two|3|c");
}

static void test_build_reads_what_it_wrote_and_fills_up_new_columns(void **state) {
    fixture *f = *state;
    make(f, "select 1 as a", "[{`name`:`a`,`type`:`INTEGER`,`field_id`:1}]", WHOLE);
    const char *answer = fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.u`,`sql`:`select a + 1 as a, b from s.t`,`inputs`:["
        "{`table`:`s.t`,"
        "`columns`:[{`name`:`a`,`type`:`BIGINT`},{`name`:`b`,`type`:`DATE`}],`groups`:[{`contract`:"
        "{`format`:`parquet`},`files`:[{`path`:`%s/out/t_1_0_0.parquet`,`file`:``,"
        "`land_timestamp`:0}]}]}],`columns`:[{`name`:`a`,`type`:`BIGINT`,`field_id`:1},"
        "{`name`:`b`,`type`:`DATE`,`field_id`:2}]," WHOLE ",`output`:{`dir`:`%s/out`,`stem`:`u`,"
        "`target_bytes`:0,`file_name`:null}}",
        f->dir, f->dir);
    fixture_holds(answer, "`rows`:1");
    assert_string_equal(
        fixture_sql(f, "SELECT concat_ws('|', a, b) FROM '%s/out/u_0_0.parquet'", f->dir), "2");
}

static void test_build_filters_by_several_columns_with_nulls(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "in.csv", "d,k\n2020-01-01,a\n2020-01-01,\n,a\n,\n");
    const char *answer = fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.t`,`sql`:`select * from raw.x`,`inputs`:[{`table`:`raw.x`,"
        "`columns`:[{`name`:`d`,`type`:`DATE`},{`name`:`k`,`type`:`VARCHAR`}],`filter`:"
        "[`d -- the day`,`k`],`groups`:[{`contract`:" CSV_CONTRACT ",`files`:[{`path`:`%s`,"
        "`file`:`x`,`land_timestamp`:7}]}]}],`columns`:" COLUMNS ",`partition_by`:[`d`,`k`],"
        "`partitions`:[[`2020-01-01`,null],[null,`a`]],`output`:{`dir`:`%s/out`,`stem`:`t`,"
        "`target_bytes`:0,`file_name`:null}}",
        path, f->dir);
    fixture_holds(answer, "{`ordinal`:0,`rows`:1,");
    fixture_holds(answer, "{`ordinal`:1,`rows`:1,");
    fixture_holds(answer, "`outside`:{`rows`:0");
}

static void test_build_names_the_input_that_is_gone(void **state) {
    fixture *f = *state;
    const char *answer = fixture_ask(
        f,
        "{`op`:`build`,`table`:`s.t`,`sql`:`select * from raw.x`,`inputs`:[{`table`:`raw.x`,"
        "`columns`:[{`name`:`d`,`type`:`DATE`},{`name`:`k`,`type`:`VARCHAR`}],`groups`:[{"
        "`contract`:" CSV_CONTRACT ",`files`:[{`path`:`%s/none.csv`,`file`:`x`,"
        "`land_timestamp`:7}]}]}],`columns`:" COLUMNS "," WHOLE ",`output`:{`dir`:`%s/out`,"
        "`stem`:`t`,`target_bytes`:0,`file_name`:null}}",
        f->dir, f->dir);
    fixture_holds(answer, "`kind`:`not_found`");
    fixture_holds(answer, "none.csv");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_build_writes_each_partition_and_tells_of_empty_ones),
        TEST(test_build_takes_null_for_a_partition_of_its_own),
        TEST(test_build_refuses_rows_outside_and_leaves_nothing),
        TEST(test_build_drops_and_counts_rows_outside_when_asked),
        TEST(test_build_refuses_a_value_that_is_not_of_its_column),
        TEST(test_build_refuses_other_columns_than_planned),
        TEST(test_build_keeps_sums_of_integers_exactly),
        TEST(test_build_refuses_types_that_parquet_would_change),
        TEST(test_build_numbers_nested_fields_too),
        TEST(test_build_makes_no_file_without_rows),
        TEST(test_build_splits_one_partition_by_size),
        TEST(test_build_gives_the_one_file_its_fixed_name),
        TEST(test_build_is_a_sandbox),
        TEST(test_build_tells_a_failed_conversion_from_a_wrong_definition),
        TEST(test_build_reads_groups_as_one_view),
        TEST(test_build_reads_what_it_wrote_and_fills_up_new_columns),
        TEST(test_build_filters_by_several_columns_with_nulls),
        TEST(test_build_names_the_input_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
