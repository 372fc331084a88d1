/* identity: what makes two deliveries "the same thing sent again", and what a path tells.
 *
 * Both patterns see the path below the land root ("province/x.csv"), as weir_file does. Pure. */
#ifndef WEIR_LAND_IDENTITY_H
#define WEIR_LAND_IDENTITY_H

#include "base/json.h"
#include "lake/lake.h"

typedef struct identity_rules identity_rules;

/* E_DEFINITION when a pattern does not compile. Free with identity_free (NULL is allowed). */
CHECKED status identity_new(const lake_table *table, identity_rules **ret, error *err);
void identity_free(identity_rules *rules);

/* Without a pattern: the path below the table's land folder. With one: its groups, joined so that
 * different groups never give the same identity; the whole match when it has none.
 * E_DATA when the path does not match. */
CHECKED status identity_of(const identity_rules *rules, const char *file, arena *a, char **ret,
                           error *err);

/* The named groups as an object of texts (null for a group that took no part), NULL when the
 * table has no from_path. A new reference. E_DATA when the path does not match. */
CHECKED status identity_from_path(const identity_rules *rules, const char *file, json_t **ret,
                                  error *err);

#endif
