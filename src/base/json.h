/* json: checked access to JSON documents, over jansson.
 *
 * Documents from outside this process (job results, cache, journal, reports) are hostile: the
 * getters check presence and type and name the key in the error, which is always E_DATA: where
 * that means something else (a worker's answer), the caller says so. Borrowed results live as
 * long as the document. Use jansson's own json_pack and json_object_set_new to build. */
#ifndef WEIR_BASE_JSON_H
#define WEIR_BASE_JSON_H

#include "base/arena.h"
#include "base/error.h"

#include <jansson.h>

#define JSON_AUTO json_auto_t *

/* what: names the document in the error ("job result", a path). */
CHECKED status json_parse(const char *text, size_t size, const char *what, json_t **ret,
                          error *err);
/* The same for texts of one document after the other, as in JSON lines: the one at *at, which moves
 * past it. *ret NULL: there are no more. *ret_begin: where it begins. */
CHECKED status json_parse_next(const char *text, size_t size, size_t *at, size_t *ret_begin,
                               const char *what, json_t **ret, error *err);
CHECKED status json_need_string(const json_t *object, const char *key, const char **ret,
                                error *err);
CHECKED status json_need_int(const json_t *object, const char *key, int64_t *ret, error *err);
CHECKED status json_need_array(const json_t *object, const char *key, json_t **ret, error *err);
CHECKED status json_need_object(const json_t *object, const char *key, json_t **ret, error *err);
/* The default when absent or null; a wrong type also gives the default. */
const char *json_get_string(const json_t *object, const char *key, const char *otherwise);
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);

/* One line, keys in insertion order. Copied into the arena. */
char *json_text(arena *a, const json_t *value);

#endif
