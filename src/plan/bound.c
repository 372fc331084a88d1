#include "plan/bound.h"

#include "plan/filter.h"

typedef VEC(size_t) places;

typedef struct taking {
    const bound_graph *graph;
    const plan_bounds *bounds;
    arena *arena;
    places *after;   /* per node: those that read it */
    size_t *waiting; /* per node: how many it waits for */
    bool *taken;
    plan_bounds spent;
} taking;

static void connect(taking *t) {
    for (size_t i = 0; i < t->graph->edges.count; i++) {
        const bound_edge *e = &t->graph->edges.items[i];
        vec_push(t->arena, &t->after[e->from], e->to);
        t->waiting[e->to]++;
    }
}

/* A place in the order of work; what has no time stands first. */
typedef struct seed {
    size_t place;
    bool has_time;
    int64_t us;
    const bound_node *node;
    int sign; /* -1: newest first */
} seed;

static int by_order(const void *left, const void *right) {
    const seed *a = left, *b = right;
    if (a->has_time != b->has_time)
        return a->has_time ? 1 : -1;
    if (a->us != b->us)
        return a->us < b->us ? -a->sign : a->sign;
    if (a->node->table != b->node->table)
        return a->node->table->index < b->node->table->index ? -1 : 1;
    return a->sign * strcmp(a->node->partition, b->node->partition);
}

static seed *find_seeds(const taking *t, size_t *ret_count) {
    seed *seeds = ARENA_ARRAY(t->arena, seed, t->graph->nodes.count);
    size_t count = 0;
    for (size_t i = 0; i < t->graph->nodes.count; i++) {
        const bound_node *n = &t->graph->nodes.items[i];
        seed s = {.place = i, .node = n, .sign = t->bounds->newest_first ? -1 : 1};
        s.has_time = plan_partition_time(n->table, n->partition, &s.us);
        if (t->waiting[i] == 0)
            seeds[count++] = s;
    }
    qsort(seeds, count, sizeof *seeds, by_order);
    *ret_count = count;
    return seeds;
}

/* The seed and all that waits for nothing else any more, each after what it reads. */
static places find_group(taking *t, size_t from) {
    places group = {0};
    vec_push(t->arena, &group, from);
    for (size_t i = 0; i < group.count; i++) {
        const places *after = &t->after[group.items[i]];
        for (size_t j = 0; j < after->count; j++)
            if (--t->waiting[after->items[j]] == 0)
                vec_push(t->arena, &group, after->items[j]);
    }
    return group;
}

static plan_bounds cost_of(const taking *t, const places *group) {
    plan_bounds cost = {0};
    for (size_t i = 0; i < group->count; i++) {
        const bound_node *n = &t->graph->nodes.items[group->items[i]];
        cost.partitions += !n->made;
        cost.bytes += n->made ? 0 : n->bytes;
        cost.micros += n->made ? 0 : n->micros;
    }
    return cost;
}

static bool within(int64_t spent, int64_t cost, int64_t bound) {
    return bound == 0 || cost <= bound - spent;
}

static bool fits(const plan_bounds *b, const plan_bounds *spent, const plan_bounds *cost) {
    return within(spent->partitions, cost->partitions, b->partitions)
           && within(spent->bytes, cost->bytes, b->bytes)
           && within(spent->micros, cost->micros, b->micros);
}

static void take(taking *t, size_t place) {
    const places one = {.items = &place, .count = 1};
    plan_bounds cost = cost_of(t, &one);
    t->taken[place] = true;
    t->spent.partitions += cost.partitions;
    t->spent.bytes += cost.bytes;
    t->spent.micros += cost.micros;
}

static bool is_nothing_spent(const taking *t) {
    return t->spent.partitions == 0;
}

/* As much of it as there is room for; the first of a run in any case. */
static void begin_group(taking *t, const places *group) {
    for (size_t i = 0; i < group->count; i++) {
        const places one = {.items = &group->items[i], .count = 1};
        plan_bounds cost = cost_of(t, &one);
        if (!fits(t->bounds, &t->spent, &cost) && !is_nothing_spent(t))
            return;
        take(t, group->items[i]);
    }
}

/* false: there is no room for more. */
static bool take_group(taking *t, const places *group) {
    static const plan_bounds NOTHING = {0};
    plan_bounds cost = cost_of(t, group);
    bool room = fits(t->bounds, &t->spent, &cost);
    for (size_t i = 0; room && i < group->count; i++)
        take(t, group->items[i]);
    if (!room && (is_nothing_spent(t) || !fits(t->bounds, &NOTHING, &cost)))
        begin_group(t, group);
    return room;
}

bool *bound_take(const bound_graph *g, const plan_bounds *b, arena *a) {
    size_t count = g->nodes.count, seeds = 0;
    taking t = {.graph = g,
                .bounds = b,
                .arena = a,
                .after = ARENA_ARRAY(a, places, count),
                .waiting = ARENA_ARRAY(a, size_t, count),
                .taken = ARENA_ARRAY(a, bool, count)};
    connect(&t);
    const seed *order = find_seeds(&t, &seeds);
    bool room = true;
    for (size_t i = 0; room && i < seeds; i++) {
        places group = find_group(&t, order[i].place);
        room = take_group(&t, &group);
    }
    return t.taken;
}
