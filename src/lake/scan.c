#include "lake/load.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static const char TABLES[] = "tables";
static const char DEFAULTS_FILE[] = "_defaults.yaml";

/* Visible names in a folder, sorted. Hidden ones are editors' and git's. false: not readable. */
static bool list_folder(loader *l, const char *folder, strings *ret) {
    const char *path = path_join(l->arena, l->lake->dir, folder);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        error err = {0};
        error_set_errno(&err, errno, "cannot read the folder \"%s\"", folder);
        problem_take(&l->problems, (place){.file = folder}, &err);
        return false;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.')
            vec_push(l->arena, ret, arena_strdup(l->arena, entry->d_name));
    }
    closedir(dir);
    strings_sort(ret);
    return true;
}

static bool is_folder(const loader *l, const char *path) {
    struct stat found;
    return stat(path_join(l->arena, l->lake->dir, path), &found) == 0 && S_ISDIR(found.st_mode);
}

/* The file names of one layer's folder, sorted into what they are. */
typedef struct folder {
    const char *path; /* "tables/silver" */
    size_t layer;
    strmap *tables; /* name to found * */
    bool has_defaults;
} folder;

typedef struct found {
    const char *yaml_file, *sql_file;
} found;

static void hint_other(error *err, const char *name) {
    if (str_ends(name, ".yml"))
        error_hint(err, "Rename it to end in .yaml.");
    else if (str_ends(name, ".yaml") || str_ends(name, ".sql"))
        error_hint(err,
                   "Name tables in lower-case letters, digits and \"_\", beginning with a letter.");
    else
        error_hint(err, "Here are only <table>.sql, <table>.yaml, _defaults.yaml and *.md files.");
}

/* The table's name when file is called <table><suffix>, else NULL. */
static const char *table_of(loader *l, const char *file, const char *suffix) {
    if (!str_ends(file, suffix))
        return NULL;
    const char *name = arena_strndup(l->arena, file, strlen(file) - strlen(suffix));
    return str_is_name(name) ? name : NULL;
}

static void classify(loader *l, folder *f, const char *file) {
    const char *path = path_join(l->arena, f->path, file);
    const char *yaml = table_of(l, file, ".yaml"), *sql = table_of(l, file, ".sql");
    if (str_ends(file, ".md"))
        return;
    if (str_eq(file, DEFAULTS_FILE)) {
        f->has_defaults = true;
        return;
    }
    if ((yaml == NULL && sql == NULL) || is_folder(l, path)) {
        error *err = problem_add(&l->problems, (place){.file = path},
                                 "\"%s\" is not a table's file", str_printable(l->arena, file));
        hint_other(err, file);
        return;
    }
    const char *name = yaml != NULL ? yaml : sql;
    found *f_table = strmap_get(f->tables, name);
    if (f_table == NULL)
        f_table = ARENA_NEW(l->arena, found);
    if (yaml != NULL)
        f_table->yaml_file = path;
    else
        f_table->sql_file = path;
    strmap_set(f->tables, name, f_table);
}

static node *read_defaults(loader *l, const folder *f) {
    if (!f->has_defaults)
        return NULL;
    node *root = load_yaml(l, path_join(l->arena, f->path, DEFAULTS_FILE));
    if (root == NULL)
        return NULL;
    node_expand(root, &l->problems, l->options->variables);
    fields_check(root, FILE_SOURCE | FILE_DERIVED | FILE_DEFAULTS, &l->problems);
    return root;
}

static void read_files(loader *l, draft *d) {
    lake_table *t = d->table;
    char *text;
    size_t size;
    if (t->yaml_file != NULL) {
        d->yaml = load_yaml(l, t->yaml_file);
        d->is_broken = d->yaml == NULL;
        if (d->yaml != NULL)
            node_expand(d->yaml, &l->problems, l->options->variables);
    }
    if (t->sql_file == NULL)
        return;
    t->sql = "";
    if (!load_text(l, t->sql_file, &text, &size)) {
        d->is_broken = true;
    } else if (!str_is_utf8(text, size)) {
        problem_add(&l->problems, (place){.file = t->sql_file}, "the file is not UTF-8 text");
        d->is_broken = true;
    } else {
        t->sql = text;
    }
}

static void add_draft(loader *l, const folder *f, const node *defaults, const char *name,
                      const found *files) {
    lake_table *t = ARENA_NEW(l->arena, lake_table);
    t->layer = f->layer;
    t->short_name = name;
    t->name = arena_printf(l->arena, "%s.%s", l->lake->layers[f->layer].name, name);
    t->yaml_file = files->yaml_file;
    t->sql_file = files->sql_file;
    if (t->sql_file == NULL)
        t->source = ARENA_NEW(l->arena, lake_source);
    draft d = {.table = t, .defaults = defaults};
    read_files(l, &d);
    vec_push(l->arena, &l->drafts, d);
    vec_push(l->arena, &l->names, t->name);
}

static void scan_layer(loader *l, size_t layer) {
    strings files = {0}, names = {0};
    folder f = {.layer = layer, .tables = strmap_new(l->arena)};
    f.path = path_join(l->arena, TABLES, l->lake->layers[layer].name);
    if (!is_folder(l, f.path) || !list_folder(l, f.path, &files))
        return;
    for (size_t i = 0; i < files.count; i++)
        classify(l, &f, files.items[i]);
    const node *defaults = read_defaults(l, &f);
    for (size_t i = 0; i < strmap_count(f.tables); i++)
        vec_push(l->arena, &names, strmap_at(f.tables, i, NULL));
    strings_sort(&names);
    for (size_t i = 0; i < names.count; i++)
        add_draft(l, &f, defaults, names.items[i], strmap_get(f.tables, names.items[i]));
}

static void check_top(loader *l, const char *name) {
    const char *path = path_join(l->arena, TABLES, name);
    strings layers = {0};
    for (size_t i = 0; i < l->lake->layer_count; i++) {
        if (str_eq(l->lake->layers[i].name, name) && is_folder(l, path))
            return;
        vec_push(l->arena, &layers, l->lake->layers[i].name);
    }
    if (!is_folder(l, path)) {
        if (str_ends(name, ".md"))
            return;
        error *err =
            problem_add(&l->problems, (place){.file = path}, "\"%s\" is not in a layer's folder",
                        str_printable(l->arena, name));
        error_hint(err, "Move it to %s/<layer>/.", TABLES);
        return;
    }
    error *err = problem_add(&l->problems, (place){.file = path},
                             "\"%s\" is not a layer of lake.yaml", str_printable(l->arena, name));
    if (str_nearest(name, &layers) != NULL)
        problem_hint_nearest(err, name, &layers);
    else
        error_hint(err, "Layers are %s.", str_join(l->arena, &layers, ", "));
}

void load_scan(loader *l) {
    strings top = {0};
    if (!is_folder(l, TABLES) || !list_folder(l, TABLES, &top))
        return;
    for (size_t i = 0; i < top.count; i++)
        check_top(l, top.items[i]);
    for (size_t i = 0; i < l->lake->layer_count; i++)
        scan_layer(l, i);
    for (size_t i = 0; i < l->drafts.count; i++)
        strmap_set(l->by_name, l->drafts.items[i].table->name, &l->drafts.items[i]);
}
