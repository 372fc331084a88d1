#include "land/contest.h"

#include "ledger/reach.h"

static int64_t table_id(const contest *c) {
    return c->context->tables[c->table->index].id;
}

/* With contents: full the newest of the whole table counts, and neighbours are those of the whole
 * table. */
static status read_recorded(contest *c, const char *identity, arena *a, error *err) {
    ledger *l = c->context->ledger;
    if (c->table->source->contents_full)
        return ledger_deliveries_where(l, table_id(c), NULL, NULL, a, &c->recorded, err);
    return ledger_deliveries_of_identity(l, table_id(c), identity, a, &c->recorded, err);
}

static status fill(contest *c, arena *a, error *err) {
    for (size_t i = 0; i < c->recorded.count; i++)
        vec_push(a, &c->standings, standing_of(&c->recorded.items[i]));
    if (!c->table->source->contents_full)
        return OK;
    return ledger_looks_back(c->context->ledger, table_id(c), &c->looks_back, err);
}

status contest_read(const land_context *context, const lake_table *t, const char *identity,
                    arena *a, contest *ret, error *err) {
    contest c = {.context = context, .table = t};
    TRY(read_recorded(&c, identity, a, err));
    TRY(fill(&c, a, err));
    *ret = c;
    return OK;
}

/* What is active now may lose, or become the repetition of the newcomer. */
static status find_bound(const contest *c, int64_t land_time, int64_t *ret, error *err) {
    ARENA_AUTO a = arena_new();
    deliveries active = {0};
    *ret = land_time;
    TRY(ledger_deliveries_active(c->context->ledger, table_id(c), a, &active, err));
    for (size_t i = 0; i < active.count; i++)
        if (active.items[i].land_time < *ret)
            *ret = active.items[i].land_time;
    return OK;
}

static status read_around(contest *c, const standing *newcomer, arena *a, error *err) {
    int64_t bound = 0;
    if (!c->table->source->contents_full)
        return read_recorded(c, newcomer->identity, a, err);
    TRY(find_bound(c, newcomer->land_time, &bound, err));
    return ledger_deliveries_since(c->context->ledger, table_id(c), bound, a, &c->recorded,
                                   &c->has_before, err);
}

status contest_read_for(const land_context *context, const lake_table *t, const standing *newcomer,
                        arena *a, contest *ret, error *err) {
    contest c = {.context = context, .table = t};
    TRY(read_around(&c, newcomer, a, err));
    TRY(fill(&c, a, err));
    contest_add(&c, a, newcomer);
    *ret = c;
    return OK;
}

void contest_add(contest *c, arena *a, const standing *newcomer) {
    vec_push(a, &c->standings, *newcomer);
}

void contest_decide(contest *c) {
    standing_decide(standing_rule_of(c->table->source), c->standings.items, c->standings.count);
}

bool contest_changes(const contest *c, size_t place) {
    if (c->has_before && place + 1 == c->recorded.count)
        return false;
    return c->standings.items[place].decided != c->recorded.items[place].state;
}

static bool is_read(const contest *c, delivery_state state) {
    return state == DELIVERY_ACTIVE || (c->looks_back && state == DELIVERY_SUPERSEDED);
}

/* What is active and what is superseded are read in different ways. */
bool contest_is_seen(const contest *c, size_t place) {
    delivery_state before = c->recorded.items[place].state;
    delivery_state after = c->standings.items[place].decided;
    return contest_changes(c, place) && (is_read(c, before) || is_read(c, after));
}

status contest_write(const contest *c, const char *reason, error *err) {
    for (size_t i = 0; i < c->recorded.count; i++) {
        delivery_state decided = c->standings.items[i].decided;
        const char *why = decided == DELIVERY_WITHDRAWN ? reason : NULL;
        if (contest_changes(c, i))
            TRY(ledger_delivery_set_state(c->context->ledger, c->recorded.items[i].id, decided, why,
                                          err));
    }
    return OK;
}

static cause_kind cause_of(delivery_state before, delivery_state after, cause_kind again) {
    if (after == DELIVERY_WITHDRAWN)
        return CAUSE_WITHDRAWN;
    return after == DELIVERY_ACTIVE || before == DELIVERY_WITHDRAWN ? again : CAUSE_SUPERSEDED;
}

status contest_mark(const contest *c, cause_kind again, error *err) {
    for (size_t i = 0; i < c->recorded.count; i++) {
        const delivery *d = &c->recorded.items[i];
        delivery_state after = c->standings.items[i].decided;
        if (contest_is_seen(c, i))
            TRY(ledger_mark_unit(c->context->ledger, table_id(c), d->id,
                                 cause_of(d->state, after, again), d->file, err));
    }
    return OK;
}
