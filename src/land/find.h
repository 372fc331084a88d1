/* find: which recorded deliveries a FILE of the command line means (design section 4).
 *
 * FILE is a name, a pattern, a land path as it was, a path or URL in raw history or quarantine, or
 * a delivery's id. Only looks. Several deliveries may have been of that file; which one is meant
 * depends on what is to be done. What is meant by nobody or by too many is refused with the
 * candidates. Not for files that land has not taken in yet: those are told apart in the refusal. */
#ifndef WEIR_LAND_FIND_H
#define WEIR_LAND_FIND_H

#include "land/land.h"

typedef enum find_purpose {
    FIND_TO_LOOK,     /* what counts, else what counted or was refused last */
    FIND_TO_WITHDRAW, /* what counts; E_USAGE for what was never accepted */
    FIND_TO_READMIT,  /* what was withdrawn, else what was refused and not replaced since */
} find_purpose;

typedef struct find_question {
    find_purpose purpose;
    const char *folder;      /* absolute: what relative paths are relative to */
    strings files;           /* empty: the range alone */
    const lake_table *table; /* only its deliveries; NULL: of every source table */
    bool has_range;          /* land time in [from_us, to_us) */
    int64_t from_us, to_us;
} find_question;

/* Each once, by table, identity and land time, and without contract, from_path and verdict.
 * E_USAGE: a FILE means nothing, or more than one thing. */
CHECKED status find_deliveries(const land_context *c, const find_question *q, arena *a,
                               deliveries *ret, error *err);

/* The table of the definition that a delivery is of; NULL: it is defined no more. */
const lake_table *find_table(const land_context *c, const delivery *d);

#endif
