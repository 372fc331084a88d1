#include "ledger/staged.h"

#include "ledger/handle.h"

#define STAGED_COLUMNS "tbl, partition, memo_key, basis, folder, answer"

static ledger_staged read_row(const db_rows *row, arena *a) {
    return (ledger_staged){.table = db_int(row, 0),
                           .partition = db_text(row, 1, a),
                           .memo_key = db_text(row, 2, a),
                           .basis = db_text(row, 3, a),
                           .folder = db_text(row, 4, a),
                           .answer = db_text(row, 5, a)};
}

static void read_one(const db_rows *row, arena *a, void *into) {
    *(ledger_staged *)into = read_row(row, a);
}

static void read_each(const db_rows *row, arena *a, void *into) {
    ledger_stageds *all = into;
    vec_push(a, all, read_row(row, a));
}

status ledger_staged_put(ledger *l, const ledger_staged *s, int64_t now_us, error *err) {
    const db_value values[] = {DB_I(s->table), DB_T(s->partition), DB_T(s->memo_key),
                               DB_T(s->basis), DB_T(s->folder),    DB_T(s->answer),
                               DB_I(now_us)};
    return ledger_write(l,
                        "INSERT INTO staged (" STAGED_COLUMNS ", created)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7)"
                        " ON CONFLICT (tbl, partition, memo_key) DO UPDATE SET"
                        " basis = excluded.basis, folder = excluded.folder,"
                        " answer = excluded.answer, created = excluded.created",
                        values, ARRAY_SIZE(values), err);
}

status ledger_staged_find(ledger *l, int64_t table, const char *partition, const char *memo_key,
                          arena *a, ledger_staged *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition), DB_T(memo_key)};
    const ledger_query query = {"SELECT " STAGED_COLUMNS " FROM staged WHERE tbl = $1"
                                " AND partition = $2 AND memo_key = $3",
                                values, ARRAY_SIZE(values), read_one};
    bool found = false;
    TRY(ledger_select_one(l, &query, a, ret, &found, err));
    return found ? OK : error_set(err, E_NOT_FOUND, "nothing is staged under that key");
}

status ledger_staged_list(ledger *l, arena *a, ledger_stageds *ret, error *err) {
    const ledger_query query = {"SELECT " STAGED_COLUMNS " FROM staged"
                                " ORDER BY tbl, partition, memo_key",
                                NULL, 0, read_each};
    ledger_stageds all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_staged_drop(ledger *l, int64_t table, const char *partition, error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition)};
    if (partition == NULL)
        return ledger_write(l, "DELETE FROM staged WHERE tbl = $1", values, 1, err);
    return ledger_write(l, "DELETE FROM staged WHERE tbl = $1 AND partition = $2", values,
                        ARRAY_SIZE(values), err);
}

status ledger_staged_drop_older(ledger *l, int64_t before_us, error *err) {
    const db_value values[] = {DB_I(before_us)};
    return ledger_write(l, "DELETE FROM staged WHERE created < $1", values, ARRAY_SIZE(values),
                        err);
}
