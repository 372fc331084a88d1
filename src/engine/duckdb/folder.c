#include "engine/duckdb/folder.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>

enum { OPEN_FOLDERS_MAX = 16 };

status folder_list(const char *path, arena *a, strings *ret, error *err) {
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

void folder_remove(const char *path) {
    nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}
