/* retry: what to do after an attempt, as a pure function of how it went.
 *
 * No clock, no randomness, no I/O: those are arguments. The one loop that obeys is in request.c. */
#ifndef WEIR_STORE_S3_RETRY_H
#define WEIR_STORE_S3_RETRY_H

#include "base/base.h"

typedef enum s3_end {
    S3_ANSWERED, /* a whole reply with an HTTP status */
    S3_UNSENT,   /* no connection: the other end has seen nothing */
    S3_LOST,     /* sent, and no whole reply: it may or may not have happened */
} s3_end;

typedef struct s3_attempt {
    s3_end end;
    int http_status;        /* S3_ANSWERED */
    bool is_conditional;    /* sending it twice can collide with itself */
    int64_t retry_after_ms; /* what the reply asks for; 0: nothing */
    int number;             /* 1 for the first */
    int64_t elapsed_ms;     /* since the first began */
    uint32_t random;        /* for the jitter */
} s3_attempt;

typedef struct s3_budget {
    int64_t time_ms;  /* no new attempt begins after so long … */
    int attempts_min; /* … but these many are made whatever the time */
    int64_t wait_first_ms;
    int64_t wait_max_ms;
} s3_budget;

extern const s3_budget S3_BUDGET;

typedef enum s3_action {
    S3_TAKE,  /* success: 2xx, or 3xx and 4xx that say something (404, 412): the caller reads it */
    S3_AGAIN, /* send once more after waiting */
    S3_EXAMINE, /* look at what is there, after waiting, before sending again */
    S3_GIVE_UP,
} s3_action;

typedef struct s3_verdict {
    s3_action action;
    int64_t wait_ms;
} s3_verdict;

/* 5xx, 408, 429 and what is lost or unsent are tried again; no other 4xx ever is. A conditional
 * request that may have happened is examined; so is 409, by which S3 says that two of them met. */
s3_verdict s3_judge(const s3_attempt *attempt, const s3_budget *budget);

#endif
