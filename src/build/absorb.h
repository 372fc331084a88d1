/* absorb: changes since the bookmarks as marks, table by table. Internal to build/. */
#ifndef WEIR_BUILD_ABSORB_H
#define WEIR_BUILD_ABSORB_H

#include "build/build.h"

/* A table of which nobody can tell what some delivery or version feeds: it cannot be built. */
typedef struct absorb_failure {
    const lake_table *reader;
    error why;
} absorb_failure;
typedef VEC(absorb_failure) absorb_failures;

/* Like build_absorb, but such a table stands back and the others go on. */
CHECKED status absorb_changes(const build_context *c, arena *a, absorb_failures *ret, error *err);

#endif
