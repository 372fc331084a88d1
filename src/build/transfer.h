/* transfer: what the ledger knows of stores, copied to other ones.
 *
 * For moving a lake, or a layer of one, between folders and buckets: raw history, quarantine, the
 * files of versions and the journal, in this order, so that what a journal names is there before
 * it. Objects are immutable and are never replaced, so a transfer that was cut off goes on when it
 * is begun again. Call it holding the lease, after recovery. Not for projections, which are made
 * anew (project_anew), nor for telling whether the copy is whole (build_fsck). */
#ifndef WEIR_BUILD_TRANSFER_H
#define WEIR_BUILD_TRANSFER_H

#include "build/build.h"

/* to NULL: it stays where it is. */
typedef struct transfer_pair {
    store *from, *to;
} transfer_pair;

typedef struct transfer_stores {
    transfer_pair *layers; /* one per lake layer */
    transfer_pair quarantine;
    transfer_pair journal; /* the lake's own */
    const char *temp_dir;  /* where copies lie for a while between two buckets' services */
    bool dry;              /* only look: a store that is not there yet may be NULL, too */
} transfer_stores;

typedef struct transfer_result {
    int64_t files, bytes;               /* that the ledger knows */
    int64_t copied_files, copied_bytes; /* now, or with dry to be copied; the others were there */
} transfer_result;

/* E_NOT_FOUND, E_DATA: what is to be copied is not there, or not what the ledger knows. E_EXISTS:
 * something else has its name in the other store. E_FOREIGN: the other store's journal goes
 * further than this one. E_INTERRUPTED, E_FULL, E_DENIED, E_IO: what was copied stays. */
CHECKED status build_transfer(const build_context *c, const transfer_stores *stores,
                              transfer_result *ret, error *err);

#endif
