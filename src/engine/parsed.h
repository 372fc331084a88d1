/* parsed: the deliveries whose rows a worker still has from checking them, for the builds of a run.
 *
 * A hint that costs nothing when it is wrong: a worker that does not know the token reads the file
 * ("check" and "An input" in doc/engine.md). Not for anything that outlives the run. */
#ifndef WEIR_ENGINE_PARSED_H
#define WEIR_ENGINE_PARSED_H

#include "base/strmap.h"

typedef struct parsed_rows {
    arena *arena;
    strmap *tokens; /* by layer and object */
} parsed_rows;

parsed_rows *parsed_new(arena *a);
/* The object of that layer's store is what was checked under the token. */
void parsed_add(parsed_rows *p, const char *layer, const char *object, const char *token);
/* NULL when nobody has its rows; p may be NULL. */
const char *parsed_find(const parsed_rows *p, const char *layer, const char *object);

#endif
