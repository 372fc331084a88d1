#include "build/confirm.h"

typedef struct confirming {
    const build_context *c;
    arena *arena;
    bool *built; /* per table of the lake: something is current, so that a change is one */
    bool *whole; /* nothing of it is built until all of it is */
} confirming;

static status find_built(const confirming *co, const plan *p, error *err) {
    for (size_t i = 0; i < p->step_count; i++) {
        size_t table = p->steps[i].table->index;
        TRY(ledger_is_built(co->c->ledger, co->c->tables[table].id, &co->built[table], err));
    }
    return OK;
}

/* A new table is what somebody wants built. */
static bool is_surprise(const confirming *co, const plan_step *step, const plan_partition *p) {
    return p->by_code && p->blocked_by == NULL && co->built[step->table->index];
}

static bool is_too_much(const confirming *co, const plan *p) {
    int64_t partitions = 0, bytes = 0;
    for (size_t i = 0; i < p->step_count; i++)
        for (size_t j = 0; j < p->steps[i].partitions.count; j++) {
            const plan_partition *one = &p->steps[i].partitions.items[j];
            if (!is_surprise(co, &p->steps[i], one))
                continue;
            partitions++;
            bytes += one->bytes;
        }
    return partitions > co->c->limits->partitions || bytes > co->c->limits->bytes;
}

static bool reads_whole(const confirming *co, const lake_table *t) {
    for (size_t i = 0; i < t->input_count; i++)
        if (co->whole[t->inputs[i].table->index])
            return true;
    return false;
}

static status find_whole(const confirming *co, const plan_step *step, error *err) {
    const lake_table *t = step->table;
    const ledger_table *in = &co->c->tables[t->index];
    ledger_currents others = {0};
    bool any = false;
    for (size_t i = 0; i < step->partitions.count; i++)
        any = any || is_surprise(co, step, &step->partitions.items[i]);
    if (any)
        TRY(ledger_generation_others(co->c->ledger, in->id, in->generation, co->arena, &others,
                                     err));
    co->whole[t->index] = others.count > 0 || reads_whole(co, t);
    return OK;
}

static void mark_step(const confirming *co, plan_step *step) {
    bool whole = co->whole[step->table->index];
    for (size_t i = 0; i < step->partitions.count; i++) {
        plan_partition *p = &step->partitions.items[i];
        p->unconfirmed = whole || is_surprise(co, step, p);
    }
}

status confirm_plan(const build_context *c, plan *p, arena *a, error *err) {
    size_t count = c->lake->table_count;
    const confirming co = {.c = c,
                           .arena = a,
                           .built = ARENA_ARRAY(a, bool, count),
                           .whole = ARENA_ARRAY(a, bool, count)};
    TRY(find_built(&co, p, err));
    if (!is_too_much(&co, p))
        return OK;
    for (size_t i = 0; i < p->step_count; i++) {
        TRY(find_whole(&co, &p->steps[i], err));
        mark_step(&co, &p->steps[i]);
    }
    return OK;
}

build_unconfirmeds build_plan_unconfirmed(const plan *p, arena *a) {
    build_unconfirmeds all = {0};
    for (size_t i = 0; i < p->step_count; i++) {
        build_unconfirmed one = {.table = p->steps[i].table->name};
        for (size_t j = 0; j < p->steps[i].partitions.count; j++) {
            const plan_partition *waiting = &p->steps[i].partitions.items[j];
            one.partitions += waiting->unconfirmed;
            one.bytes += waiting->unconfirmed ? waiting->bytes : 0;
        }
        if (one.partitions > 0)
            vec_push(a, &all, one);
    }
    return all;
}

static void note_step(build_state *s, const plan_step *step) {
    staged_table *table = &s->tables[step->table->index];
    table->waits = step->partitions.count > 0;
    for (size_t i = 0; i < step->partitions.count; i++) {
        const plan_partition *p = &step->partitions.items[i];
        table->code_waits = table->code_waits || p->unconfirmed;
        table->waits = table->waits && p->unconfirmed;
    }
}

/* Without a change of code there is nothing to plan for. */
status confirm_find(build_state *s, const bool *selected, build_unconfirmeds *ret, error *err) {
    bool any = false;
    plan planned = {0};
    if (s->c->limits == NULL)
        return OK;
    TRY(ledger_mark_of_cause(s->c->ledger, CAUSE_CODE, &any, err));
    if (!any)
        return OK;
    TRY(build_plan(s->c, selected, s->arena, &planned, err));
    for (size_t i = 0; i < planned.step_count; i++)
        note_step(s, &planned.steps[i]);
    *ret = build_plan_unconfirmed(&planned, s->arena);
    return OK;
}

void confirm_narrow(const staged_table *table, plan_partitions *planned) {
    size_t kept = 0;
    for (size_t i = 0; i < planned->count; i++)
        if (!table->waits && (!table->code_waits || !planned->items[i].by_code))
            planned->items[kept++] = planned->items[i];
    planned->count = kept;
}
