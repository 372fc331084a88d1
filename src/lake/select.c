#include "lake/lake.h"

#include <ctype.h>

/* One selection in the making: a flag per table. */
typedef struct selection {
    const lake *lake;
    arena *arena;
    bool *chosen;
} selection;

/* Inputs come first in lake->tables, so one pass in each direction reaches everything. */
static void add_inputs(const lake *l, bool *chosen) {
    for (size_t i = l->table_count; i-- > 0;) {
        const lake_table *t = l->tables[i];
        for (size_t j = 0; chosen[i] && j < t->input_count; j++)
            chosen[t->inputs[j].table->index] = true;
    }
}

static void add_readers(const lake *l, bool *chosen) {
    for (size_t i = 0; i < l->table_count; i++) {
        const lake_table *t = l->tables[i];
        for (size_t j = 0; j < t->input_count; j++)
            chosen[i] = chosen[i] || chosen[t->inputs[j].table->index];
    }
}

/* The tables of a name or pattern without its plus signs. */
static status match(const selection *s, const char *name, bool *matched, error *err) {
    bool is_pattern = strpbrk(name, "*?[") != NULL, any = false;
    if (!is_pattern) {
        const lake_table *t;
        TRY(lake_table_need(s->lake, name, &t, err));
        matched[t->index] = true;
        return OK;
    }
    for (size_t i = 0; i < s->lake->table_count; i++) {
        matched[i] = str_matches_glob(name, s->lake->tables[i]->name);
        any = any || matched[i];
    }
    if (any)
        return OK;
    status failed =
        error_set(err, E_USAGE, "no table matches \"%s\"", str_printable(s->arena, name));
    error_hint(err,
               "Write layer.table, layer.*, +x for x and all it reads, x+ for x and its readers.");
    return failed;
}

static char *trim(arena *a, const char *text) {
    while (isspace((unsigned char)*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        size--;
    return arena_strndup(a, text, size);
}

static status add_term(const selection *s, const char *text, error *err) {
    char *name = trim(s->arena, text);
    bool with_inputs = name[0] == '+';
    name += with_inputs;
    size_t size = strlen(name);
    bool with_readers = size > 0 && name[size - 1] == '+';
    if (with_readers)
        name[size - 1] = '\0';
    if (*name == '\0')
        return error_set(err, E_USAGE, "\"%s\" selects nothing", str_printable(s->arena, text));
    bool *matched = ARENA_ARRAY(s->arena, bool, s->lake->table_count);
    bool *below = ARENA_ARRAY(s->arena, bool, s->lake->table_count);
    TRY(match(s, name, matched, err));
    memcpy(below, matched, s->lake->table_count * sizeof *matched);
    if (with_inputs)
        add_inputs(s->lake, matched);
    if (with_readers)
        add_readers(s->lake, below);
    for (size_t i = 0; i < s->lake->table_count; i++)
        s->chosen[i] = s->chosen[i] || matched[i] || below[i];
    return OK;
}

static status add_terms(const selection *s, const strings *terms, error *err) {
    for (size_t i = 0; i < terms->count; i++) {
        strings parts = str_split(s->arena, terms->items[i], ',');
        for (size_t j = 0; j < parts.count; j++)
            TRY(add_term(s, parts.items[j], err));
    }
    return OK;
}

status lake_select(const lake *l, const strings *include, const strings *exclude, arena *a,
                   bool **ret_selected, error *err) {
    bool *in = ARENA_ARRAY(a, bool, l->table_count), *out = ARENA_ARRAY(a, bool, l->table_count);
    bool takes_all = include == NULL || include->count == 0;
    if (!takes_all)
        TRY(add_terms(&(selection){l, a, in}, include, err));
    if (exclude != NULL)
        TRY(add_terms(&(selection){l, a, out}, exclude, err));
    for (size_t i = 0; i < l->table_count; i++)
        in[i] = (in[i] || takes_all) && !out[i];
    *ret_selected = in;
    return OK;
}
