/* engine: worker processes that carry out jobs (doc/engine.md has the documents).
 *
 * A pool of at most `workers` processes, started when the first job needs one. Jobs are values
 * (json_t); results are checked for their outer form here and read by the caller. Not for deciding
 * what to compute: that is plan/ and build/. One thread uses a pool. */
#ifndef WEIR_ENGINE_ENGINE_H
#define WEIR_ENGINE_ENGINE_H

#include "base/json.h"
#include "base/log.h"
#include "lake/sql.h"

typedef struct engine engine;

/* What jobs need to reach buckets: one object per bucket (doc/engine.md, "buckets"), fresh for each
 * job because credentials end. NULL: none. Holds secrets: it goes to the worker's pipe and nowhere
 * else. */
typedef struct engine_buckets {
    status (*get)(void *state, json_t **ret, error *err); /* a new reference */
    void *state;
} engine_buckets;

typedef struct engine_options {
    const char *worker;   /* path of the worker program; borrowed while open */
    const char *temp_dir; /* absolute; each worker makes and removes its own folder below */
    const char *timezone;
    int64_t workers;        /* processes at once, at least 1 */
    int64_t threads;        /* per worker */
    int64_t memory_bytes;   /* per worker */
    int64_t timeout_us;     /* for one job; 0: none */
    size_t line_max_bytes;  /* of one answer's line; 0: 256 MiB */
    const strings *hidden;  /* environment variables that workers do not get, besides those of S3's
                               and PostgreSQL's clients; read when one starts; NULL: none */
    engine_buckets buckets; /* get NULL: no bucket is used */
    const volatile int
        *interrupted; /* when it becomes non-zero, waiting ends with E_INTERRUPTED; NULL: never */
} engine_options;

/* No process is started yet. */
CHECKED status engine_open(const engine_options *options, engine **ret, error *err);
/* Ends the workers: idle ones by end of input, busy ones are killed. NULL is allowed. */
void engine_close(engine *e);

/* Start one worker now, without waiting for it, so that it loads while the caller does other
 * things. */
CHECKED status engine_warm(engine *e, error *err);

/* One job, one result. The job is borrowed. *ret is a new reference. The kinds of the worker's
 * error documents; E_ENGINE when it crashed, with the end of its stderr. */
CHECKED status engine_call(engine *e, const json_t *job, json_t **ret, error *err);

/* Jobs in parallel: submit until engine_idle is 0, then take results in the order they come. */
int64_t engine_idle(engine *e); /* jobs that may be submitted now */
/* Only while engine_idle is not 0 (asserted). Returns at once; a large job goes on in
 * engine_next. */
CHECKED status engine_submit(engine *e, const json_t *job, void *tag, error *err);
/* Wait for any submitted job. *ret_tag is set even when the job failed; E_USAGE when none is
 * under way.
 * E_INTERRUPTED ends all workers that have a job: their jobs are gone, *ret_tag is NULL. */
CHECKED status engine_next(engine *e, void **ret_tag, json_t **ret, error *err);
size_t engine_pending(const engine *e);
/* Would engine_next return at once? Moves what the workers read and write, and waits so many
 * milliseconds at most for it to become true; without jobs it only waits. E_INTERRUPTED as in
 * engine_next. */
CHECKED status engine_ready(engine *e, int wait_ms, bool *ret, error *err);
/* Which engine the workers are, in a text to be compared; borrowed. Starts a worker to ask it where
 * none has told yet. NULL: none has, and all are at work. */
CHECKED status engine_version(engine *e, const char **ret, error *err);
/* End all workers that have a job: nobody wants their results any more. */
void engine_cancel(engine *e);

/* What an error document ({"kind","message","hint","line","column"}) says. Returns its kind,
 * never OK. */
status engine_read_error(const json_t *told, error *err);

/* A query: header first, then batches; the callback returns other than OK to stop (and the
 * worker is ended). */
typedef struct engine_sink {
    status (*columns)(void *state, const json_t *columns, error *err);
    status (*rows)(void *state, const json_t *rows,
                   error *err); /* array of arrays of text or null */
    void *state;
} engine_sink;
CHECKED status engine_query(engine *e, const json_t *job, const engine_sink *sink, error *err);

/* The adapter lake/ wants; state is e, so e must outlive it. */
sql_engine engine_sql(engine *e);

/* Where the worker is: WEIR_WORKER, else next to this program (build tree: engine/duckdb/), else
 * ../libexec/weir. E_NOT_FOUND with the places looked at. */
CHECKED status engine_find_worker(arena *a, char **ret_path, error *err);

#endif
