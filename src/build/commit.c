#include "build/commit.h"

#include "build/job.h"
#include "build/stage.h"
#include "ledger/rebuild.h"
#include "ledger/staged.h"

static bool settled(const staged *st) {
    return st->outcome == OUTCOME_BUILT || st->outcome == OUTCOME_REUSED;
}

static void add_lineage(const build_state *s, const lake_table *t, const staged *st,
                        ledger_derivation *d) {
    VEC(ledger_unit_ref) refs = {0};
    for (size_t i = 0; i < t->input_count; i++) {
        int64_t input = state_ledger_table(s, t->inputs[i].table)->id;
        for (size_t j = 0; j < st->inputs[i].count; j++) {
            const source_unit *unit = &st->inputs[i].items[j];
            int64_t id = unit->staged ? unit->staged->version : unit->unit.unit;
            vec_push(s->arena, &refs, ((ledger_unit_ref){.input = input, .unit = id}));
        }
    }
    d->lineage = refs.items;
    d->lineage_count = refs.count;
}

static status put_feed(const build_state *s, const staged *st, const unit_feed *feed, error *err) {
    strings known = {0};
    ledger_edge edge = build_edge(s->c, feed->reader, feed->input);
    feed_set set = {.table = edge.table,
                    .input = edge.input,
                    .map = edge.map,
                    .unit = st->version,
                    .partitions = feed->partitions,
                    .rows = feed->rows};
    status found = ledger_feeds_of(s->c->ledger, edge.table, edge.input, edge.map, st->version,
                                   s->arena, &known, err);
    return found == E_NOT_FOUND ? ledger_feeds_put(s->c->ledger, &set, err) : found;
}

/* Of a reused version most are recorded already, with their rows. */
static status put_feeds(const build_state *s, const staged *st, error *err) {
    for (size_t i = 0; i < st->feeds.count; i++)
        TRY(put_feed(s, st, &st->feeds.items[i], err));
    return OK;
}

static status add_version(const build_state *s, const lake_table *t, staged *st, int64_t partition,
                          error *err) {
    ledger_version version = {.partition = partition,
                              .content = st->content,
                              .rows = st->rows,
                              .bytes = st->bytes,
                              .files = st->files,
                              .file_count = st->file_count};
    TRY(ledger_version_add(s->c->ledger, state_ledger_table(s, t)->id, &version, s->c->run, err));
    st->version = version.id;
    return OK;
}

/* What read the old version and what reads the new one is stale, unless this build took care of
 * it. */
static status mark_readers(const build_state *s, const lake_table *t, const staged *st,
                           error *err) {
    int64_t id = state_ledger_table(s, t)->id;
    const char *ref = arena_printf(s->arena, "%s %s", t->name, st->text);
    if (st->old.version != 0)
        TRY(ledger_mark_unit(s->c->ledger, id, st->old.version, CAUSE_UPSTREAM, ref, err));
    return ledger_mark_unit(s->c->ledger, id, st->version, CAUSE_UPSTREAM, ref, err);
}

/* The version, unless it is there already, and how it came to be. A reused one has both. */
static status record(const build_state *s, const lake_table *t, staged *st, int64_t partition,
                     error *err) {
    if (st->derivation != 0)
        return OK;
    if (st->changed || st->outcome == OUTCOME_HELD)
        TRY(add_version(s, t, st, partition, err));
    else
        st->version = st->old.version;
    ledger_derivation d = {.partition = partition,
                           .memo_key = st->memo_key,
                           .version = st->version,
                           .code = state_ledger_table(s, t)->code};
    add_lineage(s, t, st, &d);
    return ledger_derivation_add(s->c->ledger, &d, s->c->run, &st->derivation, err);
}

static status make_current(const build_state *s, const lake_table *t, const staged *st,
                           int64_t partition, error *err) {
    int64_t id = state_ledger_table(s, t)->id;
    TRY(ledger_current_set(s->c->ledger, id, partition, st->derivation, st->version, err));
    return st->changed ? mark_readers(s, t, st, err) : OK;
}

static status commit_settled(const build_state *s, const lake_table *t, staged *st, error *err) {
    const ledger_table *in = state_ledger_table(s, t);
    int64_t partition = 0;
    TRY(ledger_partition_need(s->c->ledger, in->id, in->generation, st->text, &partition, err));
    TRY(record(s, t, st, partition, err));
    TRY(put_feeds(s, st, err));
    return st->outcome == OUTCOME_HELD ? OK : make_current(s, t, st, partition, err);
}

/* May go better next time although nothing that the memo key knows has changed. */
static bool is_transient(status failed) {
    return failed == E_FULL || failed == E_IO || failed == E_DENIED || failed == E_ENGINE
           || failed == E_NOT_FOUND;
}

static status commit_failure(const build_state *s, const lake_table *t, const staged *st,
                             error *err) {
    if (st->remembered || is_transient(st->failure.kind))
        return OK;
    JSON_AUTO document = json_pack("{s:s, s:s, s:s}", "kind", status_name(st->failure.kind),
                                   "message", st->failure.message, "hint", st->failure.hint);
    ledger_failure failure = {
        .partition = st->text, .memo_key = st->memo_key, .error = json_text(s->arena, document)};
    return ledger_failure_put(s->c->ledger, state_ledger_table(s, t)->id, &failure, s->c->run,
                              clock_now_us(s->c->clock), err);
}

static status commit_partition(const build_state *s, const lake_table *t, staged *st, error *err) {
    int64_t id = state_ledger_table(s, t)->id;
    if (st->outcome == OUTCOME_FAILED)
        return commit_failure(s, t, st, err);
    if (staged_is_stuck(st) && st->outcome != OUTCOME_HELD)
        return OK;
    TRY(ledger_failure_clear(s->c->ledger, id, st->text, err));
    TRY(ledger_staged_drop(s->c->ledger, id, st->text, err));
    if (st->outcome == OUTCOME_HELD)
        TRY(ledger_forced_built(s->c->ledger, id, st->text, s->plan_seq, err));
    else
        TRY(ledger_marks_clear(s->c->ledger, id, st->text, s->plan_seq, err));
    return settled(st) || st->outcome == OUTCOME_HELD ? commit_settled(s, t, st, err) : OK;
}

static void count_step(const staged_table *table, ledger_step *step) {
    for (size_t i = 0; i < table->partitions.count; i++) {
        const staged *st = table->partitions.items[i];
        step->dropped += st->dropped;
        step->failed += st->outcome == OUTCOME_FAILED;
        step->blocked += st->outcome == OUTCOME_BLOCKED || st->outcome == OUTCOME_HELD;
        step->reused += st->outcome == OUTCOME_REUSED;
        step->unchanged += st->outcome == OUTCOME_BUILT && !st->changed;
        step->emptied += staged_is_emptied(st);
        step->built += st->outcome == OUTCOME_BUILT && st->changed && st->rows > 0;
        if (st->outcome == OUTCOME_BUILT && st->changed) {
            step->rows += st->rows;
            step->bytes += st->bytes;
        }
    }
}

static status commit_table(const build_state *s, staged_table *table, error *err) {
    const lake_table *t = table->table;
    const ledger_table *in = state_ledger_table(s, t);
    ledger_step step = {.table = in->id, .micros = table->micros};
    for (size_t i = 0; i < table->partitions.count; i++)
        TRY(commit_partition(s, t, table->partitions.items[i], err));
    count_step(table, &step);
    if (table->partitions.count > 0)
        TRY(ledger_step_put(s->c->ledger, s->c->run, &step, err));
    if (table->swaps && !stage_obstacle(table))
        TRY(ledger_generation_retire(s->c->ledger, in->id, in->generation, err));
    if (table->garbage) /* then the pending record stays until recovery has removed it */
        return OK;
    return ledger_pending_remove(s->c->ledger, s->c->lake->layers[t->layer].name,
                                 job_prefix(s->c, t, s->arena), err);
}

/* Marks that this run's commits set on partitions which it built with the change already in. */
static status clear_own_marks(const build_state *s, const staged_table *table, error *err) {
    int64_t id = state_ledger_table(s, table->table)->id;
    for (size_t i = 0; i < table->partitions.count; i++) {
        const staged *st = table->partitions.items[i];
        for (size_t j = 0; (settled(st) || st->outcome == OUTCOME_SAME_KEY) && j < s->seqs.count;
             j++)
            TRY(ledger_marks_clear_of_seq(s->c->ledger, id, st->text, s->seqs.items[j], err));
    }
    return OK;
}

/* Staged, and not committed yet? */
static bool is_due(const staged_table *table) {
    return table->table && !table->committed;
}

static bool changes_lake(const staged *st) {
    return settled(st) || st->outcome == OUTCOME_HELD
           || (st->outcome == OUTCOME_LEAVING && st->changed);
}

static bool anything_changes(const build_state *s) {
    for (size_t i = 0; i < s->c->lake->table_count; i++)
        for (size_t j = 0; is_due(&s->tables[i]) && j < s->tables[i].partitions.count; j++)
            if (changes_lake(s->tables[i].partitions.items[j]))
                return true;
    return false;
}

static status write_all(build_state *s, int64_t *ret_seq, error *err) {
    size_t count = s->c->lake->table_count;
    TRY(ledger_lease_check(s->c->ledger, LEDGER_LEASE_RUN, s->c->run, s->c->fence, err));
    if (anything_changes(s)) {
        TRY(ledger_next_seq(s->c->ledger, ret_seq, err));
        TRY(ledger_moment_of_run(s->c->ledger, s->c->run, err));
        vec_push(s->arena, &s->seqs, *ret_seq);
    }
    for (size_t i = 0; i < count; i++)
        if (is_due(&s->tables[i]))
            TRY(commit_table(s, &s->tables[i], err));
    for (size_t i = 0; i < count; i++)
        if (is_due(&s->tables[i]))
            TRY(clear_own_marks(s, &s->tables[i], err));
    return OK;
}

status build_commit(build_state *s, int64_t *ret_seq, error *err) {
    int64_t seq = 0;
    TRY(ledger_begin(s->c->ledger, LEDGER_WRITE, err));
    status written = write_all(s, &seq, err);
    if (written != OK) {
        ledger_rollback(s->c->ledger);
        return written;
    }
    TRY(ledger_commit(s->c->ledger, err));
    for (size_t i = 0; i < s->c->lake->table_count; i++)
        s->tables[i].committed = s->tables[i].table != NULL;
    *ret_seq = seq;
    return OK;
}
