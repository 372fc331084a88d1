#include "engine/worker.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { TO_WORKER, FROM_WORKER, COMPLAINTS };
enum { READ_SIZE = 64 * 1024, END_WAIT_US = 1000000, TOLD_SIZE = 700, US_PER_MS = 1000 };

static int queue_chunk(const char *text, size_t size, void *state) {
    bytes_add(state, text, size);
    return 0;
}

void worker_send(worker *w, const json_t *document) {
    ASSERT(json_dump_callback(document, queue_chunk, &w->out, JSON_COMPACT) == 0);
    bytes_add(&w->out, "\n", 1);
}

static void send_open(worker *w, const engine_options *o) {
    JSON_AUTO open =
        json_pack("{s:s, s:i, s:I, s:I, s:s, s:s}", "op", "open", "format", 1, "threads",
                  (json_int_t)o->threads, "memory_bytes", (json_int_t)o->memory_bytes, "temp_dir",
                  o->temp_dir, "timezone", o->timezone);
    ASSERT(open != NULL);
    worker_send(w, open);
    w->opening = true;
}

static bool set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static void forget(worker *w) {
    bytes_free(&w->out);
    bytes_free(&w->in);
    *w = (worker){.process = {.stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1}};
}

void worker_kill(worker *w) {
    process_kill(&w->process);
    forget(w);
}

/* What it may know it is told in its jobs. HTTP_PROXY names a proxy to DuckDB only, where libcurl
 * leaves it alone, so that weir would not go the same way. */
static const char *const *hidden_variables(const engine_options *options, arena *a) {
    strings names = {0};
    vec_push(a, &names, "AWS_*");
    vec_push(a, &names, "PG*");
    vec_push(a, &names, "HTTP_PROXY");
    for (size_t i = 0; options->hidden != NULL && i < options->hidden->count; i++)
        vec_push(a, &names, options->hidden->items[i]);
    vec_push(a, &names, NULL);
    return names.items;
}

status worker_start(worker *w, const engine_options *options, error *err) {
    ASSERT(!worker_is_running(w));
    forget(w);
    ARENA_AUTO a = arena_new();
    const char *argv[] = {options->worker, NULL};
    const process_options how = {
        .argv = argv, .stderr_to = PROCESS_STDERR_PIPE, .hidden = hidden_variables(options, a)};
    TRY(process_start(&how, &w->process, err));
    const process *p = &w->process;
    if (!set_nonblocking(p->stdin_fd) || !set_nonblocking(p->stdout_fd)
        || !set_nonblocking(p->stderr_fd)) {
        status failed = error_set_errno(err, errno, "cannot set up the pipes of the worker");
        worker_kill(w);
        return failed;
    }
    send_open(w, options);
    return OK;
}

void worker_watch(const worker *w, struct pollfd watched[WORKER_STREAMS]) {
    bool writing = w->out_sent < w->out.size;
    bool reading = w->line_size == 0 && !w->ended;
    watched[TO_WORKER] =
        (struct pollfd){.fd = writing ? w->process.stdin_fd : -1, .events = POLLOUT};
    watched[FROM_WORKER] =
        (struct pollfd){.fd = reading ? w->process.stdout_fd : -1, .events = POLLIN};
    watched[COMPLAINTS] = (struct pollfd){.fd = w->process.stderr_fd, .events = POLLIN};
}

/* A pipe has no MSG_NOSIGNAL, and a library does not own the process's signal handlers: SIGPIPE is
 * blocked for the call and taken off the thread if the call raised it. */
static ssize_t write_quietly(int fd, const void *data, size_t size) {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t written = write(fd, data, size);
    int problem = errno;
    if (written < 0 && problem == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&pipe_signal, NULL, &(struct timespec){0}) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = problem;
    return written;
}

static bool would_wait(int problem) {
    return problem == EAGAIN || problem == EINTR;
}

/* A worker that no longer reads may still have something to say, so a broken pipe only ends the
 * writing; its stdout tells the rest. */
static void serve_stdin(worker *w) {
    ssize_t written =
        write_quietly(w->process.stdin_fd, w->out.data + w->out_sent, w->out.size - w->out_sent);
    if (written < 0 && would_wait(errno))
        return;
    w->out_sent = written < 0 ? w->out.size : w->out_sent + (size_t)written;
    if (w->out_sent < w->out.size)
        return;
    bytes_drop(&w->out, w->out.size);
    w->out_sent = 0;
}

static void find_line(worker *w) {
    const char *newline = w->scanned < w->in.size
                              ? memchr(w->in.data + w->scanned, '\n', w->in.size - w->scanned)
                              : NULL;
    if (newline != NULL)
        w->line_size = (size_t)(newline - w->in.data) + 1;
    else
        w->scanned = w->in.size;
}

static void serve_stdout(worker *w, size_t line_max) {
    bytes_reserve(&w->in, READ_SIZE);
    ssize_t got = read(w->process.stdout_fd, w->in.data + w->in.size, READ_SIZE);
    if (got < 0 && would_wait(errno))
        return;
    if (got <= 0) {
        w->ended = true;
        return;
    }
    w->in.size += (size_t)got;
    find_line(w);
    w->overlong = w->line_size == 0 && w->in.size > line_max;
    w->ended = w->overlong;
}

static void serve_stderr(worker *w) {
    char text[READ_SIZE];
    ssize_t got = read(w->process.stderr_fd, text, sizeof text);
    if (got > 0)
        tail_add(&w->complaints, text, (size_t)got);
    if (got > 0 || (got < 0 && would_wait(errno)))
        return;
    close(w->process.stderr_fd);
    w->process.stderr_fd = -1;
}

void worker_serve(worker *w, const struct pollfd watched[WORKER_STREAMS], size_t line_max) {
    if (watched[COMPLAINTS].fd >= 0 && watched[COMPLAINTS].revents != 0)
        serve_stderr(w);
    if (watched[FROM_WORKER].fd >= 0 && watched[FROM_WORKER].revents != 0)
        serve_stdout(w, line_max);
    if (watched[TO_WORKER].fd >= 0 && watched[TO_WORKER].revents != 0)
        serve_stdin(w);
}

status worker_take_line(worker *w, json_t **ret, error *err) {
    ASSERT(w->line_size > 0);
    json_t *document = NULL;
    status parsed = json_parse(w->in.data, w->line_size, "result", &document, err);
    bytes_drop(&w->in, w->line_size);
    w->line_size = 0;
    w->scanned = 0;
    find_line(w);
    if (parsed != OK || !json_is_object(document)) {
        json_decref(document);
        return error_set(err, E_ENGINE, "the worker answered with something that is no result");
    }
    *ret = document;
    return OK;
}

bool worker_is_stale(worker *w, size_t line_max) {
    if (w->opening)
        return false;
    struct pollfd watched[WORKER_STREAMS];
    worker_watch(w, watched);
    if (poll(watched, WORKER_STREAMS, 0) > 0)
        worker_serve(w, watched, line_max);
    return w->ended || w->in.size > 0;
}

/* Its stderr closes when it is gone, so reading that to its end is the wait: for a bounded time,
 * because a worker may hang, or have left the descriptor to a child. */
static void wait_for_end(worker *w, int64_t wait_us) {
    int64_t until_us = clock_monotonic_us(&CLOCK_SYSTEM) + wait_us;
    while (w->process.stderr_fd >= 0) {
        int64_t left_us = until_us - clock_monotonic_us(&CLOCK_SYSTEM);
        if (left_us <= 0)
            return;
        struct pollfd watched = {.fd = w->process.stderr_fd, .events = POLLIN};
        if (poll(&watched, 1, (int)(left_us / US_PER_MS) + 1) > 0)
            serve_stderr(w);
    }
}

/* Killing what is already dead does nothing and keeps its exit code. */
static int reap(worker *w) {
    int code = 0;
    kill(w->process.pid, SIGKILL);
    if (process_wait(&w->process, &code, NULL) != OK)
        w->process.pid = 0;
    return code;
}

/* The last complaints that fit into an error's message, as one line. */
static const char *last_words(const worker *w, arena *a) {
    size_t size = w->complaints.size;
    const char *text = w->complaints.text;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
        size--;
    size_t start = size > TOLD_SIZE ? size - TOLD_SIZE : 0;
    buf joined = buf_new(a);
    for (size_t i = start; i < size; i++) {
        if (text[i] == '\n')
            buf_add(&joined, " | ");
        else
            buf_char(&joined, text[i] == '\0' ? '?' : text[i]);
    }
    return str_printable(a, joined.text);
}

static void tell_end(int code, char *text, size_t size) {
    const char *name = code > 128 ? strsignal(code - 128) : NULL;
    if (name != NULL)
        snprintf(text, size, "was ended by signal %d (%s)", code - 128, name);
    else
        snprintf(text, size, "ended with exit code %d", code);
}

status worker_bury(worker *w, const char *happened, error *err) {
    ARENA_AUTO a = arena_new();
    char end[128];
    if (happened == NULL)
        wait_for_end(w, END_WAIT_US);
    int code = reap(w);
    tell_end(code, end, sizeof end);
    const char *words = last_words(w, a);
    const char *between = words[0] != '\0' ? ": " : "";
    forget(w);
    status failed = error_set(err, E_ENGINE, "the worker %s%s%s", happened != NULL ? happened : end,
                              between, words);
    if (happened == NULL && code == 128 + SIGKILL)
        error_hint(err, "It may have run out of memory: lower workers.memory or workers.threads in "
                        "lake.yaml.");
    return failed;
}

void worker_dismiss(worker *w) {
    if (worker_is_running(w) && w->process.stdin_fd >= 0) {
        close(w->process.stdin_fd);
        w->process.stdin_fd = -1;
    }
}

void worker_end(worker *w) {
    if (!worker_is_running(w))
        return;
    worker_dismiss(w);
    wait_for_end(w, END_WAIT_US);
    reap(w);
    forget(w);
}
