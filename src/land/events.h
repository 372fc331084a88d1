/* events: what a service told of objects that came, read from its event records.
 *
 * Pure: text in, names of objects out. A record only hints that there is an object: duplicates,
 * disorder and gaps do no harm, because the object itself is looked at afterwards, and a listing
 * finds what no record told of. Records are hostile. Understood are the records that S3 sends
 * (Records[], the test event), the envelopes of SNS, SQS and Lambda around them, and EventBridge's
 * events; one document after the other, as in JSON lines. */
#ifndef WEIR_LAND_EVENTS_H
#define WEIR_LAND_EVENTS_H

#include "base/error.h"
#include "base/vec.h"

typedef struct land_events {
    strings keys;    /* below the land bucket's prefix, sorted, each once */
    int64_t records; /* of objects, whatever happened to them */
    int64_t ignored; /* of them: not made, of another bucket, elsewhere in it, or no object's */
} land_events;

/* Add what text tells to *ret. what: names it in errors. land_bucket: s3://bucket/prefix. E_DATA
 * with line and number of the record; then *ret is as it was. */
CHECKED status events_read(const char *text, size_t size, const char *what, const char *land_bucket,
                           arena *a, land_events *ret, error *err);

#endif
