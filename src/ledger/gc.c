#include "ledger/care.h"

#include "ledger/handle.h"
#include "ledger/owner.h"

typedef struct pin {
    int64_t id;
    const char *process;
} pin;
typedef VEC(pin) pins;

static void read_pin(const db_rows *row, arena *a, void *into) {
    pins *all = into;
    pin p = {db_int(row, 0), db_text(row, 1, a)};
    vec_push(a, all, p);
}

/* Whose reader died, or whose time is over. */
static status drop_ended_pins(ledger *l, arena *a, error *err) {
    int64_t now;
    pins open = {0};
    const ledger_query query = {"SELECT id, process FROM pin", NULL, 0, read_pin};
    TRY(db_now_us(l->d, &now, err));
    const db_value values[] = {DB_I(now)};
    TRY(ledger_write(l, "DELETE FROM pin WHERE until <= $1", values, ARRAY_SIZE(values), err));
    TRY(ledger_select(l, &query, a, &open, err));
    for (size_t i = 0; i < open.count; i++)
        if (ledger_owner_look(l, open.items[i].process, a) == OWNER_DEAD)
            TRY(ledger_pin_drop(l, open.items[i].id, err));
    return OK;
}

typedef struct looking {
    const ledger_retention *rule;
    ledger_retireds all;
    int64_t newer; /* versions of the same partition that were replaced later */
} looking;

static bool is_same_partition(const looking *look, const ledger_retired *r) {
    if (look->all.count == 0)
        return false;
    const ledger_retired *last = &look->all.items[look->all.count - 1];
    return last->table == r->table && str_eq(last->partition, r->partition);
}

/* Who needs a version, in the order of the columns from FIRST_NEED on. */
static const ledger_need NEEDS[] = {NEED_HOLD, NEED_PIN, NEED_READER, NEED_GENERATION};
enum { FIRST_NEED = 6, IS_DROPPED = FIRST_NEED + ARRAY_SIZE(NEEDS) };

static void find_need(const looking *look, const db_rows *row, arena *a, ledger_retired *r) {
    for (size_t i = 0; i < ARRAY_SIZE(NEEDS); i++)
        if (!db_is_null(row, FIRST_NEED + i)) {
            r->need = NEEDS[i];
            r->who = db_text(row, FIRST_NEED + i, a);
            return;
        }
    if (r->ended_us > look->rule->before_us)
        r->need = NEED_AGE;
    else if (look->newer < look->rule->keep && db_int(row, IS_DROPPED) == 0)
        r->need = NEED_NUMBER;
}

static void read_retired(const db_rows *row, arena *a, void *into) {
    looking *look = into;
    ledger_retired r = {
        .version = db_int(row, 0),
        .table = db_int(row, 1),
        .table_name = db_text(row, 2, a),
        .partition = db_text(row, 3, a),
        .bytes = db_int(row, 4),
        .ended_us = db_int(row, 5),
    };
    look->newer = is_same_partition(look, &r) ? look->newer + 1 : 0;
    find_need(look, row, a, &r);
    vec_push(a, &look->all, r);
}

/* A version that never was current was made at the end of its time. */
static const char *const RETIRED =
    "SELECT r.id, r.tbl, r.name, r.text, r.bytes, coalesce(m.at, 0),"
    " (SELECT min(h.run) FROM hold h JOIN derivation d ON d.id = h.derivation"
    " WHERE d.version = r.id),"
    " (SELECT min(n.process) FROM pin n JOIN current c ON c.version = r.id"
    " AND c.from_seq <= n.seq AND c.to_seq > n.seq),"
    " (SELECT min(w.name) FROM edge e JOIN tbl w ON w.id = e.tbl WHERE e.input = r.tbl"
    " AND e.bookmark_seq > 0 AND e.bookmark_seq < r.ended),"
    " CASE WHEN r.was_current = 0 AND r.generation = r.wanted AND r.dropped = 0 THEN r.name END,"
    " r.dropped FROM (SELECT v.id, v.bytes, p.tbl, p.text, p.generation, t.name,"
    " t.generation AS wanted, CASE WHEN t.state = 'dropped' THEN 1 ELSE 0 END AS dropped,"
    " coalesce((SELECT max(c.to_seq) FROM current c WHERE c.version = v.id), v.created_seq)"
    " AS ended,"
    " (SELECT count(*) FROM current c WHERE c.version = v.id) AS was_current"
    " FROM version v JOIN partition p ON p.id = v.partition JOIN tbl t ON t.id = p.tbl"
    " WHERE v.state IN ('kept', 'lost') AND NOT EXISTS (SELECT 1 FROM current c"
    " WHERE c.version = v.id AND c.to_seq IS NULL)) r"
    " LEFT JOIN moment m ON m.seq = r.ended ORDER BY r.name, r.text, r.ended DESC, r.id DESC";

status ledger_gc_look(ledger *l, const ledger_retention *rule, arena *a, ledger_retireds *ret,
                      error *err) {
    looking look = {.rule = rule};
    const ledger_query query = {RETIRED, NULL, 0, read_retired};
    ledger_need_write(l);
    TRY(drop_ended_pins(l, a, err));
    TRY(ledger_select(l, &query, a, &look, err));
    *ret = look.all;
    return OK;
}

status ledger_gc_mark(ledger *l, int64_t version, error *err) {
    int64_t seq;
    const db_value values[] = {DB_I(version)};
    TRY(ledger_next_seq(l, &seq, err));
    return ledger_write(l, "UPDATE version SET state = 'deleting' WHERE id = $1", values,
                        ARRAY_SIZE(values), err);
}

#define IN_MARKED                                         \
    "EXISTS (SELECT 1 FROM version_file x JOIN version v" \
    " ON v.id = x.version AND v.state = 'deleting' WHERE x.file = f.id)"
#define IN_OTHERS                                         \
    "EXISTS (SELECT 1 FROM version_file x JOIN version v" \
    " ON v.id = x.version AND v.state <> 'deleting' WHERE x.file = f.id)"

static void read_doomed(const db_rows *row, arena *a, void *into) {
    ledger_doomeds *all = into;
    ledger_doomed d = {db_text(row, 0, a), db_text(row, 1, a), db_int(row, 2)};
    vec_push(a, all, d);
}

status ledger_gc_files(ledger *l, arena *a, ledger_doomeds *ret, error *err) {
    const ledger_query query = {"SELECT t.name, f.object, f.bytes FROM file f"
                                " JOIN tbl t ON t.id = f.tbl WHERE " IN_MARKED " AND NOT " IN_OTHERS
                                " ORDER BY t.name, f.object",
                                NULL, 0, read_doomed};
    ledger_doomeds all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

#define OF_MARKED " IN (SELECT id FROM version WHERE state = 'deleting')"

/* Rows that would lead to the files, or say how to make them. */
static const char *const FORGET[] = {
    "DELETE FROM file AS f WHERE " IN_MARKED " AND NOT " IN_OTHERS,
    "DELETE FROM version_file WHERE version" OF_MARKED,
    "DELETE FROM lineage WHERE derivation IN (SELECT id FROM derivation WHERE version" OF_MARKED
    ")",
    "DELETE FROM derivation WHERE version" OF_MARKED,
    "DELETE FROM feed WHERE unit" OF_MARKED
    " AND input IN (SELECT id FROM tbl WHERE kind = 'derived')",
    "DELETE FROM fed WHERE unit" OF_MARKED
    " AND input IN (SELECT id FROM tbl WHERE kind = 'derived')",
    "UPDATE version SET state = 'gone' WHERE state = 'deleting'",
};

status ledger_gc_forget(ledger *l, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    for (size_t i = 0; i < ARRAY_SIZE(FORGET); i++)
        TRY(ledger_write(l, FORGET[i], NULL, 0, err));
    return OK;
}

status ledger_version_count(ledger *l, int64_t *ret, error *err) {
    return db_get_int(l->d, "SELECT count(*) FROM version", NULL, 0, 0, ret, err);
}

/* Who asks has the lease, so every other run that says it is running has died. */
status ledger_run_is_over(ledger *l, const char *run, const char *asking, bool *ret, error *err) {
    const db_value values[] = {DB_T(run), DB_T(asking)};
    int64_t known;
    TRY(db_get_int(l->d, "SELECT 1 FROM run WHERE id = $1 AND id <> $2", values, ARRAY_SIZE(values),
                   0, &known, err));
    *ret = known != 0;
    return OK;
}
