#include "store/local/local.h"

#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The two folders that trade places, each with its key and whether it is there. */
typedef struct side {
    const char *key;
    local_place at;
    bool there;
} side;

static status open_side(local *l, const char *key, side *ret, error *err) {
    side s = {.key = key};
    struct stat found;
    TRY(local_open_place(l, key, LOCAL_MAKE_DURABLY, &s.at, err));
    int problem = fstatat(s.at.folder_fd, s.at.name, &found, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
    if (problem == 0 && !S_ISDIR(found.st_mode))
        problem = S_ISLNK(found.st_mode) ? ELOOP : ENOTDIR;
    if (problem != 0 && problem != ENOENT) {
        close(s.at.folder_fd);
        return local_error(l, problem, key, "exchange", err);
    }
    s.there = problem == 0;
    *ret = s;
    return OK;
}

static int move(const local_place *from, const local_place *to) {
    int result = renameat(from->folder_fd, from->name, to->folder_fd, to->name);
    return result == 0 ? 0 : errno;
}

/* a steps aside, b takes its place, a takes b's; a failure half-way is taken back. */
static int move_three(const local_place *a, const local_place *b, const local_place *aside) {
    int problem = move(a, aside);
    if (problem != 0)
        return problem;
    problem = move(b, a);
    if (problem == 0) {
        problem = move(aside, b);
        if (problem == 0)
            return 0;
        move(a, b);
    }
    move(aside, a);
    return problem;
}

static status exchange_by_renames(local *l, const side *a, const side *b, error *err) {
    ARENA_AUTO names = arena_new();
    local_place aside = {.folder_fd = -1, .name = local_temp_name(l, names)};
    TRY(local_open_folder(l, LOCAL_TEMP, LOCAL_MAKE_DURABLY, &aside.folder_fd, err));
    int problem = move_three(&a->at, &b->at, &aside);
    close(aside.folder_fd);
    return problem == 0 ? OK : local_error(l, problem, a->key, "exchange", err);
}

static status exchange_at_once(local *l, const side *a, const side *b, error *err) {
    if (renameat2(a->at.folder_fd, a->at.name, b->at.folder_fd, b->at.name, RENAME_EXCHANGE) == 0)
        return OK;
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
        return exchange_by_renames(l, a, b, err);
    return local_error(l, errno, a->key, "exchange", err);
}

typedef status exchange_call(local *l, const side *a, const side *b, error *err);

static status exchange_sides(local *l, const side *a, const side *b, exchange_call *both,
                             error *err) {
    int problem = 0;
    if (!a->there && !b->there)
        problem = ENOENT;
    else if (!b->there)
        problem = move(&a->at, &b->at);
    else if (!a->there)
        problem = move(&b->at, &a->at);
    else
        TRY(both(l, a, b, err));
    return problem == 0 ? OK : local_error(l, problem, a->key, "exchange", err);
}

/* Whichever of the two folders is not there now leaves no empty ones above it. */
static void prune_missing(local *l, const char *key) {
    int fd = -1;
    if (local_open_folder(l, key, LOCAL_FIND, &fd, NULL) == OK)
        close(fd);
    else
        local_prune(l, key);
}

static status exchange(local *l, const char *a, const char *b, exchange_call *both, error *err) {
    side first, second;
    TRY(open_side(l, a, &first, err));
    status result = open_side(l, b, &second, err);
    if (result == OK) {
        result = exchange_sides(l, &first, &second, both, err);
        close(second.at.folder_fd);
    }
    close(first.at.folder_fd);
    prune_missing(l, a);
    prune_missing(l, b);
    return result;
}

status local_exchange(void *state, const char *a, const char *b, error *err) {
    ARENA_AUTO keys = arena_new();
    return exchange(state, local_folder_key(keys, a), local_folder_key(keys, b), exchange_at_once,
                    err);
}

status local_exchange_by_renames(local *l, const char *a, const char *b, error *err) {
    ARENA_AUTO keys = arena_new();
    return exchange(l, local_folder_key(keys, a), local_folder_key(keys, b), exchange_by_renames,
                    err);
}
