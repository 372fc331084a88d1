#include "land/keep.h"

#include "base/crash.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/strmap.h"
#include "land/fetch.h"
#include "land/recover.h"
#include "land/report.h"

#include <errno.h>
#include <unistd.h>

enum { ATTEMPT_MAX = 10000, READ_SIZE = 256 * 1024 };

static bool is_kept(const arrival *at) {
    return at->fate != ARRIVAL_RETURNED && at->fate != ARRIVAL_REPEATED;
}

/* Whatever is there under the name, even something that is no object, makes it taken. */
static status is_free(store *in, const char *key, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    store_object found;
    error problem = {0};
    status looked = store_info(in, key, a, &found, &problem);
    if (looked != OK && looked != E_NOT_FOUND && looked != E_DATA)
        return error_pass(looked, &problem, err);
    *ret = looked == E_NOT_FOUND;
    return OK;
}

typedef struct key_choice {
    store *in;
    const char *table;     /* first part of the key */
    const strings *chosen; /* by earlier arrivals of the batch */
} key_choice;

static status choose_key(const key_choice *choice, const arrival *at, arena *a, const char **ret,
                         error *err) {
    for (int attempt = 1; attempt <= ATTEMPT_MAX; attempt++) {
        char *key = name_object(a, choice->table, at->claimed.file, at->land_time, attempt);
        bool available = false;
        TRY(is_free(choice->in, key, &available, err));
        if (!available || strings_contain(choice->chosen, key))
            continue;
        *ret = key;
        return OK;
    }
    return error_set(err, E_EXISTS, "no free name for \"%s\"", at->claimed.file);
}

status keep_choose_object(const landing *l, arrival *at, const strings *chosen, arena *a,
                          error *err) {
    const key_choice raw = {arrival_store(l, at), at->table->short_name, chosen};
    return choose_key(&raw, at, a, &at->object, err);
}

/* Both, because the verdict is not known yet. */
static status choose_keys(batch *b, error *err) {
    landing *l = b->landing;
    strings chosen = {0}, chosen_quarantined = {0};
    for (size_t i = 0; i < b->count; i++) {
        arrival *at = &b->items[i];
        if (!is_kept(at))
            continue;
        key_choice aside = {l->context->quarantine, at->table->name, &chosen_quarantined};
        TRY(keep_choose_object(l, at, &chosen, b->arena, err));
        TRY(choose_key(&aside, at, b->arena, &at->quarantined, err));
        vec_push(b->arena, &chosen, at->object);
        vec_push(b->arena, &chosen_quarantined, at->quarantined);
        at->staging =
            arena_printf(b->arena, KEEP_STAGING "%s-%lld/%zu", l->id, (long long)b->number, i);
        b->layers[at->table->layer] = true;
    }
    return OK;
}

static char *staging_prefix(const batch *b) {
    return arena_printf(b->arena, KEEP_STAGING "%s-%lld/", b->landing->id, (long long)b->number);
}

typedef status pending_call(batch *b, const pending_object *p, error *err);

static status for_each_pending(batch *b, pending_call *call, error *err) {
    const land_context *c = b->landing->context;
    for (size_t i = 0; i < b->count; i++) {
        const arrival *at = &b->items[i];
        if (at->object == NULL)
            continue;
        pending_object raw = {arrival_layer(b->landing, at), at->object, c->run};
        pending_object aside = {KEEP_QUARANTINE, at->quarantined, c->run};
        TRY(call(b, &raw, err));
        TRY(call(b, &aside, err));
    }
    for (size_t i = 0; i < c->lake->layer_count; i++) {
        pending_object staged = {c->lake->layers[i].name, staging_prefix(b), c->run};
        if (b->layers[i])
            TRY(call(b, &staged, err));
    }
    return OK;
}

static status add_pending(batch *b, const pending_object *p, error *err) {
    return ledger_pending_add(b->landing->context->ledger, p, b->landing->now_us, err);
}

static status remove_pending(batch *b, const pending_object *p, error *err) {
    return ledger_pending_remove(b->landing->context->ledger, p->store, p->object, err);
}

/* A name that was free is only then still free when nobody else has landed meanwhile. */
static status declare_pending(batch *b, error *err) {
    ledger *l = b->landing->context->ledger;
    TRY(ledger_begin(l, LEDGER_WRITE, err));
    status result = recover_check_lease(b->landing->context, err);
    if (result == OK)
        result = for_each_pending(b, add_pending, err);
    if (result != OK) {
        ledger_rollback(l);
        return result;
    }
    return ledger_commit(l, err);
}

status keep_prepare(batch *b, error *err) {
    TRY(choose_keys(b, err));
    for (size_t i = 0; i < b->count; i++)
        if (b->items[i].object != NULL)
            return declare_pending(b, err);
    return OK;
}

status keep_settle(batch *b, error *err) {
    return for_each_pending(b, remove_pending, err);
}

static void give_back(arrival *at, const error *problem) {
    at->fate = ARRIVAL_RETURNED;
    at->problem = *problem;
}

static void tell_changed(arrival *at) {
    ARENA_AUTO a = arena_new();
    error problem = {0};
    error_set(&problem, E_CHANGED, "\"%s\" changed while it was read",
              str_printable(a, at->claimed.file));
    error_hint(&problem, "It is taken the next time; deliver under a name that ends in .part and "
                         "rename it when it is complete.");
    give_back(at, &problem);
}

/* -1: the file's fate is decided. */
static int open_claimed(const landing *l, arrival *at) {
    int fd = -1;
    folder_stamp stamp;
    error problem = {0};
    if (folder_open_file(l->root_fd, at->claimed.claim, &fd, &stamp, &problem) != OK) {
        give_back(at, &problem);
        return -1;
    }
    if (folder_stamp_same(&stamp, &at->stamp))
        return fd;
    tell_changed(at);
    close(fd);
    return -1;
}

static int hash_all(int fd, hasher *h, int64_t *ret_bytes) {
    char *chunk = malloc(READ_SIZE);
    ASSERT(chunk != NULL);
    ssize_t got;
    while ((got = read(fd, chunk, READ_SIZE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        hasher_bytes(h, chunk, (size_t)got);
        *ret_bytes += got;
    }
    int problem = got < 0 ? errno : 0;
    free(chunk);
    return problem;
}

void keep_hash(const landing *l, arrival *at) {
    int fd = open_claimed(l, at);
    if (fd < 0)
        return;
    hasher *h = hasher_new();
    int problem = hash_all(fd, h, &at->bytes);
    hasher_finish(h, at->sha256);
    hasher_free(h);
    close(fd);
    at->hashed = true;
    if (problem == 0)
        return;
    error told = {0};
    error_set_errno(&told, problem, "cannot read \"%s\"", at->claimed.file);
    give_back(at, &told);
}

static bool can_copy(const landing *l, const store *to) {
    return l->bucket != NULL && store_can_copy(l->bucket, to);
}

/* What came from a bucket whose service can copy it need not be sent there again. What cannot be
 * copied, for whatever reason, is sent. */
static bool copy_fetched(const landing *l, const arrival *at, store *to, const char *key,
                         bool replace) {
    ARENA_AUTO a = arena_new();
    error why = {0};
    store_copy_options options = {
        .name = at->claimed.file, .sha256 = at->sha256, .replace = replace};
    if (!can_copy(l, to) || !at->hashed
        || !fetch_origin(l->context, at->claimed.file, at->sha256, a, &options.tag))
        return false;
    if (store_copy(l->bucket, at->claimed.file, to, key, options, &why) == OK)
        return true;
    log_write(l->context->log, LOG_DEBUG, "sending \"%s\" instead: %s", key, why.message);
    return false;
}

/* What concerns the store concerns all files. */
static bool is_of_store(status kind) {
    return kind == E_FULL || kind == E_DENIED;
}

static bool stage_by_copy(const landing *l, arrival *at) {
    store *to = arrival_store(l, at);
    if (can_copy(l, to) && !at->hashed)
        keep_hash(l, at);
    if (at->fate == ARRIVAL_RETURNED || !copy_fetched(l, at, to, at->staging, true))
        return false;
    at->staged = true;
    crash_point("land.staged");
    return true;
}

status keep_stage(const landing *l, arrival *at, error *err) {
    char sha256[65];
    int64_t bytes = 0;
    error problem = {0};
    int fd = stage_by_copy(l, at) || at->fate == ARRIVAL_RETURNED ? -1 : open_claimed(l, at);
    if (fd < 0)
        return OK;
    status put = store_put_file(arrival_store(l, at), at->staging, fd,
                                (store_put_options){.read_only = true}, sha256, &bytes, &problem);
    close(fd);
    if (put != OK && is_of_store(put))
        return error_pass(put, &problem, err);
    if (put != OK) {
        give_back(at, &problem);
        return OK;
    }
    at->staged = true;
    crash_point("land.staged");
    if ((at->hashed && memcmp(at->sha256, sha256, sizeof sha256) != 0) || bytes != at->stamp.size) {
        tell_changed(at);
        return OK;
    }
    memcpy(at->sha256, sha256, sizeof sha256);
    at->bytes = bytes;
    at->hashed = true;
    return OK;
}

void keep_confirm(const landing *l, arrival *at) {
    if (at->fate == ARRIVAL_RETURNED)
        return;
    int fd = open_claimed(l, at);
    if (fd >= 0)
        close(fd);
}

/* A second name where the store can, else a second copy, made by the store if it can. */
static status name_staged(const landing *l, arrival *at, error *err) {
    store *in = arrival_store(l, at);
    char sha256[65];
    int64_t bytes;
    if (store_has(in, STORE_LINK))
        return store_link(in, at->staging, at->object, err);
    if (store_can_copy(in, in))
        return store_copy(in, at->staging, in, at->object,
                          (store_copy_options){.name = at->claimed.file, .sha256 = at->sha256},
                          err);
    int fd = open_claimed(l, at);
    if (fd < 0)
        return OK;
    status put = store_put_file(
        in, at->object, fd,
        (store_put_options){
            .read_only = true, .if_absent = true, .name = at->claimed.file, .sha256 = at->sha256},
        sha256, &bytes, err);
    close(fd);
    return put;
}

static status place_accepted(const landing *l, arrival *at, error *err) {
    status named = name_staged(l, at, err);
    crash_point("land.placed");
    /* A name that somebody else took meanwhile is not ours to undo. After another failure it may be
     * there all the same, as ours. */
    at->placed = named != E_EXISTS && at->fate == ARRIVAL_ACCEPTED;
    return named;
}

/* The same bytes again, where the copy of the first time has been lost: it comes back. The name is
 * recorded, so nothing of it is pending. */
static status restore_twin(const landing *l, arrival *at, error *err) {
    char sha256[65];
    int64_t bytes = 0;
    bool lost = false;
    store *in = arrival_store(l, at);
    TRY(is_free(in, at->twin->object, &lost, err));
    int fd = lost ? open_claimed(l, at) : -1;
    if (fd < 0)
        return OK;
    const store_put_options options = {
        .read_only = true, .if_absent = true, .name = at->twin->file, .sha256 = at->twin->sha256};
    status put = store_put_file(in, at->twin->object, fd, options, sha256, &bytes, err);
    close(fd);
    TRY(put);
    if (memcmp(at->sha256, sha256, sizeof sha256) == 0)
        return OK;
    tell_changed(at);
    return store_remove(in, at->twin->object, err);
}

static status copy_aside(const landing *l, arrival *at, int fd, error *err) {
    char sha256[65];
    int64_t bytes = 0;
    store_put_options options = {.read_only = true,
                                 .if_absent = true,
                                 .name = at->claimed.file,
                                 .sha256 = at->hashed ? at->sha256 : NULL};
    if (copy_fetched(l, at, l->context->quarantine, at->quarantined, false)) {
        at->placed = true;
        crash_point("land.quarantined");
        return OK;
    }
    TRY(store_put_file(l->context->quarantine, at->quarantined, fd, options, sha256, &bytes, err));
    at->placed = true;
    crash_point("land.quarantined");
    if (at->hashed && memcmp(at->sha256, sha256, sizeof sha256) != 0) {
        tell_changed(at);
        return OK;
    }
    memcpy(at->sha256, sha256, sizeof sha256);
    at->bytes = bytes;
    at->hashed = true;
    return OK;
}

static status write_report(const landing *l, const arrival *at, error *err) {
    ARENA_AUTO a = arena_new();
    JSON_AUTO report = report_document(at);
    char *document = json_dumps(report, JSON_INDENT(2));
    ASSERT(document != NULL);
    const char *text = arena_printf(a, "%s\n", document);
    free(document);
    return store_put(l->context->quarantine, arena_printf(a, "%s" KEEP_REPORT, at->quarantined),
                     text, strlen(text), (store_put_options){.read_only = true}, err);
}

static status place_rejected(const landing *l, arrival *at, error *err) {
    int fd = open_claimed(l, at);
    if (fd < 0)
        return OK;
    status result = copy_aside(l, at, fd, err);
    close(fd);
    if (result == OK && at->fate == ARRIVAL_REJECTED)
        result = write_report(l, at, err);
    crash_point("land.reported");
    return result;
}

/* The names that linking made, each folder once. */
static status sync_placed(batch *b, error *err) {
    strmap *synced = strmap_new(b->arena);
    for (size_t i = 0; i < b->count && !crash_sabotaged("no_raw_fsync"); i++) {
        const arrival *at = &b->items[i];
        if (at->fate != ARRIVAL_ACCEPTED || !at->placed)
            continue;
        char *prefix = arena_printf(b->arena, "%s/", path_parent(b->arena, at->object));
        char *key = arena_printf(b->arena, "%zu %s", at->table->layer, prefix);
        if (strmap_has(synced, key))
            continue;
        strmap_set(synced, key, prefix);
        TRY(store_sync(arrival_store(b->landing, at), prefix, err));
    }
    return OK;
}

static status remove_staged(batch *b, error *err) {
    const land_context *c = b->landing->context;
    for (size_t i = 0; i < c->lake->layer_count; i++)
        if (b->layers[i])
            TRY(store_remove_prefix(c->layers[i], staging_prefix(b), err));
    return OK;
}

static status unplace(const landing *l, arrival *at, error *err) {
    ARENA_AUTO a = arena_new();
    if (!at->placed)
        return OK;
    at->placed = false;
    TRY(store_remove(arrival_store(l, at), at->object, err));
    TRY(store_remove(l->context->quarantine, at->quarantined, err));
    return store_remove(l->context->quarantine, arena_printf(a, "%s" KEEP_REPORT, at->quarantined),
                        err);
}

status keep_place(batch *b, error *err) {
    const landing *l = b->landing;
    for (size_t i = 0; i < b->count; i++) {
        arrival *at = &b->items[i];
        if (at->fate == ARRIVAL_ACCEPTED)
            TRY(place_accepted(l, at, err));
        else if (at->fate == ARRIVAL_REJECTED)
            TRY(place_rejected(l, at, err));
        else if (at->fate == ARRIVAL_REPEATED)
            TRY(restore_twin(l, at, err));
        if (at->fate == ARRIVAL_RETURNED)
            TRY(unplace(l, at, err));
    }
    TRY(sync_placed(b, err));
    crash_point("land.synced");
    TRY(remove_staged(b, err));
    crash_point("land.unstaged");
    return OK;
}

/* A commit that failed may stand all the same. */
static status need_unrecorded(const batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        bool recorded = false;
        TRY(ledger_delivery_claimed(b->landing->context->ledger, b->items[i].claimed.claim,
                                    &recorded, NULL));
        if (recorded)
            return E_UNCERTAIN;
    }
    return OK;
}

/* What cannot be removed now stays pending, and the next landing removes it. */
static status undo_all(batch *b) {
    TRY(recover_check_lease(b->landing->context, NULL));
    TRY(need_unrecorded(b));
    bool removed = remove_staged(b, NULL) == OK;
    for (size_t i = 0; i < b->count; i++)
        if (b->items[i].object != NULL)
            removed = unplace(b->landing, &b->items[i], NULL) == OK && removed;
    return removed ? for_each_pending(b, remove_pending, NULL) : OK;
}

bool keep_undo(batch *b) {
    ledger *l = b->landing->context->ledger;
    if (ledger_begin(l, LEDGER_WRITE, NULL) != OK)
        return false;
    bool undone = undo_all(b) == OK;
    if (!undone)
        ledger_rollback(l);
    else if (ledger_commit(l, NULL) != OK)
        return true; /* removed, and pending for the next landing */
    return undone;
}
