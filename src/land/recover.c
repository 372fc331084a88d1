#include "land/recover.h"

#include "base/crash.h"
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

status recover_check_lease(const land_context *c, error *err) {
    if (c->fence == 0)
        return OK;
    return ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err);
}

static status find_ours(const land_context *c, arena *a, pending_objects *ret, error *err) {
    pending_objects all = {0};
    TRY(ledger_pending_list(c->ledger, a, &all, err));
    for (size_t i = 0; i < all.count; i++)
        if (is_ours(&all.items[i]))
            vec_push(a, ret, all.items[i]);
    return OK;
}

/* Names in raw history may be used again by whoever lands next, so what was pending is looked up
 * and removed while nobody else can. */
static status remove_pending(const land_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    pending_objects ours = {0};
    TRY(recover_check_lease(c, err));
    TRY(find_ours(c, a, &ours, err));
    for (size_t i = 0; i < ours.count; i++) {
        TRY(remove_object(c, &ours.items[i], err));
        crash_point("land.recovered");
        TRY(ledger_pending_remove(c->ledger, ours.items[i].store, ours.items[i].object, err));
    }
    return OK;
}

status recover_pending(const land_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    pending_objects ours = {0};
    TRY(find_ours(c, a, &ours, err));
    if (ours.count == 0)
        return OK;
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status result = remove_pending(c, err);
    if (result != OK) {
        ledger_rollback(c->ledger);
        return result;
    }
    return ledger_commit(c->ledger, err);
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
