#include "ledger/handle.h"

void ledger_need_write(const ledger *l) {
    ASSERT(l->in_transaction && l->mode != LEDGER_READ);
}

status ledger_write(ledger *l, const char *sql, const db_value *values, size_t count, error *err) {
    ledger_need_write(l);
    return db_run(l->d, sql, values, count, err);
}

status ledger_enter(ledger *l, bool *ret_own, error *err) {
    bool own = !l->in_transaction;
    if (own)
        TRY(ledger_begin(l, LEDGER_WRITE, err));
    *ret_own = own;
    return OK;
}

status ledger_leave(ledger *l, bool own, status result, error *err) {
    if (!own)
        return result;
    if (result == OK)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

owner_life ledger_owner_look(const ledger *l, const char *process, arena *a) {
    return owner_look(process, l->driver->is_shared ? OWNER_OF_ANY_MACHINE : OWNER_OF_THIS_MACHINE,
                      a);
}

status ledger_select(ledger *l, const ledger_query *query, arena *a, void *into, error *err) {
    db_rows *rows;
    TRY(db_query(l->d, query->sql, query->values, query->count, &rows, err));
    bool more;
    status result;
    while ((result = db_next(rows, &more, err)) == OK && more)
        query->read(rows, a, into);
    db_end(rows);
    return result;
}

status ledger_select_one(ledger *l, const ledger_query *query, arena *a, void *into,
                         bool *ret_found, error *err) {
    db_rows *rows;
    TRY(db_query(l->d, query->sql, query->values, query->count, &rows, err));
    bool found = false;
    status result = db_next(rows, &found, err);
    if (result == OK && found)
        query->read(rows, a, into);
    db_end(rows);
    if (result == OK)
        *ret_found = found;
    return result;
}

void ledger_read_text(const db_rows *row, arena *a, void *into) {
    strings *texts = into;
    vec_push(a, texts, db_text(row, 0, a));
}
