/* batch: take some files in together: one pending transaction, one commit.
 *
 * The order makes every step safe to repeat: claim, pending record, copies, commit, claims
 * removed. */
#ifndef WEIR_LAND_BATCH_H
#define WEIR_LAND_BATCH_H

#include "land/arrival.h"

/* A file that is to be taken: seen by the scan, or claimed by a run that was killed. */
typedef struct candidate {
    const char *file;
    const char *claim; /* NULL: not claimed yet */
    const lake_table *table;
    int64_t uploaded_us;
    int64_t size;
    const char *queue; /* of files of one queue the order matters */
    bool is_followed;  /* others of its queue come after it */
} candidate;
typedef VEC(candidate) candidates;

enum { BATCH_FILES_MAX = 256 };
static const int64_t BATCH_BYTES_MAX = 1000000000;

/* Take them in and add to the landing's result. No two may be of one queue, since what the second
 * means depends on the first's record. A file that could not be taken holds back those of its queue
 * until the next landing. On failure all are back in land; or still claimed, with the time of their
 * upload, when others follow or, with E_UNCERTAIN, until the next landing has looked it up. */
CHECKED status batch_take(landing *l, const candidate *list, size_t count, int64_t number,
                          error *err);

#endif
