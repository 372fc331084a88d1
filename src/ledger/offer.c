#include "ledger/offer.h"

#include "base/crash.h"
#include "ledger/handle.h"

#define OFFER_COLUMNS "id, run, engine, tbl, number, attempt, partitions, job"

static void read_offer(const db_rows *row, arena *a, void *into) {
    ledger_offer *o = into;
    *o = (ledger_offer){.id = db_int(row, 0),
                        .run = db_text(row, 1, a),
                        .engine = db_text(row, 2, a),
                        .table = db_int(row, 3),
                        .number = db_int(row, 4),
                        .attempt = db_int(row, 5),
                        .partitions = db_text(row, 6, a),
                        .job = db_text(row, 7, a)};
}

status ledger_offer_put(ledger *l, const ledger_offer *o, error *err) {
    const db_value values[] = {DB_T(o->run),    DB_T(o->engine),  DB_I(o->table),
                               DB_I(o->number), DB_I(o->attempt), DB_T(o->partitions),
                               DB_T(o->job)};
    return ledger_write(l,
                        "INSERT INTO offer (run, engine, tbl, number, attempt, partitions, job,"
                        " state) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open')",
                        values, ARRAY_SIZE(values), err);
}

typedef struct one_text {
    const char *text;
} one_text;

static void read_text(const db_rows *row, arena *a, void *into) {
    ((one_text *)into)->text = db_text(row, 0, a);
}

status ledger_offer_look(ledger *l, const char *run, arena *a, const char **ret_engine,
                         error *err) {
    const db_value values[] = {DB_T(run)};
    const ledger_query query = {"SELECT engine FROM offer WHERE run = $1 AND state = 'open'"
                                " ORDER BY id LIMIT 1",
                                values, ARRAY_SIZE(values), read_text};
    one_text engine = {0};
    bool found;
    TRY(ledger_select_one(l, &query, a, &engine, &found, err));
    *ret_engine = engine.text;
    return OK;
}

static status claim(ledger *l, const char *run, const char *helper, arena *a, ledger_offer *ret,
                    error *err) {
    const db_value values[] = {DB_T(run), DB_T(helper)};
    const ledger_query query = {"UPDATE offer SET state = 'claimed', helper = $2 WHERE id ="
                                " (SELECT min(id) FROM offer WHERE run = $1 AND state = 'open')"
                                " RETURNING " OFFER_COLUMNS,
                                values, ARRAY_SIZE(values), read_offer};
    bool found;
    TRY(ledger_select_one(l, &query, a, ret, &found, err));
    return found ? OK : error_set(err, E_NOT_FOUND, "nothing is offered by run %s", run);
}

status ledger_offer_claim(ledger *l, const char *run, const char *helper, arena *a,
                          ledger_offer *ret, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, claim(l, run, helper, a, ret, err), err);
}

status ledger_offer_check(ledger *l, const ledger_offer *o, const char *helper, error *err) {
    const db_value values[] = {DB_I(o->id), DB_T(helper), DB_I(o->attempt)};
    int64_t has;
    ledger_need_write(l);
    if (crash_sabotaged("no_claim"))
        return OK;
    TRY(db_get_int(l->d,
                   "SELECT 1 FROM offer WHERE id = $1 AND helper = $2 AND attempt = $3"
                   " AND state = 'claimed'",
                   values, ARRAY_SIZE(values), 0, &has, err));
    if (has != 0)
        return OK;
    return error_set(err, E_BUSY, "run %s does not wait for this host any more", o->run);
}

/* The helper's name stays in its place, so that it may be told when the helper is gone. */
status ledger_offer_answer(ledger *l, const ledger_offer *o, bool failed, const char *text,
                           error *err) {
    const db_value values[] = {DB_I(o->id), DB_T(failed ? "failed" : "done"), DB_T(text)};
    return ledger_write(l,
                        "UPDATE offer SET state = $2, answer = $3, helper = coalesce((SELECT"
                        " h.name FROM helper h WHERE h.id = offer.helper), helper) WHERE id = $1",
                        values, ARRAY_SIZE(values), err);
}

static void read_answer(const db_rows *row, arena *a, void *into) {
    ledger_answers *all = into;
    ledger_answer one = {.offer = db_int(row, 0),
                         .table = db_int(row, 1),
                         .number = db_int(row, 2),
                         .attempt = db_int(row, 3),
                         .failed = db_int(row, 4) != 0,
                         .helper = db_text(row, 5, a),
                         .text = db_text(row, 6, a)};
    vec_push(a, all, one);
}

status ledger_answers_of(ledger *l, const char *run, arena *a, ledger_answers *ret, error *err) {
    const db_value values[] = {DB_T(run)};
    const ledger_query query = {
        "SELECT id, tbl, number, attempt, CASE WHEN state = 'failed' THEN 1 ELSE 0 END, helper,"
        " answer FROM offer WHERE run = $1 AND state IN ('done', 'failed') ORDER BY id",
        values, ARRAY_SIZE(values), read_answer};
    ledger_answers all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_offer_take_back(ledger *l, const char *run, arena *a, ledger_offer *ret, error *err) {
    const db_value values[] = {DB_T(run)};
    const ledger_query query = {"DELETE FROM offer WHERE id ="
                                " (SELECT max(id) FROM offer WHERE run = $1 AND state = 'open')"
                                " RETURNING " OFFER_COLUMNS,
                                values, ARRAY_SIZE(values), read_offer};
    bool found;
    ledger_need_write(l);
    TRY(ledger_select_one(l, &query, a, ret, &found, err));
    return found ? OK : error_set(err, E_NOT_FOUND, "nothing is offered by run %s", run);
}

status ledger_offer_drop(ledger *l, int64_t id, error *err) {
    const db_value values[] = {DB_I(id)};
    return ledger_write(l, "DELETE FROM offer WHERE id = $1", values, ARRAY_SIZE(values), err);
}

status ledger_offers_drop(ledger *l, error *err) {
    return ledger_write(l, "DELETE FROM offer", NULL, 0, err);
}
