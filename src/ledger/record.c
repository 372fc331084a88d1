#include "ledger/handle.h"

/* What a run that dies leaves behind for the next: pending objects and remembered failures. */

status ledger_pending_add(ledger *l, const pending_object *p, int64_t now_us, error *err) {
    const db_value values[] = {DB_T(p->store), DB_T(p->object), DB_T(p->run), DB_I(now_us)};
    return ledger_write(l,
                        "INSERT INTO pending_object (store, object, run, created)"
                        " VALUES ($1, $2, $3, $4) ON CONFLICT (store, object)"
                        " DO UPDATE SET run = excluded.run, created = excluded.created",
                        values, ARRAY_SIZE(values), err);
}

status ledger_pending_remove(ledger *l, const char *store, const char *object, error *err) {
    const db_value values[] = {DB_T(store), DB_T(object)};
    return ledger_write(l, "DELETE FROM pending_object WHERE store = $1 AND object = $2", values,
                        ARRAY_SIZE(values), err);
}

static void read_pending(const db_rows *row, arena *a, void *into) {
    pending_objects *all = into;
    pending_object p = {
        .store = db_text(row, 0, a), .object = db_text(row, 1, a), .run = db_text(row, 2, a)};
    vec_push(a, all, p);
}

status ledger_pending_list(ledger *l, arena *a, pending_objects *ret, error *err) {
    const ledger_query query = {
        "SELECT store, object, run FROM pending_object ORDER BY store, object", NULL, 0,
        read_pending};
    pending_objects all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_failure_put(ledger *l, int64_t table, const ledger_failure *f, const char *run,
                          int64_t now_us, error *err) {
    const db_value values[] = {DB_I(table),    DB_T(f->partition), DB_T(f->memo_key),
                               DB_T(f->error), DB_T(run),          DB_I(now_us)};
    return ledger_write(
        l,
        "INSERT INTO failure (tbl, partition, memo_key, error, run, failed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tbl, partition) DO UPDATE"
        " SET memo_key = excluded.memo_key, error = excluded.error, run = excluded.run,"
        " failed_at = excluded.failed_at",
        values, ARRAY_SIZE(values), err);
}

status ledger_failure_clear(ledger *l, int64_t table, const char *partition, error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition)};
    return ledger_write(l, "DELETE FROM failure WHERE tbl = $1 AND partition = $2", values,
                        ARRAY_SIZE(values), err);
}

static void read_failure(const db_rows *row, arena *a, void *into) {
    ledger_failures *all = into;
    ledger_failure f = {.partition = db_text(row, 0, a),
                        .memo_key = db_text(row, 1, a),
                        .error = db_text(row, 2, a),
                        .run = db_text(row, 3, a),
                        .failed_us = db_int(row, 4)};
    vec_push(a, all, f);
}

status ledger_failures_of(ledger *l, int64_t table, arena *a, ledger_failures *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {
        "SELECT partition, memo_key, error, run, failed_at FROM failure WHERE tbl = $1"
        " ORDER BY partition",
        values, ARRAY_SIZE(values), read_failure};
    ledger_failures all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}
