#include "ledger/location.h"

#include "base/path.h"
#include "ledger/copy.h"
#include "ledger/handle.h"

static const int64_t COPY_LEASE_US = INT64_C(3600) * 1000000;

char *ledger_shown(arena *a, const char *location) {
    return db_driver_for(location)->shown(a, location);
}

bool ledger_is_file(const char *location) {
    return !db_driver_for(location)->is_shared;
}

status ledger_exists(const char *location, bool *ret, error *err) {
    return db_driver_for(location)->exists(location, ret, err);
}

char *ledger_beside(arena *a, const char *location, const char *suffix) {
    return db_driver_for(location)->beside(a, location, suffix);
}

status ledger_make_room(const char *location, error *err) {
    ARENA_AUTO a = arena_new();
    return ledger_is_file(location) ? dir_make(path_parent(a, location), err) : OK;
}

status ledger_move(const char *from, const char *to, error *err) {
    return db_driver_for(from)->move(from, to, err);
}

status ledger_remove(const char *location, error *err) {
    return db_driver_for(location)->remove(location, err);
}

/* Clocks of the two differ, and nobody works with a ledger that is new. */
static const char *const FORGET_WHO_WORKS[] = {
    "UPDATE lease SET owner = '', process = '', until = 0",
    "DELETE FROM pin",
};

static status forget_who_works(db *d, error *err) {
    TRY(db_begin(d, DB_WRITE, err));
    status result = OK;
    for (size_t i = 0; result == OK && i < ARRAY_SIZE(FORGET_WHO_WORKS); i++)
        result = db_run(d, FORGET_WHO_WORKS[i], NULL, 0, err);
    if (result == OK)
        return db_commit(d, err);
    db_rollback(d);
    return result;
}

static status fill(ledger *l, db *to, error *err) {
    TRY(db_begin(l->d, DB_READ, err));
    status result = copy_ledger(l->d, to, err);
    if (result == OK)
        result = copy_compare(l->d, to, err);
    db_rollback(l->d);
    return result == OK ? forget_who_works(to, err) : result;
}

static status fill_new(ledger *l, const char *to, error *err) {
    db *copy;
    TRY(ledger_make_room(to, err));
    TRY(db_open(db_driver_for(to), to, true, &copy, err));
    status result = fill(l, copy, err);
    db_close(copy);
    if (result == OK)
        return OK;
    status ignored = ledger_remove(to, NULL);
    (void)ignored;
    return result;
}

static status refuse_existing(const char *to, error *err) {
    ARENA_AUTO a = arena_new();
    error_set(err, E_EXISTS, "there is something at \"%s\" already", ledger_shown(a, to));
    error_hint(err, "Name a place where nothing is, or remove what is there first.");
    return E_EXISTS;
}

/* A ledger that only can be read has nobody who works with it. */
static status copy_under_lease(ledger *l, const char *to, error *err) {
    char owner[ID_TEXT_SIZE];
    int64_t fence;
    if (ledger_is_read_only(l))
        return fill_new(l, to, err);
    clock_new_id(&CLOCK_SYSTEM, owner);
    TRY(ledger_lease_take(l, LEDGER_LEASE_RUN, owner, COPY_LEASE_US, &fence, err));
    status result = fill_new(l, to, err);
    status released = ledger_lease_release(l, LEDGER_LEASE_RUN, owner, result == OK ? err : NULL);
    return result == OK ? released : result;
}

status ledger_copy(const char *from, const char *to, int64_t *ret_seq, error *err) {
    bool is_there;
    ledger *l;
    TRY(ledger_exists(to, &is_there, err));
    if (is_there)
        return refuse_existing(to, err);
    TRY(ledger_open(from, NULL, &l, err));
    status result = copy_under_lease(l, to, err);
    if (result == OK)
        result = ledger_seq(l, ret_seq, err);
    ledger_close(l);
    return result;
}
