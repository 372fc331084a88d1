#include "cli/verb.h"

#include "cli/document.h"
#include "cli/session.h"

static json_t *error_rows(const errors *all) {
    json_t *rows = json_array();
    for (size_t i = 0; i < all->count; i++)
        json_array_append_new(rows, document_error_body(&all->items[i]));
    return rows;
}

static void tell(command *c, const session *s, const errors *all) {
    static const output_column COLUMNS[] = {
        {"kind", "kind", OUTPUT_TEXT},       {"file", "file", OUTPUT_TEXT},
        {"line", "line", OUTPUT_COUNT},      {"column", "column", OUTPUT_COUNT},
        {"message", "message", OUTPUT_TEXT}, {"hint", "hint", OUTPUT_TEXT},
    };
    if (c->out->format == OUTPUT_TABLE) {
        for (size_t i = 0; i < all->count; i++)
            log_error(c->log, &all->items[i]);
        if (all->count == 0)
            output_say(c->out, "lake \"%s\" is right: %s", s->lake->name,
                       output_plural(c->arena, (int64_t)s->lake->table_count, "table", "tables"));
        return;
    }
    JSON_AUTO rows = error_rows(all);
    JSON_AUTO document = document_new();
    json_object_set(document, "errors", rows);
    json_object_set_new(document, "tables",
                        json_integer(s->lake != NULL ? (json_int_t)s->lake->table_count : 0));
    output_write_list(c->out, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
}

/* What stops the check itself (no lake here, no worker) is an ordinary error; what the check finds
 * is its result. */
status verb_validate(command *c, error *err) {
    session s = {0};
    errors all = {0};
    status result = session_load(c, &s, &all, err);
    if (result == OK || all.count > 0) {
        tell(c, &s, &all);
        c->exit_code = all.count > 0 ? status_exit_code(E_DEFINITION) : 0;
        result = OK;
    }
    session_close(&s);
    return result;
}
