/* scratch: folders for what a process needs only while it lives. Not for folders of others, nor for
 * anything that is to stay. */
#ifndef WEIR_BASE_SCRATCH_H
#define WEIR_BASE_SCRATCH_H

#include "base/error.h"
#include "base/str.h"

/* The names in it, sorted, without hidden ones; an absent folder has none. */
CHECKED status scratch_names(const char *path, arena *a, strings *ret, error *err);
/* A new folder below parent, its name beginning with prefix, that is locked while *ret_fd is open,
 * so that others see its owner live. What owners that were killed have left there under the same
 * prefix is removed first. */
CHECKED status scratch_make(const char *parent, const char *prefix, arena *a, char **ret_path,
                            int *ret_fd, error *err);
/* With everything in it; absent is fine, failures are ignored: what stays is garbage. */
void scratch_remove(const char *path);

#endif
