/* The documents that builds send to a worker. */
#include "build/job.h"

#include "base/path.h"
#include "world.h"

/* One job for all of a table's decided partitions. */
static json_t *document_of(world *w, build_state *s, const char *table) {
    staged_table *of = &s->tables[world_table(w, table)->index];
    json_t *document = NULL;
    build_job job = {
        .table = of, .partitions = of->partitions.items, .count = of->partitions.count};
    assert_ok(job_document(s, &job, &document, &w->err));
    return document;
}

static const json_t *input_of(const json_t *document, size_t i) {
    return json_array_get(json_object_get(document, "inputs"), i);
}

static size_t file_count(const json_t *input) {
    size_t count = 0, i;
    json_t *group;
    json_array_foreach(json_object_get(input, "groups"), i, group) {
        count += json_array_size(json_object_get(group, "files"));
    }
    return count;
}

static void deliver_two_days(world *w) {
    world_define_shop(w);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n2020-01-02,A,2\n");
    world_deliver(w, "raw.sales", "b.csv", "day,shop,amount\n2020-01-02,B,4\n");
}

static void test_a_job_says_what_to_make_and_where(void **state) {
    world *w = world_of(state);
    build_state s;
    deliver_two_days(w);
    world_begin_build(w, &s);
    world_decide(w, &s, world_table(w, "silver.sales"));
    JSON_AUTO document = document_of(w, &s, "silver.sales");
    assert_string_equal(json_get_string(document, "op", ""), "build");
    JSON_AUTO partitions = json_pack("[[s], [s]]", "2020-01-01", "2020-01-02");
    assert_true(json_equal(json_object_get(document, "partitions"), partitions));
    const json_t *output = json_object_get(document, "output");
    const char *folder = json_get_string(output, "dir", "");
    assert_true(str_ends(folder, "/silver/.weir/objects/silver.sales/run1/0/"));
    assert_true(file_exists(folder));
    const json_t *columns_of = json_object_get(document, "columns");
    assert_int_equal(json_array_size(columns_of), 3);
    assert_int_equal(json_get_int(json_array_get(columns_of, 0), "field_id", 0), 1);
    const json_t *maps = json_object_get(document, "maps");
    assert_int_equal(json_array_size(maps), 1); /* gold.month's; gold.total needs none */
    assert_string_equal(json_get_string(json_array_get(maps, 0), "id", ""),
                        "gold.month/silver.sales");
}

static void test_a_file_that_feeds_several_partitions_of_a_job_is_read_once(void **state) {
    world *w = world_of(state);
    build_state s;
    deliver_two_days(w);
    world_begin_build(w, &s);
    world_decide(w, &s, world_table(w, "silver.sales"));
    JSON_AUTO document = document_of(w, &s, "silver.sales");
    assert_int_equal(file_count(input_of(document, 0)), 2);
    assert_null(json_object_get(input_of(document, 0), "filter"));
}

static void test_a_file_that_feeds_others_too_is_filtered(void **state) {
    world *w = world_of(state);
    build_state s;
    deliver_two_days(w);
    world_run(w);
    world_deliver(w, "raw.sales", "c.csv", "day,shop,amount\n2020-01-02,B,8\n");
    world_begin_build(w, &s);
    world_decide(w, &s, world_table(w, "silver.sales"));
    JSON_AUTO document = document_of(w, &s, "silver.sales");
    assert_int_equal(file_count(input_of(document, 0)), 3);
    assert_int_equal(json_array_size(json_object_get(input_of(document, 0), "filter")), 1);
}

static void test_what_this_build_staged_is_read_in_place_of_what_is_recorded(void **state) {
    world *w = world_of(state);
    build_state s;
    deliver_two_days(w);
    world_run(w);
    world_deliver(w, "raw.sales", "c.csv", "day,shop,amount\n2020-01-02,B,8\n");
    world_stage(w, &s);
    JSON_AUTO document = document_of(w, &s, "gold.total");
    const json_t *files = json_object_get(
        json_array_get(json_object_get(input_of(document, 0), "groups"), 0), "files");
    assert_int_equal(json_array_size(files), 2);
    const char *first = json_get_string(json_array_get(files, 0), "path", "");
    const char *second = json_get_string(json_array_get(files, 1), "path", "");
    assert_non_null(strstr(first, "/run1/"));
    assert_non_null(strstr(second, "/run2/"));
}

static void test_an_input_without_units_is_there_and_empty(void **state) {
    world *w = world_of(state);
    build_state s;
    deliver_two_days(w);
    world_write(w, "tables/raw/shops.yaml", "format: csv\ncolumns: {shop: string, city: string}\n");
    world_write(w, "tables/silver/city.sql",
                "SELECT s.event_date, c.city FROM silver.sales AS s"
                " LEFT JOIN raw.shops AS c ON c.shop = s.shop\n");
    world_write(w, "tables/silver/city.yaml",
                "partition_by: [event_date]\nmap: {raw.shops: all}\n");
    world_define(w);
    world_stage(w, &s);
    JSON_AUTO document = document_of(w, &s, "silver.city");
    assert_int_equal(json_array_size(json_object_get(document, "inputs")), 2);
    assert_int_equal(file_count(input_of(document, 1)), 0);
    assert_null(json_object_get(input_of(document, 1), "filter"));
    world_run(w);
    assert_string_equal(world_rows(w, "silver.city"),
                        "2020-01-01,NULL 2020-01-02,NULL 2020-01-02,NULL");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_job_says_what_to_make_and_where),
        WORLD_TEST(test_a_file_that_feeds_several_partitions_of_a_job_is_read_once),
        WORLD_TEST(test_a_file_that_feeds_others_too_is_filtered),
        WORLD_TEST(test_what_this_build_staged_is_read_in_place_of_what_is_recorded),
        WORLD_TEST(test_an_input_without_units_is_there_and_empty),
    };
    return WORLD_RUN(tests);
}
