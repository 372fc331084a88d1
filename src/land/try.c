#include "land/land.h"

#include "base/hash.h"
#include "base/path.h"
#include "land/check.h"
#include "land/prepare.h"
#include "land/report.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, US_PER_S = 1000000 };

static status hash_fd(int fd, const char *path, arrival *at, error *err) {
    char *chunk = malloc(READ_SIZE);
    ASSERT(chunk != NULL);
    hasher *h = hasher_new();
    ssize_t got;
    while ((got = read(fd, chunk, READ_SIZE)) > 0) {
        hasher_bytes(h, chunk, (size_t)got);
        at->bytes += got;
    }
    int problem = errno;
    hasher_finish(h, at->sha256);
    hasher_free(h);
    free(chunk);
    return got == 0 ? OK : error_set_errno(err, problem, "cannot read \"%s\"", path);
}

static status look(const char *path, arrival *at, error *err) {
    struct stat found;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot read \"%s\"", path);
    status result = OK;
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        result = error_set(err, E_USAGE, "\"%s\" is not a file", path);
    else
        result = hash_fd(fd, path, at, err);
    if (result == OK)
        at->stamp = folder_stamp_of(&found);
    close(fd);
    return result;
}

static status judge(const landing *l, arrival *at, const char *path, error *err) {
    TRY(look(path, at, err));
    TRY(prepare_path(l, at, l->arena, err));
    if (at->fate != ARRIVAL_OPEN)
        return OK;
    if (at->kind.format == FORMAT_OPAQUE)
        return check_opaque(l->context, at, l->arena, err);
    return check_one(l->context, at, path, l->arena, err);
}

/* The worker's folder need not be ours, so the path is made absolute first. */
status land_try(const land_context *c, const lake_table *table, const char *path,
                json_t **ret_report, error *err) {
    ARENA_AUTO a = arena_new();
    char *absolute = realpath(path, NULL);
    if (absolute == NULL)
        return error_set_errno(err, errno, "cannot read \"%s\"", path);
    landing l = {.context = c,
                 .rules = ARENA_ARRAY(a, identity_rules *, c->lake->table_count),
                 .now_us = c->now_us != 0 ? c->now_us : clock_now_us(c->clock),
                 .arena = a};
    arrival at = {.table = table, .land_time = l.now_us / US_PER_S};
    at.claimed.file = path_join(a, table->source->land, path_name(path));
    status result = judge(&l, &at, absolute, err);
    if (result == OK)
        *ret_report = report_document(&at);
    identity_free(l.rules[table->index]);
    json_decref(at.from_path);
    json_decref(at.answer);
    json_decref(at.failures);
    free(absolute);
    return result;
}
