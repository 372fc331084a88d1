#include "lake_dir.h"

#include "base/path.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

lake_dir lake_dir_new(void) {
    arena *a = arena_new();
    char *path = arena_strdup(a, "/tmp/weir-lake-XXXXXX");
    ASSERT(mkdtemp(path) != NULL);
    return (lake_dir){.arena = a, .path = path};
}

void lake_dir_write_bytes(const lake_dir *d, const char *file, const char *bytes, size_t size) {
    char *path = path_join(d->arena, d->path, file);
    ASSERT(dir_make(path_parent(d->arena, path), NULL) == OK);
    FILE *stream = fopen(path, "w");
    ASSERT(stream != NULL);
    ASSERT(fwrite(bytes, 1, size, stream) == size);
    ASSERT(fclose(stream) == 0);
}

void lake_dir_write(const lake_dir *d, const char *file, const char *text) {
    lake_dir_write_bytes(d, file, text, strlen(text));
}

static void remove_tree(arena *a, const char *path) {
    struct stat found;
    if (lstat(path, &found) != 0)
        return;
    if (!S_ISDIR(found.st_mode)) {
        unlink(path);
        return;
    }
    chmod(path, 0700);
    DIR *dir = opendir(path);
    ASSERT(dir != NULL);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
            remove_tree(a, path_join(a, path, entry->d_name));
    }
    closedir(dir);
    rmdir(path);
}

void lake_dir_remove(const lake_dir *d, const char *file) {
    remove_tree(d->arena, path_join(d->arena, d->path, file));
}

void lake_dir_free(lake_dir *d) {
    remove_tree(d->arena, d->path);
    arena_free(d->arena);
}
