/* Covers check_csv.c, check_rows.c, check_report.c and check_locate.c for CSV. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <zlib.h>

#define COLUMNS                                                                             \
    "[{`name`:`day`,`type`:`TIMESTAMP`,`nullable`:false},{`name`:`code`,`type`:`VARCHAR`}," \
    "{`name`:`n`,`type`:`BIGINT`,`minimum`:`0`,`maximum`:`100`}]"
#define OPTIONS "`delimiter`:`,`,`quote`:`\\``,`header`:true,`null_values`:[``]"
#define BOM     "\xEF\xBB\xBF"
#define GOOD    "day,code,n\n2020-01-01,066,5\n"

static const char *check_file(fixture *f, const char *path, const char *compression,
                              const char *options, const char *maps) {
    return fixture_ask(f,
                       "{`op`:`check`,`format`:`csv`,`csv`:{%s},`columns`:" COLUMNS
                       ",`rows`:{`min`:"
                       "1},`maps`:[%s],`files`:[{`id`:1,`path`:`%s`,`file`:`r/x.csv`,`compression`:"
                       "`%s`,`land_timestamp`:9,`from_path`:{`site`:`s1`}}]}",
                       options, maps, path, compression);
}

static const char *check(fixture *f, const char *body) {
    return check_file(f, fixture_text(f, "x.csv", body), "none", OPTIONS, "");
}

static void test_dialects_of_one_file_are_one_file(void **state) {
    const char *const bodies[] = {GOOD, BOM GOOD, "day,code,n\r\n2020-01-01,066,5\r\n",
                                  "\"day\",\"code\",\"n\"\n\"2020-01-01\",\"066\",\"5\"",
                                  "day,code,n\r2020-01-01,066,5\r"};
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        const char *answer = check(*state, bodies[i]);
        fixture_holds(answer, "`verdict`:`accepted`,`rows`:1");
        fixture_holds(answer, "`file_columns`:[`day`,`code`,`n`]");
    }
}

static void test_another_delimiter_is_named(void **state) {
    fixture_holds(check(*state, "day;code;n\n2020-01-01;066;5\n"),
                  "`rule`:`header`,`column`:null,`line`:1,`value`:`day;code;n`,`count`:1,"
                  "`message`:`expected the delimiter \\`,\\`, found \\`;\\``");
    fixture_holds(check(*state, "day\tcode\tn\n2020-01-01\t066\t5\n"), "found \\`\\\\t\\`");
}

static void test_broken_headers_are_refused(void **state) {
    fixture_holds(check(*state, "2020-01-01,066,5\n"), "names none of the declared columns");
    fixture_holds(check(*state, "\n\n"), "the first line is empty");
    fixture_holds(check(*state, "day,\"co\nde\",n\n"), "a quote in the first line is not closed");
    fixture_holds(check(*state, "day,n,n,code\n2020-01-01,1,2,x\n"), "occurs twice");
}

static void test_values_that_are_not_of_their_type_are_placed(void **state) {
    const char *answer = check(
        *state, GOOD "2020-01-01,\"a\nb\",5\nnever,x,1\n2020-01-01,x,n/a\n2020-01-01,x,1.0\n");
    fixture_holds(answer, "`rows`:5");
    fixture_holds(answer, "`column`:`day`,`line`:5,`value`:`never`");
    fixture_holds(answer, "`column`:`n`,`line`:6,`value`:`n/a`");
    fixture_holds(answer, "`failure_count`:2");
}

static void test_numbers_are_not_rounded(void **state) {
    fixture_holds(check(*state, GOOD "2020-01-01,x,1.7\n"),
                  "`rule`:`type`,`column`:`n`,`line`:3,`value`:`1.7`");
    fixture_holds(check(*state, GOOD "2020-01-01,x,99999999999999999999\n"), "`rule`:`type`");
    fixture_holds(check(*state, GOOD "2020-01-01,x,9.000\n"), "`accepted`");
    fixture_holds(check(*state, GOOD "2020-01-01,x,+9\n2020-01-01,x, 9 \n"), "`accepted`");
    fixture_holds(check(*state, GOOD "2020-01-01,x,1e1\n2020-01-01,x,1e-1\n"),
                  "`column`:`n`,`line`:4,`value`:`1e-1`");
    fixture_holds(check(*state, GOOD "2020-01-01,x,101\n2020-01-01,x,101.0\n"),
                  "`rule`:`maximum`,`column`:`n`,`line`:4,`value`:`101.0`");
}

static void test_ragged_rows_are_told_once(void **state) {
    const char *answer = check(*state, GOOD "2020-01-02\n2020-01-02,x,1,y\n");
    fixture_holds(answer, "`rule`:`ragged`,`column`:null,`line`:3,`value`:`2020-01-02`,`count`:1,"
                          "`message`:`too few columns, expected 3`");
    fixture_holds(answer, "`line`:4,`value`:`2020-01-02,x,1,y`,`count`:1,"
                          "`message`:`too many columns, expected 3`");
    fixture_holds(answer, "`failure_count`:2");
}

static void test_nulls_and_bounds_are_placed_behind_line_breaks_in_quotes(void **state) {
    const char *answer = check(*state, GOOD "2020-01-01,\"a\nb\nc\",5\n,x,-1\n2020-01-01,x,101\n");
    fixture_holds(answer, "`rule`:`nullable`,`column`:`day`,`line`:6,`value`:null");
    fixture_holds(answer, "`rule`:`minimum`,`column`:`n`,`line`:6,`value`:`-1`");
    fixture_holds(answer, "`rule`:`maximum`,`column`:`n`,`line`:7,`value`:`101`");
    fixture_holds(answer, "`failure_count`:3");
}

static void test_no_line_is_told_where_blank_ones_make_it_uncertain(void **state) {
    fixture_holds(check(*state, GOOD "\n,x,1\n"), "`rule`:`nullable`,`column`:`day`,`line`:null");
}

static void test_bytes_that_are_not_text_are_refused(void **state) {
    fixture_holds(check(*state, GOOD "2020-01-01,\xFF,5\n"),
                  "`rule`:`encoding`,`column`:null,`line`:3");
    fixture_holds(check(*state, "day,c\xFFode,n\n2020-01-01,x,5\n"),
                  "`rule`:`encoding`,`column`:null,`line`:1");
    fixture *f = *state;
    const char *latin = fixture_text(f, "latin.csv", "day,code,n\n2020-01-01,\xE9,5\n");
    fixture_holds(check_file(f, latin, "none", OPTIONS ",`encoding`:`latin-1`", ""), "`accepted`");
}

static void test_broken_quotes_and_mixed_line_ends_are_not_readable(void **state) {
    fixture_holds(check(*state, GOOD "2020-01-01,\"x,5\n"),
                  "`rule`:`readable`,`column`:null,`line`:3");
    const char *mixed = check(*state, GOOD "2020-01-01,x,5\r\n2020-01-01,x,5\n");
    fixture_holds(mixed, "`rejected`");
    fixture_holds(mixed, "`rule`:`readable`");
    fixture_holds(mixed, "lines end in different ways");
}

static void test_null_values_are_the_declared_ones(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "x.csv", "day,code,n\n2020-01-01,,NA\n");
    fixture_holds(check_file(f, path, "none", "`null_values`:[`NA`]",
                             "{`id`:`m`,`columns`:[{`expression`:`code`,`type`:`VARCHAR`},"
                             "{`expression`:`n`,`type`:`BIGINT`}]}"),
                  "`partitions`:[[``,null]]");
    fixture_holds(check_file(f, path, "none", "`null_values`:[]", ""), "`value`:`NA`");
}

static void test_without_a_header_columns_are_taken_by_place(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "x.csv", "2020-01-01,066,5\n");
    fixture_holds(check_file(f, path, "none", "`header`:false", ""), "`accepted`,`rows`:1");
    path = fixture_text(f, "x.csv", "2020-01-01,066,5,6\n");
    fixture_holds(check_file(f, path, "none", "`header`:false", ""), "`column`:`column4`");
    path = fixture_text(f, "x.csv", "2020-01-01,066\n");
    fixture_holds(check_file(f, path, "none", "`header`:false", ""), "`column`:`n`");
}

static void test_maps_see_the_delivery_and_may_be_null(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "x.csv", GOOD ",,\n");
    const char *answer = check_file(
        f, path, "none", OPTIONS,
        "{`id`:`m`,`columns`:[{`expression`:`day`,`type`:`DATE`},{`expression`:`site || weir_file`,"
        "`type`:`VARCHAR`},{`expression`:`file_land_timestamp`,`type`:`BIGINT`}]},"
        "{`id`:`all`,`columns`:[]}");
    fixture_holds(answer, "`rejected`"); /* day may not be null */
    path = fixture_text(f, "x.csv", GOOD "2020-01-02,,\n");
    answer = check_file(
        f, path, "none", OPTIONS,
        "{`id`:`m`,`columns`:[{`expression`:`code`,`type`:`VARCHAR`},{`expression`:`site || "
        "weir_file -- why`,`type`:`VARCHAR`},{`expression`:`file_land_timestamp`,`type`:"
        "`BIGINT`}]},"
        "{`id`:`all`,`columns`:[]}");
    fixture_holds(answer, "{`id`:`m`,`partitions`:[[`066`,`s1r/x.csv`,`9`],[null,`s1r/x.csv`,`9`]],"
                          "`rows`:[1,1]},{`id`:`all`,`partitions`:[[]],`rows`:[2]}");
}

static void test_a_map_that_cannot_be_computed_is_counted(void **state) {
    fixture *f = *state;
    const char *path =
        fixture_text(f, "x.csv", GOOD "2020-01-01,x,1\n2020-01-01,,1\n2020-01-01,y,1\n");
    const char *answer = check_file(f, path, "none", OPTIONS,
                                    "{`id`:`a`,`columns`:[{`expression`:`day`,`type`:`DATE`}]},"
                                    "{`id`:`b`,`columns`:[{`expression`:`cast(code as integer)`,"
                                    "`type`:`INTEGER`}]}");
    fixture_holds(answer, "`rule`:`map`,`column`:null,`line`:3");
    fixture_holds(answer,
                  "`line`:5,`value`:null,`count`:1,`message`:`cast(code as integer) cannot be "
                  "computed, for the map \\`b\\``");
    fixture_holds(answer, "`failure_count`:2");
}

static void test_compressed_files_are_read_and_cut_off_ones_refused(void **state) {
    fixture *f = *state;
    unsigned char packed[1000];
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)GOOD;
    z.avail_in = sizeof GOOD - 1;
    z.next_out = packed;
    z.avail_out = sizeof packed;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t size = sizeof packed - z.avail_out;
    deflateEnd(&z);
    const char *whole = fixture_write(f, "a.csv.gz", packed, size);
    fixture_holds(check_file(f, whole, "gzip", OPTIONS, ""), "`compression`:`gzip`");
    const char *cut = fixture_write(f, "b.csv.gz", packed, size - 9);
    fixture_holds(check_file(f, cut, "gzip", OPTIONS, ""), "`rule`:`compression`");
    fixture_holds(check_file(f, fixture_text(f, "c.gz", GOOD), "gzip", OPTIONS, ""),
                  "`rule`:`compression`");
}

static void test_strange_names_are_names(void **state) {
    fixture *f = *state;
    fixture_text(f, "a b'c [1]*?{=\n.csv", GOOD);
    const char *path = arena_printf(f->arena, "%s/a b'c [1]*?{=\\n.csv", f->dir);
    fixture_holds(check_file(f, path, "none", OPTIONS, ""), "`accepted`");
}

static void test_columns_of_a_table_without_any_are_text(void **state) {
    fixture *f = *state;
    const char *path = fixture_text(f, "x.csv", "a,b\n066,x\n");
    fixture_holds(fixture_ask(f,
                              "{`op`:`check`,`format`:`csv`,`columns`:[],`files`:[{`id`:1,"
                              "`path`:`%s`}]}",
                              path),
                  "`columns`:[{`name`:`a`,`type`:`VARCHAR`,`from`:0},"
                  "{`name`:`b`,`type`:`VARCHAR`,`from`:1}]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialects_of_one_file_are_one_file),
        cmocka_unit_test(test_another_delimiter_is_named),
        cmocka_unit_test(test_broken_headers_are_refused),
        cmocka_unit_test(test_values_that_are_not_of_their_type_are_placed),
        cmocka_unit_test(test_numbers_are_not_rounded),
        cmocka_unit_test(test_ragged_rows_are_told_once),
        cmocka_unit_test(test_nulls_and_bounds_are_placed_behind_line_breaks_in_quotes),
        cmocka_unit_test(test_no_line_is_told_where_blank_ones_make_it_uncertain),
        cmocka_unit_test(test_bytes_that_are_not_text_are_refused),
        cmocka_unit_test(test_broken_quotes_and_mixed_line_ends_are_not_readable),
        cmocka_unit_test(test_null_values_are_the_declared_ones),
        cmocka_unit_test(test_without_a_header_columns_are_taken_by_place),
        cmocka_unit_test(test_maps_see_the_delivery_and_may_be_null),
        cmocka_unit_test(test_a_map_that_cannot_be_computed_is_counted),
        cmocka_unit_test(test_compressed_files_are_read_and_cut_off_ones_refused),
        cmocka_unit_test(test_strange_names_are_names),
        cmocka_unit_test(test_columns_of_a_table_without_any_are_text),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
