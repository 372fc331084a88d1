/* check: ask the workers whether claimed files are what their tables declare.
 *
 * Jobs are started before the files are copied and their answers taken in between, so that reading
 * and copying overlap. A worker's answer becomes a fate in arrival.h. */
#ifndef WEIR_LAND_CHECK_H
#define WEIR_LAND_CHECK_H

#include "land/arrival.h"

typedef struct check check;

/* Make the jobs of a batch: for the arrivals that need one. Lives in the batch's arena. */
check *check_new(batch *b);

/* Nothing to look into: an opaque file is what it is, but for its size. */
CHECKED status check_opaque(const land_context *c, arrival *at, arena *a, error *err);

/* Give work to idle workers and take what is ready, without waiting. */
CHECKED status check_advance(check *c, error *err);
/* The copies are there: files whose names the engine would take for patterns are checked by
 * those. Wait for all answers. */
CHECKED status check_finish(check *c, error *err);
/* End what is under way, for nobody wants the answers any more. */
void check_cancel(check *c);

/* One file that nobody claimed, as if it were delivered (`land --try`). */
CHECKED status check_one(const land_context *c, arrival *at, const char *path, arena *a,
                         error *err);

/* The same, asking only whether it can be read as what is declared: no bounds, no counts; columns
 * may lack or be too many. */
CHECKED status check_readable(const land_context *c, arrival *at, const char *path, arena *a,
                              error *err);

/* Add a failure that landing itself found: rule, message and what was looked at. */
void check_refuse(arrival *at, const char *rule, const char *message);

#endif
