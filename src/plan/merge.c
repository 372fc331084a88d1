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
    plan_partition added = {.text = text};
    vec_push(a, list, added);
    size_t *place = ARENA_NEW(a, size_t);
    *place = list->count - 1;
    strmap_set(places, text, place);
    return &list->items[*place];
}

static void add_cause(arena *a, plan_partition *p, cause_kind kind, const char *ref) {
    for (size_t i = 0; i < p->causes.count; i++)
        if (p->causes.items[i].kind == kind && str_eq(p->causes.items[i].ref, ref))
            return;
    vec_push(a, &p->causes, ((plan_cause){.kind = kind, .ref = ref}));
}

/* Causes in the order of their enum, what a delivery did before what followed from it. */
static int by_kind(const void *left, const void *right) {
    const plan_cause *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return strcmp(a->ref, b->ref);
}

plan_partitions plan_merge(arena *a, const marks *marked, const plan_reaches *reached) {
    plan_partitions list = {0};
    strmap *places = strmap_new(a);
    for (size_t i = 0; i < marked->count; i++) {
        const mark *m = &marked->items[i];
        plan_partition *p = find_or_add(a, &list, places, m->partition);
        p->certain = true;
        add_cause(a, p, m->cause, m->ref);
    }
    for (size_t i = 0; i < reached->count; i++) {
        const plan_reach *r = &reached->items[i];
        plan_partition *p = find_or_add(a, &list, places, r->partition);
        p->certain = p->certain || r->certain;
        add_cause(a, p, CAUSE_UPSTREAM, r->ref);
    }
    for (size_t i = 0; i < list.count; i++)
        qsort(list.items[i].causes.items, list.items[i].causes.count, sizeof(plan_cause), by_kind);
    if (list.count > 0)
        qsort(list.items, list.count, sizeof *list.items, by_partition);
    return list;
}
