/* staged: results that are built, verified and durable, and that no commit has taken up yet.
 *
 * Kept by memo key, so that the next run finds again what a killed one had finished. Part of the
 * ledger, with its handle and rules; not in the journal: losing these rows only loses time. */
#ifndef WEIR_LEDGER_STAGED_H
#define WEIR_LEDGER_STAGED_H

#include "ledger/ledger.h"

typedef struct ledger_staged {
    int64_t table;
    const char *partition; /* text */
    const char *memo_key;
    const char *basis;  /* fingerprint of the file policy and of its readers' maps */
    const char *folder; /* of its files: a key prefix below the layer's store */
    const char *answer; /* what the worker told of the partition, JSON */
} ledger_staged;
typedef VEC(ledger_staged) ledger_stageds;

/* Replaces what is there under that key. */
CHECKED status ledger_staged_put(ledger *l, const ledger_staged *s, int64_t now_us, error *err);
/* E_NOT_FOUND. */
CHECKED status ledger_staged_find(ledger *l, int64_t table, const char *partition,
                                  const char *memo_key, arena *a, ledger_staged *ret, error *err);
CHECKED status ledger_staged_list(ledger *l, arena *a, ledger_stageds *ret, error *err);
/* Of one partition, or of a whole table (NULL); the files are then garbage, unless a version names
 * them. */
CHECKED status ledger_staged_drop(ledger *l, int64_t table, const char *partition, error *err);
CHECKED status ledger_staged_drop_older(ledger *l, int64_t before_us, error *err);

#endif
