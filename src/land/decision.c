#include "land/decision.h"

decision decision_new(const land_context *c, const char *verb, const char *why, arena *a,
                      land_decided *result) {
    return (decision){.context = c,
                      .arena = a,
                      .verb = verb,
                      .why = why,
                      .now_us = c->now_us != 0 ? c->now_us : clock_now_us(c->clock),
                      .result = result};
}

size_t decision_place(const contest *c, int64_t id) {
    for (size_t i = 0; i < c->recorded.count; i++)
        if (c->recorded.items[i].id == id)
            return i;
    return SIZE_MAX;
}

void decision_leave(const decision *d, const contest *c, const delivery *named,
                    const char *reason) {
    land_left left = {.table = c->table, .delivery = *named, .reason = reason};
    vec_push(d->arena, &d->result->left, left);
}

status decision_name(const decision *d, const contest *c, const delivery *named, error *err) {
    const char *ref = arena_printf(d->arena, "%s %s (delivery %lld)", c->table->name,
                                   str_printable(d->arena, named->file), (long long)named->id);
    land_change change = {.table = c->table, .delivery = *named, .after = named->state};
    vec_push(d->arena, &d->result->named, change);
    return ledger_event_add(d->context->ledger, d->context->who, d->verb, ref, d->why, d->now_us,
                            err);
}

static void tell_after(const decision *d, int64_t id, delivery_state after) {
    land_changes *named = &d->result->named;
    for (size_t i = 0; i < named->count; i++)
        if (named->items[i].delivery.id == id)
            named->items[i].after = after;
}

static bool does_any_count(const contest *c) {
    for (size_t i = 0; i < c->standings.count; i++)
        if (c->standings.items[i].decided == DELIVERY_ACTIVE)
            return true;
    return false;
}

static void tell(const decision *d, const contest *c) {
    bool lost = false;
    for (size_t i = 0; i < c->recorded.count; i++) {
        const delivery *before = &c->recorded.items[i];
        delivery_state after = c->standings.items[i].decided;
        tell_after(d, before->id, after);
        if (!contest_is_seen(c, i))
            continue;
        land_change seen = {.table = c->table, .delivery = *before, .after = after};
        vec_push(d->arena, &d->result->seen, seen);
        lost = lost || before->state == DELIVERY_ACTIVE;
    }
    if (lost && c->table->source->contents_full && !does_any_count(c))
        vec_push(d->arena, &d->result->emptied, c->table->name);
}

status decision_carry_out(const decision *d, contest *c, const char *reason, error *err) {
    contest_decide(c);
    TRY(contest_write(c, reason, err));
    TRY(contest_mark(c, CAUSE_READMITTED, err));
    tell(d, c);
    return OK;
}

status decision_end(const decision *d, status result, error *err) {
    if (result == OK)
        return ledger_commit(d->context->ledger, err);
    ledger_rollback(d->context->ledger);
    return result;
}
