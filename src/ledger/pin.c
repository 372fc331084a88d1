#include "ledger/care.h"

#include "ledger/handle.h"
#include "ledger/owner.h"

static status add_pin(ledger *l, int64_t seq, int64_t for_us, int64_t *ret, error *err) {
    ARENA_AUTO a = arena_new();
    int64_t now;
    TRY(db_now_us(l->d, &now, err));
    const db_value values[] = {DB_I(seq), DB_T(owner_self(a)), DB_I(now + for_us)};
    return db_get_int(l->d,
                      "INSERT INTO pin (seq, process, until) VALUES ($1, $2, $3) RETURNING id",
                      values, ARRAY_SIZE(values), 0, ret, err);
}

status ledger_pin_take(ledger *l, int64_t seq, int64_t for_us, int64_t *ret, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, add_pin(l, seq, for_us, ret, err), err);
}

static status drop_pin(ledger *l, int64_t pin, error *err) {
    const db_value values[] = {DB_I(pin)};
    return ledger_write(l, "DELETE FROM pin WHERE id = $1", values, ARRAY_SIZE(values), err);
}

status ledger_pin_drop(ledger *l, int64_t pin, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, drop_pin(l, pin, err), err);
}
