#include "ledger/handle.h"

typedef struct history {
    ledger_pasts all;
    strmap *seen; /* versions */
} history;

static void read_past(const db_rows *row, arena *a, void *into) {
    history *h = into;
    const char *version = db_text(row, 0, a);
    ledger_past past = {
        .version = db_int(row, 0),
        .run = db_text(row, 1, a),
        .code = db_text(row, 2, a),
        .code_version = db_text(row, 3, a),
        .content = db_text(row, 4, a),
        .rows = db_int(row, 5),
        .bytes = db_int(row, 6),
        .from_seq = db_int(row, 7),
        .to_seq = db_int(row, 8),
        .from_us = db_int(row, 9),
        .is_gone = db_int(row, 10) != 0,
    };
    if (strmap_has(h->seen, version))
        return;
    strmap_set(h->seen, version, h);
    vec_push(a, &h->all, past);
}

status ledger_history(ledger *l, int64_t table, const char *partition, arena *a, ledger_pasts *ret,
                      error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition)};
    const ledger_query query = {
        "SELECT v.id, v.run, k.fingerprint, r.code_version, v.content, v.rows, v.bytes, c.from_seq,"
        " c.to_seq, m.at, v.state IN ('deleting', 'gone') FROM partition p"
        " JOIN current c ON c.partition = p.id JOIN version v ON v.id = c.version"
        " LEFT JOIN derivation d ON d.id = c.derivation LEFT JOIN code k ON k.id = d.code"
        " LEFT JOIN run r ON r.id = v.run LEFT JOIN moment m ON m.seq = c.from_seq"
        " WHERE p.tbl = $1 AND p.text = $2 ORDER BY c.from_seq DESC, c.id DESC",
        values, ARRAY_SIZE(values), read_past};
    history h = {.seen = strmap_new(a)};
    TRY(ledger_select(l, &query, a, &h, err));
    *ret = h.all;
    return OK;
}

status ledger_seq_at(ledger *l, int64_t time_us, int64_t *ret, error *err) {
    const db_value values[] = {DB_I(time_us)};
    return db_get_int(l->d, "SELECT coalesce(max(seq), 0) FROM moment WHERE at <= $1", values,
                      ARRAY_SIZE(values), 0, ret, err);
}

status ledger_seq_of_run(ledger *l, const char *run, int64_t *ret, error *err) {
    const db_value values[] = {DB_T(run)};
    int64_t seq;
    TRY(db_get_int(l->d,
                   "SELECT coalesce((SELECT max(m.seq) FROM moment m WHERE m.run = r.id), r.seq,"
                   " (SELECT max(m.seq) FROM moment m WHERE m.at <= r.started), 0)"
                   " FROM run r WHERE r.id = $1",
                   values, ARRAY_SIZE(values), -1, &seq, err));
    if (seq < 0)
        return error_set(err, E_NOT_FOUND, "there is no run \"%s\"", run);
    *ret = seq;
    return OK;
}

status ledger_moment_of_run(ledger *l, const char *run, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(seq), DB_T(run)};
    return ledger_write(l, "UPDATE moment SET run = $2 WHERE seq = $1", values, ARRAY_SIZE(values),
                        err);
}

/* what counted at a commit */

static const char *const SOURCE_AS_OF =
    "SELECT d.id, d.sha256, d.contract, d.contract_hash, d.file, d.object, d.from_path,"
    " d.land_time, d.rows, d.bytes FROM delivery d"
    " JOIN delivery_event e ON e.delivery = d.id AND e.seq ="
    " (SELECT max(n.seq) FROM delivery_event n WHERE n.delivery = d.id AND n.seq <= $2)"
    " WHERE d.tbl = $1 AND e.state = 'active' ORDER BY d.identity, d.land_time, d.id";

static const char *const DERIVED_AS_OF =
    "SELECT v.id, p.text, v.content, v.rows, v.bytes, v.state FROM current c"
    " JOIN version v ON v.id = c.version JOIN partition p ON p.id = c.partition"
    " WHERE c.tbl = $1 AND c.from_seq <= $2 AND (c.to_seq IS NULL OR c.to_seq > $2)"
    " ORDER BY p.text, v.id";

static void read_delivery_unit(const db_rows *row, arena *a, void *into) {
    ledger_units *units = into;
    ledger_unit unit = {
        .unit = db_int(row, 0),
        .sha256 = db_text(row, 1, a),
        .contract = db_text(row, 2, a),
        .contract_hash = db_text(row, 3, a),
        .file = db_text(row, 4, a),
        .object = db_text(row, 5, a),
        .from_path = db_text(row, 6, a),
        .land_time = db_int(row, 7),
        .rows = db_int(row, 8),
        .bytes = db_int(row, 9),
    };
    vec_push(a, units, unit);
}

typedef struct past_units {
    ledger_units units;
    const char *gone; /* a partition whose files are no more */
} past_units;

static void read_past_version(const db_rows *row, arena *a, void *into) {
    past_units *past = into;
    ledger_unit unit = {
        .unit = db_int(row, 0),
        .partition = db_text(row, 1, a),
        .content = db_text(row, 2, a),
        .rows = db_int(row, 3),
        .bytes = db_int(row, 4),
    };
    const char *state = db_text(row, 5, a);
    if (str_eq(state, "deleting") || str_eq(state, "gone"))
        past->gone = unit.partition;
    vec_push(a, &past->units, unit);
}

static status versions_as_of(ledger *l, const db_value values[2], arena *a, ledger_units *ret,
                             error *err) {
    const ledger_query query = {DERIVED_AS_OF, values, 2, read_past_version};
    past_units past = {0};
    TRY(ledger_select(l, &query, a, &past, err));
    if (past.gone != NULL) {
        error_set(err, E_USAGE, "partition \"%s\" as of commit %lld was removed by gc", past.gone,
                  (long long)values[1].number);
        error_hint(err, "Ask for a later moment; `retention` in lake.yaml says how long what was "
                        "replaced is kept.");
        return E_USAGE;
    }
    *ret = past.units;
    return OK;
}

status ledger_units_as_of(ledger *l, int64_t table, bool is_source, int64_t seq, arena *a,
                          ledger_units *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_I(seq)};
    const ledger_query as_of = {SOURCE_AS_OF, values, ARRAY_SIZE(values), read_delivery_unit};
    if (!is_source)
        return versions_as_of(l, values, a, ret, err);
    ledger_units units = {0};
    TRY(ledger_select(l, &as_of, a, &units, err));
    *ret = units;
    return OK;
}

static status read_column(const json_t *from, arena *a, ledger_column *ret, error *err) {
    const char *name = NULL, *type = NULL;
    TRY(json_need_string(from, "name", &name, err));
    TRY(json_need_string(from, "type", &type, err));
    TRY(json_need_int(from, "field_id", &ret->field_id, err));
    ret->name = arena_strdup(a, name);
    ret->type = arena_strdup(a, type);
    return OK;
}

status ledger_version_columns(ledger *l, int64_t version, arena *a, ledger_column **ret,
                              size_t *ret_count, error *err) {
    const db_value values[] = {DB_I(version)};
    const ledger_query query = {"SELECT g.columns FROM version v"
                                " JOIN partition p ON p.id = v.partition"
                                " JOIN generation g ON g.id = p.generation WHERE v.id = $1",
                                values, ARRAY_SIZE(values), ledger_read_text};
    strings texts = {0};
    bool found;
    TRY(ledger_select_one(l, &query, a, &texts, &found, err));
    if (!found)
        return error_set(err, E_NOT_FOUND, "there is no version %lld", (long long)version);
    JSON_AUTO list = NULL;
    TRY(json_parse(texts.items[0], strlen(texts.items[0]), "columns of a generation", &list, err));
    size_t count = json_array_size(list);
    ledger_column *all = ARENA_ARRAY(a, ledger_column, count);
    for (size_t i = 0; i < count; i++)
        TRY(read_column(json_array_get(list, i), a, &all[i], err));
    *ret = all;
    *ret_count = count;
    return OK;
}
