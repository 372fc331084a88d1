#include "build/share.h"

#include "base/crash.h"
#include "ledger/offer.h"

/* Offers that wait for a helper, per helper: what is claimed is replaced with the next look. */
enum { OFFERS_PER_HELPER = 2, TRIES_MAX = 5, LOOK_FOR_HELPERS_MS = 1000, US_PER_MS = 1000 };

static status once(const build_context *c, share_change *change, void *what, error *err) {
    TRY(ledger_begin(c->ledger, LEDGER_WRITE_LIGHT, err));
    status result = change(c, what, err);
    if (result == OK)
        return ledger_commit(c->ledger, err);
    ledger_rollback(c->ledger);
    return result;
}

status share_transaction(const build_context *c, share_change *change, void *what, error *err) {
    status result = once(c, change, what, err);
    for (int i = 1; result == E_CHANGED && i < TRIES_MAX; i++)
        result = once(c, change, what, err);
    return result;
}

status share_count(share *h, error *err) {
    if (!h->s->c->host)
        return OK;
    h->looked_us = clock_monotonic_us(h->s->c->clock);
    return ledger_helpers_living(h->s->c->ledger, &h->helpers, err);
}

static status check_lease(const build_context *c, error *err) {
    return ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err);
}

/* answers */

static build_job *remove_offered(share *h, int64_t number) {
    for (size_t i = 0; i < h->offered.count; i++) {
        build_job *job = h->offered.items[i];
        if (job->number != number)
            continue;
        h->offered.items[i] = h->offered.items[--h->offered.count];
        return job;
    }
    return NULL;
}

/* Would it fail here as well? */
static bool is_of_the_data(status failed) {
    return failed == E_DATA || failed == E_CHECK || failed == E_DEFINITION;
}

static void build_here(share *h, build_job *job, const error *why) {
    log_write(h->s->c->log, LOG_INFO, "a job of \"%s\" is built here, and not by another host: %s",
              job->table->table->name, why->message);
    job->own = true;
    job->attempt = job->attempt > 1 ? job->attempt + 1 : 2;
    job->table->garbage = true;
    queue_put_back(h->queue, job);
}

static status read_answer(share *h, const build_job *job, const ledger_answer *answer, error *err) {
    JSON_AUTO told = NULL;
    TRY(json_parse(answer->text, strlen(answer->text), "another host's answer", &told, err));
    if (answer->failed)
        return engine_read_error(told, err);
    return job_take(h->s, job, told, err);
}

static status take_answer(share *h, const ledger_answer *answer, error *err) {
    error why = {0};
    build_job *job = remove_offered(h, answer->number);
    if (!job)
        return OK;
    job->attempt = answer->attempt;
    job->table->garbage = job->table->garbage || job->attempt > 1;
    status taken = read_answer(h, job, answer, &why);
    if (taken == OK)
        queue_done(h->queue, job, answer->helper);
    else if (!answer->failed && build_is_over(taken))
        return error_pass(taken, &why, err);
    else if (is_of_the_data(taken))
        queue_split_or_fail(h->queue, job, &why);
    else
        build_here(h, job, &why);
    crash_point("share.taken");
    return OK;
}

/* offers */

static json_t *partitions_of(const build_job *job) {
    json_t *all = json_array();
    for (size_t i = 0; i < job->count; i++)
        json_array_append_new(
            all, json_pack("[s, s]", job->partitions[i]->text, job->partitions[i]->memo_key));
    return all;
}

typedef struct changes {
    arena *arena;
    ledger_answers answers;
    VEC(ledger_offer) offers;
    VEC(build_job *) jobs;
    bool reopens;
} changes;

static status add_offer(share *h, build_job *job, const char *version, changes *into, error *err) {
    JSON_AUTO document = NULL;
    JSON_AUTO partitions = partitions_of(job);
    TRY(job_document(h->s, job, &document, err));
    ledger_offer offer = {.run = h->s->c->run,
                          .engine = version,
                          .table = state_ledger_table(h->s, job->table->table)->id,
                          .number = job->number,
                          .attempt = job->attempt > 1 ? job->attempt : 1,
                          .partitions = json_text(into->arena, partitions),
                          .job = json_text(into->arena, document)};
    vec_push(into->arena, &into->offers, offer);
    vec_push(into->arena, &into->jobs, job);
    return OK;
}

/* As many as helpers may want before the next look, after those that are for the workers here. */
static status add_offers(share *h, const ledger_offer_counts *counts, changes *into, error *err) {
    const build_context *c = h->s->c;
    const char *version = NULL;
    int64_t wanted = h->helpers * OFFERS_PER_HELPER - counts->open;
    int64_t spare = (int64_t)queue_count(h->queue) - engine_idle(c->engine);
    if (wanted <= 0 || spare <= 0)
        return OK;
    TRY(engine_version(c->engine, &version, err));
    for (int64_t i = 0; version && i < wanted && i < spare; i++) {
        build_job *job = queue_last(h->queue);
        if (!job)
            break;
        error why = {0};
        if (add_offer(h, job, version, into, &why) != OK)
            queue_split_or_fail(h->queue, job, &why);
    }
    return OK;
}

static status write_changes(const build_context *c, void *what, error *err) {
    const changes *all = what;
    TRY(check_lease(c, err));
    for (size_t i = 0; i < all->answers.count; i++)
        TRY(ledger_offer_drop(c->ledger, all->answers.items[i].offer, err));
    if (all->reopens)
        TRY(ledger_offers_reopen(c->ledger, err));
    for (size_t i = 0; i < all->offers.count; i++)
        TRY(ledger_offer_put(c->ledger, &all->offers.items[i], err));
    return OK;
}

static status write_if_any(share *h, changes *all, error *err) {
    if (all->answers.count == 0 && all->offers.count == 0 && !all->reopens)
        return OK;
    TRY(share_transaction(h->s->c, write_changes, all, err));
    for (size_t i = 0; i < all->jobs.count; i++)
        vec_push(h->s->arena, &h->offered, all->jobs.items[i]);
    crash_point("share.offered");
    return OK;
}

static status look(share *h, error *err) {
    const build_context *c = h->s->c;
    ARENA_AUTO a = arena_new();
    changes all = {.arena = a};
    ledger_offer_counts counts = {0};
    TRY(share_count(h, err));
    if (share_is_open(h)) {
        TRY(ledger_answers_of(c->ledger, c->run, a, &all.answers, err));
        TRY(ledger_offers_count(c->ledger, c->run, &counts, err));
    }
    for (size_t i = 0; i < all.answers.count; i++)
        TRY(take_answer(h, &all.answers.items[i], err));
    all.reopens = counts.lost > 0;
    TRY(add_offers(h, &counts, &all, err));
    return write_if_any(h, &all, err);
}

status share_look(share *h, error *err) {
    int64_t every_ms = share_is_open(h) ? SHARE_LOOK_MS : LOOK_FOR_HELPERS_MS;
    int64_t since_us = clock_monotonic_us(h->s->c->clock) - h->looked_us;
    bool first = h->helpers > 0 && !h->has_looked;
    if (!h->s->c->host || (!first && since_us < every_ms * US_PER_MS))
        return OK;
    h->has_looked = true;
    return look(h, err);
}

/* taking back */

typedef struct returned {
    arena *arena;
    ledger_offer offer;
} returned;

static status take_back(const build_context *c, void *what, error *err) {
    returned *r = what;
    TRY(check_lease(c, err));
    return ledger_offer_take_back(c->ledger, c->run, r->arena, &r->offer, err);
}

status share_take_back(share *h, bool *ret_any, error *err) {
    ARENA_AUTO a = arena_new();
    returned r = {.arena = a};
    const build_context *c = h->s->c;
    const char *version = NULL;
    if (!share_is_open(h))
        return OK;
    TRY(ledger_offer_look(c->ledger, c->run, a, &version, err));
    if (!version)
        return OK;
    status result = share_transaction(c, take_back, &r, err);
    if (result == E_NOT_FOUND) /* a helper was faster */
        return OK;
    TRY(result);
    build_job *job = remove_offered(h, r.offer.number);
    ASSERT(job);
    job->attempt = r.offer.attempt;
    job->table->garbage = job->table->garbage || job->attempt > 1;
    queue_put_back(h->queue, job);
    *ret_any = true;
    return OK;
}
