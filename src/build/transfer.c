#include "build/transfer.h"

#include "base/crash.h"
#include "base/path.h"
#include "ledger/journal.h"
#include "store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char REPORT[] = ".report.json";

typedef struct item {
    const char *key;
    int64_t bytes;
    const char *sha256; /* NULL: the ledger does not know it */
    const char *name;   /* as it was delivered, or NULL */
} item;

/* One store that moves, with what of it is to be in the other one. */
typedef struct place {
    transfer_pair stores;
    const char *name; /* for the progress */
    VEC(item) items;
    strmap *seen; /* keys of items */
} place;

typedef struct transfer {
    const build_context *c;
    const transfer_stores *how;
    arena *arena;
    place *layers;
    place quarantine, journal;
    size_t done;
    transfer_result result;
} transfer;

/* what is to be copied */

static bool moves(const transfer *t, const transfer_pair *p) {
    return p->to != NULL || (t->how->dry && p->from != NULL);
}

/* What was delivered twice lies there once. */
static void add(transfer *t, place *p, const item *i) {
    if (!moves(t, &p->stores) || strmap_has(p->seen, i->key))
        return;
    strmap_set(p->seen, i->key, p->seen);
    vec_push(t->arena, &p->items, *i);
    t->result.files++;
    t->result.bytes += i->bytes;
}

typedef struct known_table {
    int64_t id;
    const char *name;
} known_table;
typedef VEC(known_table) known_tables;

static status find_tables(const transfer *t, known_tables *ret, error *err) {
    ledger_orphans orphans = {0};
    for (size_t i = 0; i < t->c->lake->table_count; i++)
        vec_push(t->arena, ret, ((known_table){t->c->tables[i].id, t->c->lake->tables[i]->name}));
    TRY(ledger_orphans_of(t->c->ledger, t->arena, &orphans, err));
    for (size_t i = 0; i < orphans.count; i++)
        vec_push(t->arena, ret, ((known_table){orphans.items[i].id, orphans.items[i].name}));
    return OK;
}

static const char *table_name(const known_tables *all, int64_t id) {
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].id == id)
            return all->items[i].name;
    return "";
}

/* A layer that is not defined any more has no place that anybody knows. */
static status need_layer(const transfer *t, const char *table, size_t *ret, error *err) {
    if (lake_layer_of(t->c->lake, table, ret))
        return OK;
    error_set(err, E_FOREIGN, "table \"%s\" is of a layer that lake.yaml does not name", table);
    error_hint(err, "Name the layer again, and drop the table first if nobody needs it.");
    return E_FOREIGN;
}

static status find_deliveries(transfer *t, error *err) {
    deliveries all = {0};
    known_tables tables = {0};
    TRY(find_tables(t, &tables, err));
    TRY(ledger_deliveries_where(t->c->ledger, 0, NULL, NULL, t->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const delivery *d = &all.items[i];
        size_t layer = 0;
        const item found = {d->object, d->bytes, d->sha256, d->file};
        if (d->state != DELIVERY_REJECTED)
            TRY(need_layer(t, table_name(&tables, d->table), &layer, err));
        add(t, d->state == DELIVERY_REJECTED ? &t->quarantine : &t->layers[layer], &found);
    }
    return OK;
}

static status find_versions(transfer *t, error *err) {
    ledger_known_files all = {0};
    TRY(ledger_known_files_of(t->c->ledger, t->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const ledger_file *f = &all.items[i].file;
        size_t layer = 0;
        TRY(need_layer(t, all.items[i].table_name, &layer, err));
        add(t, &t->layers[layer], &(item){.key = f->object, .bytes = f->bytes});
    }
    return OK;
}

/* Beside a file that was refused lies why; of that only the store knows. */
static status find_reports(transfer *t, error *err) {
    store_objects all = {0};
    place *p = &t->quarantine;
    if (!moves(t, &p->stores))
        return OK;
    TRY(store_list(p->stores.from, "", t->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const char *key = all.items[i].key;
        if (!str_ends(key, REPORT))
            continue;
        const char *of = arena_strndup(t->arena, key, strlen(key) - strlen(REPORT));
        if (strmap_has(p->seen, of))
            add(t, p, &(item){.key = key, .bytes = all.items[i].size_bytes});
    }
    return OK;
}

static status find_journal(transfer *t, error *err) {
    store_objects all = {0};
    if (!moves(t, &t->journal.stores))
        return OK;
    TRY(store_list(t->journal.stores.from, JOURNAL_PREFIX, t->arena, &all, err));
    for (size_t i = 0; i < all.count; i++)
        add(t, &t->journal, &(item){.key = all.items[i].key, .bytes = all.items[i].size_bytes});
    return OK;
}

static status find_all(transfer *t, error *err) {
    TRY(find_deliveries(t, err));
    TRY(find_reports(t, err));
    TRY(find_versions(t, err));
    return find_journal(t, err);
}

/* copying */

static status refuse_other(const place *p, const char *key, error *err) {
    error_set(err, E_EXISTS, "\"%s\" has another \"%s\" already", store_root(p->stores.to), key);
    error_hint(err, "Remove it if nobody needs it, or copy to an empty place.");
    return E_EXISTS;
}

static status refuse_source(const place *p, const item *i, error *err) {
    error_set(err, E_DATA, "\"%s\" in \"%s\" is not what the ledger knows", i->key,
              store_root(p->stores.from));
    error_hint(err, "`weir fsck` tells what is damaged, and how to mend it; then copy again.");
    return E_DATA;
}

static status hint_fsck(status failed, error *err) {
    if ((failed == E_NOT_FOUND || failed == E_DATA) && err != NULL && err->hint[0] == '\0')
        error_hint(err,
                   "`weir fsck --repair; weir run` mends what can be mended; then copy again.");
    return failed;
}

/* By way of this machine. What turns out to be something else goes again. */
static status send(const transfer *t, const place *p, const item *i, arena *a, error *err) {
    spool held = {0};
    store_object found;
    char sha256[65];
    int64_t bytes = 0;
    store *from = p->stores.from, *to = p->stores.to;
    TRY(store_info(from, i->key, a, &found, err)); /* no link is followed */
    TRY(spool_open(t->how->temp_dir, from, i->key, a, &held, err));
    int fd = open(held.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    status sent = fd < 0 ? error_set_errno(err, errno, "cannot read \"%s\"", held.path) : OK;
    const store_put_options options = {
        .if_absent = true, .read_only = true, .name = i->name, .sha256 = i->sha256};
    if (sent == OK)
        sent = store_put_file(to, i->key, fd, options, sha256, &bytes, err);
    if (fd >= 0)
        close(fd);
    spool_close(&held);
    TRY(sent);
    if (bytes == i->bytes && (i->sha256 == NULL || str_eq(i->sha256, sha256)))
        return OK;
    TRY(store_remove(to, i->key, err));
    return refuse_source(p, i, err);
}

static status copy_item(const transfer *t, const place *p, const item *i, error *err) {
    ARENA_AUTO a = arena_new();
    const store_copy_options noted = {.name = i->name, .sha256 = i->sha256};
    status copied = store_can_copy(p->stores.from, p->stores.to)
                        ? store_copy(p->stores.from, i->key, p->stores.to, i->key, noted, err)
                        : send(t, p, i, a, err);
    crash_point("move.copied");
    return copied == E_EXISTS ? refuse_other(p, i->key, err) : hint_fsck(copied, err);
}

static status list_into(const transfer *t, store *in, const char *prefix, strmap *into,
                        error *err) {
    store_objects all = {0};
    TRY(store_list(in, prefix, t->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        int64_t *bytes = ARENA_NEW(t->arena, int64_t);
        *bytes = all.items[i].size_bytes;
        strmap_set(into, all.items[i].key, bytes);
    }
    return OK;
}

/* A store hides what is below .weir/ unless it is asked for. */
static status list_other(const transfer *t, const place *p, strmap **ret, error *err) {
    strmap *there = strmap_new(t->arena);
    *ret = there;
    if (p->stores.to == NULL)
        return OK;
    if (p == &t->journal)
        return list_into(t, p->stores.to, JOURNAL_PREFIX, there, err);
    TRY(list_into(t, p->stores.to, "", there, err));
    return list_into(t, p->stores.to, ".weir/objects/", there, err);
}

static status copy_place(transfer *t, const place *p, error *err) {
    strmap *there = NULL;
    const build_context *c = t->c;
    TRY(list_other(t, p, &there, err));
    for (size_t i = 0; i < p->items.count; i++) {
        const item *one = &p->items.items[i];
        const int64_t *bytes = strmap_get(there, one->key);
        if (*c->interrupted != 0)
            return error_set(err, E_INTERRUPTED, "interrupted");
        if (c->progress != NULL)
            c->progress(c->progress_state, p->name, t->done++, (size_t)t->result.files);
        if (bytes != NULL && *bytes != one->bytes)
            return refuse_other(p, one->key, err);
        if (bytes != NULL)
            continue;
        if (!t->how->dry)
            TRY(copy_item(t, p, one, err));
        t->result.copied_files++;
        t->result.copied_bytes += one->bytes;
    }
    return OK;
}

/* Then the lake has gone on there, and this is the old place. */
static status need_older(const transfer *t, error *err) {
    const place *p = &t->journal;
    store_objects there = {0};
    if (p->stores.to == NULL)
        return OK;
    TRY(store_list(p->stores.to, JOURNAL_PREFIX, t->arena, &there, err));
    for (size_t i = 0; i < there.count; i++)
        if (!strmap_has(p->seen, there.items[i].key)) {
            error_set(err, E_FOREIGN, "the journal in \"%s\" goes further than the one in \"%s\"",
                      store_root(p->stores.to), store_root(p->stores.from));
            error_hint(err, "Somebody has gone on there: name it in lake.yaml, or copy to an empty "
                            "place.");
            return E_FOREIGN;
        }
    return OK;
}

static status copy_all(transfer *t, error *err) {
    TRY(need_older(t, err));
    TRY(copy_place(t, &t->quarantine, err));
    for (size_t i = 0; i < t->c->lake->layer_count; i++)
        TRY(copy_place(t, &t->layers[i], err));
    return copy_place(t, &t->journal, err);
}

static place place_of(transfer_pair stores, const char *name, arena *a) {
    return (place){.stores = stores, .name = name, .seen = strmap_new(a)};
}

status build_transfer(const build_context *c, const transfer_stores *stores, transfer_result *ret,
                      error *err) {
    ARENA_AUTO a = arena_new();
    transfer t = {.c = c, .how = stores, .arena = a};
    t.layers = ARENA_ARRAY(a, place, c->lake->layer_count);
    for (size_t i = 0; i < c->lake->layer_count; i++)
        t.layers[i] = place_of(stores->layers[i], c->lake->layers[i].name, a);
    t.quarantine = place_of(stores->quarantine, "quarantine", a);
    t.journal = place_of(stores->journal, "journal", a);
    TRY(find_all(&t, err));
    TRY(copy_all(&t, err));
    *ret = t.result;
    return OK;
}
