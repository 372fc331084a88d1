#include "cli/events.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 256 * 1024 * 1024 };

static status take_text(session *s, const char *name, const char *text, size_t size,
                        land_events *ret, error *err) {
    return events_read(text, size, name, s->lake->land_bucket, s->arena, ret, err);
}

static status take_file(session *s, const char *path, land_events *ret, error *err) {
    char *text = NULL;
    size_t size = 0;
    TRY(file_read(path, TEXT_MAX, s->arena, &text, &size, err));
    return take_text(s, path, text, size, ret, err);
}

static status take_stdin(session *s, land_events *ret, error *err) {
    static const char NAME[] = "standard input";
    char *text = NULL;
    size_t size = 0;
    TRY(file_read_fd(STDIN_FILENO, NAME, TEXT_MAX, s->arena, &text, &size, err));
    return take_text(s, NAME, text, size, ret, err);
}

static status take_folder(session *s, const char *path, land_events *ret, error *err) {
    strings names = {0};
    DIR *folder = opendir(path);
    if (folder == NULL)
        return error_set_errno(err, errno, "cannot read \"%s\"", path);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        if (e->d_name[0] != '.')
            vec_push(s->arena, &names, path_join(s->arena, path, e->d_name));
    closedir(folder);
    strings_sort(&names);
    for (size_t i = 0; i < names.count; i++)
        TRY(take_file(s, names.items[i], ret, err));
    return OK;
}

static status refuse(error *err, const char *what, const char *hint) {
    error_set(err, E_USAGE, "--events %s", what);
    error_hint(err, "%s", hint);
    return E_USAGE;
}

status events_take(session *s, error *err) {
    const char *named = option_text(s->command->options, OPTION_EVENTS);
    struct stat found;
    if (named == NULL)
        return OK;
    if (s->lake->land_bucket == NULL)
        return refuse(err, "is for a land bucket, and land is a folder here",
                      "A folder is read as a whole: leave --events out.");
    land_events *events = ARENA_NEW(s->arena, land_events);
    *events = (land_events){0};
    bool is_folder = stat(named, &found) == 0 && S_ISDIR(found.st_mode);
    if (str_eq(named, "-"))
        TRY(take_stdin(s, events, err));
    else
        TRY(is_folder ? take_folder(s, named, events, err) : take_file(s, named, events, err));
    s->events = events;
    return OK;
}
