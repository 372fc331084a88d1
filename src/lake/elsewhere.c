#include "lake/lake.h"

#include "base/path.h"

/* Make a path without "." and "..", by its text alone. */
static char *clean_path(arena *a, const char *path) {
    strings parts = str_split(a, path, '/'), kept = {0};
    for (size_t i = 0; i < parts.count; i++) {
        const char *part = parts.items[i];
        if (str_eq(part, "..") && kept.count > 0)
            kept.count--;
        else if (!str_eq(part, "") && !str_eq(part, ".") && !str_eq(part, ".."))
            vec_push(a, &kept, part);
    }
    return arena_printf(a, "/%s", str_join(a, &kept, "/"));
}

bool lake_place_is_bucket(const char *place) {
    return strstr(place, "://") != NULL;
}

char *lake_place(arena *a, const char *dir, const char *text) {
    if (!lake_place_is_bucket(text))
        return clean_path(a, path_join(a, dir, text));
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == '/')
        size--;
    return arena_strndup(a, text, size);
}

bool lake_place_inside(arena *a, const char *place, const char *other) {
    return str_starts(arena_printf(a, "%s/", place), arena_printf(a, "%s/", other));
}

bool lake_layer_of(const lake *l, const char *table, size_t *ret) {
    size_t size = strcspn(table, ".");
    for (size_t i = 0; i < l->layer_count; i++)
        if (strlen(l->layers[i].name) == size && strncmp(l->layers[i].name, table, size) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

lake_projection lake_projection_at(const char *store) {
    return lake_place_is_bucket(store) ? PROJECTION_MANIFEST : PROJECTION_HIVE;
}

static status refuse_from(const lake *l, const char *from, error *err) {
    ARENA_AUTO a = arena_new();
    strings places = {0};
    vec_push(a, &places, arena_printf(a, "\"%s\"", l->store));
    for (size_t i = 0; i < l->layer_count; i++)
        vec_push(a, &places, arena_printf(a, "\"%s\"", l->layers[i].store));
    error_set(err, E_USAGE, "nothing of lake \"%s\" is in \"%s\"", l->name, from);
    error_hint(err, "Name its store or that of a layer: %s.", str_join(a, &places, ", "));
    return E_USAGE;
}

static status refuse_to(const char *to, const char *place, const char *what, error *err) {
    error_set(err, E_USAGE, "\"%s\" and %s, \"%s\", must be apart", to, what, place);
    error_hint(err, "Name a folder or a prefix that is not inside another one of the lake's, nor "
                    "around it.");
    return E_USAGE;
}

static status check_apart(const lake *l, const char *to, error *err) {
    ARENA_AUTO a = arena_new();
    const char *land = lake_delivered_to(l);
    if (lake_place_inside(a, to, land) || lake_place_inside(a, land, to))
        return refuse_to(to, land, "land", err);
    if (lake_place_inside(a, to, l->store) || lake_place_inside(a, l->store, to))
        return refuse_to(to, l->store, "the store", err);
    for (size_t i = 0; i < l->layer_count; i++)
        if (lake_place_inside(a, to, l->layers[i].store)
            || lake_place_inside(a, l->layers[i].store, to))
            return refuse_to(to, l->layers[i].store, "a layer's store", err);
    return OK;
}

/* Back to where a layer is that has no place of its own. */
static bool is_home(const lake *l, const lake_layer *layer, const char *to, arena *a) {
    return layer->has_own_store && str_eq(to, path_join(a, l->store, layer->name));
}

static void move_layers(lake *moved, const lake *l, const char *from, const char *to, arena *a) {
    bool is_whole = str_eq(from, l->store);
    moved->layers = ARENA_ARRAY(a, lake_layer, l->layer_count);
    for (size_t i = 0; i < l->layer_count; i++) {
        lake_layer *layer = &moved->layers[i];
        *layer = l->layers[i];
        if (is_whole && !layer->has_own_store)
            layer->store = path_join(a, to, layer->name);
        else if (!is_whole && str_eq(layer->store, from)) {
            layer->has_own_store = !is_home(l, &l->layers[i], to, a);
            layer->store = to;
        }
    }
}

/* What the definition leaves to the place is chosen anew. */
static void move_tables(lake *moved, const lake *l, arena *a) {
    moved->tables = ARENA_ARRAY(a, lake_table *, l->table_count);
    for (size_t i = 0; i < l->table_count; i++) {
        lake_table *t = ARENA_NEW(a, lake_table);
        *t = *l->tables[i];
        if (t->projects_by_place)
            t->projection = lake_projection_at(moved->layers[t->layer].store);
        moved->tables[i] = t;
    }
}

static bool is_layer_at(const lake *l, const char *from, size_t *ret) {
    for (size_t i = 0; i < l->layer_count; i++)
        if (str_eq(l->layers[i].store, from)) {
            *ret = i;
            return true;
        }
    return false;
}

status lake_elsewhere(const lake *l, const char *from, const char *to, arena *a, lake **ret,
                      error *err) {
    size_t layer = 0;
    bool is_whole = str_eq(from, l->store);
    if (!is_whole && !is_layer_at(l, from, &layer))
        return refuse_from(l, from, err);
    if (is_whole || !is_home(l, &l->layers[layer], to, a))
        TRY(check_apart(l, to, err));
    lake *moved = ARENA_NEW(a, lake);
    *moved = *l;
    if (is_whole)
        moved->store = arena_strdup(a, to);
    move_layers(moved, l, from, arena_strdup(a, to), a);
    move_tables(moved, l, a);
    *ret = moved;
    return OK;
}
