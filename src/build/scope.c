#include "build/scope.h"

#include "build/cost.h"

static bool is_forced_by(const strings *runs, const plan_partition *p) {
    for (size_t i = 0; i < p->causes.count; i++)
        if (p->causes.items[i].kind == CAUSE_FORCED
            && strings_contain(runs, p->causes.items[i].ref))
            return true;
    return false;
}

static bool is_meant(const build_scope *scope, const lake_table *t, const plan_partition *p) {
    if (p->reached)
        return true;
    return (!scope->forced_by || is_forced_by(scope->forced_by, p))
           && (!scope->filter || plan_filter_takes(scope->filter, t, p->text));
}

/* What nobody could foresee follows, unless what is left for later may reach it too. */
static bool is_within(const build_state *s, const lake_table *t, const plan_partition *p) {
    const char *name = cost_name(s->arena, t, p->text);
    if (!s->bounded || strmap_has(s->bounded->taken, name))
        return true;
    return p->reached && !strmap_has(s->bounded->left, name) && !s->tables[t->index].unsure;
}

void scope_narrow(const build_state *s, const lake_table *t, plan_partitions *planned) {
    const build_scope *scope = s->c->scope;
    for (size_t i = 0; scope && i < planned->count; i++)
        planned->items[i].later =
            !is_meant(scope, t, &planned->items[i]) || !is_within(s, t, &planned->items[i]);
}

static void note_plan(build_state *s, const plan *p) {
    build_bounded *b = ARENA_NEW(s->arena, build_bounded);
    *b = (build_bounded){.taken = strmap_new(s->arena), .left = strmap_new(s->arena)};
    for (size_t i = 0; i < p->step_count; i++)
        for (size_t j = 0; j < p->steps[i].partitions.count; j++)
            strmap_set(b->taken,
                       cost_name(s->arena, p->steps[i].table, p->steps[i].partitions.items[j].text),
                       b);
    for (size_t i = 0; i < p->left.count; i++)
        strmap_set(b->left, p->left.items[i], b);
    s->bounded = b;
}

status scope_bound(build_state *s, const bool *selected, error *err) {
    plan planned = {0};
    const plan_bounds *bounds = s->c->scope ? s->c->scope->bounds : NULL;
    if (!bounds)
        return OK;
    if (bounds->micros > 0)
        s->deadline_us = clock_monotonic_us(s->c->clock) + bounds->micros;
    TRY(build_plan(s->c, selected, s->arena, &planned, err));
    note_plan(s, &planned);
    return OK;
}
