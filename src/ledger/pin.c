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

static status drop_pin(ledger *l, int64_t pin, error *err) {
    const db_value values[] = {DB_I(pin)};
    return ledger_write(l, "DELETE FROM pin WHERE id = $1", values, ARRAY_SIZE(values), err);
}

static status take(ledger *l, int64_t seq, int64_t for_us, int64_t *ret, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, add_pin(l, seq, for_us, ret, err), err);
}

static status drop(ledger *l, int64_t pin, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, drop_pin(l, pin, err), err);
}

/* A rehearsal is a private copy, and gc looks at the ledger itself. */
static status open_real(const ledger *l, ledger **ret, error *err) {
    return ledger_open_by(l->driver, l->location, l->lake_id, ret, err);
}

/* Between the copying and the pin gc may have been there. */
static status check_whole(ledger *real, int64_t seq, error *err) {
    const db_value values[] = {DB_I(seq)};
    int64_t gone;
    TRY(db_get_int(real->d,
                   "SELECT count(*) FROM current c JOIN version v ON v.id = c.version"
                   " WHERE c.from_seq <= $1 AND (c.to_seq IS NULL OR c.to_seq > $1)"
                   " AND v.state IN ('deleting', 'gone')",
                   values, ARRAY_SIZE(values), 0, &gone, err));
    if (gone == 0)
        return OK;
    error_set(err, E_CHANGED, "the lake was cleaned while it was looked at");
    error_hint(err, "Ask again.");
    return E_CHANGED;
}

static status take_in_real(const ledger *l, int64_t seq, int64_t for_us, int64_t *ret, error *err) {
    ledger *real = NULL;
    int64_t known = seq < l->rehearsed_seq ? seq : l->rehearsed_seq;
    TRY(open_real(l, &real, err));
    *ret = 0;
    status result = ledger_is_read_only(real) ? OK : take(real, known, for_us, ret, err);
    if (result == OK && *ret != 0)
        result = check_whole(real, known, err);
    ledger_close(real);
    return result;
}

status ledger_pin_take(ledger *l, int64_t seq, int64_t for_us, int64_t *ret, error *err) {
    if (l->is_rehearsal)
        return take_in_real(l, seq, for_us, ret, err);
    return take(l, seq, for_us, ret, err);
}

status ledger_pin_drop(ledger *l, int64_t pin, error *err) {
    ledger *real = NULL;
    if (!l->is_rehearsal)
        return drop(l, pin, err);
    TRY(open_real(l, &real, err));
    status result = drop(real, pin, err);
    ledger_close(real);
    return result;
}
