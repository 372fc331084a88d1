/* range: the options that choose partitions: --from, --to and --partition. */
#ifndef WEIR_CLI_RANGE_H
#define WEIR_CLI_RANGE_H

#include "cli/session.h"

/* The filter that the options ask for; *ret is NULL when none is given. The present is --now's.
 * E_USAGE: no value, or none of the selected tables (NULL: all) is partitioned by what is asked. */
CHECKED status range_read(const session *s, const bool *selected, const plan_filter **ret,
                          error *err);

/* What a run takes on: tables and partitions of them. */
typedef struct run_scope {
    bool *selected;           /* NULL: all tables */
    const build_scope *scope; /* NULL: whatever is stale */
} run_scope;

/* From arguments and options. E_USAGE. */
CHECKED status range_scope(const session *s, run_scope *ret, error *err);

#endif
