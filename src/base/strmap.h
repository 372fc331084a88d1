/* strmap: text to pointer, in an arena.
 *
 * Keys are copied; values are the caller's. Iteration is in the order of insertion, so that output
 * never depends on hashing. There is no removal: set the value to NULL. */
#ifndef WEIR_BASE_STRMAP_H
#define WEIR_BASE_STRMAP_H

#include "base/arena.h"

typedef struct strmap strmap;

strmap *strmap_new(arena *a);
void strmap_set(strmap *map, const char *key, void *value); /* replaces */
void *strmap_get(const strmap *map, const char *key);       /* NULL when absent */
bool strmap_has(const strmap *map, const char *key);
size_t strmap_count(const strmap *map);
/* The i-th key in order of insertion, 0 <= i < count; value may be NULL. */
const char *strmap_at(const strmap *map, size_t i, void **value);

#endif
