#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_END = 0, WRITE_END = 1, FIRST_OTHER_FD = 3, EXIT_NOT_STARTED = 127 };
enum { DESCRIPTORS_MAX = 65536 };

typedef enum step { STEP_SETUP, STEP_DIRECTORY, STEP_PROGRAM } step;

/* What the child sends through the pipe that closes when its program starts. */
typedef struct failure {
    step step;
    int errno_value;
} failure;

/* Everything the child needs, made before fork: after it only async-signal-safe calls are allowed,
 * because another thread may hold the allocator's lock for ever. */
typedef struct launch {
    const char **argv;
    const char *directory;
    char **environment;
    pid_t parent;
    unsigned descriptor_end;
    int stdin_pipe[2];
    int stdout_pipe[2];
    int stderr_pipe[2]; /* -1 unless PROCESS_STDERR_PIPE */
    int failure_pipe[2];
    int stderr_fd; /* -1: inherit */
} launch;

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipe(int pipe_fds[2]) {
    close_fd(&pipe_fds[READ_END]);
    close_fd(&pipe_fds[WRITE_END]);
}

/* Above the standard streams even when the caller has closed those: dup2 in the child would
 * otherwise overwrite a pipe it still needs. */
static bool move_up(int *fd) {
    if (*fd >= FIRST_OTHER_FD)
        return true;
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_OTHER_FD);
    if (moved < 0)
        return false;
    close(*fd);
    *fd = moved;
    return true;
}

static bool open_pipe(int pipe_fds[2]) {
    return pipe2(pipe_fds, O_CLOEXEC) == 0 && move_up(&pipe_fds[READ_END])
           && move_up(&pipe_fds[WRITE_END]);
}

static bool open_pipes(launch *l, bool with_stderr) {
    if (!open_pipe(l->stdin_pipe) || !open_pipe(l->stdout_pipe) || !open_pipe(l->failure_pipe))
        return false;
    if (!with_stderr)
        return true;
    if (!open_pipe(l->stderr_pipe))
        return false;
    l->stderr_fd = l->stderr_pipe[WRITE_END];
    return true;
}

static void close_pipes(launch *l) {
    close_pipe(l->stdin_pipe);
    close_pipe(l->stdout_pipe);
    close_pipe(l->stderr_pipe);
    close_pipe(l->failure_pipe);
}

static unsigned descriptor_end(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > DESCRIPTORS_MAX)
        return DESCRIPTORS_MAX;
    return (unsigned)limit.rlim_cur;
}

static _Noreturn void child_failed(const launch *l, step at) {
    failure told = {at, errno};
    ssize_t written = write(l->failure_pipe[WRITE_END], &told, sizeof told);
    _exit(written == (ssize_t)sizeof told ? EXIT_NOT_STARTED : EXIT_NOT_STARTED + 1);
}

/* Handlers are the parent's code and ignored signals would stay ignored in the program. */
static void child_reset_signals(void) {
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &plain, NULL); /* refused for SIGKILL and SIGSTOP, which is right */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Closed by exec and not now, because the failure pipe has to last until then. */
static void child_close_others(unsigned end) {
    if (close_range(FIRST_OTHER_FD, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (unsigned fd = FIRST_OTHER_FD; fd < end; fd++)
        fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

/* stderr first: it may go to what is still the parent's stdin or stdout. */
static bool child_set_streams(const launch *l) {
    if (l->stderr_fd >= 0 && dup2(l->stderr_fd, STDERR_FILENO) < 0)
        return false;
    if (l->stderr_fd == STDERR_FILENO && fcntl(STDERR_FILENO, F_SETFD, 0) != 0)
        return false;
    return dup2(l->stdin_pipe[READ_END], STDIN_FILENO) >= 0
           && dup2(l->stdout_pipe[WRITE_END], STDOUT_FILENO) >= 0;
}

static _Noreturn void run_child(const launch *l) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setpgid(0, 0) != 0)
        child_failed(l, STEP_SETUP);
    if (getppid() != l->parent) /* it died before the signal was asked for */
        _exit(EXIT_NOT_STARTED);
    child_reset_signals();
    if (!child_set_streams(l))
        child_failed(l, STEP_SETUP);
    child_close_others(l->descriptor_end);
    if (l->directory != NULL && chdir(l->directory) != 0)
        child_failed(l, STEP_DIRECTORY);
    execve(l->argv[0], (char *const *)(uintptr_t)l->argv, l->environment);
    child_failed(l, STEP_PROGRAM);
}

/* With all signals blocked, so that none of the parent's handlers runs in the child. */
static pid_t fork_child(const launch *l) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        run_child(l);
    int problem = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = problem;
    return pid;
}

static pid_t wait_for(pid_t pid, int *wait_status) {
    pid_t waited;
    do
        waited = waitpid(pid, wait_status, 0);
    while (waited < 0 && errno == EINTR);
    return waited;
}

/* Ends when the program has started (the pipe closes) or has told why not. */
static bool read_failure(int fd, failure *told) {
    ssize_t got;
    do
        got = read(fd, told, sizeof *told);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof *told;
}

static status explain(const launch *l, const failure *told, error *err) {
    switch (told->step) {
    case STEP_DIRECTORY:
        return error_set_errno(err, told->errno_value, "cannot enter the folder \"%s\"",
                               l->directory);
    case STEP_SETUP:
    case STEP_PROGRAM:
        break;
    }
    return error_set_errno(err, told->errno_value, "cannot run \"%s\"", l->argv[0]);
}

static int take_fd(int *fd) {
    int taken = *fd;
    *fd = -1;
    return taken;
}

static status start(launch *l, process *ret, error *err) {
    pid_t pid = fork_child(l);
    if (pid < 0)
        return error_set_errno(err, errno, "cannot start \"%s\"", l->argv[0]);
    close_fd(&l->failure_pipe[WRITE_END]);
    failure told;
    if (read_failure(l->failure_pipe[READ_END], &told)) {
        wait_for(pid, &(int){0});
        return explain(l, &told, err);
    }
    *ret = (process){
        .pid = pid,
        .stdin_fd = take_fd(&l->stdin_pipe[WRITE_END]),
        .stdout_fd = take_fd(&l->stdout_pipe[READ_END]),
        .stderr_fd = take_fd(&l->stderr_pipe[READ_END]),
    };
    return OK;
}

static bool is_hidden(const char *variable, const char *const *hidden) {
    for (; hidden != NULL && *hidden != NULL; hidden++) {
        size_t size = strcspn(*hidden, "*");
        bool ends_there = (*hidden)[size] == '*' || variable[size] == '=';
        if (strncmp(variable, *hidden, size) == 0 && ends_there)
            return true;
    }
    return false;
}

/* The variables that the child gets; the texts stay the parent's. */
static char **make_environment(const char *const *hidden) {
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    char **environment = calloc(count + 1, sizeof *environment);
    ASSERT(environment != NULL);
    for (size_t i = 0; i < count; i++)
        if (!is_hidden(environ[i], hidden))
            environment[kept++] = environ[i];
    return environment;
}

status process_start(const process_options *options, process *ret, error *err) {
    ASSERT(options->argv != NULL && options->argv[0] != NULL);
    launch l = {
        .argv = (const char **)(uintptr_t)options->argv,
        .directory = options->directory,
        .environment = make_environment(options->hidden),
        .parent = getpid(),
        .descriptor_end = descriptor_end(),
        .stdin_pipe = {-1, -1},
        .stdout_pipe = {-1, -1},
        .stderr_pipe = {-1, -1},
        .failure_pipe = {-1, -1},
        .stderr_fd = options->stderr_to >= 0 ? options->stderr_to : -1,
    };
    status result;
    if (open_pipes(&l, options->stderr_to == PROCESS_STDERR_PIPE))
        result = start(&l, ret, err);
    else
        result = error_set_errno(err, errno, "cannot start \"%s\"", l.argv[0]);
    close_pipes(&l);
    free(l.environment);
    return result;
}

static void close_streams(process *p) {
    close_fd(&p->stdin_fd);
    close_fd(&p->stdout_fd);
    close_fd(&p->stderr_fd);
}

status process_wait(process *p, int *ret_code, error *err) {
    ASSERT(p->pid > 0);
    close_streams(p);
    int wait_status;
    if (wait_for(p->pid, &wait_status) < 0)
        return error_set_errno(err, errno, "cannot wait for the process %ld", (long)p->pid);
    p->pid = 0;
    *ret_code = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    return OK;
}

void process_kill(process *p) {
    if (p->pid <= 0)
        return;
    kill(p->pid, SIGKILL);
    close_streams(p);
    wait_for(p->pid, &(int){0});
    p->pid = 0;
}
