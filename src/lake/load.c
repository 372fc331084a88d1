#include "lake/load.h"

#include "base/path.h"

bool load_text(loader *l, const char *file, char **ret_text, size_t *ret_size) {
    error err = {0};
    const char *path = path_join(l->arena, l->lake->dir, file);
    status result = file_read(path, DEFINITION_SIZE_MAX, l->arena, ret_text, ret_size, &err);
    if (result == OK)
        return true;
    if (result == E_DATA)
        error_set(&err, E_DEFINITION, "the file is larger than %d bytes", DEFINITION_SIZE_MAX);
    problem_take(&l->problems, (place){.file = file}, &err);
    return false;
}

node *load_yaml(loader *l, const char *file) {
    char *text;
    size_t size;
    if (!load_text(l, file, &text, &size))
        return NULL;
    return node_parse(file, text, size, &l->problems);
}

place draft_place(const draft *d) {
    if (d->yaml != NULL)
        return d->yaml->at;
    const lake_table *t = d->table;
    return (place){.file = t->yaml_file != NULL ? t->yaml_file : t->sql_file};
}

static void load_tables(loader *l) {
    load_scan(l);
    for (size_t i = 0; i < l->drafts.count; i++) {
        draft *d = &l->drafts.items[i];
        if (d->table->source != NULL)
            load_source(l, d);
        else
            load_derived(l, d);
    }
    load_check_land(l);
    load_check_was(l);
}

static status load_all_facts(loader *l, error *err) {
    for (size_t i = 0; i < l->drafts.count; i++) {
        draft *d = &l->drafts.items[i];
        if (d->table->sql != NULL && !d->is_broken)
            TRY(load_facts(l, d, err));
    }
    return OK;
}

static bool has_broken_input(const loader *l, const draft *d) {
    for (size_t i = 0; i < d->inputs.count; i++) {
        if (l->drafts.items[d->inputs.items[i]].is_broken)
            return true;
    }
    return false;
}

static status load_all_analyses(loader *l, error *err) {
    for (size_t i = 0; i < l->drafts.count; i++) {
        draft *d = &l->drafts.items[i];
        d->is_broken = d->is_broken || has_broken_input(l, d);
        if (d->table->sql != NULL && !d->is_broken)
            TRY(load_analysis(l, d, err));
    }
    return OK;
}

static void fill_lake(loader *l) {
    l->lake->table_count = l->drafts.count;
    l->lake->tables = ARENA_ARRAY(l->arena, lake_table *, l->drafts.count);
    for (size_t i = 0; i < l->drafts.count; i++)
        l->lake->tables[i] = l->drafts.items[i].table;
}

static status load_steps(loader *l, error *err) {
    bool good = false;
    TRY(load_lake_file(l, &good, err));
    if (!good)
        return OK;
    load_tables(l);
    TRY(load_all_facts(l, err));
    load_order(l);
    TRY(load_all_analyses(l, err));
    fill_lake(l);
    if (l->problems.list.count == 0)
        load_fingerprints(l);
    return OK;
}

/* The first error by place, or the lake. */
static status load_verdict(loader *l, lake **ret, errors *all, error *err) {
    problems_sort(&l->problems);
    if (all != NULL)
        *all = l->problems.list;
    if (l->problems.list.count > 0)
        return error_pass(E_DEFINITION, &l->problems.list.items[0], err);
    *ret = l->lake;
    return OK;
}

status lake_load(const lake_options *options, arena *a, lake **ret, errors *all, error *err) {
    char *dir = realpath(options->dir, NULL);
    if (dir == NULL) {
        status failed = error_set(err, E_DEFINITION, "there is no folder \"%s\"", options->dir);
        error_hint(err, "Name the folder that holds lake.yaml, or make one with `weir init`.");
        return failed;
    }
    loader l = {.options = options, .arena = a, .problems = {.arena = a}};
    l.lake = ARENA_NEW(a, lake);
    l.lake->dir = arena_strdup(a, dir);
    free(dir);
    l.by_name = strmap_new(a);
    l.cache = cache_open(options->use_cache ? l.lake->dir : NULL, ANALYSIS_VERSION);
    status result = load_steps(&l, err);
    cache_close(l.cache, result == OK);
    return result == OK ? load_verdict(&l, ret, all, err) : result;
}
