#include "world.h"

#include "base/hash.h"
#include "base/path.h"
#include "base/process.h"

#include <inttypes.h>
#include <unistd.h>

enum { WORKER_MEMORY_BYTES = 1000000000 };

/* Shared by the tests of a group, because a worker takes long to start. */
typedef struct group {
    engine *engine;
    char folder[40];
} group;

static void remove_folder(const char *folder) {
    const char *argv[] = {"/bin/rm", "-rf", folder, NULL};
    process p = {0};
    int code = 1;
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    assert_int_equal(process_start(&options, &p, NULL), OK);
    assert_int_equal(process_wait(&p, &code, NULL), OK);
    assert_int_equal(code, 0);
}

int world_open_group(void **state) {
    const char *worker = getenv("WEIR_WORKER");
    if (worker == NULL || access(worker, X_OK) != 0)
        return 0;
    group *g = calloc(1, sizeof *g);
    assert_non_null(g);
    snprintf(g->folder, sizeof g->folder, "/tmp/weir-build-group-XXXXXX");
    assert_non_null(mkdtemp(g->folder));
    engine_options options = {.worker = worker,
                              .temp_dir = g->folder,
                              .timezone = "UTC",
                              .workers = 1,
                              .threads = 1,
                              .memory_bytes = WORKER_MEMORY_BYTES};
    assert_int_equal(engine_open(&options, &g->engine, NULL), OK);
    *state = g;
    return 0;
}

int world_close_group(void **state) {
    group *g = *state;
    if (g == NULL)
        return 0;
    engine_close(g->engine);
    remove_folder(g->folder);
    free(g);
    return 0;
}

static void begin_world(world *w, engine *loader) {
    *w = (world){.a = arena_new(), .loader = loader, .builder = loader};
    w->clock = CLOCK_SYSTEM;
    w->log = (log){.stream = stderr, .level = LOG_ERROR};
    snprintf(w->folder, sizeof w->folder, "/tmp/weir-build-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    assert_ok(ledger_create(path_join(w->a, w->folder, "ledger.db"), "lake-1", "shop", &w->ledger,
                            &w->err));
}

int world_set_up(void **state) {
    const group *g = *state;
    if (g == NULL)
        return 0;
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    begin_world(w, g->engine);
    *state = w;
    return 0;
}

static void close_stores(world *w) {
    for (size_t i = 0; w->layers != NULL && i < w->lake->layer_count; i++)
        store_close(w->layers[i]);
    w->layers = NULL;
}

static void end_world(world *w) {
    if (w->builder != w->loader)
        engine_close(w->builder);
    close_stores(w);
    ledger_close(w->ledger);
    remove_folder(w->folder);
    arena_free(w->a);
}

int world_tear_down(void **state) {
    world *w = *state;
    if (w == NULL)
        return 0;
    end_world(w);
    free(w);
    return 0;
}

void world_renew(world *w) {
    engine *loader = w->loader;
    end_world(w);
    begin_world(w, loader);
}

world *world_of(void **state) {
    if (*state == NULL) {
        print_message("skipped: WEIR_WORKER names no worker\n");
        skip();
    }
    return *state;
}

/* definition */

void world_write(world *w, const char *file, const char *text) {
    const char *path = path_join(w->a, w->folder, file);
    assert_ok(dir_make(path_parent(w->a, path), &w->err));
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

void world_remove(world *w, const char *file) {
    assert_int_equal(unlink(path_join(w->a, w->folder, file)), 0);
}

static void open_stores(world *w) {
    close_stores(w);
    w->layers = ARENA_ARRAY(w->a, store *, w->lake->layer_count);
    for (size_t i = 0; i < w->lake->layer_count; i++)
        assert_ok(store_open(w->lake->layers[i].store, &w->layers[i], &w->err));
}

void world_define(world *w) {
    sql_engine sql = engine_sql(w->loader);
    lake_options options = {.dir = w->folder, .engine = &sql};
    assert_ok(lake_load(&options, w->a, &w->lake, NULL, &w->err));
    open_stores(w);
    assert_ok(ledger_redefine(w->ledger, w->lake, w->a, &w->tables, &w->err));
}

void world_define_shop(world *w) {
    world_write(w, "lake.yaml", "lake: shop\nlayers: [raw, silver, gold]\n");
    world_write(w, "tables/raw/sales.yaml",
                "format: csv\ncolumns: {day: string, shop: string, amount: string}\n");
    world_write(w, "tables/silver/sales.sql",
                "SELECT cast(day AS date) AS event_date, shop, cast(amount AS bigint) AS amount"
                " FROM raw.sales\n");
    world_write(w, "tables/silver/sales.yaml", "partition_by: [event_date]\n");
    world_write(w, "tables/gold/month.sql",
                "SELECT cast(date_trunc('month', event_date) AS date) AS month, shop,"
                " sum(amount) AS total FROM silver.sales GROUP BY ALL\n");
    world_write(w, "tables/gold/month.yaml", "partition_by: [month]\n");
    world_write(w, "tables/gold/total.sql",
                "SELECT sum(amount) AS total, count(*) AS n FROM silver.sales\n");
    world_define(w);
}

const lake_table *world_table(const world *w, const char *name) {
    const lake_table *t = lake_table_find(w->lake, name);
    assert_non_null(t);
    return t;
}

int64_t world_id(const world *w, const char *name) {
    return w->tables[world_table(w, name)->index].id;
}

/* deliveries */

static const char *contract_text(world *w, const lake_table *t) {
    json_t *names = json_array(), *found = json_array();
    for (size_t i = 0; i < t->columns.count; i++) {
        const column *c = &t->columns.items[i];
        json_array_append_new(names, json_string(c->name));
        json_array_append_new(found, json_pack("{s:s, s:s, s:I}", "name", c->name, "type", c->type,
                                               "from", (json_int_t)i));
    }
    JSON_AUTO contract =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:[s], s:o, s:o}", "format", "csv", "compression",
                  "none", "delimiter", ",", "quote", "\"", "header", 1, "encoding", "utf-8",
                  "null_values", "", "file_columns", names, "columns", found);
    return json_text(w->a, contract);
}

static int64_t add_delivery(world *w, ledger *into, const char *table, const char *file,
                            const char *body) {
    const lake_table *t = world_table(w, table);
    char sha256[SHA256_TEXT_SIZE], contract_hash[SHA256_TEXT_SIZE];
    const char *contract = contract_text(w, t);
    sha256_text(body, strlen(body), sha256);
    sha256_text(contract, strlen(contract), contract_hash);
    int64_t land_time = 1000 + world_seq(w), id = 0;
    const char *object =
        arena_printf(w->a, "%s/file_land_timestamp=%" PRId64 "/%s", t->short_name, land_time, file);
    store_put_options read_only = {.read_only = true};
    assert_ok(store_put(w->layers[t->layer], object, body, strlen(body), read_only, &w->err));
    delivery d = {.table = world_id(w, table),
                  .identity = file,
                  .file = file,
                  .sha256 = sha256,
                  .bytes = (int64_t)strlen(body),
                  .land_time = land_time,
                  .state = DELIVERY_ACTIVE,
                  .contract = contract,
                  .contract_hash = contract_hash,
                  .object = object,
                  .claim = object,
                  .run = "landing"};
    assert_ok(ledger_delivery_add(into, &d, &id, &w->err));
    return id;
}

int64_t world_deliver(world *w, const char *table, const char *file, const char *body) {
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    int64_t id = add_delivery(w, w->ledger, table, file, body);
    assert_ok(ledger_commit(w->ledger, &w->err));
    return id;
}

void world_deliver_fed(world *w, const char *reader, const char *file, const char *body,
                       const char *partition) {
    ledger *other = NULL;
    const lake_input *input = &world_table(w, reader)->inputs[0];
    assert_ok(ledger_open(path_join(w->a, w->folder, "ledger.db"), "lake-1", &other, &w->err));
    assert_ok(ledger_begin(other, LEDGER_WRITE, &w->err));
    feed_set feeds = {.table = world_id(w, reader),
                      .input = world_id(w, input->table->name),
                      .map = input->map_fingerprint,
                      .unit = add_delivery(w, other, input->table->name, file, body)};
    vec_push(w->a, &feeds.partitions, partition);
    assert_ok(ledger_feeds_put(other, &feeds, &w->err));
    assert_ok(ledger_mark_unit(other, feeds.input, feeds.unit, CAUSE_NEW, file, &w->err));
    assert_ok(ledger_commit(other, &w->err));
    ledger_close(other);
}

void world_set_state(world *w, int64_t id, delivery_state state) {
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_delivery_set_state(w->ledger, id, state, NULL, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
}

/* the scripted worker */

void world_script(world *w, const char *script) {
    world_write(w, "script.json", script);
    if (w->builder != w->loader)
        return;
    assert_int_equal(setenv("FAKE_BUILDER", path_join(w->a, w->folder, "script.json"), 1), 0);
    engine_options options = {.worker = FAKE_BUILDER,
                              .temp_dir = w->folder,
                              .timezone = "UTC",
                              .workers = 1,
                              .threads = 1,
                              .memory_bytes = WORKER_MEMORY_BYTES,
                              .interrupted = &w->interrupted};
    assert_ok(engine_open(&options, &w->builder, &w->err));
}

const char *world_jobs(world *w) {
    char *text = NULL;
    const char *path = path_join(w->a, w->folder, "script.json.log");
    if (!file_exists(path))
        return "";
    assert_ok(file_read(path, 1000000, w->a, &text, NULL, &w->err));
    strings lines = str_split(w->a, text, '\n');
    lines.count--;
    assert_int_equal(unlink(path), 0);
    return str_join(w->a, &lines, "; ");
}

/* runs */

static build_context context_of(world *w, const char *run) {
    return (build_context){.lake = w->lake,
                           .tables = w->tables,
                           .ledger = w->ledger,
                           .engine = w->builder,
                           .layers = w->layers,
                           .clock = &w->clock,
                           .log = &w->log,
                           .run = run,
                           .who = "tester",
                           .interrupted = &w->interrupted};
}

void world_begin_run(world *w) {
    const char *run = arena_printf(w->a, "run%" PRId64, ++w->runs);
    if (w->c.run)
        assert_ok(ledger_lease_release(w->ledger, "run", w->c.run, &w->err));
    w->c = context_of(w, run);
    assert_ok(ledger_lease_take(w->ledger, "run", run, INT64_C(3600000000), &w->c.fence, &w->err));
}

static status carry_out(world *w, const bool *selected) {
    build_context absorbing = w->c;
    absorbing.engine = w->loader;
    TRY(build_recover(&w->c, &w->err));
    if (w->builder != w->loader) /* which answers nothing but builds */
        TRY(build_absorb(&absorbing, &w->err));
    return build_stale(&w->c, selected, w->a, &w->result, &w->err);
}

status world_try_run(world *w, const bool *selected) {
    bool retry = w->c.retry_failed;
    const build_scope *scope = w->c.scope;
    world_begin_run(w);
    w->c.retry_failed = retry;
    w->c.scope = scope;
    w->result = (build_result){0};
    w->err = (error){0};
    return carry_out(w, selected);
}

void world_run(world *w) {
    if (world_try_run(w, NULL) != OK)
        fail_msg("%s: %s", status_name(w->err.kind), w->err.message);
}

void world_run_only(world *w, const char *table) {
    bool *selected = ARENA_ARRAY(w->a, bool, w->lake->table_count);
    selected[world_table(w, table)->index] = true;
    if (world_try_run(w, selected) != OK)
        fail_msg("%s: %s", status_name(w->err.kind), w->err.message);
}

/* builds step by step */

static void declare_pending(world *w, const lake_table *t) {
    pending_object p = {.store = w->lake->layers[t->layer].name,
                        .object = arena_printf(w->a, ".weir/objects/%s/%s/", t->name, w->c.run),
                        .run = w->c.run};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_pending_add(w->ledger, &p, 1, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
}

void world_decide(world *w, build_state *s, const lake_table *t) {
    marks marked = {0};
    assert_ok(ledger_marks(w->ledger, w->tables[t->index].id, w->a, &marked, &w->err));
    plan_partitions planned = plan_merge(w->a, &marked, &s->tables[t->index].reached);
    assert_ok(stage_decide(s, t, &planned, &w->err));
}

static void stage_table(world *w, build_state *s, const lake_table *t) {
    declare_pending(w, t);
    world_decide(w, s, t);
    assert_ok(stage_build(s, t, &w->err));
    stage_hold_incomplete(s, t);
    assert_ok(stage_reach_readers(s, t, &w->err));
}

void world_begin_build(world *w, build_state *s) {
    world_begin_run(w);
    assert_ok(build_absorb(&w->c, &w->err));
    state_init(s, &w->c, w->a);
    assert_ok(ledger_seq(w->ledger, &s->plan_seq, &w->err));
}

void world_stage(world *w, build_state *s) {
    world_begin_build(w, s);
    for (size_t i = 0; i < w->lake->table_count; i++)
        if (!w->lake->tables[i]->source)
            stage_table(w, s, w->lake->tables[i]);
}

/* what came of it */

const char *world_counts(world *w) {
    const build_result *r = &w->result;
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {
        {"built", r->built},
        {"reused", r->reused},
        {"unchanged", r->unchanged},
        {"emptied", r->emptied},
        {"failed", (int64_t)r->failed.count},
        {"blocked", (int64_t)r->blocked.count},
        {"later", (int64_t)r->later.count},
    };
    strings texts = {0};
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        if (counts[i].count != 0)
            vec_push(w->a, &texts,
                     arena_printf(w->a, "%s %" PRId64, counts[i].name, counts[i].count));
    return str_join(w->a, &texts, ", ");
}

const char *world_failed(world *w) {
    strings texts = {0};
    for (size_t i = 0; i < w->result.failed.count; i++) {
        const build_failure *f = &w->result.failed.items[i];
        vec_push(w->a, &texts, arena_printf(w->a, "%s %s", f->table, f->partition));
    }
    return str_join(w->a, &texts, "; ");
}

const char *world_blocked(world *w) {
    strings texts = {0};
    for (size_t i = 0; i < w->result.blocked.count; i++) {
        const build_blocked *b = &w->result.blocked.items[i];
        vec_push(w->a, &texts, arena_printf(w->a, "%s %s", b->table, b->partition));
    }
    return str_join(w->a, &texts, "; ");
}

typedef struct reading {
    world *w;
    strings rows;
} reading;

static status read_header(void *state, const json_t *header, error *err) {
    (void)state, (void)header, (void)err;
    return OK;
}

static status read_rows(void *state, const json_t *rows, error *err) {
    (void)err;
    reading *r = state;
    size_t i, j;
    json_t *row, *value;
    json_array_foreach(rows, i, row) {
        strings values = {0};
        json_array_foreach(row, j, value) {
            const char *text = json_is_string(value) ? json_string_value(value) : "NULL";
            vec_push(r->w->a, &values, arena_strdup(r->w->a, text));
        }
        vec_push(r->w->a, &r->rows, str_join(r->w->a, &values, ","));
    }
    return OK;
}

const char *world_query(world *w, const char *tables, const char *sql) {
    reading r = {.w = w};
    strings none = {0}, names = str_split(w->a, tables, ' ');
    engine_sink sink = {.columns = read_header, .rows = read_rows, .state = &r};
    json_t *inputs = json_array();
    JSON_AUTO job =
        json_pack("{s:s, s:s, s:o, s:n}", "op", "query", "sql", sql, "inputs", inputs, "limit");
    build_context c = context_of(w, NULL);
    for (size_t i = 0; i < names.count; i++) {
        json_t *input = NULL;
        const build_query query = {
            .table = world_table(w, names.items[i]), .mentioned = &none, .as_of_seq = -1};
        assert_ok(build_query_input(&c, &query, w->a, &input, &w->err));
        json_array_append_new(inputs, input);
    }
    assert_ok(engine_query(w->loader, job, &sink, &w->err));
    return str_join(w->a, &r.rows, " ");
}

const char *world_rows(world *w, const char *table) {
    return world_query(w, table, arena_printf(w->a, "SELECT * FROM %s ORDER BY ALL", table));
}

const char *world_partitions(world *w, const char *table) {
    ledger_currents all = {0};
    strings texts = {0};
    assert_ok(ledger_currents_of(w->ledger, world_id(w, table), -1, w->a, &all, &w->err));
    for (size_t i = 0; i < all.count; i++)
        vec_push(w->a, &texts,
                 arena_printf(w->a, "%s:%" PRId64, all.items[i].text, all.items[i].rows));
    return str_join(w->a, &texts, " ");
}

const char *world_marks(world *w, const char *table) {
    marks all = {0};
    strings texts = {0};
    assert_ok(ledger_marks(w->ledger, world_id(w, table), w->a, &all, &w->err));
    for (size_t i = 0; i < all.count; i++) {
        const mark *m = &all.items[i];
        vec_push(w->a, &texts,
                 arena_printf(w->a, "%s %s %s", m->partition, cause_name(m->cause), m->ref));
    }
    return str_join(w->a, &texts, "; ");
}

size_t world_pending(world *w) {
    pending_objects pending = {0};
    assert_ok(ledger_pending_list(w->ledger, w->a, &pending, &w->err));
    return pending.count;
}

size_t world_failures(world *w, const char *table) {
    ledger_failures failures = {0};
    assert_ok(ledger_failures_of(w->ledger, world_id(w, table), w->a, &failures, &w->err));
    return failures.count;
}

static store *layer_store(world *w, const char *layer) {
    for (size_t i = 0; i < w->lake->layer_count; i++)
        if (str_eq(w->lake->layers[i].name, layer))
            return w->layers[i];
    fail_msg("no layer %s", layer);
    return NULL;
}

strings world_objects(world *w, const char *layer) {
    store_objects objects = {0};
    strings keys = {0};
    assert_ok(store_list(layer_store(w, layer), ".weir/objects/", w->a, &objects, &w->err));
    for (size_t i = 0; i < objects.count; i++)
        vec_push(w->a, &keys, objects.items[i].key);
    return keys;
}

int64_t world_seq(world *w) {
    int64_t seq = 0;
    assert_ok(ledger_seq(w->ledger, &seq, &w->err));
    return seq;
}

void world_assert_no_garbage(world *w) {
    assert_int_equal(world_pending(w), 0);
    for (size_t i = 0; i < w->lake->layer_count; i++) {
        strings keys = world_objects(w, w->lake->layers[i].name);
        for (size_t k = 0; k < keys.count; k++) {
            bool known = false;
            assert_ok(ledger_object_known(w->ledger, keys.items[k], &known, &w->err));
            if (!known)
                fail_msg("\"%s\" is of no version", keys.items[k]);
        }
    }
}
