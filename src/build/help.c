/* What this host builds of a run that another process carries out. */
#include "base/crash.h"
#include "build/kept.h"
#include "build/share.h"
#include "ledger/offer.h"

/* A job that was claimed, in an arena of its own. */
typedef struct task {
    arena *arena;
    ledger_offer offer;
    build_state state;
    build_job job;
} task;

typedef struct helping {
    const build_context *c;
    const char *helper;
    arena *arena;
    VEC(task *) tasks; /* that the workers have */
    build_helped *did;
} helping;

/* the job */

static const lake_table *table_of(const build_context *c, int64_t id) {
    for (size_t i = 0; i < c->lake->table_count; i++)
        if (c->tables[i].id == id)
            return c->lake->tables[i];
    return NULL;
}

static status add_partition(task *t, const json_t *told, staged **ret, error *err) {
    staged *st = ARENA_NEW(t->arena, staged);
    st->text = arena_strdup(t->arena, json_string_value(json_array_get(told, 0)));
    st->memo_key = arena_strdup(t->arena, json_string_value(json_array_get(told, 1)));
    if (!st->text || !st->memo_key)
        return error_set(err, E_DATA, "a job of run %s does not say what it is for", t->offer.run);
    *ret = st;
    return OK;
}

static status read_partitions(task *t, error *err) {
    JSON_AUTO told = NULL;
    TRY(json_parse(t->offer.partitions, strlen(t->offer.partitions), "a job's partitions", &told,
                   err));
    t->job.count = json_array_size(told);
    t->job.partitions = ARENA_ARRAY(t->arena, staged *, t->job.count);
    for (size_t i = 0; i < t->job.count; i++)
        TRY(add_partition(t, json_array_get(told, i), &t->job.partitions[i], err));
    return OK;
}

static status read_job(const helping *h, task *t, json_t **ret, error *err) {
    const lake_table *table = table_of(h->c, t->offer.table);
    if (!table)
        return error_set(err, E_FOREIGN, "run %s builds a table that this lake does not have",
                         t->offer.run);
    state_init(&t->state, h->c, t->arena);
    staged_table *into = &t->state.tables[table->index];
    into->table = table;
    t->job = (build_job){.table = into, .number = t->offer.number, .attempt = t->offer.attempt};
    TRY(read_partitions(t, err));
    return json_parse(t->offer.job, strlen(t->offer.job), "another host's job", ret, err);
}

/* ending one */

static void end_task(helping *h, task *t) {
    for (size_t i = 0; i < h->tasks.count; i++)
        if (h->tasks.items[i] == t)
            h->tasks.items[i] = h->tasks.items[--h->tasks.count];
    arena_free(t->arena);
}

static status put_pending(const build_context *c, void *what, error *err) {
    return ledger_pending_add(c->ledger, what, clock_now_us(c->clock), err);
}

/* What cannot be removed now is left to the next run's recovery. */
static void remove_files(const helping *h, const task *t) {
    error why = {0};
    const lake_table *table = t->job.table->table;
    char *folder = job_folder(&t->state, &t->job, t->arena);
    if (store_remove_prefix(h->c->layers[table->layer], folder, &why) == OK)
        return;
    pending_object p = {h->c->lake->layers[table->layer].name, folder, t->offer.run};
    status noted = share_transaction(h->c, put_pending, &p, NULL);
    log_write(h->c->log, LOG_WARN, "ignoring garbage that cannot be removed, \"%s\"%s: %s", folder,
              noted == OK ? "" : ", which nobody will know of", why.message);
}

typedef struct telling {
    const helping *h;
    const task *task;
    const json_t *result; /* NULL: it failed */
    const char *text;
} telling;

static status write_answer(const build_context *c, void *what, error *err) {
    const telling *t = what;
    const task *of = t->task;
    TRY(ledger_offer_check(c->ledger, &of->offer, t->h->helper, err));
    if (t->result)
        TRY(kept_put(&of->state, &of->job, t->result, err));
    return ledger_offer_answer(c->ledger, &of->offer, !t->result, t->text, err);
}

/* Nobody waits for it any more: that is no failure. */
static status tell(const helping *h, const task *t, const json_t *result, const char *text,
                   error *err) {
    telling what = {h, t, result, text};
    error why = {0};
    status told = share_transaction(h->c, write_answer, &what, &why);
    crash_point("help.answered");
    if (told != OK || !result)
        remove_files(h, t);
    if (told == OK || told == E_BUSY)
        return OK;
    return error_pass(told, &why, err);
}

static status tell_failure(const helping *h, const task *t, const error *why, error *err) {
    JSON_AUTO told =
        json_pack("{s:s, s:s, s:s, s:i, s:i}", "kind", status_name(why->kind), "message",
                  why->message, "hint", why->hint, "line", why->line, "column", why->column);
    h->did->failed++;
    return tell(h, t, NULL, json_text(t->arena, told), err);
}

static status finish(helping *h, task *t, status built, const json_t *result, error *why,
                     error *err) {
    if (built == OK)
        built = job_take(&t->state, &t->job, result, why);
    crash_point("help.sealed");
    h->did->jobs++;
    if (built != OK)
        return tell_failure(h, t, why, err);
    h->did->partitions += (int64_t)t->job.count;
    return tell(h, t, result, json_text(t->arena, result), err);
}

static status take_one(helping *h, error *err) {
    void *tag = NULL;
    JSON_AUTO result = NULL;
    error why = {0};
    status built = engine_next(h->c->engine, &tag, &result, &why);
    task *t = tag;
    if (!t)
        return error_pass(built, &why, err);
    status told = finish(h, t, built, result, &why, err);
    end_task(h, t);
    return told;
}

/* beginning one */

static status send(const helping *h, task *t, error *err) {
    JSON_AUTO document = NULL;
    TRY(read_job(h, t, &document, err));
    TRY(job_place(&t->state, &t->job, document, err));
    return engine_submit(h->c->engine, document, t, err);
}

static status begin_task(helping *h, task *t, error *err) {
    error why = {0};
    vec_push(h->arena, &h->tasks, t);
    crash_point("help.claimed");
    status sent = send(h, t, &why);
    crash_point("help.sent");
    if (sent == OK)
        return OK;
    status told = t->job.table ? tell_failure(h, t, &why, err) : sent;
    if (!t->job.table && err)
        *err = why;
    end_task(h, t);
    return told;
}

static status refuse_engine(const build_context *c, const char *theirs, const char *ours,
                            error *err) {
    error_set(err, E_FOREIGN, "run %s builds with engine \"%s\", and this host has \"%s\"", c->run,
              theirs, ours);
    error_hint(err, "Install the same release on all hosts that share a lake.");
    return E_FOREIGN;
}

static status claim(const helping *h, arena *a, ledger_offer *ret, bool *ret_any, error *err) {
    const build_context *c = h->c;
    const char *theirs = NULL, *ours = NULL;
    *ret_any = false;
    TRY(ledger_offer_look(c->ledger, c->run, a, &theirs, err));
    if (!theirs)
        return OK;
    TRY(engine_version(c->engine, &ours, err));
    if (ours && !str_eq(ours, theirs))
        return refuse_engine(c, theirs, ours, err);
    status claimed = ledger_offer_claim(c->ledger, c->run, h->helper, a, ret, err);
    *ret_any = claimed == OK;
    return claimed == E_NOT_FOUND || claimed == E_CHANGED ? OK : claimed;
}

static status begin_all(helping *h, error *err) {
    while (engine_idle(h->c->engine) > 0) {
        bool any = false;
        arena *a = arena_new();
        task *t = ARENA_NEW(a, task);
        t->arena = a;
        status claimed = claim(h, a, &t->offer, &any, err);
        if (!any)
            arena_free(a);
        TRY(claimed);
        if (!any)
            return OK;
        TRY(begin_task(h, t, err));
    }
    return OK;
}

/* Is the run that is helped still the one that has the lease? */
static status is_going(const build_context *c, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_shared now = {0};
    status found = ledger_lease_shared(c->ledger, LEDGER_LEASE_RUN, a, &now, err);
    *ret = found == OK && str_eq(now.owner, c->run);
    return found == E_NOT_FOUND ? OK : found;
}

/* Of a run that died the next one finds what is finished, until it begins. */
static status is_wanted(const helping *h, bool going, bool *ret, error *err) {
    int64_t claims = 0;
    if (!going && engine_pending(h->c->engine) > 0)
        TRY(ledger_helper_claims(h->c->ledger, h->helper, &claims, err));
    *ret = going || claims > 0;
    return OK;
}

static status help(helping *h, error *err) {
    const build_context *c = h->c;
    for (;;) {
        bool going = false, wanted = false, ready = false;
        TRY(is_going(c, &going, err));
        if (going)
            TRY(begin_all(h, err));
        TRY(is_wanted(h, going, &wanted, err));
        if (!wanted)
            return OK;
        TRY(engine_ready(c->engine, SHARE_LOOK_MS, &ready, err));
        if (ready)
            TRY(take_one(h, err));
    }
}

status build_help(const build_context *c, const char *helper, build_helped *ret, error *err) {
    ARENA_AUTO a = arena_new();
    helping h = {.c = c, .helper = helper, .arena = a, .did = ret};
    status result = help(&h, err);
    if (h.tasks.count > 0)
        engine_cancel(c->engine);
    while (h.tasks.count > 0) {
        remove_files(&h, h.tasks.items[0]);
        end_task(&h, h.tasks.items[0]);
    }
    return result;
}
