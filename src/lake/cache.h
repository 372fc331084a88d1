/* cache: the engine's answers about SQL, kept between loads.
 *
 * One file below the lake's .weir, written anew when an answer was added, holding only the answers
 * that this load asked for. A file that is broken, was changed or is of another version counts as
 * empty, and a folder that cannot be written means no cache: neither is an error. Inside lake/
 * only. */
#ifndef WEIR_LAKE_CACHE_H
#define WEIR_LAKE_CACHE_H

#include "base/json.h"

typedef struct cache cache;

/* dir: the lake's folder, copied; NULL: remember nothing. version: of what makes the answers; those
 * of another one are not taken. */
cache *cache_open(const char *dir, const char *version);
/* The answer for a question's hash, borrowed until cache_close; NULL when there is none. */
const json_t *cache_get(cache *c, const char *question);
/* Takes the reference. */
void cache_put(cache *c, const char *question, json_t *answer);
/* Write what is new, when save is true. */
void cache_close(cache *c, bool save);

#endif
