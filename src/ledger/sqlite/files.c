#include "ledger/sqlite/files.h"

#include "base/path.h"

#include <errno.h>
#include <unistd.h>

/* A ledger's file, and the two that SQLite keeps beside it. */
static const char *const ENDINGS[] = {"", "-wal", "-shm"};

char *files_beside(arena *a, const char *location, const char *suffix) {
    return arena_printf(a, "%s.%s", location, suffix);
}

status files_exist(const char *location, bool *ret, error *err) {
    (void)err;
    *ret = file_exists(location);
    return OK;
}

status files_move(const char *from, const char *to, error *err) {
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(ENDINGS); i++) {
        const char *old = arena_printf(a, "%s%s", from, ENDINGS[i]);
        if (rename(old, arena_printf(a, "%s%s", to, ENDINGS[i])) != 0
            && (i == 0 || errno != ENOENT))
            return error_set_errno(err, errno, "cannot move ledger \"%s\" to \"%s\"", old, to);
    }
    return dir_sync(path_parent(a, to), err);
}

status files_remove(const char *location, error *err) {
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < ARRAY_SIZE(ENDINGS); i++) {
        const char *path = arena_printf(a, "%s%s", location, ENDINGS[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            return error_set_errno(err, errno, "cannot remove \"%s\"", path);
    }
    return OK;
}
