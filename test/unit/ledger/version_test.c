#include "fixture.h"

/* Partitions, versions with their files, derivations, and what is current when. */

static int64_t need_partition(fixture *f, int table, const char *text) {
    int64_t id = 0;
    const ledger_table *t = &f->tables[table];
    assert_ok(ledger_partition_need(f->l, t->id, t->generation, text, &id, &f->err));
    return id;
}

static ledger_currents currents(fixture *f, int table, int64_t as_of) {
    ledger_currents all = {0};
    assert_ok(ledger_currents_of(f->l, fixture_id(f, table), as_of, f->a, &all, &f->err));
    return all;
}

static const char *contents(fixture *f, int table, int64_t as_of) {
    ledger_currents all = currents(f, table, as_of);
    strings texts = {0};
    for (size_t i = 0; i < all.count; i++)
        vec_push(f->a, &texts,
                 arena_printf(f->a, "%s:%s", all.items[i].text, all.items[i].content));
    return str_join(f->a, &texts, " ");
}

static int64_t build(fixture *f, const char *partition, const char *content) {
    fixture_begin(f);
    int64_t version = fixture_build(f, SILVER, partition, content);
    fixture_commit(f);
    return version;
}

static int64_t changed_seq(fixture *f, int table) {
    int64_t changed, projected;
    assert_ok(ledger_projection_state(f->l, fixture_id(f, table), &changed, &projected, &f->err));
    return changed;
}

static void test_a_partition_is_added_once_per_generation(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t first = need_partition(f, SILVER, "event_date=1");
    assert_int_equal(need_partition(f, SILVER, "event_date=1"), first);
    assert_int_not_equal(need_partition(f, SILVER, "event_date=2"), first);
    assert_int_not_equal(need_partition(f, NAMED, "event_date=1"), first);
    fixture_commit(f);
}

static void test_a_version_keeps_its_files_in_order(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    ledger_file files[] = {
        {.object = "b", .rows = 1, .bytes = 2, .sum1 = "aa", .sum2 = "bb", .delivery = 5},
        {.object = "a", .rows = 3, .bytes = 4, .sum1 = "cc", .sum2 = "dd"},
    };
    ledger_version v = {.partition = need_partition(f, SILVER, "event_date=1"),
                        .content = "c",
                        .rows = 4,
                        .bytes = 6,
                        .files = files,
                        .file_count = 2},
                   got;
    assert_ok(ledger_version_add(f->l, fixture_id(f, SILVER), &v, "run-1", &f->err));
    fixture_commit(f);
    assert_ok(ledger_version_get(f->l, v.id, f->a, &got, &f->err));
    assert_int_equal(got.partition, v.partition);
    assert_string_equal(got.content, "c");
    assert_int_equal(got.rows, 4);
    assert_int_equal(got.bytes, 6);
    assert_int_equal(got.file_count, 2);
    assert_string_equal(got.files[0].object, "b");
    assert_int_equal(got.files[0].delivery, 5);
    assert_string_equal(got.files[0].sum1, "aa");
    assert_string_equal(got.files[0].sum2, "bb");
    assert_string_equal(got.files[1].object, "a");
    assert_int_equal(got.files[1].delivery, 0);
    assert_int_equal(got.files[1].id, files[1].id);
}

static void test_versions_share_files(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t partition = need_partition(f, SILVER, "event_date=1");
    ledger_file files[] = {{.object = "shared", .sum1 = "", .sum2 = ""},
                           {.object = "own", .sum1 = "", .sum2 = ""}};
    ledger_version one = {.partition = partition, .content = "1", .files = files, .file_count = 1};
    ledger_version two = {.partition = partition, .content = "2", .files = files, .file_count = 2};
    assert_ok(ledger_version_add(f->l, fixture_id(f, SILVER), &one, "run-1", &f->err));
    int64_t shared = files[0].id;
    assert_ok(ledger_version_add(f->l, fixture_id(f, SILVER), &two, "run-1", &f->err));
    fixture_commit(f);
    assert_int_equal(files[0].id, shared);
    ledger_file *got;
    size_t count;
    assert_ok(ledger_version_files(f->l, two.id, f->a, &got, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(got[0].id, shared);
    bool known;
    assert_ok(ledger_object_known(f->l, "own", &known, &f->err));
    assert_true(known);
    assert_ok(ledger_object_known(f->l, "ow", &known, &f->err));
    assert_false(known);
}

static void test_two_files_cannot_be_one_object(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    ledger_file files[] = {{.object = "same", .sum1 = "", .sum2 = ""},
                           {.object = "same", .sum1 = "", .sum2 = ""}};
    ledger_version v = {.partition = need_partition(f, SILVER, "p"),
                        .content = "1",
                        .files = files,
                        .file_count = 2};
    assert_status(ledger_version_add(f->l, fixture_id(f, SILVER), &v, "run-1", &f->err), E_EXISTS);
    assert_int_equal(v.id, 0);
    ledger_rollback(f->l);
}

static void test_unknown_versions_and_keys_are_not_found(void **state) {
    fixture *f = *state;
    ledger_version v;
    ledger_derivation d;
    ledger_current c;
    assert_status(ledger_version_get(f->l, 77, f->a, &v, &f->err), E_NOT_FOUND);
    assert_status(ledger_derivation_find(f->l, 77, "key", &d, &f->err), E_NOT_FOUND);
    assert_status(
        ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err),
        E_NOT_FOUND);
}

static void test_a_memo_key_leads_to_its_version(void **state) {
    fixture *f = *state;
    int64_t version = build(f, "event_date=1", "c1");
    ledger_derivation d;
    ledger_current c;
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err));
    assert_ok(ledger_derivation_find(f->l, c.partition, "c1", &d, &f->err));
    assert_int_equal(d.version, version);
    assert_int_equal(d.id, c.derivation);
    assert_int_equal(d.code, f->tables[SILVER].code);
    assert_string_equal(c.memo_key, "c1");
    assert_string_equal(c.content, "c1");
    assert_int_equal(c.from_seq, fixture_seq(f));
    assert_status(ledger_derivation_find(f->l, c.partition, "c2", &d, &f->err), E_NOT_FOUND);
}

static void test_a_forced_rebuild_gives_its_key_the_new_version(void **state) {
    fixture *f = *state;
    build(f, "event_date=1", "c1");
    ledger_current c;
    ledger_derivation found;
    int64_t id;
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err));
    const ledger_unit_ref lineage[] = {{fixture_id(f, RAW), 1}, {fixture_id(f, RAW), 1}};
    fixture_begin(f);
    const int64_t newer = fixture_build(f, SILVER, "event_date=1", "c2");
    fixture_commit(f);
    const ledger_derivation again = {.partition = c.partition,
                                     .memo_key = "c1",
                                     .version = newer,
                                     .code = 1,
                                     .lineage = lineage,
                                     .lineage_count = 2};
    fixture_begin(f);
    assert_ok(ledger_derivation_add(f->l, &again, "run-2", &id, &f->err));
    fixture_commit(f);
    assert_ok(ledger_derivation_find(f->l, c.partition, "c1", &found, &f->err));
    assert_int_equal(found.id, id);
    assert_int_equal(found.version, newer);
}

static void test_every_seq_keeps_what_was_current_then(void **state) {
    fixture *f = *state;
    int64_t start = fixture_seq(f);
    build(f, "event_date=1", "a");
    build(f, "event_date=2", "b");
    build(f, "event_date=1", "c");
    ledger_current c;
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=2", f->a, &c, &f->err));
    fixture_begin(f);
    assert_ok(ledger_current_set(f->l, fixture_id(f, SILVER), c.partition, 0, 0, &f->err));
    fixture_commit(f);
    assert_string_equal(contents(f, SILVER, start), "");
    assert_string_equal(contents(f, SILVER, start + 1), "event_date=1:a");
    assert_string_equal(contents(f, SILVER, start + 2), "event_date=1:a event_date=2:b");
    assert_string_equal(contents(f, SILVER, start + 3), "event_date=1:c event_date=2:b");
    assert_string_equal(contents(f, SILVER, start + 4), "event_date=1:c");
    assert_string_equal(contents(f, SILVER, -1), "event_date=1:c");
}

static void test_the_same_version_again_changes_only_the_derivation(void **state) {
    fixture *f = *state;
    int64_t version = build(f, "event_date=1", "c1");
    int64_t changed = changed_seq(f, SILVER), id;
    ledger_current c;
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err));
    const ledger_derivation other = {
        .partition = c.partition, .memo_key = "k2", .version = version};
    fixture_begin(f);
    assert_ok(ledger_derivation_add(f->l, &other, "run-2", &id, &f->err));
    assert_ok(ledger_current_set(f->l, fixture_id(f, SILVER), c.partition, id, version, &f->err));
    fixture_commit(f);
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err));
    assert_string_equal(c.memo_key, "k2");
    assert_int_equal(c.from_seq, changed);
    assert_int_equal(changed_seq(f, SILVER), changed);
}

static void test_ending_what_is_not_current_is_no_change(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t partition = need_partition(f, SILVER, "event_date=1");
    assert_ok(ledger_current_set(f->l, fixture_id(f, SILVER), partition, 0, 0, &f->err));
    fixture_commit(f);
    assert_int_equal(changed_seq(f, SILVER), 0);
}

static void test_a_new_generation_replaces_text_by_text_and_then_retires(void **state) {
    fixture *f = *state;
    build(f, "event_date=1", "old1");
    int64_t old = build(f, "event_date=2", "old2");
    fixture_begin(f);
    fixture_feed(f, NAMED, SILVER, old, "event_date=2");
    fixture_commit(f);
    f->lake->tables[SILVER]->columns.items[1].type = "DOUBLE";
    fixture_redefine(f);
    build(f, "event_date=1", "new1");
    assert_string_equal(contents(f, SILVER, -1), "event_date=1:new1 event_date=2:old2");
    fixture_begin(f);
    assert_ok(ledger_generation_retire(f->l, fixture_id(f, SILVER), f->tables[SILVER].generation,
                                       &f->err));
    fixture_commit(f);
    assert_string_equal(contents(f, SILVER, -1), "event_date=1:new1");
    assert_int_equal(changed_seq(f, SILVER), fixture_seq(f));
    assert_string_equal(fixture_marks(f, NAMED), "event_date=2 upstream silver.trips event_date=2");
}

static void test_projection_follows_what_changed(void **state) {
    fixture *f = *state;
    projection_changes all = {0};
    build(f, "event_date=1", "a");
    ledger_current c;
    assert_ok(ledger_current_get(f->l, fixture_id(f, SILVER), "event_date=1", f->a, &c, &f->err));
    build(f, "event_date=2", "b");
    int64_t since = fixture_seq(f);
    int64_t third = build(f, "event_date=3", "c");
    fixture_begin(f);
    assert_ok(ledger_current_set(f->l, fixture_id(f, SILVER), c.partition, 0, 0, &f->err));
    assert_ok(ledger_projected_set(f->l, fixture_id(f, SILVER), since, &f->err));
    fixture_commit(f);
    assert_ok(ledger_projection_changes(f->l, fixture_id(f, SILVER), since, f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_string_equal(all.items[0].text, "event_date=1");
    assert_int_equal(all.items[0].version, 0);
    assert_string_equal(all.items[1].text, "event_date=3");
    assert_int_equal(all.items[1].version, third);
    int64_t changed, projected;
    assert_ok(ledger_projection_state(f->l, fixture_id(f, SILVER), &changed, &projected, &f->err));
    assert_int_equal(projected, since);
    assert_int_equal(changed, fixture_seq(f));
}

static void test_projection_sees_one_text_across_generations(void **state) {
    fixture *f = *state;
    projection_changes all = {0};
    build(f, "event_date=1", "old");
    int64_t since = fixture_seq(f);
    f->lake->tables[SILVER]->columns.items[1].type = "DOUBLE";
    fixture_redefine(f);
    int64_t version = build(f, "event_date=1", "new");
    assert_ok(ledger_projection_changes(f->l, fixture_id(f, SILVER), since, f->a, &all, &f->err));
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].version, version);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_partition_is_added_once_per_generation),
        CLAIM(test_a_version_keeps_its_files_in_order),
        CLAIM(test_versions_share_files),
        CLAIM(test_two_files_cannot_be_one_object),
        CLAIM(test_unknown_versions_and_keys_are_not_found),
        CLAIM(test_a_memo_key_leads_to_its_version),
        CLAIM(test_a_forced_rebuild_gives_its_key_the_new_version),
        CLAIM(test_every_seq_keeps_what_was_current_then),
        CLAIM(test_the_same_version_again_changes_only_the_derivation),
        CLAIM(test_ending_what_is_not_current_is_no_change),
        CLAIM(test_a_new_generation_replaces_text_by_text_and_then_retires),
        CLAIM(test_projection_follows_what_changed),
        CLAIM(test_projection_sees_one_text_across_generations),
    };
    return fixture_run("version", TESTS, ARRAY_SIZE(TESTS));
}
