#include "cli/identity.h"

#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <unistd.h>

typedef struct fixture {
    arena *arena;
    lake lake;
    error err;
} fixture;

static int remove_one(const char *path, const struct stat *found, int type, struct FTW *at) {
    (void)found;
    (void)type;
    (void)at;
    return remove(path);
}

static int open_fixture(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    char *dir = arena_strdup(f->arena, "/tmp/weir-identity-XXXXXX");
    assert_non_null(mkdtemp(dir));
    f->lake = (lake){.dir = dir,
                     .name = "italy",
                     .store = path_join(f->arena, dir, "data"),
                     .ledger = path_join(f->arena, dir, ".weir/ledger.db")};
    const char *yaml = path_join(f->arena, dir, "lake.yaml");
    assert_int_equal(file_write_atomic(yaml, "lake: italy\n", 12, NULL), OK);
    *state = f;
    return 0;
}

static int close_fixture(void **state) {
    fixture *f = *state;
    nftw(f->lake.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(f->arena);
    free(f);
    return 0;
}

static char *make(fixture *f) {
    ledger *made = NULL;
    assert_int_equal(identity_create(&f->lake, &CLOCK_SYSTEM, &made, &f->err), OK);
    char *id = arena_strdup(f->arena, ledger_lake_id(made));
    ledger_close(made);
    return id;
}

static status look(fixture *f, identity_state *ret, const char **ret_id) {
    return identity_look(&f->lake, f->arena, ret, ret_id, &f->err);
}

static void test_looking_at_a_fresh_lake_makes_nothing(void **state) {
    fixture *f = *state;
    identity_state found = IDENTITY_WHOLE;
    const char *id = "x";
    assert_int_equal(look(f, &found, &id), OK);
    assert_int_equal(found, IDENTITY_FRESH);
    assert_null(id);
    assert_false(file_exists(f->lake.store));
    assert_false(file_exists(f->lake.ledger));
}

static void test_a_made_lake_has_one_id_in_ledger_and_store(void **state) {
    fixture *f = *state;
    const char *made = make(f), *id = NULL;
    identity_state found = IDENTITY_FRESH;
    assert_int_equal(look(f, &found, &id), OK);
    assert_int_equal(found, IDENTITY_WHOLE);
    assert_string_equal(id, made);
}

static void test_making_a_lake_that_is_there_opens_it(void **state) {
    fixture *f = *state;
    const char *made = make(f);
    assert_string_equal(make(f), made);
}

static void test_a_store_of_another_lake_is_refused(void **state) {
    fixture *f = *state;
    make(f);
    f->lake.name = "spain";
    identity_state found = IDENTITY_FRESH;
    const char *id = NULL;
    assert_int_equal(look(f, &found, &id), E_FOREIGN);
    assert_non_null(strstr(f->err.message, "belongs to lake \"italy\", not to \"spain\""));
    assert_true(f->err.hint[0] != '\0');
}

static void test_a_store_without_its_ledger_is_refused(void **state) {
    fixture *f = *state;
    make(f);
    assert_int_equal(unlink(f->lake.ledger), 0);
    identity_state found = IDENTITY_FRESH;
    const char *id = NULL;
    assert_int_equal(look(f, &found, &id), E_FOREIGN);
    assert_non_null(strstr(f->err.message, "ledger"));
    assert_true(f->err.hint[0] != '\0');
}

static void remove_marker(fixture *f) {
    const char *marker = path_join(f->arena, f->lake.store, ".weir/lake.json");
    assert_int_equal(unlink(marker), 0);
}

static void test_a_making_that_was_cut_off_is_finished_with_the_same_id(void **state) {
    fixture *f = *state;
    const char *made = make(f);
    remove_marker(f);
    identity_state found = IDENTITY_WHOLE;
    const char *id = NULL;
    assert_int_equal(look(f, &found, &id), OK);
    assert_int_equal(found, IDENTITY_FRESH);
    assert_string_equal(make(f), made);
}

static void test_a_used_ledger_whose_store_is_gone_is_refused(void **state) {
    fixture *f = *state;
    make(f);
    ledger *used = NULL;
    assert_int_equal(ledger_open(f->lake.ledger, NULL, &used, NULL), OK);
    assert_int_equal(ledger_begin(used, LEDGER_WRITE, NULL), OK);
    assert_int_equal(ledger_event_add(used, "me", "test", NULL, NULL, 1, NULL), OK);
    assert_int_equal(ledger_commit(used, NULL), OK);
    ledger_close(used);
    remove_marker(f);
    identity_state found = IDENTITY_FRESH;
    const char *id = NULL;
    assert_int_equal(look(f, &found, &id), E_FOREIGN);
    assert_non_null(strstr(f->err.message, "has no .weir/lake.json"));
}

static void test_a_damaged_marker_is_no_identity(void **state) {
    fixture *f = *state;
    make(f);
    const char *marker = path_join(f->arena, f->lake.store, ".weir/lake.json");
    assert_int_equal(file_write_atomic(marker, "{", 1, NULL), OK);
    identity_state found = IDENTITY_FRESH;
    const char *id = NULL;
    assert_int_not_equal(look(f, &found, &id), OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_looking_at_a_fresh_lake_makes_nothing),
        TEST(test_a_made_lake_has_one_id_in_ledger_and_store),
        TEST(test_making_a_lake_that_is_there_opens_it),
        TEST(test_a_store_of_another_lake_is_refused),
        TEST(test_a_store_without_its_ledger_is_refused),
        TEST(test_a_making_that_was_cut_off_is_finished_with_the_same_id),
        TEST(test_a_used_ledger_whose_store_is_gone_is_refused),
        TEST(test_a_damaged_marker_is_no_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
