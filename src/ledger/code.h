/* code: the definitions that a table has had, in their order. Not for anything outside ledger/. */
#ifndef WEIR_LEDGER_CODE_H
#define WEIR_LEDGER_CODE_H

#include "ledger/handle.h"

/* The definition that was last synchronised. */
typedef struct known_code {
    const char *fingerprint; /* NULL: none */
    const char *parts;       /* JSON object: name → hash */
} known_code;

/* What of the table's code is another than before, for people: "sql, columns". */
const char *code_difference(const lake_table *t, const known_code *before, arena *a);

/* E_DEFINITION when the table had this definition before, and another one since: whoever runs with
 * it has an old copy, or takes a change back. */
CHECKED status code_check_order(ledger *l, const lake_table *t, int64_t table, error *err);

/* The table's definition from now on. */
CHECKED status code_add(ledger *l, const lake_table *t, int64_t table, error *err);

#endif
