#include "ledger/delivery.h"

#include "ledger/handle.h"
#include "ledger/reach.h"

#define DELIVERY_COLUMNS                                                                         \
    "d.id, d.tbl, d.identity, d.file, d.sha256, d.bytes, d.land_time, d.accepted_at, d.state,"   \
    " d.contract, d.contract_hash, d.from_path, d.object, d.rows, d.verdict, d.reason, d.claim," \
    " d.run, d.created_seq, d.changed_seq, d.withdrawal"

/* The same places, but nothing long. */
#define DELIVERY_OUTLINE                                                                       \
    "d.id, d.tbl, d.identity, d.file, d.sha256, d.bytes, d.land_time, d.accepted_at, d.state," \
    " NULL, d.contract_hash, NULL, d.object, d.rows, NULL, d.reason, d.claim, d.run,"          \
    " d.created_seq, d.changed_seq, d.withdrawal"

static const char *const STATE_NAMES[] = {
    [DELIVERY_ACTIVE] = "active",       [DELIVERY_SUPERSEDED] = "superseded",
    [DELIVERY_DUPLICATE] = "duplicate", [DELIVERY_WITHDRAWN] = "withdrawn",
    [DELIVERY_REJECTED] = "rejected",
};

const char *delivery_state_name(delivery_state state) {
    return STATE_NAMES[state];
}

static delivery_state state_of_name(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(STATE_NAMES); i++)
        if (str_eq(STATE_NAMES[i], name))
            return (delivery_state)i;
    return DELIVERY_REJECTED; /* a state this program does not know is not to be read */
}

static const char *const WITHDRAWAL_NAMES[] = {
    [WITHDRAWAL_NONE] = NULL,
    [WITHDRAWAL_EMPTIES] = "empties",
    [WITHDRAWAL_FALLS_BACK] = "falls_back",
};

/* What this program does not know of is withdrawn all the same. */
static delivery_withdrawal withdrawal_of_name(const char *name) {
    if (name == NULL)
        return WITHDRAWAL_NONE;
    bool falls_back = str_eq(name, WITHDRAWAL_NAMES[WITHDRAWAL_FALLS_BACK]);
    return falls_back ? WITHDRAWAL_FALLS_BACK : WITHDRAWAL_EMPTIES;
}

static delivery delivery_of_row(const db_rows *row, arena *a) {
    return (delivery){
        .id = db_int(row, 0),
        .table = db_int(row, 1),
        .identity = db_text(row, 2, a),
        .file = db_text(row, 3, a),
        .sha256 = db_text(row, 4, a),
        .bytes = db_int(row, 5),
        .land_time = db_int(row, 6),
        .accepted_at = db_int(row, 7),
        .state = state_of_name(db_text(row, 8, a)),
        .contract = db_text(row, 9, a),
        .contract_hash = db_text(row, 10, a),
        .from_path = db_text(row, 11, a),
        .object = db_text(row, 12, a),
        .rows = db_int(row, 13),
        .verdict = db_text(row, 14, a),
        .reason = db_text(row, 15, a),
        .claim = db_text(row, 16, a),
        .run = db_text(row, 17, a),
        .created_seq = db_int(row, 18),
        .changed_seq = db_int(row, 19),
        .withdrawal = withdrawal_of_name(db_text(row, 20, a)),
    };
}

static void read_delivery(const db_rows *row, arena *a, void *into) {
    deliveries *all = into;
    vec_push(a, all, delivery_of_row(row, a));
}

static void read_one_delivery(const db_rows *row, arena *a, void *into) {
    delivery *d = into;
    *d = delivery_of_row(row, a);
}

static status insert_delivery(ledger *l, const delivery *d, int64_t seq, int64_t *ret_id,
                              error *err) {
    const db_value values[] = {
        DB_I(d->table),       DB_T(d->identity),
        DB_T(d->file),        DB_T(d->sha256),
        DB_I(d->bytes),       DB_I(d->land_time),
        DB_I(d->accepted_at), DB_T(delivery_state_name(d->state)),
        DB_T(d->contract),    DB_T(d->contract_hash),
        DB_T(d->from_path),   DB_T(d->object),
        DB_I(d->rows),        DB_T(d->verdict),
        DB_T(d->reason),      DB_T(d->claim),
        DB_T(d->run),         DB_I(seq),
    };
    return db_get_int(
        l->d,
        "INSERT INTO delivery (tbl, identity, file, sha256, bytes, land_time, accepted_at, state,"
        " contract, contract_hash, from_path, object, rows, verdict, reason, claim, run,"
        " created_seq, changed_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
        " $14, $15, $16, $17, $18, $18) RETURNING id",
        values, ARRAY_SIZE(values), 0, ret_id, err);
}

static status add_event(ledger *l, int64_t id, delivery_state state, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(id), DB_I(seq), DB_T(delivery_state_name(state))};
    return ledger_write(l,
                        "INSERT INTO delivery_event (delivery, seq, state) VALUES ($1, $2, $3)"
                        " ON CONFLICT (delivery, seq) DO UPDATE SET state = excluded.state",
                        values, ARRAY_SIZE(values), err);
}

status ledger_delivery_add(ledger *l, const delivery *d, int64_t *ret_id, error *err) {
    int64_t seq, id;
    ledger_need_write(l);
    TRY(ledger_next_seq(l, &seq, err));
    TRY(insert_delivery(l, d, seq, &id, err));
    TRY(add_event(l, id, d->state, err));
    bool seen = d->state == DELIVERY_ACTIVE;
    if (d->state == DELIVERY_SUPERSEDED)
        TRY(ledger_looks_back(l, d->table, &seen, err));
    if (seen)
        TRY(ledger_touch(l, d->table, id, err));
    *ret_id = id;
    return OK;
}

/* Every reader sees what is active; some also what was the whole table once. */
static status do_readers_see(ledger *l, const delivery *before, delivery_state after, bool *ret,
                             error *err) {
    bool changed = before->state != after;
    *ret = changed && (before->state == DELIVERY_ACTIVE || after == DELIVERY_ACTIVE);
    if (!changed || *ret || (before->state != DELIVERY_SUPERSEDED && after != DELIVERY_SUPERSEDED))
        return OK;
    return ledger_looks_back(l, before->table, ret, err);
}

status ledger_delivery_set_state(ledger *l, int64_t id, delivery_state state, const char *reason,
                                 error *err) {
    ARENA_AUTO a = arena_new();
    delivery before;
    int64_t seq;
    TRY(ledger_delivery_get(l, id, a, &before, err));
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(id), DB_T(delivery_state_name(state)), DB_T(reason),
                               DB_I(before.state == state ? before.changed_seq : seq)};
    TRY(ledger_write(l,
                     "UPDATE delivery SET state = $2, reason = $3, changed_seq = $4"
                     " WHERE id = $1",
                     values, ARRAY_SIZE(values), err));
    TRY(add_event(l, id, state, err));
    bool readers_see_it = false;
    TRY(do_readers_see(l, &before, state, &readers_see_it, err));
    return readers_see_it ? ledger_touch(l, before.table, id, err) : OK;
}

status ledger_delivery_set_withdrawal(ledger *l, int64_t id, delivery_withdrawal decided,
                                      error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(id), DB_T(WITHDRAWAL_NAMES[decided])};
    return ledger_write(l, "UPDATE delivery SET withdrawal = $2 WHERE id = $1", values,
                        ARRAY_SIZE(values), err);
}

status ledger_delivery_accept(ledger *l, const delivery *d, error *err) {
    const db_value values[] = {
        DB_I(d->id),        DB_T(d->object), DB_T(d->contract), DB_T(d->contract_hash),
        DB_T(d->from_path), DB_I(d->rows),   DB_T(d->verdict),  DB_T(d->identity),
        DB_I(d->land_time),
    };
    TRY(ledger_write(l,
                     "UPDATE delivery SET object = $2, contract = $3, contract_hash = $4,"
                     " from_path = $5, rows = $6, verdict = $7, identity = $8, land_time = $9"
                     " WHERE id = $1",
                     values, ARRAY_SIZE(values), err));
    return ledger_delivery_set_state(l, d->id, DELIVERY_SUPERSEDED, NULL, err);
}

status ledger_delivery_get(ledger *l, int64_t id, arena *a, delivery *ret, error *err) {
    const db_value values[] = {DB_I(id)};
    const ledger_query query = {"SELECT " DELIVERY_COLUMNS " FROM delivery d WHERE d.id = $1",
                                values, ARRAY_SIZE(values), read_one_delivery};
    bool found;
    delivery d;
    TRY(ledger_select_one(l, &query, a, &d, &found, err));
    if (!found)
        return error_set(err, E_NOT_FOUND, "there is no delivery %lld", (long long)id);
    *ret = d;
    return OK;
}

static status select_deliveries(ledger *l, const ledger_query *query, arena *a, deliveries *ret,
                                error *err) {
    deliveries all = {0};
    TRY(ledger_select(l, query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_deliveries_of_identity(ledger *l, int64_t table, const char *identity, arena *a,
                                     deliveries *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_T(identity)};
    const ledger_query query = {"SELECT " DELIVERY_COLUMNS " FROM delivery d"
                                " WHERE d.tbl = $1 AND d.identity = $2"
                                " ORDER BY d.land_time, d.id",
                                values, ARRAY_SIZE(values), read_delivery};
    return select_deliveries(l, &query, a, ret, err);
}

status ledger_deliveries_active(ledger *l, int64_t table, arena *a, deliveries *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT " DELIVERY_COLUMNS " FROM delivery d"
                                " WHERE d.tbl = $1 AND d.state = 'active'"
                                " ORDER BY d.identity, d.land_time, d.id",
                                values, ARRAY_SIZE(values), read_delivery};
    return select_deliveries(l, &query, a, ret, err);
}

status ledger_deliveries_all(ledger *l, int64_t table, arena *a, deliveries *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT " DELIVERY_COLUMNS " FROM delivery d WHERE d.tbl = $1"
                                " ORDER BY d.object, d.id",
                                values, ARRAY_SIZE(values), read_delivery};
    return select_deliveries(l, &query, a, ret, err);
}

typedef struct choosing {
    delivery_wanted *wanted;
    void *state;
    arena *scratch;
    deliveries chosen;
} choosing;

static void read_wanted(const db_rows *row, arena *a, void *into) {
    choosing *c = into;
    delivery seen = delivery_of_row(row, c->scratch);
    if (c->wanted == NULL || c->wanted(c->state, &seen))
        vec_push(a, &c->chosen, delivery_of_row(row, a));
    arena_reset(c->scratch);
}

#define OUTLINES          "SELECT " DELIVERY_OUTLINE " FROM delivery d"
#define BY_IDENTITY       " ORDER BY d.tbl, d.identity, d.land_time, d.id"
#define ALL_OUTLINES      OUTLINES BY_IDENTITY
#define OUTLINES_OF_TABLE OUTLINES " WHERE d.tbl = $1" BY_IDENTITY

status ledger_deliveries_where(ledger *l, int64_t table, delivery_wanted *wanted, void *state,
                               arena *a, deliveries *ret, error *err) {
    ARENA_AUTO scratch = arena_new();
    const db_value values[] = {DB_I(table)};
    const ledger_query of_table = {OUTLINES_OF_TABLE, values, ARRAY_SIZE(values), read_wanted};
    const ledger_query of_all = {ALL_OUTLINES, NULL, 0, read_wanted};
    choosing c = {.wanted = wanted, .state = state, .scratch = scratch};
    TRY(ledger_select(l, table != 0 ? &of_table : &of_all, a, &c, err));
    *ret = c.chosen;
    return OK;
}

/* Landed later, withdrawn before, and the neighbour before. */
static const char *const SINCE[] = {
    OUTLINES " WHERE d.tbl = $1 AND d.land_time >= $2 ORDER BY d.land_time, d.id",
    OUTLINES " WHERE d.tbl = $1 AND d.state = 'withdrawn' AND d.land_time < $2 ORDER BY d.id",
    OUTLINES " WHERE d.tbl = $1 AND d.land_time < $2 AND d.state <> 'rejected'"
             " AND d.state <> 'withdrawn'"
             " ORDER BY d.land_time DESC, d.identity DESC, d.sha256 DESC LIMIT 1",
};

status ledger_deliveries_since(ledger *l, int64_t table, int64_t land_time, arena *a,
                               deliveries *ret, bool *ret_has_before, error *err) {
    const db_value values[] = {DB_I(table), DB_I(land_time)};
    deliveries all = {0};
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(SINCE); i++) {
        const ledger_query query = {SINCE[i], values, ARRAY_SIZE(values), read_delivery};
        count = all.count;
        TRY(ledger_select(l, &query, a, &all, err));
    }
    *ret_has_before = all.count > count;
    *ret = all;
    return OK;
}

status ledger_delivery_claimed(ledger *l, const char *claim, bool *ret, error *err) {
    const db_value values[] = {DB_T(claim)};
    int64_t claimed;
    TRY(db_get_int(l->d, "SELECT 1 FROM delivery WHERE claim = $1 LIMIT 1", values,
                   ARRAY_SIZE(values), 0, &claimed, err));
    *ret = claimed != 0;
    return OK;
}

/* An accepted delivery is every one that is not rejected. Table by table (CROSS JOIN keeps SQLite
 * to that order), because the index begins with the table. */
status ledger_quarantine_count(ledger *l, int64_t *ret, error *err) {
    return db_get_int(
        l->d,
        "SELECT count(*) FROM tbl t CROSS JOIN delivery d"
        " WHERE d.tbl = t.id AND d.state = 'rejected'"
        " AND NOT EXISTS (SELECT 1 FROM delivery n WHERE n.tbl = d.tbl"
        " AND n.identity = d.identity AND n.state <> 'rejected'"
        " AND (n.land_time > d.land_time OR (n.land_time = d.land_time AND n.id > d.id)))",
        NULL, 0, 0, ret, err);
}
