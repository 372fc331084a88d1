#include "cli/verb.h"

#include "cli/document.h"
#include "cli/files.h"
#include "cli/reach.h"
#include "cli/subject.h"
#include "ledger/reach.h"

enum { INPUTS_SHOWN_MAX = 10 };

/* What was asked about. */
typedef struct inquiry {
    impact_seeds seeds;
    strings labels; /* one per seed */
    json_t *roots;  /* one per seed; owned */
} inquiry;

static const lake_table *table_of(const session *s, const delivery *d) {
    for (size_t i = 0; i < s->lake->table_count; i++)
        if (s->tables[i].id == d->table)
            return s->lake->tables[i];
    return NULL;
}

/* Where the same bytes came before, that delivery is the one that was read. 0: none was. */
static status find_read(const session *s, const delivery *d, int64_t *ret, error *err) {
    deliveries all = {0};
    *ret = d->state == DELIVERY_REJECTED ? 0 : d->id;
    if (d->state != DELIVERY_DUPLICATE)
        return OK;
    TRY(ledger_deliveries_of_identity(s->ledger, d->table, d->identity, s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].state != DELIVERY_DUPLICATE && all.items[i].state != DELIVERY_REJECTED
            && all.items[i].land_time < d->land_time && str_eq(all.items[i].sha256, d->sha256))
            *ret = all.items[i].id;
    return OK;
}

/* Daily lists are read back to where they were the newest. */
static status counts(const session *s, const delivery *d, bool *ret, error *err) {
    *ret = d->state == DELIVERY_ACTIVE;
    return d->state == DELIVERY_SUPERSEDED ? ledger_looks_back(s->ledger, d->table, ret, err) : OK;
}

static status add_delivery(const session *s, const delivery *d, inquiry *into, error *err) {
    impact_seed seed = {.table = table_of(s, d)};
    TRY(counts(s, d, &seed.counts, err));
    TRY(find_read(s, d, &seed.delivery, err));
    vec_push(s->arena, &into->seeds, seed);
    vec_push(s->arena, &into->labels, (const char *)files_label(s, d));
    json_array_append_new(into->roots, files_row(s, d));
    return OK;
}

static status ask_about_files(session *s, inquiry *into, error *err) {
    deliveries found = {0};
    TRY(files_find(s, FIND_TO_LOOK, &found, err));
    for (size_t i = 0; i < found.count; i++)
        TRY(add_delivery(s, &found.items[i], into, err));
    return OK;
}

static bool is_active(void *state, const delivery *d) {
    (void)state;
    return d->state == DELIVERY_ACTIVE;
}

static status ask_about_source(session *s, const lake_table *t, inquiry *into, error *err) {
    deliveries found = {0};
    const strings *arguments = &s->command->options->arguments;
    if (arguments->count > 1) {
        error_set(err, E_USAGE, "source table \"%s\" has deliveries, not partitions", t->name);
        error_hint(err, "Name files: `weir ls %s` lists them.", t->name);
        return E_USAGE;
    }
    TRY(ledger_deliveries_where(s->ledger, s->tables[t->index].id, is_active, NULL, s->arena,
                                &found, err));
    for (size_t i = 0; i < found.count; i++)
        TRY(add_delivery(s, &found.items[i], into, err));
    return OK;
}

static void add_partition(const session *s, const lake_table *t, const char *text, inquiry *into) {
    impact_seed seed = {.table = t, .partition = text, .counts = true};
    vec_push(s->arena, &into->seeds, seed);
    vec_push(s->arena, &into->labels, (const char *)arena_printf(s->arena, "%s %s", t->name, text));
    json_t *root = json_object();
    json_object_set_new(root, "table", output_string(t->name));
    json_object_set_new(root, "partition", output_string(text));
    json_array_append_new(into->roots, root);
}

static status ask_about_partitions(session *s, const lake_table *t, inquiry *into, error *err) {
    const strings *arguments = &s->command->options->arguments;
    ledger_currents now = {0};
    for (size_t i = 1; i < arguments->count; i++) {
        TRY(subject_need_partition(s, t, arguments->items[i], err));
        add_partition(s, t, arguments->items[i], into);
    }
    if (arguments->count > 1)
        return OK;
    TRY(ledger_currents_of(s->ledger, s->tables[t->index].id, -1, s->arena, &now, err));
    for (size_t i = 0; i < now.count; i++)
        add_partition(s, t, now.items[i].text, into);
    return OK;
}

static status ask(session *s, inquiry *into, error *err) {
    const strings *arguments = &s->command->options->arguments;
    const lake_table *t =
        arguments->count > 0 ? lake_table_find(s->lake, arguments->items[0]) : NULL;
    if (t == NULL)
        return ask_about_files(s, into, err);
    return t->source != NULL ? ask_about_source(s, t, into, err)
                             : ask_about_partitions(s, t, into, err);
}

static void tell_inputs(const session *s, const inquiry *asked) {
    size_t count = asked->labels.count;
    for (size_t i = 0; i < count && i < INPUTS_SHOWN_MAX; i++)
        output_say(s->command->out, "%s", asked->labels.items[i]);
    if (count > INPUTS_SHOWN_MAX)
        output_say(s->command->out, "… and %zu more", count - INPUTS_SHOWN_MAX);
}

static void show(const session *s, const inquiry *asked, const impact_reach *reached) {
    output *o = s->command->out;
    bool tree = option_given(s->command->options, OPTION_TREE);
    JSON_AUTO document = document_new();
    JSON_AUTO rows = reach_rows(reached);
    json_object_set(document, "inputs", asked->roots);
    reach_describe(s, reached, document);
    if (tree)
        json_object_set_new(document, "edges", reach_edges(reached, asked->roots));
    if (tree)
        reach_say_tree(s, reached, &asked->labels);
    else
        tell_inputs(s, asked);
    if (!tree || o->format != OUTPUT_TABLE)
        output_write_list(o, &(output_list){document, rows, REACH_COLUMNS, REACH_COLUMN_COUNT});
    reach_say_sums(s, reached);
}

static status tell_impact(session *s, error *err) {
    JSON_AUTO roots = json_array();
    inquiry asked = {.roots = roots};
    impact_reach reached = {0};
    TRY(ask(s, &asked, err));
    TRY(reach_absorb(s, err));
    progress_clear(s->command->progress);
    build_context build = session_build_context(s, NULL);
    TRY(impact_of(impact_new(&build, s->arena), &asked.seeds, s->arena, &reached, err));
    show(s, &asked, &reached);
    return OK;
}

static json_t *summary_row(const impact_summary *sum) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(sum->table->name));
    json_object_set_new(row, "deliveries", json_integer(sum->deliveries));
    json_object_set_new(row, "partitions_median", json_integer(sum->partitions_median));
    json_object_set_new(row, "partitions_worst", json_integer(sum->partitions_worst));
    json_object_set_new(row, "bytes_median", json_integer(sum->bytes_median));
    json_object_set_new(row, "bytes_worst", json_integer(sum->bytes_worst));
    json_object_set_new(row, "worst", output_string(sum->worst));
    return row;
}

static status tell_summary(session *s, error *err) {
    static const output_column COLUMNS[] = {
        {"table", "table", OUTPUT_TEXT},
        {"deliveries", "deliveries", OUTPUT_COUNT},
        {"partitions_median", "partitions", OUTPUT_COUNT},
        {"bytes_median", "bytes", OUTPUT_BYTES},
        {"partitions_worst", "at worst", OUTPUT_COUNT},
        {"bytes_worst", "bytes", OUTPUT_BYTES},
        {"worst", "by", OUTPUT_TEXT},
    };
    bool *selected = NULL;
    impact_summary *all = NULL;
    size_t count = 0;
    TRY(session_select(s, &selected, err));
    TRY(reach_absorb(s, err));
    progress_clear(s->command->progress);
    build_context build = session_build_context(s, NULL);
    TRY(impact_summarize(&build, selected, s->arena, &all, &count, err));
    JSON_AUTO document = document_new();
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(rows, summary_row(&all[i]));
    json_object_set(document, "sources", rows);
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    output_say(s->command->out, "what one delivery reaches: in the middle, and at worst");
    return OK;
}

status verb_impact(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result =
            option_given(c->options, OPTION_SUMMARY) ? tell_summary(&s, err) : tell_impact(&s, err);
    session_close(&s);
    return result;
}
