#include "engine/engine.h"

#include "base/path.h"
#include "base/str.h"

#include <unistd.h>

/* Relative to the folder of this program. */
static const char *const PLACES[] = {
    "weir-duckdb",
    "engine/duckdb/weir-duckdb",
    "../libexec/weir/weir-duckdb",
};

static status own_folder(arena *a, char **ret, error *err) {
    char path[PATH_SIZE_MAX + 1];
    ssize_t size = readlink("/proc/self/exe", path, PATH_SIZE_MAX);
    if (size <= 0)
        return error_set(err, E_NOT_FOUND, "cannot tell where this program is");
    path[size] = '\0';
    *ret = path_parent(a, path);
    return OK;
}

static status from_environment(arena *a, const char *named, char **ret_path, error *err) {
    if (access(named, X_OK) == 0) {
        *ret_path = arena_strdup(a, named);
        return OK;
    }
    status missing = error_set(err, E_NOT_FOUND, "no worker program \"%s\"", named);
    error_hint(err, "WEIR_WORKER names it: correct or unset that variable.");
    return missing;
}

status engine_find_worker(arena *a, char **ret_path, error *err) {
    const char *named = getenv("WEIR_WORKER");
    if (named != NULL && named[0] != '\0')
        return from_environment(a, named, ret_path, err);
    char *folder;
    TRY(own_folder(a, &folder, err));
    strings tried = {0};
    for (size_t i = 0; i < ARRAY_SIZE(PLACES); i++) {
        char *path = path_join(a, folder, PLACES[i]);
        if (access(path, X_OK) == 0) {
            *ret_path = path;
            return OK;
        }
        vec_push(a, &tried, path);
    }
    status missing = error_set(err, E_NOT_FOUND, "no worker program; looked at \"%s\"",
                               str_join(a, &tried, "\", \""));
    error_hint(err, "Install Weir again, or name the worker with WEIR_WORKER.");
    return missing;
}
