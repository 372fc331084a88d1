#include "lake/lake.h"

#include "base/path.h"
#include "base/process.h"

#include <unistd.h>

enum { CODE_VERSION_SIZE_MAX = 200 };

status lake_find(const char *start, arena *a, char **ret_dir, error *err) {
    char *real = realpath(start, NULL);
    if (real == NULL)
        return error_set(err, E_DEFINITION, "there is no folder \"%s\"", start);
    char *dir = arena_strdup(a, real);
    free(real);
    while (!file_exists(path_join(a, dir, "lake.yaml"))) {
        if (str_eq(dir, "/")) {
            status failed = error_set(err, E_DEFINITION, "no lake.yaml in \"%s\" or above", start);
            error_hint(err,
                       "Go to a lake's folder, name it with -C, or make one with `weir init`.");
            return failed;
        }
        dir = path_parent(a, dir);
    }
    *ret_dir = dir;
    return OK;
}

bool lake_builds_together(const lake_table *t) {
    return t->source == NULL && t->aligned && !t->order_sensitive && t->file_name == NULL;
}

bool lake_is_read_together(const lake *l, const lake_table *t) {
    for (size_t i = 0; i < l->table_count; i++) {
        const lake_table *reader = l->tables[i];
        for (size_t j = 0; j < reader->input_count; j++)
            if (reader->inputs[j].table == t && lake_builds_together(reader)
                && reader->partition_by.count > 0)
                return true;
    }
    return false;
}

const lake_table *lake_table_find(const lake *l, const char *name) {
    for (size_t i = 0; i < l->table_count; i++) {
        if (str_eq(l->tables[i]->name, name))
            return l->tables[i];
    }
    return NULL;
}

/* The nearest name; a name without its layer stands for the table that has it. */
static void hint_table(const lake *l, const char *name, arena *a, error *err) {
    strings names = {0};
    for (size_t i = 0; i < l->table_count; i++) {
        if (str_eq(l->tables[i]->short_name, name)) {
            error_hint(err, "did you mean \"%s\"?", l->tables[i]->name);
            return;
        }
        vec_push(a, &names, l->tables[i]->name);
    }
    for (size_t i = 0; i < l->layer_count; i++) {
        if (str_eq(l->layers[i].name, name)) {
            error_hint(err, "Write \"%s.*\" for all tables of the layer.", name);
            return;
        }
    }
    const char *nearest = str_nearest(name, &names);
    if (nearest != NULL)
        error_hint(err, "did you mean \"%s\"?", nearest);
    else
        error_hint(err, "`weir ls` lists the tables.");
}

status lake_table_need(const lake *l, const char *name, const lake_table **ret, error *err) {
    const lake_table *found = lake_table_find(l, name);
    if (found != NULL) {
        *ret = found;
        return OK;
    }
    ARENA_AUTO a = arena_new();
    status failed = error_set(err, E_USAGE, "there is no table \"%s\"", str_printable(a, name));
    hint_table(l, name, a, err);
    return failed;
}

char *lake_table_dir(const lake *l, const lake_table *t, arena *a) {
    return path_join(a, l->layers[t->layer].store, t->short_name);
}

const char *lake_delivered_to(const lake *l) {
    return l->land_bucket != NULL ? l->land_bucket : l->land;
}

lake_readers lake_readers_of(const lake *l, const lake_table *t, arena *a) {
    lake_readers readers = {0};
    for (size_t i = t->index + 1; i < l->table_count; i++) {
        const lake_table *reader = l->tables[i];
        for (size_t j = 0; j < reader->input_count; j++) {
            if (reader->inputs[j].table == t)
                vec_push(a, &readers,
                         ((lake_reader){.table = reader, .input = &reader->inputs[j]}));
        }
    }
    return readers;
}

/* What git prints, without the newline; "" when it cannot tell. */
static void read_version(int fd, char version[CODE_VERSION_SIZE_MAX]) {
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size < CODE_VERSION_SIZE_MAX - 1) {
        got = read(fd, version + size, CODE_VERSION_SIZE_MAX - 1 - size);
        size += got > 0 ? (size_t)got : 0;
    }
    version[size] = '\0';
    version[strcspn(version, "\r\n")] = '\0';
}

static bool ask_git(const lake *l, char version[CODE_VERSION_SIZE_MAX]) {
    static const char *const COMMAND[] = {
        "/usr/bin/env", "git", "describe", "--always", "--dirty", NULL,
    };
    FILE *nowhere = fopen("/dev/null", "w"); /* for "not a git repository" */
    if (nowhere == NULL)
        return false;
    process_options options = {.argv = COMMAND, .directory = l->dir, .stderr_to = fileno(nowhere)};
    process git = {0};
    int code = 1;
    bool started = process_start(&options, &git, NULL) == OK;
    fclose(nowhere);
    if (!started)
        return false;
    read_version(git.stdout_fd, version);
    return process_wait(&git, &code, NULL) == OK && code == 0;
}

const char *lake_code_version(const lake *l, arena *a) {
    if (l->code_version != NULL)
        return l->code_version;
    char version[CODE_VERSION_SIZE_MAX] = "";
    if (!ask_git(l, version) || version[0] == '\0')
        return "unknown";
    return arena_strdup(a, version);
}
