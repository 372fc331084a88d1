/* metadata: credentials that somebody else hands out, for a while.
 *
 * Each leaves *ret alone when its source is not there. Addresses are those that AWS's own tools
 * use, and the variables by which those are replaced. Internal to credentials.c. */
#ifndef WEIR_STORE_S3_METADATA_H
#define WEIR_STORE_S3_METADATA_H

#include "store/s3/credentials.h"

typedef struct metadata_context {
    s3_lookup environment;
    http_client *http;
    const char *region;
    const clock_source *clock;
    arena *arena;
} metadata_context;

/* The token in the file, read each time, for the role. session may be NULL. */
CHECKED status metadata_web_identity(const metadata_context *m, const char *token_file,
                                     const char *role, const char *session, s3_credentials *ret,
                                     error *err);
/* What a command prints: a profile's credential_process. */
CHECKED status metadata_process(const metadata_context *m, const char *command, s3_credentials *ret,
                                error *err);
/* Where a container's credentials are, *ret NULL: nowhere. Plain HTTP only to this machine and to
 * the addresses of ECS and EKS, else E_DEFINITION. */
CHECKED status metadata_container_url(const metadata_context *m, const char **ret, error *err);
CHECKED status metadata_container(const metadata_context *m, s3_credentials *ret, error *err);
CHECKED status metadata_instance(const metadata_context *m, s3_credentials *ret, error *err);

#endif
