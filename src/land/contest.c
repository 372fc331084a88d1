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

status contest_read(const land_context *context, const lake_table *t, const char *identity,
                    arena *a, contest *ret, error *err) {
    contest c = {.context = context, .table = t};
    TRY(read_recorded(&c, identity, a, err));
    if (t->source->contents_full)
        TRY(ledger_looks_back(context->ledger, table_id(&c), &c.looks_back, err));
    for (size_t i = 0; i < c.recorded.count; i++)
        vec_push(a, &c.standings, standing_of(&c.recorded.items[i]));
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
    return c->standings.items[place].decided != c->recorded.items[place].state;
}

static bool is_read(const contest *c, delivery_state state) {
    return state == DELIVERY_ACTIVE || (c->looks_back && state == DELIVERY_SUPERSEDED);
}

/* What is active and what is superseded are read in different ways. */
bool contest_is_seen(const contest *c, size_t place) {
    delivery_state before = c->recorded.items[place].state;
    delivery_state after = c->standings.items[place].decided;
    return before != after && (is_read(c, before) || is_read(c, after));
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
