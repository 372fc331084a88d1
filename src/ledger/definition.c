#include "ledger/definition.h"

#include "base/hash.h"
#include "ledger/code.h"
#include "ledger/rename.h"

/* A table as the ledger has it before it is synchronised; id 0: not at all. */
typedef struct known_table {
    int64_t id;
    const char *kind;
    bool was_orphaned;
    int64_t generation; /* 0: none */
    const char *columns_hash;
    const char *partition_by;
    known_code code;
    bool is_built; /* something is current */
} known_table;

typedef enum sync_order { SYNC_FORWARD, SYNC_ANY } sync_order;

typedef struct sync {
    ledger *l;
    const lake *definition;
    sync_order order;
    arena *arena;
    int64_t *ids; /* per table of the definition */
} sync;

static void read_known(const db_rows *row, arena *a, void *into) {
    known_table *known = into;
    *known = (known_table){
        .id = db_int(row, 0),
        .kind = db_text(row, 1, a),
        .was_orphaned = !str_eq(db_text(row, 2, a), "active"),
        .generation = db_int(row, 3),
        .columns_hash = db_text(row, 4, a),
        .partition_by = db_text(row, 5, a),
        .code = {.fingerprint = db_text(row, 6, a), .parts = db_text(row, 7, a)},
        .is_built = db_int(row, 8) != 0,
    };
}

static const char *kind_of(const lake_table *t) {
    return t->source == NULL ? "derived" : "source";
}

static status add_table(const sync *s, const lake_table *t, known_table *ret, error *err) {
    const db_value values[] = {DB_T(t->name), DB_T(kind_of(t))};
    known_table added = {.kind = kind_of(t)};
    TRY(db_get_int(s->l->d,
                   "INSERT INTO tbl (name, kind, state, changed_seq, projected_seq)"
                   " VALUES ($1, $2, 'active', 0, 0) RETURNING id",
                   values, ARRAY_SIZE(values), 0, &added.id, err));
    *ret = added;
    return OK;
}

static status refuse_other_kind(const lake_table *t, const known_table *known, error *err) {
    if (str_eq(known->kind, kind_of(t)))
        return OK;
    error_set(err, E_DEFINITION, "table \"%s\" was a %s table and is now a %s one", t->name,
              known->kind, kind_of(t));
    error_hint(err, "What it holds cannot be taken over: give the new table another name.");
    return E_DEFINITION;
}

static status find_table(const sync *s, const lake_table *t, known_table *ret, bool *ret_found,
                         error *err) {
    const db_value values[] = {DB_T(t->name)};
    const ledger_query query = {
        "SELECT t.id, t.kind, t.state, t.generation, g.columns_hash, g.partition_by,"
        " c.fingerprint, c.parts,"
        " EXISTS (SELECT 1 FROM current n WHERE n.tbl = t.id AND n.to_seq IS NULL)"
        " FROM tbl t LEFT JOIN generation g ON g.id = t.generation"
        " LEFT JOIN code c ON c.id = t.code WHERE t.name = $1",
        values, ARRAY_SIZE(values), read_known};
    return ledger_select_one(s->l, &query, s->arena, ret, ret_found, err);
}

static status need_table(const sync *s, const lake_table *t, known_table *ret, error *err) {
    const db_value values[] = {DB_T(t->name)};
    known_table known;
    bool found;
    TRY(find_table(s, t, &known, &found, err));
    if (!found) {
        TRY(rename_to(s->l, s->definition, t, s->order == SYNC_ANY ? RENAME_ANY : RENAME_FORWARD,
                      err));
        TRY(find_table(s, t, &known, &found, err));
    }
    if (!found)
        return add_table(s, t, ret, err);
    TRY(refuse_other_kind(t, &known, err));
    TRY(ledger_write(s->l, "UPDATE tbl SET state = 'active' WHERE name = $1 AND state <> 'active'",
                     values, ARRAY_SIZE(values), err));
    *ret = known;
    return OK;
}

/* generations */

static char *columns_text(arena *a, const columns *c) {
    JSON_AUTO array = json_array();
    for (size_t i = 0; i < c->count; i++)
        json_array_append_new(array, json_pack("{s:s, s:s, s:I}", "name", c->items[i].name, "type",
                                               c->items[i].type, "field_id", (json_int_t)i + 1));
    return json_text(a, array);
}

static char *names_text(arena *a, const strings *names) {
    JSON_AUTO array = json_array();
    for (size_t i = 0; i < names->count; i++)
        json_array_append_new(array, json_string(names->items[i]));
    return json_text(a, array);
}

/* Feeds, marks and failures name partitions by texts that mean nothing under another
 * partitioning. */
static status forget_partition_texts(ledger *l, int64_t table, error *err) {
    const db_value values[] = {DB_I(table)};
    static const char *const STATEMENTS[] = {
        "DELETE FROM feed WHERE tbl = $1",
        "DELETE FROM fed WHERE tbl = $1",
        "DELETE FROM mark WHERE tbl = $1",
        "DELETE FROM failure WHERE tbl = $1",
    };
    for (size_t i = 0; i < ARRAY_SIZE(STATEMENTS); i++)
        TRY(ledger_write(l, STATEMENTS[i], values, ARRAY_SIZE(values), err));
    return OK;
}

/* What a generation has to be. */
typedef struct shape {
    char hash[SHA256_TEXT_SIZE]; /* of the columns */
    const char *partition_by;
} shape;

static status add_generation(const sync *s, const lake_table *t, int64_t table, const shape *want,
                             int64_t *ret_id, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(s->l, &seq, err));
    const db_value values[] = {DB_I(table), DB_T(columns_text(s->arena, &t->columns)),
                               DB_T(want->hash), DB_T(want->partition_by), DB_I(seq)};
    return db_get_int(
        s->l->d,
        "INSERT INTO generation (tbl, columns, columns_hash, partition_by, created_seq)"
        " VALUES ($1, $2, $3, $4, $5) RETURNING id",
        values, ARRAY_SIZE(values), 0, ret_id, err);
}

/* A shape that the table had before is the same generation again: what is current or retained of
 * it need not be built. */
static status need_generation(const sync *s, const lake_table *t, int64_t table, const shape *want,
                              int64_t *ret_id, error *err) {
    int64_t id;
    const db_value values[] = {DB_I(table), DB_T(want->hash), DB_T(want->partition_by)};
    TRY(db_get_int(s->l->d,
                   "SELECT id FROM generation WHERE tbl = $1 AND columns_hash = $2"
                   " AND partition_by = $3 ORDER BY id DESC LIMIT 1",
                   values, ARRAY_SIZE(values), 0, &id, err));
    if (id == 0)
        TRY(add_generation(s, t, table, want, &id, err));
    *ret_id = id;
    return OK;
}

static status set_generation(const sync *s, const lake_table *t, int64_t table, const shape *want,
                             error *err) {
    int64_t id;
    TRY(need_generation(s, t, table, want, &id, err));
    const db_value of_table[] = {DB_I(table), DB_I(id)};
    TRY(ledger_write(s->l, "UPDATE tbl SET generation = $2 WHERE id = $1", of_table,
                     ARRAY_SIZE(of_table), err));
    return ledger_write(s->l,
                        "UPDATE edge SET bookmark_seq = 0, reason_seq = bookmark_seq"
                        " WHERE tbl = $1 AND bookmark_seq > 0",
                        of_table, 1, err);
}

static status sync_generation(const sync *s, const lake_table *t, const known_table *known,
                              bool *ret_new, error *err) {
    shape want = {.partition_by = names_text(s->arena, &t->partition_by)};
    columns_hash(&t->columns, want.hash);
    bool is_known = known->generation != 0;
    bool same_partitions = is_known && str_eq(known->partition_by, want.partition_by);
    *ret_new = !same_partitions || !str_eq(known->columns_hash, want.hash);
    if (!*ret_new)
        return OK;
    TRY(set_generation(s, t, known->id, &want, err));
    return is_known && !same_partitions ? forget_partition_texts(s->l, known->id, err) : OK;
}

/* code */

static status sync_code(const sync *s, const lake_table *t, const known_table *known, bool *ret_new,
                        error *err) {
    const char *before = known->code.fingerprint;
    *ret_new = before == NULL || !str_eq(before, t->fingerprint);
    if (!*ret_new)
        return OK;
    if (s->order == SYNC_FORWARD)
        TRY(code_check_order(s->l, t, known->id, err));
    return code_add(s->l, t, known->id, err);
}

/* What is current of another partitioning has to go, even if nothing comes in its place. */
static status mark_leaving(const sync *s, int64_t table, const char *ref, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(s->l, &seq, err));
    const db_value values[] = {DB_I(table), DB_T(cause_name(CAUSE_CODE)), DB_T(ref), DB_I(seq)};
    return ledger_write(s->l,
                        "INSERT INTO mark (tbl, partition, cause, ref, seq)"
                        " SELECT c.tbl, p.text, $2, $3, $4 FROM current c"
                        " JOIN partition p ON p.id = c.partition JOIN tbl t ON t.id = c.tbl"
                        " WHERE c.tbl = $1 AND c.to_seq IS NULL AND p.generation <> t.generation"
                        " ON CONFLICT (tbl, partition, cause, ref) DO NOTHING",
                        values, ARRAY_SIZE(values), err);
}

/* The only partition of an unpartitioned table is there whatever its inputs hold: over nothing a
 * count is 0, and no change of an input would say so. */
static status mark_table(const sync *s, const lake_table *t, int64_t table, const char *ref,
                         error *err) {
    TRY(ledger_mark_all(s->l, table, CAUSE_CODE, ref, err));
    TRY(mark_leaving(s, table, ref, err));
    if (t->partition_by.count > 0)
        return OK;
    const mark only = {.partition = "()", .cause = CAUSE_CODE, .ref = ref};
    return ledger_mark_add(s->l, table, &only, err);
}

/* edges */

/* reason: why all of the input is to be looked at again, where the map is another one; NULL: the
 * table is new. What the bookmark had passed is reached by the code alone, as is all of an input
 * that was not read before. */
static status sync_edge(const sync *s, int64_t table, const lake_input *input, const char *reason,
                        error *err) {
    int64_t seq = 0;
    if (reason != NULL)
        TRY(ledger_next_seq(s->l, &seq, err));
    const db_value values[] = {DB_I(table),
                               DB_I(s->ids[input->table->index]),
                               DB_T(input->map_fingerprint),
                               DB_T(input->span),
                               DB_T(reason),
                               DB_I(seq)};
    return ledger_write(
        s->l,
        "INSERT INTO edge (tbl, input, map, span, bookmark_seq, reason, reason_seq)"
        " VALUES ($1, $2, $3, $4, 0, $5, $6)"
        " ON CONFLICT (tbl, input) DO UPDATE SET map = excluded.map, span = excluded.span,"
        " bookmark_seq = 0, reason = excluded.reason, reason_seq ="
        " CASE WHEN edge.bookmark_seq > 0 THEN edge.bookmark_seq ELSE edge.reason_seq END"
        " WHERE edge.map <> excluded.map"
        " OR (edge.bookmark_seq = 0 AND excluded.reason IS NOT NULL)",
        values, ARRAY_SIZE(values), err);
}

static bool reads(const sync *s, const lake_table *t, int64_t input) {
    for (size_t i = 0; i < t->input_count; i++)
        if (s->ids[t->inputs[i].table->index] == input)
            return true;
    return false;
}

typedef VEC(int64_t) ids;

static void read_id(const db_rows *row, arena *a, void *into) {
    ids *read = into;
    vec_push(a, read, db_int(row, 0));
}

static status drop_old_edges(const sync *s, const lake_table *t, int64_t table, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT input FROM edge WHERE tbl = $1", values, 1, read_id};
    ids inputs = {0};
    TRY(ledger_select(s->l, &query, s->arena, &inputs, err));
    for (size_t i = 0; i < inputs.count; i++) {
        const db_value edge[] = {DB_I(table), DB_I(inputs.items[i])};
        if (!reads(s, t, inputs.items[i]))
            TRY(ledger_write(s->l, "DELETE FROM edge WHERE tbl = $1 AND input = $2", edge,
                             ARRAY_SIZE(edge), err));
    }
    return OK;
}

static status sync_edges(const sync *s, const lake_table *t, int64_t table, const char *reason,
                         error *err) {
    for (size_t i = 0; i < t->input_count; i++)
        TRY(sync_edge(s, table, &t->inputs[i], reason, err));
    return drop_old_edges(s, t, table, err);
}

/* What people are told of why a table is to be built again. */
static const char *reason_of(const sync *s, const lake_table *t, const known_table *known,
                             bool new_code) {
    if (known->was_orphaned && !new_code)
        return "defined again";
    return code_difference(t, &known->code, s->arena);
}

static status sync_table(const sync *s, const lake_table *t, error *err) {
    known_table known;
    bool new_generation, new_code;
    const char *reason = NULL;
    TRY(need_table(s, t, &known, err));
    s->ids[t->index] = known.id;
    TRY(sync_generation(s, t, &known, &new_generation, err));
    TRY(sync_code(s, t, &known, &new_code, err));
    if (t->source == NULL && (new_generation || new_code || known.was_orphaned)) {
        reason = reason_of(s, t, &known, new_code);
        TRY(mark_table(s, t, known.id, reason, err));
    }
    return sync_edges(s, t, known.id, known.is_built ? reason : NULL, err);
}

/* What nobody will build needs neither edges nor marks; when the table comes back, all it has is
 * marked, for what it held may be gone, and its edges are new and bring what came. */
static status orphan_table(ledger *l, int64_t table, error *err) {
    const db_value values[] = {DB_I(table)};
    static const char *const STATEMENTS[] = {
        "UPDATE tbl SET state = 'orphaned' WHERE id = $1",
        "DELETE FROM edge WHERE tbl = $1",
        "DELETE FROM mark WHERE tbl = $1",
        "DELETE FROM failure WHERE tbl = $1",
    };
    for (size_t i = 0; i < ARRAY_SIZE(STATEMENTS); i++)
        TRY(ledger_write(l, STATEMENTS[i], values, ARRAY_SIZE(values), err));
    return OK;
}

static bool defines(const sync *s, int64_t table) {
    for (size_t i = 0; i < s->definition->table_count; i++)
        if (s->ids[i] == table)
            return true;
    return false;
}

static status orphan_others(const sync *s, error *err) {
    const ledger_query query = {"SELECT id FROM tbl WHERE state = 'active'", NULL, 0, read_id};
    ids active = {0};
    TRY(ledger_select(s->l, &query, s->arena, &active, err));
    for (size_t i = 0; i < active.count; i++)
        if (!defines(s, active.items[i]))
            TRY(orphan_table(s->l, active.items[i], err));
    return OK;
}

static status sync_all(const sync *s, error *err) {
    const lake *definition = s->definition;
    for (size_t i = 0; i < definition->table_count; i++)
        TRY(sync_table(s, definition->tables[i], err));
    TRY(orphan_others(s, err));
    const db_value values[] = {DB_T(definition->fingerprint), DB_T(definition->name)};
    return ledger_write(s->l, "UPDATE lake SET definition = $1, name = $2", values,
                        ARRAY_SIZE(values), err);
}

/* Another process may have been faster: look again within the transaction. */
static status sync_if_needed(const sync *s, error *err) {
    bool known;
    TRY(definition_is_known(s->l, s->definition, &known, err));
    return known ? OK : sync_all(s, err);
}

static status sync_definition(const sync *s, ledger_table **ret_tables, error *err) {
    bool known, own;
    TRY(definition_is_known(s->l, s->definition, &known, err));
    if (!known) {
        TRY(ledger_enter(s->l, &own, err));
        TRY(ledger_leave(s->l, own, sync_if_needed(s, err), err));
    }
    return definition_load(s->l, s->definition, s->arena, ret_tables, err);
}

static sync new_sync(ledger *l, const lake *definition, sync_order order, arena *a) {
    return (sync){l, definition, order, a, ARENA_ARRAY(a, int64_t, definition->table_count)};
}

status ledger_sync_definition(ledger *l, const lake *definition, arena *a,
                              ledger_table **ret_tables, error *err) {
    const sync s = new_sync(l, definition, SYNC_FORWARD, a);
    return sync_definition(&s, ret_tables, err);
}

status ledger_redefine(ledger *l, const lake *definition, arena *a, ledger_table **ret_tables,
                       error *err) {
    const sync s = new_sync(l, definition, SYNC_ANY, a);
    return sync_definition(&s, ret_tables, err);
}
