/* What waits to be built, and for what. */
#include "build/why.h"

const char *why_state_name(why_state state) {
    static const char *const NAMES[] = {
        [WHY_UP_TO_DATE] = "up to date", [WHY_STALE] = "stale", [WHY_FAILED] = "failed",
        [WHY_BLOCKED] = "blocked",       [WHY_HELD] = "held",   [WHY_ACCEPTED] = "accepted",
    };
    ASSERT((size_t)state < ARRAY_SIZE(NAMES));
    return NAMES[state];
}

typedef struct waiting {
    const build_context *c;
    arena *arena;
    strmap *planned; /* "silver.sales day=…" → plan_partition */
    why_waits all;
} waiting;

static char *name_of(arena *a, const lake_table *t, const char *partition) {
    return arena_printf(a, "%s %s", t->name, partition);
}

static void index_plan(waiting *w, const plan *p) {
    for (size_t i = 0; i < p->step_count; i++)
        for (size_t j = 0; j < p->steps[i].partitions.count; j++)
            strmap_set(w->planned,
                       name_of(w->arena, p->steps[i].table, p->steps[i].partitions.items[j].text),
                       &p->steps[i].partitions.items[j]);
}

static void add_root(const waiting *w, why_wait *into, strmap *seen, const lake_table *t,
                     const plan_partition *p, const plan_cause *cause) {
    const char *key =
        arena_printf(w->arena, "%s %s %s", t->name, cause_name(cause->kind), cause->ref);
    why_root root = {.table = t, .partition = p->text, .cause = *cause};
    if (strmap_has(seen, key))
        return;
    strmap_set(seen, key, into);
    vec_push(w->arena, &into->roots, root);
}

/* The table of a cause's ref, "silver.sales day=…"; NULL: it names something else. */
static const lake_table *table_of_ref(const waiting *w, const char *ref) {
    const char *space = strchr(ref, ' ');
    if (!space)
        return NULL;
    char *name = arena_strndup(w->arena, ref, (size_t)(space - ref));
    return lake_table_find(w->c->lake, name);
}

/* Upstream causes end where something else than another table is the cause. */
static void find_roots(const waiting *w, why_wait *into, strmap *seen, const lake_table *t,
                       const plan_partition *p) {
    const char *own = name_of(w->arena, t, p->text);
    if (strmap_has(seen, own))
        return;
    strmap_set(seen, own, into);
    for (size_t i = 0; i < p->causes.count; i++) {
        const plan_cause *cause = &p->causes.items[i];
        const lake_table *from = table_of_ref(w, cause->ref);
        const plan_partition *above = from ? strmap_get(w->planned, cause->ref) : NULL;
        if (cause->kind == CAUSE_UPSTREAM && above)
            find_roots(w, into, seen, from, above);
        else
            add_root(w, into, seen, t, p, cause);
    }
}

static const ledger_failure *failure_of(const ledger_failures *failures, const char *text) {
    for (size_t i = 0; i < failures->count; i++)
        if (str_eq(failures->items[i].partition, text))
            return &failures->items[i];
    return NULL;
}

static void add_planned(waiting *w, const lake_table *t, const ledger_failures *failures,
                        const plan_partition *p) {
    why_wait one = {.table = t,
                    .partition = p->text,
                    .state = WHY_STALE,
                    .certain = p->certain,
                    .causes = p->causes};
    if (p->blocked_by && str_eq(p->blocked_by, name_of(w->arena, t, p->text))) {
        one.state = WHY_FAILED;
        one.failure = failure_of(failures, p->text);
    } else if (p->blocked_by) {
        one.state = WHY_BLOCKED;
        one.blocked_by = p->blocked_by;
    }
    find_roots(w, &one, strmap_new(w->arena), t, p);
    vec_push(w->arena, &w->all, one);
}

static status add_held(waiting *w, const lake_table *t, error *err) {
    ledger_holds holds = {0};
    TRY(ledger_holds_of(w->c->ledger, w->c->tables[t->index].id, w->arena, &holds, err));
    for (size_t i = 0; i < holds.count; i++) {
        why_wait one = {.table = t,
                        .partition = holds.items[i].partition,
                        .state = WHY_HELD,
                        .certain = true,
                        .hold = &holds.items[i]};
        vec_push(w->arena, &w->all, one);
    }
    return OK;
}

static status add_table(waiting *w, const plan *p, const lake_table *t, error *err) {
    ledger_failures failures = {0};
    TRY(ledger_failures_of(w->c->ledger, w->c->tables[t->index].id, w->arena, &failures, err));
    for (size_t i = 0; i < p->step_count; i++)
        for (size_t j = 0; p->steps[i].table == t && j < p->steps[i].partitions.count; j++)
            add_planned(w, t, &failures, &p->steps[i].partitions.items[j]);
    return add_held(w, t, err);
}

/* Nothing marked these, and what they read is older than it would be. */
static void add_blocked(waiting *w, const lake_table *t, const build_blockeds *blocked) {
    for (size_t i = 0; i < blocked->count; i++) {
        const build_blocked *b = &blocked->items[i];
        why_wait one = {
            .table = t, .partition = b->partition, .state = WHY_BLOCKED, .blocked_by = b->by};
        if (str_eq(b->table, t->name)
            && !strmap_has(w->planned, name_of(w->arena, t, b->partition)))
            vec_push(w->arena, &w->all, one);
    }
}

status why_waiting(const build_context *c, arena *a, why_waits *ret, error *err) {
    plan planned = {0};
    build_blockeds blocked = {0};
    waiting w = {.c = c, .arena = a, .planned = strmap_new(a)};
    TRY(build_plan(c, NULL, a, &planned, err));
    TRY(build_blocked_find(c, a, &blocked, err));
    index_plan(&w, &planned);
    for (size_t i = 0; i < c->lake->table_count; i++) {
        if (c->lake->tables[i]->source)
            continue;
        TRY(add_table(&w, &planned, c->lake->tables[i], err));
        add_blocked(&w, c->lake->tables[i], &blocked);
    }
    *ret = w.all;
    return OK;
}
