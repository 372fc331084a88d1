#include "cli/interrupt.h"

#include "base/base.h"

#include <signal.h>

/* A handler has no argument to carry its state: this is the program's one changing static. */
static volatile sig_atomic_t asked;

static void ask(int signal_number) {
    (void)signal_number;
    asked = 1;
}

const volatile int *interrupt_watch(void) {
    struct sigaction once = {.sa_handler = ask, .sa_flags = (int)SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&once.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &once, NULL);
    sigaction(SIGTERM, &once, NULL);
    sigaction(SIGHUP, &once, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    return &asked;
}
