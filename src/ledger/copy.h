/* copy: everything that one ledger holds, row by row, into another database.
 *
 * For moving a lake's ledger between SQLite and PostgreSQL, for backups of the latter, and for
 * rehearsals of it. Not for changing a schema: both sides have the newest. */
#ifndef WEIR_LEDGER_COPY_H
#define WEIR_LEDGER_COPY_H

#include "ledger/db.h"

/* The ledger's tables, empty, and all rows of from, as one commit of to, which is to be new.
 * from: of one state, so in a transaction if others may write. */
CHECKED status copy_ledger(db *from, db *to, error *err);
/* Do both hold the same, row by row, and do their ids stand where they stood? E_CHANGED, naming
 * the first table that differs. Both in a transaction if others may write. */
CHECKED status copy_compare(db *one, db *other, error *err);

#endif
