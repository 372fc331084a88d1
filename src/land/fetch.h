/* fetch: a land bucket, mirrored into the local land folder, where landing goes on as ever.
 *
 * A copy is made of each object that is not there yet, with the time it was uploaded at; a note
 * beside it remembers which bytes it is of: their ETag and their sha256. Once a copy was taken,
 * exactly those bytes go from the bucket: what was uploaded meanwhile under the same name stays,
 * for the next time. Who delivers needs to write only. Internal to land/. */
#ifndef WEIR_LAND_FETCH_H
#define WEIR_LAND_FETCH_H

#include "land/land.h"

/* Nothing where land is a folder. What cannot be fetched is told in the log and left. Requests
 * and absent objects are added to *ret. */
CHECKED status fetch_begin(const land_context *c, land_result *ret, error *err);
/* After all that was claimed is recorded or back in land. */
CHECKED status fetch_end(const land_context *c, land_result *ret, error *err);
/* Was the file, by its path below land, fetched with these very bytes? Then *ret_tag is the ETag of
 * the object that is called so in the bucket, if it is still that. */
bool fetch_origin(const land_context *c, const char *file, const char *sha256, arena *a,
                  const char **ret_tag);
/* Is there nothing in the bucket? */
CHECKED status fetch_is_empty(const lake *l, bool *ret, error *err);

#endif
