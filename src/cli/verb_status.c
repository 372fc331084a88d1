#include "cli/verb.h"

#include "cli/document.h"
#include "cli/session.h"

static const output_column COLUMNS[] = {
    {"table", "table", OUTPUT_TEXT},       {"partitions", "partitions", OUTPUT_COUNT},
    {"stale", "stale", OUTPUT_COUNT},      {"failed", "failed", OUTPUT_COUNT},
    {"blocked", "blocked", OUTPUT_COUNT},  {"held", "held", OUTPUT_COUNT},
    {"rows", "rows", OUTPUT_COUNT},        {"bytes", "bytes", OUTPUT_BYTES},
    {"last_run", "last run", OUTPUT_TEXT},
};

static json_t *table_row(const lake_table *t, const table_summary *sum, int64_t blocked) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(t->name));
    json_object_set_new(row, "kind", json_string(t->source != NULL ? "source" : "derived"));
    json_object_set_new(row, "partitions", json_integer(sum->partitions));
    json_object_set_new(row, "stale", json_integer(sum->stale));
    json_object_set_new(row, "failed", json_integer(sum->failed));
    json_object_set_new(row, "blocked", json_integer(blocked));
    json_object_set_new(row, "held", json_integer(sum->held));
    json_object_set_new(row, "accepted", json_integer(sum->accepted));
    json_object_set_new(row, "rows", json_integer(sum->rows));
    json_object_set_new(row, "bytes", json_integer(sum->bytes));
    json_object_set_new(row, "last_run", output_string(sum->last_run));
    return row;
}

static int64_t count_of(const build_blockeds *blocked, const char *table) {
    int64_t count = 0;
    for (size_t i = 0; i < blocked->count; i++)
        count += str_eq(blocked->items[i].table, table);
    return count;
}

static status collect(session *s, const bool *selected, const build_blockeds *blocked, json_t *rows,
                      error *err) {
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        if (selected != NULL && !selected[i])
            continue;
        table_summary summary = {0};
        TRY(ledger_table_summary(s->ledger, s->tables[i].id, t->source != NULL, s->arena, &summary,
                                 err));
        json_array_append_new(rows, table_row(t, &summary, count_of(blocked, t->name)));
    }
    return OK;
}

static bool is_selected(const session *s, const bool *selected, const char *table) {
    const lake_table *t = lake_table_find(s->lake, table);
    return selected == NULL || (t != NULL && selected[t->index]);
}

static json_t *blocked_rows(const session *s, const bool *selected, const build_blockeds *blocked) {
    json_t *rows = json_array();
    for (size_t i = 0; i < blocked->count; i++)
        if (is_selected(s, selected, blocked->items[i].table))
            json_array_append_new(rows, document_blocked(&blocked->items[i]));
    return rows;
}

static json_t *failure_row(const lake_table *t, const ledger_failure *f) {
    JSON_AUTO told = NULL;
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(t->name));
    json_object_set_new(row, "partition", output_string(f->partition));
    if (json_parse(f->error, strlen(f->error), "failure", &told, NULL) == OK)
        json_object_set(row, "error", told);
    return row;
}

static status collect_failures(session *s, const bool *selected, json_t *rows, error *err) {
    for (size_t i = 0; i < s->lake->table_count; i++) {
        ledger_failures failures = {0};
        if (selected != NULL && !selected[i])
            continue;
        TRY(ledger_failures_of(s->ledger, s->tables[i].id, s->arena, &failures, err));
        for (size_t j = 0; j < failures.count; j++)
            json_array_append_new(rows, failure_row(s->lake->tables[i], &failures.items[j]));
    }
    return OK;
}

static json_t *hold_row(const lake_table *t, const ledger_hold *h) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(t->name));
    json_object_set_new(row, "partition", output_string(h->partition));
    json_object_set_new(row, "run", output_string(h->run));
    json_object_set_new(row, "who", output_string(h->who));
    json_object_set_new(row, "why", output_string(h->why));
    json_object_set_new(row, "at", output_time(h->at_us));
    return row;
}

static status collect_holds(session *s, const bool *selected, json_t *rows, error *err) {
    for (size_t i = 0; i < s->lake->table_count; i++) {
        ledger_holds holds = {0};
        if (selected != NULL && !selected[i])
            continue;
        TRY(ledger_holds_of(s->ledger, s->tables[i].id, s->arena, &holds, err));
        for (size_t j = 0; j < holds.count; j++)
            json_array_append_new(rows, hold_row(s->lake->tables[i], &holds.items[j]));
    }
    return OK;
}

/* What is left of tables that are no longer defined. */
static status collect_orphans(session *s, json_t *rows, error *err) {
    ledger_orphans all = {0};
    TRY(ledger_orphans_of(s->ledger, s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const ledger_orphan *o = &all.items[i];
        table_summary has = {0};
        if (o->is_dropped)
            continue;
        TRY(ledger_table_summary(s->ledger, o->id, o->is_source, s->arena, &has, err));
        json_t *row = json_object();
        json_object_set_new(row, "table", output_string(o->name));
        json_object_set_new(row, "kind", json_string(o->is_source ? "source" : "derived"));
        json_object_set_new(row, "partitions", json_integer(has.partitions));
        json_object_set_new(row, "rows", json_integer(has.rows));
        json_object_set_new(row, "bytes", json_integer(has.bytes));
        json_array_append_new(rows, row);
    }
    return OK;
}

enum { TOLD_MAX = 10 };

/* No more than a few of each kind: the whole list is in the document. */
static bool is_told(output *o, size_t place, size_t count, const char *word) {
    if (place == TOLD_MAX)
        output_say(o, "%s  %zu more", word, count - TOLD_MAX);
    return place < TOLD_MAX;
}

static void tell_failures(output *o, const json_t *failures) {
    size_t i;
    const json_t *row;
    json_array_foreach(failures, i, row) {
        if (!is_told(o, i, json_array_size(failures), "failed"))
            return;
        output_say(o, "failed  %s %s: %s", json_get_string(row, "table", ""),
                   json_get_string(row, "partition", ""),
                   json_get_string(json_object_get(row, "error"), "message", "unknown"));
    }
}

static void tell_blocked(output *o, const json_t *blocked) {
    size_t i;
    const json_t *row;
    json_array_foreach(blocked, i, row) {
        if (!is_told(o, i, json_array_size(blocked), "blocked"))
            return;
        output_say(o, "blocked  %s %s waits for %s", json_get_string(row, "table", ""),
                   json_get_string(row, "partition", ""), json_get_string(row, "by", ""));
    }
}

static void tell_holds(output *o, const json_t *holds) {
    size_t i;
    const json_t *hold;
    json_array_foreach(holds, i, hold) {
        const char *why = json_get_string(hold, "why", "");
        output_say(o, "held  %s %s: undo of %s by %s%s%s", json_get_string(hold, "table", ""),
                   json_get_string(hold, "partition", ""), json_get_string(hold, "run", ""),
                   json_get_string(hold, "who", ""), why[0] != '\0' ? ": " : "", why);
    }
}

static void tell_accepted(const session *s, const json_t *tables) {
    size_t i;
    const json_t *row;
    json_array_foreach(tables, i, row) {
        int64_t count = json_get_int(row, "accepted", 0);
        if (count > 0)
            output_say(s->command->out, "accepted  %s: %s made by other code, kept by weir accept",
                       json_get_string(row, "table", ""),
                       output_plural(s->arena, count, "partition", "partitions"));
    }
}

static void tell_orphans(const session *s, const json_t *orphans) {
    size_t i;
    const json_t *row;
    json_array_foreach(orphans, i, row) {
        if (!is_told(s->command->out, i, json_array_size(orphans), "orphaned"))
            return;
        output_say(s->command->out,
                   "orphaned  %s (%s): no longer defined; `weir drop %s` lets it go",
                   json_get_string(row, "table", ""),
                   output_bytes(s->arena, json_get_int(row, "bytes", 0)),
                   json_get_string(row, "table", ""));
    }
}

static void tell(const session *s, const json_t *document) {
    output *o = s->command->out;
    int64_t quarantined = json_get_int(document, "quarantine", 0);
    tell_failures(o, json_object_get(document, "failed"));
    tell_blocked(o, json_object_get(document, "blocked"));
    tell_holds(o, json_object_get(document, "held"));
    tell_accepted(s, json_object_get(document, "tables"));
    tell_orphans(s, json_object_get(document, "orphaned"));
    if (quarantined > 0)
        output_say(o, "%s in quarantine", output_plural(s->arena, quarantined, "file", "files"));
}

static status fill_document(session *s, const bool *selected, json_t *document, error *err) {
    const build_context build = session_build_context(s, NULL);
    json_t *rows = json_array(), *failed = json_array(), *holds = json_array();
    json_t *orphans = json_array();
    build_blockeds blocked = {0};
    int64_t quarantined = 0;
    json_object_set_new(document, "tables", rows);
    json_object_set_new(document, "failed", failed);
    json_object_set_new(document, "held", holds);
    json_object_set_new(document, "orphaned", orphans);
    TRY(build_blocked_find(&build, s->arena, &blocked, err));
    TRY(collect(s, selected, &blocked, rows, err));
    TRY(collect_failures(s, selected, failed, err));
    TRY(collect_holds(s, selected, holds, err));
    TRY(collect_orphans(s, orphans, err));
    TRY(ledger_quarantine_count(s->ledger, &quarantined, err));
    json_object_set_new(document, "blocked", blocked_rows(s, selected, &blocked));
    json_object_set_new(document, "quarantine", json_integer(quarantined));
    return OK;
}

static status show_status(session *s, error *err) {
    bool *selected = NULL;
    TRY(session_select(s, &selected, err));
    JSON_AUTO document = document_new();
    TRY(fill_document(s, selected, document, err));
    const json_t *rows = json_object_get(document, "tables");
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    tell(s, document);
    return OK;
}

status verb_status(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = show_status(&s, err);
    session_close(&s);
    return result;
}
