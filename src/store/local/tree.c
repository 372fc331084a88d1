#include "store/local/local.h"

#include "base/crash.h"
#include "base/number.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* What is done to each entry of a folder: 0, or an errno. */
typedef int entry_call(int folder_fd, const char *name);

/* Takes fd. Stops at the first failure and returns its errno. */
static int for_each_entry(int fd, entry_call *call) {
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        int problem = errno;
        close(fd);
        return problem;
    }
    int result = 0;
    while (result == 0) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            result = errno;
            break;
        }
        if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
            result = call(dirfd(folder), entry->d_name);
    }
    closedir(folder);
    return result;
}

static int enter(int folder_fd, const char *name) {
    return openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_gone(int problem) {
    return problem == ENOENT || problem == 0;
}

static int remove_entry(int folder_fd, const char *name) {
    crash_point("store.removing");
    if (unlinkat(folder_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return errno;
    int fd = enter(folder_fd, name);
    int problem = fd < 0 ? errno : for_each_entry(fd, remove_entry);
    if (!is_gone(problem))
        return problem;
    bool removed = unlinkat(folder_fd, name, AT_REMOVEDIR) == 0;
    return removed || is_gone(errno) ? 0 : errno;
}

static int sync_entry(int folder_fd, const char *name) {
    int fd = enter(folder_fd, name);
    if (fd < 0) /* not a folder: its name is in ours, which is synced */
        return errno == ENOTDIR || errno == ENOENT || errno == ELOOP ? 0 : errno;
    if (fsync(fd) != 0) {
        int problem = errno;
        close(fd);
        return problem;
    }
    return for_each_entry(fd, sync_entry);
}

/* The folder of a prefix; *ret_fd stays -1 when there is none, which leaves nothing to do. */
static status open_if_there(local *l, const char *path, local_walk how, int *ret_fd, error *err) {
    error problem = {0};
    status result = local_open_folder(l, path, how, ret_fd, &problem);
    if (result == E_NOT_FOUND)
        return OK;
    return error_pass(result, &problem, err);
}

status local_remove_prefix(void *state, const char *prefix, error *err) {
    local *l = state;
    ARENA_AUTO a = arena_new();
    const char *path = local_folder_key(a, prefix);
    int fd = -1;
    TRY(open_if_there(l, path, LOCAL_FIND, &fd, err));
    int problem = fd < 0 ? 0 : for_each_entry(fd, remove_entry);
    if (problem != 0)
        return local_error(l, problem, path, "remove", err);
    local_prune(l, path);
    return OK;
}

/* Names are those of local_temp_name. What cannot be one was not made by us. */
static bool has_dead_writer(const char *name) {
    char number[sizeof "-9223372036854775808"];
    const char *dash = strchr(name, '-');
    size_t size = dash == NULL ? 0 : (size_t)(dash - name);
    int64_t pid = 0;
    if (size == 0 || size >= sizeof number)
        return false;
    memcpy(number, name, size);
    number[size] = '\0';
    return number_int64(number, &pid) && pid > 1 && pid <= INT32_MAX && kill((pid_t)pid, 0) != 0
           && errno == ESRCH;
}

static int sweep_entry(int folder_fd, const char *name) {
    return has_dead_writer(name) ? remove_entry(folder_fd, name) : 0;
}

status local_sweep(void *state, error *err) {
    local *l = state;
    int fd = -1;
    TRY(open_if_there(l, LOCAL_TEMP, LOCAL_FIND, &fd, err));
    int problem = fd < 0 ? 0 : for_each_entry(fd, sweep_entry);
    return problem == 0 ? OK : local_error(l, problem, LOCAL_TEMP, "sweep", err);
}

status local_sync(void *state, const char *prefix, error *err) {
    local *l = state;
    ARENA_AUTO a = arena_new();
    const char *path = local_folder_key(a, prefix);
    int fd = -1;
    TRY(open_if_there(l, path, LOCAL_SYNC_ALL, &fd, err));
    int problem = fd < 0 ? 0 : for_each_entry(fd, sync_entry);
    return problem == 0 ? OK : local_error(l, problem, path, "sync", err);
}

status local_sync_names(void *state, const char *prefix, error *err) {
    ARENA_AUTO a = arena_new();
    int fd = -1;
    TRY(open_if_there(state, local_folder_key(a, prefix), LOCAL_SYNC_ALL, &fd, err));
    if (fd >= 0)
        close(fd);
    return OK;
}
