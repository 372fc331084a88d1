#include "cli/verb.h"

#include "cli/document.h"
#include "cli/subject.h"

enum { FINGERPRINT_SHOWN = 12 };

static const output_column COLUMNS[] = {
    {"version", "version", OUTPUT_COUNT},
    {"state", "state", OUTPUT_TEXT},
    {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "bytes", OUTPUT_BYTES},
    {"committed", "committed", OUTPUT_TIME},
    {"seq", "seq", OUTPUT_COUNT},
    {"code", "code", OUTPUT_TEXT},
    {"code_version", "code version", OUTPUT_TEXT},
    {"run", "run", OUTPUT_TEXT},
    {"collected", "collected", OUTPUT_TEXT},
    {"digest", "digest", OUTPUT_TEXT},
};

static json_t *version_row(arena *a, const ledger_past *v) {
    const char *code = v->code != NULL ? arena_printf(a, "%.*s", FINGERPRINT_SHOWN, v->code) : NULL;
    json_t *row = json_object();
    json_object_set_new(row, "version", json_integer(v->version));
    json_object_set_new(row, "run", output_string(v->run));
    json_object_set_new(row, "state", json_string(v->to_seq == 0 ? "current" : "retired"));
    json_object_set_new(row, "rows", json_integer(v->rows));
    json_object_set_new(row, "bytes", json_integer(v->bytes));
    json_object_set_new(row, "digest", output_string(v->content));
    json_object_set_new(row, "code", output_string(code));
    json_object_set_new(row, "code_version", output_string(v->code_version));
    json_object_set_new(row, "committed", output_time(v->from_us));
    json_object_set_new(row, "seq", json_integer(v->from_seq));
    json_object_set_new(row, "until_seq", v->to_seq > 0 ? json_integer(v->to_seq) : json_null());
    json_object_set_new(row, "collected", json_boolean(v->is_gone));
    return row;
}

static status show_history(session *s, error *err) {
    subject of = {0};
    int64_t limit = 0;
    TRY(option_int(s->command->options, OPTION_LIMIT, 1, INT64_MAX, &limit, err));
    TRY(subject_find(s, &of, err));
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < of.history.count && (int64_t)i < limit; i++)
        json_array_append_new(rows, version_row(s->arena, &of.history.items[i]));
    JSON_AUTO document = document_new();
    json_object_set_new(document, "table", output_string(of.table->name));
    json_object_set_new(document, "partition", output_string(of.partition));
    json_object_set(document, "versions", rows);
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    return OK;
}

status verb_history(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = show_history(&s, err);
    session_close(&s);
    return result;
}
