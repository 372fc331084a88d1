/* folder: listing and removing whole folders of the worker's own. Not for folders of others. */
#ifndef WEIR_ENGINE_DUCKDB_FOLDER_H
#define WEIR_ENGINE_DUCKDB_FOLDER_H

#include "base/error.h"
#include "base/str.h"

/* The names in it, sorted, without hidden ones; an absent folder has none. */
CHECKED status folder_list(const char *path, arena *a, strings *ret, error *err);
/* With everything in it; absent is fine, failures are ignored: what stays is garbage. */
void folder_remove(const char *path);

#endif
