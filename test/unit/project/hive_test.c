#include "project/project.h"

#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A lake of one derived table, silver.a, over a real ledger and a real folder. */
typedef struct world {
    arena *arena;
    char *dir;
    lake_layer layer;
    lake_table table;
    lake_table *tables[1];
    lake lake;
    ledger *ledger;
    ledger_table *known;
    store *store;
    int64_t builds;
} world;

static void describe_table(world *w, bool partitioned) {
    w->table = (lake_table){.name = "silver.a",
                            .short_name = "a",
                            .sql = "SELECT 1 AS n",
                            .fingerprint = partitioned ? "fingerprint one" : "fingerprint two",
                            .aligned = true,
                            .projection = PROJECTION_HIVE};
    vec_push(w->arena, &w->table.columns, ((column){.name = "d", .type = "DATE"}));
    if (partitioned)
        vec_push(w->arena, &w->table.partition_by, "d");
    w->lake.fingerprint = w->table.fingerprint;
}

static int set_up(void **state) {
    arena *a = arena_new();
    world *w = ARENA_NEW(a, world);
    error err = {0};
    char folder[] = "/tmp/weir-hive-XXXXXX";
    assert_non_null(mkdtemp(folder));
    w->arena = a;
    w->dir = arena_strdup(a, folder);
    w->layer = (lake_layer){.name = "silver", .store = path_join(a, w->dir, "silver")};
    w->tables[0] = &w->table;
    w->lake = (lake){.name = "test",
                     .layers = &w->layer,
                     .layer_count = 1,
                     .tables = w->tables,
                     .table_count = 1};
    describe_table(w, true);
    assert_int_equal(store_open(w->layer.store, &w->store, &err), OK);
    assert_int_equal(
        ledger_create(path_join(a, w->dir, "ledger.db"), "id", "test", &w->ledger, &err), OK);
    assert_int_equal(ledger_sync_definition(w->ledger, &w->lake, a, &w->known, &err), OK);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    world *w = *state;
    error err = {0};
    int result = store_remove_prefix(w->store, ".weir/", &err) == OK
                         && store_remove_prefix(w->store, "a/", &err) == OK
                     ? 0
                     : -1;
    const char *files[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm"};
    store_close(w->store);
    ledger_close(w->ledger);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        (void)unlink(path_join(w->arena, w->dir, files[i]));
    (void)rmdir(path_join(w->arena, w->layer.store, ".weir"));
    (void)rmdir(w->layer.store);
    (void)rmdir(w->dir);
    arena_free(w->arena);
    return result;
}

/* Commit a version of a partition with so many files, each holding its name. */
static void commit(world *w, const char *partition, size_t file_count) {
    error err = {0};
    int64_t id = w->known[0].id, in = 0, derivation = 0;
    ledger_version v = {.content = arena_printf(w->arena, "content %d", (int)++w->builds)};
    v.files = ARENA_ARRAY(w->arena, ledger_file, file_count);
    v.file_count = file_count;
    for (size_t i = 0; i < file_count; i++) {
        char *key = arena_printf(w->arena, ".weir/objects/silver.a/b%d/f%d_%d.parquet",
                                 (int)w->builds, (int)w->builds, (int)i);
        store_put_options read_only = {.read_only = true};
        assert_int_equal(store_put(w->store, key, key, strlen(key), read_only, &err), OK);
        v.files[i] = (ledger_file){.object = key, .sum1 = "0", .sum2 = "0"};
    }
    assert_int_equal(ledger_begin(w->ledger, LEDGER_WRITE, &err), OK);
    assert_int_equal(
        ledger_partition_need(w->ledger, id, w->known[0].generation, partition, &in, &err), OK);
    v.partition = in;
    assert_int_equal(ledger_version_add(w->ledger, id, &v, "run", &err), OK);
    ledger_derivation d = {.partition = in,
                           .memo_key = arena_printf(w->arena, "key %d", (int)w->builds),
                           .version = v.id,
                           .code = w->known[0].code};
    assert_int_equal(ledger_derivation_add(w->ledger, &d, "run", &derivation, &err), OK);
    assert_int_equal(ledger_current_set(w->ledger, id, in, derivation, v.id, &err), OK);
    assert_int_equal(ledger_commit(w->ledger, &err), OK);
}

static int64_t project(world *w) {
    error err = {0};
    project_context c = {
        .lake = &w->lake, .tables = w->known, .ledger = w->ledger, .layers = &w->store};
    project_result result = {0};
    assert_int_equal(ledger_tables(w->ledger, &w->lake, w->arena, &w->known, &err), OK);
    c.tables = w->known;
    assert_int_equal(project_all(&c, &result, &err), OK);
    return result.partitions;
}

/* The projected tree as one text: keys in order, joined by spaces. */
static char *tree(world *w) {
    error err = {0};
    strings keys = {0};
    store_objects objects = {0};
    assert_int_equal(store_list(w->store, "a/", w->arena, &objects, &err), OK);
    for (size_t i = 0; i < objects.count; i++)
        vec_push(w->arena, &keys, objects.items[i].key);
    return str_join(w->arena, &keys, " ");
}

static void test_each_partition_gets_its_files_as_links(void **state) {
    world *w = *state;
    error err = {0};
    commit(w, "d=2024-05-01", 2);
    commit(w, "d=2024-05-02", 1);
    assert_int_equal(project(w), 2);
    assert_string_equal(tree(w), "a/d=2024-05-01/f1_0.parquet a/d=2024-05-01/f1_1.parquet"
                                 " a/d=2024-05-02/f2_0.parquet");
    store_object object = {0}, link = {0};
    assert_int_equal(
        store_info(w->store, ".weir/objects/silver.a/b1/f1_0.parquet", w->arena, &object, &err),
        OK);
    assert_int_equal(store_info(w->store, "a/d=2024-05-01/f1_0.parquet", w->arena, &link, &err),
                     OK);
    assert_int_equal(object.file_id, link.file_id);
}

static void test_a_new_version_takes_the_place_of_the_old_one(void **state) {
    world *w = *state;
    commit(w, "d=2024-05-01", 2);
    commit(w, "d=2024-05-02", 1);
    (void)project(w);
    commit(w, "d=2024-05-01", 1);
    assert_int_equal(project(w), 1);
    assert_string_equal(tree(w), "a/d=2024-05-01/f3_0.parquet a/d=2024-05-02/f2_0.parquet");
}

static void test_an_empty_version_has_no_directory(void **state) {
    world *w = *state;
    commit(w, "d=2024-05-01", 1);
    (void)project(w);
    commit(w, "d=2024-05-01", 0);
    assert_int_equal(project(w), 1);
    assert_string_equal(tree(w), "");
    assert_false(file_exists(path_join(w->arena, w->layer.store, "a")));
}

static void test_projecting_again_does_nothing(void **state) {
    world *w = *state;
    commit(w, "d=2024-05-01", 1);
    assert_int_equal(project(w), 1);
    assert_int_equal(project(w), 0);
}

/* A run that died in the middle left a directory aside: it is not mixed into the next partition. */
static void test_what_a_killed_projection_left_aside_is_not_shown(void **state) {
    world *w = *state;
    error err = {0};
    store_put_options plain = {0};
    assert_int_equal(store_put(w->store, ".weir/project/silver.a/old.parquet", "x", 1, plain, &err),
                     OK);
    commit(w, "d=2024-05-01", 1);
    (void)project(w);
    assert_string_equal(tree(w), "a/d=2024-05-01/f1_0.parquet");
}

static void test_an_unpartitioned_table_has_its_files_in_its_folder(void **state) {
    world *w = *state;
    error err = {0};
    commit(w, "d=2024-05-01", 1);
    (void)project(w);
    describe_table(w, false);
    assert_int_equal(ledger_sync_definition(w->ledger, &w->lake, w->arena, &w->known, &err), OK);
    commit(w, "()", 1);
    assert_int_equal(ledger_begin(w->ledger, LEDGER_WRITE, &err), OK);
    assert_int_equal(
        ledger_generation_retire(w->ledger, w->known[0].id, w->known[0].generation, &err), OK);
    assert_int_equal(ledger_commit(w->ledger, &err), OK);
    (void)project(w);
    assert_string_equal(tree(w), "a/f2_0.parquet");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_partition_gets_its_files_as_links, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_version_takes_the_place_of_the_old_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_empty_version_has_no_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_projecting_again_does_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_killed_projection_left_aside_is_not_shown,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_unpartitioned_table_has_its_files_in_its_folder,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
