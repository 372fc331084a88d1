/* estimate: how long building will take and how much it writes, from how it was before. Pure.
 *
 * How far off that is, is found by asking for each earlier step what the steps before it would
 * have foretold: nothing has to be stored. Not a promise: other workers or other data give other
 * times. */
#ifndef WEIR_PLAN_ESTIMATE_H
#define WEIR_PLAN_ESTIMATE_H

#include "base/vec.h"

/* What a run did for one table. */
typedef struct estimate_step {
    int64_t partitions; /* that were built, whether they changed or not; at least 1 */
    int64_t written;    /* those of them that changed: bytes is theirs */
    int64_t bytes, micros;
} estimate_step;

/* A table's costs: base + each × partitions. */
typedef struct estimate {
    size_t steps; /* that it was learned from; 0: nothing is known */
    double base_us, each_us;
    double each_bytes; /* of one that is written */
} estimate;

/* steps: oldest first. */
estimate estimate_learn(const estimate_step *steps, size_t count);
int64_t estimate_micros(const estimate *e, int64_t partitions);
int64_t estimate_bytes(const estimate *e, int64_t partitions);

typedef VEC(double) estimate_errors;
/* For each step that others came before: by what share of the truth its forecast would have been
 * off, in time and in bytes. */
void estimate_look_back(const estimate_step *steps, size_t count, arena *a, estimate_errors *micros,
                        estimate_errors *bytes);
/* The one in the middle; 0 when there is none. Sorts. */
double estimate_median(estimate_errors *errors);

#endif
