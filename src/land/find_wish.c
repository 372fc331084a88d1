#include "land/find_wish.h"

#include "base/path.h"
#include "land/keep.h"

#include <stdlib.h>

typedef struct making {
    const land_context *context;
    arena *arena;
    find_wish *wish;
} making;

char *find_object(arena *a, size_t layer, const char *key) {
    return arena_printf(a, "%zu %s", layer, key);
}

/* Without ".", "..", and doubled slashes, by the text alone. */
static const char *plain_path(arena *a, const char *path) {
    strings parts = str_split(a, path, '/');
    strings kept = {0};
    for (size_t i = 0; i < parts.count; i++) {
        const char *part = parts.items[i];
        if (str_eq(part, "") || str_eq(part, "."))
            continue;
        if (str_eq(part, ".."))
            kept.count -= kept.count > 0;
        else
            vec_push(a, &kept, part);
    }
    return arena_printf(a, "/%s", str_join(a, &kept, "/"));
}

/* NULL: not below it. */
static const char *below(const char *root, const char *path) {
    size_t size = strlen(root);
    return strncmp(root, path, size) == 0 && path[size] == '/' ? path + size + 1 : NULL;
}

/* A report stands for the file it is about. */
static const char *without_report(arena *a, const char *key) {
    if (!str_ends(key, KEEP_REPORT))
        return key;
    return arena_strndup(a, key, strlen(key) - strlen(KEEP_REPORT));
}

static void add_object(const making *m, size_t layer, const char *root, const char *path) {
    arena *a = m->arena;
    const char *key = below(root, path);
    if (key != NULL)
        vec_push(a, &m->wish->objects, find_object(a, layer, without_report(a, key)));
}

/* path: absolute, or with a scheme. */
static void add_path(const making *m, const char *path) {
    const land_context *c = m->context;
    const char *file = below(c->lake->land, path);
    if (file != NULL)
        vec_push(m->arena, &m->wish->files, file);
    for (size_t i = 0; i < c->lake->layer_count; i++)
        add_object(m, i, store_root(c->layers[i]), path);
    add_object(m, c->lake->layer_count, store_root(c->quarantine), path);
}

/* The lake's own paths may be known by where links lead. */
static void add_real_path(const making *m, const char *path) {
    char *real = realpath(path, NULL);
    if (real != NULL && !str_eq(real, path))
        add_path(m, arena_strdup(m->arena, real));
    free(real);
}

/* A relative path may also be meant from the lake's folder, or from land. */
static void add_relative(const making *m, const char *text) {
    if (path_is_absolute(text))
        return;
    add_path(m, plain_path(m->arena, path_join(m->arena, m->context->lake->dir, text)));
    vec_push(m->arena, &m->wish->files, plain_path(m->arena, text) + 1);
}

static void add_places(const making *m, const char *folder) {
    static const char FILE_SCHEME[] = "file://";
    const char *text = m->wish->text;
    if (str_starts(text, FILE_SCHEME))
        text += sizeof FILE_SCHEME - 1;
    if (strstr(text, "://") != NULL) {
        add_path(m, text);
        return;
    }
    const char *path = plain_path(m->arena, path_join(m->arena, folder, text));
    add_path(m, path);
    add_real_path(m, path);
    add_relative(m, text);
}

find_wish *find_wish_new(const land_context *c, const char *folder, const char *text, arena *a) {
    find_wish *w = ARENA_NEW(a, find_wish);
    w->text = text;
    if (text == NULL)
        return w;
    w->is_name = strchr(text, '/') == NULL;
    w->is_pattern = strpbrk(text, "*?[") != NULL;
    add_places(&(making){c, a, w}, folder);
    strings_sort_unique(&w->files);
    strings_sort_unique(&w->objects);
    return w;
}

find_fit find_best_fit(const find_wish *w) {
    find_fit fit = 0;
    while (fit < FIT_COUNT && w->fits[fit].count == 0)
        fit++;
    return fit;
}
