#include "cli/verb.h"

#include "cli/document.h"
#include "cli/work.h"

enum { FILES_SHOWN_MAX = 3 };

static const output_column COLUMNS[] = {
    {"table", "table", OUTPUT_TEXT},
    {"partition", "partition", OUTPUT_TEXT},
    {"reason", "left because", OUTPUT_TEXT},
    {"caused_by", "deliveries", OUTPUT_TEXT},
};

/* "a.csv, b.csv, and 7 more" */
static char *files_text(arena *a, const strings *files) {
    buf b = buf_new(a);
    for (size_t i = 0; i < files->count && i < FILES_SHOWN_MAX; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", files->items[i]);
    if (files->count > FILES_SHOWN_MAX)
        buf_printf(&b, ", and %zu more", files->count - FILES_SHOWN_MAX);
    return b.text;
}

static json_t *undone_row(const build_undone *u) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(u->table));
    json_object_set_new(row, "partition", output_string(u->partition));
    json_object_set_new(row, "reason", output_string(u->reason));
    json_object_set_new(row, "deliveries", document_strings(&u->files));
    return row;
}

static json_t *undone_rows(const build_undones *all, bool skipped) {
    json_t *rows = json_array();
    for (size_t i = 0; i < all->count; i++)
        if ((all->items[i].reason != NULL) == skipped)
            json_array_append_new(rows, undone_row(&all->items[i]));
    return rows;
}

static json_t *make_document(const char *run, const char *of, const build_undones *all) {
    json_t *document = document_new();
    json_object_set_new(document, "run", output_string(run));
    json_object_set_new(document, "undo_of", output_string(of));
    json_object_set_new(document, "undone", undone_rows(all, false));
    json_object_set_new(document, "skipped", undone_rows(all, true));
    return document;
}

static void say_undone(output *o, size_t undone, size_t skipped, bool dry) {
    output_say(o, "%zu %s, %zu left as they are", undone, dry ? "would be undone" : "undone",
               skipped);
    if (undone > 0 && !dry)
        output_say(o, "held until `weir release`, or until their deliveries or the code change");
}

static void show(const session *s, const json_t *document, const build_undones *all) {
    bool dry = option_given(s->command->options, OPTION_DRY_RUN);
    output *o = s->command->out;
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < all->count; i++) {
        json_t *row = undone_row(&all->items[i]);
        json_object_set_new(row, "caused_by",
                            output_string(files_text(s->arena, &all->items[i].files)));
        json_array_append_new(rows, row);
    }
    output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    if (all->count == 0)
        output_say(o, "that run made nothing current");
    else
        say_undone(o, json_array_size(json_object_get(document, "undone")),
                   json_array_size(json_object_get(document, "skipped")), dry);
}

static status explain(status result, error *err) {
    if (result == E_NOT_FOUND && err != NULL) {
        err->kind = E_USAGE;
        error_hint(err, "`weir log` lists the runs.");
        return E_USAGE;
    }
    return result;
}

static status undo_dry(session *s, const char *of, error *err) {
    build_context build = session_build_context(s, NULL);
    build_undones all = {0};
    TRY(explain(build_undo_look(&build, of, s->arena, &all, err), err));
    JSON_AUTO document = make_document(NULL, of, &all);
    show(s, document, &all);
    return OK;
}

static status undo_and_project(session *s, const work *w, const char *of, build_undones *ret,
                               error *err) {
    build_context build = session_build_context(s, w->run);
    const char *why = option_text(s->command->options, OPTION_REASON);
    TRY(explain(build_undo(&build, of, why, s->arena, ret, err), err));
    project_context project = session_project_context(s, w->run);
    project_result projected;
    return project_all(&project, &projected, err);
}

static status undo_for_real(session *s, const char *of, error *err) {
    work w;
    build_undones all = {0};
    TRY(work_begin(s, &w, err));
    status result = undo_and_project(s, &w, of, &all, err);
    JSON_AUTO document = make_document(w.run, of, &all);
    TRY(work_end(&w, result, document, err));
    show(s, document, &all);
    return OK;
}

status verb_undo(command *c, error *err) {
    const char *of = c->options->arguments.items[0];
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    status result = session_open(c, dry ? SESSION_READ : SESSION_CHANGE, &s, err);
    if (result == OK)
        result = dry ? undo_dry(&s, of, err) : undo_for_real(&s, of, err);
    session_close(&s);
    return result;
}
