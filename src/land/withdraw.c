#include "land/withdraw.h"

#include "base/number.h"
#include "land/decision.h"
#include "land/find.h"
#include "land/recover.h"

enum { US_PER_S = 1000000 };

typedef struct withdrawing {
    decision decision;
    delivery_withdrawal how;
    const char *reason; /* for the deliveries */
} withdrawing;

/* What whoever asks about the delivery reads, and whoever sends it again. */
static const char *reason_text(const decision *d) {
    char when[TIME_TEXT_SIZE];
    time_text(d->now_us / US_PER_S * US_PER_S, when);
    return arena_printf(d->arena, "withdrawn on %s by %s: %s", when, d->context->who,
                        str_printable(d->arena, d->why));
}

/* One that was withdrawn already may have been in another way. */
static status decide(const withdrawing *w, contest *c, size_t place, error *err) {
    ledger *l = w->decision.context->ledger;
    const delivery *named = &c->recorded.items[place];
    if (named->withdrawal == w->how) {
        decision_leave(&w->decision, c, named,
                       arena_printf(w->decision.arena, "already %s",
                                    named->reason != NULL ? named->reason : "withdrawn"));
        return OK;
    }
    c->standings.items[place].withdrawal = w->how;
    TRY(ledger_delivery_set_withdrawal(l, named->id, w->how, err));
    if (named->state == DELIVERY_WITHDRAWN)
        TRY(ledger_delivery_set_state(l, named->id, DELIVERY_WITHDRAWN, w->reason, err));
    return decision_name(&w->decision, c, named, err);
}

static status withdraw_one(const withdrawing *w, contest *c, const delivery *named, error *err) {
    size_t place = decision_place(c, named->id);
    if (place != SIZE_MAX && c->recorded.items[place].state != DELIVERY_REJECTED)
        return decide(w, c, place, err);
    decision_leave(&w->decision, c, named, "it was never accepted");
    return OK;
}

/* Those that compete are decided about together. */
static size_t group_size(const deliveries *which, size_t from, const lake_table *t) {
    const delivery *first = &which->items[from];
    size_t count = 1;
    while (from + count < which->count && which->items[from + count].table == first->table
           && (t->source->contents_full
               || str_eq(which->items[from + count].identity, first->identity)))
        count++;
    return count;
}

static status withdraw_group(const withdrawing *w, const lake_table *t, const delivery *named,
                             size_t count, error *err) {
    contest c;
    const decision *d = &w->decision;
    TRY(contest_read(d->context, t, named->identity, d->arena, &c, err));
    for (size_t i = 0; i < count; i++)
        TRY(withdraw_one(w, &c, &named[i], err));
    return decision_carry_out(d, &c, w->reason, err);
}

static status withdraw_all(const withdrawing *w, const deliveries *which, error *err) {
    TRY(recover_check_lease(w->decision.context, err));
    for (size_t from = 0, count; from < which->count; from += count) {
        const lake_table *t = find_table(w->decision.context, &which->items[from]);
        ASSERT(t != NULL);
        count = group_size(which, from, t);
        TRY(withdraw_group(w, t, which->items + from, count, err));
    }
    return OK;
}

status land_withdraw(const land_context *c, const deliveries *which, const land_withdrawal *how,
                     arena *a, land_decided *ret, error *err) {
    land_decided result = {0};
    withdrawing w = {.decision = decision_new(c, "withdraw", how->why, a, &result),
                     .how = how->fall_back ? WITHDRAWAL_FALLS_BACK : WITHDRAWAL_EMPTIES};
    w.reason = reason_text(&w.decision);
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    TRY(decision_end(&w.decision, withdraw_all(&w, which, err), err));
    *ret = result;
    return OK;
}
