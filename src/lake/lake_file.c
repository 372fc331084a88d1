#include "base/path.h"
#include "lake/load.h"

static const char LAKE_FILE[] = "lake.yaml";

/* Names of schemas that the engine or Weir has already. */
static const char *const RESERVED_LAYERS[] = {
    "weir", "main", "temp", "system", "information_schema", "pg_catalog",
};

static bool is_reserved(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(RESERVED_LAYERS); i++) {
        if (str_eq(RESERVED_LAYERS[i], name))
            return true;
    }
    return false;
}

/* {gold: {store: …}}: *n becomes the name. */
static bool read_own_store(loader *l, const node **n, const char **ret_store) {
    const node_entry *entry = (*n)->entries.count == 1 ? &(*n)->entries.items[0] : NULL;
    const node *inner = entry != NULL && entry->name != NULL ? entry->value : NULL;
    const node *store = inner != NULL && inner->kind == NODE_MAP ? node_get(inner, "store") : NULL;
    if (store == NULL || store->kind != NODE_TEXT || inner->entries.count != 1) {
        error *err = problem_add(&l->problems, (*n)->at,
                                 "a layer must be a name, or a name with "
                                 "its own store");
        error_hint(err, "Write {gold: {store: s3://bucket/prefix}}.");
        return false;
    }
    error err = {0};
    if (value_check_location("store", store->text, &err) != OK) {
        problem_take(&l->problems, store->at, &err);
        return false;
    }
    node *name = ARENA_NEW(l->arena, node);
    *name = (node){.kind = NODE_TEXT, .text = entry->name, .at = entry->at};
    *n = name;
    *ret_store = store->text;
    return true;
}

static void add_layer(loader *l, const node *n) {
    lake *model = l->lake;
    const char *own_store = NULL;
    if (n->kind == NODE_MAP && !read_own_store(l, &n, &own_store))
        return;
    if (n->kind != NODE_TEXT || !str_is_name(n->text) || is_reserved(n->text)) {
        const char *name = n->kind == NODE_TEXT ? str_printable(l->arena, n->text) : "a list";
        error *err = problem_add(&l->problems, n->at, "\"%s\" cannot be the name of a layer", name);
        error_hint(err, "Use lower-case letters, digits and \"_\", beginning with a letter; %s.",
                   "names of Weir and the engine such as weir and main are taken");
        return;
    }
    for (size_t i = 0; i < model->layer_count; i++) {
        if (str_eq(model->layers[i].name, n->text)) {
            problem_add(&l->problems, n->at, "the layer \"%s\" is listed twice", n->text);
            return;
        }
    }
    model->layers[model->layer_count++] = (lake_layer){.name = n->text, .store = own_store};
}

static void read_layers(loader *l, const node *layers) {
    if (layers == NULL)
        return;
    if (layers->kind != NODE_LIST || layers->entries.count == 0) {
        error *err = problem_add(&l->problems, layers->at, "\"layers\" must be a list of names");
        error_hint(err, "Write them in order, as in [raw, silver, gold].");
        return;
    }
    l->lake->layers = ARENA_ARRAY(l->arena, lake_layer, layers->entries.count);
    for (size_t i = 0; i < layers->entries.count; i++)
        add_layer(l, layers->entries.items[i].value);
}

static void check_environments(loader *l, const node *environments) {
    for (size_t i = 0; environments != NULL && i < environments->entries.count; i++) {
        const node_entry *entry = &environments->entries.items[i];
        if (node_get(entry->value, "store") == NULL || node_get(entry->value, "ledger") != NULL)
            continue;
        error *err =
            problem_add(&l->problems, entry->at, "environment \"%s\" changes store but not ledger",
                        str_printable(l->arena, entry->name));
        error_hint(err, "One ledger belongs to one store: name the environment's own ledger.");
    }
}

static status apply_environment(loader *l, const node *root, error *err) {
    const char *wanted = l->options->environment;
    const node *environments = node_get(root, "environments");
    if (wanted == NULL)
        return OK;
    const node *chosen = node_get(environments, wanted);
    if (chosen == NULL || chosen->kind != NODE_MAP) {
        strings names = {0};
        for (size_t i = 0; environments != NULL && i < environments->entries.count; i++)
            vec_push(l->arena, &names, environments->entries.items[i].name);
        status failed = error_set(err, E_USAGE, "lake.yaml has no environment \"%s\"",
                                  str_printable(l->arena, wanted));
        problem_hint_nearest(err, wanted, &names);
        return failed;
    }
    const key *row = key_find(FILE_LAKE, key_find(FILE_LAKE, NULL, "environments"), wanted);
    fields_apply_below(chosen, FILE_LAKE, row, l->arena, l->lake);
    l->lake->environment = arena_strdup(l->arena, wanted);
    return OK;
}

/* Environments that were not chosen keep their ${…}: their variables may be unknown here. */
static void expand(loader *l, node *root) {
    for (size_t i = 0; i < root->entries.count; i++) {
        node_entry *entry = &root->entries.items[i];
        if (!str_eq(entry->name, "environments")) {
            node_expand(entry->value, &l->problems, l->options->variables);
            continue;
        }
        for (size_t j = 0; j < entry->value->entries.count; j++) {
            node_entry *environment = &entry->value->entries.items[j];
            if (environment->name != NULL && l->options->environment != NULL
                && str_eq(environment->name, l->options->environment))
                node_expand(environment->value, &l->problems, l->options->variables);
        }
    }
}

static void check_apart(loader *l, const node *root) {
    const lake *model = l->lake;
    const char *from = lake_delivered_to(model);
    if (!lake_place_inside(l->arena, from, model->store)
        && !lake_place_inside(l->arena, model->store, from))
        return;
    const node *store = node_get(root, "store"), *land = node_get(root, "land");
    place at = store != NULL ? store->at : land != NULL ? land->at : root->at;
    error *err = problem_add(&l->problems, at, "\"land\" and \"store\" must be apart");
    error_hint(err,
               "Neither may be inside the other: deliverers write to land, only Weir to store.");
}

static void resolve_paths(loader *l) {
    lake *model = l->lake;
    arena *a = l->arena;
    model->land = lake_place(a, model->dir, model->land);
    if (lake_place_is_bucket(model->land)) {
        model->land_bucket = model->land;
        model->land = path_join(a, model->dir, ".weir/land");
    }
    model->store = lake_place(a, model->dir, model->store);
    model->ledger = lake_place(a, model->dir, model->ledger);
    for (size_t i = 0; i < model->layer_count; i++) {
        lake_layer *layer = &model->layers[i];
        layer->has_own_store = layer->store != NULL;
        layer->store = layer->has_own_store ? lake_place(a, model->dir, layer->store)
                                            : path_join(a, model->store, layer->name);
    }
}

status load_lake_file(loader *l, bool *ret_good, error *err) {
    lake *model = l->lake;
    node *root = load_yaml(l, LAKE_FILE);
    *ret_good = false;
    if (root == NULL)
        return OK;
    expand(l, root);
    fields_check(root, FILE_LAKE, &l->problems);
    read_layers(l, node_get(root, "layers"));
    check_environments(l, node_get(root, "environments"));
    fields_default(FILE_LAKE, l->arena, model);
    fields_apply(root, FILE_LAKE, l->arena, model);
    TRY(apply_environment(l, root, err));
    if (model->code_version == NULL)
        model->code_version = arena_strdup(l->arena, getenv("WEIR_CODE_VERSION"));
    resolve_paths(l);
    check_apart(l, root);
    *ret_good = model->layer_count > 0;
    return OK;
}
