/* migrate: from the schema a database has to the one this program knows.
 *
 * A migration is a numbered file below migrations/, compiled in. A released one is never edited;
 * the next change of the schema is the next file. */
#ifndef WEIR_LEDGER_MIGRATE_H
#define WEIR_LEDGER_MIGRATE_H

#include "ledger/db.h"

/* The SQL of migration i + 1, with {id} for the driver's generated key; NULL-terminated. */
extern const char *const MIGRATIONS[];

/* All tables, empty, in the open write transaction: nothing is watched or recorded yet. */
CHECKED status migrate_tables(db *d, error *err);

/* Apply migration number in the open write transaction, and record it. */
CHECKED status migrate_step(db *d, int64_t number, error *err);

/* Bring an opened ledger to LEDGER_SCHEMA, each migration in a transaction of its own.
 * E_FOREIGN when it is of a newer program; E_DENIED when it is older and cannot be written. name:
 * what errors call it. */
CHECKED status migrate_up(db *d, const char *name, error *err);

#endif
