/* credentials: who asks, found as AWS's own tools find it.
 *
 * In this order: environment, web identity, profile files, container, instance (metadata service,
 * version 2). What was found is kept until shortly before it ends. Where nothing newer can be had
 * by then, it serves to its end. Nothing secret here is ever logged or put into an error. */
#ifndef WEIR_STORE_S3_CREDENTIALS_H
#define WEIR_STORE_S3_CREDENTIALS_H

#include "base/clock.h"
#include "store/s3/http.h"
#include "store/s3/profile.h"

typedef struct s3_credentials {
    const char *access_key;
    const char *secret_key;
    const char *token;  /* NULL: none */
    int64_t expires_us; /* 0: never */
} s3_credentials;

typedef struct s3_chain s3_chain;

typedef struct s3_chain_options {
    s3_lookup environment;
    const s3_profile *profile; /* borrowed */
    const char *region;        /* borrowed */
    http_client *http; /* borrowed; its limits hold for large objects: calls here have own */
    const clock_source *clock; /* borrowed */
} s3_chain_options;

s3_chain *s3_chain_new(const s3_chain_options *options);
void s3_chain_free(s3_chain *c); /* NULL is allowed; what it held is overwritten */

/* How long they should last at least, in seconds. */
enum { S3_FOR_REQUEST_S = 300, S3_FOR_JOB_S = 1800 };

/* Good for that long from now, where that can be had; else not ended yet. Borrowed until the next
 * call. E_DENIED when there are none, naming where was looked. */
CHECKED status s3_chain_get(s3_chain *c, int64_t good_for_s, const s3_credentials **ret,
                            error *err);

#endif
