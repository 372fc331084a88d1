/* recover: what a killed landing left behind.
 *
 * The caller holds the lease that lets only one landing run, so whatever is pending or claimed
 * belongs to a dead one. */
#ifndef WEIR_LAND_RECOVER_H
#define WEIR_LAND_RECOVER_H

#include "land/arrival.h"

/* In a write transaction: may this landing still change anything? Nobody else can take the lease
 * before the transaction ends, so what is done inside it is done by its only holder. E_BUSY. */
CHECKED status recover_check_lease(const land_context *c, error *err);

/* Remove copies that were never recorded. */
CHECKED status recover_pending(const land_context *c, error *err);

/* Remove the claims of recorded files. ret: the others, oldest first; a returned file may be
 * among them. */
CHECKED status recover_claims(const land_context *c, int root_fd, arena *a, claimed_files *ret,
                              error *err);

#endif
