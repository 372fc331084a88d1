#include "land/find.h"

#include "fixture.h"

#include "base/path.h"

#define FIRST  "day,n\n2020-01-01,1\n"
#define SECOND "day,n\n2020-01-02,2\n"

/* a.csv twice, the second counts; b.csv in two folders; bad.csv refused. */
static int set_up(void **state) {
    fixture *f = fixture_new(NULL);
    fixture_put(f, "sales/a.csv", FIRST);
    fixture_put(f, "sales/x/b.csv", FIRST);
    fixture_put(f, "sales/bad.csv", FIRST);
    fixture_land(f, 100);
    fixture_put(f, "sales/a.csv", SECOND);
    fixture_put(f, "sales/y/b.csv", SECOND);
    fixture_land(f, 200);
    *state = f;
    return 0;
}

static find_question ask(fixture *f, find_purpose purpose, const char *file) {
    find_question q = {.purpose = purpose, .folder = f->folder};
    if (file != NULL)
        vec_push(f->a, &q.files, file);
    return q;
}

/* "sales/a.csv@200 …" of what is meant. */
static const char *found(fixture *f, const find_question *q) {
    deliveries all = {0};
    strings texts = {0};
    if (find_deliveries(&f->context, q, f->a, &all, &f->err) != OK)
        fail_msg("%s (%s)", f->err.message, f->err.hint);
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &texts,
                 (const char *)arena_printf(f->a, "%s@%d", all.items[i].file,
                                            (int)all.items[i].land_time));
    return str_join(f->a, &texts, " ");
}

static const char *found_for(fixture *f, find_purpose purpose, const char *file) {
    find_question q = ask(f, purpose, file);
    return found(f, &q);
}

static const char *looked_up(fixture *f, const char *file) {
    return found_for(f, FIND_TO_LOOK, file);
}

static void assert_refused(fixture *f, const find_question *q, const char *message,
                           const char *hint) {
    deliveries all = {0};
    assert_int_equal(find_deliveries(&f->context, q, f->a, &all, &f->err), E_USAGE);
    if (strstr(f->err.message, message) == NULL || strstr(f->err.hint, hint) == NULL)
        fail_msg("%s (%s)", f->err.message, f->err.hint);
    assert_int_equal(all.count, 0);
}

static void test_a_name_means_the_delivery_that_counts(void **state) {
    assert_string_equal(looked_up(*state, "a.csv"), "sales/a.csv@200");
    assert_string_equal(found_for(*state, FIND_TO_WITHDRAW, "a.csv"), "sales/a.csv@200");
}

static void test_a_land_path_is_known_from_anywhere(void **state) {
    fixture *f = *state;
    const char *wanted = "sales/x/b.csv@100";
    assert_string_equal(looked_up(f, "sales/x/b.csv"), wanted);
    assert_string_equal(looked_up(f, "land/sales/x/b.csv"), wanted);
    assert_string_equal(looked_up(f, "land/./sales//y/../x/b.csv"), wanted);
    assert_string_equal(looked_up(f, fixture_path(f, "land/sales/x/b.csv")), wanted);
    find_question q = ask(f, FIND_TO_LOOK, "../b.csv");
    q.folder = fixture_path(f, "land/sales/x/deeper");
    assert_string_equal(found(f, &q), wanted);
}

static void test_a_path_of_raw_history_means_that_very_delivery(void **state) {
    fixture *f = *state;
    const char *old = "data/raw/sales/file_land_timestamp=100/a_100.csv";
    assert_string_equal(looked_up(f, old), "sales/a.csv@100");
    assert_string_equal(looked_up(f, fixture_path(f, old)), "sales/a.csv@100");
    assert_string_equal(looked_up(f, arena_printf(f->a, "file://%s", fixture_path(f, old))),
                        "sales/a.csv@100");
    assert_string_equal(looked_up(f, "a_100.csv"), "sales/a.csv@100");
}

static void test_a_path_of_quarantine_or_its_report_means_what_was_refused(void **state) {
    fixture *f = *state;
    const char *aside = "data/.weir/quarantine/raw.sales/file_land_timestamp=100/bad_100.csv";
    assert_string_equal(looked_up(f, aside), "sales/bad.csv@100");
    assert_string_equal(looked_up(f, arena_printf(f->a, "%s.report.json", aside)),
                        "sales/bad.csv@100");
    assert_string_equal(found_for(f, FIND_TO_READMIT, "bad.csv"), "sales/bad.csv@100");
}

static void test_a_number_is_a_deliverys_id(void **state) {
    fixture *f = *state;
    int64_t id = fixture_delivery(f, "a.csv", 0).id;
    assert_string_equal(looked_up(f, arena_printf(f->a, "%d", (int)id)), "sales/a.csv@100");
}

static void test_a_number_can_be_a_name(void **state) {
    fixture *f = *state;
    f->source->format = FORMAT_CSV;
    fixture_put(f, "sales/20200301", FIRST);
    fixture_land(f, 300);
    assert_string_equal(looked_up(f, "20200301"), "sales/20200301@300");
}

static void test_a_pattern_means_all_that_count(void **state) {
    fixture *f = *state;
    assert_string_equal(looked_up(f, "*.csv"),
                        "sales/a.csv@200 sales/x/b.csv@100 sales/y/b.csv@200");
    assert_string_equal(looked_up(f, "sales/*/b.csv"), "sales/x/b.csv@100 sales/y/b.csv@200");
    assert_string_equal(looked_up(f, "land/sales/[xz]/*"), "sales/x/b.csv@100");
    assert_string_equal(looked_up(f, "data/raw/sales/*=100/a_*"), "sales/a.csv@100");
}

static void test_a_name_with_the_characters_of_a_pattern_is_that_name(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/[ab].csv", FIRST);
    fixture_land(f, 300);
    assert_string_equal(looked_up(f, "[ab].csv"), "sales/[ab].csv@300");
}

static void test_several_files_are_each_taken_once(void **state) {
    fixture *f = *state;
    find_question q = ask(f, FIND_TO_LOOK, "a.csv");
    vec_push(f->a, &q.files, "sales/a.csv");
    vec_push(f->a, &q.files, "a.csv");
    vec_push(f->a, &q.files, "x/../sales/x/b.csv");
    assert_string_equal(found(f, &q), "sales/a.csv@200 sales/x/b.csv@100");
}

static void test_a_range_means_whatever_came_in_it(void **state) {
    fixture *f = *state;
    find_question q = ask(f, FIND_TO_WITHDRAW, NULL);
    q.table = f->lake->tables[RAW];
    q.has_range = true;
    q.from_us = 100 * 1000000LL;
    q.to_us = 200 * 1000000LL;
    assert_string_equal(found(f, &q), "sales/a.csv@100 sales/x/b.csv@100");
    q.from_us = q.to_us;
    q.to_us++;
    assert_string_equal(found(f, &q), "sales/a.csv@200 sales/y/b.csv@200");
    q.from_us = q.to_us;
    assert_refused(f, &q, "nothing landed in \"raw.sales\"", "weir.delivery");
}

static void test_a_name_of_several_files_is_refused_with_all_of_them(void **state) {
    fixture *f = *state;
    find_question q = ask(f, FIND_TO_LOOK, "b.csv");
    assert_refused(f, &q, "sales/x/b.csv", "--table");
    assert_refused(f, &q, "sales/y/b.csv", "number");
}

static void test_what_is_called_nothing_like_it_is_refused_with_the_nearest_name(void **state) {
    fixture *f = *state;
    find_question q = ask(f, FIND_TO_LOOK, "bed.csv");
    assert_refused(f, &q, "\"bed.csv\"", "\"bad.csv\"");
    find_question path = ask(f, FIND_TO_LOOK, "sales/xx/b.csv");
    assert_refused(f, &path, "no delivery", "\"sales/x/b.csv\"");
    find_question none = ask(f, FIND_TO_LOOK, "somewhere/else/entirely.parquet");
    assert_refused(f, &none, "no delivery", "weir query");
    find_question number = ask(f, FIND_TO_LOOK, "999");
    assert_refused(f, &number, "\"999\"", "");
}

static void test_one_wrong_file_of_many_refuses_all(void **state) {
    fixture *f = *state;
    find_question q = ask(f, FIND_TO_LOOK, "a.csv");
    vec_push(f->a, &q.files, "bed.csv");
    assert_refused(f, &q, "\"bed.csv\"", "");
}

static void test_what_waits_in_land_is_told_apart(void **state) {
    fixture *f = *state;
    fixture_put(f, "sales/new.csv", FIRST);
    find_question name = ask(f, FIND_TO_LOOK, "new.csv");
    assert_refused(f, &name, "\"sales/new.csv\" waits in land", "weir land --try raw.sales");
    find_question path = ask(f, FIND_TO_WITHDRAW, "land/sales/new.csv");
    assert_refused(f, &path, "\"sales/new.csv\" waits in land", "weir land");
}

static void test_what_was_never_accepted_cannot_be_withdrawn(void **state) {
    fixture *f = *state;
    static const char *const FORMS[] = {"bad.csv", "sales/bad.csv", "bad*"};
    for (size_t i = 0; i < ARRAY_SIZE(FORMS); i++) {
        find_question q = ask(f, FIND_TO_WITHDRAW, FORMS[i]);
        assert_refused(f, &q, "never accepted", "nothing to withdraw");
    }
}

static void test_what_counts_cannot_be_readmitted(void **state) {
    fixture *f = *state;
    find_question q = ask(f, FIND_TO_READMIT, "a.csv");
    assert_refused(f, &q, "nothing of \"a.csv\" is withdrawn", "counts already");
}

static void test_a_refused_file_that_was_replaced_is_only_meant_by_its_number(void **state) {
    fixture *f = *state;
    delivery refused = fixture_delivery(f, "bad.csv", 0);
    assert_int_equal(ledger_begin(f->ledger, LEDGER_WRITE, &f->err), OK);
    delivery good = refused;
    int64_t id;
    good.state = DELIVERY_ACTIVE;
    good.land_time = 300;
    good.sha256 = "other";
    assert_int_equal(ledger_delivery_add(f->ledger, &good, &id, &f->err), OK);
    assert_int_equal(ledger_commit(f->ledger, &f->err), OK);
    find_question q = ask(f, FIND_TO_READMIT, "bad.csv");
    assert_refused(f, &q, "nothing of \"bad.csv\"", "by its number");
    const char *number = arena_printf(f->a, "%d", (int)refused.id);
    assert_string_equal(found_for(f, FIND_TO_READMIT, number), "sales/bad.csv@100");
}

int main(void) {
#define CLAIM(test)      cmocka_unit_test(test)
#define OF_ITS_OWN(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CLAIM(test_a_name_means_the_delivery_that_counts),
        CLAIM(test_a_land_path_is_known_from_anywhere),
        CLAIM(test_a_path_of_raw_history_means_that_very_delivery),
        CLAIM(test_a_path_of_quarantine_or_its_report_means_what_was_refused),
        CLAIM(test_a_number_is_a_deliverys_id),
        OF_ITS_OWN(test_a_number_can_be_a_name),
        CLAIM(test_a_pattern_means_all_that_count),
        OF_ITS_OWN(test_a_name_with_the_characters_of_a_pattern_is_that_name),
        CLAIM(test_several_files_are_each_taken_once),
        CLAIM(test_a_range_means_whatever_came_in_it),
        CLAIM(test_a_name_of_several_files_is_refused_with_all_of_them),
        CLAIM(test_what_is_called_nothing_like_it_is_refused_with_the_nearest_name),
        CLAIM(test_one_wrong_file_of_many_refuses_all),
        OF_ITS_OWN(test_what_waits_in_land_is_told_apart),
        CLAIM(test_what_was_never_accepted_cannot_be_withdrawn),
        CLAIM(test_what_counts_cannot_be_readmitted),
        OF_ITS_OWN(test_a_refused_file_that_was_replaced_is_only_meant_by_its_number),
    };
    return cmocka_run_group_tests(tests, set_up, fixture_tear_down);
}
