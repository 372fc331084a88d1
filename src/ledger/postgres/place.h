/* place: where a PostgreSQL ledger is, taken apart: what libpq gets, and what people may see.
 *
 * A location is a connection URI as libpq knows it, with one parameter more: `schema`, the name of
 * the schema that holds the lake (default: weir), so that several lakes share a database. Pure: no
 * connection is made. */
#ifndef WEIR_LEDGER_POSTGRES_PLACE_H
#define WEIR_LEDGER_POSTGRES_PLACE_H

#include "base/error.h"
#include "base/str.h"

enum { PLACE_SCHEMA_SIZE_MAX = 63 }; /* PostgreSQL cuts longer names */

typedef struct place {
    const char *uri;    /* for libpq: secrets included, without `schema` */
    const char *schema; /* the plain name */
    const char *shown;  /* the location without what is secret in it */
} place;

bool place_is_postgres(const char *location);
/* The location with each password in it as ***. Also for texts that are no valid URI. */
char *place_shown(arena *a, const char *location);
/* All texts in the arena. E_DEFINITION when it is no URI, or the schema no name;
 * E_IO without libpq, which knows URIs. */
CHECKED status place_parse(arena *a, const char *location, place *ret, error *err);
/* The same place with a schema whose name ends in _suffix. */
char *place_beside(arena *a, const char *location, const char *suffix);

#endif
