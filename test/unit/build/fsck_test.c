/* What fsck finds of what somebody altered, removed or added, and what comes right again. */
#include "build/fsck.h"

#include "project/project.h"
#include "world.h"

#include <sys/stat.h>
#include <unistd.h>

static const char TWO_DAYS[] = "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n";

typedef struct checking {
    world *w;
    fsck_options how;
    fsck_result found;
} checking;

static void project(world *w) {
    const project_context c = {
        .lake = w->lake, .tables = w->tables, .ledger = w->ledger, .layers = w->layers};
    project_result ignored;
    assert_ok(project_all(&c, &ignored, &w->err));
}

static checking begin(void **state, bool fast) {
    world *w = world_of(state);
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", TWO_DAYS);
    world_run(w);
    project(w);
    checking c = {.w = w, .how = {.fast = fast}};
    const char *quarantine = arena_printf(w->a, "%s/data/.weir/quarantine", w->folder);
    assert_ok(store_open(quarantine, &c.how.quarantine, &w->err));
    assert_ok(store_open("memory:", &c.how.journal, &w->err));
    return c;
}

static void end(checking *c) {
    store_close(c->how.quarantine);
    store_close(c->how.journal);
}

/* "missing raw; altered silver": each kind and layer once, in order. */
static const char *faults(checking *c) {
    world *w = c->w;
    strings texts = {0};
    world_begin_run(w);
    assert_ok(build_fsck(&w->c, &c->how, w->a, &c->found, &w->err));
    for (size_t i = 0; i < c->found.faults.count; i++)
        vec_push(w->a, &texts,
                 arena_printf(w->a, "%s %s", c->found.faults.items[i].kind,
                              c->found.faults.items[i].layer));
    strings_sort_unique(&texts);
    return str_join(w->a, &texts, "; ");
}

static void repair(checking *c) {
    world *w = c->w;
    assert_ok(build_fsck_repair(&w->c, &c->how, &c->found, &w->err));
    for (size_t i = 0; i < w->lake->table_count; i++)
        w->tables[i].projected_seq = 0;
}

static const char *path(world *w, size_t layer, const char *key) {
    return store_url(w->layers[layer], w->a, key);
}

static const char *object(world *w, const char *layer, size_t i) {
    strings keys = world_objects(w, layer);
    assert_true(i < keys.count);
    return path(w, str_eq(layer, "silver") ? 1 : 2, keys.items[i]);
}

static const char *raw(world *w) {
    store_objects found = {0};
    assert_ok(store_list(w->layers[0], "sales/", w->a, &found, &w->err));
    assert_int_equal(found.count, 1);
    return path(w, 0, found.items[0].key);
}

/* With the same inode and the same mode as before. */
static void change(const char *file, long at, const char *bytes) {
    assert_int_equal(chmod(file, 0644), 0);
    FILE *out = fopen(file, "r+");
    assert_non_null(out);
    assert_int_equal(fseek(out, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, strlen(bytes), out), strlen(bytes));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(file, 0444), 0);
}

static void test_a_sound_lake_has_no_faults(void **state) {
    checking c = begin(state, false);
    assert_string_equal(faults(&c), "");
    assert_int_equal(c.found.files, 5); /* a delivery, and four files of tables */
    end(&c);
}

static void test_changed_bytes_of_raw_history_are_found_by_reading_them(void **state) {
    checking c = begin(state, true);
    change(raw(c.w), 4, "S");
    assert_string_equal(faults(&c), "");
    c.how.fast = false;
    assert_string_equal(faults(&c), "altered raw");
    assert_int_equal(c.found.raw_lost, 1);
    end(&c);
}

static void test_a_raw_file_that_is_gone_or_a_link_is_lost(void **state) {
    checking c = begin(state, true);
    const char *file = raw(c.w);
    assert_int_equal(unlink(file), 0);
    assert_string_equal(faults(&c), "missing raw");
    assert_int_equal(c.found.raw_lost, 1);
    assert_int_equal(symlink("/etc/passwd", file), 0);
    assert_string_equal(faults(&c), "altered raw");
    end(&c);
}

static void test_a_lost_file_of_a_table_is_built_again_after_repair(void **state) {
    checking c = begin(state, true);
    world *w = c.w;
    assert_int_equal(unlink(object(w, "silver", 0)), 0);
    assert_string_equal(faults(&c), "missing silver");
    assert_int_equal(c.found.lost.count, 1);
    repair(&c);
    assert_non_null(strstr(world_marks(w, "silver.sales"), "event_date=2020-01-01 missing "));
    world_run(w);
    assert_string_equal(world_counts(w), "built 1, unchanged 2");
    project(w);
    assert_string_equal(faults(&c), "");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1 2020-01-02,A,2");
    end(&c);
}

static void test_other_rows_of_the_same_size_are_found_by_digest(void **state) {
    checking c = begin(state, true);
    world *w = c.w;
    const char *one = object(w, "silver", 0), *other = object(w, "silver", 1);
    assert_int_equal(unlink(one), 0);
    assert_int_equal(link(other, one), 0);
    const char *told = faults(&c); /* the directory has the file that was there */
    assert_string_equal(told, "directory silver");
    c.how.fast = false;
    assert_string_equal(faults(&c), "altered silver; directory silver");
    assert_string_equal(c.found.faults.items[0].detail, "its rows are others");
    end(&c);
}

static void test_a_directory_that_shows_another_file_is_made_anew(void **state) {
    checking c = begin(state, true);
    world *w = c.w;
    store_objects shown = {0};
    assert_ok(store_list(w->layers[1], "sales/", w->a, &shown, &w->err));
    const char *file = path(w, 1, shown.items[0].key);
    assert_int_equal(unlink(file), 0);
    assert_string_equal(faults(&c), "directory silver");
    assert_ok(store_put(w->layers[1], shown.items[0].key, "x", 1, (store_put_options){0}, &w->err));
    assert_string_equal(faults(&c), "directory silver");
    repair(&c);
    project(w);
    assert_string_equal(faults(&c), "");
    end(&c);
}

static void test_what_nobody_knows_is_extra_unless_it_is_pending(void **state) {
    checking c = begin(state, true);
    world *w = c.w;
    static const char *const KEYS[] = {"sales/x.csv", "sales/event_date=2020-01-01/x.parquet",
                                       ".weir/objects/gold.total/dead/0/x.parquet"};
    for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++)
        assert_ok(store_put(w->layers[i], KEYS[i], "x", 1, (store_put_options){0}, &w->err));
    assert_int_equal(symlink("/etc/passwd", path(w, 1, "sales/link.parquet")), 0);
    assert_string_equal(faults(&c), "extra gold; extra raw; extra silver");
    assert_int_equal(c.found.faults.count, 4);
    assert_int_equal(c.found.raw_extra, 1);
    assert_string_equal(c.found.faults.items[0].table, "raw.sales");
    const pending_object p = {"gold", ".weir/objects/gold.total/dead/", "dead"};
    assert_ok(ledger_begin(w->ledger, LEDGER_WRITE, &w->err));
    assert_ok(ledger_pending_add(w->ledger, &p, 1, &w->err));
    assert_ok(ledger_commit(w->ledger, &w->err));
    assert_string_equal(faults(&c), "extra raw; extra silver");
    end(&c);
}

static void test_what_became_writable_is_told_and_sealed_when_its_bytes_are_right(void **state) {
    checking c = begin(state, true);
    const char *file = object(c.w, "silver", 0);
    struct stat found;
    assert_int_equal(chmod(file, 0644), 0);
    assert_string_equal(faults(&c), "writable silver");
    repair(&c);
    assert_string_equal(faults(&c), "writable silver"); /* nobody has read it */
    c.how.fast = false;
    assert_string_equal(faults(&c), "writable silver");
    repair(&c);
    assert_int_equal(stat(file, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0444);
    assert_string_equal(faults(&c), "");
    end(&c);
}

static void test_what_left_the_definition_is_still_known(void **state) {
    checking c = begin(state, true);
    world *w = c.w;
    world_remove(w, "tables/gold/month.sql");
    world_remove(w, "tables/gold/month.yaml");
    world_define(w);
    assert_string_equal(faults(&c), "");
    end(&c);
}

static void test_who_lost_the_lease_repairs_nothing(void **state) {
    checking c = begin(state, true);
    world *w = c.w;
    int64_t fence = 0;
    assert_int_equal(unlink(object(w, "silver", 0)), 0);
    faults(&c);
    assert_ok(ledger_lease_release(w->ledger, "run", w->c.run, &w->err));
    assert_ok(ledger_lease_take(w->ledger, "run", "other", INT64_C(3600000000), &fence, &w->err));
    assert_int_equal(build_fsck_repair(&w->c, &c.how, &c.found, &w->err), E_BUSY);
    assert_string_equal(world_marks(w, "silver.sales"), "");
    assert_ok(ledger_lease_release(w->ledger, "run", "other", &w->err));
    end(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_sound_lake_has_no_faults),
        WORLD_TEST(test_changed_bytes_of_raw_history_are_found_by_reading_them),
        WORLD_TEST(test_a_raw_file_that_is_gone_or_a_link_is_lost),
        WORLD_TEST(test_a_lost_file_of_a_table_is_built_again_after_repair),
        WORLD_TEST(test_other_rows_of_the_same_size_are_found_by_digest),
        WORLD_TEST(test_a_directory_that_shows_another_file_is_made_anew),
        WORLD_TEST(test_what_nobody_knows_is_extra_unless_it_is_pending),
        WORLD_TEST(test_what_became_writable_is_told_and_sealed_when_its_bytes_are_right),
        WORLD_TEST(test_what_left_the_definition_is_still_known),
        WORLD_TEST(test_who_lost_the_lease_repairs_nothing),
    };
    return WORLD_RUN(tests);
}
