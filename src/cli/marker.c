#include "cli/marker.h"

#include "base/json.h"
#include "base/path.h"
#include "store/store.h"

enum { MARKER_SIZE_MAX = 65536, MARKER_FORMAT = 1 };

static status refuse_marker(const char *where, const char *why, error *err) {
    error_set(err, E_DATA, "\"%s\" does not say whose store it is in: %s", where, why);
    error_hint(err, "Put it back from a copy of the store. It reads {\"format\":1,\"lake\":ID,"
                    "\"name\":NAME}, with \"layer\":LAYER in a layer's own store; each entry of "
                    "the journal has the ID.");
    return E_DATA;
}

static bool same_text(const char *one, const char *other) {
    return one == NULL || other == NULL ? one == other : str_eq(one, other);
}

bool marker_same(const marker *one, const marker *other) {
    return str_eq(one->id, other->id) && same_text(one->layer, other->layer);
}

status marker_refuse(const char *location, const marker *found, error *err) {
    if (found->layer != NULL)
        error_set(err, E_FOREIGN, "store \"%s\" belongs to layer \"%s\" of lake \"%s\"", location,
                  found->layer, found->name);
    else
        error_set(err, E_FOREIGN, "store \"%s\" belongs to another lake, \"%s\"", location,
                  found->name);
    error_hint(err, "Name another place, that nobody uses.");
    return E_FOREIGN;
}

static status parse(store *s, const char *key, arena *a, marker *ret, int64_t *ret_format,
                    error *err) {
    char *body = NULL;
    size_t size = 0;
    JSON_AUTO document = NULL;
    marker m = {0};
    TRY(store_get(s, key, MARKER_SIZE_MAX, a, &body, &size, err));
    TRY(json_parse(body, size, path_name(key), &document, err));
    TRY(json_need_string(document, "lake", &m.id, err));
    TRY(json_need_string(document, "name", &m.name, err));
    TRY(json_need_int(document, "format", ret_format, err));
    *ret = (marker){arena_strdup(a, m.id), arena_strdup(a, m.name),
                    arena_strdup(a, json_get_string(document, "layer", NULL))};
    return OK;
}

static status read_marker(store *s, const char *key, arena *a, marker *ret, error *err) {
    const char *where = store_url(s, a, key);
    error why = {0};
    marker m = {0};
    int64_t format = 0;
    status parsed = parse(s, key, a, &m, &format, &why);
    if (parsed == E_DATA)
        return refuse_marker(where, why.message, err);
    TRY(error_pass(parsed, &why, err));
    if (format > MARKER_FORMAT) {
        error_set(err, E_FOREIGN, "\"%s\" is of a newer weir", where);
        error_hint(err, "Use the newer weir.");
        return E_FOREIGN;
    }
    *ret = m;
    return OK;
}

status marker_find(const char *location, const char *key, arena *a, marker *ret, error *err) {
    if (path_is_absolute(location) && !file_exists(location))
        return error_set(err, E_NOT_FOUND, "there is no store \"%s\"", location);
    store *s = NULL;
    TRY(store_open(location, &s, err));
    store_object found;
    status result = OK;
    if (store_has(s, STORE_LOCAL_PATH)) /* what is in its place may be no file */
        result = store_info(s, key, a, &found, err);
    if (result == OK)
        result = read_marker(s, key, a, ret, err);
    else if (result == E_DATA)
        result = refuse_marker(store_url(s, a, key), "it is no regular file", err);
    store_close(s);
    return result;
}

status marker_put(const char *location, const char *key, const marker *m, error *err) {
    store *s = NULL;
    TRY(store_open(location, &s, err));
    JSON_AUTO document = json_pack("{s:i, s:s, s:s, s:s*}", "format", MARKER_FORMAT, "lake", m->id,
                                   "name", m->name, "layer", m->layer);
    ARENA_AUTO a = arena_new();
    const char *text = json_text(a, document);
    status result =
        store_put(s, key, text, strlen(text),
                  (store_put_options){.if_absent = store_has(s, STORE_PUT_IF_ABSENT)}, err);
    store_close(s);
    if (result == E_EXISTS)
        error_hint(err, "Another lake has just taken this store; name another one in lake.yaml.");
    return result;
}
