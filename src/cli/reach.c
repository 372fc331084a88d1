#include "cli/reach.h"

#include "cli/output.h"

enum { BRANCHES_SHOWN_MAX = 40 };

status reach_absorb(session *s, error *err) {
    ledger_edges behind = {0};
    error problem = {0};
    TRY(ledger_edges_behind(s->ledger, s->arena, &behind, err));
    if (behind.count == 0)
        return OK;
    TRY(session_rehearse(s, err));
    build_context build = session_build_context(s, NULL);
    status absorbed = build_absorb(&build, &problem);
    if (absorbed == E_DATA) {
        log_write(s->command->log, LOG_WARN, "%s", problem.message);
        return OK;
    }
    return error_pass(absorbed, &problem, err);
}

const output_column REACH_COLUMNS[] = {
    {"table", "table", OUTPUT_TEXT},     {"partition", "partition", OUTPUT_TEXT},
    {"rows", "rows", OUTPUT_COUNT},      {"bytes", "bytes", OUTPUT_BYTES},
    {"certain", "certain", OUTPUT_TEXT},
};
const size_t REACH_COLUMN_COUNT = ARRAY_SIZE(REACH_COLUMNS);

static json_t *node_name(const char *table, const char *partition) {
    json_t *name = json_object();
    json_object_set_new(name, "table", output_string(table));
    json_object_set_new(name, "partition", output_string(partition));
    return name;
}

json_t *reach_rows(const impact_reach *r) {
    json_t *rows = json_array();
    for (size_t i = 0; i < r->nodes.count; i++) {
        const impact_node *n = r->nodes.items[i];
        json_t *row = node_name(n->table->name, n->partition);
        json_object_set_new(row, "rows", json_integer(n->rows));
        json_object_set_new(row, "bytes", json_integer(n->bytes));
        json_object_set_new(row, "certain", json_boolean(n->certain));
        json_array_append_new(rows, row);
    }
    return rows;
}

typedef struct sums {
    int64_t partitions, rows, bytes;
} sums;

static sums sum_of_layer(const impact_reach *r, size_t layer) {
    sums sum = {0};
    for (size_t i = 0; i < r->nodes.count; i++) {
        const impact_node *n = r->nodes.items[i];
        if (n->table->layer != layer)
            continue;
        sum.partitions++;
        sum.rows += n->rows;
        sum.bytes += n->bytes;
    }
    return sum;
}

static json_t *layer_rows(const session *s, const impact_reach *r) {
    json_t *rows = json_array();
    for (size_t i = 0; i < s->lake->layer_count; i++) {
        sums sum = sum_of_layer(r, i);
        if (sum.partitions > 0)
            json_array_append_new(
                rows, json_pack("{s:s, s:I, s:I, s:I}", "layer", s->lake->layers[i].name,
                                "partitions", (json_int_t)sum.partitions, "rows",
                                (json_int_t)sum.rows, "bytes", (json_int_t)sum.bytes));
    }
    return rows;
}

static json_t *open_tables(const impact_reach *r) {
    json_t *names = json_array();
    for (size_t i = 0; i < r->open.count; i++)
        json_array_append_new(names, output_string(r->open.items[i]));
    return names;
}

void reach_describe(const session *s, const impact_reach *r, json_t *document) {
    json_object_set_new(document, "partitions", reach_rows(r));
    json_object_set_new(document, "layers", layer_rows(s, r));
    json_object_set_new(document, "complete", json_boolean(r->complete));
    json_object_set_new(document, "open", open_tables(r));
    json_object_set_new(document, "publications", json_array());
}

static char *layers_text(const session *s, const impact_reach *r) {
    arena *a = s->arena;
    strings parts = {0};
    for (size_t i = 0; i < s->lake->layer_count; i++) {
        sums sum = sum_of_layer(r, i);
        if (sum.partitions > 0)
            vec_push(a, &parts,
                     (const char *)arena_printf(a, "%s %lld (%s)", s->lake->layers[i].name,
                                                (long long)sum.partitions,
                                                output_bytes(a, sum.bytes)));
    }
    return str_join(a, &parts, ", ");
}

void reach_say_sums(const session *s, const impact_reach *r) {
    output *o = s->command->out;
    int64_t bytes = 0;
    for (size_t i = 0; i < r->nodes.count; i++)
        bytes += r->nodes.items[i]->bytes;
    if (r->nodes.count == 0)
        output_say(o, "no partition is reached");
    else
        output_say(o, "%s, %s: %s",
                   output_plural(s->arena, (int64_t)r->nodes.count, "partition", "partitions"),
                   output_bytes(s->arena, bytes), layers_text(s, r));
    if (!r->complete)
        output_say(o, "what some of it feeds is not known yet: the next run finds out");
    if (r->open.count > 0)
        output_say(o, "rows that come out otherwise may reach more partitions of %s",
                   str_join(s->arena, &r->open, ", "));
}

typedef struct tree {
    const session *session;
    const impact_reach *reach;
    strmap *shown; /* nodes and tables whose branches have been written already */
} tree;

static void write_line(const tree *t, const char *prefix, bool last, const char *text) {
    output_say(t->session->command->out, "%s%s%s", prefix, last ? "└─ " : "├─ ", text);
}

static size_t count_nodes(const tree *t, const lake_table *table) {
    size_t count = 0;
    for (size_t i = 0; i < t->reach->nodes.count; i++)
        count += t->reach->nodes.items[i]->table == table;
    return count;
}

/* Below all partitions of a table, partitions are only counted. */
static void write_readers(const tree *t, const lake_table *table, const char *prefix) {
    arena *a = t->session->arena;
    const lake *l = t->session->lake;
    lake_readers readers = lake_readers_of(l, table, a);
    for (size_t i = 0; i < readers.count; i++) {
        const lake_table *reader = readers.items[i].table;
        write_line(t, prefix, i + 1 == readers.count,
                   arena_printf(a, "%s  %s, if they change", reader->name,
                                output_plural(a, (int64_t)count_nodes(t, reader), "partition",
                                              "partitions")));
    }
}

static void write_whole(const tree *t, const lake_table *table, const char *prefix, bool last) {
    arena *a = t->session->arena;
    bool again = strmap_has(t->shown, table->name);
    const char *note = again ? " (see above)" : "";
    write_line(
        t, prefix, last,
        arena_printf(a, "%s  every partition, %zu%s", table->name, count_nodes(t, table), note));
    if (again)
        return;
    strmap_set(t->shown, table->name, t->shown);
    write_readers(t, table, arena_printf(a, "%s%s", prefix, last ? "   " : "│  "));
}

static void write_links(const tree *t, const impact_links *links, const char *prefix);

static void write_node(const tree *t, const impact_node *n, const char *prefix, bool last) {
    arena *a = t->session->arena;
    char *key = arena_printf(a, "%s %s", n->table->name, n->partition);
    bool leads = n->links.to.count + n->links.whole.count > 0;
    bool again = leads && strmap_has(t->shown, key);
    write_line(t, prefix, last,
               arena_printf(a, "%s  %s%s%s", key, n->exists ? output_bytes(a, n->bytes) : "new",
                            n->certain ? "" : ", if that changes", again ? " (see above)" : ""));
    if (again)
        return;
    strmap_set(t->shown, key, t->shown);
    write_links(t, &n->links, arena_printf(a, "%s%s", prefix, last ? "   " : "│  "));
}

static void write_links(const tree *t, const impact_links *links, const char *prefix) {
    size_t count = links->to.count, shown = count < BRANCHES_SHOWN_MAX ? count : BRANCHES_SHOWN_MAX;
    bool more = links->whole.count > 0;
    for (size_t i = 0; i < shown; i++)
        write_node(t, links->to.items[i], prefix, !more && shown == count && i + 1 == shown);
    if (count > shown)
        write_line(t, prefix, !more,
                   arena_printf(t->session->arena, "… and %zu more", count - shown));
    for (size_t i = 0; i < links->whole.count; i++)
        write_whole(t, links->whole.items[i], prefix, i + 1 == links->whole.count);
}

void reach_say_tree(const session *s, const impact_reach *r, const strings *labels) {
    tree t = {.session = s, .reach = r, .shown = strmap_new(s->arena)};
    for (size_t i = 0; i < labels->count; i++) {
        output_say(s->command->out, "%s", labels->items[i]);
        write_links(&t, &r->seeds[i], "");
    }
}

static void add_edges(json_t *edges, json_t *from, const impact_links *links) {
    for (size_t i = 0; i < links->to.count; i++) {
        const impact_node *n = links->to.items[i];
        json_array_append_new(edges, json_pack("{s:O, s:o}", "from", from, "to",
                                               node_name(n->table->name, n->partition)));
    }
    for (size_t i = 0; i < links->whole.count; i++)
        json_array_append_new(edges, json_pack("{s:O, s:o}", "from", from, "to",
                                               node_name(links->whole.items[i]->name, "*")));
}

json_t *reach_edges(const impact_reach *r, json_t *roots) {
    json_t *edges = json_array();
    for (size_t i = 0; i < json_array_size(roots); i++)
        add_edges(edges, json_array_get(roots, i), &r->seeds[i]);
    for (size_t i = 0; i < r->nodes.count; i++) {
        const impact_node *n = r->nodes.items[i];
        JSON_AUTO from = node_name(n->table->name, n->partition);
        add_edges(edges, from, &n->links);
    }
    return edges;
}
