#include "build/build.h"

/* Only what builds stage lies below this; landing recovers its own pending objects. */
#define STAGED_PREFIX ".weir/objects/"

static store *layer_store(const build_context *c, const char *name) {
    for (size_t i = 0; i < c->lake->layer_count; i++)
        if (str_eq(c->lake->layers[i].name, name))
            return c->layers[i];
    return NULL;
}

static status remove_garbage(const build_context *c, store *in, const char *prefix, error *err) {
    ARENA_AUTO a = arena_new();
    store_objects objects = {0};
    TRY(store_list(in, prefix, a, &objects, err));
    for (size_t i = 0; i < objects.count; i++) {
        bool known = true;
        TRY(ledger_object_known(c->ledger, objects.items[i].key, &known, err));
        if (!known)
            TRY(store_remove(in, objects.items[i].key, err));
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

status build_recover(const build_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    pending_objects pending = {0}, done = {0};
    TRY(ledger_pending_list(c->ledger, a, &pending, err));
    for (size_t i = 0; i < pending.count; i++) {
        store *in = layer_store(c, pending.items[i].store);
        if (!in || !str_starts(pending.items[i].object, STAGED_PREFIX))
            continue;
        TRY(remove_garbage(c, in, pending.items[i].object, err));
        vec_push(a, &done, pending.items[i]);
    }
    return done.count > 0 ? forget(c, &done, err) : OK;
}
