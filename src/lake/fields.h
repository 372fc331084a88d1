/* fields: a YAML tree held against the table of keys, and its values put into structs.
 *
 * Inside lake/ only. What needs more than one key to judge (columns, maps, layers) is checked by
 * the file that reads it. */
#ifndef WEIR_LAKE_FIELDS_H
#define WEIR_LAKE_FIELDS_H

#include "base/hash.h"
#include "lake/value.h"

/* Tell every unknown, unsupported or wrongly typed key of a file. files: one of the kinds; for
 * _defaults.yaml FILE_SOURCE | FILE_DERIVED | FILE_DEFAULTS. Returns whether all was right. */
bool fields_check(const node *root, unsigned files, problems *p);

/* Put the table's defaults for one kind of file into base (lake, lake_source, lake_table). */
void fields_default(key_file file, arena *a, void *base);

/* Put what root says into base. What fields_check complained about is left out. */
void fields_apply(const node *root, key_file file, arena *a, void *base);

/* The same for the keys below one row, as for one environment. */
void fields_apply_below(const node *map, key_file file, const key *parent, arena *a, void *base);

/* Hash the stored values of a kind's keys: all of them, or those that are policy. */
void fields_hash(key_file file, bool policy_only, const void *base, hasher *h);

#endif
