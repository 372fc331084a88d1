#include "land/fetch.h"

#include "base/crash.h"
#include "base/hash.h"
#include "base/path.h"
#include "land/name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Hidden in the mirror: with it they go, so that no note outlives what it is about. */
static const char NOTES[] = ".weir-fetched";
static const char UNFINISHED[] = ".weir-fetching.tmp";
enum { NOTE_SIZE_MAX = 8192 };

typedef struct note {
    const char *path; /* of the note */
    const char *key, *tag;
    const char *sha256; /* of the copy */
} note;

typedef struct fetching {
    const land_context *c;
    store *bucket;
    arena *arena;
    land_result *result;
} fetching;

static const char *notes_folder(const fetching *f) {
    return path_join(f->arena, f->c->lake->land, NOTES);
}

static const char *note_path(const fetching *f, const char *key) {
    char sha256[SHA256_TEXT_SIZE];
    sha256_text(key, strlen(key), sha256);
    return arena_printf(f->arena, "%s/%s.json", notes_folder(f), sha256);
}

/* What cannot be read is no note: then the object is fetched again. */
static bool read_note(const fetching *f, const char *path, note *ret) {
    char *text = NULL;
    size_t size = 0;
    JSON_AUTO document = NULL;
    const char *key = NULL, *tag = NULL, *sha256 = NULL;
    if (file_read(path, NOTE_SIZE_MAX, f->arena, &text, &size, NULL) != OK
        || json_parse(text, size, "note", &document, NULL) != OK
        || json_need_string(document, "key", &key, NULL) != OK
        || json_need_string(document, "tag", &tag, NULL) != OK
        || json_need_string(document, "sha256", &sha256, NULL) != OK || !path_is_safe(key))
        return false;
    *ret = (note){path, arena_strdup(f->arena, key), arena_strdup(f->arena, tag),
                  arena_strdup(f->arena, sha256)};
    return true;
}

static status write_note(const fetching *f, const store_object *o, const char *sha256, error *err) {
    JSON_AUTO document =
        json_pack("{s:s, s:s, s:s}", "key", o->key, "tag", o->tag, "sha256", sha256);
    const char *text = json_text(f->arena, document);
    return file_write_atomic(note_path(f, o->key), text, strlen(text), err);
}

/* Hidden, reserved, or still being written, as in a folder. */
static bool is_skipped(const fetching *f, const char *key) {
    strings parts = str_split(f->arena, key, '/');
    for (size_t i = 0; i < parts.count; i++)
        if (name_is_skipped(parts.items[i]))
            return true;
    return false;
}

/* The tag that was listed is to be of the bytes that came. */
static status confirm(const fetching *f, const store_object *o, int64_t bytes, error *err) {
    store_object now = {0};
    TRY(store_info(f->bucket, o->key, f->arena, &now, err));
    if (bytes == o->size_bytes && now.tag != NULL && str_eq(now.tag, o->tag))
        return OK;
    return error_set(err, E_CHANGED, "\"%s\" was replaced meanwhile", o->key);
}

static status download(const fetching *f, const store_object *o, const char *path,
                       char ret_sha256[65], error *err) {
    int64_t bytes = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot make \"%s\"", path);
    status got = store_get_file(f->bucket, o->key, fd, ret_sha256, &bytes, err);
    const struct timespec at = {.tv_sec = o->modified_us / 1000000,
                                .tv_nsec = o->modified_us % 1000000 * 1000};
    const struct timespec times[2] = {at, at};
    if (got == OK)
        got = confirm(f, o, bytes, err);
    if (got == OK && (futimens(fd, times) != 0 || fsync(fd) != 0))
        got = error_set_errno(err, errno, "cannot keep \"%s\"", path);
    close(fd);
    return got;
}

/* The copy first, then the note: a copy without one is fetched again, which does no harm. */
static status fetch_one(const fetching *f, const store_object *o, error *err) {
    const char *land = f->c->lake->land;
    const char *aside = path_join(f->arena, land, UNFINISHED);
    const char *place = path_join(f->arena, land, o->key);
    TRY(dir_make(path_parent(f->arena, place), err));
    char sha256[65];
    TRY(download(f, o, aside, sha256, err));
    if (rename(aside, place) != 0)
        return error_set_errno(err, errno, "cannot make \"%s\"", place);
    TRY(dir_sync(path_parent(f->arena, place), err));
    crash_point("land.mirrored");
    TRY(write_note(f, o, sha256, err));
    crash_point("land.fetched");
    return OK;
}

static bool is_fetched(const fetching *f, const store_object *o) {
    note n = {0};
    return read_note(f, note_path(f, o->key), &n) && str_eq(n.tag, o->tag);
}

/* An event only hints: what is there now counts. Names that nobody can ask for are told later. */
static status look_at(const fetching *f, const char *key, store_objects *ret, error *err) {
    store_object found = {.key = key, .tag = ""};
    error problem = {0};
    if (is_skipped(f, key))
        return OK;
    status looked = OK;
    if (path_is_safe(key))
        looked = store_info(f->bucket, key, f->arena, &found, &problem);
    if (looked == OK)
        vec_push(f->arena, ret, found);
    if (looked == E_NOT_FOUND)
        f->result->absent++;
    else if (looked != OK && err != NULL)
        *err = problem;
    return looked == E_NOT_FOUND ? OK : looked;
}

static status find_objects(const fetching *f, store_objects *ret, error *err) {
    const land_events *events = f->c->events;
    if (events == NULL)
        return store_list(f->bucket, "", f->arena, ret, err);
    for (size_t i = 0; i < events->keys.count; i++)
        TRY(look_at(f, events->keys.items[i], ret, err));
    return OK;
}

static status fetch_all(const fetching *f, error *err) {
    store_objects there = {0};
    TRY(dir_make(notes_folder(f), err));
    TRY(find_objects(f, &there, err));
    for (size_t i = 0; i < there.count; i++) {
        const store_object *o = &there.items[i];
        error problem = {0};
        if (is_skipped(f, o->key) || o->tag == NULL || is_fetched(f, o))
            continue;
        if (!path_is_safe(o->key))
            error_set(&problem, E_DATA, "\"%s\" is no path below land",
                      str_printable(f->arena, o->key));
        else
            problem.kind = fetch_one(f, o, &problem);
        if (problem.kind == E_FULL || problem.kind == E_DENIED)
            return error_pass(problem.kind, &problem, err);
        if (problem.kind != OK)
            log_write(f->c->log, LOG_WARN, "left in land: %s", problem.message);
    }
    return OK;
}

/* Its copy is no more in land: it was taken, and those bytes are done with. */
static status finish_note(const fetching *f, const note *n, error *err) {
    if (file_exists(path_join(f->arena, f->c->lake->land, n->key)))
        return OK;
    TRY(store_remove_same(f->bucket, n->key, n->tag, err));
    crash_point("land.dropped");
    if (unlink(n->path) != 0 && errno != ENOENT)
        return error_set_errno(err, errno, "cannot remove \"%s\"", n->path);
    return OK;
}

static status finish_all(const fetching *f, error *err) {
    status result = OK;
    DIR *folder = opendir(notes_folder(f));
    if (folder == NULL)
        return OK;
    for (const struct dirent *e; result == OK && (e = readdir(folder)) != NULL;) {
        note n = {0};
        if (str_ends(e->d_name, ".json")
            && read_note(f, path_join(f->arena, notes_folder(f), e->d_name), &n))
            result = finish_note(f, &n, err);
    }
    closedir(folder);
    return result;
}

static status with_bucket(const land_context *c, status (*step)(const fetching *f, error *err),
                          land_result *ret, error *err) {
    ARENA_AUTO a = arena_new();
    fetching f = {.c = c, .arena = a, .result = ret};
    if (c->lake->land_bucket == NULL)
        return OK;
    TRY(store_open(c->lake->land_bucket, &f.bucket, err));
    status result = step(&f, err);
    ret->requests += store_requests(f.bucket);
    store_close(f.bucket);
    return result;
}

status fetch_begin(const land_context *c, land_result *ret, error *err) {
    return with_bucket(c, fetch_all, ret, err);
}

status fetch_end(const land_context *c, land_result *ret, error *err) {
    return with_bucket(c, finish_all, ret, err);
}

bool fetch_origin(const land_context *c, const char *file, const char *sha256, arena *a,
                  const char **ret_tag) {
    const fetching f = {.c = c, .arena = a};
    note n = {0};
    if (!read_note(&f, note_path(&f, file), &n) || !str_eq(n.key, file)
        || !str_eq(n.sha256, sha256))
        return false;
    *ret_tag = n.tag;
    return true;
}

status fetch_is_empty(const lake *l, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    const land_context none = {.lake = l};
    fetching f = {.c = &none, .arena = a};
    store_objects there = {0};
    *ret = true;
    if (l->land_bucket == NULL)
        return OK;
    TRY(store_open(l->land_bucket, &f.bucket, err));
    status listed = store_list(f.bucket, "", a, &there, err);
    for (size_t i = 0; i < there.count; i++)
        *ret = *ret && is_skipped(&f, there.items[i].key);
    store_close(f.bucket);
    return listed;
}
