#include "engine/duckdb/worker.h"

#include "base/path.h"
#include "engine/duckdb/digest.h"
#include "base/scratch.h"
#include "engine/duckdb/job.h"

#include <unistd.h>

enum { JOB_FORMAT = 1, KEPT_MEMORY_PART = 4 };

void worker_init(worker *w) {
    *w = (worker){.arena = arena_new()};
}

void worker_close(worker *w) {
    db_close(&w->shared);
    keep_free(w->keep);
    if (w->temp_dir != NULL) {
        scratch_remove(w->temp_dir);
        close(w->temp_lock);
    }
    arena_free(w->arena);
    *w = (worker){0};
}

static status make_temp_dir(worker *w, const char *parent, error *err) {
    if (!path_is_absolute(parent))
        return error_set(err, E_USAGE, "the temporary folder \"%s\" is not an absolute path",
                         parent);
    TRY(dir_make(parent, err));
    return scratch_make(parent, "duckdb-", w->arena, &w->temp_dir, &w->temp_lock, err);
}

static status job_open(const job_context *c, json_t **ret, error *err) {
    worker *w = c->worker;
    const char *temp_dir;
    const char *timezone;
    if (w->is_open)
        return error_set(err, E_USAGE, "the worker is open already");
    if (json_get_int(c->job, "format", 0) != JOB_FORMAT)
        return error_set(err, E_FOREIGN, "the worker speaks format %d only", JOB_FORMAT);
    TRY(json_need_int(c->job, "threads", &w->options.threads, err));
    TRY(json_need_int(c->job, "memory_bytes", &w->options.memory_bytes, err));
    TRY(json_need_string(c->job, "temp_dir", &temp_dir, err));
    TRY(json_need_string(c->job, "timezone", &timezone, err));
    if (w->options.threads < 1 || w->options.memory_bytes < 1)
        return error_set(err, E_USAGE, "threads and memory_bytes must be positive");
    w->options.timezone = arena_strdup(w->arena, timezone);
    if (w->temp_dir == NULL)
        TRY(make_temp_dir(w, temp_dir, err));
    w->options.temp_dir = w->temp_dir;
    w->keep = keep_new(w->options.memory_bytes / KEPT_MEMORY_PART);
    w->is_open = true;
    *ret = json_pack("{s:s,s:s,s:s}", "engine", "duckdb", "version", duckdb_library_version(),
                     "digest", DIGEST_NAME);
    return OK;
}

status worker_fresh(const worker *w, worker_share share, db *ret, error *err) {
    db_options options = w->options;
    options.buckets = w->buckets;
    if (share.single)
        options.threads = 1;
    options.memory_bytes -= share.keeps ? keep_bytes_max(w->keep) : keep_bytes(w->keep);
    return db_open(&options, ret, err);
}

status worker_shared(worker *w, db **ret, error *err) {
    const strings none = {0};
    if (!w->shared.sealed) {
        db_close(&w->shared);
        TRY(worker_fresh(w, (worker_share){0}, &w->shared, err));
        TRY(db_seal(&w->shared, &none, &none, err));
    }
    *ret = &w->shared;
    return OK;
}

static const struct {
    const char *name;
    job_handler handler;
} JOBS[] = {
    {"open", job_open},         {"parse", job_parse}, {"render", job_render},
    {"describe", job_describe}, {"infer", job_infer}, {"check", job_check},
    {"feeds", job_feeds},       {"build", job_build}, {"query", job_query},
};

static job_handler find_handler(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(JOBS); i++)
        if (str_eq(JOBS[i].name, name))
            return JOBS[i].handler;
    return NULL;
}

static status carry_out(const job_context *c, json_t **ret, error *err) {
    const char *op;
    TRY(json_need_string(c->job, "op", &op, err));
    job_handler handler = find_handler(op);
    if (handler == NULL)
        return error_set(err, E_USAGE, "\"%s\" is not a kind of job", op);
    if (handler != job_open && !c->worker->is_open)
        return error_set(err, E_USAGE, "the first job must be \"open\"");
    return handler(c, ret, err);
}

status reply_send(const reply *out, const json_t *document, error *err) {
    arena *a = arena_new();
    char *text = json_text(a, document);
    status result = out->line(out->state, text, strlen(text), err);
    arena_free(a);
    return result;
}

status worker_answer(worker *w, const char *line, size_t size, const reply *out, error *err) {
    error problem = {0};
    json_t *job = NULL;
    json_t *answer = NULL;
    arena *a = arena_new();
    status result = json_parse(line, size, "job", &job, &problem);
    if (result == OK) {
        const job_context c = {.worker = w, .job = job, .arena = a, .out = out};
        w->buckets = json_object_get(job, "buckets");
        result = carry_out(&c, &answer, &problem);
        w->buckets = NULL;
    }
    if (result != OK)
        answer = job_error(&problem);
    result = reply_send(out, answer, err);
    json_decref(answer);
    json_decref(job);
    arena_free(a);
    return result;
}
