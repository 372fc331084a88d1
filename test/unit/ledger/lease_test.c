#include "fixture.h"

#include "ledger/owner.h"

#include <sys/wait.h>
#include <unistd.h>

enum { A_LONG_TIME = 600 * 1000000 }; /* microseconds */

static int64_t take(fixture *f, const char *owner, int64_t for_us) {
    int64_t fence = -1;
    assert_ok(ledger_lease_take(f->l, "run", owner, for_us, &fence, &f->err));
    return fence;
}

static status check(fixture *f, const char *owner, int64_t fence) {
    assert_ok(ledger_begin(f->l, LEDGER_WRITE, &f->err));
    status result = ledger_lease_check(f->l, "run", owner, fence, &f->err);
    ledger_rollback(f->l);
    return result;
}

/* A child process takes the lease and ends without giving it back. */
static void take_and_die(fixture *f, const char *owner) {
    ledger_close(f->l);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ledger *l;
        int64_t fence;
        bool taken = ledger_open_by(f->driver, f->location, NULL, &l, NULL) == OK
                     && ledger_lease_take(l, "run", owner, A_LONG_TIME, &fence, NULL) == OK;
        _exit(taken ? 0 : 1);
    }
    int code = 1;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    assert_ok(ledger_open_by(f->driver, f->location, NULL, &f->l, &f->err));
}

static void test_a_held_lease_is_refused_naming_its_owner(void **state) {
    fixture *f = *state;
    int64_t fence = -1;
    take(f, "run-a", A_LONG_TIME);
    assert_status(ledger_lease_take(f->l, "run", "run-b", A_LONG_TIME, &fence, &f->err), E_BUSY);
    assert_non_null(strstr(f->err.message, "run-a"));
    assert_true(f->err.hint[0] != '\0');
    assert_int_equal(fence, -1);
    assert_ok(ledger_lease_take(f->l, "another", "run-b", A_LONG_TIME, &fence, &f->err));
}

static void test_renewing_keeps_the_fence(void **state) {
    fixture *f = *state;
    int64_t fence = take(f, "run-a", A_LONG_TIME);
    assert_int_equal(take(f, "run-a", A_LONG_TIME), fence);
    assert_int_equal(check(f, "run-a", fence), OK);
}

static void test_the_fence_grows_with_every_owner(void **state) {
    fixture *f = *state;
    int64_t first = take(f, "run-a", A_LONG_TIME);
    assert_ok(ledger_lease_release(f->l, "run", "run-a", &f->err));
    int64_t second = take(f, "run-b", A_LONG_TIME);
    assert_true(second > first);
}

static void test_an_expired_lease_is_lost_to_the_next(void **state) {
    fixture *f = *state;
    int64_t first = take(f, "run-a", 0);
    assert_int_equal(check(f, "run-a", first), OK); /* nobody took it yet */
    int64_t second = take(f, "run-b", A_LONG_TIME);
    assert_true(second > first);
    assert_int_equal(check(f, "run-a", first), E_BUSY);
    assert_non_null(strstr(f->err.message, "run-b"));
    assert_int_equal(check(f, "run-b", second), OK);
    assert_int_equal(check(f, "run-b", first), E_BUSY);
}

static void test_a_dead_owner_is_followed_at_once(void **state) {
    fixture *f = *state;
    take_and_die(f, "run-a");
    assert_int_equal(take(f, "run-b", A_LONG_TIME), 2);
}

static void test_only_the_owner_releases(void **state) {
    fixture *f = *state;
    int64_t fence = take(f, "run-a", A_LONG_TIME);
    assert_ok(ledger_lease_release(f->l, "run", "run-b", &f->err));
    assert_int_equal(check(f, "run-a", fence), OK);
    assert_ok(ledger_lease_release(f->l, "run", "run-a", &f->err));
    assert_int_equal(check(f, "run-a", fence), E_BUSY);
    assert_int_equal(check(f, "", fence), E_BUSY); /* free is nobody's */
}

static void test_a_lease_within_a_transaction_is_part_of_it(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t fence = take(f, "run-a", A_LONG_TIME);
    ledger_rollback(f->l);
    assert_int_equal(check(f, "run-a", fence), E_BUSY);
}

static owner_life look(fixture *f, const char *process) {
    return owner_look(process, OWNER_OF_THIS_MACHINE, f->a);
}

static void test_owners_are_told_alive_dead_or_elsewhere(void **state) {
    fixture *f = *state;
    const char *self = owner_self(f->a);
    strings parts = str_split(f->a, self, ' ');
    assert_int_equal(parts.count, 4);
    assert_int_equal(look(f, self), OWNER_ALIVE);
    const char *elsewhere =
        arena_printf(f->a, "another-boot %s %s %s", parts.items[1], parts.items[2], parts.items[3]);
    assert_int_equal(look(f, elsewhere), OWNER_DEAD);
    assert_int_equal(owner_look(elsewhere, OWNER_OF_ANY_MACHINE, f->a), OWNER_UNKNOWN);
    assert_int_equal(look(f, arena_printf(f->a, "%s pid:[1] %s %s", parts.items[0], parts.items[2],
                                          parts.items[3])),
                     OWNER_UNKNOWN);
    assert_int_equal(
        look(f, arena_printf(f->a, "%s %s %s 1", parts.items[0], parts.items[1], parts.items[2])),
        OWNER_DEAD); /* the number was used again */
    assert_int_equal(look(f, ""), OWNER_DEAD);
    assert_int_equal(look(f, "a b not-a-number d"), OWNER_DEAD);
}

/* Another start of this machine, or another machine that has the same database. */
static void test_a_lease_from_another_start_is_free_unless_machines_share_the_ledger(void **state) {
    fixture *f = *state;
    int64_t fence = -1;
    take(f, "run-a", A_LONG_TIME);
    fixture_script(f, "UPDATE lease SET process = 'another-boot pid:[1] 7 7'");
    status taken = ledger_lease_take(f->l, "run", "run-b", A_LONG_TIME, &fence, &f->err);
    assert_int_equal(taken, f->driver->is_shared ? E_BUSY : OK);
}

static void test_an_owner_elsewhere_keeps_its_lease_until_it_expires(void **state) {
    fixture *f = *state;
    int64_t fence = -1;
    strings parts = str_split(f->a, owner_self(f->a), ' ');
    take(f, "run-a", A_LONG_TIME);
    fixture_script(
        f, arena_printf(f->a, "UPDATE lease SET process = '%s pid:[1] 7 7'", parts.items[0]));
    assert_status(ledger_lease_take(f->l, "run", "run-b", A_LONG_TIME, &fence, &f->err), E_BUSY);
    fixture_script(f, "UPDATE lease SET until = 1");
    assert_int_equal(take(f, "run-b", A_LONG_TIME), 2);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_held_lease_is_refused_naming_its_owner),
        CLAIM(test_renewing_keeps_the_fence),
        CLAIM(test_the_fence_grows_with_every_owner),
        CLAIM(test_an_expired_lease_is_lost_to_the_next),
        CLAIM(test_a_dead_owner_is_followed_at_once),
        CLAIM(test_only_the_owner_releases),
        CLAIM(test_a_lease_within_a_transaction_is_part_of_it),
        CLAIM(test_owners_are_told_alive_dead_or_elsewhere),
        CLAIM(test_a_lease_from_another_start_is_free_unless_machines_share_the_ledger),
        CLAIM(test_an_owner_elsewhere_keeps_its_lease_until_it_expires),
    };
    return fixture_run("lease", TESTS, ARRAY_SIZE(TESTS));
}
