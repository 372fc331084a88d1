/* problem: errors of a definition, collected with their places.
 *
 * Checking goes on after a mistake, so that `weir validate` tells all of them at once. Inside
 * lake/ only: callers see lake_load's list of errors. Not for failures of disk or engine, which
 * end the loading at once. */
#ifndef WEIR_LAKE_PROBLEM_H
#define WEIR_LAKE_PROBLEM_H

#include "lake/lake.h"

typedef struct place {
    const char *file; /* relative to the lake's folder */
    int line, column; /* 1-based, 0 when unknown */
} place;

typedef struct problems {
    arena *arena;
    errors list;
} problems;

enum { PROBLEMS_MAX = 500 }; /* more than anybody reads; the rest is dropped */

/* Add an error of kind E_DEFINITION. The result is for error_hint and good until the next one. */
error *problem_add(problems *p, place at, const char *format, ...) PRINTF_LIKE(3, 4);

/* Add an error that another module made, at this place unless it has a line of its own. */
error *problem_take(problems *p, place at, const error *err);

/* `did you mean "…"?`; when no candidate is near all of them, unless they are many. */
void problem_hint_nearest(error *err, const char *text, const strings *candidates);

/* Order by file, line, column: the order of finding depends on how the checks are written. */
void problems_sort(problems *p);

#endif
