#include "ledger/handle.h"

status ledger_partition_find(ledger *l, int64_t generation, const char *text, int64_t *ret_id,
                             error *err) {
    const db_value values[] = {DB_I(generation), DB_T(text)};
    return db_get_int(l->d, "SELECT id FROM partition WHERE generation = $1 AND text = $2", values,
                      ARRAY_SIZE(values), 0, ret_id, err);
}

status ledger_partition_need(ledger *l, int64_t table, int64_t generation, const char *text,
                             int64_t *ret_id, error *err) {
    const db_value values[] = {DB_I(generation), DB_T(text), DB_I(table)};
    int64_t id;
    ledger_need_write(l);
    TRY(ledger_partition_find(l, generation, text, &id, err));
    if (id == 0)
        TRY(db_get_int(l->d,
                       "INSERT INTO partition (generation, text, tbl) VALUES ($1, $2, $3)"
                       " RETURNING id",
                       values, ARRAY_SIZE(values), 0, &id, err));
    *ret_id = id;
    return OK;
}

/* files */

static void read_file(const db_rows *row, arena *a, void *into) {
    VEC(ledger_file) *files = into;
    ledger_file file = {
        .id = db_int(row, 0),
        .object = db_text(row, 1, a),
        .rows = db_int(row, 2),
        .bytes = db_int(row, 3),
        .sum1 = db_text(row, 4, a),
        .sum2 = db_text(row, 5, a),
        .delivery = db_int(row, 6),
    };
    vec_push(a, files, file);
}

status ledger_version_files(ledger *l, int64_t version, arena *a, ledger_file **ret,
                            size_t *ret_count, error *err) {
    const db_value values[] = {DB_I(version)};
    const ledger_query query = {"SELECT f.id, f.object, f.rows, f.bytes, f.sum1, f.sum2, f.delivery"
                                " FROM version_file vf JOIN file f ON f.id = vf.file"
                                " WHERE vf.version = $1 ORDER BY vf.place",
                                values, ARRAY_SIZE(values), read_file};
    VEC(ledger_file) files = {0};
    TRY(ledger_select(l, &query, a, &files, err));
    *ret = files.items;
    *ret_count = files.count;
    return OK;
}

status ledger_object_known(ledger *l, const char *object, bool *ret, error *err) {
    const db_value values[] = {DB_T(object)};
    int64_t known;
    TRY(db_get_int(l->d, "SELECT 1 FROM file WHERE object = $1", values, ARRAY_SIZE(values), 0,
                   &known, err));
    *ret = known != 0;
    return OK;
}

static status add_file(ledger *l, int64_t table, ledger_file *file, error *err) {
    const db_value values[] = {
        DB_I(table),
        DB_T(file->object),
        DB_I(file->rows),
        DB_I(file->bytes),
        DB_T(file->sum1),
        DB_T(file->sum2),
        file->delivery == 0 ? DB_N : DB_I(file->delivery),
    };
    return db_get_int(l->d,
                      "INSERT INTO file (tbl, object, rows, bytes, sum1, sum2, delivery)"
                      " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                      values, ARRAY_SIZE(values), 0, &file->id, err);
}

static status add_files(ledger *l, int64_t table, const ledger_version *v, int64_t version,
                        error *err) {
    for (size_t i = 0; i < v->file_count; i++) {
        if (v->files[i].id == 0)
            TRY(add_file(l, table, &v->files[i], err));
        const db_value values[] = {DB_I(version), DB_I((int64_t)i), DB_I(v->files[i].id)};
        TRY(ledger_write(l, "INSERT INTO version_file (version, place, file) VALUES ($1, $2, $3)",
                         values, ARRAY_SIZE(values), err));
    }
    return OK;
}

/* versions */

status ledger_version_add(ledger *l, int64_t table, ledger_version *v, const char *run,
                          error *err) {
    int64_t seq, id;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(v->partition), DB_T(v->content), DB_I(v->rows),
                               DB_I(v->bytes),     DB_T(run),        DB_I(seq)};
    TRY(db_get_int(l->d,
                   "INSERT INTO version (partition, content, rows, bytes, run, created_seq)"
                   " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                   values, ARRAY_SIZE(values), 0, &id, err));
    TRY(add_files(l, table, v, id, err));
    v->id = id;
    return OK;
}

static void read_version(const db_rows *row, arena *a, void *into) {
    ledger_version *v = into;
    *v = (ledger_version){
        .id = db_int(row, 0),
        .partition = db_int(row, 1),
        .content = db_text(row, 2, a),
        .rows = db_int(row, 3),
        .bytes = db_int(row, 4),
    };
}

status ledger_version_get(ledger *l, int64_t version, arena *a, ledger_version *ret, error *err) {
    const db_value values[] = {DB_I(version)};
    const ledger_query query = {
        "SELECT id, partition, content, rows, bytes FROM version WHERE id = $1", values,
        ARRAY_SIZE(values), read_version};
    ledger_version v;
    bool found;
    TRY(ledger_select_one(l, &query, a, &v, &found, err));
    if (!found)
        return error_set(err, E_NOT_FOUND, "there is no version %lld", (long long)version);
    TRY(ledger_version_files(l, version, a, &v.files, &v.file_count, err));
    *ret = v;
    return OK;
}

/* derivations */

static void read_derivation(const db_rows *row, arena *a, void *into) {
    (void)a;
    ledger_derivation *d = into;
    d->id = db_int(row, 0);
    d->version = db_int(row, 1);
    d->code = db_int(row, 2);
}

status ledger_derivation_find(ledger *l, int64_t partition, const char *memo_key,
                              ledger_derivation *ret, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_I(partition), DB_T(memo_key)};
    const ledger_query query = {"SELECT d.id, d.version, d.code FROM derivation d"
                                " JOIN version v ON v.id = d.version AND v.state = 'kept'"
                                " WHERE d.partition = $1 AND d.memo_key = $2",
                                values, ARRAY_SIZE(values), read_derivation};
    ledger_derivation d = {.partition = partition, .memo_key = memo_key};
    bool found;
    TRY(ledger_select_one(l, &query, a, &d, &found, err));
    if (!found)
        return error_set(err, E_NOT_FOUND, "nothing was made under the memo key \"%s\"", memo_key);
    *ret = d;
    return OK;
}

static status replace_lineage(ledger *l, const ledger_derivation *d, int64_t id, error *err) {
    const db_value of_derivation[] = {DB_I(id)};
    TRY(ledger_write(l, "DELETE FROM lineage WHERE derivation = $1", of_derivation, 1, err));
    for (size_t i = 0; i < d->lineage_count; i++) {
        const db_value values[] = {DB_I(id), DB_I(d->lineage[i].input), DB_I(d->lineage[i].unit)};
        TRY(ledger_write(l,
                         "INSERT INTO lineage (derivation, input, unit) VALUES ($1, $2, $3)"
                         " ON CONFLICT (derivation, input, unit) DO NOTHING",
                         values, ARRAY_SIZE(values), err));
    }
    return OK;
}

/* A forced rebuild arrives with a key that is there already: the key then leads to the new
 * version. */
status ledger_derivation_add(ledger *l, const ledger_derivation *d, const char *run,
                             int64_t *ret_id, error *err) {
    int64_t seq, id;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(d->partition), DB_T(d->memo_key), DB_I(d->version),
                               DB_I(d->code),      DB_T(run),         DB_I(seq)};
    TRY(db_get_int(l->d,
                   "INSERT INTO derivation (partition, memo_key, version, code, run, created_seq)"
                   " VALUES ($1, $2, $3, $4, $5, $6)"
                   " ON CONFLICT (partition, memo_key) DO UPDATE SET version = excluded.version,"
                   " code = excluded.code, run = excluded.run, created_seq = excluded.created_seq,"
                   " accepted = 0 RETURNING id",
                   values, ARRAY_SIZE(values), 0, &id, err));
    TRY(replace_lineage(l, d, id, err));
    *ret_id = id;
    return OK;
}

status ledger_derivation_accept(ledger *l, const ledger_acceptance *accepted, const char *run,
                                int64_t *ret_id, error *err) {
    int64_t seq, id;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(accepted->partition),
                               DB_T(accepted->memo_key),
                               DB_I(accepted->version),
                               DB_I(accepted->code),
                               DB_T(run),
                               DB_I(seq),
                               DB_I(accepted->event)};
    TRY(db_get_int(l->d,
                   "INSERT INTO derivation (partition, memo_key, version, code, run, created_seq,"
                   " accepted) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                   " ON CONFLICT (partition, memo_key) DO UPDATE SET version = excluded.version,"
                   " code = excluded.code, run = excluded.run, created_seq = excluded.created_seq,"
                   " accepted = excluded.accepted RETURNING id",
                   values, ARRAY_SIZE(values), 0, &id, err));
    const db_value of_derivation[] = {DB_I(id)};
    TRY(ledger_write(l, "DELETE FROM lineage WHERE derivation = $1", of_derivation, 1, err));
    const db_value lineage[] = {DB_I(id), DB_I(accepted->made)};
    TRY(ledger_write(l,
                     "INSERT INTO lineage (derivation, input, unit)"
                     " SELECT $1, input, unit FROM lineage WHERE derivation = $2",
                     lineage, ARRAY_SIZE(lineage), err));
    *ret_id = id;
    return OK;
}

static void read_ancestor(const db_rows *row, arena *a, void *into) {
    ledger_ancestors *all = into;
    ledger_ancestor one = {.input = db_int(row, 0),
                           .unit = db_int(row, 1),
                           .partition = db_text(row, 2, a),
                           .content = db_text(row, 3, a),
                           .counts = db_int(row, 4) != 0};
    vec_push(a, all, one);
}

status ledger_lineage_of(ledger *l, int64_t derivation, arena *a, ledger_ancestors *ret,
                         error *err) {
    const db_value values[] = {DB_I(derivation)};
    const ledger_query query = {
        "SELECT l.input, l.unit, p.text, v.content, CASE WHEN t.kind = 'source'"
        " THEN d.state = 'active' ELSE EXISTS (SELECT 1 FROM current c"
        " JOIN version n ON n.id = c.version AND n.content = v.content"
        " JOIN partition q ON q.id = c.partition AND q.text = p.text"
        " WHERE c.tbl = l.input AND c.to_seq IS NULL) END"
        " FROM lineage l JOIN tbl t ON t.id = l.input"
        " LEFT JOIN delivery d ON d.id = l.unit AND t.kind = 'source'"
        " LEFT JOIN version v ON v.id = l.unit AND t.kind = 'derived'"
        " LEFT JOIN partition p ON p.id = v.partition"
        " WHERE l.derivation = $1 ORDER BY l.input, l.unit",
        values, ARRAY_SIZE(values), read_ancestor};
    ledger_ancestors all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_unit_seq(ledger *l, bool input_is_source, int64_t unit, int64_t *ret, error *err) {
    const db_value values[] = {DB_I(unit)};
    return db_get_int(l->d,
                      input_is_source ? "SELECT changed_seq FROM delivery WHERE id = $1"
                                      : "SELECT max(from_seq) FROM current WHERE version = $1",
                      values, ARRAY_SIZE(values), 0, ret, err);
}
