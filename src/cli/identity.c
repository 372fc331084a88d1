#include "cli/identity.h"

#include "base/path.h"
#include "store/store.h"

static const char MARKER[] = ".weir/lake.json";
enum { MARKER_SIZE_MAX = 65536, IDENTITY_FORMAT = 1 };

static status read_marker(store *s, const lake *l, arena *a, const char **ret_id, error *err) {
    char *body = NULL;
    size_t size = 0;
    TRY(store_get(s, MARKER, MARKER_SIZE_MAX, a, &body, &size, err));
    JSON_AUTO document = NULL;
    const char *where = store_url(s, a, MARKER);
    TRY(json_parse(body, size, where, &document, err));
    const char *id = NULL, *name = NULL;
    TRY(json_need_string(document, "lake", &id, err));
    TRY(json_need_string(document, "name", &name, err));
    if (json_get_int(document, "format", 0) > IDENTITY_FORMAT)
        return error_set(err, E_FOREIGN, "\"%s\" is of a newer weir", where);
    if (!str_eq(name, l->name)) {
        error_set(err, E_FOREIGN, "store \"%s\" belongs to lake \"%s\", not to \"%s\"", l->store,
                  name, l->name);
        error_hint(err, "Name another store in lake.yaml, or call the lake \"%s\" again.", name);
        return E_FOREIGN;
    }
    *ret_id = arena_strdup(a, id);
    return OK;
}

/* A store that is not there has no marker; looking must not make it. */
static status find_marker(const lake *l, arena *a, const char **ret_id, error *err) {
    if (!file_exists(l->store))
        return OK;
    store *s = NULL;
    TRY(store_open(l->store, &s, err));
    store_object found;
    status result = store_info(s, MARKER, a, &found, err);
    if (result == OK)
        result = read_marker(s, l, a, ret_id, err);
    else if (result == E_NOT_FOUND)
        result = OK;
    store_close(s);
    return result;
}

static status refuse_half(const lake *l, bool ledger_there, error *err) {
    if (ledger_there) {
        error_set(err, E_FOREIGN, "ledger \"%s\" is there, but store \"%s\" has no %s", l->ledger,
                  l->store, MARKER);
        error_hint(err, "Bring back the store or correct `store` in lake.yaml; to begin anew, move "
                        "the ledger away.");
    } else {
        error_set(err, E_FOREIGN, "store \"%s\" belongs to a lake, but ledger \"%s\" is not there",
                  l->store, l->ledger);
        error_hint(err, "Bring back the ledger or correct `ledger` in lake.yaml; to begin anew, "
                        "move the store away.");
    }
    return E_FOREIGN;
}

status identity_look(const lake *l, arena *a, identity_state *ret, const char **ret_id,
                     error *err) {
    const char *id = NULL;
    TRY(find_marker(l, a, &id, err));
    bool ledger_there = file_exists(l->ledger);
    if (ledger_there != (id != NULL))
        return refuse_half(l, ledger_there, err);
    *ret = ledger_there ? IDENTITY_WHOLE : IDENTITY_FRESH;
    *ret_id = id;
    return OK;
}

/* The store decides a race: who puts the marker makes the ledger. */
static status put_marker(const lake *l, const char *id, error *err) {
    store *s = NULL;
    TRY(store_open(l->store, &s, err));
    JSON_AUTO document =
        json_pack("{s:i, s:s, s:s}", "format", IDENTITY_FORMAT, "lake", id, "name", l->name);
    ARENA_AUTO a = arena_new();
    const char *text = json_text(a, document);
    status result =
        store_put(s, MARKER, text, strlen(text),
                  (store_put_options){.if_absent = store_has(s, STORE_PUT_IF_ABSENT)}, err);
    store_close(s);
    if (result == E_EXISTS) {
        error_set(err, E_BUSY, "store \"%s\" is being made by somebody else", l->store);
        error_hint(err, "Try again in a moment.");
        return E_BUSY;
    }
    return result;
}

static void remove_marker(const lake *l) {
    store *s = NULL;
    if (store_open(l->store, &s, NULL) != OK)
        return;
    status ignored = store_remove(s, MARKER, NULL);
    (void)ignored;
    store_close(s);
}

status identity_create(const lake *l, const clock_source *clock, ledger **ret, error *err) {
    ARENA_AUTO a = arena_new();
    char id[ID_TEXT_SIZE];
    clock_new_id(clock, id);
    TRY(dir_make(path_parent(a, l->ledger), err));
    TRY(put_marker(l, id, err));
    status result = ledger_create(l->ledger, id, l->name, ret, err);
    if (result != OK)
        remove_marker(l);
    return result;
}
