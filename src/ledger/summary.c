#include "ledger/handle.h"

static void read_summary(const db_rows *row, arena *a, void *into) {
    table_summary *summary = into;
    *summary = (table_summary){
        .partitions = db_int(row, 0),
        .rows = db_int(row, 1),
        .bytes = db_int(row, 2),
        .stale = db_int(row, 3),
        .failed = db_int(row, 4),
        .last_run = db_text(row, 5, a),
        .held = db_int(row, 6),
        .accepted = db_int(row, 7),
    };
}

static const char *const OF_SOURCE =
    "SELECT count(*), coalesce(sum(d.rows), 0), coalesce(sum(d.bytes), 0), 0, 0,"
    " (SELECT n.run FROM delivery n WHERE n.tbl = $1 ORDER BY n.changed_seq DESC LIMIT 1), 0, 0"
    " FROM delivery d WHERE d.tbl = $1 AND d.state = 'active'";

static const char *const OF_DERIVED =
    "SELECT count(*), coalesce(sum(v.rows), 0), coalesce(sum(v.bytes), 0),"
    " (SELECT count(DISTINCT m.partition) FROM mark m WHERE m.tbl = $1"
    " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.tbl = m.tbl AND h.partition = m.partition)),"
    " (SELECT count(*) FROM failure f WHERE f.tbl = $1),"
    " (SELECT s.run FROM step s WHERE s.tbl = $1 ORDER BY s.run DESC LIMIT 1),"
    " (SELECT count(*) FROM hold h WHERE h.tbl = $1),"
    " (SELECT count(*) FROM current a JOIN derivation d ON d.id = a.derivation"
    " AND d.accepted <> 0 WHERE a.tbl = $1 AND a.to_seq IS NULL)"
    " FROM current c JOIN version v ON v.id = c.version"
    " WHERE c.tbl = $1 AND c.to_seq IS NULL";

status ledger_table_summary(ledger *l, int64_t table, bool is_source, arena *a, table_summary *ret,
                            error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {is_source ? OF_SOURCE : OF_DERIVED, values, ARRAY_SIZE(values),
                                read_summary};
    table_summary summary;
    bool found;
    TRY(ledger_select_one(l, &query, a, &summary, &found, err));
    ASSERT(found); /* an aggregate always gives its row */
    *ret = summary;
    return OK;
}
