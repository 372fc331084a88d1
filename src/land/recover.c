#include "land/recover.h"

#include "land/keep.h"

/* Keys of landing's own objects; builds have their own below .weir/objects/. */
static bool is_ours(const pending_object *p) {
    return str_eq(p->store, KEEP_QUARANTINE) || str_starts(p->object, KEEP_STAGING)
           || (p->object[0] != '.' && strstr(p->object, "/file_land_timestamp=") != NULL);
}

static store *store_named(const land_context *c, const char *name) {
    if (str_eq(name, KEEP_QUARANTINE))
        return c->quarantine;
    for (size_t i = 0; i < c->lake->layer_count; i++)
        if (str_eq(c->lake->layers[i].name, name))
            return c->layers[i];
    return NULL; /* a layer that is no longer defined */
}

static status remove_object(const land_context *c, const pending_object *p, error *err) {
    ARENA_AUTO a = arena_new();
    store *in = store_named(c, p->store);
    if (in == NULL)
        return OK;
    if (str_ends(p->object, "/"))
        return store_remove_prefix(in, p->object, err);
    TRY(store_remove(in, p->object, err));
    if (in != c->quarantine)
        return OK;
    return store_remove(in, arena_printf(a, "%s" KEEP_REPORT, p->object), err);
}

static status forget(ledger *l, const pending_objects *list, error *err) {
    TRY(ledger_begin(l, LEDGER_WRITE, err));
    for (size_t i = 0; i < list->count; i++) {
        status removed = ledger_pending_remove(l, list->items[i].store, list->items[i].object, err);
        if (removed != OK) {
            ledger_rollback(l);
            return removed;
        }
    }
    return ledger_commit(l, err);
}

status recover_pending(const land_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    pending_objects all = {0}, ours = {0};
    TRY(ledger_pending_list(c->ledger, a, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        if (!is_ours(&all.items[i]))
            continue;
        TRY(remove_object(c, &all.items[i], err));
        vec_push(a, &ours, all.items[i]);
    }
    return ours.count > 0 ? forget(c->ledger, &ours, err) : OK;
}

/* A file that was returned and claimed again has another path, so a path says which landing it
 * was. */
status recover_claims(const land_context *c, int root_fd, arena *a, claimed_files *ret,
                      error *err) {
    claimed_files all = {0}, open = {0};
    TRY(claim_list(root_fd, a, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        bool recorded = false;
        TRY(ledger_delivery_claimed(c->ledger, all.items[i].claim, &recorded, err));
        if (recorded)
            TRY(claim_remove(root_fd, &all.items[i], err));
        else
            vec_push(a, &open, all.items[i]);
    }
    *ret = open;
    return OK;
}
