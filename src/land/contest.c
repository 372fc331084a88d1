#include "land/contest.h"

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

bool contest_is_seen(delivery_state before, delivery_state after) {
    return before != after && (before == DELIVERY_ACTIVE || after == DELIVERY_ACTIVE);
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

static cause_kind cause_of(delivery_state after, cause_kind again) {
    if (after == DELIVERY_ACTIVE)
        return again;
    return after == DELIVERY_WITHDRAWN ? CAUSE_WITHDRAWN : CAUSE_SUPERSEDED;
}

status contest_mark(const contest *c, cause_kind again, error *err) {
    for (size_t i = 0; i < c->recorded.count; i++) {
        const delivery *d = &c->recorded.items[i];
        delivery_state after = c->standings.items[i].decided;
        if (contest_is_seen(d->state, after))
            TRY(ledger_mark_unit(c->context->ledger, table_id(c), d->id, cause_of(after, again),
                                 d->file, err));
    }
    return OK;
}
