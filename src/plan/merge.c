#include "plan/plan.h"

#include "base/strmap.h"

static int by_partition(const void *left, const void *right) {
    return strcmp(((const plan_partition *)left)->text, ((const plan_partition *)right)->text);
}

static plan_partition *find(plan_partitions *list, const strmap *places, const char *text) {
    const size_t *place = strmap_get(places, text);
    return place ? &list->items[*place] : NULL;
}

static plan_partition *find_or_add(arena *a, plan_partitions *list, strmap *places,
                                   const char *text) {
    plan_partition *found = find(list, places, text);
    if (found)
        return found;
    plan_partition added = {.text = text, .by_code = true};
    vec_push(a, list, added);
    size_t *place = ARENA_NEW(a, size_t);
    *place = list->count - 1;
    strmap_set(places, text, place);
    return &list->items[*place];
}

static void add_cause(arena *a, plan_partition *p, cause_kind kind, const char *ref) {
    vec_push(a, &p->causes, ((plan_cause){.kind = kind, .ref = ref}));
}

/* Causes in the order of their enum, what a delivery did before what followed from it. */
static int by_kind(const void *left, const void *right) {
    const plan_cause *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return strcmp(a->ref, b->ref);
}

/* A partition that reads everything may have as many causes as there are files. */
static void sort_causes(plan_causes *causes) {
    size_t kept = 0;
    qsort(causes->items, causes->count, sizeof *causes->items, by_kind);
    for (size_t i = 0; i < causes->count; i++)
        if (kept == 0 || by_kind(&causes->items[kept - 1], &causes->items[i]) != 0)
            causes->items[kept++] = causes->items[i];
    causes->count = kept;
}

plan_partitions plan_merge(arena *a, const marks *marked, const plan_reaches *reached) {
    plan_partitions list = {0};
    strmap *places = strmap_new(a);
    for (size_t i = 0; i < marked->count; i++) {
        const mark *m = &marked->items[i];
        plan_partition *p = find_or_add(a, &list, places, m->partition);
        p->certain = true;
        p->by_code = p->by_code && m->cause == CAUSE_CODE;
        add_cause(a, p, m->cause, m->ref);
    }
    for (size_t i = 0; i < reached->count; i++) {
        const plan_reach *r = &reached->items[i];
        plan_partition *p = find_or_add(a, &list, places, r->partition);
        p->certain = p->certain || r->certain;
        p->reached = true;
        p->by_code = p->by_code && r->by_code;
        add_cause(a, p, CAUSE_UPSTREAM, r->ref);
    }
    for (size_t i = 0; i < list.count; i++)
        sort_causes(&list.items[i].causes);
    if (list.count > 0)
        qsort(list.items, list.count, sizeof *list.items, by_partition);
    return list;
}
