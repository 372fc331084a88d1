#include "cli/verb.h"

#include "cli/causes.h"
#include "cli/document.h"
#include "cli/files.h"
#include "cli/subject.h"

enum { CAUSES_SHOWN = 10 };

/* As a run would begin: changes that are not marks yet are, in a copy of the ledger. */
static status find_waiting(session *s, why_waits *ret, error *err) {
    error problem = {0};
    TRY(session_rehearse(s, err));
    build_context build = session_build_context(s, NULL);
    status absorbed = build_absorb(&build, &problem);
    if (absorbed == E_DATA)
        log_write(s->command->log, LOG_WARN, "%s", problem.message);
    else if (absorbed != OK && err != NULL)
        *err = problem;
    if (absorbed != OK && absorbed != E_DATA)
        return absorbed;
    return why_waiting(&build, s->arena, ret, err);
}

static const why_wait *find_wait(const why_waits *all, const lake_table *t, const char *partition) {
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].table == t && str_eq(all->items[i].partition, partition))
            return &all->items[i];
    return NULL;
}

static status refuse_source(const lake_table *t, error *err) {
    error_set(err, E_USAGE, "source table \"%s\" has deliveries, not partitions", t->name);
    error_hint(err, "Name a file: `weir ls %s` lists them.", t->name);
    return E_USAGE;
}

static status need_partition(session *s, const lake_table *t, const char **ret, error *err) {
    const strings *arguments = &s->command->options->arguments;
    if (t->source != NULL)
        return refuse_source(t, err);
    if (arguments->count > 2)
        return error_set(err, E_USAGE, "\"%s\" is one argument too many: name one partition",
                         arguments->items[2]);
    *ret = arguments->count > 1 ? arguments->items[1] : "()";
    return arguments->count > 1 || t->partition_by.count == 0
               ? OK
               : subject_need_partition(s, t, "()", err);
}

/* Into the document: what is current; nothing when nothing is. */
static status describe_current(session *s, const lake_table *t, const char *partition,
                               json_t *document, bool *ret_accepted, error *err) {
    why_version v = {0};
    int64_t limit = 0;
    build_context build = session_build_context(s, NULL);
    TRY(option_int(s->command->options, OPTION_LIMIT, 1, CAUSES_SHOWN, &limit, err));
    status found = why_current(&build, t, partition, limit, s->arena, &v, err);
    if (found == E_NOT_FOUND)
        return OK;
    TRY(found);
    JSON_AUTO described = causes_of_version(s, &v);
    json_object_update(document, described);
    *ret_accepted = v.newest.is_accepted;
    return OK;
}

static status explain_partition(session *s, const lake_table *t, error *err) {
    why_wait settled = {.state = WHY_UP_TO_DATE, .certain = true};
    const char *partition = NULL;
    bool accepted = false;
    why_waits waits = {0};
    TRY(need_partition(s, t, &partition, err));
    TRY(find_waiting(s, &waits, err));
    const why_wait *wait = find_wait(&waits, t, partition);
    if (wait == NULL)
        TRY(subject_need_partition(s, t, partition, err));
    JSON_AUTO document = document_new();
    json_object_set_new(document, "table", output_string(t->name));
    json_object_set_new(document, "partition", output_string(partition));
    json_object_set_new(document, "version", json_null());
    TRY(describe_current(s, t, partition, document, &accepted, err));
    if (accepted)
        settled.state = WHY_ACCEPTED;
    json_object_set_new(document, "now", causes_of_wait(wait != NULL ? wait : &settled));
    output *o = s->command->out;
    progress_clear(s->command->progress);
    if (o->format == OUTPUT_TABLE)
        causes_tell(o, document);
    else
        output_json(o, document);
    return OK;
}

/* What takes the place of a delivery that does not count: of its identity, the one that does. */
static status find_successor(const session *s, const delivery *d, json_t *row, error *err) {
    deliveries all = {0};
    json_object_set_new(row, "instead", json_null());
    if (d->state != DELIVERY_SUPERSEDED && d->state != DELIVERY_DUPLICATE)
        return OK;
    TRY(ledger_deliveries_of_identity(s->ledger, d->table, d->identity, s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].state == DELIVERY_ACTIVE)
            json_object_set_new(row, "instead", causes_delivery(s, &all.items[i]));
    return OK;
}

static status describe_feeds(const session *s, const delivery *d, json_t *row, error *err) {
    json_t *feeds = json_array();
    json_object_set_new(row, "feeds", feeds);
    for (size_t i = 0; i < s->lake->table_count; i++)
        for (size_t j = 0; j < s->lake->tables[i]->input_count; j++) {
            const lake_input *input = &s->lake->tables[i]->inputs[j];
            strings partitions = {0};
            if (s->tables[input->table->index].id != d->table)
                continue;
            status found =
                ledger_feeds_of(s->ledger, s->tables[i].id, d->table, input->map_fingerprint, d->id,
                                s->arena, &partitions, err);
            if (found == E_NOT_FOUND)
                continue;
            TRY(found);
            json_array_append_new(feeds, json_pack("{s:s, s:o}", "table", s->lake->tables[i]->name,
                                                   "partitions", document_strings(&partitions)));
        }
    return OK;
}

static void tell_file(const session *s, const delivery *d, const json_t *row) {
    output *o = s->command->out;
    const json_t *instead = json_object_get(row, "instead");
    size_t i;
    const json_t *feed;
    output_say(o, "%s", files_label(s, d));
    output_say(o, "  landed %s, %s, sha256 %.12s, taken in by run %s",
               json_get_string(row, "landed", "unknown"),
               output_plural(s->arena, d->rows, "row", "rows"), d->sha256, d->run);
    if (json_is_object(instead))
        output_say(o, "  delivery %lld counts in its place, landed %s",
                   (long long)json_get_int(instead, "delivery", 0),
                   json_get_string(instead, "landed", "unknown"));
    json_array_foreach(json_object_get(row, "feeds"), i, feed) output_say(
        o, "  feeds %s of %s",
        output_plural(s->arena, (int64_t)json_array_size(json_object_get(feed, "partitions")),
                      "partition", "partitions"),
        json_get_string(feed, "table", ""));
}

static status explain_files(session *s, error *err) {
    deliveries found = {0};
    TRY(files_find(s, FIND_TO_LOOK, &found, err));
    JSON_AUTO document = document_new();
    json_t *rows = json_array();
    json_object_set_new(document, "deliveries", rows);
    for (size_t i = 0; i < found.count; i++) {
        json_t *row = causes_delivery(s, &found.items[i]);
        json_array_append_new(rows, row);
        TRY(find_successor(s, &found.items[i], row, err));
        TRY(describe_feeds(s, &found.items[i], row, err));
        tell_file(s, &found.items[i], row);
    }
    if (s->command->out->format != OUTPUT_TABLE)
        output_json(s->command->out, document);
    return OK;
}

static const output_column COLUMNS[] = {
    {"table", "table", OUTPUT_TEXT},
    {"partition", "partition", OUTPUT_TEXT},
    {"why", "why", OUTPUT_TEXT},
};

static status explain_stale(session *s, error *err) {
    bool *selected = NULL;
    why_waits waits = {0};
    TRY(session_select(s, &selected, err));
    TRY(find_waiting(s, &waits, err));
    JSON_AUTO document = document_new();
    json_t *rows = json_array();
    json_object_set_new(document, "partitions", rows);
    for (size_t i = 0; i < waits.count; i++) {
        const why_wait *w = &waits.items[i];
        if (selected != NULL && !selected[w->table->index])
            continue;
        json_t *row = causes_of_wait(w);
        json_object_set_new(row, "table", output_string(w->table->name));
        json_object_set_new(row, "partition", output_string(w->partition));
        json_object_set_new(row, "why", output_string(causes_line(s->arena, row)));
        json_array_append_new(rows, row);
    }
    progress_clear(s->command->progress);
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    if (json_array_size(rows) == 0)
        output_say(s->command->out, "nothing is stale");
    return OK;
}

static status explain(session *s, error *err) {
    const strings *arguments = &s->command->options->arguments;
    if (option_given(s->command->options, OPTION_STALE))
        return explain_stale(s, err);
    if (arguments->count == 0) {
        error_set(err, E_USAGE, "\"weir why\" needs a table, or a file");
        error_hint(err, "`weir why --stale` tells of all that waits to be built.");
        return E_USAGE;
    }
    const lake_table *t = lake_table_find(s->lake, arguments->items[0]);
    return t != NULL ? explain_partition(s, t, err) : explain_files(s, err);
}

status verb_why(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = explain(&s, err);
    session_close(&s);
    return result;
}
