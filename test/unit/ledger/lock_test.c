/* Locks that one handle at a time has, as long as its process is there. */
#include "ledger/lock.h"

#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool try_lock(fixture *f, ledger *l, const char *name) {
    bool granted = false;
    assert_ok(ledger_lock_try(l, name, &granted, &f->err));
    return granted;
}

/* Waits for what the holder's end sets free, which the system tells nobody. */
static bool is_granted_soon(fixture *f, const char *name) {
    enum { TRIES_MAX = 10000 };
    for (int i = 0; i < TRIES_MAX; i++)
        if (try_lock(f, f->l, name))
            return true;
    return false;
}

static void test_one_handle_has_it_until_it_is_freed(void **state) {
    fixture *f = *state;
    ledger *other = fixture_second(f);
    assert_true(try_lock(f, f->l, "silver.a"));
    assert_false(try_lock(f, other, "silver.a"));
    assert_true(try_lock(f, other, "silver.b"));
    ledger_lock_free(f->l, "silver.a");
    ledger_lock_free(other, "silver.b");
    assert_true(try_lock(f, other, "silver.a"));
    assert_false(try_lock(f, f->l, "silver.a"));
    ledger_close(other);
    assert_true(is_granted_soon(f, "silver.a"));
    ledger_lock_free(f->l, "silver.a");
}

static void test_transactions_come_and_go_under_it(void **state) {
    fixture *f = *state;
    ledger *other = fixture_second(f);
    assert_true(try_lock(f, f->l, "silver.a"));
    fixture_begin(f);
    ledger_rollback(f->l);
    fixture_begin(f);
    fixture_commit(f);
    assert_false(try_lock(f, other, "silver.a"));
    ledger_lock_free(f->l, "silver.a");
    ledger_close(other);
}

static void test_who_dies_or_stands_still(void **state) {
    fixture *f = *state;
    int code = 0;
    ledger_close(f->l);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ledger *l;
        bool granted = false;
        if (ledger_open_by(f->driver, f->location, NULL, &l, NULL) != OK
            || ledger_lock_try(l, "silver.a", &granted, NULL) != OK || !granted)
            _exit(1);
        raise(SIGSTOP);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &code, WUNTRACED), child);
    assert_true(WIFSTOPPED(code));
    assert_ok(ledger_open_by(f->driver, f->location, NULL, &f->l, &f->err));
    assert_false(try_lock(f, f->l, "silver.a"));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(is_granted_soon(f, "silver.a"));
    ledger_lock_free(f->l, "silver.a");
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_one_handle_has_it_until_it_is_freed),
        CLAIM(test_transactions_come_and_go_under_it),
        CLAIM(test_who_dies_or_stands_still),
    };
    return fixture_run("lock", TESTS, ARRAY_SIZE(TESTS));
}
