#include "ledger/handle.h"

#include "base/crash.h"
#include "ledger/owner.h"

/* A lease that is free keeps its row, without an owner, so that its fence goes on growing. */
typedef struct lease {
    const char *owner;
    const char *process;
    int64_t fence;
    int64_t until;
} lease;

static void read_lease(const db_rows *row, arena *a, void *into) {
    lease *read = into;
    *read = (lease){
        .owner = db_text(row, 0, a),
        .process = db_text(row, 1, a),
        .fence = db_int(row, 2),
        .until = db_int(row, 3),
    };
}

static status find_lease(ledger *l, const char *name, arena *a, lease *ret, error *err) {
    const db_value values[] = {DB_T(name)};
    const ledger_query query = {"SELECT owner, process, fence, until FROM lease WHERE name = $1",
                                values, ARRAY_SIZE(values), read_lease};
    lease found_lease = {.owner = "", .process = ""};
    bool found;
    TRY(ledger_select_one(l, &query, a, &found_lease, &found, err));
    *ret = found_lease;
    return OK;
}

static bool is_held(const ledger *l, const lease *held, int64_t now, arena *a) {
    if (held->owner[0] == '\0' || held->until <= now)
        return false;
    return ledger_owner_look(l, held->process, a) != OWNER_DEAD;
}

static status refuse_held(const char *name, const lease *held, error *err) {
    error_set(err, E_BUSY, "another run has \"%s\": %s", name, held->owner);
    error_hint(err, "Wait until it is done; `weir log` tells what it is.");
    return E_BUSY;
}

static status put_lease(ledger *l, const char *name, const lease *next, error *err) {
    const db_value values[] = {DB_T(name), DB_T(next->owner), DB_T(next->process),
                               DB_I(next->fence), DB_I(next->until)};
    return ledger_write(l,
                        "INSERT INTO lease (name, owner, process, fence, until)"
                        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE"
                        " SET owner = excluded.owner, process = excluded.process,"
                        " fence = excluded.fence, until = excluded.until, basis = NULL",
                        values, ARRAY_SIZE(values), err);
}

typedef struct lease_request {
    const char *name;
    const char *owner;
    int64_t for_us;
} lease_request;

static status take_lease(ledger *l, const lease_request *wanted, arena *a, int64_t *ret_fence,
                         error *err) {
    lease held;
    int64_t now;
    const char *self = owner_self(a);
    TRY(db_now_us(l->d, &now, err));
    TRY(find_lease(l, wanted->name, a, &held, err));
    bool mine = str_eq(held.owner, wanted->owner) && str_eq(held.process, self);
    if (!mine && is_held(l, &held, now, a))
        return refuse_held(wanted->name, &held, err);
    const lease next = {.owner = wanted->owner,
                        .process = self,
                        .fence = mine ? held.fence : held.fence + 1,
                        .until = now + wanted->for_us};
    TRY(put_lease(l, wanted->name, &next, err));
    *ret_fence = next.fence;
    return OK;
}

status ledger_lease_take(ledger *l, const char *name, const char *owner, int64_t for_us,
                         int64_t *ret_fence, error *err) {
    ARENA_AUTO a = arena_new();
    bool own;
    int64_t fence = 0;
    const lease_request wanted = {name, owner, for_us};
    ASSERT(owner[0] != '\0');
    TRY(ledger_enter(l, &own, err));
    TRY(ledger_leave(l, own, take_lease(l, &wanted, a, &fence, err), err));
    *ret_fence = fence;
    return OK;
}

status ledger_lease_check(ledger *l, const char *name, const char *owner, int64_t fence,
                          error *err) {
    ARENA_AUTO a = arena_new();
    lease held;
    ledger_need_write(l);
    if (crash_sabotaged("no_fence"))
        return OK;
    TRY(find_lease(l, name, a, &held, err));
    if (held.owner[0] != '\0' && str_eq(held.owner, owner) && held.fence == fence)
        return OK;
    error_set(err, E_BUSY, "the run lost \"%s\" to another one: %s", name,
              held.owner[0] == '\0' ? "released" : held.owner);
    error_hint(err, "Nothing was committed; run again to go on.");
    return E_BUSY;
}

static status renew_lease(ledger *l, const lease_request *wanted, int64_t fence, error *err) {
    int64_t now;
    TRY(ledger_lease_check(l, wanted->name, wanted->owner, fence, err));
    TRY(db_now_us(l->d, &now, err));
    const db_value values[] = {DB_T(wanted->name), DB_I(now + wanted->for_us)};
    return ledger_write(l, "UPDATE lease SET until = $2 WHERE name = $1", values,
                        ARRAY_SIZE(values), err);
}

status ledger_lease_renew(ledger *l, const char *name, const char *owner, int64_t fence,
                          int64_t for_us, error *err) {
    bool own;
    const lease_request wanted = {name, owner, for_us};
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, renew_lease(l, &wanted, fence, err), err);
}

static status free_lease(ledger *l, const char *name, const char *owner, error *err) {
    const db_value values[] = {DB_T(name), DB_T(owner)};
    return ledger_write(l,
                        "UPDATE lease SET owner = '', process = '', until = 0"
                        " WHERE name = $1 AND owner = $2",
                        values, ARRAY_SIZE(values), err);
}

status ledger_lease_release(ledger *l, const char *name, const char *owner, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, free_lease(l, name, owner, err), err);
}

status ledger_lease_share(ledger *l, const char *name, const char *owner, const char *basis,
                          error *err) {
    const db_value values[] = {DB_T(name), DB_T(owner), DB_T(basis)};
    return ledger_write(l, "UPDATE lease SET basis = $3 WHERE name = $1 AND owner = $2", values,
                        ARRAY_SIZE(values), err);
}

typedef struct shared_lease {
    lease lease;
    const char *basis;
} shared_lease;

static void read_shared(const db_rows *row, arena *a, void *into) {
    shared_lease *read = into;
    read_lease(row, a, &read->lease);
    read->basis = db_text(row, 4, a);
}

status ledger_lease_shared(ledger *l, const char *name, arena *a, ledger_shared *ret, error *err) {
    const db_value values[] = {DB_T(name)};
    const ledger_query query = {
        "SELECT owner, process, fence, until, basis FROM lease WHERE name = $1", values,
        ARRAY_SIZE(values), read_shared};
    shared_lease found = {.lease = {.owner = "", .process = ""}};
    int64_t now;
    bool any;
    TRY(db_now_us(l->d, &now, err));
    TRY(ledger_select_one(l, &query, a, &found, &any, err));
    if (!any || !is_held(l, &found.lease, now, a))
        return error_set(err, E_NOT_FOUND, "nobody has \"%s\"", name);
    *ret = (ledger_shared){.owner = found.lease.owner, .basis = found.basis};
    return OK;
}
