/* scan: what lies below the land root, told apart.
 *
 * Only looks: nothing is opened but folders, nothing is changed, symbolic links are not
 * followed. */
#ifndef WEIR_LAND_SCAN_H
#define WEIR_LAND_SCAN_H

#include "lake/lake.h"

typedef enum scan_kind {
    SCAN_FILE,
    SCAN_LINK,       /* a symbolic link */
    SCAN_SPECIAL,    /* a pipe, socket or device */
    SCAN_FOLDER,     /* a folder named like a data file */
    SCAN_BAD_NAME,   /* a name that is not UTF-8, or a path too long to be kept */
    SCAN_UNREADABLE, /* a folder that cannot be entered */
} scan_kind;

typedef struct scan_entry {
    const char *file;        /* path below the land root; good for the call */
    const lake_table *table; /* whose land folder it is below, NULL for none */
    scan_kind kind;
    int64_t size;
    int64_t changed_us; /* inode change time; of what was fetched, when it was uploaded */
    int problem;        /* errno of SCAN_UNREADABLE */
} scan_entry;

/* Called for each entry, in no order; false ends the scan. */
typedef bool scan_seen(void *state, const scan_entry *entry);

/* A land root that is not there is empty. Hidden names, names that begin with '_' and files that
 * end in .tmp or .part are passed over. E_IO, E_DENIED: the root cannot be read. */
CHECKED status scan_land(const lake *l, scan_seen *seen, void *state, error *err);

/* The table whose land folder a path is below; the deepest folder wins. NULL for none. */
const lake_table *scan_table_of(const lake *l, const char *file);
/* The path below that table's land folder. */
const char *scan_path_in_table(const lake_table *table, const char *file);

#endif
