#include "fixture.h"

#include "base/path.h"
#include "base/process.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static lake_table *add_table(arena *a, lake *l, size_t layer, const char *name) {
    lake_table *t = ARENA_NEW(a, lake_table);
    t->index = l->table_count;
    t->layer = layer;
    t->name = name;
    t->short_name = strchr(name, '.') + 1;
    t->fingerprint = "code-0123456789";
    l->tables[l->table_count++] = t;
    return t;
}

static void add_column(arena *a, lake_table *t, const char *name, const char *type) {
    column c = {name, type, true};
    vec_push(a, &t->columns, c);
}

static lake_source *new_source(arena *a) {
    lake_source *s = ARENA_NEW(a, lake_source);
    *s = (lake_source){
        .land = "sales",
        .format = FORMAT_BY_EXTENSION,
        .csv = {",", "\"", "utf-8", true, true, {0}},
        .rows_min = 1,
        .rows_max = -1,
        .max_partitions_per_delivery = 400,
        .fingerprint = "source-1",
    };
    vec_push(a, &s->csv.null_values, "");
    vec_push(a, &s->columns, ((lake_column){.name = "day", .type = "DATE"}));
    vec_push(a, &s->columns, ((lake_column){.name = "n", .type = "BIGINT", .nullable = true}));
    return s;
}

static void add_source(arena *a, lake *l) {
    lake_table *t = add_table(a, l, 0, "raw.sales");
    t->source = new_source(a);
    t->yaml_file = "tables/raw/sales.yaml";
    add_column(a, t, "day", "DATE");
    add_column(a, t, "n", "BIGINT");
}

static void add_reader(arena *a, lake *l, const char *name, bool partitioned) {
    lake_table *t = add_table(a, l, 1, name);
    t->sql = "SELECT day, n FROM raw.sales";
    add_column(a, t, "event_date", "DATE");
    add_column(a, t, "n", "BIGINT");
    t->inputs = ARENA_NEW(a, lake_input);
    t->input_count = 1;
    t->inputs[0] =
        (lake_input){.table = l->tables[RAW],
                     .map = {.table = "raw.sales", .kind = partitioned ? MAP_DERIVED : MAP_ALL},
                     .map_fingerprint = partitioned ? "map-day" : "map-all"};
    if (!partitioned)
        return;
    vec_push(a, &t->partition_by, "event_date");
    vec_push(a, &t->inputs[0].map.expressions, "CAST(day AS DATE)");
}

static lake *new_lake(fixture *f) {
    lake *l = ARENA_NEW(f->a, lake);
    *l = (lake){.name = "shop",
                .fingerprint = "definition-1",
                .timezone = "UTC",
                .dir = f->folder,
                .land = fixture_path(f, "land"),
                .layer_count = 2};
    l->layers = ARENA_ARRAY(f->a, lake_layer, 2);
    l->layers[0] = (lake_layer){.name = "raw", .store = fixture_path(f, "data/raw")};
    l->layers[1] = (lake_layer){.name = "silver", .store = fixture_path(f, "data/silver")};
    l->tables = ARENA_ARRAY(f->a, lake_table *, TABLES);
    add_source(f->a, l);
    add_reader(f->a, l, "silver.sales", true);
    add_reader(f->a, l, "silver.total", false);
    return l;
}

static void open_engine(fixture *f, const char *worker) {
    setenv("FAKE_CHECKER_LOG", fixture_path(f, "checked"), 1);
    engine_options options = {.worker = worker != NULL ? worker : FAKE_CHECKER,
                              .temp_dir = f->folder,
                              .timezone = "UTC",
                              .workers = 2,
                              .threads = 1,
                              .memory_bytes = 1000000000,
                              .interrupted = &f->interrupted};
    assert_int_equal(engine_open(&options, &f->engine, NULL), OK);
}

static void open_stores(fixture *f) {
    assert_int_equal(store_open(f->lake->layers[0].store, &f->layers[0], &f->err), OK);
    assert_int_equal(store_open(f->lake->layers[1].store, &f->layers[1], &f->err), OK);
    assert_int_equal(store_open(fixture_path(f, "data/.weir/quarantine"), &f->quarantine, &f->err),
                     OK);
}

static void open_ledger(fixture *f) {
    assert_int_equal(
        ledger_create(fixture_path(f, "ledger.db"), "lake-1", "shop", &f->ledger, &f->err), OK);
    assert_int_equal(ledger_sync_definition(f->ledger, f->lake, f->a, &f->tables, &f->err), OK);
}

static int64_t now_us(void *state) {
    const fixture *f = state;
    return f->clock_us != 0 ? f->clock_us : clock_now_us(&CLOCK_SYSTEM);
}

static void fill_context(fixture *f) {
    f->clock = CLOCK_SYSTEM;
    f->clock.now_us = now_us;
    f->clock.state = f;
    f->log = (log){.stream = stderr, .level = LOG_ERROR};
    f->context = (land_context){.lake = f->lake,
                                .tables = f->tables,
                                .ledger = f->ledger,
                                .engine = f->engine,
                                .layers = f->layers,
                                .quarantine = f->quarantine,
                                .clock = &f->clock,
                                .log = &f->log,
                                .run = "run-1",
                                .who = "tester",
                                .interrupted = &f->interrupted};
}

fixture *fixture_new(const char *worker) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->a = arena_new();
    snprintf(f->folder, sizeof f->folder, "/tmp/weir-land-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->lake = new_lake(f);
    f->source = f->lake->tables[RAW]->source;
    assert_int_equal(dir_make(f->lake->land, &f->err), OK);
    open_stores(f);
    open_ledger(f);
    open_engine(f, worker);
    fill_context(f);
    return f;
}

static void remove_folder(const char *folder) {
    const char *argv[] = {"/bin/rm", "-rf", folder, NULL};
    process p = {0};
    int code;
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    if (process_start(&options, &p, NULL) == OK)
        assert_int_equal(process_wait(&p, &code, NULL), OK);
}

void fixture_free(fixture *f) {
    if (f == NULL)
        return;
    engine_close(f->engine);
    ledger_close(f->ledger);
    store_close(f->layers[0]);
    store_close(f->layers[1]);
    store_close(f->quarantine);
    remove_folder(f->folder);
    arena_free(f->a);
    free(f);
}

int fixture_set_up(void **state) {
    *state = fixture_new(NULL);
    return 0;
}

int fixture_set_up_worker(void **state) {
    const char *worker = getenv("WEIR_WORKER");
    bool there = worker != NULL && file_exists(worker);
    *state = there ? fixture_new(worker) : NULL;
    return 0;
}

int fixture_tear_down(void **state) {
    fixture_free(*state);
    return 0;
}

fixture *fixture_need_worker(void **state) {
    if (*state == NULL) {
        print_message("skipped: WEIR_WORKER names no worker\n");
        skip();
    }
    return *state;
}

const char *fixture_path(fixture *f, const char *relative) {
    return path_join(f->a, f->folder, relative);
}

void fixture_put(fixture *f, const char *file, const char *text) {
    const char *path = path_join(f->a, f->lake->land, file);
    assert_int_equal(dir_make(path_parent(f->a, path), &f->err), OK);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

status fixture_try_land(fixture *f, int64_t now) {
    f->context.now_us = now * 1000000;
    return land_all(&f->context, NULL, f->a, &f->result, &f->err);
}

void fixture_land(fixture *f, int64_t now) {
    if (fixture_try_land(f, now) != OK)
        fail_msg("%s (%s)", f->err.message, f->err.hint);
}

char *fixture_read(fixture *f, const char *relative) {
    char *text;
    if (file_read(fixture_path(f, relative), 1000000, f->a, &text, NULL, &f->err) != OK)
        fail_msg("%s", f->err.message);
    return text;
}

static void list(fixture *f, const char *path, const char *below, strings *found) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        struct stat looked;
        const char *child = path_join(f->a, path, e->d_name);
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") || lstat(child, &looked) != 0)
            continue;
        const char *name = arena_printf(f->a, "%s%s", below, e->d_name);
        if (S_ISDIR(looked.st_mode))
            list(f, child, arena_printf(f->a, "%s/", name), found);
        else
            vec_push(f->a, found, name);
    }
    closedir(folder);
}

const char *fixture_files(fixture *f, const char *relative) {
    strings found = {0};
    list(f, fixture_path(f, relative), "", &found);
    strings_sort(&found);
    return str_join(f->a, &found, " ");
}

static deliveries of_identity(fixture *f, const char *identity) {
    deliveries all;
    assert_int_equal(
        ledger_deliveries_of_identity(f->ledger, f->tables[RAW].id, identity, f->a, &all, &f->err),
        OK);
    return all;
}

const char *fixture_states(fixture *f, const char *identity) {
    deliveries all = of_identity(f, identity);
    strings names = {0};
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &names, delivery_state_name(all.items[i].state));
    return str_join(f->a, &names, " ");
}

delivery fixture_delivery(fixture *f, const char *identity, size_t i) {
    deliveries all = of_identity(f, identity);
    assert_true(i < all.count);
    return all.items[i];
}

const char *fixture_marks(fixture *f, int table) {
    marks found;
    strings texts = {0};
    assert_int_equal(ledger_marks(f->ledger, f->tables[table].id, f->a, &found, &f->err), OK);
    for (size_t i = 0; i < found.count; i++) {
        const mark *m = &found.items[i];
        const char *text =
            arena_printf(f->a, "%s %s %s", cause_name(m->cause), m->ref, m->partition);
        vec_push(f->a, &texts, text);
    }
    return str_join(f->a, &texts, "; ");
}

static void clear_marks_of(fixture *f, int table) {
    marks found;
    assert_int_equal(ledger_marks(f->ledger, f->tables[table].id, f->a, &found, &f->err), OK);
    for (size_t i = 0; i < found.count; i++)
        assert_int_equal(ledger_marks_clear(f->ledger, f->tables[table].id,
                                            found.items[i].partition, INT64_MAX, &f->err),
                         OK);
}

void fixture_clear_marks(fixture *f) {
    assert_int_equal(ledger_begin(f->ledger, LEDGER_WRITE, &f->err), OK);
    clear_marks_of(f, SILVER);
    clear_marks_of(f, GOLD);
    assert_int_equal(ledger_commit(f->ledger, &f->err), OK);
}

const char *fixture_checked(fixture *f) {
    if (!file_exists(fixture_path(f, "checked")))
        return "";
    strings lines = str_split(f->a, fixture_read(f, "checked"), '\n');
    lines.count--;
    return str_join(f->a, &lines, " ");
}

void fixture_assert_nothing_pending(fixture *f) {
    pending_objects pending = {0};
    assert_int_equal(ledger_pending_list(f->ledger, f->a, &pending, &f->err), OK);
    assert_int_equal(pending.count, 0);
    assert_string_equal(fixture_files(f, "data/raw/.weir"), "");
    assert_string_equal(fixture_files(f, "land/.weir-claim"), "");
}

void fixture_assert_counts(const fixture *f, int accepted, int duplicate, int superseded,
                           int rejected) {
    assert_int_equal(f->result.accepted, accepted);
    assert_int_equal(f->result.duplicate, duplicate);
    assert_int_equal(f->result.superseded, superseded);
    assert_int_equal(f->result.rejected.count, rejected);
}
