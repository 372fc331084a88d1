#include "lake/load.h"
#include "lake/statement.h"

/* count: 1 needs the one name; without it the table's own is taken. */
static void read_files(loader *l, const draft *d, const node *files) {
    lake_table *t = d->table;
    const node *count = node_get(files, "count"), *name = node_get(files, "name");
    if (count != NULL && count->kind == NODE_TEXT && !str_eq(count->text, "1")) {
        error *err = problem_add(&l->problems, count->at, "\"files.count\" can only be 1");
        error_hint(err, "For more files set \"target_size\".");
    }
    if (name != NULL && count == NULL)
        problem_add(&l->problems, name->at, "\"files.name\" needs \"files.count: 1\"");
    if (count != NULL && t->file_name == NULL)
        t->file_name = arena_printf(l->arena, "%s.parquet", t->short_name);
    if (t->file_name != NULL && !str_ends(t->file_name, ".parquet"))
        problem_add(&l->problems, name != NULL ? name->at : files->at,
                    "\"files.name\" must end in .parquet");
}

/* What is no partition column: as_of, and by beside it. */
static void check_map_word(loader *l, const lake_table *t, const node *map,
                           const node_entry *entry) {
    if (str_eq(entry->name, "as_of") && t->partition_by.count > 0)
        return;
    if (str_eq(entry->name, "by") && node_get(map, "as_of") != NULL)
        return;
    bool is_by = str_eq(entry->name, "by");
    error *err =
        is_by ? problem_add(&l->problems, entry->at, "\"by\" needs \"as_of\"")
              : problem_add(&l->problems, entry->at, "\"%s\" is not a column of \"partition_by\"",
                            str_printable(l->arena, entry->name));
    if (is_by)
        error_hint(err, "Beside a window it stands as {by: \"<expression>\", window: [-6, 0]}.");
    else
        problem_hint_nearest(err, entry->name, &t->partition_by);
}

static void check_map_names(loader *l, const draft *d, const node *map) {
    const lake_table *t = d->table;
    if (map == NULL || map->kind != NODE_MAP)
        return;
    for (size_t i = 0; i < map->entries.count; i++) {
        const node *expressions = map->entries.items[i].value;
        for (size_t j = 0; j < expressions->entries.count; j++) {
            const node_entry *entry = &expressions->entries.items[j];
            if (!strings_contain(&t->partition_by, entry->name))
                check_map_word(l, t, expressions, entry);
        }
    }
}

static void choose_projection(const lake *l, lake_table *t) {
    t->projects_by_place = t->projection == PROJECTION_AUTO;
    if (t->projects_by_place)
        t->projection = lake_projection_at(l->layers[t->layer].store);
}

void load_derived(loader *l, draft *d) {
    lake_table *t = d->table;
    size_t before = l->problems.list.count;
    fields_default(FILE_DERIVED, l->arena, t);
    if (d->defaults != NULL) {
        fields_apply(d->defaults, FILE_DERIVED, l->arena, t);
        const node *files = node_get(d->defaults, "files");
        if (files != NULL && node_get(d->yaml, "files") == NULL)
            read_files(l, d, files);
    }
    if (d->yaml != NULL) {
        fields_check(d->yaml, FILE_DERIVED, &l->problems);
        fields_apply(d->yaml, FILE_DERIVED, l->arena, t);
        const node *files = node_get(d->yaml, "files");
        if (files != NULL)
            read_files(l, d, files);
        check_map_names(l, d, node_get(d->yaml, "map"));
    }
    choose_projection(l->lake, t);
    t->sql = statement_text(l->arena, t->sql);
    if (!d->is_broken && *t->sql == '\0') {
        error *err = problem_add(&l->problems, (place){.file = t->sql_file, .line = 1, .column = 1},
                                 "the file holds no SQL");
        error_hint(err, "Write one SELECT; for a source table remove the .sql file.");
    }
    d->is_broken = d->is_broken || l->problems.list.count > before;
}
