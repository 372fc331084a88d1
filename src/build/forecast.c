/* What a run would do: the same merging as a run's, with what is not built yet marked uncertain. */
#include "build/build.h"

#include "build/confirm.h"
#include "build/cost.h"
#include "build/scope.h"
#include "build/stage.h"
#include "build/stuck.h"
#include "build/undo.h"

typedef struct forecast {
    const build_context *c;
    arena *arena;
    build_state state;      /* as a build's; nothing is ever staged in it */
    const lake_table *from; /* of the partition whose readers are looked for … */
    const char *text;
    bool by_code;
    obstacle *in_the_way; /* … and why it will not change; NULL: it may */
    cost_reaches reaches; /* what may follow from what */
} forecast;

static void add_reach(void *state, const lake_table *reader, const char *partition) {
    forecast *f = state;
    staged_table *table = &f->state.tables[reader->index];
    if (f->in_the_way) {
        obstacle_put(table->blocked, partition, f->in_the_way);
        return;
    }
    plan_reach reach = {.partition = partition,
                        .ref = arena_printf(f->arena, "%s %s", f->from->name, f->text),
                        .certain = false,
                        .by_code = f->by_code};
    vec_push(f->arena, &table->reached, reach);
    if (f->c->scope && f->c->scope->bounds)
        vec_push(f->arena, &f->reaches,
                 ((cost_reach){reach.ref, cost_name(f->arena, reader, partition)}));
}

/* Readers of one without a version are told where its rows would go. */
static status reach_readers(forecast *f, const lake_table *t, const staged *st, error *err) {
    staged from = {.text = st->text, .outcome = OUTCOME_FAILED, .old = st->old};
    f->from = t;
    f->text = st->text;
    f->in_the_way = st->obstacle;
    f->by_code = st->by_code;
    return state_reach(&f->state, t, &from, add_reach, f, err);
}

static void await(forecast *f, const lake_table *t, const char *text, const lake_table *from,
                  const char *partition) {
    const cost_reach reach = {cost_name(f->arena, from, partition), cost_name(f->arena, t, text)};
    vec_push(f->arena, &f->reaches, reach);
}

/* Nobody tells one that was never built what it waits for. */
static status await_inputs(forecast *f, const lake_table *t, const char *text, error *err) {
    for (size_t i = 0; i < t->input_count; i++) {
        const lake_input *input = &t->inputs[i];
        strings awaited = {0};
        if (input->table->source)
            continue;
        if (input->map.kind == MAP_ALL)
            await(f, t, text, input->table, COST_WHOLE_TABLE);
        if (input->map.span)
            TRY(stuck_awaits(&f->state, t, input, text, &awaited, err));
        for (size_t k = 0; k < awaited.count; k++)
            await(f, t, text, input->table, awaited.items[k]);
    }
    return OK;
}

/* Only bounds ask for the order of work. */
static status await_all(forecast *f, const lake_table *t, error *err) {
    const staged_list *all = &f->state.tables[t->index].partitions;
    const char **values = NULL;
    for (size_t i = 0; f->c->scope && f->c->scope->bounds && i < all->count; i++) {
        const staged *st = all->items[i];
        if (st->old.version == 0 && st->planned
            && partition_values(st->text, &t->partition_by, f->arena, &values, NULL) == OK)
            TRY(await_inputs(f, t, st->text, err));
    }
    return OK;
}

static void add_step(forecast *f, const lake_table *t, plan_partitions *planned, plan *into) {
    const staged_table *table = &f->state.tables[t->index];
    plan_step step = {.table = t};
    for (size_t i = 0; i < planned->count; i++) {
        plan_partition *p = &planned->items[i];
        const staged *st = strmap_get(table->by_text, p->text);
        p->rows = st->old.rows;
        p->bytes = st->old.bytes;
        p->later = st->obstacle && st->obstacle->later;
        p->blocked_by = st->obstacle ? st->obstacle->by : NULL;
        if (p->later)
            into->later++;
        else
            vec_push(f->arena, &step.partitions, *p);
    }
    if (step.partitions.count > 0)
        into->steps[into->step_count++] = step;
}

static status forecast_table(forecast *f, const lake_table *t, plan *into, error *err) {
    marks marked = {0};
    strings held = {0};
    staged_table *table = &f->state.tables[t->index];
    TRY(ledger_marks(f->c->ledger, f->c->tables[t->index].id, f->arena, &marked, err));
    plan_partitions planned = plan_merge(f->arena, &marked, &table->reached);
    TRY(undo_drop_held(f->c, t, f->arena, &planned, &held, err));
    scope_narrow(&f->state, t, &planned);
    TRY(stage_foresee(&f->state, t, &planned, err));
    for (size_t i = 0; i < table->partitions.count; i++)
        TRY(reach_readers(f, t, table->partitions.items[i], err));
    TRY(await_all(f, t, err));
    add_step(f, t, &planned, into);
    return OK;
}

status build_plan(const build_context *c, const bool *selected, arena *a, plan *ret, error *err) {
    size_t count = c->lake->table_count;
    forecast f = {.c = c, .arena = a};
    state_init(&f.state, c, a);
    plan result = {.steps = ARENA_ARRAY(a, plan_step, count)};
    for (size_t i = 0; i < count; i++)
        if (!c->lake->tables[i]->source && (!selected || selected[i]))
            TRY(forecast_table(&f, c->lake->tables[i], &result, err));
    if (c->limits)
        TRY(confirm_plan(c, &result, a, err));
    TRY(cost_estimate(c, a, &result, err));
    if (c->scope && c->scope->bounds)
        TRY(cost_bound(c, &f.reaches, a, &result, err));
    *ret = result;
    return OK;
}
