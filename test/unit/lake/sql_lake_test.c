#include "lake/lake.h"

#include "base/path.h"
#include "duckdb_tree.h"
#include "lake_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Lakes with SQL, read by the real engine in this process. */

static const char LAKE[] = "lake: italy\nlayers: [raw, silver, gold]\n";
static const char PROVINCE[] = "columns:\n  data: {type: timestamp, nullable: false}\n"
                               "  codice: string\n  casi: int64\nfrom_path: '(?<site>[a-z]+)/'\n";
static const char SILVER[] =
    "-- days\nSELECT cast(data AS date) AS event_date, codice AS code, casi\n"
    "FROM raw.province;\n";

/* Counts what is asked, so that a test can claim that nothing is. */
typedef struct counting {
    sql_engine inner;
    int calls;
} counting;

static status count_parse(void *state, const char *sql, json_t **ret_tree, error *err) {
    counting *c = state;
    c->calls++;
    return c->inner.parse(c->inner.state, sql, ret_tree, err);
}

static status count_render(void *state, const json_t *tree, arena *a, char **ret, error *err) {
    counting *c = state;
    c->calls++;
    return c->inner.render(c->inner.state, tree, a, ret, err);
}

static status count_describe(void *state, const char *sql, const sql_shape *inputs, size_t count,
                             arena *a, columns *ret, error *err) {
    counting *c = state;
    c->calls++;
    return c->inner.describe(c->inner.state, sql, inputs, count, a, ret, err);
}

typedef struct fixture {
    lake_dir dir;
    counting counting;
    sql_engine engine;
    lake *lake;
    errors all;
    error err;
} fixture;

static fixture *start(void **state) {
    fixture *f = calloc(1, sizeof *f);
    ASSERT(f != NULL);
    f->dir = lake_dir_new();
    f->counting.inner = duckdb_tree_engine(*state);
    f->engine = (sql_engine){count_parse, count_render, count_describe, &f->counting};
    lake_dir_write(&f->dir, "lake.yaml", LAKE);
    lake_dir_write(&f->dir, "tables/raw/province.yaml", PROVINCE);
    return f;
}

static void stop(fixture *f) {
    lake_dir_free(&f->dir);
    free(f);
}

static status load(fixture *f) {
    lake_options options = {.dir = f->dir.path, .engine = &f->engine, .use_cache = true};
    f->lake = NULL;
    f->all = (errors){0};
    f->err = (error){0};
    f->counting.calls = 0;
    return lake_load(&options, f->dir.arena, &f->lake, &f->all, &f->err);
}

static void write_silver(fixture *f, const char *sql, const char *yaml) {
    lake_dir_write(&f->dir, "tables/silver/province.sql", sql);
    if (yaml != NULL)
        lake_dir_write(&f->dir, "tables/silver/province.yaml", yaml);
}

static const lake_table *silver(const fixture *f) {
    return lake_table_find(f->lake, "silver.province");
}

static void test_a_lake_with_sql_loads_whole(void **state) {
    fixture *f = start(state);
    write_silver(
        f, SILVER,
        "partition_by: [event_date]\ncolumns: {event_date: date, code: string, casi: int64}\n"
        "files: {target_size: 64MB}\n");
    lake_dir_write(&f->dir, "tables/gold/total.sql",
                   "SELECT code, sum(casi) AS total FROM silver.province GROUP BY code");
    lake_dir_write(&f->dir, "tables/gold/total.yaml",
                   "projection: none\nfiles: {count: 1, name: total.parquet}\n");
    assert_int_equal(load(f), OK);
    assert_int_equal(f->lake->table_count, 3);
    const lake_table *t = silver(f);
    assert_int_equal(t->index, 1);
    assert_int_equal(t->input_count, 1);
    assert_string_equal(t->inputs[0].table->name, "raw.province");
    assert_int_equal(t->inputs[0].map.kind, MAP_DERIVED);
    assert_int_equal(t->inputs[0].map.expressions.count, 1);
    assert_true(t->aligned);
    assert_int_equal(t->columns.count, 3);
    assert_string_equal(t->columns.items[0].type, "DATE");
    assert_int_equal(t->file_target_bytes, 64000000);
    assert_int_equal(t->projection, PROJECTION_HIVE);
    assert_null(t->file_name);
    const lake_table *total = lake_table_find(f->lake, "gold.total");
    assert_int_equal(total->inputs[0].map.kind, MAP_ALL);
    assert_int_equal(total->partition_by.count, 0);
    assert_true(total->aligned);
    assert_int_equal(total->projection, PROJECTION_NONE);
    assert_string_equal(total->file_name, "total.parquet");
    assert_string_equal(t->sql + strlen(t->sql) - strlen("raw.province"), "raw.province");
    stop(f);
}

static void test_tables_come_by_layer_and_name_unless_inputs_say_otherwise(void **state) {
    fixture *f = start(state);
    lake_dir_write(&f->dir, "tables/silver/a.sql", "SELECT * FROM silver.c");
    lake_dir_write(&f->dir, "tables/silver/b.sql", "SELECT casi FROM raw.province");
    lake_dir_write(&f->dir, "tables/silver/c.sql", "SELECT codice FROM raw.province");
    lake_dir_write(&f->dir, "tables/gold/a.sql", "SELECT * FROM silver.b");
    assert_int_equal(load(f), OK);
    static const char *const ORDER[] = {"raw.province", "silver.b", "silver.c", "silver.a",
                                        "gold.a"};
    for (size_t i = 0; i < ARRAY_SIZE(ORDER); i++) {
        assert_string_equal(f->lake->tables[i]->name, ORDER[i]);
        assert_int_equal(f->lake->tables[i]->index, i);
    }
    stop(f);
}

static void test_a_second_load_asks_the_engine_nothing(void **state) {
    fixture *f = start(state);
    write_silver(f, SILVER,
                 "partition_by: [event_date]\nmap: {raw.province: {event_date: \"data::date\"}}\n");
    assert_int_equal(load(f), OK);
    assert_true(f->counting.calls > 0);
    const lake_table *first = silver(f);
    assert_int_equal(load(f), OK);
    assert_int_equal(f->counting.calls, 0);
    const lake_table *second = silver(f);
    assert_string_equal(first->fingerprint, second->fingerprint);
    assert_string_equal(first->inputs[0].map_fingerprint, second->inputs[0].map_fingerprint);
    assert_string_equal(first->inputs[0].map.expressions.items[0],
                        second->inputs[0].map.expressions.items[0]);
    assert_int_equal(first->aligned, second->aligned);
    lake_dir_write(&f->dir, ".weir/cache/definition", "garbage");
    assert_int_equal(load(f), OK);
    assert_true(f->counting.calls > 0);
    stop(f);
}

static void test_a_change_of_an_input_is_a_new_question(void **state) {
    fixture *f = start(state);
    write_silver(f, "SELECT * FROM raw.province", NULL);
    assert_int_equal(load(f), OK);
    assert_int_equal(silver(f)->columns.count, 4);
    lake_dir_write(&f->dir, "tables/raw/province.yaml", "columns: {a: date}\n");
    assert_int_equal(load(f), OK);
    assert_int_equal(silver(f)->columns.count, 1);
    assert_string_equal(silver(f)->columns.items[0].type, "DATE");
    stop(f);
}

static const char *fingerprint(fixture *f, const char *sql, const char *yaml) {
    write_silver(f, sql, yaml);
    assert_int_equal(load(f), OK);
    return silver(f)->fingerprint;
}

/* Names of the parts in which the code is another one. */
static const char *parts_changed(fixture *f, const lake_table *from) {
    const lake_table *to = silver(f);
    strings names = {0};
    assert_int_equal(from->code_parts.count, to->code_parts.count);
    for (size_t i = 0; i < to->code_parts.count; i++) {
        assert_string_equal(from->code_parts.items[i].name, to->code_parts.items[i].name);
        if (!str_eq(from->code_parts.items[i].hash, to->code_parts.items[i].hash))
            vec_push(f->dir.arena, &names, to->code_parts.items[i].name);
    }
    return str_join(f->dir.arena, &names, ", ");
}

static void test_the_parts_of_the_code_tell_what_changed(void **state) {
    fixture *f = start(state);
    const char *by_day = "partition_by: [event_date]\n";
    fingerprint(f, SILVER, by_day);
    const lake_table *first = silver(f);
    fingerprint(f,
                "SELECT data::date AS event_date, codice AS code, casi + 1 AS casi"
                " FROM raw.province",
                by_day);
    assert_string_equal(parts_changed(f, first), "sql");
    fingerprint(f, SILVER, "partition_by: [event_date]\nfiles: {target_size: 1MB}\n");
    assert_string_equal(parts_changed(f, first), "files");
    fingerprint(f, SILVER,
                "partition_by: [event_date]\n"
                "map: {raw.province: {event_date: \"cast(data as date) + 0\"}}\n");
    assert_non_null(strstr(parts_changed(f, first), "map of raw.province"));
    lake_dir_write(&f->dir, "lake.yaml",
                   arena_printf(f->dir.arena, "%stimezone: Europe/Rome\n", LAKE));
    fingerprint(f, SILVER, by_day);
    assert_string_equal(parts_changed(f, first), "map of raw.province, timezone");
    stop(f);
}

static void test_a_fingerprint_is_of_meaning_not_of_text(void **state) {
    fixture *f = start(state);
    const char *by_day = "partition_by: [event_date]\n";
    const char *first = fingerprint(f, SILVER, by_day);
    assert_string_equal(first,
                        fingerprint(f,
                                    "SELECT data::date event_date, -- the day\n codice AS code, "
                                    "casi FROM raw.province",
                                    "# note\npartition_by: event_date\nprojection: hive\n"));
    assert_string_not_equal(
        first,
        fingerprint(
            f,
            "SELECT data::date AS event_date, codice AS code, casi + 1 AS casi FROM raw.province",
            by_day));
    assert_string_not_equal(first, fingerprint(f, SILVER, "partition_by: [code]\n"));
    assert_string_not_equal(
        first, fingerprint(f, SILVER, "partition_by: [event_date]\nfiles: {target_size: 1MB}\n"));
    const char *lake_before = f->lake->fingerprint;
    lake_dir_write(&f->dir, "lake.yaml",
                   arena_printf(f->dir.arena, "%stimezone: Europe/Rome\n", LAKE));
    assert_string_not_equal(first, fingerprint(f, SILVER, by_day));
    assert_string_not_equal(lake_before, f->lake->fingerprint);
    stop(f);
}

static void test_hidden_columns_are_in_the_view_when_named(void **state) {
    fixture *f = start(state);
    write_silver(f, "SELECT casi FROM raw.province", NULL);
    assert_int_equal(load(f), OK);
    const lake_input *in = &silver(f)->inputs[0];
    assert_false(in->reads_land_timestamp || in->reads_file || in->reads_from_path);
    write_silver(f, "SELECT casi, file_land_timestamp, site FROM raw.province", NULL);
    assert_int_equal(load(f), OK);
    in = &silver(f)->inputs[0];
    assert_true(in->reads_land_timestamp && in->reads_from_path && !in->reads_file);
    assert_string_equal(silver(f)->columns.items[1].type, "BIGINT");
    write_silver(f, "SELECT * FROM (SELECT COLUMNS(*) FROM raw.province)", NULL);
    assert_int_equal(load(f), OK);
    in = &silver(f)->inputs[0];
    assert_true(!in->reads_land_timestamp && in->reads_from_path && !in->reads_file);
    assert_int_equal(silver(f)->columns.count, 4);
    write_silver(f, "SELECT casi, parse_filename(weir_file) AS name FROM raw.province", NULL);
    assert_int_equal(load(f), OK);
    in = &silver(f)->inputs[0];
    assert_true(!in->reads_land_timestamp && !in->reads_from_path && in->reads_file);
    stop(f);
}

static void test_a_written_map_overrides_and_is_held_to_the_column(void **state) {
    fixture *f = start(state);
    write_silver(f, SILVER,
                 "partition_by: [event_date]\n"
                 "map: {raw.province: {event_date: \"date_trunc('month', data)::date\"}}\n");
    assert_int_equal(load(f), OK);
    assert_int_equal(silver(f)->inputs[0].map.kind, MAP_EXPRESSION);
    assert_false(silver(f)->aligned);
    write_silver(f, SILVER,
                 "partition_by: [event_date]\n"
                 "map: {raw.province: {event_date: \"CAST( data AS DATE ) -- same\"}}\n");
    assert_int_equal(load(f), OK);
    assert_int_equal(silver(f)->inputs[0].map.kind, MAP_DERIVED);
    assert_true(silver(f)->aligned);
    stop(f);
}

typedef struct mistake {
    const char *sql, *yaml;
    const char *message, *hint; /* NULL: in the engine's words */
    const char *file;
    int line, column; /* ANYWHERE: the engine's business */
} mistake;

enum { ANYWHERE = -1 };

#define SQL_FILE  "tables/silver/province.sql"
#define YAML_FILE "tables/silver/province.yaml"

static void check_mistake(void **state, const mistake *m) {
    fixture *f = start(state);
    lake_dir_write(&f->dir, "tables/raw/bare.yaml", "");
    lake_dir_write(&f->dir, "tables/raw/pdf.yaml", "format: opaque\n");
    lake_dir_write(&f->dir, "tables/gold/later.sql", "SELECT casi FROM raw.province");
    write_silver(f, m->sql, m->yaml);
    assert_int_equal(load(f), E_DEFINITION);
    if (m->message != NULL)
        assert_string_equal(f->err.message, m->message);
    if (m->hint != NULL)
        assert_string_equal(f->err.hint, m->hint);
    assert_string_equal(f->err.file, m->file);
    if (m->line != ANYWHERE) {
        assert_int_equal(f->err.line, m->line);
        assert_int_equal(f->err.column, m->column);
    }
    assert_int_equal(f->all.count, 1);
    stop(f);
}

static const mistake DERIVED_TABLE_MISTAKES[] = {
    {"SELECT 1 AS a\nFROM raw.provnce", NULL, "there is no table \"raw.provnce\"",
     "did you mean \"raw.province\"?", SQL_FILE, 2, 6},
    {"SELECT casi FROM gold.later", NULL,
     "\"silver.province\" reads \"gold.later\" of a later layer",
     "A table reads its own layer or earlier ones; in order they are raw, silver, gold.", SQL_FILE,
     1, 18},
    {"SELECT casi FROM silver.province", NULL, "\"silver.province\" reads itself", "", SQL_FILE, 1,
     18},
    {"SELECT x FROM raw.bare", NULL, "\"raw.bare\" has no columns yet: SQL cannot read it",
     "`weir add raw.bare FILE` writes them from a delivered file.", SQL_FILE, 1, 15},
    {"SELECT x FROM raw.pdf", NULL, "\"raw.pdf\" holds opaque files: SQL cannot read them", "",
     SQL_FILE, 1, 15},
    {"SELECT run_id FROM weir.run", NULL, "\"weir.run\" is not supported yet", "", SQL_FILE, 0, 0},
    {SILVER, "partition_by: [event_dat]\n",
     "the result of \"silver.province\" has no column \"event_dat\"",
     "did you mean \"event_date\"?", YAML_FILE, 1, 16},
    {"SELECT casi::double AS d FROM raw.province", "partition_by: [d]\n",
     "a column of type DOUBLE cannot partition a table",
     "Cast \"d\" to text, a whole number, a date or a timestamp.", YAML_FILE, 1, 16},
    {SILVER, "columns: {event_date: date, code: int64, casi: int64}\n",
     "the column \"code\" is VARCHAR in the result, not BIGINT", "", YAML_FILE, 1, 35},
    {SILVER, "columns: {event_date: date, code: string}\n",
     "the result has a column \"casi\" that \"columns\" lacks", "", YAML_FILE, 1, 10},
    {SILVER, "columns: {event_date: date, code: string, casi: int64, more: date}\n",
     "the result of \"silver.province\" has no column \"more\"", "", YAML_FILE, 1, 56},
    {SILVER, "mode: merge\n", "\"mode: merge\" is not supported yet", "", YAML_FILE, 1, 7},
    {SILVER, "format: csv\n", "\"format: csv\" is not supported yet", "", YAML_FILE, 1, 9},
    {SILVER, "audit: {built_at: started_at}\n", "\"audit\" is not supported yet", "", YAML_FILE, 1,
     1},
    {SILVER, "land: x\n", "unknown key \"land\"",
     "It belongs to a source table, which has no .sql file.", YAML_FILE, 1, 1},
    {SILVER, "files: {name: a.parquet}\n", "\"files.name\" needs \"files.count: 1\"", "", YAML_FILE,
     1, 15},
    {SILVER, "files: {count: 2}\n", "\"files.count\" can only be 1",
     "For more files set \"target_size\".", YAML_FILE, 1, 16},
    {SILVER, "files: {count: 1, name: a.csv}\n", "\"files.name\" must end in .parquet", "",
     YAML_FILE, 1, 25},
    {SILVER, "files: {count: 1, name: a/b.parquet}\n",
     "\"files.name\" must be a file name that begins with a letter or digit, "
     "without / : * ? [ {",
     "", YAML_FILE, 1, 25},
    {SILVER, "map: {raw.province: {event_date: \"data::date\"}}\n",
     "\"event_date\" is not a column of \"partition_by\"", "", YAML_FILE, 1, 22},
    {SILVER, "partition_by: [event_date]\nmap: {raw.provinc: all}\n",
     "\"raw.provinc\" in \"map\" is not an input of \"silver.province\"",
     "did you mean \"raw.province\"?", YAML_FILE, 2, 7},
    {SILVER, "partition_by: [event_date]\nmap: {raw.province: {event_dat: \"x\"}}\n",
     "\"event_dat\" is not a column of \"partition_by\"", "did you mean \"event_date\"?", YAML_FILE,
     2, 22},
    {SILVER, "partition_by: [event_date]\nmap: {raw.province: whole}\n",
     "\"map.raw.province\" must be all, or a map of partition columns to expressions", "",
     YAML_FILE, 2, 21},
    {SILVER, "partition_by: [event_date, code]\nmap: {raw.province: {code: codice}}\n",
     "the map of \"raw.province\" lacks the partition column \"event_date\"", "", YAML_FILE, 2, 21},
    {SILVER, "partition_by: [event_date]\nmap: {raw.province: {event_date: codice}}\n",
     "the map of \"raw.province\" for \"event_date\": its type is VARCHAR, the "
     "column's is DATE",
     "Write cast(… AS DATE).", YAML_FILE, 2, 34},
    {SILVER, "partition_by: [event_date]\nmap: {raw.province: {event_date: \"current_date\"}}\n",
     NULL, NULL, YAML_FILE, 2, 34},
    {SILVER, "partition_by: [event_date]\nmap: {raw.province: {event_date: \"max(data)::date\"}}\n",
     "the map of \"raw.province\" for \"event_date\": it is no expression over "
     "one row of the input",
     NULL, YAML_FILE, 2, 34},
    {SILVER,
     "partition_by: [event_date]\n"
     "map: {raw.province: {event_date: \"data::date, data::date\"}}\n",
     NULL, NULL, YAML_FILE, 2, 34},
    {SILVER,
     "partition_by: [event_date]\n"
     "map: {raw.province: {event_date: \"data::date) FROM raw.province --\"}}\n",
     NULL, NULL, YAML_FILE, 2, 34},
    {SILVER,
     "partition_by: [event_date]\n"
     "map: {raw.province: {event_date: \"(SELECT max(d) FROM raw.pdf)\"}}\n",
     NULL, NULL, YAML_FILE, 2, 34},
    {SILVER, "partition_by: [event_date]\nmap: {raw.province: all}\n",
     "\"raw.province\" cannot be read whole: its rows make the partitions "
     "of \"silver.province\"",
     "Write an expression per partition column, or remove \"partition_by\".", YAML_FILE, 2, 21},
    {"SELECT DATE '2020-01-01' AS d", "partition_by: [d]\n",
     "no input tells the partitions of \"silver.province\"",
     "Map an input to d in tables/silver/province.yaml, or remove \"partition_by\".", SQL_FILE, 0,
     0},
    {"SELECT a\nFRM raw.province", NULL, NULL, NULL, SQL_FILE, ANYWHERE, ANYWHERE},
    {"SELECT nope FROM raw.province", NULL, NULL, NULL, SQL_FILE, ANYWHERE, ANYWHERE},
};

static void test_mistakes_in_a_derived_table_are_told_with_place_and_remedy(void **state) {
    for (size_t i = 0; i < ARRAY_SIZE(DERIVED_TABLE_MISTAKES); i++)
        check_mistake(state, &DERIVED_TABLE_MISTAKES[i]);
}

static void test_a_circle_is_told_whole(void **state) {
    fixture *f = start(state);
    lake_dir_write(&f->dir, "tables/silver/c.sql", "SELECT * FROM silver.b");
    lake_dir_write(&f->dir, "tables/silver/b.sql", "SELECT * FROM silver.d");
    lake_dir_write(&f->dir, "tables/silver/d.sql", "SELECT * FROM silver.c, raw.province");
    lake_dir_write(&f->dir, "tables/silver/a.sql", "SELECT * FROM silver.c");
    lake_dir_write(&f->dir, "tables/gold/x.sql", "SELECT * FROM gold.y");
    lake_dir_write(&f->dir, "tables/gold/y.sql", "SELECT * FROM gold.x");
    assert_int_equal(load(f), E_DEFINITION);
    assert_int_equal(f->all.count, 2);
    assert_string_equal(f->all.items[0].file, "tables/gold/x.sql");
    assert_string_equal(f->all.items[0].message,
                        "tables read each other in a circle: gold.x reads gold.y reads gold.x");
    assert_string_equal(
        f->all.items[1].message,
        "tables read each other in a circle: silver.b reads silver.d reads silver.c "
        "reads silver.b");
    stop(f);
}

static void test_what_follows_from_an_error_is_not_told(void **state) {
    fixture *f = start(state);
    lake_dir_write(&f->dir, "tables/raw/province.yaml", "columns: {data: dat}\n");
    write_silver(f, SILVER, "partition_by: [event_date]\n");
    lake_dir_write(&f->dir, "tables/gold/x.sql", "SELECT nope FROM silver.province");
    assert_int_equal(load(f), E_DEFINITION);
    assert_int_equal(f->all.count, 1);
    assert_string_equal(f->err.message, "\"columns.data\": unknown type \"dat\"");
    stop(f);
}

static void test_grouping_without_the_partition_column_needs_a_written_map(void **state) {
    static const char SQL[] =
        "SELECT max(cast(data AS date)) AS event_date, codice, sum(casi) AS casi\n"
        "FROM raw.province GROUP BY codice";
    fixture *f = start(state);
    write_silver(f, SQL, "partition_by: [event_date]\n");
    assert_int_equal(load(f), E_DEFINITION);
    assert_string_equal(f->err.file, SQL_FILE);
    assert_int_not_equal(f->err.line, 0);
    assert_non_null(strstr(f->err.hint, "tables/silver/province.yaml"));
    assert_non_null(strstr(f->err.hint, "remove partition_by"));
    write_silver(f, SQL,
                 "partition_by: [event_date]\nmap: {raw.province: {event_date: \"data::date\"}}\n");
    assert_int_equal(load(f), OK);
    assert_false(silver(f)->aligned);
    assert_int_equal(silver(f)->inputs[0].map.kind, MAP_EXPRESSION);
    stop(f);
}

/* Rows of no input come to partitions that nobody builds, whatever the map says. */
static void test_partitions_from_nothing_are_refused_with_any_map(void **state) {
    static const char *const SQL[] = {
        "SELECT g.d::date AS event_date, casi FROM generate_series(DATE '2020-01-01', DATE "
        "'2020-01-09', INTERVAL 1 DAY) g(d) LEFT JOIN raw.province ON data::date = g.d",
        "SELECT data::date AS event_date, casi FROM raw.province UNION ALL "
        "SELECT DATE '2020-01-01', 0",
        "SELECT v.d AS event_date, casi FROM (VALUES (DATE '2020-01-01')) v(d) LEFT JOIN "
        "raw.province ON data::date = v.d",
    };
    static const char *const MAPS[] = {"\"data::date\"", "{by: \"data::date\", window: [-1, 0]}"};
    fixture *f = start(state);
    for (size_t i = 0; i < ARRAY_SIZE(SQL) * ARRAY_SIZE(MAPS); i++) {
        write_silver(f, SQL[i / 2],
                     arena_printf(f->dir.arena,
                                  "partition_by: [event_date]\n"
                                  "map: {raw.province: {event_date: %s}}\n",
                                  MAPS[i % 2]));
        assert_int_equal(load(f), E_DEFINITION);
        assert_true(str_starts(f->err.message, "no input tells the partitions of "
                                               "\"silver.province\": "));
        assert_string_equal(f->err.file, SQL_FILE);
        assert_true(f->err.line == 1 && f->err.column > 30);
    }
    /* The list has days of its own, but only those of an input come out. */
    write_silver(f,
                 "SELECT g.d::date AS event_date, casi FROM generate_series(DATE '2020-01-01', "
                 "DATE '2020-01-09', INTERVAL 1 DAY) g(d) JOIN raw.province ON data::date = "
                 "g.d::date",
                 "partition_by: [event_date]\n");
    assert_int_equal(load(f), OK);
    stop(f);
}

static void test_a_limit_over_derived_maps_is_refused(void **state) {
    fixture *f = start(state);
    write_silver(f, "SELECT data::date AS event_date, casi FROM raw.province LIMIT 5",
                 "partition_by: [event_date]\n");
    assert_int_equal(load(f), E_DEFINITION);
    assert_string_equal(f->err.file, SQL_FILE);
    assert_true(
        str_starts(f->err.message, "partitions of \"silver.province\" are not independent: "));
    stop(f);
}

/* Written, it is the definition, also where it says what the SQL would say by itself. */
static void test_a_limit_over_a_written_map_takes_some_of_each_partition(void **state) {
    static const char *const SQL[] = {
        "SELECT data::date AS event_date, casi FROM raw.province ORDER BY casi LIMIT 5",
        ("SELECT data::date AS event_date, casi FROM raw.province "
         "QUALIFY row_number() OVER (PARTITION BY codice ORDER BY data) = 1"),
        "SELECT data::date AS event_date, lag(casi) OVER (ORDER BY data) AS c FROM raw.province",
        "SELECT data::date AS event_date, count(*) OVER () AS c FROM raw.province",
    };
    fixture *f = start(state);
    for (size_t i = 0; i < ARRAY_SIZE(SQL); i++) {
        write_silver(f, SQL[i],
                     "partition_by: [event_date]\n"
                     "map: {raw.province: {event_date: \"data::date\"}}\n");
        assert_int_equal(load(f), OK);
        assert_false(silver(f)->aligned);
        assert_int_equal(silver(f)->inputs[0].map.kind, MAP_EXPRESSION);
    }
    stop(f);
}

static void test_a_dimension_may_be_read_whole_when_written(void **state) {
    static const char SQL[] = "SELECT p.data::date AS event_date, p.casi, n.name\n"
                              "FROM raw.province p JOIN raw.names n ON n.codice = p.codice";
    fixture *f = start(state);
    lake_dir_write(&f->dir, "tables/raw/names.yaml", "columns: {codice: string, name: string}\n");
    write_silver(f, SQL, "partition_by: [event_date]\n");
    assert_int_equal(load(f), E_DEFINITION);
    assert_true(str_starts(
        f->err.message,
        "which partitions of \"silver.province\" rows of \"raw.names\" belong to is unknown: "));
    assert_non_null(strstr(f->err.hint, "map: {raw.names: all}"));
    write_silver(f, SQL, "partition_by: [event_date]\nmap: {raw.names: all}\n");
    assert_int_equal(load(f), OK);
    assert_true(silver(f)->aligned);
    assert_int_equal(silver(f)->inputs[0].map.kind, MAP_DERIVED);
    assert_int_equal(silver(f)->inputs[1].map.kind, MAP_ALL);
    stop(f);
}

static status failing_parse(void *state, const char *sql, json_t **ret_tree, error *err) {
    (void)state, (void)sql, (void)ret_tree;
    return error_set(err, E_ENGINE, "the worker is gone");
}

static void test_a_failure_of_the_engine_is_no_mistake_of_the_user(void **state) {
    fixture *f = start(state);
    write_silver(f, SILVER, NULL);
    f->engine.parse = failing_parse;
    assert_int_equal(load(f), E_ENGINE);
    assert_string_equal(f->err.message, "the worker is gone");
    assert_null(f->lake);
    stop(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lake_with_sql_loads_whole),
        cmocka_unit_test(test_tables_come_by_layer_and_name_unless_inputs_say_otherwise),
        cmocka_unit_test(test_a_second_load_asks_the_engine_nothing),
        cmocka_unit_test(test_a_change_of_an_input_is_a_new_question),
        cmocka_unit_test(test_a_fingerprint_is_of_meaning_not_of_text),
        cmocka_unit_test(test_the_parts_of_the_code_tell_what_changed),
        cmocka_unit_test(test_hidden_columns_are_in_the_view_when_named),
        cmocka_unit_test(test_a_written_map_overrides_and_is_held_to_the_column),
        cmocka_unit_test(test_mistakes_in_a_derived_table_are_told_with_place_and_remedy),
        cmocka_unit_test(test_a_circle_is_told_whole),
        cmocka_unit_test(test_what_follows_from_an_error_is_not_told),
        cmocka_unit_test(test_grouping_without_the_partition_column_needs_a_written_map),
        cmocka_unit_test(test_partitions_from_nothing_are_refused_with_any_map),
        cmocka_unit_test(test_a_limit_over_derived_maps_is_refused),
        cmocka_unit_test(test_a_limit_over_a_written_map_takes_some_of_each_partition),
        cmocka_unit_test(test_a_dimension_may_be_read_whole_when_written),
        cmocka_unit_test(test_a_failure_of_the_engine_is_no_mistake_of_the_user),
    };
    return cmocka_run_group_tests(tests, duckdb_tree_set_up, duckdb_tree_tear_down);
}
