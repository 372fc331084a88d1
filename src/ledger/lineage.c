#include "ledger/lineage.h"

#include "ledger/handle.h"

#define TERM                                                                                 \
    "SELECT c.tbl, p.text, c.version, coalesce(v.rows, 0), coalesce(v.bytes, 0), v.content," \
    " c.from_seq, m.at, c.to_seq, c.derivation, r.id, r.verb, r.who, r.code_version"         \
    " FROM current c JOIN partition p ON p.id = c.partition"                                 \
    " LEFT JOIN version v ON v.id = c.version LEFT JOIN moment m ON m.seq = c.from_seq"      \
    " LEFT JOIN run r ON r.id = coalesce(m.run, v.run)"

static void read_term(const db_rows *row, arena *a, void *into) {
    ledger_terms *all = into;
    ledger_term term = {
        .table = db_int(row, 0),
        .partition = db_text(row, 1, a),
        .version = db_int(row, 2),
        .rows = db_int(row, 3),
        .bytes = db_int(row, 4),
        .content = db_text(row, 5, a),
        .from_seq = db_int(row, 6),
        .from_us = db_int(row, 7),
        .to_seq = db_int(row, 8),
        .derivation = db_int(row, 9),
        .run = db_text(row, 10, a),
        .verb = db_text(row, 11, a),
        .who = db_text(row, 12, a),
        .code_version = db_text(row, 13, a),
    };
    vec_push(a, all, term);
}

status ledger_terms_before(ledger *l, int64_t table, const char *partition, int64_t before_seq,
                           arena *a, ledger_terms *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition), DB_I(before_seq)};
    const ledger_query query = {TERM " WHERE p.tbl = $1 AND p.text = $2 AND c.from_seq < $3"
                                     " ORDER BY c.from_seq DESC, c.id DESC LIMIT 2",
                                values, ARRAY_SIZE(values), read_term};
    ledger_terms terms = {0};
    TRY(ledger_select(l, &query, a, &terms, err));
    if (terms.count == 2 && terms.items[1].to_seq != terms.items[0].from_seq)
        terms.count = 1;
    *ret = terms;
    return OK;
}

status ledger_term_of(ledger *l, int64_t version, int64_t before_seq, arena *a, ledger_term *ret,
                      error *err) {
    const db_value values[] = {DB_I(version), DB_I(before_seq)};
    const ledger_query query = {TERM " WHERE c.version = $1 AND c.from_seq < $2"
                                     " ORDER BY c.from_seq DESC, c.id DESC LIMIT 1",
                                values, ARRAY_SIZE(values), read_term};
    ledger_terms terms = {0};
    TRY(ledger_select(l, &query, a, &terms, err));
    if (terms.count == 0)
        return error_set(err, E_NOT_FOUND, "version %lld was never current", (long long)version);
    *ret = terms.items[0];
    return OK;
}

static void read_origin(const db_rows *row, arena *a, void *into) {
    ledger_origin *origin = into;
    *origin = (ledger_origin){
        .derivation = db_int(row, 0),
        .memo_key = db_text(row, 1, a),
        .seq = db_int(row, 2),
        .at_us = db_int(row, 3),
        .run = db_text(row, 4, a),
        .code = db_int(row, 5),
        .fingerprint = db_text(row, 6, a),
        .parts = db_text(row, 7, a),
        .code_seq = db_int(row, 8),
        .code_us = db_int(row, 9),
        .generation = db_int(row, 10),
        .is_accepted = db_int(row, 11) != 0,
        .accepted_by = db_text(row, 12, a),
        .accepted_why = db_text(row, 13, a),
        .accepted_us = db_int(row, 14),
    };
}

status ledger_origin_get(ledger *l, int64_t derivation, arena *a, ledger_origin *ret, error *err) {
    const db_value values[] = {DB_I(derivation)};
    const ledger_query query = {
        "SELECT d.id, d.memo_key, d.created_seq, m.at, d.run, d.code, k.fingerprint, k.parts,"
        " k.created_seq, n.at, p.generation, d.accepted, e.who, e.why, e.at FROM derivation d"
        " JOIN partition p ON p.id = d.partition LEFT JOIN moment m ON m.seq = d.created_seq"
        " LEFT JOIN event e ON e.id = d.accepted AND d.accepted <> 0"
        " LEFT JOIN code k ON k.id = d.code LEFT JOIN moment n ON n.seq = k.created_seq"
        " WHERE d.id = $1",
        values, ARRAY_SIZE(values), read_origin};
    bool found = false;
    TRY(ledger_select_one(l, &query, a, ret, &found, err));
    if (!found)
        return error_set(err, E_NOT_FOUND, "there is no derivation %lld", (long long)derivation);
    return OK;
}

status ledger_origin_at(ledger *l, int64_t version, int64_t up_to_seq, int64_t *ret, error *err) {
    const db_value values[] = {DB_I(version), DB_I(up_to_seq)};
    return db_get_int(l->d,
                      "SELECT id FROM derivation WHERE version = $1 AND created_seq <= $2"
                      " ORDER BY created_seq DESC, id DESC LIMIT 1",
                      values, ARRAY_SIZE(values), 0, ret, err);
}

static void read_read(const db_rows *row, arena *a, void *into) {
    ledger_reads *all = into;
    ledger_read one = {
        .input = db_int(row, 0),
        .is_source = db_int(row, 1) != 0,
        .unit = db_int(row, 2),
        .partition = db_text(row, 3, a),
    };
    vec_push(a, all, one);
}

status ledger_reads_of(ledger *l, int64_t derivation, arena *a, ledger_reads *ret, error *err) {
    const db_value values[] = {DB_I(derivation)};
    const ledger_query query = {
        "SELECT g.input, t.kind = 'source', g.unit, p.text FROM lineage g"
        " JOIN tbl t ON t.id = g.input"
        " LEFT JOIN version v ON v.id = g.unit AND t.kind = 'derived'"
        " LEFT JOIN partition p ON p.id = v.partition WHERE g.derivation = $1"
        " ORDER BY g.input, p.text, g.unit",
        values, ARRAY_SIZE(values), read_read};
    ledger_reads all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_delivery_returned(ledger *l, int64_t id, bool *ret, error *err) {
    const db_value values[] = {DB_I(id)};
    int64_t count = 0;
    TRY(db_get_int(l->d,
                   "SELECT count(*) FROM delivery_event WHERE delivery = $1"
                   " AND state IN ('withdrawn', 'rejected')",
                   values, ARRAY_SIZE(values), 0, &count, err));
    *ret = count > 0;
    return OK;
}
