/* http: one HTTP request and its reply, over libcurl.
 *
 * Knows nothing of S3, of signatures or of trying again. A call is begun and waited for later, so
 * that the other end works meanwhile; connections are kept. One thread uses a client. */
#ifndef WEIR_STORE_S3_HTTP_H
#define WEIR_STORE_S3_HTTP_H

#include "store/s3/retry.h"
#include "store/s3/uri.h"

typedef struct http_client http_client;
typedef struct http_call http_call;

typedef struct http_limits {
    const char *ca_file; /* NULL: the system's; borrowed */
    int64_t connect_ms;  /* for a connection */
    int64_t stall_ms;    /* waited for without a byte either way: lost */
} http_limits;

/* Takes the body as it comes; false: stop. */
typedef bool (*http_sink)(void *state, const char *bytes, size_t size);

typedef struct http_request {
    const char *method;
    const char *url;
    s3_pairs headers;
    const void *body; /* borrowed until the call is over; NULL: none */
    size_t body_size;
    size_t reply_max; /* what a success may hold at most, unless a sink takes it */
    http_sink sink;   /* for the body of a 2xx; NULL: into the reply */
    void *sink_state;
    int64_t whole_ms; /* for all of it; 0: no limit */
    bool direct;      /* past any proxy, as is right for addresses of this machine */
} http_request;

typedef struct http_reply {
    s3_end end;
    bool is_too_large; /* more than reply_max */
    bool is_refused;   /* the sink stopped it */
    bool is_untrusted; /* S3_UNSENT: its certificate is not good, or there is no CA bundle */
    char *problem;     /* S3_UNSENT, S3_LOST: what happened */
    int status;
    s3_pairs headers; /* names in lower case */
    char *body;       /* terminated */
    size_t body_size;
} http_reply;

CHECKED status http_open(const http_limits *limits, http_client **ret, error *err);
void http_close(http_client *c); /* NULL is allowed; calls must be over */

/* Send, as far as goes without waiting. The call is in the arena, as its reply will be. */
http_call *http_begin(http_client *c, const http_request *request, arena *a);
/* Let calls that were begun go on, without waiting. */
void http_go_on(http_client *c);
/* Wait for the reply. The call is over then. */
http_reply *http_wait(http_call *call);
/* Nobody wants its reply any more. NULL and what is over are allowed. */
void http_drop(http_call *call);

/* NULL when there is none. */
const char *http_header(const http_reply *reply, const char *name);

#endif
