#include "build/build.h"

#include "base/crash.h"
#include "build/kept.h"

/* Only what builds stage lies below this; landing recovers its own pending objects. */
#define STAGED_PREFIX ".weir/objects/"

static store *layer_store(const build_context *c, const char *name) {
    for (size_t i = 0; i < c->lake->layer_count; i++)
        if (str_eq(c->lake->layers[i].name, name))
            return c->layers[i];
    return NULL;
}

/* What cannot be listed or removed stays pending for the next run: it is in nobody's way. */
static void ignore(const build_context *c, const char *what, const error *why, bool *ret_clean) {
    log_write(c->log, LOG_WARN, "ignoring garbage that cannot be removed, \"%s\": %s", what,
              why->message);
    *ret_clean = false;
}

/* kept: files of results that may still be taken up. */
static status remove_garbage(const build_context *c, store *in, const char *prefix,
                             const strmap *kept, bool *ret_clean, error *err) {
    ARENA_AUTO a = arena_new();
    store_objects objects = {0};
    error why = {0};
    *ret_clean = true;
    if (store_list(in, prefix, a, &objects, &why) != OK)
        ignore(c, prefix, &why, ret_clean);
    for (size_t i = 0; i < objects.count; i++) {
        bool known = true;
        if (strmap_has(kept, objects.items[i].key)) {
            *ret_clean = false;
            continue;
        }
        TRY(ledger_object_known(c->ledger, objects.items[i].key, &known, err));
        if (!known && store_remove(in, objects.items[i].key, &why) != OK)
            ignore(c, objects.items[i].key, &why, ret_clean);
    }
    return OK;
}

static status forget(const build_context *c, const pending_objects *done, error *err) {
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    for (size_t i = 0; i < done->count; i++) {
        status removed =
            ledger_pending_remove(c->ledger, done->items[i].store, done->items[i].object, err);
        if (removed != OK) {
            ledger_rollback(c->ledger);
            return removed;
        }
    }
    return ledger_commit(c->ledger, err);
}

/* What is pending while nobody else holds the lease is of the dead, and of this run. */
static status list_as_holder(const build_context *c, arena *a, pending_objects *ret, error *err) {
    TRY(ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err));
    return ledger_pending_list(c->ledger, a, ret, err);
}

static status find_pending(const build_context *c, arena *a, pending_objects *ret, error *err) {
    pending_objects any = {0};
    TRY(ledger_pending_list(c->ledger, a, &any, err));
    if (any.count == 0)
        return OK;
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status result = list_as_holder(c, a, ret, err);
    ledger_rollback(c->ledger);
    return result;
}

status build_recover(const build_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    pending_objects pending = {0}, done = {0};
    strmap *kept = NULL;
    TRY(find_pending(c, a, &pending, err));
    TRY(kept_objects(c, a, &kept, err));
    for (size_t i = 0; i < pending.count; i++) {
        store *in = layer_store(c, pending.items[i].store);
        if (!in || !str_starts(pending.items[i].object, STAGED_PREFIX))
            continue;
        bool clean = false;
        TRY(remove_garbage(c, in, pending.items[i].object, kept, &clean, err));
        crash_point("build.recovered");
        if (clean)
            vec_push(a, &done, pending.items[i]);
    }
    return done.count > 0 ? forget(c, &done, err) : OK;
}
