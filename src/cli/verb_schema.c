#include "cli/verb.h"

#include "cli/document.h"
#include "cli/session.h"

static void write_lake(command *c) {
    if (option_given(c->options, OPTION_MARKDOWN)) {
        buf page = buf_new(c->arena);
        lake_keys_page(&page);
        fputs(page.text, c->out->stream);
        return;
    }
    JSON_AUTO schema = lake_json_schema();
    json_dumpf(schema, c->out->stream, JSON_INDENT(2));
    fputc('\n', c->out->stream);
}

static status write_table(session *s, const char *name, error *err) {
    static const output_column COLUMNS[] = {
        {"name", "column", OUTPUT_TEXT},
        {"type", "type", OUTPUT_TEXT},
        {"nullable", "nullable", OUTPUT_TEXT},
    };
    const lake_table *t = NULL;
    TRY(lake_table_need(s->lake, name, &t, err));
    JSON_AUTO rows = document_columns(&t->columns);
    JSON_AUTO document = document_new();
    json_object_set_new(document, "table", output_string(t->name));
    json_object_set_new(document, "partition_by", document_strings(&t->partition_by));
    json_object_set(document, "columns", rows);
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    if (t->columns.count == 0)
        output_say(s->command->out, "\"%s\" declares no columns: every column of a file is taken",
                   t->name);
    return OK;
}

status verb_schema(command *c, error *err) {
    const char *name = c->options->arguments.items[0];
    if (str_eq(name, "lake")) {
        write_lake(c);
        return OK;
    }
    if (option_given(c->options, OPTION_MARKDOWN)) {
        error_set(err, E_USAGE, "--markdown is for the definition, not for one table");
        error_hint(err, "Write `weir schema lake --markdown`.");
        return E_USAGE;
    }
    session s = {0};
    status result = session_open(c, SESSION_DEFINITION, &s, err);
    if (result == OK)
        result = write_table(&s, name, err);
    session_close(&s);
    return result;
}
