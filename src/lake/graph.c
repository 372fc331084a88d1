#include "lake/load.h"

/* Order of dependency (Kahn): of the tables whose inputs are placed, always the first by layer and
 * name. drafts come sorted so. */
typedef struct ordering {
    loader *loader;
    bool *is_placed;
    indexes order;
} ordering;

static bool is_ready(const ordering *o, size_t i) {
    const draft *d = &o->loader->drafts.items[i];
    for (size_t j = 0; j < d->inputs.count; j++) {
        if (!o->is_placed[d->inputs.items[j]])
            return false;
    }
    return true;
}

static bool place_next(ordering *o) {
    for (size_t i = 0; i < o->loader->drafts.count; i++) {
        if (o->is_placed[i] || !is_ready(o, i))
            continue;
        o->is_placed[i] = true;
        vec_push(o->loader->arena, &o->order, i);
        return true;
    }
    return false;
}

static size_t first_open_input(const ordering *o, size_t i) {
    const draft *d = &o->loader->drafts.items[i];
    for (size_t j = 0; j < d->inputs.count; j++) {
        if (!o->is_placed[d->inputs.items[j]])
            return d->inputs.items[j];
    }
    ASSERT(false); /* a table that waits has an input that is not placed */
    return i;
}

/* When nothing is ready, following open inputs ends in a circle. Its members, first the first. */
static indexes find_circle(const ordering *o) {
    loader *l = o->loader;
    bool *is_seen = ARENA_ARRAY(l->arena, bool, l->drafts.count);
    size_t at = 0, first;
    while (o->is_placed[at])
        at++;
    for (; !is_seen[at]; at = first_open_input(o, at))
        is_seen[at] = true;
    first = at;
    for (size_t i = first_open_input(o, at); i != at; i = first_open_input(o, i))
        first = i < first ? i : first;
    indexes circle = {0};
    at = first;
    do {
        vec_push(l->arena, &circle, at);
        at = first_open_input(o, at);
    } while (at != first);
    return circle;
}

/* Its tables count as placed from here, so that other circles are found too. */
static void tell_circle(ordering *o) {
    loader *l = o->loader;
    indexes circle = find_circle(o);
    strings names = {0};
    for (size_t i = 0; i < circle.count; i++) {
        draft *d = &l->drafts.items[circle.items[i]];
        d->is_broken = true;
        o->is_placed[circle.items[i]] = true;
        vec_push(l->arena, &o->order, circle.items[i]);
        vec_push(l->arena, &names, d->table->name);
    }
    const lake_table *first = l->drafts.items[circle.items[0]].table;
    vec_push(l->arena, &names, first->name);
    error *err = problem_add(&l->problems, (place){.file = first->sql_file},
                             "tables read each other in a circle: %s",
                             str_join(l->arena, &names, " reads "));
    error_hint(err, "Take one of these inputs out of the SQL that reads it.");
}

/* Bring drafts into the order found; what points to drafts by index moves along. */
static void apply_order(loader *l, const indexes *order) {
    draft *sorted = ARENA_ARRAY(l->arena, draft, order->count);
    size_t *moved = ARENA_ARRAY(l->arena, size_t, order->count);
    for (size_t i = 0; i < order->count; i++) {
        sorted[i] = l->drafts.items[order->items[i]];
        sorted[i].table->index = i;
        moved[order->items[i]] = i;
    }
    for (size_t i = 0; i < order->count; i++) {
        for (size_t j = 0; j < sorted[i].inputs.count; j++)
            sorted[i].inputs.items[j] = moved[sorted[i].inputs.items[j]];
    }
    l->drafts.items = sorted;
}

void load_order(loader *l) {
    ordering o = {.loader = l, .is_placed = ARENA_ARRAY(l->arena, bool, l->drafts.count)};
    while (o.order.count < l->drafts.count) {
        if (!place_next(&o))
            tell_circle(&o);
    }
    apply_order(l, &o.order);
}
