#include "project/partition.h"

#include "base/crash.h"
#include "base/path.h"
#include "base/strmap.h"
#include "project/lock.h"

/* Partitions that change together share what makes them durable. */
enum { TOGETHER_MAX = 256 };

char *partition_prefix(const projecting *h, const char *text) {
    if (str_eq(text, "()"))
        return arena_printf(h->arena, "%s/", h->table->short_name);
    return arena_printf(h->arena, "%s/%s/", h->table->short_name, text);
}

static const char ASIDE[] = ".weir/project/";

static char *aside_prefix(const projecting *h) {
    return arena_printf(h->arena, "%s%s/", ASIDE, h->table->name);
}

/* Of one partition among those that change together. */
static char *aside_place(const projecting *h, size_t number) {
    return arena_printf(h->arena, "%s%zu/", aside_prefix(h), number);
}

static status link_files(const projecting *h, int64_t version, const char *aside, error *err) {
    ledger_file *files = NULL;
    size_t count = 0;
    TRY(ledger_version_files(h->c->ledger, version, h->arena, &files, &count, err));
    for (size_t i = 0; i < count; i++) {
        char *to = arena_printf(h->arena, "%s%s", aside, path_name(files[i].object));
        TRY(store_link(h->store, files[i].object, to, err));
        crash_point("project.linked");
    }
    return OK;
}

/* The new directories, made aside and durable before anybody sees them. */
static status make_aside(const projecting *h, const projection_changes *some, error *err) {
    for (size_t i = 0; i < some->count; i++)
        TRY(link_files(h, some->items[i].version, aside_place(h, i), err));
    TRY(store_sync(h->store, aside_prefix(h), err));
    crash_point("project.synced");
    return OK;
}

/* Each trades places with the old directory in one step; one that is to go does so with nothing. */
static status trade_places(const projecting *h, const projection_changes *some, bool removals,
                           error *err) {
    for (size_t i = 0; i < some->count; i++) {
        error problem = {0};
        status traded = store_exchange(h->store, aside_place(h, i),
                                       partition_prefix(h, some->items[i].text), &problem);
        if (traded != OK && !(removals && traded == E_NOT_FOUND))
            return error_pass(traded, &problem, err);
        crash_point(removals ? "project.emptied" : "project.exchanged");
    }
    return OK;
}

/* The old directories may go only when the new ones are sure to be in their places. */
static status sync_places(const projecting *h, const projection_changes *some, error *err) {
    strmap *synced = strmap_new(h->arena);
    for (size_t i = 0; i < some->count; i++) {
        char *place = partition_prefix(h, some->items[i].text);
        place[strlen(place) - 1] = '\0';
        const char *parent = path_parent(h->arena, place);
        if (strmap_has(synced, parent))
            continue;
        strmap_set(synced, parent, synced);
        const char *prefix = str_eq(parent, ".") ? "" : arena_printf(h->arena, "%s/", parent);
        TRY(store_sync_names(h->store, prefix, err));
    }
    return OK;
}

/* A kill in between leaves only what the next projection removes first. */
static status change_some(const projecting *h, const projection_changes *some, bool removals,
                          error *err) {
    TRY(store_remove_prefix(h->store, aside_prefix(h), err));
    crash_point("project.cleared");
    if (!removals)
        TRY(make_aside(h, some, err));
    TRY(trade_places(h, some, removals, err));
    TRY(sync_places(h, some, err));
    TRY(store_remove_prefix(h->store, aside_prefix(h), err));
    crash_point("project.swapped");
    return OK;
}

static status has_rows(const projecting *h, const projection_change *change, bool *ret,
                       error *err) {
    ledger_version version = {0};
    *ret = false;
    if (change->version == 0)
        return OK;
    TRY(ledger_version_get(h->c->ledger, change->version, h->arena, &version, err));
    *ret = version.file_count > 0;
    return OK;
}

static bool can_exchange(const projecting *h) {
    return h->table->projection != PROJECTION_MANIFEST
           && store_has(h->store, STORE_LINK | STORE_EXCHANGE);
}

static status show(const projecting *h, const projection_change *change, bool rows, error *err) {
    if (h->table->projection != PROJECTION_MANIFEST)
        return copies_make(h, change, err);
    return rows ? manifest_write(h, change, err) : manifest_remove(h, change, err);
}

/* Rows that would have had a name too long for a directory were never shown. */
static bool was_never_there(const projecting *h, const projection_change *change, bool rows) {
    return !rows && partition_too_long(change->text, h->arena) != NULL;
}

static status change_all(const projecting *h, const projection_changes *all, bool removals,
                         error *err) {
    projection_changes some = {0};
    for (size_t i = 0; i < all->count; i++) {
        bool rows = false;
        TRY(has_rows(h, &all->items[i], &rows, err));
        if (rows == removals || was_never_there(h, &all->items[i], rows))
            continue;
        if (!can_exchange(h)) {
            TRY(show(h, &all->items[i], rows, err));
            continue;
        }
        vec_push(h->arena, &some, all->items[i]);
        if (some.count < TOGETHER_MAX)
            continue;
        TRY(change_some(h, &some, removals, err));
        some.count = 0;
    }
    return some.count > 0 ? change_some(h, &some, removals, err) : OK;
}

static status check_lease(const projecting *h, error *err) {
    const project_context *c = h->c;
    if (c->fence == 0)
        return OK;
    return ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err);
}

static status set_projected(const projecting *h, int64_t seq, error *err) {
    TRY(ledger_begin(h->c->ledger, LEDGER_WRITE, err));
    status set = check_lease(h, err);
    if (set == OK)
        set = ledger_projected_set(h->c->ledger, h->id, seq, err);
    if (set != OK) {
        ledger_rollback(h->c->ledger);
        return set;
    }
    return ledger_commit(h->c->ledger, err);
}

/* The ledger's state is read under the lock, again and again until it no longer moves. */
static status project_locked(const projecting *h, int64_t since, project_result *ret, error *err) {
    for (;;) {
        projection_changes changes = {0};
        int64_t seq = 0;
        TRY(ledger_seq(h->c->ledger, &seq, err));
        TRY(ledger_projection_changes(h->c->ledger, h->id, since, h->arena, &changes, err));
        if (changes.count == 0)
            return set_projected(h, seq, err);
        /* What goes, goes first: a table that was unpartitioned frees its folder. */
        TRY(change_all(h, &changes, true, err));
        TRY(change_all(h, &changes, false, err));
        if (since == 0 && h->table->projection == PROJECTION_MANIFEST)
            TRY(manifests_sweep(h, &changes, err));
        ret->partitions += (int64_t)changes.count;
        since = seq;
    }
}

static status project_table(const project_context *c, size_t index, int64_t since,
                            project_result *ret, error *err) {
    ARENA_AUTO a = arena_new();
    CLEANUP(lock_free) table_lock lock = {0};
    const lake_table *t = c->lake->tables[index];
    projecting h = {
        .c = c, .table = t, .store = c->layers[t->layer], .id = c->tables[index].id, .arena = a};
    TRY(lock_take(c->ledger, t->name, &lock, err));
    return project_locked(&h, since, ret, err);
}

static bool is_projected(const lake_table *t) {
    return !t->source && t->projection != PROJECTION_NONE;
}

status project_all(const project_context *c, project_result *ret, error *err) {
    project_result result = {0};
    for (size_t i = 0; i < c->lake->table_count; i++) {
        int64_t changed = 0, projected = 0;
        if (!is_projected(c->lake->tables[i]))
            continue;
        TRY(ledger_projection_state(c->ledger, c->tables[i].id, &changed, &projected, err));
        if (changed <= projected)
            continue;
        TRY(project_table(c, i, c->tables[i].projected_seq, &result, err));
        crash_point("project.recorded");
    }
    *ret = result;
    return OK;
}

status project_anew(const project_context *c, project_result *ret, error *err) {
    project_result result = {0};
    for (size_t i = 0; i < c->lake->table_count; i++)
        if (is_projected(c->lake->tables[i]))
            TRY(project_table(c, i, 0, &result, err));
    *ret = result;
    return OK;
}

/* Aside are folders named after their tables. */
static status sweep_table(ledger *l, store *s, const char *table, error *err) {
    ARENA_AUTO a = arena_new();
    CLEANUP(lock_free) table_lock lock = {0};
    TRY(lock_take(l, table, &lock, err));
    return store_remove_prefix(s, arena_printf(a, "%s%s/", ASIDE, table), err);
}

status project_sweep(ledger *l, store *s, error *err) {
    ARENA_AUTO a = arena_new();
    store_objects left = {0};
    const char *swept = "";
    TRY(store_list(s, ASIDE, a, &left, err));
    for (size_t i = 0; i < left.count; i++) {
        const char *rest = left.items[i].key + strlen(ASIDE);
        const char *table = arena_strndup(a, rest, strcspn(rest, "/"));
        if (str_eq(table, swept))
            continue;
        TRY(sweep_table(l, s, table, err));
        swept = table;
    }
    return OK;
}
