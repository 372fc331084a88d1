/* Covers feeds.c through the job feeds. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define CONTRACT                                                                          \
    "{`format`:`csv`,`file_columns`:[`d`,`k`],`columns`:[{`name`:`d`,`type`:`TIMESTAMP`," \
    "`from`:0},"                                                                          \
    "{`name`:`k`,`type`:`VARCHAR`,`from`:1}]}"

static const char *unit(fixture *f, const char *id, const char *path) {
    return arena_printf(f->arena,
                        "{`id`:`%s`,`input`:{`table`:`raw.x`,`columns`:[{`name`:`d`,`type`:"
                        "`TIMESTAMP`},{`name`:`k`,`type`:`VARCHAR`},{`name`:`weir_file`,`type`:"
                        "`VARCHAR`}],`groups`:[{`contract`:" CONTRACT ",`files`:[{`path`:`%s`,"
                        "`file`:`x/%s`,`land_timestamp`:1}]}]}}",
                        id, path, id);
}

static void test_feeds_are_told_unit_by_unit(void **state) {
    fixture *f = *state;
    const char *one = fixture_text(f, "1.csv", "d,k\n2020-01-01 10:00:00,7\n2020-01-02,8\n,8\n");
    const char *two = fixture_text(f, "2.csv", "d,k\n2020-01-01,x\n");
    const char *answer = fixture_ask(
        f,
        "{`op`:`feeds`,`maps`:[{`id`:`m`,`columns`:[{`expression`:`cast(d as date)`,`type`:`DATE`},"
        "{`expression`:`weir_file`,`type`:`VARCHAR`}]},{`id`:`n`,`columns`:[{`expression`:"
        "`k::int`,`type`:`INTEGER`}]}],`units`:[%s,%s,%s]}",
        unit(f, "1", one), unit(f, "2", two),
        unit(f, "3", arena_printf(f->arena, "%s/none", f->dir)));
    fixture_holds(answer, "{`id`:`1`,`feeds`:[{`id`:`m`,`partitions`:[[`2020-01-01`,`x/1`],"
                          "[`2020-01-02`,`x/1`],[null,`x/1`]],`rows`:[1,1,1]},"
                          "{`id`:`n`,`partitions`:[[`7`],[`8`]],`rows`:[1,2]}]}");
    fixture_holds(answer, "`kind`:`data`");
    fixture_holds(answer, "`id`:`2`}");
    fixture_holds(answer, "`kind`:`not_found`");
    fixture_holds(answer, "`id`:`3`}");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_feeds_are_told_unit_by_unit)};
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
