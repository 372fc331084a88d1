/* progress: how far long work is, on standard error.
 *
 * A bar that is redrawn in its place on a terminal, or a plain line now and then; nothing at all
 * for work that is over at once. The log must write through progress_log_stream, so that its lines
 * and the bar do not run into each other. Not for data, and not for telling what was decided. */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H

#include "base/clock.h"

typedef struct progress progress;

typedef enum progress_mode { PROGRESS_NONE, PROGRESS_PLAIN, PROGRESS_BAR } progress_mode;

/* "plain", "none"; "auto" and NULL: a bar when stream is a terminal that can, else none. */
progress_mode progress_mode_of(const char *name, FILE *stream);

/* stream and clock are borrowed. */
progress *progress_new(FILE *stream, progress_mode mode, const clock_source *clock);
void progress_free(progress *p); /* clears the bar; NULL is allowed */

/* total 0: not known. what: "landing"; detail: what is at hand, may be NULL. Cheap to call. */
typedef struct progress_state {
    const char *what;
    const char *detail;
    size_t done, total;
} progress_state;
void progress_show(progress *p, progress_state state);

/* Take the bar away, before something else is written to the terminal. */
void progress_clear(progress *p);

/* A stream that clears the bar before each write; owned by p. */
FILE *progress_log_stream(progress *p);

#endif
