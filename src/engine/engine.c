#include "engine/engine.h"

#include "base/clock.h"
#include "engine/worker.h"

#include <errno.h>

/* A signal handler sets the flag between two looks at it, so that waiting looks again this
 * often. */
enum { LOOK_AGAIN_MS = 100, US_PER_MS = 1000, VERSION_SIZE = 256 };
static const size_t LINE_MAX_BYTES = (size_t)256 * 1024 * 1024;

struct engine {
    engine_options options;
    worker *workers;
    size_t count;
    struct pollfd *watched;     /* WORKER_STREAMS per worker */
    error refusal;              /* of the newest worker that could not open */
    char version[VERSION_SIZE]; /* as the workers tell it; "": none has opened yet */
};

status engine_open(const engine_options *options, engine **ret, error *err) {
    (void)err;
    ASSERT(options->workers >= 1 && options->worker != NULL);
    engine *e = calloc(1, sizeof *e);
    ASSERT(e != NULL);
    e->options = *options;
    if (e->options.line_max_bytes == 0)
        e->options.line_max_bytes = LINE_MAX_BYTES;
    e->count = (size_t)options->workers;
    e->workers = calloc(e->count, sizeof *e->workers);
    e->watched = calloc(e->count * WORKER_STREAMS, sizeof *e->watched);
    ASSERT(e->workers != NULL && e->watched != NULL);
    *ret = e;
    return OK;
}

void engine_close(engine *e) {
    if (e == NULL)
        return;
    for (size_t i = 0; i < e->count; i++) {
        if (e->workers[i].busy)
            worker_kill(&e->workers[i]);
        else
            worker_dismiss(&e->workers[i]);
    }
    for (size_t i = 0; i < e->count; i++)
        worker_end(&e->workers[i]);
    free(e->watched);
    free(e->workers);
    free(e);
}

size_t engine_pending(const engine *e) {
    size_t busy = 0;
    for (size_t i = 0; i < e->count; i++)
        busy += e->workers[i].busy;
    return busy;
}

int64_t engine_idle(engine *e) {
    return (int64_t)(e->count - engine_pending(e));
}

/* A running worker before one that must be started. */
static worker *free_worker(engine *e) {
    worker *chosen = NULL;
    for (size_t i = 0; i < e->count; i++) {
        worker *w = &e->workers[i];
        if (!w->busy && (chosen == NULL || (worker_is_running(w) && !worker_is_running(chosen))))
            chosen = w;
    }
    return chosen;
}

static status prepare_worker(engine *e, worker *w, error *err) {
    if (worker_is_running(w) && worker_is_stale(w, e->options.line_max_bytes))
        worker_kill(w);
    return worker_is_running(w) ? OK : worker_start(w, &e->options, err);
}

status engine_warm(engine *e, error *err) {
    worker *w = free_worker(e);
    return w != NULL ? prepare_worker(e, w, err) : OK;
}

/* The job itself stays as it is: what is added is secret, and whoever made it may show it. */
static status send_job(engine *e, worker *w, const json_t *job, error *err) {
    const engine_buckets *buckets = &e->options.buckets;
    json_t *list = NULL;
    if (buckets->get == NULL) {
        worker_send(w, job);
        return OK;
    }
    TRY(buckets->get(buckets->state, &list, err));
    JSON_AUTO whole = json_object();
    ASSERT(whole != NULL && json_object_update(whole, (json_t *)(uintptr_t)job) == 0);
    if (list != NULL)
        json_object_set_new(whole, "buckets", list);
    worker_send(w, whole);
    return OK;
}

static status start_job(engine *e, const json_t *job, void *tag, worker **ret, error *err) {
    worker *w = free_worker(e);
    ASSERT(w != NULL);
    TRY(prepare_worker(e, w, err));
    TRY(send_job(e, w, job, err));
    w->busy = true;
    w->tag = tag;
    w->deadline_us =
        e->options.timeout_us > 0 ? clock_monotonic_us(&CLOCK_SYSTEM) + e->options.timeout_us : 0;
    *ret = w;
    return OK;
}

/* Send what goes without waiting, so that the worker starts while the caller does other things. */
static void push(engine *e, worker *w) {
    struct pollfd watched[WORKER_STREAMS];
    worker_watch(w, watched);
    if (poll(watched, WORKER_STREAMS, 0) > 0)
        worker_serve(w, watched, e->options.line_max_bytes);
}

status engine_submit(engine *e, const json_t *job, void *tag, error *err) {
    worker *w;
    TRY(start_job(e, job, tag, &w, err));
    push(e, w);
    return OK;
}

static bool interrupted(const engine *e) {
    return e->options.interrupted != NULL && *e->options.interrupted != 0;
}

void engine_cancel(engine *e) {
    for (size_t i = 0; i < e->count; i++)
        if (e->workers[i].busy)
            worker_kill(&e->workers[i]);
}

static bool is_settled(const worker *w) {
    return w->line_size > 0 || w->ended || w->refused;
}

static bool is_late(const worker *w, int64_t now_us) {
    return w->busy && w->deadline_us > 0 && now_us >= w->deadline_us;
}

/* Milliseconds that poll may wait: until the first deadline, and not past the next look at the
 * flag; 0 when some worker has news already. */
static int patience(const engine *e) {
    int64_t now_us = clock_monotonic_us(&CLOCK_SYSTEM);
    int64_t wait_ms = e->options.interrupted != NULL ? LOOK_AGAIN_MS : INT32_MAX;
    for (size_t i = 0; i < e->count; i++) {
        const worker *w = &e->workers[i];
        if (!w->busy)
            continue;
        int64_t left_ms = wait_ms;
        if (is_settled(w) || is_late(w, now_us))
            left_ms = 0;
        else if (w->deadline_us > 0)
            left_ms = (w->deadline_us - now_us) / US_PER_MS + 1;
        wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
    }
    return wait_ms == INT32_MAX ? -1 : (int)wait_ms;
}

/* Let all busy workers read and write once, waiting for at most so many milliseconds; -1: for
 * ever. */
static status serve_all(engine *e, int wait_ms, error *err) {
    if (interrupted(e)) {
        engine_cancel(e);
        return error_set(err, E_INTERRUPTED, "interrupted");
    }
    for (size_t i = 0; i < e->count; i++) {
        struct pollfd *watched = &e->watched[i * WORKER_STREAMS];
        for (size_t stream = 0; stream < WORKER_STREAMS; stream++)
            watched[stream].fd = -1;
        if (e->workers[i].busy)
            worker_watch(&e->workers[i], watched);
    }
    if (poll(e->watched, e->count * WORKER_STREAMS, wait_ms) < 0) {
        if (errno == EINTR)
            return OK;
        engine_cancel(e);
        return error_set_errno(err, errno, "cannot wait for the workers");
    }
    for (size_t i = 0; i < e->count; i++)
        if (e->workers[i].busy)
            worker_serve(&e->workers[i], &e->watched[i * WORKER_STREAMS],
                         e->options.line_max_bytes);
    return OK;
}

static status kind_of(const char *name) {
    for (int kind = OK + 1; kind < STATUS_COUNT; kind++)
        if (strcmp(status_name((status)kind), name) == 0)
            return (status)kind;
    return E_ENGINE;
}

static int place_of(const json_t *told, const char *key) {
    int64_t value = json_get_int(told, key, 0);
    return value > 0 && value < INT32_MAX ? (int)value : 0;
}

status engine_read_error(const json_t *told, error *err) {
    const char *message = json_get_string(told, "message", "the worker failed without a reason");
    status failed = error_set(err, kind_of(json_get_string(told, "kind", "engine")), "%s", message);
    if (err == NULL)
        return failed;
    error_hint(err, "%s", json_get_string(told, "hint", ""));
    err->line = place_of(told, "line");
    err->column = place_of(told, "column");
    return failed;
}

/* The one answer to "open". Nothing can be done with a worker that refuses it. */
static status take_opening(engine *e, worker *w, error *err) {
    JSON_AUTO answer = NULL;
    if (worker_take_line(w, &answer, err) != OK)
        return worker_bury(w, "answered \"open\" with something that is no result", err);
    const json_t *told = json_object_get(answer, "error");
    if (told != NULL) {
        worker_kill(w);
        return engine_read_error(told, err);
    }
    const char *name = json_get_string(answer, "engine", NULL);
    if (name == NULL)
        return worker_bury(w, "answered \"open\" without naming its engine", err);
    snprintf(e->version, sizeof e->version, "%s %s, digest %s", name,
             json_get_string(answer, "version", "?"), json_get_string(answer, "digest", "?"));
    w->opening = false;
    return OK;
}

static status bury(worker *w, error *err) {
    return worker_bury(w, w->overlong ? "answered with a line longer than allowed" : NULL, err);
}

/* One line of a busy worker with news. A worker that is no longer running after this has failed. */
static status take_answer(worker *w, json_t **ret, error *err) {
    json_t *answer = NULL;
    if (w->line_size == 0)
        return bury(w, err);
    if (worker_take_line(w, &answer, err) != OK)
        return worker_bury(w, "answered with something that is no result", err);
    const json_t *told = json_object_get(answer, "error");
    if (told != NULL) {
        status failed = engine_read_error(told, err);
        json_decref(answer);
        return failed;
    }
    *ret = answer;
    return OK;
}

/* Wait until this busy worker has a line for its job, or has ended. */
static bool is_ready(engine *e, worker *w, status *ret, error *err) {
    if (w->refused) {
        w->refused = false;
        *ret = e->refusal.kind;
        if (err != NULL)
            *err = e->refusal;
    }
    if (w->line_size > 0 && w->opening)
        *ret = take_opening(e, w, err);
    return *ret != OK || is_settled(w);
}

static status fail_late(engine *e, worker *w, error *err) {
    char happened[96];
    snprintf(happened, sizeof happened, "did not finish within %lld s",
             (long long)(e->options.timeout_us / 1000000));
    return worker_bury(w, happened, err);
}

/* The outcome of a worker whose job came to something; false: nothing yet. */
static bool outcome(engine *e, worker *w, status *ret, json_t **ret_answer, error *err) {
    *ret = OK;
    if (is_ready(e, w, ret, err)) {
        if (*ret == OK)
            *ret = take_answer(w, ret_answer, err);
        return true;
    }
    if (!is_late(w, clock_monotonic_us(&CLOCK_SYSTEM)))
        return false;
    *ret = fail_late(e, w, err);
    return true;
}

status engine_next(engine *e, void **ret_tag, json_t **ret, error *err) {
    *ret_tag = NULL;
    if (engine_pending(e) == 0)
        return error_set(err, E_USAGE, "no job is under way");
    for (;;) {
        for (size_t i = 0; i < e->count; i++) {
            worker *w = &e->workers[i];
            void *tag = w->tag;
            status result;
            if (!w->busy || !outcome(e, w, &result, ret, err))
                continue;
            w->busy = false;
            *ret_tag = tag;
            return result;
        }
        TRY(serve_all(e, patience(e), err));
    }
}

/* An opening that was answered says nothing about the job; a refused one ends it. */
static void meet(engine *e, worker *w) {
    void *tag = w->tag;
    if (!w->busy || !w->opening || w->line_size == 0 || take_opening(e, w, &e->refusal) == OK)
        return;
    w->busy = w->refused = true;
    w->tag = tag;
}

status engine_ready(engine *e, int wait_ms, bool *ret, error *err) {
    bool ready = false;
    int patient_ms = patience(e);
    TRY(serve_all(e, patient_ms >= 0 && patient_ms < wait_ms ? patient_ms : wait_ms, err));
    int64_t now_us = clock_monotonic_us(&CLOCK_SYSTEM);
    for (size_t i = 0; i < e->count; i++) {
        worker *w = &e->workers[i];
        meet(e, w);
        ready = ready || is_late(w, now_us) || (w->busy && is_settled(w));
    }
    *ret = ready;
    return OK;
}

static status await_opening(engine *e, worker *w, error *err) {
    status result = OK;
    w->busy = true; /* served like one that works */
    while (result == OK && w->opening) {
        if (w->line_size > 0)
            result = take_opening(e, w, err);
        else if (w->ended)
            result = bury(w, err);
        else
            result = serve_all(e, patience(e), err);
    }
    w->busy = false;
    return result;
}

status engine_version(engine *e, const char **ret, error *err) {
    if (e->version[0] == '\0' && engine_pending(e) == 0) {
        worker *w = free_worker(e);
        TRY(prepare_worker(e, w, err));
        TRY(await_opening(e, w, err));
    }
    *ret = e->version[0] != '\0' ? e->version : NULL;
    return OK;
}

static status await_line(engine *e, worker *w, json_t **ret, error *err) {
    status result;
    while (!outcome(e, w, &result, ret, err))
        TRY(serve_all(e, patience(e), err));
    return result;
}

status engine_call(engine *e, const json_t *job, json_t **ret, error *err) {
    worker *w;
    TRY(start_job(e, job, NULL, &w, err));
    status result = await_line(e, w, ret, err);
    w->busy = false;
    return result;
}

/* Hand one line of a query on. */
static status pass_on(const engine_sink *sink, const json_t *line, bool *ret_done, error *err) {
    const json_t *header = json_object_get(line, "columns");
    const json_t *batch = json_object_get(line, "rows");
    if (json_is_true(json_object_get(line, "done"))) {
        *ret_done = true;
        return OK;
    }
    if (json_is_array(header))
        return sink->columns(sink->state, header, err);
    if (json_is_array(batch))
        return sink->rows(sink->state, batch, err);
    return error_set(err, E_ENGINE, "the worker answered a query with something that is no result");
}

static status stream(engine *e, worker *w, const engine_sink *sink, error *err) {
    bool done = false;
    while (!done) {
        JSON_AUTO line = NULL;
        TRY(await_line(e, w, &line, err));
        status passed = pass_on(sink, line, &done, err);
        if (passed != OK) {
            worker_kill(w); /* it goes on writing what nobody wants */
            return passed;
        }
    }
    return OK;
}

status engine_query(engine *e, const json_t *job, const engine_sink *sink, error *err) {
    worker *w;
    TRY(start_job(e, job, NULL, &w, err));
    status result = stream(e, w, sink, err);
    w->busy = false;
    return result;
}
