/* What a run would do: the same merging as a run's, with what is not built yet marked uncertain. */
#include "build/build.h"

#include "build/state.h"
#include "build/undo.h"

typedef struct forecast {
    const build_context *c;
    arena *arena;
    build_state state;     /* for reading feeds as a build does; nothing is ever staged in it */
    plan_reaches *reached; /* per table */
    const lake_table *from;
    const char *text;
} forecast;

static void add_reach(void *state, const lake_table *reader, const char *partition) {
    forecast *f = state;
    plan_reach reach = {.partition = partition,
                        .ref = arena_printf(f->arena, "%s %s", f->from->name, f->text),
                        .certain = false};
    vec_push(f->arena, &f->reached[reader->index], reach);
}

static status add_current(forecast *f, const lake_table *t, plan_partition *p, error *err) {
    staged st = {.text = p->text, .outcome = OUTCOME_FAILED};
    status found = ledger_current_get(f->c->ledger, f->c->tables[t->index].id, p->text, f->arena,
                                      &st.old, err);
    if (found != OK && found != E_NOT_FOUND)
        return found;
    p->rows = st.old.rows;
    p->bytes = st.old.bytes;
    f->from = t;
    f->text = p->text;
    return state_reach(&f->state, t, &st, add_reach, f, err);
}

static status forecast_table(forecast *f, const lake_table *t, plan *into, error *err) {
    marks marked = {0};
    TRY(ledger_marks(f->c->ledger, f->c->tables[t->index].id, f->arena, &marked, err));
    plan_step step = {.table = t,
                      .partitions = plan_merge(f->arena, &marked, &f->reached[t->index])};
    strings held = {0};
    TRY(undo_drop_held(f->c, t, f->arena, &step.partitions, &held, err));
    if (step.partitions.count == 0)
        return OK;
    for (size_t i = 0; i < step.partitions.count; i++)
        TRY(add_current(f, t, &step.partitions.items[i], err));
    into->steps[into->step_count++] = step;
    return OK;
}

status build_plan(const build_context *c, const bool *selected, arena *a, plan *ret, error *err) {
    size_t count = c->lake->table_count;
    forecast f = {.c = c, .arena = a, .reached = ARENA_ARRAY(a, plan_reaches, count)};
    f.state = (build_state){.c = c, .arena = a, .tables = ARENA_ARRAY(a, staged_table, count)};
    plan result = {.steps = ARENA_ARRAY(a, plan_step, count)};
    for (size_t i = 0; i < count; i++)
        if (!c->lake->tables[i]->source && (!selected || selected[i]))
            TRY(forecast_table(&f, c->lake->tables[i], &result, err));
    *ret = result;
    return OK;
}
