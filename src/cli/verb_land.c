#include "cli/verb.h"

#include "base/path.h"
#include "cli/document.h"
#include "cli/events.h"
#include "cli/report.h"
#include "cli/work.h"

static status land_for_real(session *s, error *err) {
    bool *selected = NULL;
    TRY(session_select(s, &selected, err));
    bool idle = false;
    TRY(events_take(s, err));
    if (s->events == NULL) /* looking whether there is work would list the bucket */
        TRY(work_is_idle(s, WORK_LAND, &idle, err));
    if (idle) {
        report_nothing(s->command->out);
        return OK;
    }
    TRY(engine_warm(s->engine, err));
    work w;
    TRY(work_begin(s, &w, err));
    land_context land = session_land_context(s, w.run);
    land_result landed = {0};
    status result = land_all(&land, selected, s->arena, &landed, err);
    run_report report = {w.run, s->lake, &landed, NULL, 0, s->events};
    JSON_AUTO summary = document_run(w.run, &landed, NULL);
    TRY(work_end(&w, result, summary, err));
    report.requests = session_requests(s) + landed.requests;
    progress_clear(s->command->progress);
    report_run(s->command->out, &report);
    s->command->exit_code =
        report_exit_code(&report, option_given(s->command->options, OPTION_STRICT));
    return OK;
}

static status land_dry(session *s, error *err) {
    bool *selected = NULL;
    TRY(session_select(s, &selected, err));
    strings waiting = {0};
    TRY(report_find_waiting(s, selected, &waiting, err));
    JSON_AUTO document = document_new();
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < waiting.count; i++)
        json_array_append_new(rows, json_pack("{s:o}", "path", output_string(waiting.items[i])));
    json_object_set(document, "waiting", rows);
    static const output_column COLUMNS[] = {{"path", "would land", OUTPUT_TEXT}};
    output_write_list(s->command->out, &(output_list){document, rows, COLUMNS, 1});
    if (waiting.count == 0)
        output_say(s->command->out, "nothing is waiting in %s", s->lake->land);
    return OK;
}

static void show_failure(output *o, const json_t *failure) {
    ARENA_AUTO a = arena_new();
    buf line = buf_new(a);
    buf_add(&line, json_get_string(failure, "rule", ""));
    const char *named = json_get_string(failure, "column", NULL);
    if (named != NULL)
        buf_printf(&line, " of %s", named);
    int64_t at = json_get_int(failure, "line", 0);
    if (at > 0)
        buf_printf(&line, " in line %lld", (long long)at);
    buf_printf(&line, ": %s", json_get_string(failure, "message", ""));
    int64_t count = json_get_int(failure, "count", 1);
    if (count > 1)
        buf_printf(&line, " (%lld times)", (long long)count);
    output_say(o, "  %s", line.text);
}

static void show_verdict(command *c, const char *file, json_t *report, bool accepted) {
    if (c->out->format != OUTPUT_TABLE) {
        JSON_AUTO document = document_new();
        json_object_update(document, report);
        output_json(c->out, document);
        return;
    }
    output_say(c->out, "%s: %s", file, accepted ? "would be accepted" : "would be refused");
    size_t i;
    json_t *failure;
    json_array_foreach(json_object_get(report, "failures"), i, failure)
        show_failure(c->out, failure);
}

static status try_file(session *s, error *err) {
    const strings *arguments = &s->command->options->arguments;
    const lake_table *table = NULL;
    TRY(lake_table_need(s->lake, arguments->items[0], &table, err));
    if (table->source == NULL) {
        error_set(err, E_USAGE, "\"%s\" is no source table: nothing lands in it", table->name);
        error_hint(err, "Name a table that has a file in tables/ without SQL.");
        return E_USAGE;
    }
    land_context land = session_land_context(s, NULL);
    JSON_AUTO report = NULL;
    status tried = land_try(&land, table, arguments->items[1], &report, err);
    if (tried != OK && err != NULL && err->hint[0] == '\0')
        error_hint(err, "Name a file that you can read.");
    TRY(tried);
    bool accepted = str_eq(json_get_string(report, "verdict", ""), "accepted");
    show_verdict(s->command, arguments->items[1], report, accepted);
    s->command->exit_code = accepted ? 0 : status_exit_code(E_CHECK);
    return OK;
}

static status check_try(const command *c, error *err) {
    if (!option_given(c->options, OPTION_TRY) || c->options->arguments.count == 2)
        return OK;
    error_set(err, E_USAGE, "--try needs a table and a file");
    error_hint(err, "The form is: weir land --try TABLE FILE");
    return E_USAGE;
}

static status check_events(const command *c, error *err) {
    bool only_looks =
        option_given(c->options, OPTION_TRY) || option_given(c->options, OPTION_DRY_RUN);
    if (!option_given(c->options, OPTION_EVENTS) || !only_looks)
        return OK;
    error_set(err, E_USAGE, "--events goes with neither --try nor --dry-run");
    error_hint(err, "Leave one of them out.");
    return E_USAGE;
}

status verb_land(command *c, error *err) {
    TRY(check_try(c, err));
    TRY(check_events(c, err));
    bool only_try = option_given(c->options, OPTION_TRY);
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session_access access = SESSION_CHANGE;
    if (only_try || dry)
        access = SESSION_DEFINITION;
    session s = {0};
    status result = session_open(c, access, &s, err);
    if (result == OK && only_try)
        result = try_file(&s, err);
    else if (result == OK)
        result = dry ? land_dry(&s, err) : land_for_real(&s, err);
    session_close(&s);
    return result;
}
