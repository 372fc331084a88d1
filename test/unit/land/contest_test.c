#include "land/contest.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { STORIES = 150, STEPS = 14, SECONDS = 40 };

typedef struct teller {
    fixture *f;
    arena *a; /* of one story */
    uint64_t seed;
} teller;

/* splitmix64: the same stories everywhere. */
static uint64_t draw(teller *t, uint64_t below) {
    uint64_t z = (t->seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static deliveries all_of(teller *t) {
    deliveries all = {0};
    assert_int_equal(ledger_deliveries_where(t->f->ledger, t->f->tables[RAW].id, NULL, NULL, t->a,
                                             &all, &t->f->err),
                     OK);
    return all;
}

static delivery draw_delivery(teller *t) {
    static const char *const IDENTITIES[] = {"x.csv", "y.csv", "z.csv"};
    static const char *const CONTENTS[] = {"a", "b"};
    return (delivery){.table = t->f->tables[RAW].id,
                      .identity = IDENTITIES[draw(t, ARRAY_SIZE(IDENTITIES))],
                      .file = "sales/x.csv",
                      .sha256 = CONTENTS[draw(t, ARRAY_SIZE(CONTENTS))],
                      .land_time = (int64_t)draw(t, SECONDS),
                      .object = "o",
                      .claim = "c",
                      .run = "r"};
}

static bool is_withdrawn(const deliveries *known, const delivery *d) {
    for (size_t i = 0; i < known->count; i++)
        if (known->items[i].withdrawal != WITHDRAWAL_NONE
            && str_eq(known->items[i].sha256, d->sha256))
            return true;
    return false;
}

/* As landing takes one in. */
static void take(teller *t) {
    fixture *f = t->f;
    delivery d = draw_delivery(t);
    deliveries known = {0};
    contest c;
    int64_t id;
    assert_int_equal(
        ledger_deliveries_of_identity(f->ledger, d.table, d.identity, t->a, &known, &f->err), OK);
    d.land_time = standing_land_time(&known, d.land_time, true);
    d.state = DELIVERY_REJECTED;
    if (!is_withdrawn(&known, &d)) {
        standing newcomer = standing_of(&d);
        newcomer.state = DELIVERY_ACTIVE;
        assert_int_equal(
            contest_read_for(&f->context, f->lake->tables[RAW], &newcomer, t->a, &c, &f->err), OK);
        contest_decide(&c);
        d.state = c.standings.items[c.recorded.count].decided;
        assert_int_equal(contest_write(&c, NULL, &f->err), OK);
    }
    assert_int_equal(ledger_delivery_add(f->ledger, &d, &id, &f->err), OK);
}

/* As the verbs decide. */
static void decide(teller *t) {
    fixture *f = t->f;
    deliveries all = all_of(t);
    contest c;
    size_t place = all.count > 0 ? (size_t)draw(t, all.count) : 0;
    if (all.count == 0 || all.items[place].state == DELIVERY_REJECTED)
        return;
    const delivery *d = &all.items[place];
    delivery_withdrawal how = (delivery_withdrawal)draw(t, 3);
    assert_int_equal(ledger_delivery_set_withdrawal(f->ledger, d->id, how, &f->err), OK);
    assert_int_equal(
        contest_read(&f->context, f->lake->tables[RAW], d->identity, t->a, &c, &f->err), OK);
    contest_decide(&c);
    assert_int_equal(contest_write(&c, "why", &f->err), OK);
}

/* What is recorded is what all of it together says. */
static void assert_whole(teller *t, standing_rule rule) {
    deliveries all = all_of(t);
    standing *items = ARENA_ARRAY(t->a, standing, all.count);
    for (size_t i = 0; i < all.count; i++)
        items[i] = standing_of(&all.items[i]);
    if (rule == STANDING_NEWEST_OF_TABLE)
        standing_decide(rule, items, all.count);
    for (size_t from = 0, to; rule != STANDING_NEWEST_OF_TABLE && from < all.count; from = to) {
        for (to = from + 1; to < all.count && str_eq(items[to].identity, items[from].identity);)
            to++;
        standing_decide(rule, items + from, to - from);
    }
    for (size_t i = 0; i < all.count; i++)
        if (items[i].decided != all.items[i].state)
            fail_msg("%s %s at %d is %s, not %s", all.items[i].identity, all.items[i].sha256,
                     (int)all.items[i].land_time, delivery_state_name(all.items[i].state),
                     delivery_state_name(items[i].decided));
}

static void tell(teller *t, standing_rule rule) {
    t->a = arena_new();
    assert_int_equal(ledger_begin(t->f->ledger, LEDGER_WRITE, &t->f->err), OK);
    for (int step = 0; step < STEPS; step++) {
        if (draw(t, 4) == 0)
            decide(t);
        else
            take(t);
        assert_whole(t, rule);
    }
    ledger_rollback(t->f->ledger);
    arena_free(t->a);
}

static void tell_many(fixture *f, standing_rule rule) {
    teller t = {.f = f, .seed = 20240522};
    f->source->contents_full = rule == STANDING_NEWEST_OF_TABLE;
    f->source->on_redelivery = rule == STANDING_EVERY ? REDELIVERY_KEEP_BOTH : REDELIVERY_SUPERSEDE;
    for (int i = 0; i < STORIES; i++)
        tell(&t, rule);
}

static void test_a_newcomer_decides_as_if_the_whole_table_had_been_looked_at(void **state) {
    tell_many(*state, STANDING_NEWEST_OF_TABLE);
}

static void test_a_newcomer_decides_as_if_its_identity_had_been_looked_at(void **state) {
    tell_many(*state, STANDING_NEWEST);
    tell_many(*state, STANDING_EVERY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_newcomer_decides_as_if_the_whole_table_had_been_looked_at),
        cmocka_unit_test(test_a_newcomer_decides_as_if_its_identity_had_been_looked_at),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
