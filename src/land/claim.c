#include "land/claim.h"

#include "base/crash.h"
#include "base/number.h"
#include "base/path.h"
#include "base/strmap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000, DEPTH_MAX = 70 };

int64_t claim_uploaded_us(const struct stat *found, bool was_fetched) {
    const struct timespec *at = was_fetched ? &found->st_mtim : &found->st_ctim;
    return (int64_t)at->tv_sec * US_PER_S + at->tv_nsec / NS_PER_US;
}

static status need_regular(const struct stat *found, const char *file, error *err) {
    if (S_ISREG(found->st_mode))
        return OK;
    ARENA_AUTO a = arena_new();
    return error_set(err, E_CHANGED, "\"%s\" is no longer a regular file", str_printable(a, file));
}

static status look(int root_fd, const char *file, struct stat *ret, error *err) {
    TRY(folder_stat(root_fd, file, ret, err));
    return need_regular(ret, file, err);
}

/* Between looking and renaming the name may have been given to something else: then it goes
 * back. */
status claim_take(int root_fd, const claim_request *request, arena *a, claimed *ret, error *err) {
    const char *file = request->file;
    struct stat found, taken;
    status looked = look(root_fd, file, &found, err);
    if (looked == E_NOT_FOUND)
        return error_set(err, E_CHANGED, "\"%s\" is gone", str_printable(a, file));
    if (looked != OK)
        return looked;
    claimed c = {.file = file, .uploaded_us = claim_uploaded_us(&found, request->was_fetched)};
    c.claim =
        arena_printf(a, FOLDER_CLAIMS "/%s/%lld/%s", request->id, (long long)c.uploaded_us, file);
    TRY(folder_move(root_fd, file, c.claim, err));
    crash_point("land.claimed");
    status moved = look(root_fd, c.claim, &taken, err);
    if (moved == OK)
        *ret = c;
    else if (claim_return(root_fd, &c, NULL) != OK) /* then the next landing takes it up */
        error_hint(err, "It is kept at \"%s\".", c.claim);
    return moved;
}

/* Each folder once. What is gone was taken over by another run, and is not ours to record. */
static status sync_once(int root_fd, const char *path, strmap *synced, error *err) {
    error problem = {0};
    if (strmap_has(synced, path))
        return OK;
    strmap_set(synced, path, synced);
    status result = folder_sync(root_fd, path, &problem);
    if (result == OK || result == E_NOT_FOUND)
        return OK;
    return error_pass(result, &problem, err);
}

/* The folder of the claim and those above it, which may be new. */
static status sync_claim(int root_fd, const char *claim, arena *a, strmap *synced, error *err) {
    const char *at = claim;
    do {
        at = path_parent(a, at);
        TRY(sync_once(root_fd, at, synced, err));
    } while (!str_eq(at, "."));
    return OK;
}

/* New names first: a file that has lost its old one must have another. */
status claim_sync(int root_fd, const claimed_files *all, error *err) {
    ARENA_AUTO a = arena_new();
    strmap *synced = strmap_new(a);
    if (crash_sabotaged("no_claim_sync"))
        return OK;
    for (size_t i = 0; i < all->count; i++)
        TRY(sync_claim(root_fd, all->items[i].claim, a, synced, err));
    for (size_t i = 0; i < all->count; i++)
        TRY(sync_once(root_fd, path_parent(a, all->items[i].file), synced, err));
    return OK;
}

status claim_return(int root_fd, const claimed *c, error *err) {
    TRY(folder_move(root_fd, c->claim, c->file, err));
    folder_prune(root_fd, c->claim);
    return OK;
}

status claim_remove(int root_fd, const claimed *c, error *err) {
    int parent;
    error problem = {0};
    status opened = folder_open_parent(root_fd, c->claim, false, &parent, &problem);
    if (opened == E_NOT_FOUND)
        return OK;
    if (opened != OK)
        return error_pass(opened, &problem, err);
    int result = unlinkat(parent, path_name(c->claim), 0);
    int errno_value = errno;
    close(parent);
    if (result != 0 && errno_value != ENOENT)
        return error_set_errno(err, errno_value, "cannot remove the claimed file \"%s\"", c->claim);
    folder_prune(root_fd, c->claim);
    return OK;
}

/* ".weir-claim/<id>/<upload time>/<file>". What does not look like it was not made by us. */
static bool read_claim(arena *a, const char *path, claimed *ret) {
    const char *id = strchr(path, '/');
    const char *time = id != NULL ? strchr(id + 1, '/') : NULL;
    const char *file = time != NULL ? strchr(time + 1, '/') : NULL;
    if (file == NULL)
        return false;
    char *number = arena_strndup(a, time + 1, (size_t)(file - time - 1));
    *ret = (claimed){.file = file + 1, .claim = path};
    return number_int64(number, &ret->uploaded_us);
}

/* Takes fd. */
static void walk(int fd, const char *path, int depth, arena *a, claimed_files *found) {
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat looked;
        claimed c;
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..")
            || fstatat(fd, entry->d_name, &looked, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        char *below = arena_printf(a, "%s/%s", path, entry->d_name);
        if (S_ISREG(looked.st_mode) && read_claim(a, below, &c))
            vec_push(a, found, c);
        if (!S_ISDIR(looked.st_mode) || depth >= DEPTH_MAX)
            continue;
        int child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0)
            walk(child, below, depth + 1, a, found);
    }
    closedir(folder);
}

/* Identifiers sort by time, so their claims do. */
static int by_age(const void *left, const void *right) {
    const claimed *a = left, *b = right;
    if (a->uploaded_us != b->uploaded_us)
        return a->uploaded_us < b->uploaded_us ? -1 : 1;
    return strcmp(a->claim, b->claim);
}

status claim_list(int root_fd, arena *a, claimed_files *ret, error *err) {
    claimed_files found = {0};
    int fd;
    error problem = {0};
    status opened = folder_open(root_fd, FOLDER_CLAIMS, false, &fd, &problem);
    if (opened != OK && opened != E_NOT_FOUND)
        return error_pass(opened, &problem, err);
    if (opened == OK)
        walk(fd, FOLDER_CLAIMS, 0, a, &found);
    if (found.count > 0)
        qsort(found.items, found.count, sizeof *found.items, by_age);
    *ret = found;
    return OK;
}
