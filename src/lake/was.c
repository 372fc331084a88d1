#include "lake/load.h"

/* Its files are in that layer's store. */
static bool is_of_layer(const loader *l, const lake_table *t) {
    const char *layer = l->lake->layers[t->layer].name;
    size_t size = strlen(layer);
    return strncmp(t->was, layer, size) == 0 && t->was[size] == '.'
           && str_is_name(t->was + size + 1);
}

static void check_was(loader *l, size_t index) {
    const draft *d = &l->drafts.items[index];
    const lake_table *t = d->table;
    place at = node_get(d->yaml, "was")->at;
    if (str_eq(t->was, t->name)) {
        problem_add(&l->problems, at, "\"%s\" is what the table is called now", t->name);
    } else if (!is_of_layer(l, t)) {
        error *err = problem_add(&l->problems, at, "\"%s\" is no table of the layer \"%s\"",
                                 str_printable(l->arena, t->was), l->lake->layers[t->layer].name);
        error_hint(err, "Files do not move from layer to layer: build the table anew there, and "
                        "`weir drop` the old one.");
    }
    for (size_t i = 0; i < index; i++) {
        const lake_table *other = l->drafts.items[i].table;
        if (other->was != NULL && str_eq(other->was, t->was))
            problem_add(&l->problems, at, "\"%s\" was \"%s\", too", other->name, t->was);
    }
}

void load_check_was(loader *l) {
    for (size_t i = 0; i < l->drafts.count; i++) {
        lake_table *t = l->drafts.items[i].table;
        if (t->source != NULL)
            t->was = t->source->was;
        if (t->was != NULL)
            check_was(l, i);
    }
}
