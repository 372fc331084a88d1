/* Would the journal make the ledger again? */
#include "ledger/journal.h"

#include "pair.h"

static pair with_history(fixture *f) {
    pair p = pair_open(f);
    for (int i = 0; i < 3; i++)
        pair_commit_event(f, "something");
    return p;
}

/* "kind name: detail" of each, joined by "; ". */
static const char *faults(pair *p, bool deep) {
    fixture *f = p->f;
    journal_faults all = {0};
    strings texts = {0};
    assert_ok(journal_check(f->l, p->s, deep, f->a, &all, &f->err));
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &texts,
                 arena_printf(f->a, "%s %s: %s", all.items[i].kind, all.items[i].object,
                              all.items[i].detail ? all.items[i].detail : ""));
    return str_join(f->a, &texts, "; ");
}

static void put(pair *p, const char *key, const char *text, size_t size) {
    fixture *f = p->f;
    assert_ok(store_put(p->s, key, text, size, (store_put_options){0}, &f->err));
}

static const char *get(pair *p, const char *key) {
    fixture *f = p->f;
    char *text = NULL;
    size_t size = 0;
    assert_ok(store_get(p->s, key, 1000000, f->a, &text, &size, &f->err));
    return text;
}

static void test_a_whole_journal_has_no_faults(void **state) {
    pair p = with_history(*state);
    assert_string_equal(faults(&p, true), "");
    assert_string_equal(faults(&p, false), "");
    pair_close(&p);
}

static void test_a_missing_entry_is_named_also_without_reading(void **state) {
    fixture *f = *state;
    pair p = with_history(f);
    const char *key = pair_key(f, fixture_seq(f) - 1);
    assert_ok(store_remove(p.s, key, &f->err));
    const char *wanted = arena_printf(f->a, "missing %s: ", key);
    assert_string_equal(faults(&p, false), wanted);
    assert_string_equal(faults(&p, true), wanted);
    pair_close(&p);
}

static void test_an_altered_entry_is_named_alone(void **state) {
    fixture *f = *state;
    pair p = with_history(f);
    const char *key = pair_key(f, fixture_seq(f) - 1);
    char *text = arena_strdup(f->a, get(&p, key));
    memcpy(strstr(text, "something"), "SOMETHING", 9);
    put(&p, key, text, strlen(text));
    assert_string_equal(faults(&p, false), "");
    assert_string_equal(
        faults(&p, true),
        arena_printf(f->a, "altered %s: journal entry \"%s\" was altered", key, key));
    pair_close(&p);
}

static void test_an_entry_of_another_place_is_no_substitute(void **state) {
    fixture *f = *state;
    pair p = with_history(f);
    const char *newest = pair_key(f, fixture_seq(f));
    const char *other = get(&p, pair_key(f, fixture_seq(f) - 1));
    put(&p, newest, other, strlen(other));
    assert_non_null(strstr(faults(&p, true), "has another entry's content"));
    pair_close(&p);
}

static void test_what_is_no_entry_is_extra(void **state) {
    fixture *f = *state;
    pair p = with_history(f);
    put(&p, JOURNAL_PREFIX "3.json", "x", 1);
    put(&p, JOURNAL_PREFIX "00000000000000000003.json.bak", "x", 1);
    put(&p, JOURNAL_PREFIX "99999999999999999999.json", "x", 1);
    const char *after = pair_key(f, fixture_seq(f) + 1);
    put(&p, after, "x", 1);
    assert_string_equal(
        faults(&p, true),
        arena_printf(f->a,
                     "extra " JOURNAL_PREFIX "00000000000000000003.json.bak: its name is no journal"
                     " entry's; extra %s: the ledger has no such commit; extra " JOURNAL_PREFIX
                     "3.json: its name is no journal entry's; extra " JOURNAL_PREFIX
                     "99999999999999999999.json: its name is no journal entry's",
                     after));
    pair_close(&p);
}

static void test_what_waits_in_the_outbox_is_not_missed(void **state) {
    fixture *f = *state;
    pair p = with_history(f);
    journal_attach(f->l, NULL);
    pair_commit_event(f, "not exported");
    assert_string_equal(faults(&p, true), "");
    assert_ok(journal_export(f->l, p.s, &f->err));
    assert_string_equal(faults(&p, true), "");
    pair_close(&p);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_whole_journal_has_no_faults),
        CLAIM(test_a_missing_entry_is_named_also_without_reading),
        CLAIM(test_an_altered_entry_is_named_alone),
        CLAIM(test_an_entry_of_another_place_is_no_substitute),
        CLAIM(test_what_is_no_entry_is_extra),
        CLAIM(test_what_waits_in_the_outbox_is_not_missed),
    };
    return fixture_run("journal check", TESTS, ARRAY_SIZE(TESTS));
}
