#include "lake/lake.h"

#include "base/path.h"
#include "lake_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

/* Definitions without SQL: no engine is needed, and none is there. */

static const char LAKE[] = "lake: italy\nlayers: [raw, silver]\n";

static status load(const lake_dir *d, lake **ret, errors *all, error *err) {
    lake_options options = {.dir = d->path};
    return lake_load(&options, d->arena, ret, all, err);
}

typedef struct mistake {
    const char *file, *text;
    const char *message, *hint;
    int line, column;
    const char *told_in; /* the file the error is in, NULL: file */
} mistake;

/* One file is wrong in an otherwise right lake: exactly that is told. */
static void check_mistake(const mistake *m) {
    lake_dir d = lake_dir_new();
    lake *loaded = NULL;
    errors all = {0};
    error err = {0};
    lake_dir_write(&d, "lake.yaml", LAKE);
    lake_dir_write(&d, "tables/raw/other.yaml", "columns: {x: int64}\n");
    lake_dir_write(&d, m->file, m->text);
    assert_int_equal(load(&d, &loaded, &all, &err), E_DEFINITION);
    assert_null(loaded);
    assert_string_equal(err.message, m->message);
    assert_string_equal(err.hint, m->hint == NULL ? "" : m->hint);
    assert_string_equal(err.file, m->told_in == NULL ? m->file : m->told_in);
    assert_int_equal(err.line, m->line);
    assert_int_equal(err.column, m->column);
    assert_int_equal(all.count, 1);
    lake_dir_free(&d);
}

static void check_mistakes(const mistake *mistakes, size_t count) {
    for (size_t i = 0; i < count; i++)
        check_mistake(&mistakes[i]);
}

static const mistake LAKE_YAML_MISTAKES[] = {
    {"lake.yaml", "layers: [raw]\n", "the key \"lake\" is missing", "It is the lake's name.", 1, 1,
     NULL},
    {"lake.yaml", "lake: x y\nlayers: [raw]\n",
     "\"lake\" must be a name of letters, digits, \"-\" and \"_\" that begins with a letter", NULL,
     1, 7, NULL},
    {"lake.yaml", "lake: x\nlayers: raw\n", "\"layers\" must be a list of names",
     "Write them in order, as in [raw, silver, gold].", 2, 9, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw, Silver]\n", "\"Silver\" cannot be the name of a layer",
     "Use lower-case letters, digits and \"_\", beginning with a letter; names of Weir and the "
     "engine such as weir and main are taken.",
     2, 15, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw, weir]\n", "\"weir\" cannot be the name of a layer",
     "Use lower-case letters, digits and \"_\", beginning with a letter; names of Weir and the "
     "engine such as weir and main are taken.",
     2, 15, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw, raw]\n", "the layer \"raw\" is listed twice", NULL, 2, 15,
     NULL},
    {"lake.yaml", "lake: x\nlayers: [raw, {gold: {shop: g}}]\n",
     "a layer must be a name, or a name with its own store",
     "Write {gold: {store: s3://bucket/prefix}}.", 2, 15, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw, {gold: {store: gs://b}}]\n",
     "\"store: gs://b\" is not supported yet", "Name a local path, or s3://bucket/prefix.", 2, 30,
     NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nstroe: data\n", "unknown key \"stroe\"",
     "did you mean \"store\"?", 3, 1, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nstore: gs://bucket/x\n",
     "\"store: gs://bucket/x\" is not supported yet", "Name a local path, or s3://bucket/prefix.",
     3, 8, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nengine: spark\n",
     "\"engine: spark\" is not supported yet", NULL, 3, 9, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nretention: {for: forever}\n",
     "\"retention.for\" must be a duration such as 30s or 12h", NULL, 3, 18, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nretention: {keep: -1}\n",
     "\"retention.keep\" must be a whole number, at least 0", NULL, 3, 19, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nconfirm_over: {bytes: many}\n",
     "\"confirm_over.bytes\" must be a size such as 256MB", NULL, 3, 23, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nunknown_files: reprot\n",
     "\"unknown_files\" must be one of: report, fail, ignore", "did you mean \"report\"?", 3, 16,
     NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nworkers: {count: 0}\n",
     "\"workers.count\" must be a whole number, at least 1", NULL, 3, 18, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nworkers: {memory: 4 GB}\n",
     "\"workers.memory\" must be a size such as 256MB", NULL, 3, 19, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nworkers: 3\n",
     "\"workers\" must be a map of keys and values", NULL, 3, 10, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nworkers: {tread: 3}\n",
     "unknown key \"tread\" in \"workers\"", "did you mean \"threads\"?", 3, 11, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nland:\n", "\"land\" has no value",
     "Remove the key to take its default.", 3, 1, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\ntimezone: Mars/Base\n",
     "\"timezone: Mars/Base\" is not a known time zone", "Write a name such as UTC or Europe/Rome.",
     3, 11, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\ntimezone: ../../etc/passwd\n",
     "\"timezone: ../../etc/passwd\" is not a known time zone",
     "Write a name such as UTC or Europe/Rome.", 3, 11, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nstore: land/../land/x\n",
     "\"land\" and \"store\" must be apart",
     "Neither may be inside the other: deliverers write to land, only Weir to store.", 3, 8, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nland: .\n", "\"land\" and \"store\" must be apart",
     "Neither may be inside the other: deliverers write to land, only Weir to store.", 3, 7, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nenvironments: {prod: {store: elsewhere}}\n",
     "environment \"prod\" changes store but not ledger",
     "One ledger belongs to one store: name the environment's own ledger.", 3, 16, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\nenvironments: {prod: {protected: true}}\n",
     "\"environments.prod.protected\" is not supported yet", NULL, 3, 23, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\ncode_version: ${WEIR_TEST_UNSET}\n",
     "environment variable \"WEIR_TEST_UNSET\" is not set",
     "Set it before calling weir, or write the value itself.", 3, 15, NULL},
    {"lake.yaml", "lake: x\nlayers: [raw]\npartition_by: [a]\n", "unknown key \"partition_by\"",
     "It belongs to a derived table, which has a .sql file.", 3, 1, NULL},
};

static void test_mistakes_in_lake_yaml_are_told_with_place_and_remedy(void **state) {
    (void)state;
    check_mistakes(LAKE_YAML_MISTAKES, ARRAY_SIZE(LAKE_YAML_MISTAKES));
}

static const mistake SOURCE_TABLE_MISTAKES[] = {
    {"tables/raw/p.yaml", "colums: {a: string}\n", "unknown key \"colums\"",
     "did you mean \"columns\"?", 1, 1, NULL},
    {"tables/raw/p.yaml", "checks: [{not_null: [a]}]\n", "\"checks\" is not supported yet", NULL, 1,
     1, NULL},
    {"tables/raw/p.yaml", "delivery: folder\n", "\"delivery: folder\" is not supported yet", NULL,
     1, 11, NULL},
    {"tables/raw/p.yaml", "format: avro\n", "\"format: avro\" is not supported yet", NULL, 1, 9,
     NULL},
    {"tables/raw/p.yaml", "csv: {encoding: windows-1252}\n",
     "\"csv.encoding: windows-1252\" is not supported yet", NULL, 1, 17, NULL},
    {"tables/raw/p.yaml", "csv: {delimiter: '\\t'}\n", "\"csv.delimiter\" must be one character",
     NULL, 1, 18, NULL},
    {"tables/raw/p.yaml", "csv: {delimiter: '\"'}\n", "delimiter and quote are the same character",
     NULL, 1, 6, NULL},
    {"tables/raw/p.yaml", "csv: {header: yes}\n", "\"csv.header\" must be true or false", NULL, 1,
     15, NULL},
    {"tables/raw/p.yaml", "partition_by: [a]\n", "unknown key \"partition_by\"",
     "It belongs to a derived table, which has a .sql file.", 1, 1, NULL},
    {"tables/raw/p.yaml", "timezone: UTC\n", "\"timezone\" is not supported yet", NULL, 1, 1, NULL},
    {"tables/raw/p.yaml", "lake: x\n", "unknown key \"lake\"", "It belongs in lake.yaml.", 1, 1,
     NULL},
    {"tables/raw/p.yaml", "columns: [a, b]\n", "\"columns\" must be a map of keys and values", NULL,
     1, 10, NULL},
    {"tables/raw/p.yaml", "columns:\n  a: strnig\n", "\"columns.a\": unknown type \"strnig\"",
     "did you mean \"string\"?", 2, 6, NULL},
    {"tables/raw/p.yaml", "columns:\n  a: {type: date, nulable: false}\n",
     "unknown key \"nulable\" in \"columns.a\"", "did you mean \"nullable\"?", 2, 19, NULL},
    {"tables/raw/p.yaml", "columns: {a: date, A: date}\n",
     "\"A\" is the name of two columns or aliases; upper and lower case are alike", NULL, 1, 20,
     NULL},
    {"tables/raw/p.yaml", "columns: {a: date, b: {aliases: [A]}}\n",
     "\"A\" is the name of two columns or aliases; upper and lower case are alike", NULL, 1, 23,
     NULL},
    {"tables/raw/p.yaml", "columns: {Weir_file: string}\n",
     "\"Weir_file\" is a column that Weir itself adds", NULL, 1, 11, NULL},
    {"tables/raw/p.yaml", "columns: {\"a\\n\": string}\n", "\"a\\x0A\" is not a name for a column",
     NULL, 1, 11, NULL},
    {"tables/raw/p.yaml", "columns: {a: {type: int64, minimum: x}}\n",
     "\"minimum\" of a column of type BIGINT must be a number", NULL, 1, 37, NULL},
    {"tables/raw/p.yaml", "columns: {a: {type: date, maximum: 20200101}}\n",
     "\"maximum\" of a column of type DATE must be a date or time such as 2024-05-22", NULL, 1, 36,
     NULL},
    {"tables/raw/p.yaml", "columns: {a: {type: int64, minimum: 2, maximum: 1}}\n",
     "\"minimum\" is above \"maximum\"", NULL, 1, 37, NULL},
    {"tables/raw/p.yaml", "format: opaque\ncolumns: {a: date}\n", "opaque files have no columns",
     NULL, 2, 10, NULL},
    {"tables/raw/p.yaml", "from_path: '(x'\n",
     "\"from_path\" is not a regular expression: missing closing parenthesis at character 3", NULL,
     1, 12, NULL},
    {"tables/raw/p.yaml", "from_path: '(x)'\n", "\"from_path\" has no named group",
     "Name what becomes a column, as in (?<day>\\d{8}).", 1, 12, NULL},
    {"tables/raw/p.yaml", "columns: {day: date}\nfrom_path: '(?<day>x)'\n",
     "\"day\" is the name of two columns or aliases; upper and lower case are alike", NULL, 2, 12,
     NULL},
    {"tables/raw/p.yaml", "identity: 'x+'\n", "\"identity\" has no group",
     "Put parentheses around the part of the path that is the identity.", 1, 11, NULL},
    {"tables/raw/p.yaml", "land: ../x\n",
     "\"land\" must be a relative path without \"..\", whose parts do not begin with "
     "\".\" or \"_\"",
     NULL, 1, 7, NULL},
    {"tables/raw/p.yaml", "land: a/_b\n",
     "\"land\" must be a relative path without \"..\", whose parts do not begin with "
     "\".\" or \"_\"",
     NULL, 1, 7, NULL},
    {"tables/raw/p.yaml", "land: other\n",
     "\"raw.other\" and \"raw.p\" have the same land folder \"other\"",
     "Give each source table a folder of its own with the key \"land\".", 1, 7, NULL},
    {"tables/raw/p.yaml", "land: other/b\n",
     "the land folders of \"raw.other\" (\"other\") and \"raw.p\" (\"other/b\") are one "
     "inside the "
     "other",
     "Give each source table a folder of its own with the key \"land\".", 1, 7, NULL},
    {"tables/raw/p.yaml", "rows: {min: 5, max: 4}\n", "\"rows.max\" is below \"rows.min\"", NULL, 1,
     7, NULL},
    {"tables/raw/p.yaml", "rows: {min: -1}\n", "\"rows.min\" must be a whole number, at least 0",
     NULL, 1, 13, NULL},
    {"tables/raw/p.yaml", "settle: soon\n", "\"settle\" must be a duration such as 30s or 12h",
     NULL, 1, 9, NULL},
    {"tables/raw/p.yaml", "csv: {null_values: [a, [b]]}\n",
     "\"csv.null_values\" must be a list of texts", NULL, 1, 20, NULL},
    {"tables/raw/p.yaml", "csv: {null_values: [a, a]}\n", "\"csv.null_values\" names \"a\" twice",
     NULL, 1, 20, NULL},
    {"tables/raw/p.yaml", "a: [1\n",
     "not valid YAML: while parsing a flow sequence: did not find expected ',' or ']'", NULL, 2, 1,
     NULL},
};

static void test_mistakes_in_a_source_table_are_told_with_place_and_remedy(void **state) {
    (void)state;
    check_mistakes(SOURCE_TABLE_MISTAKES, ARRAY_SIZE(SOURCE_TABLE_MISTAKES));
}

static void test_files_that_do_not_belong_are_told(void **state) {
    static const mistake CASES[] = {
        {"tables/raw/p.yml", "", "\"p.yml\" is not a table's file", "Rename it to end in .yaml.", 0,
         0, NULL},
        {"tables/raw/P.yaml", "", "\"P.yaml\" is not a table's file",
         "Name tables in lower-case letters, digits and \"_\", beginning with a letter.", 0, 0,
         NULL},
        {"tables/raw/notes.txt", "", "\"notes.txt\" is not a table's file",
         "Here are only <table>.sql, <table>.yaml, _defaults.yaml and *.md files.", 0, 0, NULL},
        {"tables/raw/x.sql/y", "", "\"x.sql\" is not a table's file",
         "Name tables in lower-case letters, digits and \"_\", beginning with a letter.", 0, 0,
         "tables/raw/x.sql"},
        {"tables/p.yaml", "", "\"p.yaml\" is not in a layer's folder",
         "Move it to tables/<layer>/.", 0, 0, NULL},
        {"tables/sliver/p.yaml", "", "\"sliver\" is not a layer of lake.yaml",
         "did you mean \"silver\"?", 0, 0, "tables/sliver"},
        {"tables/gold/p.yaml", "", "\"gold\" is not a layer of lake.yaml",
         "Layers are raw, silver.", 0, 0, "tables/gold"},
        {"tables/raw/_defaults.yaml", "land: x\n", "unknown key \"land\"",
         "It cannot have a default for the folder: write it for each table.", 1, 1, NULL},
        {"tables/raw/_defaults.yaml", "contents: fulll\n",
         "\"contents\" must be one of: delta, full", "did you mean \"full\"?", 1, 11, NULL},
        {"tables/silver/p.sql", " -- nothing yet\n", "the file holds no SQL",
         "Write one SELECT; for a source table remove the .sql file.", 1, 1, NULL},
        {"tables/silver/p.sql", "SELECT \xFF", "the file is not UTF-8 text", NULL, 0, 0, NULL},
    };
    (void)state;
    check_mistakes(CASES, ARRAY_SIZE(CASES));
}

static void test_all_mistakes_are_told_in_the_order_of_files(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *loaded = NULL;
    errors all = {0};
    error err = {0};
    lake_dir_write(&d, "lake.yaml", "lake: x\nlayers: [raw]\nlnad: y\n");
    lake_dir_write(&d, "tables/raw/b.yaml", "x: 1\nformat: cvs\n");
    lake_dir_write(&d, "tables/raw/a.yaml", "rows: 3\n");
    assert_int_equal(load(&d, &loaded, &all, &err), E_DEFINITION);
    assert_int_equal(all.count, 4);
    assert_string_equal(all.items[0].message, "unknown key \"lnad\"");
    assert_string_equal(all.items[1].file, "tables/raw/a.yaml");
    assert_string_equal(all.items[2].message, "unknown key \"x\"");
    assert_string_equal(all.items[3].hint, "did you mean \"csv\"?");
    assert_memory_equal(&err, &all.items[0], sizeof err);
    lake_dir_free(&d);
}

static void test_a_file_that_is_too_large_or_not_readable_is_told(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *loaded = NULL;
    errors all = {0};
    buf text = buf_new(d.arena);
    for (int i = 0; i < 1100; i++)
        buf_printf(&text, "#%*s\n", 1000, "");
    lake_dir_write(&d, "lake.yaml", LAKE);
    lake_dir_write(&d, "tables/raw/big.yaml", text.text);
    mkfifo(path_join(d.arena, d.path, "tables/raw/pipe.yaml"), 0600);
    assert_int_equal(symlink("nowhere", path_join(d.arena, d.path, "tables/raw/zero.yaml")), 0);
    assert_int_equal(load(&d, &loaded, &all, NULL), E_DEFINITION);
    assert_int_equal(all.count, 3);
    assert_string_equal(all.items[0].message, "the file is larger than 1048576 bytes");
    assert_string_equal(all.items[0].file, "tables/raw/big.yaml");
    assert_string_equal(all.items[1].file, "tables/raw/pipe.yaml");
    assert_string_equal(all.items[2].file, "tables/raw/zero.yaml");
    assert_non_null(strstr(all.items[2].message, "No such file"));
    lake_dir_free(&d);
}

static void test_a_folder_without_lake_yaml_is_told(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *loaded = NULL;
    error err = {0};
    assert_int_equal(load(&d, &loaded, NULL, &err), E_DEFINITION);
    assert_string_equal(err.file, "lake.yaml");
    lake_options options = {.dir = "/nowhere/at/all"};
    assert_int_equal(lake_load(&options, d.arena, &loaded, NULL, &err), E_DEFINITION);
    assert_string_equal(err.message, "there is no folder \"/nowhere/at/all\"");
    lake_dir_free(&d);
}

static void test_defaults_are_those_of_the_table_of_keys(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *l = NULL;
    error err = {0};
    unsetenv("WEIR_CODE_VERSION");
    lake_dir_write(&d, "lake.yaml", LAKE);
    lake_dir_write(&d, "tables/raw/p.yaml", "");
    lake_dir_write(&d, "tables/raw/README.md", "ours");
    lake_dir_write(&d, "tables/raw/.p.yaml.swp", "an editor's");
    assert_int_equal(load(&d, &l, NULL, &err), OK);
    assert_string_equal(l->name, "italy");
    assert_string_equal(l->timezone, "UTC");
    assert_string_equal(l->land, path_join(d.arena, l->dir, "land"));
    assert_string_equal(l->store, path_join(d.arena, l->dir, "data"));
    assert_string_equal(l->ledger, path_join(d.arena, l->dir, ".weir/ledger.db"));
    assert_string_equal(l->layers[1].store, path_join(d.arena, l->dir, "data/silver"));
    assert_null(l->code_version);
    assert_int_equal(l->unknown_files, UNKNOWN_REPORT);
    assert_int_equal(l->worker_memory_bytes, 4000000000);
    assert_int_equal(l->retention_keep, 2);
    assert_int_equal(l->retention_us, INT64_C(30) * 24 * 3600 * 1000000);
    assert_int_equal(l->table_count, 1);
    const lake_source *source = l->tables[0]->source;
    assert_string_equal(source->land, "p");
    assert_int_equal(source->format, FORMAT_BY_EXTENSION);
    assert_string_equal(source->csv.delimiter, ",");
    assert_true(source->csv.header && source->csv.header_exact);
    assert_int_equal(source->csv.null_values.count, 1);
    assert_string_equal(source->csv.null_values.items[0], "");
    assert_null(source->identity);
    assert_int_equal(source->rows_min, 1);
    assert_int_equal(source->rows_max, -1);
    assert_int_equal(source->max_partitions_per_delivery, 400);
    assert_false(source->contents_full);
    assert_string_equal(lake_table_dir(l, l->tables[0], d.arena),
                        path_join(d.arena, l->dir, "data/raw/p"));
    lake_dir_free(&d);
}

static void test_every_key_of_a_source_table_is_read(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *l = NULL;
    error err = {0};
    lake_dir_write(&d, "lake.yaml", LAKE);
    lake_dir_write(&d, "tables/raw/p.yaml",
                   "land: a/b\nformat: csv\n"
                   "csv: {delimiter: \";\", quote: \"\", header: false, header_case: ignore,\n"
                   "      encoding: latin-1, null_values: [NULL, \"\"]}\n"
                   "columns:\n"
                   "  day: {type: timestamp, nullable: false, minimum: 2020-01-01}\n"
                   "  code: string\n"
                   "  cases: {type: int64, aliases: [casi, fälle], minimum: 0, maximum: 1e6}\n"
                   "missing_columns: \"null\"\nextra_columns: drop\n"
                   "from_path: '(?<site>[a-z]+)/.*(?<when>\\d{8})'\nidentity: '(\\d{8})'\n"
                   "contents: full\ndelivery: file\non_redelivery: keep_both\nland_time: accepted\n"
                   "settle: 5m\nrows: {min: 0, max: 10}\nmax_partitions_per_delivery: 3\n");
    assert_int_equal(load(&d, &l, NULL, &err), OK);
    const lake_source *s = l->tables[0]->source;
    assert_string_equal(s->land, "a/b");
    assert_int_equal(s->format, FORMAT_CSV);
    assert_string_equal(s->csv.delimiter, ";");
    assert_string_equal(s->csv.quote, "");
    assert_string_equal(s->csv.encoding, "latin-1");
    assert_false(s->csv.header || s->csv.header_exact);
    assert_string_equal(s->csv.null_values.items[0], "NULL");
    assert_int_equal(s->columns.count, 3);
    assert_false(s->columns.items[0].nullable);
    assert_string_equal(s->columns.items[0].minimum, "CAST('2020-01-01' AS TIMESTAMP)");
    assert_string_equal(s->columns.items[1].type, "VARCHAR");
    assert_true(s->columns.items[1].nullable);
    assert_string_equal(s->columns.items[2].aliases.items[1], "fälle");
    assert_string_equal(s->columns.items[2].minimum, "0");
    assert_string_equal(s->columns.items[2].maximum, "1e6");
    assert_int_equal(s->missing_columns, ABSENT_NULL);
    assert_int_equal(s->extra_columns, EXTRA_DROP);
    assert_string_equal(s->identity, "(\\d{8})");
    assert_true(s->contents_full);
    assert_int_equal(s->on_redelivery, REDELIVERY_KEEP_BOTH);
    assert_int_equal(s->land_time, LAND_TIME_ACCEPTED);
    assert_int_equal(s->settle_us, 300000000);
    assert_int_equal(s->rows_min, 0);
    assert_int_equal(s->rows_max, 10);
    assert_int_equal(s->max_partitions_per_delivery, 3);
    assert_int_equal(l->tables[0]->columns.count, 5);
    assert_string_equal(l->tables[0]->columns.items[3].name, "site");
    assert_string_equal(l->tables[0]->columns.items[4].name, "when");
    lake_dir_free(&d);
}

static void test_a_folders_defaults_give_way_to_the_tables_own_keys(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *l = NULL;
    error err = {0};
    lake_dir_write(&d, "lake.yaml", LAKE);
    lake_dir_write(&d, "tables/raw/_defaults.yaml",
                   "csv: {delimiter: \";\", header: false}\nformat: csv\npartition_by: [x]\n");
    lake_dir_write(&d, "tables/raw/p.yaml", "csv: {header: true}\n");
    lake_dir_write(&d, "tables/raw/q.yaml", "format: json\n");
    assert_int_equal(load(&d, &l, NULL, &err), OK);
    assert_string_equal(l->tables[0]->source->csv.delimiter, ";");
    assert_true(l->tables[0]->source->csv.header);
    assert_int_equal(l->tables[0]->source->format, FORMAT_CSV);
    assert_int_equal(l->tables[1]->source->format, FORMAT_JSON);
    assert_false(l->tables[1]->source->csv.header);
    lake_dir_free(&d);
}

static const char ENVIRONMENTS[] = "lake: x\nlayers: [raw]\nenvironments:\n"
                                   "  prod:\n    store: ${WEIR_TEST_STORE}\n    ledger: p.db\n"
                                   "    workers: {count: 3}\n"
                                   "  test: {timezone: Europe/Rome}\n";

static void test_an_environment_changes_what_it_names(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *l = NULL;
    lake_dir_write(&d, "lake.yaml", ENVIRONMENTS);
    lake_options options = {.dir = d.path, .environment = "prod"};
    setenv("WEIR_TEST_STORE", "/srv/./store//x/", 1);
    assert_int_equal(lake_load(&options, d.arena, &l, NULL, NULL), OK);
    unsetenv("WEIR_TEST_STORE");
    assert_string_equal(l->environment, "prod");
    assert_string_equal(l->store, "/srv/store/x");
    assert_string_equal(l->ledger, path_join(d.arena, l->dir, "p.db"));
    assert_int_equal(l->worker_count, 3);
    assert_int_equal(l->worker_threads, 2);
    lake_dir_free(&d);
}

static void test_variables_of_other_environments_need_not_be_set(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *l = NULL;
    error err = {0};
    lake_dir_write(&d, "lake.yaml", ENVIRONMENTS);
    lake_options options = {.dir = d.path};
    assert_int_equal(lake_load(&options, d.arena, &l, NULL, &err), OK);
    assert_null(l->environment);
    options.environment = "prd";
    assert_int_equal(lake_load(&options, d.arena, &l, NULL, &err), E_USAGE);
    assert_string_equal(err.message, "lake.yaml has no environment \"prd\"");
    assert_string_equal(err.hint, "did you mean \"prod\"?");
    lake_dir_free(&d);
}

static const char *source_fingerprint(const char *yaml, char kept[65]) {
    lake_dir d = lake_dir_new();
    lake *l = NULL;
    lake_dir_write(&d, "lake.yaml", LAKE);
    lake_dir_write(&d, "tables/raw/p.yaml", yaml);
    assert_int_equal(load(&d, &l, NULL, NULL), OK);
    assert_int_equal(strlen(l->tables[0]->source->fingerprint), 64);
    memcpy(kept, l->tables[0]->source->fingerprint, 65);
    lake_dir_free(&d);
    return kept;
}

static void test_a_source_fingerprint_is_of_meaning_not_of_text(void **state) {
    static const char *const SAME[] = {
        "columns: {a: string}\n",
        "# note\ncolumns:\n  a: {type: VARCHAR}\ncsv: {delimiter: ','}\n",
        "columns: {a: {nullable: true}}\nsettle: 9s\nland: elsewhere\nland_time: accepted\n",
    };
    static const char *const OTHER[] = {
        "columns: {a: date}\n",
        "columns: {a: {nullable: false}}\n",
        "columns: {a: {aliases: [b]}}\n",
        "columns: {a: {minimum: x}}\n",
        "columns: {a: string}\nrows: {min: 0}\n",
        "columns: {a: string}\ncsv: {null_values: [a]}\n",
        "columns: {a: string}\ncontents: full\n",
    };
    char first[65], next[65];
    (void)state;
    source_fingerprint(SAME[0], first);
    for (size_t i = 1; i < ARRAY_SIZE(SAME); i++)
        assert_string_equal(source_fingerprint(SAME[i], next), first);
    for (size_t i = 0; i < ARRAY_SIZE(OTHER); i++)
        assert_string_not_equal(source_fingerprint(OTHER[i], next), first);
}

static void test_the_folder_is_found_from_below(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    char *found = NULL;
    error err = {0};
    lake_dir_write(&d, "a/b/file", "");
    const char *below = path_join(d.arena, d.path, "a/b");
    assert_int_equal(lake_find(below, d.arena, &found, &err), E_DEFINITION);
    assert_string_equal(err.message,
                        arena_printf(d.arena, "no lake.yaml in \"%s\" or above", below));
    lake_dir_write(&d, "lake.yaml", LAKE);
    assert_int_equal(lake_find(below, d.arena, &found, &err), OK);
    assert_string_equal(found, d.path);
    lake_dir_free(&d);
}

static void test_the_code_version_is_asked_of_git_only_when_nothing_is_written(void **state) {
    lake_dir d = lake_dir_new();
    (void)state;
    lake *l = NULL;
    lake_dir_write(&d, "lake.yaml", LAKE);
    setenv("WEIR_CODE_VERSION", "v7", 1);
    assert_int_equal(load(&d, &l, NULL, NULL), OK);
    unsetenv("WEIR_CODE_VERSION");
    assert_string_equal(lake_code_version(l, d.arena), "v7");
    assert_int_equal(load(&d, &l, NULL, NULL), OK);
    assert_string_equal(lake_code_version(l, d.arena), "unknown");
    lake_dir_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes_in_lake_yaml_are_told_with_place_and_remedy),
        cmocka_unit_test(test_mistakes_in_a_source_table_are_told_with_place_and_remedy),
        cmocka_unit_test(test_files_that_do_not_belong_are_told),
        cmocka_unit_test(test_all_mistakes_are_told_in_the_order_of_files),
        cmocka_unit_test(test_a_file_that_is_too_large_or_not_readable_is_told),
        cmocka_unit_test(test_a_folder_without_lake_yaml_is_told),
        cmocka_unit_test(test_defaults_are_those_of_the_table_of_keys),
        cmocka_unit_test(test_every_key_of_a_source_table_is_read),
        cmocka_unit_test(test_a_folders_defaults_give_way_to_the_tables_own_keys),
        cmocka_unit_test(test_an_environment_changes_what_it_names),
        cmocka_unit_test(test_variables_of_other_environments_need_not_be_set),
        cmocka_unit_test(test_a_source_fingerprint_is_of_meaning_not_of_text),
        cmocka_unit_test(test_the_folder_is_found_from_below),
        cmocka_unit_test(test_the_code_version_is_asked_of_git_only_when_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
