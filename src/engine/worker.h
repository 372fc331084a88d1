/* worker: one worker process, its pipes and the lines that go through them.
 *
 * A worker is fed and read by whoever polls its descriptors (worker_watch, worker_serve); nothing
 * here waits, except for the end of a process. Which worker gets which job is engine.c's. */
#ifndef WEIR_ENGINE_WORKER_H
#define WEIR_ENGINE_WORKER_H

#include "base/process.h"
#include "engine/bytes.h"
#include "engine/engine.h"

#include <poll.h>

enum { WORKER_STREAMS = 3 };

typedef struct worker {
    process process;  /* pid 0: not running */
    bytes out;        /* still to be written to it */
    size_t out_sent;  /* of out */
    bytes in;         /* what it wrote and nobody took yet */
    size_t scanned;   /* of in, without a newline */
    size_t line_size; /* of the first line in `in` with its newline; 0: not complete yet */
    tail complaints;  /* the end of its stderr */
    bool opening;     /* the next line answers "open" */
    bool ended;       /* its stdout is at its end, or it wrote what nobody may write */
    bool overlong;    /* … because a line was longer than allowed */
    bool busy;        /* a job is under way */
    bool refused;     /* it could not open and is gone: its job's outcome is the engine's refusal */
    void *tag;
    int64_t deadline_us; /* monotonic; 0: none */
} worker;

/* Start the program and queue the "open" line. */
CHECKED status worker_start(worker *w, const engine_options *options, error *err);
static inline bool worker_is_running(const worker *w) {
    return w->process.pid > 0;
}

/* Queue one document as a line. */
void worker_send(worker *w, const json_t *document);

/* What to poll(2) for; fd -1 where nothing is wanted. A complete line that nobody took stops
 * reading. */
void worker_watch(const worker *w, struct pollfd watched[WORKER_STREAMS]);
/* Read and write as far as it goes without waiting. */
void worker_serve(worker *w, const struct pollfd watched[WORKER_STREAMS], size_t line_max);

/* Take the complete first line as a document (E_ENGINE when it is none). Only when line_size >
 * 0. */
CHECKED status worker_take_line(worker *w, json_t **ret, error *err);

/* Did it end, or say something unasked, while it had nothing to do? Never waits. */
bool worker_is_stale(worker *w, size_t line_max);

/* It ended or broke the protocol: end it for good and say why, with the end of its stderr.
 * E_ENGINE. */
status worker_bury(worker *w, const char *happened, error *err);

/* Ask it to end by closing its stdin, without waiting. */
void worker_dismiss(worker *w);
/* Wait a moment for a dismissed worker, then kill it. Safe when not running. */
void worker_end(worker *w);
/* Kill it now. Safe when not running. */
void worker_kill(worker *w);

#endif
