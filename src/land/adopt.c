#include "land/adopt.h"

#include "base/path.h"
#include "land/check.h"
#include "land/keep.h"
#include "land/prepare.h"
#include "land/record.h"
#include "land/recover.h"
#include "land/report.h"
#include "land/standing.h"

#include <unistd.h>

enum { US_PER_S = 1000000 };

typedef struct adoption {
    landing landing;
    arena *arena;
    const char *object;
    const store_object *foreign; /* a history of others; NULL: Weir's own names */
    arrival at;
    const char *reason;
} adoption;

static const char *tell(adoption *ad, const char *reason) {
    ad->reason = str_printable(ad->arena, reason);
    return ad->reason;
}

/* The store is read as land is: part by part, following no links. */
static bool find_file(adoption *ad) {
    int fd = -1;
    error problem = {0};
    if (folder_open_file(ad->landing.root_fd, ad->object, &fd, &ad->at.stamp, &problem) != OK) {
        tell(ad, problem.message);
        return false;
    }
    close(fd);
    keep_hash(&ad->landing, &ad->at);
    if (ad->at.fate == ARRIVAL_RETURNED)
        tell(ad, ad->at.problem.message);
    return ad->at.fate != ARRIVAL_RETURNED;
}

static bool read_foreign_name(adoption *ad) {
    arrival *at = &ad->at;
    const char *file = NULL;
    at->land_time = ad->foreign->modified_us / US_PER_S;
    if (!name_read_foreign(ad->arena, at->table->short_name, ad->object, &file, &at->land_time)) {
        tell(ad, "hidden, or still being written");
        return false;
    }
    at->claimed.file = path_join(ad->arena, at->table->source->land, file);
    at->claimed.claim = at->object = ad->object;
    return true;
}

static bool read_name(adoption *ad) {
    arrival *at = &ad->at;
    const char *file = NULL;
    if (ad->foreign)
        return read_foreign_name(ad);
    if (!name_read_object(ad->arena, at->table->short_name, ad->object, &file, &at->land_time)) {
        tell(ad, "its name does not tell what landed when: raw history has "
                 "TABLE/file_land_timestamp=SECONDS/NAME_SECONDS.EXT");
        return false;
    }
    at->claimed.file = path_join(ad->arena, at->table->source->land, file);
    at->claimed.claim = at->object = ad->object;
    return true;
}

/* What landing would say of these bytes under this name at that time. */
static status judge(adoption *ad, error *err) {
    landing *l = &ad->landing;
    arrival *at = &ad->at;
    int64_t land_time = at->land_time;
    TRY(prepare_path(l, at, ad->arena, err));
    TRY(prepare_known(l, at, ad->arena, err));
    at->land_time = ad->foreign ? standing_land_time(&at->known, land_time, true) : land_time;
    prepare_twin(l, at, ad->arena);
    if (ad->foreign && at->fate == ARRIVAL_REPEATED)
        at->fate = ARRIVAL_OPEN;
    if (at->fate != ARRIVAL_OPEN)
        return OK;
    if (at->kind.format == FORMAT_OPAQUE)
        return check_opaque(l->context, at, ad->arena, err);
    store *in = arrival_store(l, at);
    return check_one(l->context, at, store_url(in, ad->arena, ad->object), ad->arena, err);
}

static bool is_taken(const arrival *at) {
    return standing_land_time(&at->known, at->land_time, true) != at->land_time;
}

/* NULL: it can be a delivery. */
static const char *reason_against(adoption *ad) {
    arrival *at = &ad->at;
    if (at->fate == ARRIVAL_REJECTED)
        return tell(ad, report_reason(ad->arena, at->failures));
    if (at->fate == ARRIVAL_REPEATED)
        return tell(ad, arena_printf(ad->arena, "its bytes are those of \"%s\": remove it",
                                     at->twin->object));
    if (is_taken(at))
        return tell(ad, arena_printf(ad->arena, "another delivery of \"%s\" landed in that second",
                                     at->identity));
    keep_confirm(&ad->landing, at);
    return at->fate == ARRIVAL_RETURNED ? tell(ad, at->problem.message) : NULL;
}

static status record_locked(adoption *ad, error *err) {
    const land_context *c = ad->landing.context;
    TRY(recover_check_lease(c, err));
    TRY(record_accepted(&ad->landing, &ad->at, ad->arena, err));
    return ledger_event_add(c->ledger, c->who, "adopt",
                            arena_printf(ad->arena, "%s %s", ad->at.table->name, ad->object), NULL,
                            clock_now_us(c->clock), err);
}

/* Durable and read-only before the ledger names it. */
static status record(adoption *ad, error *err) {
    ledger *l = ad->landing.context->ledger;
    store *in = arrival_store(&ad->landing, &ad->at);
    const char *folder = arena_printf(ad->arena, "%s/", path_parent(ad->arena, ad->object));
    TRY(store_seal(in, ad->object, err));
    TRY(store_sync(in, folder, err));
    TRY(ledger_begin(l, LEDGER_WRITE, err));
    status result = record_locked(ad, err);
    if (result == OK)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

static status adopt(adoption *ad, error *err) {
    if (!read_name(ad) || !find_file(ad))
        return OK;
    TRY(judge(ad, err));
    return reason_against(ad) == NULL ? record(ad, err) : OK;
}

static void release(adoption *ad) {
    identity_free(ad->landing.rules[ad->at.table->index]);
    json_decref(ad->at.from_path);
    json_decref(ad->at.answer);
    json_decref(ad->at.failures);
    close(ad->landing.root_fd);
}

static status refuse_bucket(const char *object, error *err) {
    error_set(err, E_USAGE, "\"%s\" is in a bucket, where nothing is adopted", object);
    error_hint(err, "Copy it to where the table's files land, and let the next run take it in.");
    return E_USAGE;
}

static status adopt_one(const land_context *c, const lake_table *table, const char *object,
                        const store_object *foreign, arena *a, land_adopted *ret, error *err) {
    adoption ad = {
        .landing = {.context = c,
                    .rules = ARENA_ARRAY(a, identity_rules *, c->lake->table_count),
                    .now_us = c->now_us != 0 ? c->now_us : clock_now_us(c->clock),
                    .arena = a},
        .arena = a,
        .object = object,
        .foreign = foreign,
        .at = {.table = table},
    };
    if (!store_has(c->layers[table->layer], STORE_LOCAL_PATH))
        return refuse_bucket(object, err);
    TRY(folder_open_root(store_root(c->layers[table->layer]), &ad.landing.root_fd, err));
    status result = adopt(&ad, err);
    release(&ad);
    if (result != OK)
        return result;
    *ret = (land_adopted){.object = object,
                          .file = ad.at.claimed.file,
                          .reason = ad.reason,
                          .land_time = ad.at.land_time,
                          .id = ad.at.id,
                          .state = ad.at.state};
    return OK;
}

status land_adopt(const land_context *c, const lake_table *table, const char *object, arena *a,
                  land_adopted *ret, error *err) {
    return adopt_one(c, table, object, NULL, a, ret, err);
}

status land_adopt_foreign(const land_context *c, const lake_table *table,
                          const store_object *object, arena *a, land_adopted *ret, error *err) {
    return adopt_one(c, table, object->key, object, a, ret, err);
}
