#include "ledger/handle.h"

#include <inttypes.h>

/* A reader is up to date with an input when its bookmark is not older than the input's newest
 * change. A transaction that changes units may move the bookmark along, but only when the reader
 * was up to date before and was marked for every unit that changed: a single unit whose feeds are
 * not known yet leaves the bookmark where it stood, and the next absorb finds all of them. */

typedef struct changed_table {
    int64_t table;
    int64_t changed_before; /* its changed_seq before this transaction */
    strmap *units;          /* changed in this transaction */
} changed_table;

static const char *id_key(arena *a, int64_t id) {
    return arena_printf(a, "%" PRId64, id);
}

static const char *edge_key(arena *a, int64_t reader, int64_t input) {
    return arena_printf(a, "%" PRId64 " %" PRId64, reader, input);
}

static ledger_changes *need_changes(ledger *l) {
    if (l->changes != NULL)
        return l->changes;
    arena *a = arena_new();
    l->changes = ARENA_NEW(a, ledger_changes);
    *l->changes = (ledger_changes){.arena = a, .tables = strmap_new(a), .settled = strmap_new(a)};
    return l->changes;
}

static changed_table *find_changed(const ledger *l, int64_t table) {
    if (l->changes == NULL)
        return NULL;
    return strmap_get(l->changes->tables, id_key(l->changes->arena, table));
}

static status add_changed(ledger *l, int64_t table, changed_table **ret, error *err) {
    int64_t seq, before;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(table), DB_I(seq)};
    TRY(db_get_int(l->d, "SELECT changed_seq FROM tbl WHERE id = $1", values, 1, 0, &before, err));
    TRY(ledger_write(l, "UPDATE tbl SET changed_seq = $2 WHERE id = $1", values, ARRAY_SIZE(values),
                     err));
    ledger_changes *changes = need_changes(l);
    changed_table *added = ARENA_NEW(changes->arena, changed_table);
    *added = (changed_table){
        .table = table, .changed_before = before, .units = strmap_new(changes->arena)};
    strmap_set(changes->tables, id_key(changes->arena, table), added);
    *ret = added;
    return OK;
}

status ledger_touch(ledger *l, int64_t table, int64_t unit, error *err) {
    changed_table *changed = find_changed(l, table);
    if (changed == NULL)
        TRY(add_changed(l, table, &changed, err));
    strmap_set(changed->units, id_key(l->changes->arena, unit), changed);
    return OK;
}

typedef VEC(int64_t) ids;

static void read_id(const db_rows *row, arena *a, void *into) {
    ids *read = into;
    vec_push(a, read, db_int(row, 0));
}

static void settle(ledger_changes *changes, const char *edge, const char *unit) {
    strmap *units = strmap_get(changes->settled, edge);
    if (units == NULL) {
        units = strmap_new(changes->arena);
        strmap_set(changes->settled, edge, units);
    }
    strmap_set(units, unit, units);
}

status ledger_settle_unit(ledger *l, int64_t input, int64_t unit, error *err) {
    changed_table *changed = find_changed(l, input);
    if (changed == NULL)
        return OK;
    arena *a = l->changes->arena;
    const char *key = id_key(a, unit);
    if (!strmap_has(changed->units, key))
        return OK;
    const db_value values[] = {DB_I(input), DB_I(unit)};
    const ledger_query query = {
        "SELECT e.tbl FROM edge e JOIN fed f"
        " ON f.tbl = e.tbl AND f.input = e.input AND f.map = e.map AND f.unit = $2"
        " WHERE e.input = $1",
        values, ARRAY_SIZE(values), read_id};
    ids readers = {0};
    TRY(ledger_select(l, &query, a, &readers, err));
    for (size_t i = 0; i < readers.count; i++)
        settle(l->changes, edge_key(a, readers.items[i], input), key);
    return OK;
}

static size_t settled_count(const ledger_changes *changes, int64_t reader, int64_t input) {
    strmap *units = strmap_get(changes->settled, edge_key(changes->arena, reader, input));
    return units == NULL ? 0 : strmap_count(units);
}

static status settle_table(ledger *l, const changed_table *changed, error *err) {
    const db_value values[] = {DB_I(changed->table), DB_I(changed->changed_before)};
    const ledger_query query = {"SELECT tbl FROM edge WHERE input = $1 AND bookmark_seq >= $2",
                                values, ARRAY_SIZE(values), read_id};
    ids readers = {0};
    TRY(ledger_select(l, &query, l->changes->arena, &readers, err));
    for (size_t i = 0; i < readers.count; i++) {
        int64_t reader = readers.items[i];
        if (settled_count(l->changes, reader, changed->table) < strmap_count(changed->units))
            continue;
        TRY(ledger_bookmark_set(l, reader, changed->table, l->seq, err));
    }
    return OK;
}

status ledger_settle_bookmarks(ledger *l, error *err) {
    if (l->changes == NULL)
        return OK;
    for (size_t i = 0; i < strmap_count(l->changes->tables); i++) {
        void *changed;
        strmap_at(l->changes->tables, i, &changed);
        TRY(settle_table(l, changed, err));
    }
    return OK;
}

static void read_edge(const db_rows *row, arena *a, void *into) {
    ledger_edges *edges = into;
    ledger_edge edge = {
        .table = db_int(row, 0),
        .input = db_int(row, 1),
        .map = db_text(row, 2, a),
        .bookmark_seq = db_int(row, 3),
        .span = db_text(row, 4, a),
        .reason = db_text(row, 5, a),
        .reason_seq = db_int(row, 6),
    };
    vec_push(a, edges, edge);
}

#define EDGE \
    "SELECT e.tbl, e.input, e.map, e.bookmark_seq, e.span, e.reason, e.reason_seq FROM edge e"

status ledger_edges_behind(ledger *l, arena *a, ledger_edges *ret, error *err) {
    const ledger_query query = {EDGE
                                " JOIN tbl i ON i.id = e.input WHERE e.bookmark_seq < i.changed_seq"
                                " ORDER BY e.tbl, e.input",
                                NULL, 0, read_edge};
    ledger_edges edges = {0};
    TRY(ledger_select(l, &query, a, &edges, err));
    *ret = edges;
    return OK;
}

status ledger_edges_all(ledger *l, arena *a, ledger_edges *ret, error *err) {
    const ledger_query query = {EDGE " ORDER BY e.tbl, e.input", NULL, 0, read_edge};
    ledger_edges edges = {0};
    TRY(ledger_select(l, &query, a, &edges, err));
    *ret = edges;
    return OK;
}

status ledger_bookmark_set(ledger *l, int64_t table, int64_t input, int64_t seq, error *err) {
    const db_value values[] = {DB_I(table), DB_I(input), DB_I(seq)};
    return ledger_write(l,
                        "UPDATE edge SET bookmark_seq = $3, reason = NULL, reason_seq = 0"
                        " WHERE tbl = $1 AND input = $2",
                        values, ARRAY_SIZE(values), err);
}
