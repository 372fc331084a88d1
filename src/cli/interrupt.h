/* interrupt: the user's wish to stop, as a flag that long work looks at.
 *
 * The first SIGINT, SIGTERM or SIGHUP sets the flag, the second ends the program at once. Also
 * ignores SIGPIPE: a worker or a reader that has gone is seen where it is written to. */
#ifndef WEIR_CLI_INTERRUPT_H
#define WEIR_CLI_INTERRUPT_H

/* Install the handlers. The result stays valid for the whole program. */
const volatile int *interrupt_watch(void);

#endif
