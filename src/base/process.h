/* process: a child program with pipes on its standard streams.
 *
 * The child gets its own process group, an empty set of blocked signals and dies with its parent
 * (PR_SET_PDEATHSIG). Everything but the three standard streams is closed in it. */
#ifndef WEIR_BASE_PROCESS_H
#define WEIR_BASE_PROCESS_H

#include "base/error.h"

#include <sys/types.h>

typedef struct process {
    pid_t pid;       /* 0 when not running */
    int stdin_fd;    /* write end, -1 when closed */
    int stdout_fd;   /* read end, -1 when closed */
    int stderr_fd;   /* -1: inherited; else a read end */
} process;

typedef struct process_options {
    const char *const *argv; /* argv[0] is the program's path; NULL-terminated */
    const char *directory;   /* NULL: the caller's */
    int stderr_to;           /* a file descriptor the child's stderr goes to; -1: inherit */
} process_options;

CHECKED status process_start(const process_options *options, process *ret, error *err);
/* Close the pipes and wait. *ret_code: exit code, or 128 + signal. */
CHECKED status process_wait(process *p, int *ret_code, error *err);
/* SIGKILL to that one process, then wait. Safe when not running. */
void process_kill(process *p);

#endif
