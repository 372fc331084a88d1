#include "build/build.h"

#include "base/crash.h"
#include "build/absorb.h"
#include "build/commit.h"
#include "build/confirm.h"
#include "build/kept.h"
#include "build/scope.h"
#include "build/stage.h"
#include "build/undo.h"

/* A table whose marks or whose inputs' marks are not empty may get files: say so before the first
 * byte. */
static bool may_build(const build_state *s, const bool *selected, const bool *stale, size_t i) {
    const lake_table *t = s->c->lake->tables[i];
    if (t->source || (selected && !selected[i]))
        return false;
    if (stale[i])
        return true;
    for (size_t j = 0; j < t->input_count; j++)
        if (stale[t->inputs[j].table->index])
            return true;
    return false;
}

static status find_stale(build_state *s, const bool *selected, bool *stale, bool *ret_any,
                         error *err) {
    for (size_t i = 0; i < s->c->lake->table_count; i++) {
        marks marked = {0};
        const lake_table *t = s->c->lake->tables[i];
        if (!t->source && (!selected || selected[i]))
            TRY(ledger_marks(s->c->ledger, s->c->tables[i].id, s->arena, &marked, err));
        stale[i] = marked.count > 0 || s->tables[i].unknown;
        stale[i] = may_build(s, selected, stale, i);
        *ret_any = *ret_any || stale[i];
    }
    return OK;
}

static status add_pending(const build_state *s, const bool *stale, error *err) {
    for (size_t i = 0; i < s->c->lake->table_count; i++) {
        const lake_table *t = s->c->lake->tables[i];
        pending_object p = {.store = s->c->lake->layers[t->layer].name,
                            .object = job_prefix(s->c, t, s->arena),
                            .run = s->c->run};
        if (stale[i] && !crash_sabotaged("no_pending"))
            TRY(ledger_pending_add(s->c->ledger, &p, clock_now_us(s->c->clock), err));
    }
    return OK;
}

/* Intent before object: what is written below these prefixes is garbage until a commit says
 * otherwise. */
static status declare_pending(const build_state *s, const bool *stale, error *err) {
    TRY(ledger_begin(s->c->ledger, LEDGER_WRITE, err));
    status added = add_pending(s, stale, err);
    if (added != OK) {
        ledger_rollback(s->c->ledger);
        return added;
    }
    return ledger_commit(s->c->ledger, err);
}

/* Who took the lease has cleaned up and forgotten the prefixes, and this run has written on. Their
 * names are its own. */
static void declare_again(const build_state *s, const bool *stale) {
    status ignored = declare_pending(s, stale, NULL);
    (void)ignored;
}

static status build_table(build_state *s, const lake_table *t, error *err) {
    marks marked = {0};
    TRY(ledger_marks(s->c->ledger, state_ledger_table(s, t)->id, s->arena, &marked, err));
    plan_partitions planned = plan_merge(s->arena, &marked, &s->tables[t->index].reached);
    TRY(undo_drop_held(s->c, t, s->arena, &planned, &s->tables[t->index].held, err));
    confirm_narrow(&s->tables[t->index], &planned);
    scope_narrow(s, t, &planned);
    TRY(stage_decide(s, t, &planned, err));
    TRY(stage_build(s, t, err));
    stage_hold_incomplete(s, t);
    return stage_reach_readers(s, t, err);
}

/* A table that cannot be planned and has nothing marked would go unreported. */
static void collect_unknown(const staged_table *table, arena *a, build_result *ret) {
    if (!table->unknown || table->partitions.count > 0)
        return;
    build_failure failure = {
        .table = table->table->name, .partition = "*", .error = *table->unknown};
    vec_push(a, &ret->failed, failure);
}

/* What waits for something left for later counts when a run would look at it. */
static void collect_waiting(const staged_table *table, const staged *st, arena *a,
                            build_result *ret) {
    build_blocked waiting = {.table = table->table->name, .partition = st->text};
    if (st->outcome != OUTCOME_BLOCKED && st->outcome != OUTCOME_LATER
        && st->outcome != OUTCOME_HELD)
        return;
    const char *own = arena_printf(a, "%s %s", waiting.table, waiting.partition);
    waiting.by = str_eq(st->obstacle->by, own) ? NULL : st->obstacle->by;
    if (!st->obstacle->later)
        vec_push(a, &ret->blocked, waiting);
    else if (st->planned)
        vec_push(a, &ret->later, waiting);
}

static void collect_table(const staged_table *table, arena *a, build_result *ret) {
    collect_unknown(table, a, ret);
    for (size_t i = 0; i < table->partitions.count; i++) {
        const staged *st = table->partitions.items[i];
        bool written = st->outcome == OUTCOME_BUILT && st->changed;
        build_failure failure = {
            .table = table->table->name, .partition = st->text, .error = st->failure};
        ret->built += written && st->rows > 0;
        ret->emptied += staged_is_emptied(st);
        ret->reused += st->outcome == OUTCOME_REUSED;
        ret->unchanged +=
            st->outcome == OUTCOME_SAME_KEY || (st->outcome == OUTCOME_BUILT && !st->changed);
        ret->rows += written ? st->rows : 0;
        ret->bytes += written ? st->bytes : 0;
        ret->dropped += st->dropped;
        if (st->outcome == OUTCOME_FAILED)
            vec_push(a, &ret->failed, failure);
        collect_waiting(table, st, a, ret);
    }
    for (size_t i = 0; i < table->held.count; i++) {
        build_blocked held = {.table = table->table->name, .partition = table->held.items[i]};
        vec_push(a, &ret->held, held);
    }
}

static status commit(build_state *s, build_result *ret, error *err) {
    int64_t seq = 0;
    TRY(build_commit(s, &seq, err));
    crash_point("build.committed");
    if (seq > 0)
        ret->seq = seq;
    return OK;
}

static status build_all(build_state *s, const bool *stale, build_result *ret, error *err) {
    size_t count = s->c->lake->table_count;
    for (size_t i = 0; i < count; i++) {
        if (!stale[i])
            continue;
        TRY(build_table(s, s->c->lake->tables[i], err));
        crash_point("build.staged");
        if (s->c->lake->commit_per_table)
            TRY(commit(s, ret, err));
    }
    TRY(commit(s, ret, err));
    for (size_t i = 0; i < count; i++)
        if (s->tables[i].table)
            collect_table(&s->tables[i], s->arena, ret);
    return OK;
}

static status absorb(build_state *s, error *err) {
    absorb_failures failures = {0};
    TRY(absorb_changes(s->c, s->arena, &failures, err));
    for (size_t i = 0; i < failures.count; i++)
        s->tables[failures.items[i].reader->index].unknown = &failures.items[i].why;
    return OK;
}

status build_stale(const build_context *c, const bool *selected, arena *a, build_result *ret,
                   error *err) {
    build_state s;
    bool any = false, dropped = false;
    build_result result = {0};
    state_init(&s, c, a);
    bool *stale = ARENA_ARRAY(a, bool, c->lake->table_count);
    TRY(absorb(&s, err));
    TRY(ledger_seq(c->ledger, &s.plan_seq, err));
    TRY(scope_bound(&s, selected, err));
    TRY(find_stale(&s, selected, stale, &any, err));
    TRY(confirm_find(&s, selected, &result.unconfirmed, err));
    if (any) {
        TRY(declare_pending(&s, stale, err));
        crash_point("build.pending");
        status built = build_all(&s, stale, &result, err);
        if (built == E_BUSY)
            declare_again(&s, stale);
        TRY(built);
    }
    TRY(kept_drop_rest(c, selected, &dropped, err));
    if (any || dropped)
        TRY(build_recover(c, err));
    result.builders = s.builders;
    *ret = result;
    return OK;
}
