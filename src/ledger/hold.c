#include "ledger/care.h"

#include "base/hash.h"
#include "ledger/handle.h"

/* Everything that led to a derivation by the commit $2: itself, and how the versions that it read
 * were made. Several derivations can lead to one version; all are in it, so that the walk does not
 * depend on which was recorded last. */
#define ANCESTRY(derivation)                                                   \
    "WITH RECURSIVE ancestry(id) AS (SELECT CAST(" derivation " AS BIGINT)"    \
    " UNION SELECT d.id FROM ancestry a JOIN lineage l ON l.derivation = a.id" \
    " JOIN tbl t ON t.id = l.input AND t.kind = 'derived'"                     \
    " JOIN derivation d ON d.version = l.unit AND d.created_seq <= $2) "

/* CROSS JOIN: from the few to what they name; SQLite would rather walk over all deliveries. */
#define ANCESTRAL_DELIVERIES(derivation)                                                   \
    ANCESTRY(derivation)                                                                   \
    "SELECT DISTINCT e.id, e.state, e.file FROM ancestry a CROSS JOIN lineage l"           \
    " CROSS JOIN tbl t CROSS JOIN delivery e WHERE l.derivation = a.id AND t.id = l.input" \
    " AND t.kind = 'source' AND e.id = l.unit "

typedef struct basis {
    hasher *hasher;
} basis;

static void read_basis(const db_rows *row, arena *a, void *into) {
    basis *b = into;
    for (size_t i = 0; i < db_width(row); i++)
        hasher_text(b->hasher, db_text(row, i, a));
}

/* Which deliveries counted, and which code and generation the tables on the way have. */
static const char *const BASES[] = {
    ANCESTRAL_DELIVERIES("$1") "ORDER BY e.id",
    ANCESTRY("$1") "SELECT DISTINCT t.id, t.code, t.generation FROM ancestry a"
                   " JOIN derivation d ON d.id = a.id JOIN partition p ON p.id = d.partition"
                   " JOIN tbl t ON t.id = p.tbl ORDER BY t.id",
};

static status basis_of(ledger *l, int64_t derivation, int64_t seq, arena *a, const char **ret,
                       error *err) {
    const db_value values[] = {DB_I(derivation), DB_I(seq)};
    char *text = ARENA_ARRAY(a, char, SHA256_TEXT_SIZE);
    basis b = {hasher_new()};
    status result = OK;
    for (size_t i = 0; result == OK && i < ARRAY_SIZE(BASES); i++) {
        const ledger_query query = {BASES[i], values, ARRAY_SIZE(values), read_basis};
        result = ledger_select(l, &query, a, &b, err);
    }
    hasher_finish(b.hasher, text);
    hasher_free(b.hasher);
    *ret = text;
    return result;
}

status ledger_hold_put(ledger *l, const ledger_hold *h, error *err) {
    ARENA_AUTO a = arena_new();
    int64_t seq;
    const char *basis_text = NULL;
    TRY(ledger_next_seq(l, &seq, err));
    TRY(basis_of(l, h->derivation, seq, a, &basis_text, err));
    const db_value values[] = {DB_I(h->table),   DB_T(h->partition), DB_I(h->derivation),
                               DB_T(basis_text), DB_T(h->run),       DB_I(seq),
                               DB_T(h->who),     DB_T(h->why),       DB_I(h->at_us)};
    return ledger_write(
        l,
        "INSERT INTO hold (tbl, partition, derivation, basis, run, seq, who, why, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tbl, partition) DO UPDATE"
        " SET derivation = excluded.derivation, basis = excluded.basis, run = excluded.run,"
        " seq = excluded.seq, who = excluded.who, why = excluded.why, at = excluded.at",
        values, ARRAY_SIZE(values), err);
}

typedef struct held {
    ledger_hold hold;
    const char *basis;
    int64_t seq;
} held;
typedef VEC(held) helds;

static void read_held(const db_rows *row, arena *a, void *into) {
    helds *all = into;
    held h = {.hold = {.table = db_int(row, 0),
                       .partition = db_text(row, 1, a),
                       .derivation = db_int(row, 2),
                       .run = db_text(row, 3, a),
                       .who = db_text(row, 4, a),
                       .why = db_text(row, 5, a),
                       .at_us = db_int(row, 6),
                       .is_stale = db_int(row, 9) != 0},
              .basis = db_text(row, 7, a),
              .seq = db_int(row, 8)};
    vec_push(a, all, h);
}

static status select_held(ledger *l, int64_t table, arena *a, helds *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {
        "SELECT h.tbl, h.partition, h.derivation, h.run, h.who, h.why, h.at, h.basis, h.seq,"
        " CASE WHEN EXISTS (SELECT 1 FROM mark m WHERE m.tbl = h.tbl AND m.partition = h.partition"
        " AND m.seq > h.seq) THEN 1 ELSE 0 END"
        " FROM hold h WHERE h.tbl = $1 OR $1 = 0 ORDER BY h.tbl, h.partition",
        values, ARRAY_SIZE(values), read_held};
    return ledger_select(l, &query, a, ret, err);
}

status ledger_holds_of(ledger *l, int64_t table, arena *a, ledger_holds *ret, error *err) {
    helds found = {0};
    ledger_holds all = {0};
    TRY(select_held(l, table, a, &found, err));
    for (size_t i = 0; i < found.count; i++)
        vec_push(a, &all, found.items[i].hold);
    *ret = all;
    return OK;
}

status ledger_hold_is(ledger *l, int64_t table, const char *partition, bool *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition)};
    int64_t found;
    TRY(db_get_int(l->d, "SELECT 1 FROM hold WHERE tbl = $1 AND partition = $2", values,
                   ARRAY_SIZE(values), 0, &found, err));
    *ret = found != 0;
    return OK;
}

status ledger_hold_release(ledger *l, int64_t table, const char *partition, error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition)};
    return ledger_write(l, "DELETE FROM hold WHERE tbl = $1 AND partition = $2", values,
                        ARRAY_SIZE(values), err);
}

status ledger_holds_lapsed(ledger *l, arena *a, ledger_holds *ret, error *err) {
    helds found = {0};
    ledger_holds lapsed = {0};
    TRY(select_held(l, 0, a, &found, err));
    for (size_t i = 0; i < found.count; i++) {
        const char *now = NULL;
        const held *h = &found.items[i];
        TRY(basis_of(l, h->hold.derivation, h->seq, a, &now, err));
        if (!str_eq(now, h->basis))
            vec_push(a, &lapsed, h->hold);
    }
    *ret = lapsed;
    return OK;
}

/* undo */

static void read_undoable(const db_rows *row, arena *a, void *into) {
    ledger_undoables *all = into;
    ledger_undoable u = {
        .table = db_int(row, 0),
        .partition = db_text(row, 1, a),
        .partition_id = db_int(row, 2),
        .derivation = db_int(row, 3),
        .version = db_int(row, 4),
        .is_current = db_is_null(row, 5),
        .old_partition_id = db_int(row, 6),
        .old_derivation = db_int(row, 7),
        .old_version = db_int(row, 8),
        .is_other_generation = db_int(row, 9) != 0,
        .is_gone = db_int(row, 10) != 0,
    };
    vec_push(a, all, u);
}

status ledger_undoables_of(ledger *l, const char *run, arena *a, ledger_undoables *ret,
                           error *err) {
    const db_value values[] = {DB_T(run)};
    const ledger_query query = {
        "SELECT c.tbl, p.text, c.partition, c.derivation, c.version, c.to_seq, o.partition,"
        " o.derivation, o.version, CASE WHEN q.generation <> t.generation"
        " OR p.generation <> t.generation OR EXISTS (SELECT 1 FROM current r"
        " WHERE r.tbl = c.tbl AND r.to_seq = c.from_seq AND r.generation <> p.generation)"
        " THEN 1 ELSE 0 END,"
        " CASE WHEN v.state <> 'kept' THEN 1 ELSE 0 END FROM moment m CROSS JOIN tbl t"
        " CROSS JOIN current c CROSS JOIN partition p"
        " LEFT JOIN current o ON o.id = (SELECT max(b.id) FROM partition s"
        " JOIN current b ON b.partition = s.id AND b.to_seq = c.from_seq"
        " WHERE s.tbl = c.tbl AND s.text = p.text)"
        " LEFT JOIN partition q ON q.id = o.partition LEFT JOIN version v ON v.id = o.version"
        " WHERE m.run = $1 AND c.tbl = t.id AND c.from_seq = m.seq AND p.id = c.partition"
        " ORDER BY t.name, p.text, c.from_seq",
        values, ARRAY_SIZE(values), read_undoable};
    ledger_undoables all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

typedef struct files_by_id {
    strmap *files; /* delivery id → file */
} files_by_id;

static void read_file_name(const db_rows *row, arena *a, void *into) {
    files_by_id *all = into;
    strmap_set(all->files, db_text(row, 0, a), arena_strdup(a, db_text(row, 2, a)));
}

/* Of what was known when it was made: content that came out equal later has other deliveries
 * behind it, too. */
static status read_by(ledger *l, int64_t derivation, arena *a, files_by_id *ret, error *err) {
    const db_value id[] = {DB_I(derivation)};
    int64_t seq;
    TRY(db_get_int(l->d, "SELECT created_seq FROM derivation WHERE id = $1", id, ARRAY_SIZE(id), 0,
                   &seq, err));
    const db_value values[] = {DB_I(derivation), DB_I(seq)};
    const ledger_query query = {ANCESTRAL_DELIVERIES("$1"), values, ARRAY_SIZE(values),
                                read_file_name};
    ret->files = strmap_new(a);
    return ledger_select(l, &query, a, ret, err);
}

static void add_missing(const files_by_id *of, const files_by_id *in, arena *a, strings *ret) {
    for (size_t i = 0; i < strmap_count(of->files); i++) {
        void *file;
        const char *id = strmap_at(of->files, i, &file);
        if (!strmap_has(in->files, id))
            vec_push(a, ret, (const char *)file);
    }
}

status ledger_deliveries_between(ledger *l, int64_t one, int64_t other, arena *a, strings *ret,
                                 error *err) {
    files_by_id left, right;
    strings between = {0};
    TRY(read_by(l, one, a, &left, err));
    TRY(read_by(l, other, a, &right, err));
    add_missing(&left, &right, a, &between);
    add_missing(&right, &left, a, &between);
    strings_sort_unique(&between);
    *ret = between;
    return OK;
}
