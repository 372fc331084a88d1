/* Compare the ledger with what is in the stores. */
#include "build/fsck.h"

#include "base/hash.h"
#include "base/path.h"
#include "build/input.h"
#include "ledger/journal.h"
#include "project/project.h"

enum { DIGEST_UNITS_MAX = 64 };

static const char OBJECTS[] = ".weir/objects/";
static const char REPORT[] = ".report.json";
static const char STRANGE[] = "a symbolic link, or no regular file";

typedef struct fsck {
    const build_context *c;
    const fsck_options *how;
    arena *arena;
    strmap **expected; /* per layer and, last, quarantine: key → anything */
    fsck_result *result;
} fsck;

/* A table that is looked at in its layer's store. */
typedef struct checked {
    store *store;
    const char *layer, *table;
    strmap *expected;
} checked;

static void add_fault(const fsck *f, const checked *in, const char *kind, const char *object,
                      const char *detail) {
    fsck_fault fault = {.kind = kind,
                        .layer = in->layer,
                        .table = in->table,
                        .object = arena_strdup(f->arena, object),
                        .detail = detail};
    vec_push(f->arena, &f->result->faults, fault);
}

static bool is_wanted(const fsck *f, size_t layer) {
    return f->how->layers == NULL || f->how->layers[layer];
}

/* Also of a table that is no longer defined. */
static bool find_layer(const fsck *f, const char *table, size_t *ret) {
    return lake_layer_of(f->c->lake, table, ret) && is_wanted(f, *ret);
}

/* Is the object there, a file of that size? Everything that is not is a fault. */
static bool check_object(const fsck *f, const checked *in, const char *object, int64_t bytes,
                         store_object *ret) {
    error why = {0};
    strmap_set(in->expected, object, in->expected);
    status found = store_info(in->store, object, f->arena, ret, &why);
    if (found == OK && !ret->read_only)
        add_fault(f, in, "writable", object, "somebody has made it so, and may have changed it");
    if (found == OK && ret->size_bytes == bytes)
        return true;
    if (found == OK)
        add_fault(f, in, "altered", object,
                  arena_printf(f->arena, "%lld bytes, not %lld", (long long)ret->size_bytes,
                               (long long)bytes));
    else if (found == E_NOT_FOUND)
        add_fault(f, in, "missing", object, NULL);
    else if (found == E_DATA)
        add_fault(f, in, "altered", object, STRANGE);
    else
        add_fault(f, in, "altered", object, arena_strdup(f->arena, why.message));
    return false;
}

/* deliveries */

static bool check_bytes(const fsck *f, const checked *in, const delivery *d) {
    char sha256[SHA256_TEXT_SIZE];
    error why = {0};
    int64_t bytes = 0;
    if (f->how->fast)
        return true;
    status hashed = store_get_file(in->store, d->object, -1, sha256, &bytes, &why);
    if (hashed == OK && str_eq(sha256, d->sha256))
        return true;
    add_fault(f, in, "altered", d->object,
              hashed == OK ? "its sha256 is not that of what was delivered"
                           : arena_strdup(f->arena, why.message));
    return false;
}

static void check_delivery(const fsck *f, const checked *kept, const checked *refused,
                           const delivery *d) {
    store_object found;
    const checked *in = d->state == DELIVERY_REJECTED ? refused : kept;
    if (!in->store || strmap_has(in->expected, d->object)) /* sent again: one copy */
        return;
    if (in == refused)
        strmap_set(in->expected, arena_printf(f->arena, "%s%s", d->object, REPORT), in->expected);
    f->result->files++;
    bool sound = check_object(f, in, d->object, d->bytes, &found) && check_bytes(f, in, d);
    f->result->raw_lost += !sound && in == kept;
}

/* Without a store where it is not to be looked at. */
static checked checked_in(const fsck *f, size_t layer, const char *table) {
    store *in = is_wanted(f, layer) ? f->c->layers[layer] : NULL;
    return (checked){in, f->c->lake->layers[layer].name, table, f->expected[layer]};
}

static checked checked_quarantine(const fsck *f, const char *table) {
    return (checked){f->how->quarantine, "quarantine", table, f->expected[f->c->lake->layer_count]};
}

static status check_source(const fsck *f, size_t layer, const char *table, int64_t id, error *err) {
    deliveries all = {0};
    const checked kept = checked_in(f, layer, table), refused = checked_quarantine(f, table);
    TRY(ledger_deliveries_all(f->c->ledger, id, f->arena, &all, err));
    for (size_t i = 0; i < all.count; i++)
        check_delivery(f, &kept, &refused, &all.items[i]);
    return OK;
}

/* files of versions */

typedef struct suspects {
    VEC(const ledger_known_file *) files; /* there, of the right size */
} suspects;

static const lake_table *table_of(const fsck *f, int64_t id) {
    for (size_t i = 0; i < f->c->lake->table_count; i++)
        if (f->c->tables[i].id == id)
            return f->c->lake->tables[i];
    return NULL;
}

static void lose(const fsck *f, const ledger_known_file *known) {
    vec_push(f->arena, &f->result->lost, known->file.object);
}

static status add_unit(const fsck *f, const ledger_known_file *known, json_t *units, error *err) {
    json_t *input = NULL;
    const lake_table *t = table_of(f, known->table);
    TRY(build_file_input(f->c, t, known->version, &known->file, f->arena, &input, err));
    json_array_append_new(units, json_pack("{s:s, s:o}", "id", known->file.object, "input", input));
    return OK;
}

static const char *wrong_digest(const fsck *f, const ledger_known_file *known, const json_t *from) {
    const json_t *failed = json_object_get(from, "error");
    const json_t *digest = json_object_get(from, "digest");
    if (failed)
        return arena_strdup(f->arena, json_get_string(failed, "message", "it cannot be read"));
    if (json_get_int(digest, "rows", -1) != known->file.rows)
        return "it has another number of rows";
    bool same = str_eq(json_get_string(digest, "sum1", ""), known->file.sum1)
                && str_eq(json_get_string(digest, "sum2", ""), known->file.sum2);
    return same ? NULL : "its rows are others";
}

static status digest_some(const fsck *f, const ledger_known_file *const *files, size_t count,
                          error *err) {
    JSON_AUTO result = NULL;
    json_t *units = json_array(), *answers = NULL;
    JSON_AUTO job =
        json_pack("{s:s, s:[], s:b, s:o}", "op", "feeds", "maps", "digests", 1, "units", units);
    for (size_t i = 0; i < count; i++)
        TRY(add_unit(f, files[i], units, err));
    TRY(engine_call(f->c->engine, job, &result, err));
    TRY(json_need_array(result, "units", &answers, err));
    for (size_t i = 0; i < count; i++) {
        size_t layer = 0;
        const char *wrong = wrong_digest(f, files[i], json_array_get(answers, i));
        if (!wrong || !find_layer(f, files[i]->table_name, &layer))
            continue;
        const checked in = checked_in(f, layer, files[i]->table_name);
        add_fault(f, &in, "altered", files[i]->file.object, wrong);
        lose(f, files[i]);
    }
    return OK;
}

static status check_files(const fsck *f, ledger_known_files *all, error *err) {
    suspects there = {0};
    for (size_t i = 0; i < all->count; i++) {
        const ledger_known_file *known = &all->items[i];
        store_object found;
        size_t layer = 0;
        if (!find_layer(f, known->table_name, &layer))
            continue;
        const checked in = checked_in(f, layer, known->table_name);
        f->result->files++;
        if (!check_object(f, &in, known->file.object, known->file.bytes, &found))
            lose(f, known);
        else if (table_of(f, known->table))
            vec_push(f->arena, &there.files, known);
    }
    for (size_t i = 0; !f->how->fast && i < there.files.count; i += DIGEST_UNITS_MAX) {
        size_t left = there.files.count - i;
        TRY(digest_some(f, there.files.items + i, left < DIGEST_UNITS_MAX ? left : DIGEST_UNITS_MAX,
                        err));
    }
    return OK;
}

/* directories */

static void check_link(const fsck *f, const checked *in, const char *prefix,
                       const ledger_file *file) {
    store_object object = {0}, shown = {0};
    char *key = arena_printf(f->arena, "%s%s", prefix, path_name(file->object));
    strmap_set(in->expected, key, in->expected);
    if (store_info(in->store, file->object, f->arena, &object, NULL) != OK)
        return; /* told already */
    if (store_info(in->store, key, f->arena, &shown, NULL) != OK)
        add_fault(f, in, "directory", key, "it does not show the table's file");
    else if (shown.file_id != object.file_id || shown.size_bytes != object.size_bytes)
        add_fault(f, in, "directory", key, "it is not the table's file");
}

static status check_directories(const fsck *f, const checked *in, int64_t id, error *err) {
    ledger_currents now = {0};
    const char *folder = strchr(in->table, '.') + 1;
    TRY(ledger_currents_of(f->c->ledger, id, -1, f->arena, &now, err));
    for (size_t i = 0; i < now.count; i++) {
        ledger_file *files = NULL;
        size_t count = 0;
        const char *text = now.items[i].text;
        const char *prefix = str_eq(text, "()") ? arena_printf(f->arena, "%s/", folder)
                                                : arena_printf(f->arena, "%s/%s/", folder, text);
        TRY(ledger_version_files(f->c->ledger, now.items[i].version, f->arena, &files, &count,
                                 err));
        for (size_t j = 0; j < count; j++)
            check_link(f, in, prefix, &files[j]);
    }
    return OK;
}

static void check_manifest(const fsck *f, const checked *in, const char *key, const char *wanted) {
    char *text = NULL;
    size_t size = 0;
    strmap_set(in->expected, key, in->expected);
    if (store_get(in->store, key, strlen(wanted), f->arena, &text, &size, NULL) != OK
        || !str_eq(text, wanted))
        add_fault(f, in, "directory", key, "it does not list the table's files");
}

static status check_manifests(const fsck *f, const checked *in, int64_t id, error *err) {
    ledger_currents now = {0};
    const char *name = strchr(in->table, '.') + 1;
    TRY(ledger_currents_of(f->c->ledger, id, -1, f->arena, &now, err));
    for (size_t i = 0; i < now.count; i++) {
        ledger_file *files = NULL;
        size_t count = 0;
        TRY(ledger_version_files(f->c->ledger, now.items[i].version, f->arena, &files, &count,
                                 err));
        if (count > 0)
            check_manifest(f, in, project_manifest_key(name, now.items[i].text, f->arena),
                           project_manifest_text(in->store, files, count, f->arena));
    }
    return OK;
}

/* what is there and should not */

static bool is_pending(const pending_objects *pending, const char *store_name, const char *key) {
    for (size_t i = 0; i < pending->count; i++)
        if (str_eq(pending->items[i].store, store_name)
            && str_starts(key, pending->items[i].object))
            return true;
    return false;
}

/* Whose folder it is in; NULL: no table's. */
static const char *table_at(const fsck *f, const checked *in, const char *key) {
    const char *name = arena_strndup(f->arena, key, strcspn(key, "/"));
    if (!str_eq(in->layer, "quarantine"))
        name = arena_printf(f->arena, "%s.%s", in->layer, name);
    const lake_table *found = lake_table_find(f->c->lake, name);
    return found ? found->name : NULL;
}

static void add_extra(const fsck *f, const checked *in, const char *key, const char *detail) {
    checked at = *in;
    at.table = table_at(f, in, key);
    add_fault(f, &at, "extra", key, detail);
    const lake_table *t = at.table ? lake_table_find(f->c->lake, at.table) : NULL;
    f->result->raw_extra += t && t->source && !str_eq(in->layer, "quarantine");
}

static status check_extra(const fsck *f, const checked *in, const char *prefix,
                          const pending_objects *pending, error *err) {
    store_objects there = {0}, strange = {0};
    if (!in->store)
        return OK;
    TRY(store_list(in->store, prefix, f->arena, &there, err));
    for (size_t i = 0; i < there.count; i++) {
        const char *key = there.items[i].key;
        bool known = strmap_has(in->expected, key) || is_pending(pending, in->layer, key);
        if (!known)
            TRY(ledger_object_known(f->c->ledger, key, &known, err));
        if (!known)
            add_extra(f, in, key, NULL);
    }
    TRY(store_list_strange(in->store, prefix, f->arena, &strange, err));
    for (size_t i = 0; i < strange.count; i++)
        if (!strmap_has(in->expected, strange.items[i].key)) /* else it was told as altered */
            add_extra(f, in, strange.items[i].key, STRANGE);
    return OK;
}

static status check_all_extra(const fsck *f, error *err) {
    pending_objects pending = {0};
    TRY(ledger_pending_list(f->c->ledger, f->arena, &pending, err));
    for (size_t i = 0; i < f->c->lake->layer_count; i++) {
        const checked in = checked_in(f, i, NULL);
        TRY(check_extra(f, &in, "", &pending, err));
        TRY(check_extra(f, &in, OBJECTS, &pending, err));
    }
    const checked refused = checked_quarantine(f, NULL);
    return check_extra(f, &refused, "", &pending, err);
}

static status check_table(const fsck *f, const lake_table *t, error *err) {
    int64_t id = f->c->tables[t->index].id;
    const checked in = checked_in(f, t->layer, t->name);
    if (t->source) /* its quarantine is the lake's */
        return check_source(f, t->layer, t->name, id, err);
    if (!in.store)
        return OK;
    if (t->projection == PROJECTION_MANIFEST)
        return check_manifests(f, &in, id, err);
    return t->projection == PROJECTION_HIVE ? check_directories(f, &in, id, err) : OK;
}

/* Until it is dropped, all that a table had stays, also when its definition is gone. */
static status check_orphan(const fsck *f, const ledger_orphan *o, error *err) {
    size_t layer = 0;
    if (!lake_layer_of(f->c->lake, o->name, &layer))
        return OK;
    const checked in = checked_in(f, layer, o->name);
    if (o->is_source)
        return check_source(f, layer, o->name, o->id, err);
    if (!in.store)
        return OK;
    bool has_directories = store_has(in.store, STORE_LINK); /* what it had by default */
    return has_directories ? check_directories(f, &in, o->id, err)
                           : check_manifests(f, &in, o->id, err);
}

/* the ledger itself, and what it could be made from again */

static status check_ledger(const fsck *f, error *err) {
    strings damages = {0};
    const checked in = {.layer = "ledger"};
    if (f->how->fast || !f->how->journal)
        return OK;
    TRY(ledger_check(f->c->ledger, f->arena, &damages, err));
    for (size_t i = 0; i < damages.count; i++)
        add_fault(f, &in, "altered", ledger_location(f->c->ledger), damages.items[i]);
    return OK;
}

static status check_journal(const fsck *f, error *err) {
    journal_faults found = {0};
    const checked in = {.layer = "journal"};
    if (!f->how->journal)
        return OK;
    TRY(journal_check(f->c->ledger, f->how->journal, !f->how->fast, f->arena, &found, err));
    for (size_t i = 0; i < found.count; i++) {
        const journal_fault *one = &found.items[i];
        add_fault(f, &in, one->kind, one->object, one->detail);
        f->result->journal_lost += !str_eq(one->kind, "extra");
    }
    return OK;
}

static status check_all(const fsck *f, error *err) {
    ledger_known_files all = {0};
    TRY(check_ledger(f, err));
    TRY(check_journal(f, err));
    ledger_orphans orphans = {0};
    TRY(ledger_known_files_of(f->c->ledger, f->arena, &all, err));
    TRY(check_files(f, &all, err));
    for (size_t i = 0; i < f->c->lake->table_count; i++)
        TRY(check_table(f, f->c->lake->tables[i], err));
    TRY(ledger_orphans_of(f->c->ledger, f->arena, &orphans, err));
    for (size_t i = 0; i < orphans.count; i++)
        TRY(check_orphan(f, &orphans.items[i], err));
    return check_all_extra(f, err);
}

status build_fsck(const build_context *c, const fsck_options *how, arena *a, fsck_result *ret,
                  error *err) {
    size_t stores = c->lake->layer_count + 1;
    fsck_result result = {0};
    fsck f = {.c = c,
              .how = how,
              .arena = a,
              .expected = ARENA_ARRAY(a, strmap *, stores),
              .result = &result};
    for (size_t i = 0; i < stores; i++)
        f.expected[i] = strmap_new(a);
    TRY(check_all(&f, err));
    *ret = result;
    return OK;
}

/* repair */

static store *store_of(const build_context *c, const fsck_options *how, const char *layer) {
    for (size_t i = 0; i < c->lake->layer_count; i++)
        if (str_eq(c->lake->layers[i].name, layer))
            return c->layers[i];
    return how->quarantine;
}

static bool is_altered(const fsck_result *found, const fsck_fault *f) {
    for (size_t i = 0; i < found->faults.count; i++)
        if (str_eq(found->faults.items[i].kind, "altered")
            && str_eq(found->faults.items[i].object, f->object))
            return true;
    return false;
}

/* Whoever has read all its bytes knows that it is what it was. */
static status seal_again(const build_context *c, const fsck_options *how, const fsck_result *found,
                         error *err) {
    for (size_t i = 0; !how->fast && i < found->faults.count; i++) {
        const fsck_fault *f = &found->faults.items[i];
        if (str_eq(f->kind, "writable") && !is_altered(found, f))
            TRY(store_seal(store_of(c, how, f->layer), f->object, err));
    }
    return OK;
}

static status repair_locked(const build_context *c, const fsck_result *found, error *err) {
    TRY(ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err));
    for (size_t i = 0; i < found->lost.count; i++)
        TRY(ledger_file_lost(c->ledger, found->lost.items[i], err));
    for (size_t i = 0; i < c->lake->table_count; i++)
        if (!c->lake->tables[i]->source && c->lake->tables[i]->projection != PROJECTION_NONE)
            TRY(ledger_projected_set(c->ledger, c->tables[i].id, 0, err));
    return OK;
}

status build_fsck_repair(const build_context *c, const fsck_options *how, const fsck_result *found,
                         error *err) {
    TRY(seal_again(c, how, found, err));
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status result = repair_locked(c, found, err);
    if (result == OK)
        return ledger_commit(c->ledger, err);
    ledger_rollback(c->ledger);
    return result;
}
