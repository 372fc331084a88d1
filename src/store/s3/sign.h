/* sign: Signature Version 4 of a request, as a pure function.
 *
 * Date and hash of the body are arguments, so that the examples that AWS publishes are tests. What
 * is signed is what is sent: path and query come canonical (uri.h). Not for presigned URLs. */
#ifndef WEIR_STORE_S3_SIGN_H
#define WEIR_STORE_S3_SIGN_H

#include "store/s3/uri.h"

typedef struct s3_to_sign {
    const char *method;
    const char *path;        /* canonical, begins with '/' */
    const char *query;       /* canonical */
    const s3_pairs *headers; /* all of them signed; names in lower case, in any order */
    const char *body_sha256; /* hex */
    const char *date;        /* 20130524T000000Z */
    const char *region;
    const char *service; /* "s3" */
    const char *access_key;
    const char *secret_key; /* never in what comes back */
} s3_to_sign;

enum { S3_DATE_SIZE = 17 };
void s3_date(int64_t now_us, char text[S3_DATE_SIZE]);

/* The value of the header "content-md5", which batched deletes must have. */
char *s3_md5(arena *a, const void *body, size_t size);

/* The value of the header "authorization". */
char *s3_authorization(const s3_to_sign *what, arena *a);

#endif
