/* weir-duckdb: reads jobs from standard input, one per line, and answers on standard output. */
#include "engine/duckdb/worker.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LINE_SIZE_MAX = 256 * 1024 * 1024, FAILED = 1 };

static status write_all(int fd, const char *text, size_t size, error *err) {
    while (size > 0) {
        ssize_t written = write(fd, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(err, errno, "cannot answer");
        text += written;
        size -= (size_t)written;
    }
    return OK;
}

static status write_line(void *state, const char *text, size_t size, error *err) {
    const int *fd = state;
    TRY(write_all(*fd, text, size, err));
    return write_all(*fd, "\n", 1, err);
}

/* The engine may print to standard output (profiling does): only answers may go there, so they get
 * a descriptor of their own and the stream is sent to standard error. */
static int take_stdout(void) {
    int fd = dup(STDOUT_FILENO);
    if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return -1;
    return fd;
}

/* As many files as the system allows: the usual limit is close to what one job opens. */
static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static status serve(worker *w, const reply *out, error *err) {
    char *line = NULL;
    size_t capacity = 0;
    status result = OK;
    while (result == OK) {
        ssize_t size = getline(&line, &capacity, stdin);
        if (size < 0)
            break;
        if (size > LINE_SIZE_MAX)
            result = error_set(err, E_USAGE, "a job is larger than %d bytes", LINE_SIZE_MAX);
        else if (size > 1)
            result = worker_answer(w, line, (size_t)size, out, err);
    }
    free(line);
    return result;
}

int main(void) {
    error err = {0};
    int fd = take_stdout();
    if (fd < 0) {
        perror("weir-duckdb");
        return FAILED;
    }
    const reply out = {.line = write_line, .state = &fd};
    worker w;
    raise_file_limit();
    worker_init(&w);
    status result = serve(&w, &out, &err);
    worker_close(&w);
    if (result != OK)
        fprintf(stderr, "weir-duckdb: %s\n", err.message);
    return result == OK ? EXIT_SUCCESS : FAILED;
}
