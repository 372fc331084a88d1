/* helper: this process while it helps a run that another one carries out.
 *
 * It is registered in the ledger, so that runs know that somebody may help, and builds what the run
 * offers (build_help). Only for verbs that wait or serve; the run itself is work.h. */
#ifndef WEIR_CLI_HELPER_H
#define WEIR_CLI_HELPER_H

#include "cli/session.h"

typedef struct helper helper;

/* What a host must have to help a run of this session: this weir, this definition, these places. */
const char *helper_basis(const session *s, arena *a);

/* Help whoever has the lease, until it has it no more. *ret_helped: it was a run that could be
 * helped. *h: made when it is first needed; give it to the next call. E_FOREIGN: the run's host has
 * another weir, definition or store, or another engine. */
CHECKED status helper_help(session *s, helper **h, bool *ret_helped, error *err);

void helper_end(helper *h); /* NULL is allowed */

/* The verb: help the run that is going on, and with --wait each that begins until interrupted, and
 * tell what was built. */
CHECKED status helper_serve(session *s, error *err);

#endif
