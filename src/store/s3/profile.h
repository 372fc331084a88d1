/* profile: AWS's profile files, ~/.aws/credentials and ~/.aws/config.
 *
 * The credentials file comes before the config file, as in AWS's own tools. Keys of indented blocks
 * are "block.key" ("s3.addressing_style"). */
#ifndef WEIR_STORE_S3_PROFILE_H
#define WEIR_STORE_S3_PROFILE_H

#include "base/error.h"
#include "base/str.h"

/* Where values come from: getenv, or a test's own. NULL: not set. */
typedef const char *(*s3_lookup)(const char *name);

typedef struct s3_profile s3_profile;

/* The profile that AWS_PROFILE names, else "default", from the files that
 * AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name, else from ~/.aws. A missing file is empty;
 * E_NOT_FOUND for a profile that AWS_PROFILE names and no file has. */
CHECKED status s3_profile_read(s3_lookup environment, arena *a, s3_profile **ret, error *err);

/* As it was asked for. */
const char *s3_profile_name(const s3_profile *p);

/* NULL when it has no such key, or an empty value. */
const char *s3_profile_get(const s3_profile *p, const char *key);

#endif
