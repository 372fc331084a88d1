#include "ledger/rebuild.h"

#include "ledger/handle.h"

status ledger_rebuild_add(ledger *l, const ledger_rebuild *r, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_T(r->run), DB_T(r->request), DB_T(str_join(a, &r->tables, " "))};
    return ledger_write(l, "INSERT INTO rebuild (run, request, tables) VALUES ($1, $2, $3)", values,
                        ARRAY_SIZE(values), err);
}

static void read_rebuild(const db_rows *row, arena *a, void *into) {
    ledger_rebuilds *all = into;
    ledger_rebuild r = {.run = db_text(row, 0, a),
                        .request = db_text(row, 1, a),
                        .tables = str_split(a, db_text(row, 2, a), ' '),
                        .left = db_int(row, 3)};
    vec_push(a, all, r);
}

status ledger_rebuild_list(ledger *l, arena *a, ledger_rebuilds *ret, error *err) {
    const ledger_query query = {
        "SELECT r.run, r.request, r.tables, (SELECT count(*) FROM mark m WHERE m.cause = 'forced'"
        " AND m.ref = r.run) FROM rebuild r ORDER BY r.run",
        NULL, 0, read_rebuild};
    ledger_rebuilds all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_rebuild_done(ledger *l, const char *run, error *err) {
    const db_value values[] = {DB_T(run)};
    return ledger_write(l,
                        "DELETE FROM rebuild WHERE run = $1 OR NOT EXISTS (SELECT 1 FROM mark m"
                        " WHERE m.cause = 'forced' AND m.ref = rebuild.run)",
                        values, ARRAY_SIZE(values), err);
}

static const char *const FORCED_BUILT[] = {
    "INSERT INTO mark (tbl, partition, cause, ref, seq)"
    " SELECT tbl, partition, 'code', 'new generation', max(seq) FROM mark WHERE tbl = $1"
    " AND partition = $2 AND seq <= $3 AND cause IN ('forced', 'missing') GROUP BY tbl, partition"
    " ON CONFLICT (tbl, partition, cause, ref) DO NOTHING",
    "DELETE FROM mark WHERE tbl = $1 AND partition = $2 AND seq <= $3"
    " AND cause IN ('forced', 'missing')",
};

status ledger_forced_built(ledger *l, int64_t table, const char *partition, int64_t up_to,
                           error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition), DB_I(up_to)};
    for (size_t i = 0; i < ARRAY_SIZE(FORCED_BUILT); i++)
        TRY(ledger_write(l, FORCED_BUILT[i], values, ARRAY_SIZE(values), err));
    return OK;
}

status ledger_partitions_known(ledger *l, int64_t table, arena *a, strings *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {
        "SELECT p.text FROM tbl t JOIN generation wanted ON wanted.id = t.generation"
        " JOIN current c ON c.tbl = t.id AND c.to_seq IS NULL"
        " JOIN partition p ON p.id = c.partition"
        " JOIN generation had ON had.id = p.generation AND had.partition_by = wanted.partition_by"
        " WHERE t.id = $1 UNION SELECT partition FROM mark WHERE tbl = $1 ORDER BY 1",
        values, ARRAY_SIZE(values), ledger_read_text};
    strings texts = {0};
    TRY(ledger_select(l, &query, a, &texts, err));
    *ret = texts;
    return OK;
}

status ledger_partitions_made(ledger *l, int64_t generation, arena *a, strings *ret, error *err) {
    const db_value values[] = {DB_I(generation)};
    const ledger_query query = {
        "SELECT p.text FROM partition p WHERE p.generation = $1 AND EXISTS (SELECT 1 FROM version v"
        " WHERE v.partition = p.id AND v.state = 'kept') ORDER BY p.text",
        values, ARRAY_SIZE(values), ledger_read_text};
    strings texts = {0};
    TRY(ledger_select(l, &query, a, &texts, err));
    *ret = texts;
    return OK;
}
