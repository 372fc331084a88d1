/* worker: one process's state and its table of jobs (doc/engine.md).
 *
 * worker_answer takes one line and gives its answers as lines; nothing here touches the standard
 * streams, so tests call it directly. */
#ifndef WEIR_ENGINE_DUCKDB_WORKER_H
#define WEIR_ENGINE_DUCKDB_WORKER_H

#include "base/json.h"
#include "engine/duckdb/db.h"
#include "engine/duckdb/keep.h"

typedef struct worker {
    arena *arena;       /* for the life of the process */
    db_options options; /* from "open" */
    char *temp_dir;     /* our own folder, made by "open", removed by worker_close */
    int temp_lock;      /* held on it meanwhile */
    keep *keep;         /* rows of checked files; made by "open" */
    db shared;          /* for parse, render and describe; opened when first needed */
    bool is_open;
    const json_t *buckets; /* of the job under way; borrowed */
} worker;

/* Where answers go: one call per line, without the newline. */
typedef struct reply {
    status (*line)(void *state, const char *text, size_t size, error *err);
    void *state;
} reply;

void worker_init(worker *w);
void worker_close(worker *w);

/* Carry out one job. Errors of the job are answers; the status is about sending them. */
CHECKED status worker_answer(worker *w, const char *line, size_t size, const reply *out,
                             error *err);

/* One kind of job: the last answer through ret, earlier ones through out. */
typedef struct job_context {
    worker *worker;
    const json_t *job;
    arena *arena; /* for this job */
    const reply *out;
} job_context;
typedef status (*job_handler)(const job_context *c, json_t **ret, error *err);

status job_parse(const job_context *c, json_t **ret, error *err);
status job_render(const job_context *c, json_t **ret, error *err);
status job_describe(const job_context *c, json_t **ret, error *err);
status job_feeds(const job_context *c, json_t **ret, error *err);
status job_query(const job_context *c, json_t **ret, error *err);
status job_check(const job_context *c, json_t **ret, error *err);
status job_infer(const job_context *c, json_t **ret, error *err);
status job_build(const job_context *c, json_t **ret, error *err);

/* The instance for jobs that read no files: it can reach none. */
CHECKED status worker_shared(worker *w, db **ret, error *err);
/* What an instance gets of the worker's threads and memory; kept rows have their own part. */
typedef struct worker_share {
    bool single; /* one thread */
    bool keeps;  /* rows will be kept while it is open */
} worker_share;

/* A fresh instance with this worker's settings. */
CHECKED status worker_fresh(const worker *w, worker_share share, db *ret, error *err);
/* Send a document before the last one. */
CHECKED status reply_send(const reply *out, const json_t *document, error *err);

#endif
