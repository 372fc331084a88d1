/* log: what a run tells on stderr.
 *
 * Low-level code logs at most at debug; the layer that decides logs once. Data goes to stdout and
 * never through here. There is no global state: the log is passed as an argument. */
#ifndef WEIR_BASE_LOG_H
#define WEIR_BASE_LOG_H

#include "base/error.h"

typedef enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG } log_level;

typedef struct log {
    FILE *stream;    /* usually stderr; borrowed */
    log_level level; /* what is less important is dropped */
    bool color;      /* decided by the caller (a terminal, no NO_COLOR) */
} log;

void log_write(const log *l, log_level level, const char *format, ...) PRINTF_LIKE(3, 4);
/* `error: message` with `  at file:line:column` and `  hint: …` lines where there are any. */
void log_error(const log *l, const error *err);

#endif
