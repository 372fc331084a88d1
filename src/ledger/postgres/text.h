/* text: any bytes as text that a UTF-8 database takes, and back.
 *
 * Names of delivered files need not be UTF-8, and PostgreSQL refuses texts that are not. A byte
 * that is part of no character becomes a character of its own, U+10FF00 and on; a text that holds
 * such characters already has their bytes replaced in the same way, so that every text comes back
 * as it was. UTF-8 without them, which is nearly every text, is itself. */
#ifndef WEIR_LEDGER_POSTGRES_TEXT_H
#define WEIR_LEDGER_POSTGRES_TEXT_H

#include "base/str.h"

/* Both give the argument itself where nothing is to be replaced. */
const char *text_for_database(arena *a, const char *bytes);
const char *text_from_database(arena *a, const char *text);
/* Does text_from_database have anything to do? */
bool text_is_replaced(const char *text);

#endif
