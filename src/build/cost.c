#include "build/cost.h"

#include "ledger/rebuild.h"
#include "plan/estimate.h"

/* What was longer ago tells of another lake. */
enum { STEPS_MAX = 20 };

typedef struct learning {
    const build_context *c;
    arena *arena;
    plan *plan;
    estimate_errors micros, bytes;
} learning;

char *cost_name(arena *a, const lake_table *t, const char *partition) {
    return arena_printf(a, "%s %s", t->name, partition);
}

static status load_steps(const learning *l, const lake_table *t, estimate_step *into,
                         size_t *ret_count, error *err) {
    ledger_steps steps = {0};
    TRY(ledger_steps_of(l->c->ledger, l->c->tables[t->index].id, STEPS_MAX, l->arena, &steps, err));
    for (size_t i = 0; i < steps.count; i++) {
        const ledger_step *s = &steps.items[steps.count - 1 - i];
        into[i] = (estimate_step){.partitions = s->built + s->unchanged + s->emptied,
                                  .written = s->built,
                                  .bytes = s->bytes,
                                  .micros = s->micros};
    }
    *ret_count = steps.count;
    return OK;
}

static int64_t count_buildable(const plan_partitions *partitions) {
    int64_t count = 0;
    for (size_t i = 0; i < partitions->count; i++)
        count += partitions->items[i].blocked_by == NULL;
    return count;
}

static void estimate_partitions(learning *l, const estimate *e, plan_partitions *partitions) {
    plan_forecast *into = &l->plan->forecast;
    int64_t count = count_buildable(partitions), total = estimate_micros(e, count);
    for (size_t i = 0; i < partitions->count; i++) {
        plan_partition *p = &partitions->items[i];
        if (p->blocked_by)
            continue;
        p->micros = total / count;
        p->expected_bytes = p->bytes > 0 ? p->bytes : estimate_bytes(e, 1);
        if (p->unconfirmed)
            continue;
        into->micros += p->micros;
        into->bytes += p->expected_bytes;
        into->unknown += e->steps == 0;
    }
}

static status estimate_one(learning *l, plan_step *step, error *err) {
    estimate_step steps[STEPS_MAX];
    size_t count = 0;
    TRY(load_steps(l, step->table, steps, &count, err));
    const estimate e = estimate_learn(steps, count);
    estimate_look_back(steps, count, l->arena, &l->micros, &l->bytes);
    estimate_partitions(l, &e, &step->partitions);
    return OK;
}

status cost_estimate(const build_context *c, arena *a, plan *p, error *err) {
    learning l = {.c = c, .arena = a, .plan = p};
    p->forecast = (plan_forecast){0};
    for (size_t i = 0; i < p->step_count; i++)
        TRY(estimate_one(&l, &p->steps[i], err));
    p->forecast.looked_back = l.micros.count;
    p->forecast.micros_error = estimate_median(&l.micros);
    p->forecast.bytes_error = estimate_median(&l.bytes);
    return OK;
}

typedef struct bounding {
    const build_context *c;
    arena *arena;
    bound_graph graph;
    strmap *places; /* name → place in graph */
    size_t **swaps; /* per table: the place that stands for the swap of generations, or NULL */
} bounding;

static size_t *add_node(bounding *b, const bound_node *node) {
    size_t *place = ARENA_NEW(b->arena, size_t);
    *place = b->graph.nodes.count;
    vec_push(b->arena, &b->graph.nodes, *node);
    return place;
}

static void add_edge(bounding *b, size_t from, size_t to) {
    const bound_edge edge = {.from = from, .to = to};
    vec_push(b->arena, &b->graph.edges, edge);
}

/* One of an older partitioning ends with the swap: there is nothing to be made of it. */
static bool ends(const bounding *b, const lake_table *t, const char *partition) {
    const char **values = NULL;
    return partition_values(partition, &t->partition_by, b->arena, &values, NULL) != OK;
}

/* made: what a run before made for a new generation, which waits for the rest of it. */
static void add_partitions(bounding *b, const plan_step *step, const strmap *made) {
    for (size_t i = 0; i < step->partitions.count; i++) {
        const plan_partition *p = &step->partitions.items[i];
        const bound_node node = {.table = step->table,
                                 .partition = p->text,
                                 .bytes = p->expected_bytes,
                                 .micros = p->micros,
                                 .made = p->blocked_by != NULL || strmap_has(made, p->text)
                                         || ends(b, step->table, p->text)};
        if (!p->unconfirmed)
            strmap_set(b->places, cost_name(b->arena, step->table, p->text), add_node(b, &node));
    }
}

/* A new generation is swapped in whole: what reads any of it waits for all of it. */
static void add_swap(bounding *b, const lake_table *t, size_t first) {
    const bound_node swap = {.table = t, .partition = "", .made = true};
    size_t last = b->graph.nodes.count;
    b->swaps[t->index] = add_node(b, &swap);
    for (size_t i = first; i < last; i++)
        add_edge(b, i, last);
}

/* What reads the table whole, and was never built, waits for all of it. */
static void add_whole(bounding *b, const lake_table *t, size_t first) {
    const bound_node whole = {.table = t, .partition = "", .made = true};
    size_t last = b->graph.nodes.count;
    strmap_set(b->places, cost_name(b->arena, t, COST_WHOLE_TABLE), add_node(b, &whole));
    for (size_t i = first; i < last; i++)
        add_edge(b, i, last);
}

static status add_nodes(bounding *b, const plan_step *step, error *err) {
    strings texts = {0};
    ledger_currents others = {0};
    strmap *made = strmap_new(b->arena);
    const ledger_table *in = &b->c->tables[step->table->index];
    TRY(ledger_generation_others(b->c->ledger, in->id, in->generation, b->arena, &others, err));
    if (others.count > 0)
        TRY(ledger_partitions_made(b->c->ledger, in->generation, b->arena, &texts, err));
    for (size_t i = 0; i < texts.count; i++)
        strmap_set(made, texts.items[i], b);
    size_t first = b->graph.nodes.count;
    add_partitions(b, step, made);
    add_whole(b, step->table, first);
    if (others.count > 0)
        add_swap(b, step->table, first);
    return OK;
}

static void add_edges(bounding *b, const cost_reaches *reaches) {
    for (size_t i = 0; i < reaches->count; i++) {
        const size_t *from = strmap_get(b->places, reaches->items[i].from);
        const size_t *to = strmap_get(b->places, reaches->items[i].to);
        const size_t *swap = from ? b->swaps[b->graph.nodes.items[*from].table->index] : NULL;
        if (from && to)
            add_edge(b, swap ? *swap : *from, *to);
    }
}

static void drop_untaken(bounding *b, const bool *taken, plan *p) {
    size_t steps = 0, place = 0;
    for (size_t i = 0; i < p->step_count; i++) {
        plan_step step = p->steps[i];
        size_t kept = 0;
        for (size_t j = 0; j < step.partitions.count; j++) {
            const plan_partition one = step.partitions.items[j];
            if (one.unconfirmed || taken[place++])
                step.partitions.items[kept++] = one;
            else
                vec_push(b->arena, &p->left,
                         (const char *)cost_name(b->arena, step.table, one.text));
        }
        step.partitions.count = kept;
        place += b->swaps[step.table->index] != NULL ? 2 : 1;
        if (kept > 0)
            p->steps[steps++] = step;
    }
    p->step_count = steps;
    p->later += p->left.count;
}

status cost_bound(const build_context *c, const cost_reaches *reaches, arena *a, plan *p,
                  error *err) {
    bounding b = {.c = c,
                  .arena = a,
                  .places = strmap_new(a),
                  .swaps = ARENA_ARRAY(a, size_t *, c->lake->table_count)};
    for (size_t i = 0; i < p->step_count; i++)
        TRY(add_nodes(&b, &p->steps[i], err));
    add_edges(&b, reaches);
    drop_untaken(&b, bound_take(&b.graph, c->scope->bounds, a), p);
    return cost_estimate(c, a, p, err);
}
