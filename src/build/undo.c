#include "build/undo.h"

typedef struct undo {
    const build_context *c;
    const char *run; /* to be undone */
    arena *arena;
    ledger_undoables found;
} undo;

static const lake_table *table_of(const build_context *c, int64_t id) {
    for (size_t i = 0; i < c->lake->table_count; i++)
        if (c->tables[i].id == id)
            return c->lake->tables[i];
    return NULL;
}

/* NULL: it can be undone. */
static const char *reason_against(const undo *u, const ledger_undoable *found) {
    if (!table_of(u->c, found->table))
        return "the table is no longer defined";
    if (!found->is_current)
        return "replaced since";
    if (found->is_other_generation)
        return "other columns or partitions: put the definition back, then weir run --redefine";
    if (found->is_gone)
        return "gc has removed what was there before";
    return NULL;
}

/* What is current now, where it is no longer what the run made. 0: nothing. */
static status derivation_now(const undo *u, const ledger_undoable *found, int64_t *ret,
                             error *err) {
    ledger_current now = {0};
    status looked =
        ledger_current_get(u->c->ledger, found->table, found->partition, u->arena, &now, err);
    *ret = now.derivation;
    return looked == E_NOT_FOUND ? OK : looked;
}

static status look_at(const undo *u, const ledger_undoable *found, build_undone *ret, error *err) {
    const lake_table *t = table_of(u->c, found->table);
    build_undone undone = {.table = t ? t->name : "a table that is gone",
                           .partition = found->partition,
                           .reason = reason_against(u, found)};
    int64_t newer = found->derivation, older = found->old_derivation;
    if (!found->is_current) {
        older = found->derivation;
        TRY(derivation_now(u, found, &newer, err));
    }
    TRY(ledger_deliveries_between(u->c->ledger, newer, older, u->arena, &undone.files, err));
    *ret = undone;
    return OK;
}

static status look(undo *u, build_undones *ret, error *err) {
    int64_t ignored = 0;
    build_undones all = {0};
    TRY(ledger_seq_of_run(u->c->ledger, u->run, &ignored, err));
    TRY(ledger_undoables_of(u->c->ledger, u->run, u->arena, &u->found, err));
    for (size_t i = 0; i < u->found.count; i++) {
        build_undone undone = {0};
        TRY(look_at(u, &u->found.items[i], &undone, err));
        vec_push(u->arena, &all, undone);
    }
    *ret = all;
    return OK;
}

status build_undo_look(const build_context *c, const char *run, arena *a, build_undones *ret,
                       error *err) {
    undo u = {.c = c, .run = run, .arena = a};
    return look(&u, ret, err);
}

/* A partition that the run made for the first time ends. */
static status set_back(const undo *u, const ledger_undoable *f, error *err) {
    ledger *l = u->c->ledger;
    const char *ref = arena_printf(u->arena, "%s %s", table_of(u->c, f->table)->name, f->partition);
    int64_t partition = f->old_version != 0 ? f->old_partition_id : f->partition_id;
    TRY(ledger_current_set(l, f->table, partition, f->old_derivation, f->old_version, err));
    TRY(ledger_mark_unit(l, f->table, f->version, CAUSE_UPSTREAM, ref, err));
    if (f->old_version == 0)
        return OK;
    return ledger_mark_unit(l, f->table, f->old_version, CAUSE_UPSTREAM, ref, err);
}

/* Its one mark is what makes it be built when the hold ends. */
static status hold(const undo *u, const ledger_undoable *f, const char *why, error *err) {
    ledger *l = u->c->ledger;
    int64_t seq = 0;
    const ledger_hold h = {.table = f->table,
                           .partition = f->partition,
                           .derivation = f->derivation,
                           .run = u->run,
                           .who = u->c->who,
                           .why = why,
                           .at_us = clock_now_us(u->c->clock)};
    const mark stale = {.partition = f->partition,
                        .cause = CAUSE_UPSTREAM,
                        .ref = arena_printf(u->arena, "undo of %s", u->run)};
    TRY(ledger_next_seq(l, &seq, err));
    TRY(ledger_marks_clear_of_seq(l, f->table, f->partition, seq, err));
    TRY(ledger_mark_add(l, f->table, &stale, err));
    return ledger_hold_put(l, &h, err);
}

/* First all of them, then the holds: undoing one table marks the next, which is undone too. */
static status undo_all(undo *u, const build_undones *looked, const char *why, error *err) {
    bool any = false;
    for (size_t i = 0; i < u->found.count; i++) {
        if (looked->items[i].reason)
            continue;
        any = true;
        TRY(set_back(u, &u->found.items[i], err));
    }
    for (size_t i = 0; i < u->found.count; i++)
        if (!looked->items[i].reason)
            TRY(hold(u, &u->found.items[i], why, err));
    if (!any)
        return OK;
    TRY(ledger_moment_of_run(u->c->ledger, u->c->run, err));
    return ledger_event_add(u->c->ledger, u->c->who, "undo", u->run, why, clock_now_us(u->c->clock),
                            err);
}

static status undo_locked(undo *u, const char *why, build_undones *ret, error *err) {
    TRY(ledger_lease_check(u->c->ledger, "run", u->c->run, u->c->fence, err));
    TRY(look(u, ret, err));
    return undo_all(u, ret, why, err);
}

static status end_transaction(ledger *l, status result, error *err) {
    if (result == OK)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

status build_undo(const build_context *c, const char *run, const char *why, arena *a,
                  build_undones *ret, error *err) {
    undo u = {.c = c, .run = run, .arena = a};
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    return end_transaction(c->ledger, undo_locked(&u, why, ret, err), err);
}

/* release */

static status release_hold(const build_context *c, const ledger_hold *h, const char *why,
                           error *err) {
    ARENA_AUTO a = arena_new();
    const lake_table *t = table_of(c, h->table);
    const char *ref = arena_printf(a, "%s %s", t ? t->name : "", h->partition);
    TRY(ledger_hold_release(c->ledger, h->table, h->partition, err));
    return ledger_event_add(c->ledger, c->who, "release", ref, why, clock_now_us(c->clock), err);
}

static status release_some(const build_context *c, const bool *selected, const char *partition,
                           arena *a, build_undones *ret, error *err) {
    ledger_holds holds = {0};
    TRY(ledger_holds_of(c->ledger, 0, a, &holds, err));
    for (size_t i = 0; i < holds.count; i++) {
        const ledger_hold *h = &holds.items[i];
        const lake_table *t = table_of(c, h->table);
        if (!t || (selected && !selected[t->index])
            || (partition && !str_eq(partition, h->partition)))
            continue;
        build_undone released = {.table = t->name, .partition = h->partition};
        TRY(release_hold(c, h, "asked for", err));
        vec_push(a, ret, released);
    }
    return OK;
}

status build_release(const build_context *c, const bool *selected, const char *partition, arena *a,
                     build_undones *ret, error *err) {
    build_undones released = {0};
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status result = release_some(c, selected, partition, a, &released, err);
    TRY(end_transaction(c->ledger, result, err));
    *ret = released;
    return OK;
}

/* builds */

static status lapse_all(const build_context *c, arena *a, error *err) {
    ledger_holds lapsed = {0};
    TRY(ledger_holds_lapsed(c->ledger, a, &lapsed, err));
    for (size_t i = 0; i < lapsed.count; i++)
        TRY(release_hold(c, &lapsed.items[i], "an input or the code changed", err));
    return OK;
}

status undo_lapse(const build_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_holds lapsed = {0};
    TRY(ledger_holds_lapsed(c->ledger, a, &lapsed, err));
    if (lapsed.count == 0)
        return OK;
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    return end_transaction(c->ledger, lapse_all(c, a, err), err);
}

static bool is_held(const ledger_holds *holds, const char *partition) {
    for (size_t i = 0; i < holds->count; i++)
        if (str_eq(holds->items[i].partition, partition))
            return true;
    return false;
}

status undo_drop_held(const build_context *c, const lake_table *t, arena *a,
                      plan_partitions *planned, strings *ret_held, error *err) {
    ledger_holds holds = {0};
    size_t kept = 0;
    TRY(ledger_holds_of(c->ledger, c->tables[t->index].id, a, &holds, err));
    for (size_t i = 0; i < planned->count; i++) {
        if (is_held(&holds, planned->items[i].text))
            vec_push(a, ret_held, planned->items[i].text);
        else
            planned->items[kept++] = planned->items[i];
    }
    planned->count = kept;
    for (size_t i = 0; i < holds.count; i++)
        if (holds.items[i].is_stale)
            vec_push(a, ret_held, holds.items[i].partition);
    strings_sort_unique(ret_held);
    return OK;
}
