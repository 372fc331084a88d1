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
    json_object_set_new(row, "rows", json_integer(sum->rows));
    json_object_set_new(row, "bytes", json_integer(sum->bytes));
    json_object_set_new(row, "last_run", output_string(sum->last_run));
    return row;
}

static status collect(session *s, const bool *selected, json_t *rows, error *err) {
    const build_context build = session_build_context(s, NULL);
    int64_t *blocked = ARENA_ARRAY(s->arena, int64_t, s->lake->table_count);
    TRY(build_blocked_counts(&build, s->arena, blocked, err));
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        if (selected != NULL && !selected[i])
            continue;
        table_summary summary = {0};
        TRY(ledger_table_summary(s->ledger, s->tables[i].id, t->source != NULL, s->arena, &summary,
                                 err));
        json_array_append_new(rows, table_row(t, &summary, blocked[i]));
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

static status show_status(session *s, error *err) {
    bool *selected = NULL;
    TRY(session_select(s, &selected, err));
    JSON_AUTO rows = json_array();
    JSON_AUTO holds = json_array();
    int64_t quarantined = 0;
    TRY(collect(s, selected, rows, err));
    TRY(collect_holds(s, selected, holds, err));
    TRY(ledger_quarantine_count(s->ledger, &quarantined, err));
    JSON_AUTO document = document_new();
    json_object_set(document, "tables", rows);
    json_object_set(document, "held", holds);
    json_object_set_new(document, "quarantine", json_integer(quarantined));
    output *o = s->command->out;
    output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    tell_holds(o, holds);
    if (quarantined > 0)
        output_say(o, "%s in quarantine", output_plural(s->arena, quarantined, "file", "files"));
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
