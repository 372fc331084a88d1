/* name: what the name of a delivered file tells, and the names its bytes get in the store.
 *
 * Pure functions over paths below the land root. */
#ifndef WEIR_LAND_NAME_H
#define WEIR_LAND_NAME_H

#include "lake/lake.h"

typedef struct name_kind {
    lake_format format;      /* never FORMAT_BY_EXTENSION */
    const char *compression; /* "none", "gzip", "zstd" */
} name_kind;

/* How a file is to be read, by its extensions and what the table declares. E_DATA when its name
 * does not tell, or tells of another format than the declared one. */
CHECKED status name_kind_of(const char *file, lake_format declared, name_kind *ret, error *err);
const char *name_of_format(lake_format format);

/* Does it end like a data file? A folder that does is no folder of files. */
bool name_is_data(const char *name);
/* Hidden, reserved, or still being written: no delivery yet. */
bool name_is_skipped(const char *name);
/* Would the engine take this path for a pattern? */
bool name_is_pattern(const char *path);

/* "<table>/file_land_timestamp=<epoch>/<stem>_<epoch>.<ext>" (design section 3). attempt: 1, or
 * more when that name is taken. */
char *name_object(arena *a, const char *table, const char *file, int64_t epoch, int attempt);
/* What such a key tells: the file's name below the table's land folder, as far as the key kept it,
 * and its land time. False: no name of that form. */
bool name_read_object(arena *a, const char *table, const char *key, const char **ret_file,
                      int64_t *ret_epoch);

#define LAND_TIME_FOLDER "file_land_timestamp="
/* The same for keys that others named: *epoch is left as it is where no folder tells it, and other
 * folders belong to the file's name. False: not the table's, hidden, or still being written. */
bool name_read_foreign(arena *a, const char *table, const char *key, const char **ret_file,
                       int64_t *epoch);

#endif
