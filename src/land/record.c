#include "land/record.h"

#include "base/hash.h"
#include "land/contest.h"
#include "land/keep.h"
#include "land/recover.h"
#include "land/report.h"

static int64_t table_id(const landing *l, const lake_table *t) {
    return l->context->tables[t->index].id;
}

/* The new one is the last. */
static status hold_contest(const landing *l, const arrival *at, arena *a, contest *ret,
                           error *err) {
    const standing newcomer = {.identity = at->identity,
                               .sha256 = at->sha256,
                               .land_time = at->land_time,
                               .state = DELIVERY_ACTIVE};
    TRY(contest_read_for(l->context, at->table, &newcomer, a, ret, err));
    contest_decide(ret);
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

delivery record_describe(const landing *l, const arrival *at, arena *a) {
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
    delivery d = record_describe(l, at, a);
    d.object = at->quarantined;
    d.state = at->state = DELIVERY_REJECTED;
    d.reason = report_reason(a, at->failures);
    return ledger_delivery_add(l->context->ledger, &d, &at->id, err);
}

status record_feeds(const landing *l, const arrival *at, error *err) {
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

static status mark_changes(const landing *l, const arrival *at, const contest *c, error *err) {
    TRY(contest_mark(c, CAUSE_NEW, err));
    if (at->state != DELIVERY_ACTIVE)
        return OK;
    return ledger_mark_unit(l->context->ledger, table_id(l, at->table), at->id, CAUSE_NEW,
                            at->claimed.file, err);
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
    delivery d = record_describe(l, at, a);
    d.state = at->state = c.standings.items[c.recorded.count].decided;
    at->superseded_others = supersedes(&c);
    TRY(ledger_delivery_add(l->context->ledger, &d, &at->id, err));
    TRY(contest_write(&c, NULL, err));
    TRY(record_feeds(l, at, err));
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
