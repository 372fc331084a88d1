/* view: how the ledger's views are asked for. Not for anything outside ledger/; the contract with
 * users is ledger_view_about. */
#ifndef WEIR_LEDGER_VIEW_H
#define WEIR_LEDGER_VIEW_H

#include "ledger/ledger.h"

typedef struct view {
    ledger_view_about about;
    const char *sql; /* a column for each of about's; TIMESTAMP columns in microseconds */
} view;

enum { VIEW_COUNT = 8 };
extern const view VIEWS[VIEW_COUNT];

#endif
