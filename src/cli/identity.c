#include "cli/identity.h"

#include "base/crash.h"
#include "base/path.h"
#include "cli/marker.h"
#include "ledger/care.h"
#include "ledger/journal.h"
#include "ledger/location.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static const char UNFINISHED[] = "new";

/* A store that is not there has no marker. */
static status find_marker(const lake *l, arena *a, const char **ret_id, error *err) {
    marker found = {0};
    error why = {0};
    status looked = marker_find(l->store, MARKER_OF_LAKE, a, &found, &why);
    if (looked == E_NOT_FOUND)
        return OK;
    TRY(error_pass(looked, &why, err));
    if (!str_eq(found.name, l->name)) {
        error_set(err, E_FOREIGN, "store \"%s\" belongs to lake \"%s\", not to \"%s\"", l->store,
                  found.name, l->name);
        error_hint(err, "Name another store in lake.yaml, or call the lake \"%s\" again.",
                   found.name);
        return E_FOREIGN;
    }
    *ret_id = found.id;
    return OK;
}

static status refuse_without_store(const lake *l, error *err) {
    ARENA_AUTO a = arena_new();
    error_set(err, E_FOREIGN, "ledger \"%s\" is there, but store \"%s\" has no %s",
              ledger_shown(a, l->ledger), l->store, MARKER_OF_LAKE);
    error_hint(err, "Bring back the store or correct `store` in lake.yaml; to begin anew, move the "
                    "ledger away.");
    return E_FOREIGN;
}

static status refuse_without_ledger(const lake *l, error *err) {
    ARENA_AUTO a = arena_new();
    error_set(err, E_FOREIGN, "store \"%s\" belongs to a lake, but ledger \"%s\" is not there",
              l->store, ledger_shown(a, l->ledger));
    error_hint(err,
               "Bring it back, or make it anew with `weir ledger rebuild`; or correct `ledger` "
               "in lake.yaml; to begin anew, move the store away.");
    return E_FOREIGN;
}

/* A ledger that was never used and has no store yet: making the lake was cut off in between, or is
 * under way. It is used only after its store was marked: who finds it used looks for the mark
 * again, which may have come since the first look. */
static status check_unused(const lake *l, arena *a, const char **ret_id, error *err) {
    ledger *found = NULL;
    TRY(ledger_open(l->ledger, NULL, &found, err));
    int64_t seq = 0;
    status result = ledger_seq(found, &seq, err);
    ledger_close(found);
    if (result != OK || seq == 0)
        return result;
    TRY(find_marker(l, a, ret_id, err));
    return *ret_id != NULL ? OK : refuse_without_store(l, err);
}

status identity_look(const lake *l, arena *a, identity_state *ret, const char **ret_id,
                     error *err) {
    const char *id = NULL;
    TRY(find_marker(l, a, &id, err));
    bool ledger_there = true;
    if (id == NULL || ledger_is_file(l->ledger)) /* who opens it next finds that out, too */
        TRY(ledger_exists(l->ledger, &ledger_there, err));
    if (ledger_there && id == NULL)
        TRY(check_unused(l, a, &id, err));
    if (!ledger_there && id != NULL)
        return refuse_without_ledger(l, err);
    *ret = id != NULL ? IDENTITY_WHOLE : IDENTITY_FRESH;
    *ret_id = id;
    return OK;
}

status identity_open(const lake *l, const char *id, ledger **ret, error *err) {
    status result = ledger_open(l->ledger, id, ret, err);
    return result == E_NOT_FOUND ? refuse_without_ledger(l, err) : result;
}

/* Under a name of its own until it is whole: a ledger that is there can be opened. */
static status begin_ledger(const lake *l, const char *id, const char *unfinished, ledger **ret,
                           error *err) {
    TRY(ledger_make_room(l->ledger, err));
    TRY(ledger_remove(unfinished, err));
    return ledger_create(unfinished, id, l->name, ret, err);
}

static status create_ledger(const lake *l, const clock_source *clock, error *err) {
    ARENA_AUTO a = arena_new();
    char id[ID_TEXT_SIZE];
    clock_new_id(clock, id);
    ledger *made = NULL;
    if (!ledger_is_file(l->ledger)) {
        status result = ledger_create(l->ledger, id, l->name, &made, err);
        ledger_close(made);
        return result == E_EXISTS ? OK : result; /* another host was faster */
    }
    const char *unfinished = ledger_beside(a, l->ledger, UNFINISHED);
    TRY(begin_ledger(l, id, unfinished, &made, err));
    ledger_close(made);
    return ledger_move(unfinished, l->ledger, err);
}

static status create_both(const lake *l, const clock_source *clock, arena *a, error *err) {
    identity_state state = IDENTITY_FRESH;
    const char *id = NULL;
    TRY(identity_look(l, a, &state, &id, err));
    if (state == IDENTITY_WHOLE)
        return OK;
    bool is_there;
    TRY(ledger_exists(l->ledger, &is_there, err));
    if (!is_there)
        TRY(create_ledger(l, clock, err));
    crash_point("init.ledger");
    ledger *made = NULL;
    TRY(ledger_open(l->ledger, NULL, &made, err));
    const marker whose = {.id = ledger_lake_id(made), .name = l->name};
    status result = marker_put(l->store, MARKER_OF_LAKE, &whose, err);
    crash_point("init.marker");
    ledger_close(made);
    return result;
}

/* The definition is locked meanwhile, so that of several first runs one makes the lake. */
static status lock_definition(const lake *l, int *ret_fd, error *err) {
    ARENA_AUTO a = arena_new();
    const char *path = path_join(a, l->dir, "lake.yaml");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) {
        *ret_fd = fd;
        return OK;
    }
    status failed = error_set_errno(err, errno, "cannot lock \"%s\"", path);
    if (fd >= 0)
        close(fd);
    return failed;
}

static status create_locked(const lake *l, const clock_source *clock, arena *a, error *err) {
    int fd = -1;
    TRY(lock_definition(l, &fd, err));
    status result = create_both(l, clock, a, err);
    close(fd);
    return result;
}

status identity_create(const lake *l, const clock_source *clock, ledger **ret, error *err) {
    ARENA_AUTO a = arena_new();
    TRY(create_locked(l, clock, a, err));
    identity_state state = IDENTITY_FRESH;
    const char *id = NULL;
    TRY(identity_look(l, a, &state, &id, err));
    return identity_open(l, id, ret, err);
}

static status refuse_unmarked(const lake_layer *layer, const marker *wanted, error *err) {
    error_set(err, E_FOREIGN, "layer \"%s\" has files, but its store \"%s\" has no %s", layer->name,
              layer->store, MARKER_OF_LAYER);
    error_hint(err,
               "`weir store copy` brings a layer's files to another store; else correct the "
               "layer's `store` in lake.yaml. If it is the right one, put back "
               "{\"format\":1,\"lake\":\"%s\",\"name\":\"%s\",\"layer\":\"%s\"}.",
               wanted->id, wanted->name, wanted->layer);
    return E_FOREIGN;
}

static bool is_used(const strings *tables, const char *layer) {
    size_t size = strlen(layer);
    for (size_t i = 0; i < tables->count; i++)
        if (str_starts(tables->items[i], layer) && tables->items[i][size] == '.')
            return true;
    return false;
}

/* Of two that come at once the store decides. */
static status take_layer(const lake_layer *layer, const marker *wanted, arena *a, error *err) {
    error problem = {0};
    marker found = {0};
    status put = marker_put(layer->store, MARKER_OF_LAYER, wanted, &problem);
    if (put != E_EXISTS) {
        return error_pass(put, &problem, err);
    }
    TRY(marker_find(layer->store, MARKER_OF_LAYER, a, &found, err));
    return marker_same(&found, wanted) ? OK : marker_refuse(layer->store, &found, err);
}

static status check_layer(const lake *l, const lake_layer *layer, ledger *of, bool may_take,
                          error *err) {
    ARENA_AUTO a = arena_new();
    marker found = {0};
    error problem = {0};
    strings tables = {0};
    const marker wanted = {ledger_lake_id(of), l->name, layer->name};
    status looked = marker_find(layer->store, MARKER_OF_LAYER, a, &found, &problem);
    if (looked == OK)
        return marker_same(&found, &wanted) ? OK : marker_refuse(layer->store, &found, err);
    if (looked != E_NOT_FOUND)
        return error_pass(looked, &problem, err);
    TRY(ledger_tables_with_files(of, a, &tables, err));
    if (is_used(&tables, layer->name))
        return refuse_unmarked(layer, &wanted, err);
    return may_take ? take_layer(layer, &wanted, a, err) : OK;
}

status identity_layers(const lake *l, ledger *of, bool may_take, error *err) {
    for (size_t i = 0; i < l->layer_count; i++)
        if (l->layers[i].has_own_store)
            TRY(check_layer(l, &l->layers[i], of, may_take, err));
    return OK;
}

static status refuse_no_journal(const lake *l, error *err) {
    error_set(err, E_NOT_FOUND, "store \"%s\" has no journal to make a ledger from", l->store);
    error_hint(err, "Check `store` in lake.yaml; `weir init` starts a new lake in an empty store.");
    return E_NOT_FOUND;
}

static status replay_journal(const lake *l, ledger *into, int64_t *ret_commits, error *err) {
    store *s = NULL;
    TRY(store_open(l->store, &s, err));
    status result = journal_replay(into, s, ret_commits, err);
    store_close(s);
    return result == OK && *ret_commits == 0 ? refuse_no_journal(l, err) : result;
}

/* Nothing is there when an earlier attempt was cut off: what that one set aside stays. */
static status set_aside(const lake *l, error *err) {
    ARENA_AUTO a = arena_new();
    bool is_there;
    TRY(ledger_exists(l->ledger, &is_there, err));
    if (!is_there)
        return OK;
    const char *aside = ledger_beside(a, l->ledger, IDENTITY_REPLACED);
    TRY(ledger_remove(aside, err));
    return ledger_move(l->ledger, aside, err);
}

static status rebuild_locked(const lake *l, int64_t *ret_commits, error *err) {
    ARENA_AUTO a = arena_new();
    const char *id = NULL, *unfinished = ledger_beside(a, l->ledger, UNFINISHED);
    ledger *made = NULL;
    TRY(find_marker(l, a, &id, err));
    if (id == NULL)
        return refuse_no_journal(l, err);
    TRY(begin_ledger(l, id, unfinished, &made, err));
    status result = replay_journal(l, made, ret_commits, err);
    ledger_close(made);
    crash_point("rebuild.replayed");
    if (result == OK)
        result = set_aside(l, err);
    crash_point("rebuild.set_aside");
    if (result == OK)
        return ledger_move(unfinished, l->ledger, err);
    status ignored = ledger_remove(unfinished, NULL);
    (void)ignored;
    return result;
}

status identity_rebuild(const lake *l, int64_t *ret_commits, error *err) {
    int fd = -1;
    TRY(lock_definition(l, &fd, err));
    status result = rebuild_locked(l, ret_commits, err);
    close(fd);
    return result;
}
