#include "store/store.h"

#include "store/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_locations_that_nothing_serves_are_refused(void **state) {
    (void)state;
    store *s = NULL;
    error err = {0};
    assert_int_equal(store_open("s3://", &s, &err), E_DEFINITION);
    assert_string_equal(err.message, "\"s3://\" does not name a bucket");
    assert_int_equal(store_open("gs://bucket", &s, &err), E_DEFINITION);
    assert_string_equal(err.message, "no store is known for \"gs://bucket\"");
    assert_int_equal(store_open("", &s, &err), E_DEFINITION);
    assert_null(s);
    store_close(NULL);
}

static void test_a_store_knows_its_root_and_features(void **state) {
    (void)state;
    char root[] = "memory:";
    store *s = NULL;
    assert_int_equal(store_open(root, &s, NULL), OK);
    root[0] = 'x'; /* it was copied */
    assert_string_equal(store_root(s), "memory:");
    assert_true(store_has(s, STORE_LINK));
    assert_false(store_has(s, STORE_LOCAL_PATH));
    store_close(s);
}

/* A driver that lists what nobody asked for, in disorder. */
static status careless_list(void *state, const char *prefix, arena *a, store_objects *ret,
                            error *err) {
    (void)state;
    (void)prefix;
    (void)err;
    const char *keys[] = {"b", ".weir/tmp/x", "a/c", ".weir/y", "a/b"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        vec_push(a, ret, ((store_object){.key = keys[i]}));
    return OK;
}

static void close_nothing(void *state) {
    (void)state;
}

static void test_a_careless_drivers_list_is_filtered_and_sorted(void **state) {
    (void)state;
    const store_driver careless = {
        .name = "careless", .list = careless_list, .close = close_nothing};
    store *s = store_over(&careless, NULL, "careless:");
    ARENA_AUTO a = arena_new();
    store_objects found = {0};
    assert_int_equal(store_list(s, "a/", a, &found, NULL), OK);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.items[0].key, "a/b");
    assert_string_equal(found.items[1].key, "a/c");
    assert_int_equal(store_list(s, ".weir/", a, &found, NULL), OK);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].key, ".weir/y");
    store_close(s);
}

static void test_calls_a_driver_does_not_need_do_nothing(void **state) {
    (void)state;
    const store_driver plain = {.name = "plain", .close = close_nothing};
    store *s = store_over(&plain, NULL, "plain:");
    assert_int_equal(store_prepare(s, "a/", NULL), OK);
    assert_int_equal(store_sync(s, "a/", NULL), OK);
    assert_int_equal(store_sync(s, "a", NULL), E_USAGE);
    store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locations_that_nothing_serves_are_refused),
        cmocka_unit_test(test_a_store_knows_its_root_and_features),
        cmocka_unit_test(test_a_careless_drivers_list_is_filtered_and_sorted),
        cmocka_unit_test(test_calls_a_driver_does_not_need_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
