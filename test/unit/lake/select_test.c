#include "lake/lake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* raw.p -> silver.a -> gold.x, gold.y; raw.q -> silver.b -> gold.y */
enum { P, Q, A, B, X, Y, TABLES };

typedef struct fixture {
    lake_layer layers[3];
    lake_table made[TABLES];
    lake_input inputs[5];
    lake_table *tables[TABLES];
    lake lake;
} fixture;

static void make(fixture *f) {
    static const char *const NAMES[TABLES][2] = {
        {"raw.p", "p"},    {"raw.q", "q"},  {"silver.a", "a"},
        {"silver.b", "b"}, {"gold.x", "x"}, {"gold.y", "y"},
    };
    *f = (fixture){.layers = {{.name = "raw", .store = "/s/raw"},
                              {.name = "silver", .store = "/s/silver"},
                              {.name = "gold", .store = "/s/gold"}}};
    for (size_t i = 0; i < TABLES; i++) {
        f->made[i] = (lake_table){
            .index = i, .layer = i / 2, .name = NAMES[i][0], .short_name = NAMES[i][1]};
        f->tables[i] = &f->made[i];
    }
    static const size_t EDGES[5][2] = {{A, P}, {B, Q}, {X, A}, {Y, A}, {Y, B}};
    for (size_t i = 0; i < 5; i++) {
        lake_table *reader = &f->made[EDGES[i][0]];
        f->inputs[i].table = &f->made[EDGES[i][1]];
        if (reader->input_count++ == 0)
            reader->inputs = &f->inputs[i];
    }
    f->lake =
        (lake){.layers = f->layers, .layer_count = 3, .tables = f->tables, .table_count = TABLES};
}

static strings list(arena *a, const char *text) {
    strings none = {0};
    return text == NULL ? none : str_split(a, text, ' ');
}

static void test_selections_follow_names_patterns_and_edges(void **state) {
    static const struct {
        const char *include, *exclude;
        const char *chosen; /* one character per table */
    } CASES[] = {
        {NULL, NULL, "pqabxy"},           {"silver.a", NULL, "a"},
        {"silver.*", NULL, "ab"},         {"*", NULL, "pqabxy"},
        {"+gold.x", NULL, "pax"},         {"raw.q+", NULL, "qby"},
        {"+silver.a+", NULL, "paxy"},     {"raw.p,raw.q", NULL, "pq"},
        {"raw.p gold.x", NULL, "px"},     {NULL, "gold.*", "pqab"},
        {"+gold.y", "raw.*", "aby"},      {"silver.a+", "gold.x", "ay"},
        {"silver.[ab]", "silver.b", "a"}, {"silver.a", "silver.a", ""},
    };
    fixture f;
    (void)state;
    make(&f);
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        ARENA_AUTO a = arena_new();
        strings include = list(a, CASES[i].include), exclude = list(a, CASES[i].exclude);
        bool *chosen = NULL;
        error err = {0};
        assert_int_equal(lake_select(&f.lake, &include, &exclude, a, &chosen, &err), OK);
        buf seen = buf_new(a);
        for (size_t j = 0; j < TABLES; j++) {
            if (chosen[j])
                buf_add(&seen, f.tables[j]->short_name);
        }
        assert_string_equal(seen.text, CASES[i].chosen);
    }
}

static void test_what_selects_nothing_is_refused_with_the_nearest_name(void **state) {
    static const char *const CASES[][3] = {
        {"silver.aa", "there is no table \"silver.aa\"", "did you mean \"silver.a\"?"},
        {"x", "there is no table \"x\"", "did you mean \"gold.x\"?"},
        {"silver", "there is no table \"silver\"",
         "Write \"silver.*\" for all tables of the layer."},
        {"something_else", "there is no table \"something_else\"", "`weir ls` lists the tables."},
        {"bronze.*", "no table matches \"bronze.*\"",
         "Write layer.table, layer.*, +x for x and all it reads, x+ for x and its readers."},
        {"+", "\"+\" selects nothing", ""},
        {"raw.p,", "\"\" selects nothing", ""},
    };
    fixture f;
    (void)state;
    make(&f);
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        ARENA_AUTO a = arena_new();
        strings terms = list(a, CASES[i][0]);
        bool *chosen = NULL;
        error err = {0};
        assert_int_equal(lake_select(&f.lake, &terms, NULL, a, &chosen, &err), E_USAGE);
        assert_string_equal(err.message, CASES[i][1]);
        assert_string_equal(err.hint, CASES[i][2]);
        assert_null(chosen);
        assert_int_equal(lake_select(&f.lake, NULL, &terms, a, &chosen, &err), E_USAGE);
    }
}

static void test_readers_are_told_with_their_input(void **state) {
    ARENA_AUTO a = arena_new();
    fixture f;
    (void)state;
    make(&f);
    lake_readers readers = lake_readers_of(&f.lake, &f.made[A], a);
    assert_int_equal(readers.count, 2);
    assert_ptr_equal(readers.items[0].table, &f.made[X]);
    assert_ptr_equal(readers.items[1].table, &f.made[Y]);
    assert_ptr_equal(readers.items[1].input, &f.inputs[3]);
    assert_int_equal(lake_readers_of(&f.lake, &f.made[Y], a).count, 0);
    assert_string_equal(lake_table_dir(&f.lake, &f.made[X], a), "/s/gold/x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selections_follow_names_patterns_and_edges),
        cmocka_unit_test(test_what_selects_nothing_is_refused_with_the_nearest_name),
        cmocka_unit_test(test_readers_are_told_with_their_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
