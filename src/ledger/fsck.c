#include "ledger/care.h"

#include "ledger/handle.h"

status ledger_check(ledger *l, arena *a, strings *ret, error *err) {
    const char *sql = db_driver_of(l->d)->check;
    const ledger_query query = {sql, NULL, 0, ledger_read_text};
    strings told = {0};
    if (sql != NULL)
        TRY(ledger_select(l, &query, a, &told, err));
    if (told.count == 1 && str_eq(told.items[0], "ok"))
        told.count = 0;
    *ret = told;
    return OK;
}

const char *ledger_location(const ledger *l) {
    return l->name;
}

static void read_known(const db_rows *row, arena *a, void *into) {
    ledger_known_files *all = into;
    ledger_known_file f = {.table = db_int(row, 0),
                           .table_name = db_text(row, 1, a),
                           .version = db_int(row, 2),
                           .file = {.id = db_int(row, 3),
                                    .object = db_text(row, 4, a),
                                    .rows = db_int(row, 5),
                                    .bytes = db_int(row, 6),
                                    .sum1 = db_text(row, 7, a),
                                    .sum2 = db_text(row, 8, a)}};
    vec_push(a, all, f);
}

status ledger_known_files_of(ledger *l, arena *a, ledger_known_files *ret, error *err) {
    const ledger_query query = {
        "SELECT f.tbl, t.name, min(v.id), f.id, f.object, f.rows, f.bytes, f.sum1, f.sum2"
        " FROM file f JOIN tbl t ON t.id = f.tbl JOIN version_file x ON x.file = f.id"
        " JOIN version v ON v.id = x.version WHERE v.state = 'kept' OR EXISTS"
        " (SELECT 1 FROM current c WHERE c.version = v.id AND c.to_seq IS NULL)"
        " GROUP BY f.id, f.tbl, t.name, f.object, f.rows, f.bytes, f.sum1, f.sum2"
        " ORDER BY t.name, f.object",
        NULL, 0, read_known};
    ledger_known_files all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_tables_with_files(ledger *l, arena *a, strings *ret, error *err) {
    const ledger_query query = {
        "SELECT t.name FROM tbl t WHERE EXISTS (SELECT 1 FROM file f WHERE f.tbl = t.id)"
        " OR EXISTS (SELECT 1 FROM delivery d WHERE d.tbl = t.id AND d.state <> 'rejected')"
        " ORDER BY t.name",
        NULL, 0, ledger_read_text};
    strings all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

static void read_orphan(const db_rows *row, arena *a, void *into) {
    ledger_orphans *all = into;
    ledger_orphan o = {db_int(row, 0), db_text(row, 1, a), db_int(row, 2) != 0,
                       db_int(row, 3) != 0};
    vec_push(a, all, o);
}

status ledger_orphans_of(ledger *l, arena *a, ledger_orphans *ret, error *err) {
    const ledger_query query = {"SELECT id, name, CASE WHEN kind = 'source' THEN 1 ELSE 0 END,"
                                " CASE WHEN state = 'dropped' THEN 1 ELSE 0 END"
                                " FROM tbl WHERE state <> 'active' ORDER BY name",
                                NULL, 0, read_orphan};
    ledger_orphans all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

typedef struct place {
    int64_t table;
    const char *partition;
} place;
typedef VEC(place) places;

static void read_place(const db_rows *row, arena *a, void *into) {
    places *all = into;
    place p = {db_int(row, 0), db_text(row, 1, a)};
    vec_push(a, all, p);
}

#define VERSIONS_WITH \
    " IN (SELECT x.version FROM version_file x JOIN file f ON f.id = x.file WHERE f.object = $1)"

status ledger_file_lost(ledger *l, const char *object, error *err) {
    ARENA_AUTO a = arena_new();
    int64_t seq;
    places current = {0};
    const db_value values[] = {DB_T(object)};
    const ledger_query query = {"SELECT c.tbl, p.text FROM current c"
                                " JOIN partition p ON p.id = c.partition"
                                " WHERE c.to_seq IS NULL AND c.version" VERSIONS_WITH,
                                values, ARRAY_SIZE(values), read_place};
    TRY(ledger_next_seq(l, &seq, err));
    TRY(ledger_select(l, &query, a, &current, err));
    for (size_t i = 0; i < current.count; i++) {
        const mark m = {
            .partition = current.items[i].partition, .cause = CAUSE_MISSING, .ref = object};
        TRY(ledger_mark_add(l, current.items[i].table, &m, err));
    }
    return ledger_write(
        l, "UPDATE version SET state = 'lost' WHERE state = 'kept' AND id" VERSIONS_WITH, values,
        ARRAY_SIZE(values), err);
}
