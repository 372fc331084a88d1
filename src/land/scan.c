#include "land/scan.h"

#include "base/path.h"
#include "land/claim.h"
#include "land/folder.h"
#include "land/name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Deeper than anything that is delivered; each level keeps a descriptor open. */
enum { DEPTH_MAX = 64, FILE_SIZE_MAX = 900, US_PER_S = 1000000, NS_PER_US = 1000 };

typedef struct scan {
    const lake *lake;
    scan_seen *seen;
    void *state;
    arena *arena;
    bool stopped;
} scan;

static size_t below_size(const char *folder, const char *file) {
    size_t size = strlen(folder);
    if (str_eq(folder, "."))
        return 0;
    return strncmp(file, folder, size) == 0 && file[size] == '/' ? size + 1 : SIZE_MAX;
}

const lake_table *scan_table_of(const lake *l, const char *file) {
    const lake_table *found = NULL;
    size_t deepest = 0;
    for (size_t i = 0; i < l->table_count; i++) {
        if (l->tables[i]->source == NULL)
            continue;
        size_t size = below_size(l->tables[i]->source->land, file);
        if (size == SIZE_MAX || (found != NULL && size <= deepest))
            continue;
        found = l->tables[i];
        deepest = size;
    }
    return found;
}

const char *scan_path_in_table(const lake_table *table, const char *file) {
    size_t size = below_size(table->source->land, file);
    return size == SIZE_MAX ? file : file + size;
}

static void tell(scan *s, scan_entry entry) {
    entry.table = scan_table_of(s->lake, entry.file);
    if (!s->seen(s->state, &entry))
        s->stopped = true;
}

static void tell_kind(scan *s, const char *file, scan_kind kind, int problem) {
    tell(s, (scan_entry){.file = file, .kind = kind, .problem = problem});
}

static void walk(scan *s, int fd, const char *path, int depth);

static void see_folder(scan *s, int parent_fd, const char *name, const char *file, int depth) {
    if (name_is_data(name)) {
        tell_kind(s, file, SCAN_FOLDER, 0);
        return;
    }
    if (depth >= DEPTH_MAX) {
        tell_kind(s, file, SCAN_UNREADABLE, ELOOP);
        return;
    }
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        walk(s, fd, arena_printf(s->arena, "%s/", file), depth + 1);
    else if (errno != ENOENT)
        tell_kind(s, file, SCAN_UNREADABLE, errno);
}

/* What vanishes while we look was never there for us. */
static void see(scan *s, int parent_fd, const char *name, const char *file, int depth) {
    struct stat found;
    if (fstatat(parent_fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (!str_is_utf8(name, strlen(name)) || strlen(file) > FILE_SIZE_MAX)
        tell_kind(s, file, SCAN_BAD_NAME, 0);
    else if (S_ISLNK(found.st_mode))
        tell_kind(s, file, SCAN_LINK, 0);
    else if (S_ISDIR(found.st_mode))
        see_folder(s, parent_fd, name, file, depth);
    else if (!S_ISREG(found.st_mode))
        tell_kind(s, file, SCAN_SPECIAL, 0);
    else
        tell(s,
             (scan_entry){.file = file,
                          .kind = SCAN_FILE,
                          .size = found.st_size,
                          .changed_us = claim_uploaded_us(&found, s->lake->land_bucket != NULL)});
}

/* Takes fd. path: the folder's, with '/' at its end, "" for the root. */
static void walk(scan *s, int fd, const char *path, int depth) {
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return;
    }
    for (const struct dirent *entry; !s->stopped && (entry = readdir(folder)) != NULL;)
        if (!name_is_skipped(entry->d_name))
            see(s, fd, entry->d_name, arena_printf(s->arena, "%s%s", path, entry->d_name), depth);
    closedir(folder);
}

status scan_land(const lake *l, scan_seen *seen, void *state, error *err) {
    ARENA_AUTO a = arena_new();
    scan s = {.lake = l, .seen = seen, .state = state, .arena = a};
    int fd;
    error problem = {0};
    status opened = folder_open_root(l->land, &fd, &problem);
    if (opened == E_NOT_FOUND)
        return OK;
    if (opened != OK)
        return error_pass(opened, &problem, err);
    walk(&s, fd, "", 0);
    return OK;
}
