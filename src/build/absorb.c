#include "build/input.h"

#include <inttypes.h>

/* How many units one feeds job looks at. */
enum { FEEDS_JOB_UNITS_MAX = 256 };

typedef struct absorbing {
    const build_context *c;
    const lake_table *reader;
    const lake_input *input;
    ledger_edge edge;
    arena *arena;
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
                        .from_path = d.from_path,
                        .land_time = d.land_time};
    return input_add_delivery(document, ab->c, ab->input->table, &unit, err);
}

static status add_version_unit(const absorbing *ab, int64_t id, json_t *document, error *err) {
    ledger_version v = {0};
    TRY(ledger_version_get(ab->c->ledger, id, ab->arena, &v, err));
    input_add_files(document, ab->c, ab->input->table, v.files, v.file_count);
    return OK;
}

static status add_unit(const absorbing *ab, int64_t id, json_t *units, error *err) {
    input_shape shape = {.table = ab->input->table};
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

static status take_answer(const absorbing *ab, int64_t unit, const json_t *from, error *err) {
    unit_feed feed;
    const json_t *failed = json_object_get(from, "error");
    if (failed)
        return error_set(err, E_DATA, "cannot find the partitions of \"%s\" that \"%s\" feeds: %s",
                         ab->reader->name, ab->input->table->name,
                         json_get_string(failed, "message", "unknown"));
    TRY(feeds_read_edge(ab->reader, ab->input, json_object_get(from, "feeds"), NULL, ab->arena,
                        &feed, err));
    return put_feed(ab, unit, &feed, err);
}

static status take_answers(const absorbing *ab, const int64_t *ids, size_t count,
                           const json_t *result, error *err) {
    json_t *units = NULL;
    TRY(json_need_array(result, "units", &units, err));
    if (json_array_size(units) != count)
        return error_set(err, E_ENGINE, "the worker answered for %zu units, not %zu",
                         json_array_size(units), count);
    for (size_t i = 0; i < count; i++)
        TRY(take_answer(ab, ids[i], json_array_get(units, i), err));
    return OK;
}

static status feeds_job(const absorbing *ab, const int64_t *ids, size_t count, error *err) {
    json_t *units = json_array();
    JSON_AUTO job = json_pack("{s:s, s:o, s:o}", "op", "feeds", "maps",
                              feeds_map_of(ab->reader, ab->input), "units", units);
    JSON_AUTO result = NULL;
    for (size_t i = 0; i < count; i++)
        TRY(add_unit(ab, ids[i], units, err));
    TRY(engine_call(ab->c->engine, job, &result, err));
    return take_answers(ab, ids, count, result, err);
}

/* Under `same` and `all` a unit's feeds follow from its own partition. */
static status feeds_without_rows(const absorbing *ab, const unit_change *change, error *err) {
    unit_feed feed;
    const char *partition = strchr(change->ref, ' ');
    TRY(feeds_read_edge(ab->reader, ab->input, NULL, partition ? partition + 1 : NULL, ab->arena,
                        &feed, err));
    return put_feed(ab, change->unit, &feed, err);
}

static status learn_feeds(const absorbing *ab, const unit_changes *changes, error *err) {
    VEC(int64_t) ids = {0};
    for (size_t i = 0; i < changes->count; i++) {
        if (changes->items[i].fed)
            continue;
        if (!feeds_need_rows(ab->input))
            TRY(feeds_without_rows(ab, &changes->items[i], err));
        else
            vec_push(ab->arena, &ids, changes->items[i].unit);
    }
    for (size_t from = 0; from < ids.count; from += FEEDS_JOB_UNITS_MAX) {
        size_t left = ids.count - from;
        size_t count = left < FEEDS_JOB_UNITS_MAX ? left : FEEDS_JOB_UNITS_MAX;
        TRY(feeds_job(ab, ids.items + from, count, err));
    }
    return OK;
}

static status mark_one(const absorbing *ab, const char *partition, const unit_change *change,
                       int64_t seq, error *err) {
    int64_t reader = ab->edge.table;
    if (!str_eq(partition, FEEDS_EVERY_PARTITION)) {
        mark m = {.partition = partition, .cause = change->cause, .ref = change->ref, .seq = seq};
        return ledger_mark_add(ab->c->ledger, reader, &m, err);
    }
    if (ab->reader->partition_by.count == 0) {
        mark m = {.partition = "()", .cause = change->cause, .ref = change->ref, .seq = seq};
        return ledger_mark_add(ab->c->ledger, reader, &m, err);
    }
    return ledger_mark_all(ab->c->ledger, reader, change->cause, change->ref, err);
}

static status mark_changes(const absorbing *ab, const unit_changes *changes, int64_t seq,
                           error *err) {
    for (size_t i = 0; i < changes->count; i++) {
        strings partitions = {0};
        TRY(ledger_feeds_of(ab->c->ledger, ab->edge.table, ab->edge.input, ab->edge.map,
                            changes->items[i].unit, ab->arena, &partitions, err));
        for (size_t j = 0; j < partitions.count; j++)
            TRY(mark_one(ab, partitions.items[j], &changes->items[i], seq, err));
    }
    return OK;
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
    TRY(learn_feeds(&ab, &changes, err));
    TRY(mark_changes(&ab, &changes, seq, err));
    return ledger_bookmark_set(c->ledger, edge->table, edge->input, seq, err);
}

static status absorb_all(const build_context *c, const ledger_edges *edges, error *err) {
    for (size_t i = 0; i < edges->count; i++)
        TRY(absorb_edge(c, &edges->items[i], err));
    return OK;
}

/* One transaction for all edges, so that a kill leaves either none of it or all of it. */
status build_absorb(const build_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_edges edges = {0};
    TRY(ledger_edges_behind(c->ledger, a, &edges, err));
    if (edges.count == 0)
        return OK;
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status absorbed = absorb_all(c, &edges, err);
    if (absorbed != OK) {
        ledger_rollback(c->ledger);
        return absorbed;
    }
    return ledger_commit(c->ledger, err);
}
