/* Remove what nothing needs. */
#include "build/build.h"

#include "base/crash.h"
#include "project/project.h"

static const char OBJECTS[] = ".weir/objects/";

/* What landings work in; with the lease held, nobody does. The store's own .weir/tmp/ may be
 * written by whoever exports the journal, so there only what is old goes. */
static const char LANDING[] = ".weir/landing/";
static const char STORE_TEMPORARY[] = ".weir/tmp/";
static const char CLOCK_KEY[] = ".weir/clock";

static const int64_t UNKNOWN_AGE_US = INT64_C(24) * 3600 * 1000000;

typedef struct gc {
    const build_context *c;
    arena *arena;
    bool dry;
    pending_objects pending;
    build_gc_result *result;
} gc;

static const char *layer_name(const gc *g, size_t layer) {
    return g->c->lake->layers[layer].name;
}

/* versions */

static status mark_versions(gc *g, error *err) {
    const lake *l = g->c->lake;
    const ledger_retention rule = {.before_us = clock_now_us(g->c->clock) - l->retention_us,
                                   .keep = l->retention_keep};
    bool any = false;
    TRY(ledger_gc_look(g->c->ledger, &rule, g->arena, &g->result->retired, err));
    for (size_t i = 0; i < g->result->retired.count; i++) {
        const ledger_retired *r = &g->result->retired.items[i];
        size_t layer;
        if (r->need != NEED_NONE || !lake_layer_of(g->c->lake, r->table_name, &layer))
            continue;
        any = true;
        TRY(ledger_gc_mark(g->c->ledger, r->version, err));
    }
    return any && g->c->run ? ledger_moment_of_run(g->c->ledger, g->c->run, err) : OK;
}

static status check_lease(const gc *g, error *err) {
    if (g->dry)
        return OK;
    return ledger_lease_check(g->c->ledger, LEDGER_LEASE_RUN, g->c->run, g->c->fence, err);
}

static status in_transaction(gc *g, status (*body)(gc *g, error *err), error *err) {
    TRY(ledger_begin(g->c->ledger, LEDGER_WRITE, err));
    status result = check_lease(g, err);
    if (result == OK)
        result = body(g, err);
    if (result == OK)
        return ledger_commit(g->c->ledger, err);
    ledger_rollback(g->c->ledger);
    return result;
}

static status forget(gc *g, error *err) {
    return ledger_gc_forget(g->c->ledger, err);
}

static status remove_files(gc *g, error *err) {
    ledger_doomeds doomed = {0};
    TRY(ledger_gc_files(g->c->ledger, g->arena, &doomed, err));
    for (size_t i = 0; i < doomed.count; i++) {
        size_t layer = 0;
        const ledger_doomed *d = &doomed.items[i];
        ASSERT(str_starts(d->object, OBJECTS));
        if (!lake_layer_of(g->c->lake, d->table_name, &layer))
            return error_set(err, E_FOREIGN, "layer of table \"%s\" is no longer defined",
                             d->table_name);
        build_garbage file = {.layer = layer_name(g, layer),
                              .object = d->object,
                              .table = d->table_name,
                              .bytes = d->bytes};
        if (!g->dry)
            TRY(store_remove(g->c->layers[layer], d->object, err));
        crash_point("gc.removed");
        vec_push(g->arena, &g->result->files, file);
    }
    return OK;
}

/* objects that the ledger does not know */

static bool is_pending(const gc *g, size_t layer, const char *key) {
    for (size_t i = 0; i < g->pending.count; i++)
        if (str_eq(g->pending.items[i].store, layer_name(g, layer))
            && str_starts(key, g->pending.items[i].object))
            return true;
    return false;
}

/* By the clock of the store, which may not be this machine's. */
static status store_now(store *s, arena *a, int64_t *ret, error *err) {
    store_object made = {0};
    TRY(store_put(s, CLOCK_KEY, "", 0, (store_put_options){0}, err));
    TRY(store_info(s, CLOCK_KEY, a, &made, err));
    *ret = made.modified_us;
    return store_remove(s, CLOCK_KEY, err);
}

/* .weir/objects/<table>/<run>/… */
static const char *run_of(arena *a, const char *key) {
    strings parts = str_split(a, key, '/');
    return parts.count > 4 ? parts.items[3] : "";
}

static status judge_unknown(const gc *g, const store_object *o, int64_t now, const char **ret,
                            error *err) {
    bool over = false;
    TRY(ledger_run_is_over(g->c->ledger, run_of(g->arena, o->key), g->c->run ? g->c->run : "",
                           &over, err));
    if (!over)
        *ret = "its run is not known: see `weir ledger rebuild`";
    else if (now - o->modified_us < UNKNOWN_AGE_US)
        *ret = "younger than a day";
    else
        *ret = NULL;
    return OK;
}

static status treat_unknown(gc *g, size_t layer, const store_object *o, int64_t now, error *err) {
    bool known = true;
    TRY(ledger_object_known(g->c->ledger, o->key, &known, err));
    if (known || is_pending(g, layer, o->key))
        return OK;
    build_garbage found = {.layer = layer_name(g, layer), .object = o->key, .bytes = o->size_bytes};
    TRY(judge_unknown(g, o, now, &found.kept, err));
    if (!found.kept && !g->dry)
        TRY(store_remove(g->c->layers[layer], o->key, err));
    crash_point("gc.judged");
    vec_push(g->arena, &g->result->unknown, found);
    return OK;
}

static status treat_layer(gc *g, size_t layer, error *err) {
    store_objects objects = {0};
    store *s = g->c->layers[layer];
    int64_t now = 0;
    TRY(store_list(s, OBJECTS, g->arena, &objects, err));
    if (objects.count > 0 && g->dry)
        now = clock_now_us(g->c->clock);
    else if (objects.count > 0)
        TRY(store_now(s, g->arena, &now, err));
    for (size_t i = 0; i < objects.count; i++)
        TRY(treat_unknown(g, layer, &objects.items[i], now, err));
    return OK;
}

static status sweep_temporary(const gc *g, store *s, error *err) {
    store_objects temporary = {0};
    int64_t now = 0;
    TRY(store_list(s, STORE_TEMPORARY, g->arena, &temporary, err));
    if (temporary.count > 0)
        TRY(store_now(s, g->arena, &now, err));
    for (size_t i = 0; i < temporary.count; i++)
        if (now - temporary.items[i].modified_us >= UNKNOWN_AGE_US)
            TRY(store_remove(s, temporary.items[i].key, err));
    return OK;
}

/* Whoever holds the lease may work there, so nobody may take it meanwhile. */
static status sweep_landing(gc *g, error *err) {
    for (size_t i = 0; i < g->c->lake->layer_count; i++)
        TRY(store_remove_prefix(g->c->layers[i], LANDING, err));
    return OK;
}

static status sweep(gc *g, error *err) {
    TRY(in_transaction(g, sweep_landing, err));
    crash_point("gc.swept");
    for (size_t i = 0; i < g->c->lake->layer_count; i++) {
        TRY(project_sweep(g->c->ledger, g->c->layers[i], err));
        TRY(sweep_temporary(g, g->c->layers[i], err));
    }
    return OK;
}

/* A ledger that was lost or put in the place of another knows nothing, and would call everything
 * garbage. */
static status refuse_empty_ledger(const gc *g, error *err) {
    int64_t versions = 0;
    TRY(ledger_version_count(g->c->ledger, &versions, err));
    for (size_t i = 0; versions == 0 && i < g->c->lake->layer_count; i++) {
        store_objects objects = {0};
        TRY(store_list(g->c->layers[i], OBJECTS, g->arena, &objects, err));
        for (size_t j = 0; j < objects.count; j++) {
            if (is_pending(g, i, objects.items[j].key))
                continue;
            error_set(err, E_FOREIGN, "the ledger knows no version, but \"%s\" has \"%s\"",
                      store_root(g->c->layers[i]), objects.items[j].key);
            error_hint(err, "Make the ledger from the store again: `weir ledger rebuild`.");
            return E_FOREIGN;
        }
    }
    return OK;
}

static status collect(gc *g, error *err) {
    TRY(ledger_pending_list(g->c->ledger, g->arena, &g->pending, err));
    TRY(refuse_empty_ledger(g, err));
    TRY(in_transaction(g, mark_versions, err));
    crash_point("gc.marked");
    TRY(remove_files(g, err));
    if (g->result->files.count > 0 || g->result->retired.count > 0)
        TRY(in_transaction(g, forget, err));
    crash_point("gc.forgotten");
    for (size_t i = 0; i < g->c->lake->layer_count; i++)
        TRY(treat_layer(g, i, err));
    return g->dry ? OK : sweep(g, err);
}

status build_gc(const build_context *c, bool dry, arena *a, build_gc_result *ret, error *err) {
    build_gc_result result = {0};
    gc g = {.c = c, .arena = a, .dry = dry, .result = &result};
    TRY(collect(&g, err));
    *ret = result;
    return OK;
}
