/* Jobs that a run lets others build, and who claims them. */
#include "ledger/offer.h"

#include "fixture.h"

#include <sys/wait.h>
#include <unistd.h>

enum { A_LONG_TIME = 600 * 1000000 }; /* microseconds */

static ledger_offer job(fixture *f, const char *run, int64_t number) {
    return (ledger_offer){.run = run,
                          .engine = "duckdb 1",
                          .table = fixture_id(f, SILVER),
                          .number = number,
                          .attempt = 1,
                          .partitions = "[[\"()\", \"key\"]]",
                          .job = "{\"op\": \"build\"}"};
}

static void offer(fixture *f, const char *run, int64_t number) {
    const ledger_offer o = job(f, run, number);
    fixture_begin(f);
    assert_ok(ledger_offer_put(f->l, &o, &f->err));
    fixture_commit(f);
}

static void come(fixture *f, const char *id, int64_t for_us) {
    const ledger_helper h = {id, "host:1"};
    assert_ok(ledger_helper_renew(f->l, &h, for_us, &f->err));
}

/* The number of the job that was claimed; -1: none was there. */
static int64_t claim_by(fixture *f, ledger *l, const char *run, const char *helper,
                        ledger_offer *ret) {
    status result = ledger_offer_claim(l, run, helper, f->a, ret, &f->err);
    assert_true(result == OK || result == E_NOT_FOUND);
    return result == OK ? ret->number : -1;
}

static int64_t claim(fixture *f, const char *helper) {
    ledger_offer o = {0};
    return claim_by(f, f->l, "run-a", helper, &o);
}

static status answer(fixture *f, const ledger_offer *o, const char *helper, bool failed) {
    fixture_begin(f);
    status held = ledger_offer_check(f->l, o, helper, &f->err);
    if (held == OK)
        assert_ok(ledger_offer_answer(f->l, o, failed, "{\"partitions\": []}", &f->err));
    fixture_commit(f);
    return held;
}

static void reopen(fixture *f) {
    fixture_begin(f);
    assert_ok(ledger_offers_reopen(f->l, &f->err));
    fixture_commit(f);
}

static ledger_offer_counts count(fixture *f) {
    ledger_offer_counts counts = {-1, -1, -1};
    assert_ok(ledger_offers_count(f->l, "run-a", &counts, &f->err));
    return counts;
}

static int64_t living(fixture *f) {
    int64_t count = -1;
    assert_ok(ledger_helpers_living(f->l, &count, &f->err));
    return count;
}

static int64_t claims(fixture *f, const char *helper) {
    int64_t count = -1;
    assert_ok(ledger_helper_claims(f->l, helper, &count, &f->err));
    return count;
}

static void test_what_is_offered_is_claimed_once_and_in_order(void **state) {
    fixture *f = *state;
    const char *engine = NULL;
    ledger_offer o = {0};
    assert_ok(ledger_offer_look(f->l, "run-a", f->a, &engine, &f->err));
    assert_null(engine);
    offer(f, "run-a", 7);
    offer(f, "run-b", 8);
    offer(f, "run-a", 9);
    come(f, "one", A_LONG_TIME);
    assert_ok(ledger_offer_look(f->l, "run-a", f->a, &engine, &f->err));
    assert_string_equal(engine, "duckdb 1");
    assert_int_equal(claim_by(f, f->l, "run-a", "one", &o), 7);
    assert_string_equal(o.run, "run-a");
    assert_int_equal(o.table, fixture_id(f, SILVER));
    assert_int_equal(o.attempt, 1);
    assert_string_equal(o.partitions, "[[\"()\", \"key\"]]");
    assert_string_equal(o.job, "{\"op\": \"build\"}");
    assert_int_equal(count(f).open, 1);
    assert_int_equal(count(f).claimed, 1);
    assert_int_equal(claim(f, "one"), 9);
    assert_int_equal(claim(f, "one"), -1);
    assert_int_equal(claims(f, "one"), 2);
    assert_int_equal(claims(f, "two"), 0);
    assert_ok(ledger_offer_look(f->l, "run-a", f->a, &engine, &f->err));
    assert_null(engine);
}

/* Each of two processes claims until nothing is left: none gets what the other has. */
static void test_two_hosts_never_claim_the_same(void **state) {
    enum { JOBS = 40 };
    fixture *f = *state;
    int seen[JOBS] = {0}, pipes[2], code = 1;
    for (int i = 0; i < JOBS; i++)
        offer(f, "run-a", i);
    assert_int_equal(pipe(pipes), 0);
    ledger_close(f->l);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ledger *l;
        ledger_offer o = {0};
        if (ledger_open_by(f->driver, f->location, NULL, &l, NULL) != OK)
            _exit(1);
        for (int64_t got; (got = claim_by(f, l, "run-a", "two", &o)) >= 0;)
            if (write(pipes[1], &got, sizeof got) != sizeof got)
                _exit(1);
        _exit(0);
    }
    assert_ok(ledger_open_by(f->driver, f->location, NULL, &f->l, &f->err));
    for (int64_t got; (got = claim(f, "one")) >= 0;)
        seen[got]++;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    close(pipes[1]);
    for (int64_t got; read(pipes[0], &got, sizeof got) == sizeof got;)
        seen[got]++;
    close(pipes[0]);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(seen[i], 1);
}

static void test_an_answer_tells_who_gave_it(void **state) {
    fixture *f = *state;
    ledger_offer one = {0}, two = {0};
    ledger_answers all = {0};
    offer(f, "run-a", 1);
    offer(f, "run-a", 2);
    come(f, "one", A_LONG_TIME);
    claim_by(f, f->l, "run-a", "one", &one);
    claim_by(f, f->l, "run-a", "one", &two);
    assert_status(answer(f, &one, "one", false), OK);
    assert_status(answer(f, &two, "one", true), OK);
    assert_status(answer(f, &two, "one", true), E_BUSY);
    assert_ok(ledger_answers_of(f->l, "run-a", f->a, &all, &f->err));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].number, 1);
    assert_false(all.items[0].failed);
    assert_true(all.items[1].failed);
    assert_string_equal(all.items[0].helper, "host:1");
    assert_string_equal(all.items[0].text, "{\"partitions\": []}");
    fixture_begin(f);
    for (size_t i = 0; i < all.count; i++)
        assert_ok(ledger_offer_drop(f->l, all.items[i].offer, &f->err));
    fixture_commit(f);
    assert_ok(ledger_answers_of(f->l, "run-a", f->a, &all, &f->err));
    assert_int_equal(all.count, 0);
}

static void test_who_stays_away_too_long_loses_its_claims(void **state) {
    fixture *f = *state;
    ledger_offer late = {0}, o = {0};
    offer(f, "run-a", 1);
    come(f, "late", -1);
    come(f, "there", A_LONG_TIME);
    claim_by(f, f->l, "run-a", "late", &late);
    assert_int_equal(living(f), 1);
    assert_int_equal(count(f).lost, 1);
    reopen(f);
    assert_int_equal(count(f).open, 1);
    assert_status(answer(f, &late, "late", false), E_BUSY);
    assert_int_equal(claim_by(f, f->l, "run-a", "there", &o), 1);
    assert_int_equal(o.attempt, 2);
    assert_status(answer(f, &late, "late", false), E_BUSY);
    reopen(f);
    assert_int_equal(count(f).claimed, 1);
    assert_status(answer(f, &o, "there", false), OK);
}

static void test_who_renews_keeps_its_claims(void **state) {
    fixture *f = *state;
    ledger_offer o = {0};
    offer(f, "run-a", 1);
    come(f, "one", -1);
    come(f, "one", A_LONG_TIME);
    claim_by(f, f->l, "run-a", "one", &o);
    reopen(f);
    assert_int_equal(count(f).claimed, 1);
    assert_int_equal(count(f).lost, 0);
}

/* Where the process can be seen its claims need not wait for the time to be over. */
static void test_the_claims_of_the_dead_are_open_at_once(void **state) {
    fixture *f = *state;
    ledger_offer o = {0};
    int code = 1;
    offer(f, "run-a", 1);
    ledger_close(f->l);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ledger *l;
        const ledger_helper h = {"dead", "host:2"};
        bool claimed = ledger_open_by(f->driver, f->location, NULL, &l, NULL) == OK
                       && ledger_helper_renew(l, &h, A_LONG_TIME, NULL) == OK
                       && ledger_offer_claim(l, "run-a", "dead", f->a, &o, NULL) == OK;
        _exit(claimed ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    assert_ok(ledger_open_by(f->driver, f->location, NULL, &f->l, &f->err));
    assert_int_equal(living(f), 0);
    assert_int_equal(count(f).lost, 1);
    reopen(f);
    assert_int_equal(claim(f, "one"), 1);
}

static void test_who_leaves_gives_back_what_it_has_not_answered(void **state) {
    fixture *f = *state;
    ledger_offer one = {0}, two = {0};
    ledger_answers all = {0};
    offer(f, "run-a", 1);
    offer(f, "run-a", 2);
    come(f, "one", A_LONG_TIME);
    claim_by(f, f->l, "run-a", "one", &one);
    claim_by(f, f->l, "run-a", "one", &two);
    assert_status(answer(f, &one, "one", false), OK);
    assert_ok(ledger_helper_leave(f->l, "one", &f->err));
    assert_int_equal(living(f), 0);
    assert_int_equal(claims(f, "one"), 0);
    assert_int_equal(count(f).open, 1);
    assert_ok(ledger_answers_of(f->l, "run-a", f->a, &all, &f->err));
    assert_int_equal(all.count, 1);
}

static void test_what_nobody_claimed_is_taken_back(void **state) {
    fixture *f = *state;
    ledger_offer o = {0};
    offer(f, "run-a", 1);
    offer(f, "run-a", 2);
    claim(f, "one");
    fixture_begin(f);
    assert_ok(ledger_offer_take_back(f->l, "run-a", f->a, &o, &f->err));
    assert_int_equal(o.number, 2);
    assert_status(ledger_offer_take_back(f->l, "run-a", f->a, &o, &f->err), E_NOT_FOUND);
    fixture_commit(f);
    fixture_begin(f);
    assert_ok(ledger_offers_drop(f->l, &f->err));
    fixture_commit(f);
    assert_int_equal(count(f).claimed, 0);
}

static void test_a_lease_tells_what_helpers_must_have(void **state) {
    fixture *f = *state;
    ledger_shared s = {0};
    int64_t fence;
    assert_status(ledger_lease_shared(f->l, "run", f->a, &s, &f->err), E_NOT_FOUND);
    fixture_begin(f);
    assert_ok(ledger_lease_take(f->l, "run", "run-a", A_LONG_TIME, &fence, &f->err));
    fixture_commit(f);
    assert_ok(ledger_lease_shared(f->l, "run", f->a, &s, &f->err));
    assert_string_equal(s.owner, "run-a");
    assert_null(s.basis);
    fixture_begin(f);
    assert_ok(ledger_lease_share(f->l, "run", "run-a", "{}", &f->err));
    fixture_commit(f);
    assert_ok(ledger_lease_shared(f->l, "run", f->a, &s, &f->err));
    assert_string_equal(s.basis, "{}");
    fixture_begin(f);
    assert_ok(ledger_lease_release(f->l, "run", "run-a", &f->err));
    assert_ok(ledger_lease_take(f->l, "run", "run-b", A_LONG_TIME, &fence, &f->err));
    fixture_commit(f);
    assert_ok(ledger_lease_shared(f->l, "run", f->a, &s, &f->err));
    assert_null(s.basis);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_what_is_offered_is_claimed_once_and_in_order),
        CLAIM(test_two_hosts_never_claim_the_same),
        CLAIM(test_an_answer_tells_who_gave_it),
        CLAIM(test_who_stays_away_too_long_loses_its_claims),
        CLAIM(test_who_renews_keeps_its_claims),
        CLAIM(test_the_claims_of_the_dead_are_open_at_once),
        CLAIM(test_who_leaves_gives_back_what_it_has_not_answered),
        CLAIM(test_what_nobody_claimed_is_taken_back),
        CLAIM(test_a_lease_tells_what_helpers_must_have),
    };
    return fixture_run("offer", TESTS, ARRAY_SIZE(TESTS));
}
