/* commit: the one transaction that makes a build current. Internal to build/. */
#ifndef WEIR_BUILD_COMMIT_H
#define WEIR_BUILD_COMMIT_H

#include "build/state.h"

/* Write versions, derivations, lineage, feeds, marks, failures and steps of all tables that were
 * staged and not committed yet; make the versions current. The lease is checked inside. *ret_seq is
 * 0 when nothing changed. */
CHECKED status build_commit(build_state *s, int64_t *ret_seq, error *err);

#endif
