#include "fixture.h"

#include "cluster.h"

#include "base/path.h"
#include "base/process.h"

#include <inttypes.h>

static const db_driver *const DRIVERS[] = {&DB_SQLITE, &DB_POSTGRES};

static lake_table *add_table(arena *a, lake *l, const char *name) {
    lake_table *t = ARENA_NEW(a, lake_table);
    t->index = l->table_count;
    t->name = name;
    l->tables[l->table_count++] = t;
    return t;
}

static void add_column(arena *a, lake_table *t, const char *name, const char *type) {
    column c = {.name = name, .type = type, .nullable = true};
    vec_push(a, &t->columns, c);
}

static void add_source(arena *a, lake *l, const char *name) {
    lake_table *t = add_table(a, l, name);
    t->source = ARENA_NEW(a, lake_source);
    t->fingerprint = "source-code";
    add_column(a, t, "day", "VARCHAR");
}

static void add_derived(arena *a, lake *l, const char *name, const char *partition_by) {
    lake_table *t = add_table(a, l, name);
    t->sql = arena_printf(a, "SELECT '%s'", name);
    t->fingerprint = arena_printf(a, "%s-code-0123456789", name);
    add_column(a, t, "event_date", "DATE");
    add_column(a, t, "total", "BIGINT");
    if (partition_by != NULL)
        vec_push(a, &t->partition_by, partition_by);
    t->inputs = ARENA_ARRAY(a, lake_input, 2);
}

static void add_input(const lake *l, int reader, int input, map_kind kind, const char *map) {
    lake_table *t = l->tables[reader];
    t->inputs[t->input_count++] =
        (lake_input){.table = l->tables[input], .map = {.kind = kind}, .map_fingerprint = map};
}

static lake *new_lake(arena *a) {
    lake *l = ARENA_NEW(a, lake);
    *l = (lake){.name = "italy", .fingerprint = "definition-1"};
    l->tables = ARENA_ARRAY(a, lake_table *, TABLE_COUNT);
    add_source(a, l, "raw.trips");
    add_source(a, l, "raw.names");
    add_derived(a, l, "silver.trips", "event_date");
    add_derived(a, l, "silver.named", "event_date");
    add_derived(a, l, "gold.totals", NULL);
    add_input(l, SILVER, RAW, MAP_EXPRESSION, "map-of-raw");
    add_input(l, NAMED, SILVER, MAP_SAME, "map-same");
    add_input(l, NAMED, NAMES, MAP_ALL, "map-all");
    add_input(l, GOLD, SILVER, MAP_ALL, "map-all");
    return l;
}

/* The ledger of all tests is in one schema, because making one takes longer than a test; others
 * have schemas of their own. */
static char *schema_location(fixture *f, const char *name) {
    const char *own = str_lower(f->a, strrchr(f->folder, '-') + 1);
    const char *schema = str_eq(name, "ledger") ? name : arena_printf(f->a, "%s_%s", name, own);
    return arena_printf(f->a, "%s&schema=%s", cluster_uri(), schema);
}

const char *fixture_location(fixture *f, const char *name) {
    if (f->driver == &DB_POSTGRES)
        return schema_location(f, name);
    return path_join(f->a, f->folder, arena_printf(f->a, "%s.db", name));
}

/* As a new one, triggers asleep. */
static const char EMPTY[] =
    "SET session_replication_role = replica;"
    "DO $$ DECLARE name TEXT; BEGIN FOR name IN SELECT tablename FROM pg_tables"
    " WHERE schemaname = current_schema() AND tablename <> 'weir_schema'"
    " LOOP EXECUTE format('DELETE FROM %I', name); END LOOP; END $$;"
    "SELECT setval(c.oid, 1, false) FROM pg_class c WHERE c.relkind = 'S'"
    " AND c.relnamespace = current_schema()::regnamespace;"
    "UPDATE weir_schema SET version = 1;"
    "INSERT INTO lake (id, name, seq, journal) VALUES ('lake-1', 'italy', 0, '')";

static bool has_schema; /* a test's own state: the database has the ledger of an earlier test */

static void make_ledger(fixture *f) {
    if (f->driver == &DB_POSTGRES && has_schema) {
        fixture_script(f, EMPTY);
        assert_ok(ledger_open_by(f->driver, f->location, "lake-1", &f->l, &f->err));
        return;
    }
    assert_ok(ledger_create_by(f->driver, f->location, "lake-1", "italy", &f->l, &f->err));
    has_schema = f->driver == &DB_POSTGRES;
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->driver = *state;
    f->a = arena_new();
    snprintf(f->folder, sizeof f->folder, "/tmp/weir-ledger-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->location = fixture_location(f, "ledger");
    f->lake = new_lake(f->a);
    make_ledger(f);
    fixture_sync(f);
    *state = f;
    return 0;
}

void fixture_remove_folder(const char *folder) {
    const char *argv[] = {"/bin/rm", "-rf", folder, NULL};
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    int code = 1;
    assert_int_equal(process_start(&options, &p, NULL), OK);
    assert_int_equal(process_wait(&p, &code, NULL), OK);
    assert_int_equal(code, 0);
}

static int tear_down(void **state) {
    fixture *f = *state;
    ledger_close(f->l);
    fixture_remove_folder(f->folder);
    arena_free(f->a);
    free(f);
    return 0;
}

static int run_on(const db_driver *driver, const char *name, const struct CMUnitTest *tests,
                  size_t count) {
    struct CMUnitTest *own = calloc(count, sizeof *own);
    for (size_t i = 0; i < count; i++) {
        own[i] = tests[i];
        own[i].setup_func = set_up;
        own[i].teardown_func = tear_down;
        memcpy(&own[i].initial_state, &driver, sizeof driver);
    }
    char group[64];
    snprintf(group, sizeof group, "%s on %s", name, driver->name);
    int failed = _cmocka_run_group_tests(group, own, count, NULL, NULL);
    free(own);
    return failed;
}

int fixture_run_on(const db_driver *driver, const char *name, const struct CMUnitTest *tests,
                   size_t count) {
    int failed = run_on(driver, name, tests, count);
    cluster_stop();
    return failed;
}

int fixture_run(const char *name, const struct CMUnitTest *tests, size_t count) {
    int failed = 0;
    for (size_t d = 0; d < ARRAY_SIZE(DRIVERS); d++)
        failed += run_on(DRIVERS[d], name, tests, count);
    cluster_stop();
    return failed;
}

void fixture_begin(fixture *f) {
    assert_ok(ledger_begin(f->l, LEDGER_WRITE, &f->err));
}

void fixture_commit(fixture *f) {
    assert_ok(ledger_commit(f->l, &f->err));
}

void fixture_sync(fixture *f) {
    assert_ok(ledger_sync_definition(f->l, f->lake, f->a, &f->tables, &f->err));
}

void fixture_redefine(fixture *f) {
    f->lake->fingerprint = arena_printf(f->a, "%s+", f->lake->fingerprint);
    fixture_sync(f);
}

ledger *fixture_second(fixture *f) {
    ledger *second;
    assert_ok(ledger_open_by(f->driver, f->location, "lake-1", &second, &f->err));
    ledger_wait_limit(second, 0);
    return second;
}

int64_t fixture_id(const fixture *f, int table) {
    return f->tables[table].id;
}

ledger_edge fixture_edge(const fixture *f, int reader, int input) {
    const lake_table *t = f->lake->tables[reader];
    for (size_t i = 0; i < t->input_count; i++)
        if (t->inputs[i].table == f->lake->tables[input])
            return (ledger_edge){.table = fixture_id(f, reader),
                                 .input = fixture_id(f, input),
                                 .map = t->inputs[i].map_fingerprint};
    fail_msg("no such edge");
    return (ledger_edge){0};
}

int64_t fixture_bookmark(fixture *f, int reader, int input) {
    const db_value values[] = {DB_I(fixture_id(f, reader)), DB_I(fixture_id(f, input))};
    int64_t bookmark = 0;
    assert_ok(db_get_int(f->l->d, "SELECT bookmark_seq FROM edge WHERE tbl = $1 AND input = $2",
                         values, ARRAY_SIZE(values), -1, &bookmark, &f->err));
    return bookmark;
}

delivery fixture_delivery(const fixture *f, int table, const char *file, int64_t land_time) {
    return (delivery){
        .table = fixture_id(f, table),
        .identity = file,
        .file = file,
        .sha256 = arena_printf(f->a, "sha-%s-%" PRId64, file, land_time),
        .bytes = 100,
        .land_time = land_time,
        .accepted_at = land_time * 1000000 + 5,
        .state = DELIVERY_ACTIVE,
        .contract = "{}",
        .contract_hash = "contract",
        .object = arena_printf(f->a, "file_land_timestamp=%" PRId64 "/%s", land_time, file),
        .rows = 10,
        .claim = arena_printf(f->a, ".weir-claim/%s-%" PRId64, file, land_time),
        .run = "run-1",
    };
}

int64_t fixture_deliver(fixture *f, int table, const char *file, int64_t land_time) {
    const delivery d = fixture_delivery(f, table, file, land_time);
    int64_t id = 0;
    assert_ok(ledger_delivery_add(f->l, &d, &id, &f->err));
    return id;
}

void fixture_feed(fixture *f, int reader, int input, int64_t unit, const char *partitions) {
    const ledger_edge edge = fixture_edge(f, reader, input);
    feed_set feeds = {.table = edge.table, .input = edge.input, .map = edge.map, .unit = unit};
    if (partitions[0] != '\0')
        feeds.partitions = str_split(f->a, partitions, ' ');
    assert_ok(ledger_feeds_put(f->l, &feeds, &f->err));
}

int64_t fixture_build(fixture *f, int table, const char *partition, const char *content) {
    int64_t id = 0, derivation = 0;
    const ledger_table *t = &f->tables[table];
    assert_ok(ledger_partition_need(f->l, t->id, t->generation, partition, &id, &f->err));
    ledger_file file = {.object =
                            arena_printf(f->a, "%s/%s/%s.parquet", t->name, partition, content),
                        .rows = 7,
                        .bytes = 70,
                        .sum1 = "0000000000000001",
                        .sum2 = "ffffffffffffffff"};
    ledger_version v = {.partition = id,
                        .content = content,
                        .rows = 7,
                        .bytes = 70,
                        .files = &file,
                        .file_count = 1};
    assert_ok(ledger_version_add(f->l, t->id, &v, "run-1", &f->err));
    const ledger_derivation d = {
        .partition = id, .memo_key = content, .version = v.id, .code = t->code};
    assert_ok(ledger_derivation_add(f->l, &d, "run-1", &derivation, &f->err));
    assert_ok(ledger_current_set(f->l, t->id, id, derivation, v.id, &f->err));
    return v.id;
}

const char *fixture_marks(fixture *f, int table) {
    marks all = {0};
    strings texts = {0};
    assert_ok(ledger_marks(f->l, fixture_id(f, table), f->a, &all, &f->err));
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &texts,
                 arena_printf(f->a, "%s %s %s", all.items[i].partition,
                              cause_name(all.items[i].cause), all.items[i].ref));
    return str_join(f->a, &texts, "; ");
}

int64_t fixture_seq(fixture *f) {
    int64_t seq = -1;
    assert_ok(ledger_seq(f->l, &seq, &f->err));
    return seq;
}

void fixture_script(fixture *f, const char *sql) {
    db *d;
    assert_ok(db_open(f->driver, f->location, false, &d, &f->err));
    assert_ok(db_script(d, sql, &f->err));
    db_close(d);
}
