/* value: what a YAML text means under its key. Inside lake/ only. */
#ifndef WEIR_LAKE_VALUE_H
#define WEIR_LAKE_VALUE_H

#include "lake/keys.h"
#include "lake/node.h"

/* One value as its key's type says; which member counts follows from the type. */
typedef struct value {
    const char *text; /* texts, words, patterns, paths, canonical types */
    int64_t number;   /* whole numbers, bytes, microseconds, the position in key.values */
    strings texts;
} value;

/* Read n under row. E_DEFINITION without a place; shown: the key as the user would call it. */
CHECKED status value_read(const key *row, const char *shown, const node *n, arena *a, value *ret,
                          error *err);

/* A path, or an address that the key shown may have. E_DEFINITION without a place. */
CHECKED status value_check_location(const char *shown, const char *text, error *err);

/* Read a default of the table. */
value value_default(const key *row, arena *a);

/* Store in the struct that the row's offset belongs to; nothing for rows without a field. */
void value_store(const key *row, const value *v, void *base);

/* "must be …" for a row, in words. */
const char *value_form(const key *row, arena *a);

/* A file name that every reader of a lake accepts: begins with a letter or digit and has no
 * pattern characters (design section 3). */
bool value_is_file_name(const char *name);

#endif
