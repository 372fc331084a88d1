#include "ledger/consumer.h"

#include "ledger/handle.h"

static const char *const CHANGE_NAMES[] = {
    [CHANGE_ADDED] = "added",
    [CHANGE_CHANGED] = "changed",
    [CHANGE_EMPTIED] = "emptied",
};

const char *change_name(change_kind kind) {
    return CHANGE_NAMES[kind];
}

typedef struct telling {
    const changes_asked *asked;
    partition_changes all;
    bool full; /* the limit was reached, and the commit that reached it is whole */
} telling;

static bool is_full(const telling *t, int64_t seq) {
    return (int64_t)t->all.count >= t->asked->limit && t->all.items[t->all.count - 1].seq != seq;
}

static void read_change(const db_rows *row, arena *a, void *into) {
    telling *t = into;
    partition_change change = {
        .partition = db_text(row, 0, a),
        .seq = db_int(row, 1),
        .version = db_int(row, 2),
        .rows = db_int(row, 3),
        .bytes = db_int(row, 4),
    };
    bool had_rows = db_int(row, 5) > 0;
    change.kind = change.rows == 0 ? CHANGE_EMPTIED : had_rows ? CHANGE_CHANGED : CHANGE_ADDED;
    t->full = t->full || is_full(t, change.seq);
    if (!t->full)
        vec_push(a, &t->all, change);
}

/* By texts, because a partition of another generation is the same one to those outside. */
static const char *const CHANGES =
    "SELECT x.text, x.seq, v.id, v.rows, v.bytes, x.rows_before FROM"
    " (SELECT p.text, max(s.seq) AS seq,"
    " (SELECT max(c.version) FROM partition q"
    " JOIN current c ON c.partition = q.id AND c.to_seq IS NULL"
    " WHERE q.tbl = $1 AND q.text = p.text) AS version,"
    " (SELECT max(o.rows) FROM partition q JOIN current c ON c.partition = q.id"
    " AND c.from_seq <= $2 AND (c.to_seq IS NULL OR c.to_seq > $2)"
    " JOIN version o ON o.id = c.version"
    " WHERE q.tbl = $1 AND q.text = p.text) AS rows_before FROM"
    " (SELECT partition, from_seq AS seq FROM current WHERE tbl = $1 AND from_seq > $2"
    " UNION ALL SELECT partition, to_seq FROM current WHERE tbl = $1 AND to_seq > $2) s"
    " JOIN partition p ON p.id = s.partition GROUP BY p.text) x"
    " LEFT JOIN version v ON v.id = x.version WHERE x.seq <= $3 ORDER BY x.seq, x.text";

status ledger_partition_changes(ledger *l, const changes_asked *asked, arena *a,
                                partition_changes *ret, int64_t *ret_seq, error *err) {
    const db_value values[] = {DB_I(asked->table), DB_I(asked->since_seq), DB_I(asked->up_to_seq)};
    const ledger_query query = {CHANGES, values, ARRAY_SIZE(values), read_change};
    telling t = {.asked = asked};
    TRY(ledger_select(l, &query, a, &t, err));
    *ret_seq = t.full ? t.all.items[t.all.count - 1].seq : asked->up_to_seq;
    *ret = t.all;
    return OK;
}

status ledger_table_id(ledger *l, const char *name, int64_t *ret, error *err) {
    const db_value values[] = {DB_T(name)};
    return db_get_int(l->d, "SELECT id FROM tbl WHERE name = $1", values, ARRAY_SIZE(values), 0,
                      ret, err);
}

/* positions */

static void read_consumer(const db_rows *row, arena *a, void *into) {
    ledger_consumers *all = into;
    ledger_consumer c = {.table = db_int(row, 0),
                         .name = db_text(row, 1, a),
                         .seq = db_int(row, 2),
                         .who = db_text(row, 3, a),
                         .at_us = db_int(row, 4)};
    vec_push(a, all, c);
}

status ledger_consumers_of(ledger *l, int64_t table, arena *a, ledger_consumers *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT tbl, name, seq, who, at FROM consumer"
                                " WHERE tbl = $1 OR $1 = 0 ORDER BY tbl, name",
                                values, ARRAY_SIZE(values), read_consumer};
    ledger_consumers all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_consumer_get(ledger *l, int64_t table, const char *name, arena *a,
                           ledger_consumer *ret, error *err) {
    ledger_consumers all = {0};
    TRY(ledger_consumers_of(l, table, a, &all, err));
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].table == table && str_eq(all.items[i].name, name)) {
            *ret = all.items[i];
            return OK;
        }
    return error_set(err, E_NOT_FOUND, "there is no consumer \"%s\"", name);
}

status ledger_consumer_put(ledger *l, const ledger_consumer *c, error *err) {
    const db_value values[] = {DB_I(c->table), DB_T(c->name), DB_I(c->seq), DB_T(c->who),
                               DB_I(c->at_us)};
    return ledger_write(l,
                        "INSERT INTO consumer (tbl, name, seq, who, at) VALUES ($1, $2, $3, $4, $5)"
                        " ON CONFLICT (tbl, name) DO UPDATE SET seq = excluded.seq,"
                        " who = excluded.who, at = excluded.at",
                        values, ARRAY_SIZE(values), err);
}

status ledger_consumer_remove(ledger *l, int64_t table, const char *name, error *err) {
    const db_value values[] = {DB_I(table), DB_T(name)};
    return ledger_write(l, "DELETE FROM consumer WHERE tbl = $1 AND name = $2", values,
                        ARRAY_SIZE(values), err);
}
