#include "base/hash.h"
#include "lake/load.h"

static void question_key(const loader *l, const char *sql, char question[SHA256_TEXT_SIZE]) {
    hasher *h = hasher_new();
    hasher_text(h, "facts");
    hasher_text(h, l->options->engine_version);
    hasher_text(h, sql);
    hasher_finish(h, question);
    hasher_free(h);
}

static json_t *encode(const sql_facts *f) {
    json_t *inputs = json_array(), *names = json_array();
    for (size_t i = 0; i < f->inputs.count; i++) {
        const sql_input_ref *in = &f->inputs.items[i];
        json_array_append_new(inputs, json_pack("[s,i,i]", in->table, in->line, in->column));
    }
    for (size_t i = 0; i < f->column_names.count; i++)
        json_array_append_new(names, json_string(f->column_names.items[i]));
    return json_pack("{s:o,s:o,s:b,s:b,s:s}", "inputs", inputs, "names", names, "star", f->has_star,
                     "run", f->reads_run, "fingerprint", f->fingerprint);
}

static bool decode_inputs(const json_t *list, arena *a, sql_facts *f) {
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) {
        const char *table;
        int line, at;
        if (json_unpack((json_t *)(uintptr_t)item, "[s,i,i]", &table, &line, &at) != 0)
            return false;
        vec_push(a, &f->inputs, ((sql_input_ref){arena_strdup(a, table), line, at}));
    }
    return true;
}

static bool decode(const json_t *answer, arena *a, sql_facts *ret) {
    sql_facts f = {0};
    json_t *inputs, *names, *item;
    const char *fingerprint;
    size_t i;
    int star, run;
    if (answer == NULL
        || json_unpack((json_t *)(uintptr_t)answer, "{s:o,s:o,s:b,s:b,s:s}", "inputs", &inputs,
                       "names", &names, "star", &star, "run", &run, "fingerprint", &fingerprint)
               != 0
        || strlen(fingerprint) + 1 != sizeof f.fingerprint || !decode_inputs(inputs, a, &f))
        return false;
    json_array_foreach(names, i, item) {
        if (!json_is_string(item))
            return false;
        vec_push(a, &f.column_names, arena_strdup(a, json_string_value(item)));
    }
    f.has_star = star != 0;
    f.reads_run = run != 0;
    memcpy(f.fingerprint, fingerprint, sizeof f.fingerprint);
    *ret = f;
    return true;
}

static status ask(loader *l, const draft *d, sql_facts *ret, error *err) {
    const sql_engine *engine = l->options->engine;
    JSON_AUTO tree = NULL;
    if (engine == NULL)
        return error_set(err, E_ENGINE, "no engine to read the SQL of \"%s\"", d->table->name);
    TRY(engine->parse(engine->state, d->table->sql, &tree, err));
    return sql_inspect(tree, d->table->sql, l->arena, ret, err);
}

/* true: facts are there. false with OK: a problem was added. */
static status find_facts(loader *l, draft *d, bool *ret_found, error *err) {
    char question[SHA256_TEXT_SIZE];
    error problem = {0};
    question_key(l, d->table->sql, question);
    *ret_found = decode(cache_get(l->cache, question), l->arena, &d->facts);
    if (*ret_found)
        return OK;
    status result = ask(l, d, &d->facts, &problem);
    if (result == E_DEFINITION) {
        problem_take(&l->problems, (place){.file = d->table->sql_file}, &problem);
        return OK;
    }
    if (result != OK)
        return error_pass(result, &problem, err);
    cache_put(l->cache, question, encode(&d->facts));
    *ret_found = true;
    return OK;
}

static const char *layer_names(const loader *l) {
    strings names = {0};
    for (size_t i = 0; i < l->lake->layer_count; i++)
        vec_push(l->arena, &names, l->lake->layers[i].name);
    return str_join(l->arena, &names, ", ");
}

static void complain_missing(loader *l, const char *name, place at) {
    error *err =
        problem_add(&l->problems, at, "there is no table \"%s\"", str_printable(l->arena, name));
    if (str_nearest(name, &l->names) != NULL)
        problem_hint_nearest(err, name, &l->names);
    else
        error_hint(err, "A table is a file below tables/<layer>/: name it layer.table.");
}

static void complain_unreadable(loader *l, const lake_table *input, place at) {
    if (input->source->format == FORMAT_OPAQUE) {
        problem_add(&l->problems, at, "\"%s\" holds opaque files: SQL cannot read them",
                    input->name);
        return;
    }
    error *err =
        problem_add(&l->problems, at, "\"%s\" has no columns yet: SQL cannot read it", input->name);
    error_hint(err, "`weir add %s FILE` writes them from a delivered file.", input->name);
}

static bool check_input(loader *l, const draft *d, const draft *input, place at) {
    const lake_table *t = d->table, *from = input->table;
    if (from == t) {
        problem_add(&l->problems, at, "\"%s\" reads itself", t->name);
        return false;
    }
    if (from->layer > t->layer) {
        error *err = problem_add(&l->problems, at, "\"%s\" reads \"%s\" of a later layer", t->name,
                                 from->name);
        error_hint(err, "A table reads its own layer or earlier ones; in order they are %s.",
                   layer_names(l));
        return false;
    }
    if (from->source != NULL && from->columns.count == 0 && !input->is_broken) {
        complain_unreadable(l, from, at);
        return false;
    }
    return true;
}

static void resolve_input(loader *l, draft *d, const sql_input_ref *ref) {
    place at = {d->table->sql_file, ref->line, ref->column};
    const draft *input = strmap_get(l->by_name, ref->table);
    if (input == NULL) {
        complain_missing(l, ref->table, at);
        d->is_broken = true;
    } else if (!check_input(l, d, input, at)) {
        d->is_broken = true;
    } else {
        vec_push(l->arena, &d->inputs, (size_t)(input - l->drafts.items));
    }
}

/* Maps are for inputs that the SQL reads. */
static void check_map_inputs(loader *l, const draft *d) {
    const node *map = node_get(d->yaml, "map");
    strings inputs = {0};
    for (size_t i = 0; i < d->facts.inputs.count; i++)
        vec_push(l->arena, &inputs, d->facts.inputs.items[i].table);
    for (size_t i = 0; map != NULL && i < map->entries.count; i++) {
        const node_entry *entry = &map->entries.items[i];
        if (entry->name == NULL || strings_contain(&inputs, entry->name))
            continue;
        error *err =
            problem_add(&l->problems, entry->at, "\"%s\" in \"map\" is not an input of \"%s\"",
                        str_printable(l->arena, entry->name), d->table->name);
        problem_hint_nearest(err, entry->name, &inputs);
    }
}

status load_facts(loader *l, draft *d, error *err) {
    bool found = false;
    TRY(find_facts(l, d, &found, err));
    if (!found) {
        d->is_broken = true;
        return OK;
    }
    if (d->facts.reads_run) {
        problem_add(&l->problems, (place){.file = d->table->sql_file},
                    "\"weir.run\" is not supported yet");
        d->is_broken = true;
    }
    for (size_t i = 0; i < d->facts.inputs.count; i++)
        resolve_input(l, d, &d->facts.inputs.items[i]);
    check_map_inputs(l, d);
    return OK;
}
