/* lock: one projector per table at a time, across processes of this host.
 *
 * flock(2) on a file below the layer's store: the system frees it when the holder dies. For stores
 * without local paths the lock is always granted (their projections are another kind). Internal to
 * project/. */
#ifndef WEIR_PROJECT_LOCK_H
#define WEIR_PROJECT_LOCK_H

#include "base/error.h"
#include "store/store.h"

/* Waits for a while; E_BUSY when that was not enough. *ret_fd is -1 where nothing is to be
 * locked. */
CHECKED status lock_take(store *s, const char *table, int *ret_fd, error *err);
void lock_free(int *fd); /* for CLEANUP */

#endif
