/* process: a child program with pipes on its standard streams.
 *
 * The child gets its own process group, an empty set of blocked signals and dies with its parent
 * (PR_SET_PDEATHSIG). Everything but the three standard streams is closed in it. */
#ifndef WEIR_BASE_PROCESS_H
#define WEIR_BASE_PROCESS_H

#include "base/error.h"

#include <sys/types.h>

typedef struct process {
    pid_t pid;     /* 0 when not running */
    int stdin_fd;  /* write end, -1 when closed */
    int stdout_fd; /* read end, -1 when closed */
    int stderr_fd; /* read end with PROCESS_STDERR_PIPE, else -1 */
} process;

enum { PROCESS_STDERR_INHERIT = -1, PROCESS_STDERR_PIPE = -2 };

typedef struct process_options {
    const char *const *argv; /* argv[0] is the program's path; NULL-terminated */
    const char *directory;   /* NULL: the caller's; a relative argv[0] is looked up from there */
    int stderr_to;           /* a file descriptor the child's stderr goes to, or one of the above */
    const char *const *hidden; /* variables that the child does not get, ending with NULL; a name
                                  that ends in '*' stands for all that begin so. NULL: none */
} process_options;

/* A program that cannot be started is an error here (E_NOT_FOUND, E_DENIED, …), not an exit code.
 * The child dies with the *thread* that starts it, so start from one that lives on. Ignore SIGPIPE
 * where a child may go before it has read everything. */

CHECKED status process_start(const process_options *options, process *ret, error *err);
/* Close the pipes and wait. *ret_code: exit code, or 128 + signal. */
CHECKED status process_wait(process *p, int *ret_code, error *err);
/* SIGKILL to that one process, then wait. Safe when not running. */
void process_kill(process *p);

#endif
