#include "store/local/local.h"

#include "base/crash.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void prune_above(local *l, const char *key) {
    char folder[STORE_KEY_SIZE_MAX + 1];
    const char *slash = strrchr(key, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - key);
    ASSERT(size < sizeof folder);
    memcpy(folder, key, size);
    folder[size] = '\0';
    local_prune(l, folder);
}

/* A folder under that name is no object, so the object is absent. */
status local_remove(void *state, const char *key, error *err) {
    local *l = state;
    local_place at;
    error problem = {0};
    status result = local_open_place(l, key, LOCAL_FIND, &at, &problem);
    if (result == OK) {
        if (unlinkat(at.folder_fd, at.name, 0) != 0 && errno != EISDIR)
            result = local_error(l, errno, key, "remove", &problem);
        close(at.folder_fd);
    }
    crash_point("store.removed");
    if (result != OK && result != E_NOT_FOUND)
        return error_pass(result, &problem, err);
    prune_above(l, key);
    return OK;
}

static status seal_file(local *l, const local_place *at, const char *key, error *err) {
    struct stat found;
    TRY(local_stat(l, at, key, &found, err));
    int fd = openat(at->folder_fd, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return local_error(l, errno, key, "open", err);
    status result = OK;
    if (fchmod(fd, 0444) != 0 || (!crash_sabotaged("no_seal_fsync") && fsync(fd) != 0))
        result = local_error(l, errno, key, "seal", err);
    close(fd);
    return result;
}

status local_seal(void *state, const char *key, error *err) {
    local *l = state;
    local_place at;
    TRY(local_open_place(l, key, LOCAL_FIND, &at, err));
    status result = seal_file(l, &at, key, err);
    close(at.folder_fd);
    return result;
}

status local_prepare(void *state, const char *prefix, error *err) {
    int fd = -1;
    ARENA_AUTO a = arena_new();
    TRY(local_open_folder(state, local_folder_key(a, prefix), LOCAL_MAKE_DURABLY, &fd, err));
    close(fd);
    return OK;
}

static status link_places(local *l, const local_place *from, const char *to, error *err) {
    local_place at;
    TRY(local_open_place(l, to, LOCAL_MAKE, &at, err));
    status result = OK;
    if (linkat(from->folder_fd, from->name, at.folder_fd, at.name, 0) != 0)
        result = local_error(l, errno, to, "link", err);
    close(at.folder_fd);
    return result;
}

status local_link(void *state, const char *from, const char *to, error *err) {
    local *l = state;
    local_place at;
    struct stat found;
    TRY(local_open_place(l, from, LOCAL_FIND, &at, err));
    status result = local_stat(l, &at, from, &found, err);
    if (result == OK)
        result = link_places(l, &at, to, err);
    close(at.folder_fd);
    return result;
}
