#include "cli/verb.h"

#include "cli/document.h"
#include "cli/session.h"

enum { RUNS_DEFAULT = 20, US_PER_SECOND = 1000000 };

static const output_column COLUMNS[] = {
    {"run", "run", OUTPUT_TEXT},           {"verb", "verb", OUTPUT_TEXT},
    {"state", "state", OUTPUT_TEXT},       {"started", "started", OUTPUT_TIME},
    {"seconds", "took", OUTPUT_SECONDS},   {"who", "who", OUTPUT_TEXT},
    {"code_version", "code", OUTPUT_TEXT},
};

static json_t *run_row(const ledger_run *r) {
    json_t *row = json_object();
    json_object_set_new(row, "run", output_string(r->id));
    json_object_set_new(row, "verb", output_string(r->verb));
    json_object_set_new(row, "state", output_string(r->state));
    json_object_set_new(row, "started", output_time(r->started));
    json_t *seconds = json_null();
    if (r->finished > 0)
        seconds = json_real((double)(r->finished - r->started) / US_PER_SECOND);
    json_object_set_new(row, "seconds", seconds);
    json_object_set_new(row, "who", output_string(r->who));
    json_object_set_new(row, "code_version", output_string(r->code_version));
    return row;
}

static status show_log(session *s, error *err) {
    int64_t limit = 0;
    TRY(option_int(s->command->options, OPTION_LIMIT, 1, RUNS_DEFAULT, &limit, err));
    ledger_runs runs = {0};
    TRY(ledger_run_list(s->ledger, limit, s->arena, &runs, err));
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < runs.count; i++)
        json_array_append_new(rows, run_row(&runs.items[i]));
    JSON_AUTO document = document_new();
    json_object_set(document, "runs", rows);
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    if (runs.count == 0)
        output_say(s->command->out, "no runs yet");
    return OK;
}

status verb_log(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = show_log(&s, err);
    session_close(&s);
    return result;
}
