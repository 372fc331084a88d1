/* fsck: the ledger against the stores and the directories (design section 13, I11).
 *
 * Call it holding the lease, after recovery and projection: what a run is about to do is no fault.
 */
#ifndef WEIR_BUILD_FSCK_H
#define WEIR_BUILD_FSCK_H

#include "build/build.h"

typedef struct fsck_fault {
    const char *kind;  /* missing, altered, writable, extra, directory */
    const char *layer; /* or "quarantine", "journal", "ledger" */
    const char *table; /* NULL: of none */
    const char *object;
    const char *detail; /* or NULL */
} fsck_fault;

typedef struct fsck_result {
    VEC(fsck_fault) faults;
    strings lost;         /* objects of versions that are missing or altered */
    int64_t raw_lost;     /* deliveries, likewise; those can only be delivered again */
    int64_t journal_lost; /* entries that are missing or altered */
    int64_t raw_extra;    /* files that lie where deliveries of a table do, and are none */
    int64_t files;        /* looked at */
} fsck_result;

typedef struct fsck_options {
    bool fast;          /* names and sizes only; else every byte is read */
    store *quarantine;  /* NULL: not looked at */
    store *journal;     /* the lake's own; NULL: nor the ledger itself */
    const bool *layers; /* which of them; NULL: all */
} fsck_options;

CHECKED status build_fsck(const build_context *c, const fsck_options *how, arena *a,
                          fsck_result *ret, error *err);

/* Mark what was lost, so that the next run builds it again from raw history, let all directories be
 * made anew, and make read-only what only had become writable. Raw history itself cannot be made
 * again. how: as it was found with. */
CHECKED status build_fsck_repair(const build_context *c, const fsck_options *how,
                                 const fsck_result *found, error *err);

#endif
