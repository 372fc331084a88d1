/* uri: names of buckets, keys and queries as S3's signatures want them.
 *
 * Text is made canonical here and nowhere else, before it is signed; the same text is sent. Not for
 * folders. */
#ifndef WEIR_STORE_S3_URI_H
#define WEIR_STORE_S3_URI_H

#include "base/error.h"
#include "base/str.h"

/* s3://bucket/prefix, taken apart. */
typedef struct s3_place {
    char *bucket;
    char *prefix; /* "" or ending in '/' */
} s3_place;

/* E_DEFINITION: no bucket, a bucket name that S3 does not allow, or an unsafe prefix. */
CHECKED status s3_place_parse(const char *url, arena *a, s3_place *ret, error *err);

typedef struct s3_pair {
    const char *name;
    const char *value;
} s3_pair;
typedef VEC(s3_pair) s3_pairs;

/* %XX for every byte but A-Z a-z 0-9 - . _ ~, and '/' where slashes are kept. */
char *s3_encode(arena *a, const char *text, bool keep_slashes);
/* name=value&…, encoded, sorted by encoded name and value. "" for none. */
char *s3_canonical_query(arena *a, const s3_pairs *query);
/* The other way; false: a broken %XX, or a NUL. Listings come with encoded keys. */
bool s3_decode(arena *a, const char *text, char **ret);

/* http://host:port, taken apart; a path after it is not understood. */
typedef struct s3_endpoint {
    bool tls;
    char *host; /* with :port where it is not the scheme's own */
} s3_endpoint;
CHECKED status s3_endpoint_parse(const char *url, arena *a, s3_endpoint *ret, error *err);

/* Where AWS's own services of a region are. */
const char *s3_domain(const char *region);

/* May the bucket be a label of a host name under TLS (no dots)? */
bool s3_bucket_is_label(const char *bucket);

#endif
