/* How a worker is told which files to read. */
#include "build/input.h"

#include "world.h"

#include <sys/stat.h>
#include <unistd.h>

static ledger_unit unit_of(const char *file, const char *contract, const char *hash) {
    return (ledger_unit){.unit = 1,
                         .contract = contract,
                         .contract_hash = hash,
                         .file = file,
                         .object = file,
                         .bytes = 1,
                         .land_time = 1000};
}

static void keep(world *w, const char *object) {
    assert_ok(store_put(w->layers[0], object, "x", 1, (store_put_options){0}, &w->err));
}

static json_t *document_of(world *w) {
    world_define_shop(w);
    world_begin_run(w);
    input_shape shape = {.table = world_table(w, "raw.sales")};
    return input_document(&shape);
}

static size_t column_count(const json_t *document) {
    return json_array_size(json_object_get(document, "columns"));
}

static void test_a_view_has_the_land_time_and_the_file_only_when_asked(void **state) {
    world *w = world_of(state);
    JSON_AUTO plain = document_of(w);
    assert_int_equal(column_count(plain), 3);
    input_shape shape = {
        .table = world_table(w, "raw.sales"), .land_timestamp = true, .file = true};
    JSON_AUTO both = input_document(&shape);
    assert_int_equal(column_count(both), 5);
    const json_t *last = json_array_get(json_object_get(both, "columns"), 4);
    assert_string_equal(json_get_string(last, "name", ""), "weir_file");
}

static void test_deliveries_of_one_contract_share_a_group(void **state) {
    world *w = world_of(state);
    JSON_AUTO document = document_of(w);
    const lake_table *t = world_table(w, "raw.sales");
    const ledger_unit units[] = {unit_of("a", "{\"format\":\"csv\"}", "1"),
                                 unit_of("b", "{\"format\":\"json\"}", "2"),
                                 unit_of("c", "{\"format\":\"csv\"}", "1")};
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        keep(w, units[i].object);
        assert_ok(input_add_delivery(document, &w->c, t, &units[i], &w->err));
    }
    const json_t *groups = json_object_get(document, "groups");
    assert_int_equal(json_array_size(groups), 2);
    const json_t *files = json_object_get(json_array_get(groups, 0), "files");
    assert_int_equal(json_array_size(files), 2);
    assert_string_equal(json_get_string(json_array_get(files, 1), "file", ""), "c");
}

static void test_a_delivery_whose_rows_are_kept_names_the_token(void **state) {
    world *w = world_of(state);
    JSON_AUTO document = document_of(w);
    const lake_table *t = world_table(w, "raw.sales");
    const ledger_unit units[] = {unit_of("a", "{\"format\":\"csv\"}", "1"),
                                 unit_of("b", "{\"format\":\"csv\"}", "1")};
    parsed_rows *parsed = parsed_new(w->a);
    parsed_add(parsed, "raw", "b", "token of b");
    w->c.parsed = parsed;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        keep(w, units[i].object);
        assert_ok(input_add_delivery(document, &w->c, t, &units[i], &w->err));
    }
    const json_t *group = json_array_get(json_object_get(document, "groups"), 0);
    const json_t *files = json_object_get(group, "files");
    assert_null(json_object_get(json_array_get(files, 0), "kept"));
    assert_string_equal(json_get_string(json_array_get(files, 1), "kept", ""), "token of b");
}

static void test_a_delivery_that_cannot_be_read_is_an_error(void **state) {
    world *w = world_of(state);
    JSON_AUTO document = document_of(w);
    const lake_table *t = world_table(w, "raw.sales");
    ledger_unit none = unit_of("a", NULL, NULL), broken = unit_of("b", "{\"format\"", "2");
    assert_int_equal(input_add_delivery(document, &w->c, t, &none, &w->err), E_DATA);
    assert_non_null(strstr(w->err.message, "\"a\""));
    keep(w, "b");
    assert_int_equal(input_add_delivery(document, &w->c, t, &broken, &w->err), E_DATA);
}

static void assert_refused(world *w, const ledger_unit *unit, const char *why) {
    JSON_AUTO document = input_document(&(input_shape){.table = world_table(w, "raw.sales")});
    assert_int_equal(
        input_add_delivery(document, &w->c, world_table(w, "raw.sales"), unit, &w->err),
        E_NOT_FOUND);
    if (strstr(w->err.message, why) == NULL)
        fail_msg("\"%s\" is not because: %s", w->err.message, why);
    assert_int_equal(json_array_size(json_object_get(document, "groups")), 0);
}

static void test_what_is_not_what_was_kept_is_not_read(void **state) {
    world *w = world_of(state);
    json_decref(document_of(w));
    ledger_unit unit = unit_of("a", "{\"format\":\"csv\"}", "1");
    const char *path = store_url(w->layers[0], w->a, "a");
    assert_refused(w, &unit, "it is gone");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_refused(w, &unit, "a symbolic link");
    assert_int_equal(unlink(path), 0);
    keep(w, "a");
    unit.bytes = 2;
    assert_refused(w, &unit, "it has 1 bytes instead of 2");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(w, &unit, "no regular file");
}

static void test_a_table_without_anything_can_be_queried(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    assert_string_equal(world_query(w, "gold.total", "SELECT count(*) FROM gold.total"), "0");
    assert_string_equal(world_query(w, "raw.sales", "SELECT count(*) FROM raw.sales"), "0");
}

static void test_queries_see_what_is_current_alone(void **state) {
    world *w = world_of(state);
    world_define_shop(w);
    int64_t id = world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-01,A,1\n");
    world_run(w);
    world_set_state(w, id, DELIVERY_SUPERSEDED);
    world_deliver(w, "raw.sales", "a.csv", "day,shop,amount\n2020-01-02,A,2\n");
    assert_string_equal(world_rows(w, "raw.sales"), "2020-01-02,A,2");
    assert_string_equal(world_rows(w, "silver.sales"), "2020-01-01,A,1");
    assert_string_equal(world_query(w, "raw.sales silver.sales",
                                    "SELECT r.amount, s.amount FROM raw.sales AS r,"
                                    " silver.sales AS s"),
                        "2,1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_view_has_the_land_time_and_the_file_only_when_asked),
        WORLD_TEST(test_deliveries_of_one_contract_share_a_group),
        WORLD_TEST(test_a_delivery_whose_rows_are_kept_names_the_token),
        WORLD_TEST(test_a_delivery_that_cannot_be_read_is_an_error),
        WORLD_TEST(test_what_is_not_what_was_kept_is_not_read),
        WORLD_TEST(test_a_table_without_anything_can_be_queried),
        WORLD_TEST(test_queries_see_what_is_current_alone),
    };
    return WORLD_RUN(tests);
}
