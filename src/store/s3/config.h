/* config: where buckets are and how to reach them, read where AWS's own tools read it.
 *
 * The names of these variables and files are AWS's contract with its users, so that a bucket works
 * in Weir where it works in their other tools; a lake's definition only names the bucket. This is
 * the one place that reads them. */
#ifndef WEIR_STORE_S3_CONFIG_H
#define WEIR_STORE_S3_CONFIG_H

#include "store/s3/credentials.h"

typedef struct s3_config {
    s3_lookup environment;
    const s3_profile *profile;
    const char *region;
    s3_endpoint endpoint; /* without the bucket */
    bool path_style;      /* the bucket is in the path, not in the host's name */
    const char *ca_file;  /* NULL: the system's */
    s3_budget budget;
    http_limits limits;
} s3_config;

/* Region: AWS_REGION, AWS_DEFAULT_REGION, the profile, us-east-1. Endpoint: AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL, the profile, AWS's own. Style: WEIR_S3_URL_STYLE or the profile's
 * s3.addressing_style (path or virtual); else path where an endpoint is named or the bucket's name
 * is no label. Patience: WEIR_S3_TIMEOUT without a byte (20s), WEIR_S3_RETRY_FOR in all (60s). */
CHECKED status s3_config_read(s3_lookup environment, const char *bucket, arena *a, s3_config *ret,
                              error *err);

#endif
