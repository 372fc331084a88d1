/* transaction: transactions that outlive their connection.
 *
 * Writers wait for each other at the lake's row, from their first statement to their commit; so
 * seqs follow commit order, and within a transaction nothing moves. What a transaction changed is
 * recorded. When the connection goes, a new one takes the lake's row, makes sure that nobody has
 * committed meanwhile (each commit leaves its attempt's number), sets the ids back to where they
 * stood and does the same again: the caller notices nothing. When somebody has committed, the
 * caller gets E_CHANGED. Whether a commit whose answer was lost took place is looked up by its
 * attempt, under the same row's lock, so that it cannot still be on its way. Internal to
 * postgres/. */
#ifndef WEIR_LEDGER_POSTGRES_TRANSACTION_H
#define WEIR_LEDGER_POSTGRES_TRANSACTION_H

#include "ledger/postgres/connection.h"

CHECKED status transaction_begin(connection *c, db_mode mode, error *err);
CHECKED status transaction_commit(connection *c, error *err);
void transaction_rollback(connection *c);

/* Ask with whatever remedy there is; in a transaction what changes something is recorded. The
 * caller clears *ret. */
CHECKED status transaction_ask(connection *c, const char *sql, const db_value *values, size_t count,
                               PGresult **ret, error *err);
/* The same for several statements without values: cannot be done again within a transaction. */
CHECKED status transaction_script(connection *c, const char *sql, error *err);

#endif
