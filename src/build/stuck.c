#include "build/stuck.h"

struct stuck_bases {
    strmap *by_base; /* base partition → the obstacle of a unit that stands there */
    strmap *planned; /* base partition → text of one that is planned; only within bounds */
};

/* Where it stands, or would stand when it had been built. Unknown where only its rows would tell:
 * then nothing. */
static status bases_of(const build_state *s, const lake_table *t, const lake_input *input,
                       const staged *st, strings *ret, error *err) {
    unit_feed feed = {0};
    ledger_edge edge = build_edge(s->c, t, input);
    if (st->old.version != 0) {
        status found = ledger_feeds_of(s->c->ledger, edge.table, edge.input, edge.map,
                                       st->old.version, s->arena, ret, err);
        return found == E_NOT_FOUND ? OK : found;
    }
    if (feeds_need_rows(input))
        return OK;
    TRY(feeds_read_edge(t, input, NULL, st->text, s->arena, &feed, err));
    *ret = feed.partitions;
    return OK;
}

static status collect_one(const build_state *s, const lake_table *t, const lake_input *input,
                          const staged *st, stuck_bases *into, error *err) {
    strings bases = {0};
    bool stuck = staged_is_stuck(st) && st->obstacle != NULL;
    if (!stuck && !into->planned)
        return OK;
    TRY(bases_of(s, t, input, st, &bases, err));
    for (size_t k = 0; k < bases.count; k++) {
        if (stuck)
            obstacle_put(into->by_base, bases.items[k], st->obstacle);
        if (into->planned)
            strmap_set(into->planned, bases.items[k], (void *)(uintptr_t)st->text);
    }
    return OK;
}

static status collect(const build_state *s, const lake_table *t, const lake_input *input,
                      stuck_bases **ret, error *err) {
    const staged_table *from = &s->tables[input->table->index];
    stuck_bases *all = ARENA_NEW(s->arena, stuck_bases);
    *all = (stuck_bases){.by_base = strmap_new(s->arena)};
    if (s->c->scope && s->c->scope->bounds)
        all->planned = strmap_new(s->arena);
    for (size_t i = 0; from->table && i < from->partitions.count; i++)
        TRY(collect_one(s, t, input, from->partitions.items[i], all, err));
    *ret = all;
    return OK;
}

static status find(const build_state *s, const lake_table *t, const lake_input *input,
                   const stuck_bases **ret, error *err) {
    staged_table *reader = &s->tables[t->index];
    size_t place = (size_t)(input - t->inputs);
    ASSERT(place < t->input_count);
    if (!reader->stuck)
        reader->stuck = ARENA_ARRAY(s->arena, stuck_bases *, t->input_count);
    if (!reader->stuck[place])
        TRY(collect(s, t, input, &reader->stuck[place], err));
    *ret = reader->stuck[place];
    return OK;
}

/* Does one that is stuck stand where the partition reads, or between there and the partition? */
static status look_back(const build_state *s, const lake_input *input, const stuck_bases *all,
                        const char *text, const strings *read, obstacle **ret, error *err) {
    const char *prefix = NULL, *own = NULL;
    const char *newest = read->count > 0 ? read->items[0] : NULL;
    TRY(span_prefix(input->map.span, text, s->arena, &prefix, err));
    TRY(span_own(input->map.span, text, s->arena, &own, err));
    for (size_t i = 0; prefix && i < strmap_count(all->by_base); i++) {
        void *there = NULL;
        const char *base = strmap_at(all->by_base, i, &there);
        bool before = str_starts(base, prefix) && strcmp(base, own) <= 0;
        if (before && (!newest || strcmp(base, newest) >= 0))
            *ret = obstacle_worse(*ret, there);
    }
    return OK;
}

/* The newest base at or before the partition's own. */
static status newest_planned(const build_state *s, const lake_input *input, const strmap *planned,
                             const char *text, strings *ret, error *err) {
    const char *prefix = NULL, *own = NULL, *newest = NULL;
    void *there = NULL, *found = NULL;
    TRY(span_prefix(input->map.span, text, s->arena, &prefix, err));
    TRY(span_own(input->map.span, text, s->arena, &own, err));
    for (size_t i = 0; prefix && i < strmap_count(planned); i++) {
        const char *base = strmap_at(planned, i, &there);
        if (!str_starts(base, prefix) || strcmp(base, own) > 0
            || (newest && strcmp(base, newest) < 0))
            continue;
        newest = base;
        found = there;
    }
    if (newest)
        vec_push(s->arena, ret, (const char *)found);
    return OK;
}

status stuck_awaits(const build_state *s, const lake_table *t, const lake_input *input,
                    const char *text, strings *ret, error *err) {
    const stuck_bases *all = NULL;
    strings read = {0}, awaited = {0};
    TRY(find(s, t, input, &all, err));
    if (all->planned && input->map.kind == MAP_AS_OF)
        TRY(newest_planned(s, input, all->planned, text, &awaited, err));
    if (all->planned && input->map.kind == MAP_WINDOW)
        TRY(state_fed(s, t, input, text, &read, err));
    for (size_t i = 0; i < read.count; i++)
        if (strmap_has(all->planned, read.items[i]))
            vec_push(s->arena, &awaited, (const char *)strmap_get(all->planned, read.items[i]));
    *ret = awaited;
    return OK;
}

static status look_through(const build_state *s, const lake_table *t, const lake_input *input,
                           const char *text, obstacle **ret, error *err) {
    const stuck_bases *all = NULL;
    strings read = {0};
    TRY(find(s, t, input, &all, err));
    if (strmap_count(all->by_base) == 0)
        return OK;
    TRY(state_fed(s, t, input, text, &read, err));
    if (input->map.kind == MAP_AS_OF)
        return look_back(s, input, all, text, &read, ret, err);
    for (size_t i = 0; i < read.count; i++)
        *ret = obstacle_worse(*ret, strmap_get(all->by_base, read.items[i]));
    return OK;
}

status stuck_before(const build_state *s, const lake_table *t, const char *text, obstacle **ret,
                    error *err) {
    obstacle *worst = NULL;
    for (size_t i = 0; i < t->input_count; i++)
        if (t->inputs[i].map.span && !t->inputs[i].table->source)
            TRY(look_through(s, t, &t->inputs[i], text, &worst, err));
    *ret = worst;
    return OK;
}
