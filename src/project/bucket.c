#include "project/partition.h"

#include "base/crash.h"
#include "base/path.h"
#include "base/strmap.h"

/* Where Athena, Presto and Trino are pointed to, as other writers of symlink manifests name it. */
static const char MANIFESTS[] = "_symlink_format_manifest";

char *project_manifest_key(const char *short_name, const char *partition, arena *a) {
    if (str_eq(partition, "()"))
        return arena_printf(a, "%s/%s/manifest", short_name, MANIFESTS);
    return arena_printf(a, "%s/%s/%s/manifest", short_name, MANIFESTS, partition);
}

char *project_address(const lake *l, const lake_table *t, const char *partition, arena *a) {
    const char *dir = lake_table_dir(l, t, a);
    bool has_one = partition == NULL || t->partition_by.count == 0;
    if (t->projection != PROJECTION_MANIFEST)
        return has_one ? arena_strdup(a, dir) : path_join(a, dir, partition);
    const char *layer = l->layers[t->layer].store;
    if (partition == NULL)
        return path_join(a, dir, MANIFESTS);
    return path_join(a, layer, project_manifest_key(t->short_name, partition, a));
}

char *project_manifest_text(const store *s, const ledger_file *files, size_t count, arena *a) {
    buf text = buf_new(a);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s\n", store_url(s, a, files[i].object));
    return text.text;
}

status manifest_write(const projecting *p, const projection_change *change, error *err) {
    ledger_file *files = NULL;
    size_t count = 0;
    TRY(ledger_version_files(p->c->ledger, change->version, p->arena, &files, &count, err));
    const char *text = project_manifest_text(p->store, files, count, p->arena);
    const char *key = project_manifest_key(p->table->short_name, change->text, p->arena);
    TRY(store_put(p->store, key, text, strlen(text), (store_put_options){0}, err));
    crash_point("project.swapped");
    return OK;
}

status manifest_remove(const projecting *p, const projection_change *change, error *err) {
    TRY(store_remove(p->store, project_manifest_key(p->table->short_name, change->text, p->arena),
                     err));
    crash_point("project.emptied");
    return OK;
}

status manifests_sweep(const projecting *p, const projection_changes *all, error *err) {
    store_objects there = {0};
    strmap *ours = strmap_new(p->arena);
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].version != 0)
            strmap_set(ours,
                       project_manifest_key(p->table->short_name, all->items[i].text, p->arena),
                       NULL);
    const char *prefix = arena_printf(p->arena, "%s/%s/", p->table->short_name, MANIFESTS);
    TRY(store_list(p->store, prefix, p->arena, &there, err));
    for (size_t i = 0; i < there.count; i++)
        if (!strmap_has(ours, there.items[i].key))
            TRY(store_remove(p->store, there.items[i].key, err));
    return OK;
}

/* Whether a name of ours is there already: names are given once, so what is there is the file. */
static bool is_shown(const store_objects *there, const char *key, int64_t bytes) {
    for (size_t i = 0; i < there->count; i++)
        if (str_eq(there->items[i].key, key))
            return there->items[i].size_bytes == bytes;
    return false;
}

static status remove_others(const projecting *p, const store_objects *there, const strings *shown,
                            error *err) {
    for (size_t i = 0; i < there->count; i++) {
        if (strings_contain(shown, there->items[i].key))
            continue;
        TRY(store_remove(p->store, there->items[i].key, err));
        crash_point("project.removed");
    }
    return OK;
}

status copies_make(const projecting *p, const projection_change *change, error *err) {
    ledger_file *files = NULL;
    size_t count = 0;
    store_objects there = {0};
    strings shown = {0};
    const char *prefix = partition_prefix(p, change->text);
    bool is_fixed = p->table->file_name != NULL;
    if (change->version != 0)
        TRY(ledger_version_files(p->c->ledger, change->version, p->arena, &files, &count, err));
    TRY(store_list(p->store, prefix, p->arena, &there, err));
    for (size_t i = 0; i < count; i++) {
        char *to = arena_printf(p->arena, "%s%s", prefix, path_name(files[i].object));
        vec_push(p->arena, &shown, to);
        if (!is_fixed && is_shown(&there, to, files[i].bytes))
            continue;
        TRY(store_copy(p->store, files[i].object, p->store, to,
                       (store_copy_options){.replace = true}, err));
        crash_point("project.linked");
    }
    TRY(remove_others(p, &there, &shown, err));
    crash_point("project.swapped");
    return OK;
}

status copies_move(store *s, const char *from, const char *to, error *err) {
    ARENA_AUTO a = arena_new();
    store_objects there = {0};
    TRY(store_list(s, from, a, &there, err));
    for (size_t i = 0; i < there.count; i++) {
        const char *key = there.items[i].key;
        TRY(store_copy(s, key, s, arena_printf(a, "%s%s", to, key + strlen(from)),
                       (store_copy_options){.replace = true}, err));
        crash_point("project.linked");
    }
    return store_remove_prefix(s, from, err);
}
