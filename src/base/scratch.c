#include "base/scratch.h"

#include "base/clock.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS_MAX = 16 };

/* Younger ones may not be locked yet by those who have just made them. */
static const int64_t LEFT_AFTER_S = 60;

status scratch_names(const char *path, arena *a, strings *ret, error *err) {
    strings names = {0};
    DIR *folder = opendir(path);
    if (folder == NULL && errno != ENOENT)
        return error_set_errno(err, errno, "cannot list \"%s\"", path);
    while (folder != NULL) {
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            break;
        if (entry->d_name[0] != '.')
            vec_push(a, &names, arena_strdup(a, entry->d_name));
    }
    if (folder != NULL)
        closedir(folder);
    strings_sort(&names);
    *ret = names;
    return OK;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place) {
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

void scratch_remove(const char *path) {
    nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}

static bool is_old(int fd) {
    struct stat found;
    int64_t now_s = clock_now_us(&CLOCK_SYSTEM) / 1000000;
    return fstat(fd, &found) == 0 && now_s - (int64_t)found.st_mtim.tv_sec > LEFT_AFTER_S;
}

static void remove_left(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (is_old(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        scratch_remove(path);
    close(fd);
}

static void sweep(const char *parent, const char *prefix, arena *a) {
    strings names = {0};
    if (scratch_names(parent, a, &names, NULL) != OK)
        return;
    for (size_t i = 0; i < names.count; i++)
        if (str_starts(names.items[i], prefix))
            remove_left(path_join(a, parent, names.items[i]));
}

status scratch_make(const char *parent, const char *prefix, arena *a, char **ret_path, int *ret_fd,
                    error *err) {
    sweep(parent, prefix, a);
    char *path = path_join(a, parent, arena_printf(a, "%sXXXXXX", prefix));
    if (mkdtemp(path) == NULL)
        return error_set_errno(err, errno, "cannot make a folder in \"%s\"", parent);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error_set_errno(err, errno, "cannot lock \"%s\"", path);
        if (fd >= 0)
            close(fd);
        return err != NULL ? err->kind : E_IO;
    }
    *ret_path = path;
    *ret_fd = fd;
    return OK;
}
