/* prepare: what is known of a claimed file before its content is looked at.
 *
 * Identity, land time, how it is to be read, and whether its bytes were here before. */
#ifndef WEIR_LAND_PREPARE_H
#define WEIR_LAND_PREPARE_H

#include "land/arrival.h"

/* Everything that its path tells. A path that does not tell it is a rejection. E_DEFINITION for
 * a pattern that does not compile. */
CHECKED status prepare_path(const landing *l, arrival *at, arena *a, error *err);

/* The deliveries of its identity and its land time among them. */
CHECKED status prepare_known(const landing *l, arrival *at, arena *a, error *err);

/* The same bytes again: a repetition, a refusal, or a revert that is worth a warning. Reads the
 * claimed file only when it is not hashed yet and a known delivery has its size. */
void prepare_twin(const landing *l, arrival *at, arena *a);

/* Refuse another content of an identity, where the table takes each only once. */
void prepare_redelivery(arrival *at, arena *a);

/* The compiled patterns of a table, made when first asked for. */
CHECKED status prepare_rules(const landing *l, const lake_table *table, const identity_rules **ret,
                             error *err);

#endif
