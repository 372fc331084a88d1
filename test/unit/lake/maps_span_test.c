#include "lake/lake.h"

#include "duckdb_tree.h"
#include "lake_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Windows and as_of maps: where rows stand, which partitions they make, and what is refused. */

static const char *const FILES[][2] = {
    {"lake.yaml", "lake: city\nlayers: [raw, silver, gold]\n"},
    {"tables/raw/trips.yaml", "columns: {ts: timestamp, n: int64, site: string, d: date}\n"},
    {"tables/raw/devices.yaml", "columns: {code: string, kind: string}\ncontents: full\n"
                                "from_path: '(?<event_date>[0-9-]+)\\.csv$'\n"},
    {"tables/raw/lists.yaml", "columns: {code: string, added: date}\n"},
    {"tables/silver/p.sql", "SELECT ts::date AS event_date, site, n FROM raw.trips"},
    {"tables/silver/p.yaml", "partition_by: [event_date]\n"},
    {"tables/silver/s.sql", "SELECT ts::date AS event_date, site, n FROM raw.trips"},
    {"tables/silver/s.yaml", "partition_by: [event_date, site]\n"},
    {"tables/silver/q.sql", "SELECT ts::date AS event_date, n FROM raw.trips"},
};

static lake_dir make_dir(const char *sql, const char *yaml) {
    lake_dir dir = lake_dir_new();
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++)
        lake_dir_write(&dir, FILES[i][0], FILES[i][1]);
    lake_dir_write(&dir, "tables/gold/t.sql", sql);
    lake_dir_write(&dir, "tables/gold/t.yaml", yaml);
    return dir;
}

static status load(void **state, const lake_dir *dir, lake **ret, errors *all, error *err) {
    sql_engine engine = duckdb_tree_engine(*state);
    const lake_options options = {.dir = dir->path, .engine = &engine, .use_cache = true};
    return lake_load(&options, dir->arena, ret, all, err);
}

/* "silver.p window 0 event_date same; …" */
static const char *describe(const lake_table *t, arena *a) {
    static const char *const KINDS[] = {
        [MAP_DERIVED] = "derived", [MAP_SAME] = "same",   [MAP_EXPRESSION] = "expression",
        [MAP_WINDOW] = "window",   [MAP_AS_OF] = "as_of", [MAP_ALL] = "all"};
    static const char *const CREATES[] = {"none", "own", "all"};
    strings inputs = {0};
    for (size_t i = 0; i < t->input_count; i++) {
        const sql_map *m = &t->inputs[i].map;
        buf b = buf_new(a);
        buf_printf(&b, "%s %s", m->table, KINDS[m->kind]);
        if (m->span != NULL)
            buf_printf(&b, " makes %s by %s from %s%s%s", CREATES[m->span->creates],
                       str_join(a, &m->span->base, ","), str_join(a, &m->expressions, ", "),
                       m->same.count > 0 ? " same" : "", m->span->only_newest ? " newest" : "");
        vec_push(a, &inputs, b.text);
    }
    return str_join(a, &inputs, "; ");
}

typedef struct good_case {
    const char *sql, *yaml, *maps;
} good_case;

static const good_case GOOD[] = {
    /* The SQL tells where rows stand, and rows of other days only come in through a window. */
    {"SELECT event_date, sum(n) OVER (ORDER BY event_date) AS s FROM silver.p",
     "partition_by: [event_date]\nmap: {silver.p: {event_date: [-6, 0]}}\n",
     "silver.p window makes own by event_date from event_date same"},
    {"SELECT ts::date AS event_date, sum(n) OVER (ORDER BY ts) AS s FROM raw.trips",
     "partition_by: [event_date]\nmap: {raw.trips: {event_date: [-6, 0]}}\n",
     "raw.trips window makes own by event_date from CAST(ts AS DATE)"},
    /* Rows of another input make the partitions. */
    {"SELECT p.event_date, (SELECT sum(n) FROM silver.s) AS s FROM silver.p p",
     "partition_by: [event_date]\nmap: {silver.s: {event_date: [-1 month, 0]}}\n",
     "silver.s window makes none by event_date from event_date same; silver.p same"},
    /* What makes the partitions cannot be told: all that read a row. */
    {"SELECT a.event_date, b.n FROM silver.p a JOIN silver.p b ON b.event_date = a.event_date - 1",
     "partition_by: [event_date]\nmap: {silver.p: {event_date: [-1, 0]}}\n",
     "silver.p window makes all by event_date from event_date same"},
    {"SELECT event_date + 1 AS event_date, n FROM silver.q",
     "partition_by: [event_date]\n"
     "map: {silver.q: {event_date: {by: event_date, window: [-1, -1]}}}\n",
     "silver.q window makes all by event_date from event_date"},
    {"SELECT a.d AS event_date, b.n FROM raw.trips a JOIN raw.trips b ON b.ts = a.ts",
     "partition_by: [event_date]\n"
     "map: {raw.trips: {event_date: {by: \"ts::date\", window: [-1 week, 0]}}}\n",
     "raw.trips window makes all by event_date from CAST(ts AS DATE)"},
    /* Other partition columns are where they always are, or as written. */
    {"SELECT event_date, site, sum(n) OVER (PARTITION BY site) AS s FROM silver.s",
     "partition_by: [event_date, site]\nmap: {silver.s: {event_date: [-1, 0]}}\n",
     "silver.s window makes own by site,event_date from site, event_date same"},
    {"SELECT event_date, site, lag(n) OVER (ORDER BY site) AS s FROM silver.s",
     "partition_by: [event_date, site]\n"
     "map: {silver.s: {event_date: [-1, 0], site: lower(site)}}\n",
     "silver.s window makes all by site,event_date from lower(site), event_date"},
    /* Lists: by their path, by their landing, by a column. */
    {"SELECT p.event_date, n, kind FROM silver.p p LEFT JOIN raw.devices ON code = site",
     "partition_by: [event_date]\nmap: {raw.devices: {as_of: event_date}}\n",
     "silver.p same; raw.devices as_of makes none by event_date from "
     "CAST(event_date AS DATE) newest"},
    {"SELECT event_date, n, added FROM silver.p LEFT JOIN raw.lists ON code = site",
     "partition_by: [event_date]\nmap: {raw.lists: {as_of: event_date}}\n",
     "silver.p same; raw.lists as_of makes none by event_date from "
     "CAST(to_timestamp(file_land_timestamp) AS DATE)"},
    {"SELECT event_date, n, added FROM silver.p LEFT JOIN raw.lists ON code = site",
     "partition_by: [event_date]\nmap: {raw.lists: {as_of: event_date, by: added}}\n",
     "silver.p same; raw.lists as_of makes none by event_date from added"},
    {"SELECT p.event_date, p.site, p.n, s.n AS m FROM silver.s p LEFT JOIN silver.p s "
     "ON p.n = s.n",
     "partition_by: [event_date, site]\nmap: {silver.p: {as_of: event_date, site: site}}\n",
     "silver.s same; silver.p as_of makes none by site,event_date from site, event_date"},
};

static void test_windows_and_lists_are_read(void **state) {
    for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++) {
        lake_dir dir = make_dir(GOOD[i].sql, GOOD[i].yaml);
        lake *first = NULL, *again = NULL;
        error err = {0};
        if (load(state, &dir, &first, NULL, &err) != OK)
            fail_msg("%s\n%s %s", GOOD[i].sql, err.message, err.hint);
        const lake_table *t = lake_table_find(first, "gold.t");
        assert_string_equal(describe(t, dir.arena), GOOD[i].maps);
        assert_false(t->aligned);
        assert_int_equal(load(state, &dir, &again, NULL, &err), OK);
        const lake_table *cached = lake_table_find(again, "gold.t");
        assert_string_equal(describe(cached, dir.arena), GOOD[i].maps);
        assert_string_equal(t->fingerprint, cached->fingerprint);
        lake_dir_free(&dir);
    }
}

typedef struct bad_case {
    const char *sql, *yaml, *message, *hint;
    int line, column; /* of the YAML */
} bad_case;

#define DAYS   "SELECT event_date, sum(n) OVER (ORDER BY event_date) AS s FROM silver.p"
#define BY_DAY "partition_by: [event_date]\n"

static const bad_case BAD[] = {
    {DAYS, BY_DAY "map: {silver.p: {event_date: [-6]}}\n",
     "the window over \"event_date\" is not two bounds",
     "Write the first and the last, as in [-6, 0] or [-1 month, 0].", 2, 30},
    {DAYS, BY_DAY "map: {silver.p: {event_date: [a, 0]}}\n",
     "the window over \"event_date\" is not two bounds",
     "Write the first and the last, as in [-6, 0] or [-1 month, 0].", 2, 30},
    {DAYS, BY_DAY "map: {silver.p: {event_date: [-1 month, 3]}}\n",
     "the window over \"event_date\" has bounds of two units",
     "Write the first and the last, as in [-6, 0] or [-1 month, 0].", 2, 30},
    {DAYS, BY_DAY "map: {silver.p: {event_date: [2, -2]}}\n", "the window ends before it begins",
     "Write the earlier bound first.", 2, 30},
    {DAYS, BY_DAY "map: {silver.p: {event_date: [-9 years, 9 years]}}\n",
     "a partition would read more than 4000 others",
     "Narrow the window, or write `all` to read the whole input.", 2, 30},
    {DAYS, BY_DAY "map: {silver.p: {event_date: [-6, -1]}}\n",
     "the window over \"silver.p\" leaves out the rows that make a partition",
     "Let it take in 0, as in [-6, 0].", 2, 17},
    {"SELECT site, sum(n) OVER (ORDER BY site) AS s FROM silver.p",
     "partition_by: [site]\nmap: {silver.p: {site: [-1, 0]}}\n",
     "a window over \"site\" cannot count VARCHAR",
     "Texts such as 2024-05 are counted in months, as in [-1 month, 0]; cast others to a date.", 2,
     24},
    {"SELECT n, sum(n) OVER (ORDER BY n) AS s FROM silver.p",
     "partition_by: [n]\nmap: {silver.p: {n: [-1 month, 0]}}\n",
     "a window over \"n\" cannot count BIGINT in months",
     "Whole numbers are counted without a unit, as in [-6, 0].", 2, 21},
    {"SELECT n, sum(n) OVER (ORDER BY n) AS s FROM silver.p",
     "partition_by: [n]\nmap: {silver.p: {n: [-1 day, 0]}}\n",
     "a window over \"n\" cannot count BIGINT in days",
     "Whole numbers are counted without a unit, as in [-6, 0].", 2, 21},
    {"SELECT ts, sum(n) OVER (ORDER BY n) AS s FROM raw.trips",
     "partition_by: [ts]\nmap: {raw.trips: {ts: [-1, 0]}}\n",
     "a window over \"ts\" cannot count TIMESTAMP",
     "Partition by a date, or by a whole number such as epoch(ts) // 3600 for hours.", 2, 23},
    {"SELECT event_date, s.n AS a, t.n AS b FROM silver.p s LEFT JOIN raw.trips t ON t.n = s.n",
     BY_DAY "map: {raw.trips: {event_date: [-6, 0]}}\n",
     "where rows of \"raw.trips\" stand in \"event_date\" is unknown: no equality of same types in "
     "the LEFT JOIN ties it to the partition columns at 1:55",
     "Write it, as in map: {raw.trips: {event_date: {by: \"<expression>\", window: [-6, 0]}}}.", 2,
     31},
    {"SELECT event_date, site, n FROM silver.s",
     "partition_by: [event_date, site]\nmap: {silver.s: {event_date: [-1, 0], site: [0, 0]}}\n",
     "the map of \"silver.s\" has two windows", "", 2, 45},
    {DAYS, BY_DAY "map: {silver.p: {as_of: event_date}}\n",
     "\"silver.p\" cannot be read as of a date: its rows make the partitions of \"gold.t\"",
     "Write an expression per partition column, or remove \"partition_by\".", 2, 17},
    {DAYS, BY_DAY "map: {silver.p: {as_of: event_dat}}\n",
     "\"event_dat\" is not a column of \"partition_by\"", "did you mean \"event_date\"?", 2, 25},
    {DAYS, BY_DAY "map: {silver.p: {by: event_date}}\n", "\"by\" needs \"as_of\"",
     "Beside a window it stands as {by: \"<expression>\", window: [-6, 0]}.", 2, 18},
    {"SELECT p.event_date, site, s.n FROM silver.p p LEFT JOIN silver.q s ON p.n = s.n",
     "partition_by: [site]\nmap: {silver.q: {as_of: site}}\n",
     "what is newest by \"site\" cannot be told: it is VARCHAR",
     "Partition by a DATE or a TIMESTAMP.", 2, 25},
    {"SELECT p.event_date AS day, s.n FROM silver.p p LEFT JOIN silver.q s ON p.n = s.n",
     "partition_by: [day]\nmap: {silver.q: {as_of: day}}\n",
     "where rows of \"silver.q\" stand in \"day\" is unknown: no equality of same types in the "
     "LEFT JOIN ties it to the partition columns at 1:49",
     "Write it, as in map: {silver.q: {as_of: day, by: \"<expression>\"}}.", 2, 25},
    {DAYS, BY_DAY "map: {silver.p: {event_date: {window: 3}}}\n",
     "\"map.silver.p.event_date.window\" must be a list of two bounds, as in [-6, 0]", "", 2, 39},
};

static void test_what_cannot_be_a_window_is_refused_with_place_and_remedy(void **state) {
    for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
        lake_dir dir = make_dir(BAD[i].sql, BAD[i].yaml);
        lake *l = NULL;
        errors all = {0};
        error err = {0};
        assert_int_equal(load(state, &dir, &l, &all, &err), E_DEFINITION);
        assert_string_equal(err.message, BAD[i].message);
        assert_string_equal(err.hint, BAD[i].hint);
        assert_string_equal(err.file, "tables/gold/t.yaml");
        assert_int_equal(err.line, BAD[i].line);
        assert_int_equal(err.column, BAD[i].column);
        assert_int_equal(all.count, 1);
        lake_dir_free(&dir);
    }
}

static const lake_input *only_input(void **state, lake_dir *dir, const char *sql,
                                    const char *yaml) {
    lake *l = NULL;
    error err = {0};
    *dir = make_dir(sql, yaml);
    assert_int_equal(load(state, dir, &l, NULL, &err), OK);
    const lake_table *t = lake_table_find(l, "gold.t");
    return &t->inputs[t->input_count - 1];
}

static void test_columns_of_the_map_alone_are_not_in_the_view(void **state) {
    lake_dir dir;
    const lake_input *in =
        only_input(state, &dir, "SELECT * FROM silver.p LEFT JOIN raw.lists ON code = site",
                   BY_DAY "map: {raw.lists: {as_of: event_date}}\n");
    assert_true(in->map_reads_land_timestamp && !in->reads_land_timestamp);
    assert_false(in->map_reads_file);
    lake_dir_free(&dir);
    in = only_input(state, &dir, "SELECT *, 1 AS day FROM raw.lists",
                    "partition_by: [added]\nmap: {raw.lists: {added: \"to_timestamp("
                    "file_land_timestamp)::date + length(weir_file)::int\"}}\n");
    assert_true(in->map_reads_land_timestamp && in->map_reads_file && !in->reads_file);
    lake_dir_free(&dir);
}

static void test_another_window_is_another_map(void **state) {
    lake_dir one, two;
    const lake_input *first =
        only_input(state, &one, DAYS, BY_DAY "map: {silver.p: {event_date: [-6, 0]}}\n");
    const lake_input *second =
        only_input(state, &two, DAYS, BY_DAY "map: {silver.p: {event_date: [-5, 0]}}\n");
    assert_string_not_equal(first->map_fingerprint, second->map_fingerprint);
    assert_non_null(first->span);
    lake_dir_free(&one);
    lake_dir_free(&two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_and_lists_are_read),
        cmocka_unit_test(test_what_cannot_be_a_window_is_refused_with_place_and_remedy),
        cmocka_unit_test(test_columns_of_the_map_alone_are_not_in_the_view),
        cmocka_unit_test(test_another_window_is_another_map),
    };
    return cmocka_run_group_tests(tests, duckdb_tree_set_up, duckdb_tree_tear_down);
}
