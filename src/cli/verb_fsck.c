#include "cli/verb.h"

#include "build/fsck.h"
#include "cli/document.h"
#include "cli/work.h"

static const output_column COLUMNS[] = {
    {"kind", "fault", OUTPUT_TEXT},
    {"layer", "layer", OUTPUT_TEXT},
    {"object", "file", OUTPUT_TEXT},
    {"detail", "detail", OUTPUT_TEXT},
};

static json_t *fault_row(const fsck_fault *f) {
    json_t *row = json_object();
    json_object_set_new(row, "kind", json_string(f->kind));
    json_object_set_new(row, "layer", output_string(f->layer));
    json_object_set_new(row, "table", output_string(f->table));
    json_object_set_new(row, "object", output_string(f->object));
    json_object_set_new(row, "detail", output_string(f->detail));
    return row;
}

static json_t *make_document(const fsck_result *found, bool repaired) {
    json_t *rows = json_array();
    for (size_t i = 0; i < found->faults.count; i++)
        json_array_append_new(rows, fault_row(&found->faults.items[i]));
    json_t *document = document_new();
    json_object_set_new(document, "files", json_integer(found->files));
    json_object_set_new(document, "faults", rows);
    json_object_set_new(document, "repaired", json_boolean(repaired));
    return document;
}

static void show(session *s, const fsck_result *found, const json_t *document) {
    output *o = s->command->out;
    const json_t *rows = json_object_get(document, "faults");
    if (found->faults.count > 0 || o->format != OUTPUT_TABLE)
        output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    output_say(o, "%s looked at, %s", output_plural(s->arena, found->files, "file", "files"),
               output_plural(s->arena, (int64_t)found->faults.count, "fault", "faults"));
}

static status project(session *s, const work *w, error *err) {
    project_context project = session_project_context(s, w->run);
    project_result projected;
    return project_all(&project, &projected, err);
}

/* Directories of a table that lost files are made when a run has built these. */
static status repair(session *s, const work *w, const fsck_result *found, error *err) {
    build_context build = session_build_context(s, w->run);
    TRY(build_fsck_repair(&build, found, err));
    for (size_t i = 0; i < s->lake->table_count; i++)
        s->tables[i].projected_seq = 0; /* as the ledger has it now */
    if (found->lost.count == 0)
        return project(s, w, err);
    log_write(s->command->log, LOG_INFO, "run `weir run` to build again what was lost");
    return OK;
}

static status look(session *s, const work *w, bool repairs, fsck_result *ret, error *err) {
    const fsck_options how = {.fast = option_given(s->command->options, OPTION_FAST),
                              .quarantine = s->quarantine};
    build_context build = session_build_context(s, w->run);
    error why = {0};
    TRY(build_recover(&build, err));
    if (project(s, w, &why) != OK) /* a killed run's; files that are missing are told below */
        log_write(s->command->log, LOG_DEBUG, "ignoring: %s", why.message);
    TRY(build_fsck(&build, &how, s->arena, ret, err));
    return repairs && ret->faults.count > 0 ? repair(s, w, ret, err) : OK;
}

static status check(session *s, error *err) {
    work w;
    fsck_result found = {0};
    bool repairs = option_given(s->command->options, OPTION_REPAIR);
    TRY(work_begin(s, &w, err));
    status result = look(s, &w, repairs, &found, err);
    JSON_AUTO document = make_document(&found, repairs);
    TRY(work_end(&w, result, NULL, err));
    show(s, &found, document);
    s->command->exit_code = found.faults.count > 0 ? 1 : 0;
    return OK;
}

status verb_fsck(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_CHANGE, &s, err);
    if (result == OK)
        result = check(&s, err);
    session_close(&s);
    return result;
}
