/* multipart: an object too large for one request, sent part by part.
 *
 * Two buffers: one is filled while the other is under way. An upload that fails is aborted; one
 * whose process was killed is aborted by s3_sweep. Internal to this driver. */
#ifndef WEIR_STORE_S3_MULTIPART_H
#define WEIR_STORE_S3_MULTIPART_H

#include "store/s3/s3.h"

enum {
    S3_PART_BYTES = 8 * 1024 * 1024, /* of the first parts; S3 takes no smaller ones than 5 MiB */
    S3_PART_DOUBLES_EVERY = 1500,    /* parts, of the 10 000 that S3 allows */
    S3_PART_DOUBLINGS_MAX = 6,
};

/* How large part number is, 1 for the first. All parts together reach past a terabyte. */
size_t s3_part_size(int number);

typedef struct s3_upload s3_upload;

/* headers: of the object to be, beside Weir's own; NULL: none. */
CHECKED status s3_upload_begin(s3 *s, const char *key, const s3_pairs *headers, arena *a,
                               s3_upload **ret, error *err);
/* The part goes on its way once the one before has arrived. body is borrowed until the next call
 * but one. */
CHECKED status s3_upload_part(s3_upload *u, const void *body, size_t size, error *err);
/* The same from bytes of an object that is there already: source as in x-amz-copy-source, with what
 * its ETag has to be. The service copies; this waits. */
typedef struct s3_span {
    const char *source, *etag;
    int64_t first, last; /* bytes, both included */
} s3_span;
CHECKED status s3_upload_copy(s3_upload *u, const s3_span *span, error *err);
/* All parts become the object. if_absent as in store.h. */
CHECKED status s3_upload_finish(s3_upload *u, bool if_absent, error *err);
/* Nothing is left of it. What cannot be told now is swept later. */
void s3_upload_abort(s3_upload *u);

#endif
