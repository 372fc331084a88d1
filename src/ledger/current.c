#include "ledger/handle.h"

#define CURRENT_FROM                                                         \
    "SELECT c.partition, p.text, c.derivation, c.version, d.memo_key,"       \
    " CASE WHEN v.state = 'lost' THEN '' ELSE v.content END, v.rows,"        \
    " v.bytes, c.from_seq, d.code, d.accepted, d.created_seq FROM current c" \
    " JOIN partition p ON p.id = c.partition"                                \
    " JOIN version v ON v.id = c.version LEFT JOIN derivation d ON d.id = c.derivation"

static ledger_current current_of_row(const db_rows *row, arena *a) {
    return (ledger_current){
        .partition = db_int(row, 0),
        .text = db_text(row, 1, a),
        .derivation = db_int(row, 2),
        .version = db_int(row, 3),
        .memo_key = db_text(row, 4, a),
        .content = db_text(row, 5, a),
        .rows = db_int(row, 6),
        .bytes = db_int(row, 7),
        .from_seq = db_int(row, 8),
        .code = db_int(row, 9),
        .accepted = db_int(row, 10),
        .derived_seq = db_int(row, 11),
    };
}

static void read_current(const db_rows *row, arena *a, void *into) {
    ledger_currents *all = into;
    vec_push(a, all, current_of_row(row, a));
}

static void read_one_current(const db_rows *row, arena *a, void *into) {
    ledger_current *c = into;
    *c = current_of_row(row, a);
}

/* By way of the partitions of that text (there is one per generation). */
status ledger_current_get(ledger *l, int64_t table, const char *text, arena *a, ledger_current *ret,
                          error *err) {
    const db_value values[] = {DB_I(table), DB_T(text)};
    const ledger_query query = {CURRENT_FROM
                                " WHERE p.tbl = $1 AND p.text = $2 AND c.to_seq IS NULL",
                                values, ARRAY_SIZE(values), read_one_current};
    ledger_current c;
    bool found;
    TRY(ledger_select_one(l, &query, a, &c, &found, err));
    if (!found)
        return error_set(err, E_NOT_FOUND, "partition \"%s\" has no current version", text);
    *ret = c;
    return OK;
}

status ledger_currents_of(ledger *l, int64_t table, int64_t as_of_seq, arena *a,
                          ledger_currents *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_I(as_of_seq)};
    const ledger_query now = {CURRENT_FROM
                              " WHERE c.tbl = $1 AND c.to_seq IS NULL ORDER BY p.text, c.id",
                              values, 1, read_current};
    const ledger_query then = {CURRENT_FROM " WHERE c.tbl = $1 AND c.from_seq <= $2"
                                            " AND (c.to_seq IS NULL OR c.to_seq > $2)"
                                            " ORDER BY p.text, c.id",
                               values, ARRAY_SIZE(values), read_current};
    ledger_currents all = {0};
    TRY(ledger_select(l, as_of_seq < 0 ? &now : &then, a, &all, err));
    *ret = all;
    return OK;
}

/* What is current under a partition's text before it changes, in whatever generation. */
typedef struct standing {
    int64_t row; /* id in current */
    int64_t partition;
    int64_t version;
} standing;
typedef VEC(standing) standings;

static void read_standing(const db_rows *row, arena *a, void *into) {
    standings *all = into;
    standing s = {db_int(row, 0), db_int(row, 1), db_int(row, 2)};
    vec_push(a, all, s);
}

static status standing_of(ledger *l, int64_t table, int64_t partition, arena *a, standings *ret,
                          error *err) {
    const db_value values[] = {DB_I(partition), DB_I(table)};
    const ledger_query query = {
        "SELECT c.id, c.partition, c.version FROM partition mine"
        " JOIN partition p ON p.tbl = $2 AND p.text = mine.text"
        " JOIN current c ON c.partition = p.id AND c.to_seq IS NULL WHERE mine.id = $1",
        values, ARRAY_SIZE(values), read_standing};
    return ledger_select(l, &query, a, ret, err);
}

static status end_current(ledger *l, int64_t table, const standing *s, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(s->row), DB_I(seq)};
    TRY(ledger_write(l, "UPDATE current SET to_seq = $2 WHERE id = $1", values, ARRAY_SIZE(values),
                     err));
    return ledger_touch(l, table, s->version, err);
}

static status set_derivation(ledger *l, int64_t row, int64_t derivation, error *err) {
    const db_value values[] = {DB_I(row), DB_I(derivation)};
    return ledger_write(l, "UPDATE current SET derivation = $2 WHERE id = $1", values,
                        ARRAY_SIZE(values), err);
}

typedef struct successor {
    int64_t table, partition, derivation, version;
} successor;

/* Whoever planned with it did so before gc marked it. */
static status need_kept(ledger *l, int64_t version, error *err) {
    const db_value values[] = {DB_I(version)};
    int64_t kept;
    TRY(db_get_int(l->d, "SELECT 1 FROM version WHERE id = $1 AND state = 'kept'", values,
                   ARRAY_SIZE(values), 0, &kept, err));
    if (kept != 0)
        return OK;
    error_set(err, E_CHANGED, "version %lld is being removed by gc", (long long)version);
    error_hint(err, "Run again.");
    return E_CHANGED;
}

static status start_current(ledger *l, const successor *next, error *err) {
    int64_t seq;
    TRY(need_kept(l, next->version, err));
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(next->partition), DB_I(next->table), DB_I(next->derivation),
                               DB_I(next->version), DB_I(seq)};
    TRY(ledger_write(l,
                     "INSERT INTO current (partition, tbl, generation, derivation, version,"
                     " from_seq) SELECT id, $2, generation, $3, $4, $5 FROM partition"
                     " WHERE id = $1",
                     values, ARRAY_SIZE(values), err));
    return ledger_touch(l, next->table, next->version, err);
}

static status replace_current(ledger *l, const successor *next, const standings *before,
                              error *err) {
    bool stays = false;
    for (size_t i = 0; i < before->count; i++) {
        const standing *s = &before->items[i];
        bool same = s->partition == next->partition && s->version == next->version;
        stays = stays || same;
        TRY(same ? set_derivation(l, s->row, next->derivation, err)
                 : end_current(l, next->table, s, err));
    }
    return stays || next->version == 0 ? OK : start_current(l, next, err);
}

status ledger_current_set(ledger *l, int64_t table, int64_t partition, int64_t derivation,
                          int64_t version, error *err) {
    ARENA_AUTO a = arena_new();
    standings before = {0};
    ledger_need_write(l);
    TRY(standing_of(l, table, partition, a, &before, err));
    const successor next = {table, partition, derivation, version};
    return replace_current(l, &next, &before, err);
}

status ledger_is_built(ledger *l, int64_t table, bool *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    int64_t found;
    TRY(db_get_int(l->d, "SELECT 1 FROM current WHERE tbl = $1 AND to_seq IS NULL LIMIT 1", values,
                   ARRAY_SIZE(values), 0, &found, err));
    *ret = found != 0;
    return OK;
}

/* Asked for by name, the others are found by an index: most often there are none. */
#define IN_OTHER_GENERATION                                      \
    " WHERE c.tbl = $1 AND c.to_seq IS NULL AND c.generation IN" \
    " (SELECT g.id FROM generation g WHERE g.tbl = $1 AND g.id <> $2)"

status ledger_generation_others(ledger *l, int64_t table, int64_t generation, arena *a,
                                ledger_currents *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_I(generation)};
    const ledger_query query = {CURRENT_FROM IN_OTHER_GENERATION " ORDER BY p.text, c.id", values,
                                ARRAY_SIZE(values), read_current};
    ledger_currents all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

typedef struct retired {
    standing standing;
    const char *ref;
} retired;
typedef VEC(retired) retireds;

static void read_retired(const db_rows *row, arena *a, void *into) {
    retireds *all = into;
    retired r = {
        .standing = {db_int(row, 0), db_int(row, 1), db_int(row, 2)},
        .ref = arena_printf(a, "%s %s", db_text(row, 3, a), db_text(row, 4, a)),
    };
    vec_push(a, all, r);
}

status ledger_generation_retire(ledger *l, int64_t table, int64_t generation, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_I(table), DB_I(generation)};
    const ledger_query query = {"SELECT c.id, c.partition, c.version, t.name, p.text FROM current c"
                                " JOIN partition p ON p.id = c.partition"
                                " JOIN tbl t ON t.id = c.tbl" IN_OTHER_GENERATION
                                " ORDER BY p.text",
                                values, ARRAY_SIZE(values), read_retired};
    retireds old = {0};
    ledger_need_write(l);
    TRY(ledger_select(l, &query, a, &old, err));
    for (size_t i = 0; i < old.count; i++) {
        const retired *r = &old.items[i];
        TRY(end_current(l, table, &r->standing, err));
        TRY(ledger_mark_unit(l, table, r->standing.version, CAUSE_UPSTREAM, r->ref, err));
    }
    return OK;
}

/* projection */

static void read_projection(const db_rows *row, arena *a, void *into) {
    projection_changes *all = into;
    projection_change change = {.text = db_text(row, 0, a), .version = db_int(row, 1)};
    vec_push(a, all, change);
}

status ledger_projection_changes(ledger *l, int64_t table, int64_t since_seq, arena *a,
                                 projection_changes *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_I(since_seq)};
    const ledger_query query = {
        "SELECT changed.text, max(coalesce(c.version, 0)) FROM"
        " (SELECT p.text FROM current s JOIN partition p ON p.id = s.partition"
        " WHERE s.tbl = $1 AND s.from_seq > $2"
        " UNION SELECT p.text FROM current e JOIN partition p ON p.id = e.partition"
        " WHERE e.tbl = $1 AND e.to_seq > $2) changed"
        " JOIN partition p ON p.tbl = $1 AND p.text = changed.text"
        " LEFT JOIN current c ON c.partition = p.id AND c.to_seq IS NULL"
        " GROUP BY changed.text ORDER BY changed.text",
        values, ARRAY_SIZE(values), read_projection};
    projection_changes all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_projected_set(ledger *l, int64_t table, int64_t seq, error *err) {
    const db_value values[] = {DB_I(table), DB_I(seq)};
    return ledger_write(l, "UPDATE tbl SET projected_seq = $2 WHERE id = $1", values,
                        ARRAY_SIZE(values), err);
}

typedef struct projection_state {
    int64_t changed, projected;
} projection_state;

static void read_projection_state(const db_rows *row, arena *a, void *into) {
    (void)a;
    projection_state *state = into;
    *state = (projection_state){db_int(row, 0), db_int(row, 1)};
}

status ledger_projection_state(ledger *l, int64_t table, int64_t *ret_changed,
                               int64_t *ret_projected, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT changed_seq, projected_seq FROM tbl WHERE id = $1", values,
                                ARRAY_SIZE(values), read_projection_state};
    projection_state state;
    bool found;
    TRY(ledger_select_one(l, &query, l->arena, &state, &found, err));
    if (!found)
        return error_set(err, E_NOT_FOUND, "there is no table %lld", (long long)table);
    *ret_changed = state.changed;
    *ret_projected = state.projected;
    return OK;
}
