/* whole: `__weir_whole(text, digits)`, an SQL function of the worker's own.
 *
 * The number in a text that is nothing but an optional minus and 1 to `digits` digits, as BIGINT;
 * for any other text NULL. Nearly all whole numbers in delivered files look like that, and it takes
 * a fraction of the time of the engine's cast, which besides rounds fractions away. Not for
 * deciding that a text is no number: ask the engine about what is NULL here. */
#ifndef WEIR_ENGINE_DUCKDB_WHOLE_H
#define WEIR_ENGINE_DUCKDB_WHOLE_H

#include "engine/duckdb/db.h"

/* Once per instance, before the first use. */
CHECKED status whole_register(db *d, error *err);

/* What to ask for so that the number fits into this type: negative for a type without a sign, where
 * a text with a minus gives NULL; 0 for a type that is no whole number of up to 64 bits. */
int whole_digits(const char *type);

#endif
