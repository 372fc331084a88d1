#include "cli/verb.h"

#include "cli/describe.h"
#include "cli/document.h"
#include "cli/session.h"

typedef struct tree {
    const session *session;
    const bool *selected; /* NULL: all */
    bool *shown;          /* tables whose readers have been written already */
} tree;

static bool is_selected(const bool *selected, const lake_table *t) {
    return selected == NULL || selected[t->index];
}

static lake_readers selected_readers(const tree *g, const lake_table *t) {
    arena *a = g->session->arena;
    lake_readers all = lake_readers_of(g->session->lake, t, a);
    lake_readers some = {0};
    for (size_t i = 0; i < all.count; i++)
        if (is_selected(g->selected, all.items[i].table))
            vec_push(a, &some, all.items[i]);
    return some;
}

/* A table that several others are read by is written in full only once. */
static void write_node(tree *g, const lake_table *t, const char *prefix, const char *branch) {
    arena *a = g->session->arena;
    lake_readers readers = selected_readers(g, t);
    bool again = g->shown[t->index] && readers.count > 0;
    output_say(g->session->command->out, "%s%s%s%s", prefix, branch, describe_label(a, t),
               again ? " (see above)" : "");
    if (again)
        return;
    g->shown[t->index] = true;
    const char *deeper = "";
    if (branch[0] != '\0')
        deeper = str_starts(branch, "└") ? "   " : "│  ";
    const char *below = arena_printf(a, "%s%s", prefix, deeper);
    for (size_t i = 0; i < readers.count; i++)
        write_node(g, readers.items[i].table, below, i + 1 < readers.count ? "├─ " : "└─ ");
}

static bool is_root(const tree *g, const lake_table *t) {
    for (size_t i = 0; i < t->input_count; i++)
        if (is_selected(g->selected, t->inputs[i].table))
            return false;
    return is_selected(g->selected, t);
}

static void write_tree(const session *s, const bool *selected) {
    tree g = {.session = s, .selected = selected};
    g.shown = ARENA_ARRAY(s->arena, bool, s->lake->table_count);
    for (size_t i = 0; i < s->lake->table_count; i++)
        if (is_root(&g, s->lake->tables[i]))
            write_node(&g, s->lake->tables[i], "", "");
}

static void add_dot_quoted(buf *b, const char *text) {
    buf_char(b, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buf_char(b, '\\');
        buf_char(b, *c);
    }
    buf_char(b, '"');
}

static void write_dot(const session *s, const bool *selected) {
    buf b = buf_new(s->arena);
    buf_add(&b, "digraph lake {\n    rankdir=LR;\n    node [shape=box];\n");
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        if (!is_selected(selected, t))
            continue;
        buf_add(&b, "    ");
        add_dot_quoted(&b, t->name);
        buf_add(&b, t->source != NULL ? " [style=rounded];\n" : ";\n");
        for (size_t j = 0; j < t->input_count; j++) {
            if (!is_selected(selected, t->inputs[j].table))
                continue;
            buf_add(&b, "    ");
            add_dot_quoted(&b, t->inputs[j].table->name);
            buf_add(&b, " -> ");
            add_dot_quoted(&b, t->name);
            buf_add(&b, ";\n");
        }
    }
    buf_add(&b, "}\n");
    fputs(b.text, s->command->out->stream);
}

static void write_list(const session *s, const bool *selected, bool maps) {
    static const output_column MAPS[] = {
        {"table", "table", OUTPUT_TEXT},   {"input", "input", OUTPUT_TEXT},
        {"column", "column", OUTPUT_TEXT}, {"map", "map", OUTPUT_TEXT},
        {"from", "from", OUTPUT_TEXT},     {"aligned", "aligned", OUTPUT_TEXT},
        {"why", "why", OUTPUT_TEXT},
    };
    static const output_column EDGES[] = {
        {"table", "table", OUTPUT_TEXT},
        {"input", "input", OUTPUT_TEXT},
    };
    JSON_AUTO tables = json_array();
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        if (!is_selected(selected, t))
            continue;
        json_array_append_new(tables, describe_table(s->lake, t));
        if (maps)
            describe_maps(rows, t);
        for (size_t j = 0; !maps && j < t->input_count; j++)
            json_array_append_new(
                rows, json_pack("{s:s, s:s}", "table", t->name, "input", t->inputs[j].table->name));
    }
    JSON_AUTO document = document_new();
    json_object_set(document, "tables", tables);
    output_write_list(s->command->out, &(output_list){document, rows, maps ? MAPS : EDGES,
                                                      maps ? ARRAY_SIZE(MAPS) : ARRAY_SIZE(EDGES)});
}

static void tell_misalignments(const session *s, const bool *selected) {
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        if (is_selected(selected, t) && t->source == NULL && !t->aligned)
            output_say(s->command->out, "%s is built one partition at a time: %s", t->name,
                       t->misalignment != NULL ? t->misalignment : "not proved to be aligned");
    }
}

static status write_graph(const session *s, error *err) {
    const option_values *o = s->command->options;
    bool *selected = NULL;
    TRY(session_select(s, &selected, err));
    bool maps = option_given(o, OPTION_MAPS);
    if (option_given(o, OPTION_DOT))
        write_dot(s, selected);
    else if (maps || s->command->out->format != OUTPUT_TABLE)
        write_list(s, selected, maps);
    else
        write_tree(s, selected);
    if (maps)
        tell_misalignments(s, selected);
    return OK;
}

status verb_graph(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_DEFINITION, &s, err);
    if (result == OK)
        result = write_graph(&s, err);
    session_close(&s);
    return result;
}
