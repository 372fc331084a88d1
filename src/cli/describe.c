#include "cli/describe.h"

#include "cli/document.h"
#include "cli/output.h"

#include <inttypes.h>

const char *describe_map_kind(map_kind kind) {
    static const char *const NAMES[] = {
        [MAP_DERIVED] = "derived", [MAP_SAME] = "same",   [MAP_EXPRESSION] = "expression",
        [MAP_WINDOW] = "window",   [MAP_AS_OF] = "as_of", [MAP_ALL] = "all",
        [MAP_NONE] = "none",
    };
    ASSERT((size_t)kind < ARRAY_SIZE(NAMES));
    return NAMES[kind];
}

/* What a partition column is made of in the input; NULL: it plays no part. */
static const char *map_source(const lake_table *t, const sql_map *m, size_t place) {
    const strings *from = m->same.count > 0 ? &m->same : &m->expressions;
    if (m->span == NULL)
        return place < from->count ? from->items[place] : NULL;
    for (size_t i = 0; i < m->span->base.count; i++)
        if (str_eq(m->span->base.items[i], t->partition_by.items[place]))
            return from->items[i];
    return NULL;
}

/* "[-6, 0]", "[-1 month, 0]"; "newest" for as_of; NULL for other columns and maps. */
static char *span_label(const lake_table *t, const sql_map *m, size_t place, arena *a) {
    const span *s = m->span;
    if (s == NULL || !str_eq(s->base.items[s->base.count - 1], t->partition_by.items[place]))
        return NULL;
    if (s->kind == SPAN_AS_OF)
        return arena_strdup(a, "newest at or before");
    const char *unit = s->in_months ? " months" : "";
    return arena_printf(a, "[%" PRId64 "%s, %" PRId64 "%s]", s->from, unit, s->to, unit);
}

static json_t *source_text(const lake_table *t, const sql_map *m, size_t place) {
    ARENA_AUTO a = arena_new();
    const char *from = map_source(t, m, place), *label = span_label(t, m, place, a);
    if (from != NULL && m->where != NULL)
        return output_string(arena_printf(a, "%s where %s", from, m->where));
    if (from == NULL || label == NULL)
        return output_string(from);
    return output_string(arena_printf(a, "%s %s", from, label));
}

static json_t *map_document(const lake_table *t, const sql_map *m) {
    json_t *sources = json_object();
    for (size_t i = 0; m->kind != MAP_ALL && i < t->partition_by.count; i++)
        json_object_set_new(sources, t->partition_by.items[i], source_text(t, m, i));
    json_t *d = json_object();
    json_object_set_new(d, "kind", json_string(describe_map_kind(m->kind)));
    json_object_set_new(d, "columns", sources);
    json_object_set_new(d, "why", output_string(m->why));
    return d;
}

static json_t *input_documents(const lake_table *t) {
    json_t *inputs = json_array();
    for (size_t i = 0; i < t->input_count; i++) {
        json_t *input = json_object();
        json_object_set_new(input, "table", output_string(t->inputs[i].table->name));
        json_object_set_new(input, "map", map_document(t, &t->inputs[i].map));
        json_array_append_new(inputs, input);
    }
    return inputs;
}

json_t *describe_table(const lake *l, const lake_table *t) {
    json_t *d = json_object();
    json_object_set_new(d, "table", output_string(t->name));
    json_object_set_new(d, "layer", output_string(l->layers[t->layer].name));
    json_object_set_new(d, "kind", json_string(t->source != NULL ? "source" : "derived"));
    json_object_set_new(d, "partition_by", document_strings(&t->partition_by));
    json_object_set_new(d, "inputs", input_documents(t));
    bool derived = t->source == NULL;
    json_object_set_new(d, "aligned", derived ? json_boolean(t->aligned) : json_null());
    json_object_set_new(d, "misalignment", output_string(derived ? t->misalignment : NULL));
    return d;
}

static json_t *map_row(const lake_table *t, const sql_map *m) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(t->name));
    json_object_set_new(row, "input", output_string(m->table));
    json_object_set_new(row, "map", json_string(describe_map_kind(m->kind)));
    json_object_set_new(row, "why", output_string(m->why));
    json_object_set_new(row, "aligned", json_boolean(t->aligned));
    return row;
}

void describe_maps(json_t *rows, const lake_table *t) {
    for (size_t i = 0; i < t->input_count; i++) {
        const sql_map *m = &t->inputs[i].map;
        if (m->kind == MAP_ALL || t->partition_by.count == 0) {
            json_array_append_new(rows, map_row(t, m));
            continue;
        }
        for (size_t place = 0; place < t->partition_by.count; place++) {
            json_t *row = map_row(t, m);
            json_object_set_new(row, "column", output_string(t->partition_by.items[place]));
            json_object_set_new(row, "from", source_text(t, m, place));
            json_array_append_new(rows, row);
        }
    }
}

char *describe_label(arena *a, const lake_table *t) {
    if (t->partition_by.count == 0)
        return arena_strdup(a, t->name);
    return arena_printf(a, "%s [%s]", t->name, str_join(a, &t->partition_by, ", "));
}
