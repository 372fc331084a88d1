/* rename: tables that are called otherwise than they were. Not for anything outside ledger/. */
#ifndef WEIR_LEDGER_RENAME_H
#define WEIR_LEDGER_RENAME_H

#include "ledger/handle.h"

typedef enum rename_order {
    RENAME_FORWARD, /* a name that a later definition has given up is refused */
    RENAME_ANY,     /* … is taken back */
} rename_order;

/* For a name that the ledger does not know: the table that it was before (`was:`) has it from now
 * on, with all it holds. Nothing when there was none. E_DEFINITION. */
CHECKED status rename_to(ledger *l, const lake *definition, const lake_table *t, rename_order order,
                         error *err);

#endif
