/* Compare the ledger with what is in the stores. */
#include "build/fsck.h"

#include "base/hash.h"
#include "base/path.h"
#include "build/input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_STEP = 1 << 16, DIGEST_UNITS_MAX = 64 };

static const char OBJECTS[] = ".weir/objects/";
static const char REPORT[] = ".report.json";

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

static bool find_layer(const fsck *f, const char *table, size_t *ret) {
    size_t size = strcspn(table, ".");
    for (size_t i = 0; i < f->c->lake->layer_count; i++) {
        const char *name = f->c->lake->layers[i].name;
        if (strlen(name) == size && strncmp(name, table, size) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* Is the object there, a file of that size? Everything that is not is a fault. */
static bool check_object(const fsck *f, const checked *in, const char *object, int64_t bytes,
                         store_object *ret) {
    error why = {0};
    strmap_set(in->expected, object, in->expected);
    status found = store_info(in->store, object, f->arena, ret, &why);
    if (found == OK && ret->size_bytes == bytes)
        return true;
    if (found == OK)
        add_fault(f, in, "altered", object,
                  arena_printf(f->arena, "%lld bytes, not %lld", (long long)ret->size_bytes,
                               (long long)bytes));
    else if (found == E_NOT_FOUND)
        add_fault(f, in, "missing", object, NULL);
    else
        add_fault(f, in, "altered", object, arena_strdup(f->arena, why.message));
    return false;
}

/* deliveries */

static status hash_file(const char *path, char ret[SHA256_TEXT_SIZE], error *err) {
    char bytes[READ_STEP];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot read \"%s\"", path);
    hasher *h = hasher_new();
    while ((got = read(fd, bytes, sizeof bytes)) > 0)
        hasher_bytes(h, bytes, (size_t)got);
    int problem = errno;
    hasher_finish(h, ret);
    hasher_free(h);
    (void)close(fd);
    return got == 0 ? OK : error_set_errno(err, problem, "cannot read \"%s\"", path);
}

static void check_bytes(const fsck *f, const checked *in, const delivery *d) {
    char sha256[SHA256_TEXT_SIZE];
    error why = {0};
    if (f->how->fast || !store_has(in->store, STORE_LOCAL_PATH))
        return;
    if (hash_file(store_url(in->store, f->arena, d->object), sha256, &why) != OK)
        add_fault(f, in, "altered", d->object, arena_strdup(f->arena, why.message));
    else if (!str_eq(sha256, d->sha256))
        add_fault(f, in, "altered", d->object, "its sha256 is not that of what was delivered");
}

static void check_delivery(const fsck *f, const checked *kept, const checked *refused,
                           const delivery *d) {
    store_object found;
    const checked *in = d->state == DELIVERY_REJECTED ? refused : kept;
    if (strmap_has(in->expected, d->object)) /* sent again: one copy */
        return;
    if (in == refused)
        strmap_set(in->expected, arena_printf(f->arena, "%s%s", d->object, REPORT), in->expected);
    f->result->files++;
    if (check_object(f, in, d->object, d->bytes, &found))
        check_bytes(f, in, d);
}

static status check_source(const fsck *f, const lake_table *t, error *err) {
    deliveries all = {0};
    size_t layers = f->c->lake->layer_count;
    const checked kept = {f->c->layers[t->layer], f->c->lake->layers[t->layer].name, t->name,
                          f->expected[t->layer]};
    const checked refused = {f->how->quarantine, "quarantine", t->name, f->expected[layers]};
    TRY(ledger_deliveries_all(f->c->ledger, f->c->tables[t->index].id, f->arena, &all, err));
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

static checked checked_file(const fsck *f, const ledger_known_file *known, size_t layer) {
    return (checked){f->c->layers[layer], f->c->lake->layers[layer].name, known->table_name,
                     f->expected[layer]};
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
        const checked in = checked_file(f, files[i], layer);
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
        const checked in = checked_file(f, known, layer);
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
    else if (shown.file_id != object.file_id)
        add_fault(f, in, "directory", key, "it is not the table's file");
}

static status check_directories(const fsck *f, const lake_table *t, error *err) {
    ledger_currents now = {0};
    int64_t id = f->c->tables[t->index].id;
    const checked in = {f->c->layers[t->layer], f->c->lake->layers[t->layer].name, t->name,
                        f->expected[t->layer]};
    TRY(ledger_currents_of(f->c->ledger, id, -1, f->arena, &now, err));
    for (size_t i = 0; i < now.count; i++) {
        ledger_file *files = NULL;
        size_t count = 0;
        const char *text = now.items[i].text;
        const char *prefix = str_eq(text, "()")
                                 ? arena_printf(f->arena, "%s/", t->short_name)
                                 : arena_printf(f->arena, "%s/%s/", t->short_name, text);
        TRY(ledger_version_files(f->c->ledger, now.items[i].version, f->arena, &files, &count,
                                 err));
        for (size_t j = 0; j < count; j++)
            check_link(f, &in, prefix, &files[j]);
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

static status check_extra(const fsck *f, const checked *in, const char *prefix,
                          const pending_objects *pending, error *err) {
    store_objects there = {0};
    TRY(store_list(in->store, prefix, f->arena, &there, err));
    for (size_t i = 0; i < there.count; i++) {
        const char *key = there.items[i].key;
        if (strmap_has(in->expected, key) || is_pending(pending, in->layer, key))
            continue;
        bool known = false;
        TRY(ledger_object_known(f->c->ledger, key, &known, err));
        if (!known)
            add_fault(f, in, "extra", key, NULL);
    }
    return OK;
}

static status check_all_extra(const fsck *f, error *err) {
    pending_objects pending = {0};
    size_t layers = f->c->lake->layer_count;
    TRY(ledger_pending_list(f->c->ledger, f->arena, &pending, err));
    for (size_t i = 0; i < layers; i++) {
        const checked in = {f->c->layers[i], f->c->lake->layers[i].name, NULL, f->expected[i]};
        TRY(check_extra(f, &in, "", &pending, err));
        TRY(check_extra(f, &in, OBJECTS, &pending, err));
    }
    const checked refused = {f->how->quarantine, "quarantine", NULL, f->expected[layers]};
    return check_extra(f, &refused, "", &pending, err);
}

static status check_all(const fsck *f, error *err) {
    ledger_known_files all = {0};
    TRY(ledger_known_files_of(f->c->ledger, f->arena, &all, err));
    TRY(check_files(f, &all, err));
    for (size_t i = 0; i < f->c->lake->table_count; i++) {
        const lake_table *t = f->c->lake->tables[i];
        if (t->source)
            TRY(check_source(f, t, err));
        else if (t->project_hive)
            TRY(check_directories(f, t, err));
    }
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

static status repair_locked(const build_context *c, const fsck_result *found, error *err) {
    TRY(ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err));
    for (size_t i = 0; i < found->lost.count; i++)
        TRY(ledger_file_lost(c->ledger, found->lost.items[i], err));
    for (size_t i = 0; i < c->lake->table_count; i++)
        if (!c->lake->tables[i]->source && c->lake->tables[i]->project_hive)
            TRY(ledger_projected_set(c->ledger, c->tables[i].id, 0, err));
    return OK;
}

status build_fsck_repair(const build_context *c, const fsck_result *found, error *err) {
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status result = repair_locked(c, found, err);
    if (result == OK)
        return ledger_commit(c->ledger, err);
    ledger_rollback(c->ledger);
    return result;
}
