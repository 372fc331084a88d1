/* folder: listing and removing whole folders of the worker's own. Not for folders of others. */
#ifndef WEIR_ENGINE_DUCKDB_FOLDER_H
#define WEIR_ENGINE_DUCKDB_FOLDER_H

#include "base/error.h"
#include "base/str.h"

/* The names in it, sorted, without hidden ones; an absent folder has none. */
CHECKED status folder_list(const char *path, arena *a, strings *ret, error *err);
/* A new folder below parent that is locked while *ret_fd is open, so that others see its owner
 * live. What owners that were killed have left there is removed first. */
CHECKED status folder_make_own(const char *parent, arena *a, char **ret_path, int *ret_fd,
                               error *err);
/* With everything in it; absent is fine, failures are ignored: what stays is garbage. */
void folder_remove(const char *path);

#endif
