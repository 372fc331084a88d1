#include "land/prepare.h"

#include "base/number.h"
#include "land/check.h"
#include "land/keep.h"
#include "land/report.h"
#include "land/scan.h"
#include "land/standing.h"

enum { US_PER_S = 1000000 };

status prepare_rules(const landing *l, const lake_table *table, const identity_rules **ret,
                     error *err) {
    identity_rules **rules = &l->rules[table->index];
    if (*rules == NULL)
        TRY(identity_new(table, rules, err));
    *ret = *rules;
    return OK;
}

/* Where the path does not tell an identity, the path itself is one: for the quarantine's record. */
status prepare_path(const landing *l, arrival *at, arena *a, error *err) {
    const identity_rules *rules;
    const char *file = at->claimed.file;
    char *identity = NULL;
    error problem = {0};
    TRY(prepare_rules(l, at->table, &rules, err));
    if (identity_of(rules, file, a, &identity, &problem) != OK)
        check_refuse(at, "identity", problem.message);
    at->identity = identity != NULL ? identity : scan_path_in_table(at->table, file);
    if (identity_from_path(rules, file, &at->from_path, &problem) != OK)
        check_refuse(at, "from_path", problem.message);
    if (name_kind_of(file, at->table->source->format, &at->kind, &problem) != OK)
        check_refuse(at, "extension", problem.message);
    return OK;
}

static int64_t wanted_time(const landing *l, const arrival *at) {
    int64_t uploaded_us = at->claimed.uploaded_us;
    bool by_upload = l->context->now_us == 0 && at->table->source->land_time == LAND_TIME_UPLOADED
                     && uploaded_us < l->now_us;
    return (by_upload ? uploaded_us : l->now_us) / US_PER_S;
}

status prepare_known(const landing *l, arrival *at, arena *a, error *err) {
    int64_t table = l->context->tables[at->table->index].id;
    TRY(ledger_deliveries_of_identity(l->context->ledger, table, at->identity, a, &at->known, err));
    at->land_time = standing_land_time(&at->known, wanted_time(l, at), l->context->now_us != 0);
    return OK;
}

static bool is_accepted(const delivery *d) {
    return d->state == DELIVERY_ACTIVE || d->state == DELIVERY_SUPERSEDED
           || d->state == DELIVERY_DUPLICATE;
}

static bool has_size(const deliveries *known, int64_t size) {
    for (size_t i = 0; i < known->count; i++)
        if (known->items[i].bytes == size)
            return true;
    return false;
}

static const char *landed_on(arena *a, const delivery *d) {
    char text[TIME_TEXT_SIZE];
    time_text(d->land_time * US_PER_S, text);
    return arena_strdup(a, text);
}

static void refuse_withdrawn(arrival *at, const delivery *d, arena *a) {
    const char *how = d->reason != NULL ? d->reason : "withdrawn";
    check_refuse(at, REPORT_WITHDRAWN,
                 arena_printf(a, "these bytes, landed on %s, were %s; `weir readmit` to take them",
                              landed_on(a, d), how));
}

static void refuse_rejected(arrival *at, const delivery *d, arena *a) {
    const char *why = d->reason != NULL ? d->reason : "see its report";
    check_refuse(
        at, "rejected",
        arena_printf(a,
                     "these bytes were rejected on %s and the table's declaration is still "
                     "the same: %s",
                     landed_on(a, d), why));
}

/* A delivery of these very bytes in one of two states; NULL: there is none. */
static const delivery *same_bytes(const arrival *at, bool (*wanted)(const delivery *)) {
    for (size_t i = 0; i < at->known.count; i++)
        if (str_eq(at->known.items[i].sha256, at->sha256) && wanted(&at->known.items[i]))
            return &at->known.items[i];
    return NULL;
}

static bool is_withdrawn(const delivery *d) {
    return d->state == DELIVERY_WITHDRAWN;
}

static bool is_rejected(const delivery *d) {
    return d->state == DELIVERY_REJECTED;
}

/* What was refused for these very bytes stands, until someone says otherwise. */
static void refuse_known(arrival *at, arena *a) {
    const delivery *withdrawn = same_bytes(at, is_withdrawn);
    const delivery *rejected = same_bytes(at, is_rejected);
    if (withdrawn != NULL)
        refuse_withdrawn(at, withdrawn, a);
    else if (rejected != NULL && same_bytes(at, is_accepted) == NULL
             && report_is_of_source(rejected->verdict, at->table->source))
        refuse_rejected(at, rejected, a);
}

static void find_repetition(arrival *at, arena *a) {
    size_t count = at->known.count;
    standing *items = ARENA_ARRAY(a, standing, count + 1);
    for (size_t i = 0; i < count; i++)
        items[i] = standing_of(&at->known.items[i]);
    items[count] = (standing){.identity = at->identity,
                              .sha256 = at->sha256,
                              .land_time = at->land_time,
                              .state = DELIVERY_ACTIVE};
    standing_decide(standing_rule_of(at->table->source), items, count + 1);
    if (items[count].decided != DELIVERY_DUPLICATE)
        return;
    at->fate = ARRIVAL_REPEATED;
    at->twin = &at->known.items[items[count].same_as];
}

static void warn_of_revert(arrival *at, arena *a) {
    for (size_t i = 0; i < at->known.count; i++) {
        const delivery *d = &at->known.items[i];
        if (!is_accepted(d) || !str_eq(d->sha256, at->sha256))
            continue;
        const char *warning =
            arena_printf(a, "\"%s\" is again what landed on %s and was replaced since",
                         str_printable(a, at->claimed.file), landed_on(a, d));
        vec_push(a, &at->warnings, warning);
        return;
    }
}

void prepare_redelivery(arrival *at, arena *a) {
    if (at->table->source->on_redelivery != REDELIVERY_REJECT)
        return;
    for (size_t i = 0; i < at->known.count; i++) {
        const delivery *d = &at->known.items[i];
        if (!is_accepted(d) || at->fate == ARRIVAL_REJECTED || str_eq(d->sha256, at->sha256))
            continue;
        check_refuse(at, "redelivery",
                     arena_printf(a,
                                  "another content landed under this identity on %s, and the table "
                                  "takes each only once (on_redelivery: reject)",
                                  landed_on(a, d)));
    }
}

void prepare_twin(const landing *l, arrival *at, arena *a) {
    if (at->fate != ARRIVAL_OPEN)
        return;
    if (!at->hashed && has_size(&at->known, at->stamp.size))
        keep_hash(l, at);
    if (at->hashed && at->fate == ARRIVAL_OPEN)
        refuse_known(at, a);
    if (at->hashed && at->fate == ARRIVAL_OPEN)
        find_repetition(at, a);
    if (at->fate == ARRIVAL_OPEN)
        prepare_redelivery(at, a);
    if (at->hashed && at->fate == ARRIVAL_OPEN)
        warn_of_revert(at, a);
}
