#include "build/absorb.h"

#include "build/input.h"
#include "build/undo.h"
#include "ledger/reach.h"

#include <inttypes.h>

/* How many units one feeds job looks at. */
enum { FEEDS_JOB_UNITS_MAX = 256 };

typedef struct absorbing {
    const build_context *c;
    const lake_table *reader;
    const lake_input *input;
    ledger_edge edge;
    arena *arena;
    error why; /* the first reason why some unit's feeds cannot be told; kind OK: none */
} absorbing;

static bool find_edge(absorbing *ab, const ledger_edge *edge) {
    const lake *l = ab->c->lake;
    for (size_t i = 0; i < l->table_count; i++) {
        if (ab->c->tables[i].id != edge->table)
            continue;
        for (size_t j = 0; j < l->tables[i]->input_count; j++) {
            const lake_input *input = &l->tables[i]->inputs[j];
            if (ab->c->tables[input->table->index].id != edge->input)
                continue;
            ab->reader = l->tables[i];
            ab->input = input;
            ab->edge = *edge;
            return true;
        }
    }
    return false;
}

static status add_delivery_unit(const absorbing *ab, int64_t id, json_t *document, error *err) {
    delivery d = {0};
    TRY(ledger_delivery_get(ab->c->ledger, id, ab->arena, &d, err));
    ledger_unit unit = {.unit = id,
                        .contract = d.contract,
                        .contract_hash = d.contract_hash,
                        .file = d.file,
                        .object = d.object,
                        .bytes = d.bytes,
                        .from_path = d.from_path,
                        .land_time = d.land_time};
    return input_add_delivery(document, ab->c, ab->input->table, &unit, err);
}

static status add_version_unit(const absorbing *ab, int64_t id, json_t *document, error *err) {
    ledger_version v = {0};
    TRY(ledger_version_get(ab->c->ledger, id, ab->arena, &v, err));
    return input_add_files(document, ab->c, ab->input->table, v.files, v.file_count, err);
}

static status add_unit(const absorbing *ab, int64_t id, json_t *units, error *err) {
    input_shape shape = {.table = ab->input->table,
                         .land_timestamp =
                             ab->input->reads_land_timestamp || ab->input->map_reads_land_timestamp,
                         .file = ab->input->reads_file || ab->input->map_reads_file};
    json_t *document = input_document(&shape);
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, id);
    json_array_append_new(units, json_pack("{s:s, s:o}", "id", text, "input", document));
    return ab->input->table->source ? add_delivery_unit(ab, id, document, err)
                                    : add_version_unit(ab, id, document, err);
}

static status put_feed(const absorbing *ab, int64_t unit, const unit_feed *feed, error *err) {
    feed_set set = {.table = ab->edge.table,
                    .input = ab->edge.input,
                    .map = ab->edge.map,
                    .unit = unit,
                    .partitions = feed->partitions,
                    .rows = feed->rows};
    return ledger_feeds_put(ab->c->ledger, &set, err);
}

/* The edge then stays behind, and what else was learned is kept. */
static void fail_unit(absorbing *ab, const char *ref, const char *message) {
    if (ab->why.kind != OK)
        return;
    (void)error_set(&ab->why, E_DATA, "cannot tell which partitions of \"%s\" \"%s\" feeds: %s",
                    ab->reader->name, ref, message);
    error_hint(&ab->why,
               "Let the map or the partition column in the SQL of \"%s\" take this value too.",
               ab->reader->name);
}

static status take_answer(absorbing *ab, const unit_change *change, const json_t *from,
                          error *err) {
    unit_feed feed;
    const json_t *failed = json_object_get(from, "error");
    if (failed) {
        fail_unit(ab, change->ref, json_get_string(failed, "message", "unknown"));
        return OK;
    }
    TRY(feeds_read_edge(ab->reader, ab->input, json_object_get(from, "feeds"), NULL, ab->arena,
                        &feed, err));
    return put_feed(ab, change->unit, &feed, err);
}

static status take_answers(absorbing *ab, const unit_change *changes, size_t count,
                           const json_t *result, error *err) {
    json_t *units = NULL;
    TRY(json_need_array(result, "units", &units, err));
    if (json_array_size(units) != count)
        return error_set(err, E_ENGINE, "the worker answered for %zu units, not %zu",
                         json_array_size(units), count);
    for (size_t i = 0; i < count; i++)
        TRY(take_answer(ab, &changes[i], json_array_get(units, i), err));
    return OK;
}

static status end_transaction(ledger *l, status result, error *err) {
    if (result == OK)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

static status ask(const absorbing *ab, const unit_change *changes, size_t count, json_t **ret,
                  error *err) {
    json_t *units = json_array();
    JSON_AUTO job = json_pack("{s:s, s:o, s:o}", "op", "feeds", "maps",
                              feeds_map_of(ab->reader, ab->input), "units", units);
    for (size_t i = 0; i < count; i++)
        TRY(add_unit(ab, changes[i].unit, units, err));
    return engine_call(ab->c->engine, job, ret, err);
}

static status feeds_job(absorbing *ab, const unit_change *changes, size_t count, error *err) {
    JSON_AUTO result = NULL;
    error why = {0};
    status asked = ask(ab, changes, count, &result, &why);
    if (asked == E_INTERRUPTED || asked == E_FOREIGN)
        return error_pass(asked, &why, err);
    if (asked != OK) {
        fail_unit(ab, changes[0].ref, why.message);
        return OK;
    }
    TRY(ledger_begin(ab->c->ledger, LEDGER_WRITE, err));
    return end_transaction(ab->c->ledger, take_answers(ab, changes, count, result, err), err);
}

/* Under `same` and `all` a unit's feeds follow from its own partition. */
static status put_without_rows(const absorbing *ab, const unit_change *change, error *err) {
    unit_feed feed;
    const char *partition = strchr(change->ref, ' ');
    TRY(feeds_read_edge(ab->reader, ab->input, NULL, partition ? partition + 1 : NULL, ab->arena,
                        &feed, err));
    return put_feed(ab, change->unit, &feed, err);
}

static status put_all_without_rows(const absorbing *ab, const unit_changes *changes, error *err) {
    for (size_t i = 0; i < changes->count; i++)
        if (!changes->items[i].fed)
            TRY(put_without_rows(ab, &changes->items[i], err));
    return OK;
}

/* A partition reads only units whose feeds are known, so of one that no longer counts and was never
 * asked about, nothing was read. */
static bool concerns_nobody(const absorbing *ab, const unit_change *change) {
    return !change->fed && !change->counts && feeds_need_rows(ab->input);
}

static status learn_from_rows(absorbing *ab, const unit_changes *changes, error *err) {
    unit_changes unknown = {0};
    for (size_t i = 0; i < changes->count; i++)
        if (!changes->items[i].fed && !concerns_nobody(ab, &changes->items[i]))
            vec_push(ab->arena, &unknown, changes->items[i]);
    for (size_t from = 0; from < unknown.count; from += FEEDS_JOB_UNITS_MAX) {
        size_t left = unknown.count - from;
        size_t count = left < FEEDS_JOB_UNITS_MAX ? left : FEEDS_JOB_UNITS_MAX;
        TRY(feeds_job(ab, unknown.items + from, count, err));
    }
    return OK;
}

/* What a unit feeds is true whatever becomes of this run, so it is kept job by job, and the ledger
 * is free while the engine works. */
static status learn_feeds(absorbing *ab, const unit_changes *changes, error *err) {
    if (feeds_need_rows(ab->input))
        return learn_from_rows(ab, changes, err);
    TRY(ledger_begin(ab->c->ledger, LEDGER_WRITE, err));
    return end_transaction(ab->c->ledger, put_all_without_rows(ab, changes, err), err);
}

static status learn_edge(const build_context *c, const ledger_edge *edge, arena *keep,
                         absorb_failures *failures, error *err) {
    ARENA_AUTO a = arena_new();
    absorbing ab = {.c = c, .arena = a};
    unit_changes changes = {0};
    if (!find_edge(&ab, edge))
        return OK;
    TRY(ledger_changes_since(c->ledger, edge, edge->bookmark_seq, a, &changes, err));
    if (changes.count > 0)
        TRY(learn_feeds(&ab, &changes, err));
    if (ab.why.kind != OK)
        vec_push(keep, failures, ((absorb_failure){.reader = ab.reader, .why = ab.why}));
    return OK;
}

/* Where the reader's code set the bookmark back, what came before that is reached by the code. */
static unit_change as_told(const ledger_edge *edge, const unit_change *change) {
    unit_change told = *change;
    if (edge->reason != NULL && edge->bookmark_seq == 0 && change->seq <= edge->reason_seq) {
        told.cause = CAUSE_CODE;
        told.ref = edge->reason;
    }
    return told;
}

static status mark_one(const absorbing *ab, const char *fed, const unit_change *change, int64_t seq,
                       error *err) {
    strings reached = {0};
    TRY(ledger_reached(ab->c->ledger, &ab->edge, fed, ab->arena, &reached, err));
    for (size_t i = 0; i < reached.count; i++) {
        mark m = {
            .partition = reached.items[i], .cause = change->cause, .ref = change->ref, .seq = seq};
        TRY(ledger_mark_add(ab->c->ledger, ab->edge.table, &m, err));
    }
    return OK;
}

static status mark_change(const absorbing *ab, const unit_change *change, int64_t seq, error *err) {
    strings partitions = {0};
    if (concerns_nobody(ab, change))
        return OK;
    TRY(ledger_feeds_of(ab->c->ledger, ab->edge.table, ab->edge.input, ab->edge.map, change->unit,
                        ab->arena, &partitions, err));
    for (size_t i = 0; i < partitions.count; i++)
        TRY(mark_one(ab, partitions.items[i], change, seq, err));
    return OK;
}

/* Something came in after the feeds were learned, or cannot be learned: the edge stays behind. */
static bool is_incomplete(const absorbing *ab, const unit_changes *changes) {
    for (size_t i = 0; i < changes->count; i++)
        if (!changes->items[i].fed && !concerns_nobody(ab, &changes->items[i]))
            return true;
    return false;
}

static status absorb_edge(const build_context *c, const ledger_edge *edge, error *err) {
    ARENA_AUTO a = arena_new();
    absorbing ab = {.c = c, .arena = a};
    unit_changes changes = {0};
    int64_t seq = 0;
    if (!find_edge(&ab, edge))
        return OK;
    TRY(ledger_seq(c->ledger, &seq, err));
    TRY(ledger_changes_since(c->ledger, edge, edge->bookmark_seq, a, &changes, err));
    if (is_incomplete(&ab, &changes))
        return OK;
    for (size_t i = 0; i < changes.count; i++) {
        const unit_change told = as_told(edge, &changes.items[i]);
        TRY(mark_change(&ab, &told, seq, err));
    }
    return ledger_bookmark_set(c->ledger, edge->table, edge->input, seq, err);
}

static status absorb_all(const build_context *c, const ledger_edges *edges, error *err) {
    for (size_t i = 0; i < edges->count; i++)
        TRY(absorb_edge(c, &edges->items[i], err));
    return OK;
}

/* One transaction for the marks of all edges, so that a kill leaves either none of them or all. */
status absorb_changes(const build_context *c, arena *a, absorb_failures *ret, error *err) {
    ledger_edges edges = {0};
    absorb_failures failures = {0};
    TRY(undo_lapse(c, err));
    TRY(ledger_edges_behind(c->ledger, a, &edges, err));
    if (edges.count == 0)
        return OK;
    for (size_t i = 0; i < edges.count; i++)
        TRY(learn_edge(c, &edges.items[i], a, &failures, err));
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    TRY(end_transaction(c->ledger, absorb_all(c, &edges, err), err));
    *ret = failures;
    return OK;
}

status build_is_absorbed(const build_context *c, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_edges behind = {0};
    ledger_holds lapsed = {0};
    TRY(ledger_holds_lapsed(c->ledger, a, &lapsed, err));
    TRY(ledger_edges_behind(c->ledger, a, &behind, err));
    *ret = lapsed.count == 0 && behind.count == 0;
    return OK;
}

status build_absorb(const build_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    absorb_failures failures = {0};
    TRY(absorb_changes(c, a, &failures, err));
    if (failures.count == 0)
        return OK;
    if (err)
        *err = failures.items[0].why;
    return failures.items[0].why.kind;
}
