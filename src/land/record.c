#include "land/record.h"

#include "base/hash.h"
#include "land/keep.h"
#include "land/recover.h"
#include "land/report.h"
#include "land/standing.h"

typedef VEC(standing) standings;

/* The deliveries that a new one competes with; the new one is the last, with id 0. */
typedef struct contest {
    deliveries recorded;
    standings standings; /* one more than recorded */
} contest;

static int64_t table_id(const landing *l, const lake_table *t) {
    return l->context->tables[t->index].id;
}

static bool has_id(const deliveries *list, int64_t id) {
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].id == id)
            return true;
    return false;
}

/* With contents: full the newest of the whole table counts; only what is active there can lose. */
static status read_rivals(const landing *l, const arrival *at, arena *a, deliveries *ret,
                          error *err) {
    ledger *from = l->context->ledger;
    int64_t table = table_id(l, at->table);
    deliveries active = {0};
    TRY(ledger_deliveries_of_identity(from, table, at->identity, a, ret, err));
    if (!at->table->source->contents_full)
        return OK;
    TRY(ledger_deliveries_active(from, table, a, &active, err));
    for (size_t i = 0; i < active.count; i++)
        if (!has_id(ret, active.items[i].id))
            vec_push(a, ret, active.items[i]);
    return OK;
}

static status hold_contest(const landing *l, const arrival *at, arena *a, contest *ret,
                           error *err) {
    contest c = {0};
    TRY(read_rivals(l, at, a, &c.recorded, err));
    for (size_t i = 0; i < c.recorded.count; i++) {
        const delivery *d = &c.recorded.items[i];
        standing s = {.identity = d->identity,
                      .sha256 = d->sha256,
                      .land_time = d->land_time,
                      .state = d->state};
        vec_push(a, &c.standings, s);
    }
    standing newcomer = {.identity = at->identity,
                         .sha256 = at->sha256,
                         .land_time = at->land_time,
                         .state = DELIVERY_ACTIVE};
    vec_push(a, &c.standings, newcomer);
    standing_decide(standing_rule_of(at->table->source), c.standings.items, c.standings.count);
    *ret = c;
    return OK;
}

static char *json_or_null(arena *a, const json_t *value) {
    return value != NULL ? json_text(a, value) : NULL;
}

static void fill_contract(arena *a, const arrival *at, delivery *d) {
    JSON_AUTO opaque = json_pack("{s:s}", "format", "opaque");
    const json_t *contract = json_object_get(at->answer, "contract");
    if (at->kind.format == FORMAT_OPAQUE)
        contract = opaque;
    char *hash = arena_alloc(a, SHA256_TEXT_SIZE);
    d->contract = json_or_null(a, contract);
    sha256_text(d->contract, strlen(d->contract), hash);
    d->contract_hash = hash;
    d->rows = json_get_int(at->answer, "rows", 0);
}

static void fill_repeated(const arrival *at, delivery *d) {
    d->object = at->twin->object;
    d->contract = at->twin->contract;
    d->contract_hash = at->twin->contract_hash;
    d->rows = at->twin->rows;
}

static delivery describe(const landing *l, const arrival *at, arena *a) {
    JSON_AUTO report = report_document(at);
    delivery d = {
        .table = table_id(l, at->table),
        .identity = at->identity,
        .file = at->claimed.file,
        .sha256 = at->sha256,
        .bytes = at->bytes,
        .land_time = at->land_time,
        .accepted_at = l->now_us,
        .from_path = json_or_null(a, at->from_path),
        .object = at->object,
        .verdict = json_text(a, report),
        .claim = at->claimed.claim,
        .run = l->context->run,
    };
    if (at->fate == ARRIVAL_ACCEPTED)
        fill_contract(a, at, &d);
    else if (at->fate == ARRIVAL_REPEATED)
        fill_repeated(at, &d);
    return d;
}

static status record_rejected(const landing *l, arrival *at, arena *a, error *err) {
    delivery d = describe(l, at, a);
    d.object = at->quarantined;
    d.state = at->state = DELIVERY_REJECTED;
    d.reason = report_reason(a, at->failures);
    return ledger_delivery_add(l->context->ledger, &d, &at->id, err);
}

static status put_feeds(const landing *l, const arrival *at, error *err) {
    for (size_t i = 0; at->feeds_known && i < at->feeds.count; i++) {
        const unit_feed *feed = &at->feeds.items[i];
        feed_set set = {
            .table = table_id(l, feed->reader),
            .input = table_id(l, at->table),
            .map = feed->input->map_fingerprint,
            .unit = at->id,
            .partitions = feed->partitions,
            .rows = feed->rows,
        };
        TRY(ledger_feeds_put(l->context->ledger, &set, err));
    }
    return OK;
}

static bool changed_for_readers(delivery_state before, delivery_state after) {
    return before != after && (before == DELIVERY_ACTIVE || after == DELIVERY_ACTIVE);
}

static cause_kind cause_of(delivery_state after) {
    return after == DELIVERY_ACTIVE ? CAUSE_NEW : CAUSE_SUPERSEDED;
}

/* States first, marks after: a mark looks at what is recorded. */
static status set_states(ledger *l, const contest *c, error *err) {
    for (size_t i = 0; i < c->recorded.count; i++) {
        const delivery *d = &c->recorded.items[i];
        if (c->standings.items[i].decided != d->state)
            TRY(ledger_delivery_set_state(l, d->id, c->standings.items[i].decided, NULL, err));
    }
    return OK;
}

static status mark_changes(const landing *l, const arrival *at, const contest *c, error *err) {
    int64_t input = table_id(l, at->table);
    for (size_t i = 0; i < c->recorded.count; i++) {
        const delivery *d = &c->recorded.items[i];
        delivery_state after = c->standings.items[i].decided;
        if (changed_for_readers(d->state, after))
            TRY(ledger_mark_unit(l->context->ledger, input, d->id, cause_of(after), d->file, err));
    }
    if (at->state != DELIVERY_ACTIVE)
        return OK;
    return ledger_mark_unit(l->context->ledger, input, at->id, CAUSE_NEW, at->claimed.file, err);
}

static bool supersedes(const contest *c) {
    for (size_t i = 0; i < c->recorded.count; i++)
        if (c->recorded.items[i].state == DELIVERY_ACTIVE
            && c->standings.items[i].decided == DELIVERY_SUPERSEDED)
            return true;
    return false;
}

status record_accepted(const landing *l, arrival *at, arena *a, error *err) {
    contest c;
    TRY(hold_contest(l, at, a, &c, err));
    delivery d = describe(l, at, a);
    d.state = at->state = c.standings.items[c.recorded.count].decided;
    at->superseded_others = supersedes(&c);
    TRY(ledger_delivery_add(l->context->ledger, &d, &at->id, err));
    TRY(set_states(l->context->ledger, &c, err));
    TRY(put_feeds(l, at, err));
    return mark_changes(l, at, &c, err);
}

static status record_arrivals(batch *b, error *err) {
    for (size_t i = 0; i < b->count; i++) {
        arrival *at = &b->items[i];
        if (at->fate == ARRIVAL_REJECTED)
            TRY(record_rejected(b->landing, at, b->arena, err));
        else if (at->fate == ARRIVAL_ACCEPTED || at->fate == ARRIVAL_REPEATED)
            TRY(record_accepted(b->landing, at, b->arena, err));
    }
    return keep_settle(b, err);
}

status record_batch(batch *b, error *err) {
    ledger *l = b->landing->context->ledger;
    TRY(ledger_begin(l, LEDGER_WRITE, err));
    status result = recover_check_lease(b->landing->context, err);
    if (result == OK)
        result = keep_place(b, err);
    if (result == OK)
        result = record_arrivals(b, err);
    if (result != OK) {
        ledger_rollback(l);
        return result;
    }
    return ledger_commit(l, err);
}
