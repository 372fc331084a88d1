/* adopt: a file that lies in raw history without a record becomes a delivery where it is.
 *
 * For `weir fsck --adopt`: files that a lost ledger knew, or that somebody put there under the
 * names that raw history has. For `weir adopt`: a history that others kept. They are checked like
 * files that land, and never moved, copied or removed. Not for files in land. */
#ifndef WEIR_LAND_ADOPT_H
#define WEIR_LAND_ADOPT_H

#include "land/land.h"

typedef struct land_adopted {
    const char *object;
    const char *file;     /* as if delivered under: path below the land root; NULL: not told */
    const char *reason;   /* why it was left as it is; NULL: it is a delivery now */
    int64_t land_time;    /* seconds */
    int64_t id;           /* the delivery's */
    delivery_state state; /* as the others of its identity make it */
} land_adopted;

/* Hash, check under the table's contract, and record with the land time in its name: one commit, in
 * which the lease is checked. A file that cannot be taken has a reason; the status tells what
 * stops all of them. object: a key below the store of the table's layer. */
CHECKED status land_adopt(const land_context *c, const lake_table *table, const char *object,
                          arena *a, land_adopted *ret, error *err);

/* The same for a history that Weir did not write: any name below the table's folder. The land time
 * is that of a file_land_timestamp= in its path, else modified_us of the object, a second later
 * where its identity has had that; bytes that came twice are a duplicate, and stay. */
CHECKED status land_adopt_foreign(const land_context *c, const lake_table *table,
                                  const store_object *object, arena *a, land_adopted *ret,
                                  error *err);

#endif
