/* spool: an object as a file that can be opened here, for as long as it is looked at.
 *
 * In a store of local paths it is the object itself; else a copy in the folder for temporary files.
 * Not for reading table data: the engine reads objects where they are. */
#ifndef WEIR_STORE_SPOOL_H
#define WEIR_STORE_SPOOL_H

#include "store/store.h"

typedef struct spool {
    const char *path;   /* absolute */
    const char *folder; /* NULL: nothing was copied */
} spool;

/* The copy's name ends as the key does. E_NOT_FOUND. */
CHECKED status spool_open(const char *temp_dir, store *in, const char *key, arena *a, spool *ret,
                          error *err);
void spool_close(spool *s); /* also for a zeroed one */

#endif
