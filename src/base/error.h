/* error: how every call that can fail says so.
 *
 * A fallible call returns a status and, when it is not OK, has filled the caller's error. The
 * error struct is plain memory without owned pointers: declare it `error err = {0};` on the stack
 * and copy it freely. Passing NULL is allowed and drops the text.
 *
 * Messages are lower case, without a full stop, and name the object in quotes; the hint is a
 * sentence that tells what to do. Do not log in a function that returns an error. */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H

#include "base/base.h"

/* Kinds exist only where some caller does something different. Exit codes are in error.c's table
 * (design section 11). */
typedef enum status {
    OK = 0,
    E_USAGE,       /* the command line is wrong; nothing was touched */
    E_DEFINITION,  /* a file of the lake definition is wrong; nothing was touched */
    E_FOREIGN,     /* ledger, store and definition do not belong together, or are of a newer Weir */
    E_NOT_FOUND,   /* the named object is not there */
    E_EXISTS,      /* the named object is there already */
    E_DENIED,      /* credentials, permissions or policy */
    E_FULL,        /* no space left */
    E_IO,          /* any other failure of a file, store or database */
    E_DATA,        /* delivered bytes are not what the definition says; goes to quarantine */
    E_CHANGED,     /* changed underneath while being read; try again at the next run */
    E_ENGINE,      /* the worker failed, crashed, or refused the SQL */
    E_CHECK,       /* a check of severity error stopped something */
    E_BUSY,        /* another run holds the lease or the lock */
    E_INTERRUPTED, /* asked to stop; run again to go on */
    E_UNCERTAIN,   /* the reply was lost: it may or may not have happened; look it up */
    STATUS_COUNT
} status;

enum { ERROR_MESSAGE_MAX = 1024, ERROR_HINT_MAX = 512, ERROR_FILE_MAX = 512 };

typedef struct error {
    status kind;
    char message[ERROR_MESSAGE_MAX];
    char hint[ERROR_HINT_MAX]; /* empty when there is none */
    char file[ERROR_FILE_MAX]; /* the file the error is in, empty when there is none */
    int line;                  /* 1-based, 0 when unknown */
    int column;                /* 1-based, 0 when unknown */
} error;

/* Fill err and return kind, so that `return error_set(...)` is one line. Longer texts are cut. */
status error_set(error *err, status kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with strerror(errno_value) appended; ENOSPC/EDQUOT become E_FULL, EACCES/EPERM/EROFS
 * E_DENIED, both with a hint, ENOENT E_NOT_FOUND, EEXIST E_EXISTS, everything else E_IO. */
status error_set_errno(error *err, int errno_value, const char *format, ...) PRINTF_LIKE(3, 4);

/* Set the hint of an error that is already set. Returns err->kind (E_IO when err is NULL is never
 * right, so pass the status on yourself in that case). */
void error_hint(error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Name the place in a text file. file is copied. */
void error_at(error *err, const char *file, int line, int column);

/* Put `prefix: ` before the message. */
void error_prefix(error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* The end of a call that told *why of an error of its own: err learns of it, unless result is OK.
 * Returns result. */
status error_pass(status result, const error *why, error *err);

/* The stable lower-case name ("definition", "not_found"), the process exit code. */
const char *status_name(status kind);
int status_exit_code(status kind);

/* Return early when a call failed. The one control-flow macro of the code base. */
#define TRY(call)                    \
    do {                             \
        status try_status_ = (call); \
        if (try_status_ != OK)       \
            return try_status_;      \
    } while (0)

#endif
