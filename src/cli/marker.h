/* marker: whose a store is, as a small object in it.
 *
 * The lake's own store has MARKER_OF_LAKE, a store that a layer has for itself MARKER_OF_LAYER. It
 * is the last that is written of a store that is made or copied, so a store without one is none
 * that can be opened. Looking never makes a store. */
#ifndef WEIR_CLI_MARKER_H
#define WEIR_CLI_MARKER_H

#include "base/arena.h"
#include "base/error.h"

#define MARKER_OF_LAKE  ".weir/lake.json"
#define MARKER_OF_LAYER ".weir/layer.json"

typedef struct marker {
    const char *id, *name; /* of the lake */
    const char *layer;     /* NULL: the lake's own store */
} marker;

/* Of the same lake, and in it of the same layer? */
bool marker_same(const marker *one, const marker *other);
/* E_FOREIGN, naming the store and whose it is. */
status marker_refuse(const char *location, const marker *found, error *err);

/* location: as for store_open. E_NOT_FOUND: there is none. E_DATA: it is none that weir wrote.
 * E_FOREIGN: it is of a newer weir. */
CHECKED status marker_find(const char *location, const char *key, arena *a, marker *ret,
                           error *err);
/* E_EXISTS: somebody's is there by now. */
CHECKED status marker_put(const char *location, const char *key, const marker *m, error *err);

#endif
