/* definition: the ledger's rows for tables as they are read back. Not for anything outside
 * ledger/. */
#ifndef WEIR_LEDGER_DEFINITION_H
#define WEIR_LEDGER_DEFINITION_H

#include "ledger/handle.h"

/* Is the definition the one that was last synchronised? */
CHECKED status definition_is_known(ledger *l, const lake *definition, bool *ret, error *err);
/* The ledger's table for each of the definition's, same index. */
CHECKED status definition_load(ledger *l, const lake *definition, arena *a,
                               ledger_table **ret_tables, error *err);

#endif
