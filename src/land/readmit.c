/* Back into what counts: what was withdrawn as it is, what was refused after another check. */
#include "land/withdraw.h"

#include "base/path.h"
#include "land/check.h"
#include "land/decision.h"
#include "land/find.h"
#include "land/identity.h"
#include "land/keep.h"
#include "land/prepare.h"
#include "land/record.h"
#include "land/recover.h"
#include "land/report.h"
#include "store/spool.h"

#include <fcntl.h>
#include <unistd.h>

/* One delivery that was named. */
typedef struct returning {
    delivery named;
    const lake_table *table;
    bool is_checked; /* it was refused for what it is, so at has the answer of a new check */
    arrival at;
} returning;

typedef struct readmitting {
    decision decision;
    const land_readmission *how;
    landing landing;
    returning *items;
    size_t count;
    strings chosen; /* objects in raw history */
} readmitting;

static bool same_content(const delivery *left, const delivery *right) {
    return str_eq(left->identity, right->identity) && str_eq(left->sha256, right->sha256);
}

/* look */

static bool is_content_withdrawn(const deliveries *known, const delivery *named) {
    for (size_t i = 0; i < known->count; i++)
        if (known->items[i].withdrawal != WITHDRAWAL_NONE && same_content(&known->items[i], named))
            return true;
    return false;
}

static void fill_arrival(returning *r) {
    const delivery *d = &r->named;
    r->at = (arrival){.table = r->table,
                      .claimed = {.file = d->file, .claim = d->claim},
                      .stamp = {.size = d->bytes},
                      .land_time = d->land_time,
                      .bytes = d->bytes,
                      .hashed = true,
                      .id = d->id};
    (void)snprintf(r->at.sha256, sizeof r->at.sha256, "%s", d->sha256);
}

/* Under the rules of now it may be of another identity, which may have that second already. */
static status meet_known(readmitting *m, returning *r, error *err) {
    arrival *at = &r->at;
    int64_t table = m->decision.context->tables[r->table->index].id;
    TRY(ledger_deliveries_of_identity(m->decision.context->ledger, table, at->identity,
                                      m->decision.arena, &at->known, err));
    if (!str_eq(at->identity, r->named.identity))
        at->land_time = standing_land_time(&at->known, at->land_time, true);
    return OK;
}

typedef status question(const land_context *c, arrival *at, const char *path, arena *a, error *err);

static status ask(readmitting *m, returning *r, question *answer, error *err) {
    const land_context *c = m->decision.context;
    arena *a = m->decision.arena;
    if (r->at.kind.format == FORMAT_OPAQUE)
        return check_opaque(c, &r->at, a, err);
    spool held = {0};
    TRY(spool_open(c->temp_dir, c->quarantine, r->named.object, a, &held, err));
    status asked = answer(c, &r->at, held.path, a, err);
    spool_close(&held);
    return asked;
}

static status refuse(const returning *r, const char *what, const char *reason, error *err) {
    return error_set(err, E_CHECK, "\"%s\" %s: %s", r->named.file, what, reason);
}

static status refuse_still(const readmitting *m, const returning *r, error *err) {
    const char *yaml = r->table->yaml_file != NULL ? r->table->yaml_file : r->table->name;
    (void)refuse(r, "still does not pass", report_reason(m->decision.arena, r->at.failures), err);
    error_hint(err,
               "Change %s so that it does; or --accept-anyway --reason TEXT, when these rows shall "
               "count as they are.",
               yaml);
    return E_CHECK;
}

/* Rules may be waived, being readable may not: whoever reads the table would fail. */
static status waive(readmitting *m, returning *r, error *err) {
    arena *a = m->decision.arena;
    const char *reason = report_reason(a, r->at.failures);
    bool has_format = r->at.kind.format != FORMAT_BY_EXTENSION;
    json_decref(r->at.failures);
    json_decref(r->at.answer);
    r->at.failures = r->at.answer = NULL;
    r->at.fate = ARRIVAL_OPEN;
    if (has_format)
        TRY(ask(m, r, check_readable, err));
    if (r->at.fate == ARRIVAL_ACCEPTED) {
        vec_push(a, &r->at.warnings,
                 (const char *)arena_printf(a, "accepted by %s although %s: %s",
                                            m->decision.context->who, reason, m->how->why));
        return OK;
    }
    (void)refuse(r, "cannot be read, whatever the rules",
                 r->at.failures != NULL ? report_reason(a, r->at.failures) : reason, err);
    error_hint(err, "Have it delivered again, corrected.");
    return E_CHECK;
}

static status judge(readmitting *m, returning *r, error *err) {
    fill_arrival(r);
    TRY(prepare_path(&m->landing, &r->at, m->decision.arena, err));
    TRY(meet_known(m, r, err));
    if (r->at.fate == ARRIVAL_OPEN)
        TRY(ask(m, r, check_one, err));
    if (r->at.fate == ARRIVAL_ACCEPTED)
        prepare_redelivery(&r->at, m->decision.arena);
    if (r->at.fate == ARRIVAL_ACCEPTED)
        return OK;
    return m->how->accept_anyway ? waive(m, r, err) : refuse_still(m, r, err);
}

static status look_at(readmitting *m, returning *r, int64_t id, error *err) {
    const land_context *c = m->decision.context;
    arena *a = m->decision.arena;
    deliveries known = {0};
    TRY(ledger_delivery_get(c->ledger, id, a, &r->named, err));
    TRY(ledger_deliveries_of_identity(c->ledger, r->named.table, r->named.identity, a, &known,
                                      err));
    r->is_checked = r->named.state == DELIVERY_REJECTED && !is_content_withdrawn(&known, &r->named);
    return r->is_checked ? judge(m, r, err) : OK;
}

/* Naming the same bytes twice means no more than once. */
static bool is_named_already(const readmitting *m, const delivery *d) {
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i].named.table == d->table && same_content(&m->items[i].named, d))
            return true;
    return false;
}

static status look(readmitting *m, const deliveries *which, error *err) {
    for (size_t i = 0; i < which->count; i++) {
        const delivery *d = &which->items[i];
        if (is_named_already(m, d))
            continue;
        returning *r = &m->items[m->count++];
        r->table = find_table(m->decision.context, d);
        ASSERT(r->table != NULL);
        TRY(look_at(m, r, d->id, err));
    }
    return OK;
}

/* copy */

static status for_each_copy(readmitting *m, status (*call)(readmitting *, returning *, error *),
                            error *err) {
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i].is_checked)
            TRY(call(m, &m->items[i], err));
    return OK;
}

static pending_object pending_of(const readmitting *m, const returning *r) {
    return (pending_object){.store = arrival_layer(&m->landing, &r->at),
                            .object = r->at.object,
                            .run = m->decision.context->run};
}

static status choose_object(readmitting *m, returning *r, error *err) {
    TRY(keep_choose_object(&m->landing, &r->at, &m->chosen, m->decision.arena, err));
    vec_push(m->decision.arena, &m->chosen, r->at.object);
    return OK;
}

static status add_pending(readmitting *m, returning *r, error *err) {
    const pending_object p = pending_of(m, r);
    return ledger_pending_add(m->decision.context->ledger, &p, m->decision.now_us, err);
}

static status declare(readmitting *m, error *err) {
    TRY(recover_check_lease(m->decision.context, err));
    return for_each_copy(m, add_pending, err);
}

static status copy(readmitting *m, returning *r, error *err) {
    const land_context *c = m->decision.context;
    char sha256[65];
    int64_t bytes = 0;
    const char *from = store_url(c->quarantine, m->decision.arena, r->named.object);
    spool held = {0};
    status opened =
        spool_open(c->temp_dir, c->quarantine, r->named.object, m->decision.arena, &held, err);
    if (opened != OK && opened != E_NOT_FOUND)
        return opened;
    int fd = opened == OK ? open(held.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    spool_close(&held); /* an open file stays */
    if (fd < 0)
        return error_set(err, E_NOT_FOUND, "\"%s\" is gone from quarantine", from);
    const store_put_options options = {.read_only = true, .if_absent = true};
    status put = store_put_file(arrival_store(&m->landing, &r->at), r->at.object, fd, options,
                                sha256, &bytes, err);
    close(fd);
    TRY(put);
    if (memcmp(sha256, r->at.sha256, sizeof sha256) == 0)
        return OK;
    error_set(err, E_DATA, "\"%s\" is not what was delivered any more", from);
    error_hint(err, "Have it delivered again; `weir fsck` tells what else was altered.");
    return E_DATA;
}

/* record */

static status remove_aside(const readmitting *m, const char *object, error *err) {
    const pending_object p = {
        .store = KEEP_QUARANTINE, .object = object, .run = m->decision.context->run};
    if (m->how->dry)
        return OK;
    return ledger_pending_add(m->decision.context->ledger, &p, m->decision.now_us, err);
}

/* What was refused is now another record of bytes that are in raw history: of. */
static status accept(const readmitting *m, contest *c, size_t place, const delivery *of,
                     error *err) {
    ledger *l = m->decision.context->ledger;
    delivery d = {0};
    TRY(ledger_delivery_get(l, c->recorded.items[place].id, m->decision.arena, &d, err));
    TRY(remove_aside(m, d.object, err));
    d.object = of->object;
    d.contract = of->contract;
    d.contract_hash = of->contract_hash;
    d.rows = of->rows;
    d.verdict = of->verdict;
    if (d.id == of->id) {
        d.identity = of->identity;
        d.land_time = of->land_time;
        d.from_path = of->from_path;
    }
    TRY(ledger_delivery_accept(l, &d, err));
    c->recorded.items[place] = d;
    c->recorded.items[place].state = DELIVERY_SUPERSEDED;
    c->standings.items[place] = standing_of(&c->recorded.items[place]);
    return OK;
}

static status take_back(const readmitting *m, contest *c, size_t place, error *err) {
    if (c->recorded.items[place].withdrawal == WITHDRAWAL_NONE)
        return OK;
    c->standings.items[place].withdrawal = WITHDRAWAL_NONE;
    return ledger_delivery_set_withdrawal(m->decision.context->ledger, c->recorded.items[place].id,
                                          WITHDRAWAL_NONE, err);
}

/* Refused for the same reason as what is readmitted? */
static status is_refused_alike(const readmitting *m, const returning *r, const delivery *d,
                               bool *ret, error *err) {
    delivery full = {0};
    *ret = false;
    if (d->state != DELIVERY_REJECTED)
        return OK;
    TRY(ledger_delivery_get(m->decision.context->ledger, d->id, m->decision.arena, &full, err));
    *ret = r->is_checked || report_is_of_withdrawn(full.verdict);
    return OK;
}

/* of: the bytes in raw history. */
static status readmit_content(const readmitting *m, const returning *r, contest *c,
                              const delivery *of, error *err) {
    for (size_t i = 0; i < c->recorded.count; i++) {
        bool alike = false;
        if (!same_content(&c->recorded.items[i], of))
            continue;
        TRY(take_back(m, c, i, err));
        TRY(is_refused_alike(m, r, &c->recorded.items[i], &alike, err));
        if (alike)
            TRY(accept(m, c, i, of, err));
    }
    return OK;
}

/* A delivery of these bytes that raw history has. */
static status find_kept(const readmitting *m, const contest *c, const delivery *named,
                        delivery *ret, error *err) {
    for (size_t i = 0; i < c->recorded.count; i++)
        if (c->recorded.items[i].state != DELIVERY_REJECTED
            && same_content(&c->recorded.items[i], named))
            return ledger_delivery_get(m->decision.context->ledger, c->recorded.items[i].id,
                                       m->decision.arena, ret, err);
    return error_set(err, E_NOT_FOUND, "raw history has no \"%s\"", named->file);
}

static void add_of_other_identity(const readmitting *m, contest *c, const delivery *of) {
    if (decision_place(c, of->id) != SIZE_MAX)
        return;
    delivery d = *of;
    d.state = DELIVERY_REJECTED;
    vec_push(m->decision.arena, &c->recorded, d);
    const standing s = standing_of(&d);
    contest_add(c, m->decision.arena, &s);
}

static status return_checked(readmitting *m, returning *r, error *err) {
    const decision *d = &m->decision;
    contest c;
    delivery of = record_describe(&m->landing, &r->at, d->arena);
    of.id = r->named.id;
    TRY(contest_read(d->context, r->table, of.identity, d->arena, &c, err));
    add_of_other_identity(m, &c, &of);
    TRY(readmit_content(m, r, &c, &of, err));
    TRY(decision_name(d, &c, &r->named, err));
    TRY(record_feeds(&m->landing, &r->at, err));
    return decision_carry_out(d, &c, NULL, err);
}

static bool is_aside(const delivery *d) {
    return d->state == DELIVERY_WITHDRAWN || d->state == DELIVERY_REJECTED;
}

static status return_withdrawn(readmitting *m, returning *r, error *err) {
    const decision *d = &m->decision;
    contest c;
    delivery of = {0};
    TRY(contest_read(d->context, r->table, r->named.identity, d->arena, &c, err));
    size_t place = decision_place(&c, r->named.id);
    if (place == SIZE_MAX || !is_aside(&c.recorded.items[place])) {
        decision_leave(d, &c, &r->named, "it is neither withdrawn nor in quarantine");
        return OK;
    }
    TRY(find_kept(m, &c, &r->named, &of, err));
    TRY(readmit_content(m, r, &c, &of, err));
    TRY(decision_name(d, &c, &r->named, err));
    return decision_carry_out(d, &c, NULL, err);
}

static status forget_pending(readmitting *m, returning *r, error *err) {
    const pending_object p = pending_of(m, r);
    return ledger_pending_remove(m->decision.context->ledger, p.store, p.object, err);
}

static status record_all(readmitting *m, error *err) {
    TRY(recover_check_lease(m->decision.context, err));
    for (size_t i = 0; i < m->count; i++) {
        returning *r = &m->items[i];
        TRY(r->is_checked ? return_checked(m, r, err) : return_withdrawn(m, r, err));
    }
    return m->how->dry ? OK : for_each_copy(m, forget_pending, err);
}

/* Intent before bytes, as in landing. */
static status copy_all(readmitting *m, error *err) {
    ledger *l = m->decision.context->ledger;
    TRY(for_each_copy(m, choose_object, err));
    if (m->chosen.count == 0 || m->how->dry)
        return OK;
    TRY(ledger_begin(l, LEDGER_WRITE, err));
    TRY(decision_end(&m->decision, declare(m, err), err));
    return for_each_copy(m, copy, err);
}

/* What somebody who died had copied goes first, so that its name is free. */
static status carry_out(readmitting *m, error *err) {
    if (!m->how->dry)
        TRY(recover_pending(m->decision.context, err));
    TRY(copy_all(m, err));
    TRY(ledger_begin(m->decision.context->ledger, LEDGER_WRITE, err));
    return decision_end(&m->decision, record_all(m, err), err);
}

static void release(readmitting *m) {
    for (size_t i = 0; i < m->count; i++) {
        json_decref(m->items[i].at.from_path);
        json_decref(m->items[i].at.answer);
        json_decref(m->items[i].at.failures);
    }
    for (size_t i = 0; i < m->decision.context->lake->table_count; i++)
        identity_free(m->landing.rules[i]);
}

/* Copies that came to nothing, or what left quarantine. What cannot go now goes with the next
 * landing. */
static void clear(const readmitting *m) {
    error problem = {0};
    if (!m->how->dry && recover_pending(m->decision.context, &problem) != OK)
        log_write(m->decision.context->log, LOG_WARN, "ignoring: %s", problem.message);
}

status land_readmit(const land_context *c, const deliveries *which, const land_readmission *how,
                    arena *a, land_decided *ret, error *err) {
    land_decided result = {0};
    readmitting m = {.decision = decision_new(c, "readmit", how->why, a, &result), .how = how};
    m.landing = (landing){.context = c,
                          .root_fd = -1,
                          .rules = ARENA_ARRAY(a, identity_rules *, c->lake->table_count),
                          .now_us = m.decision.now_us,
                          .arena = a};
    m.items = ARENA_ARRAY(a, returning, which->count);
    status outcome = look(&m, which, err);
    if (outcome == OK) {
        outcome = carry_out(&m, err);
        clear(&m);
    }
    release(&m);
    if (outcome == OK)
        *ret = result;
    return outcome;
}
