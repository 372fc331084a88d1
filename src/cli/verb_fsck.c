#include "cli/verb.h"

#include "build/fsck.h"
#include "cli/document.h"
#include "cli/work.h"
#include "land/adopt.h"

static const output_column COLUMNS[] = {
    {"kind", "fault", OUTPUT_TEXT},
    {"layer", "layer", OUTPUT_TEXT},
    {"object", "file", OUTPUT_TEXT},
    {"detail", "detail", OUTPUT_TEXT},
};

typedef struct adoption {
    const lake_table *table;
    land_adopted adopted;
} adoption;

typedef struct examination {
    session *session;
    const work *work;
    fsck_result found;
    VEC(adoption) adopted;
} examination;

/* documents */

static json_t *fault_row(const fsck_fault *f) {
    json_t *row = json_object();
    json_object_set_new(row, "kind", json_string(f->kind));
    json_object_set_new(row, "layer", output_string(f->layer));
    json_object_set_new(row, "table", output_string(f->table));
    json_object_set_new(row, "object", output_string(f->object));
    json_object_set_new(row, "detail", output_string(f->detail));
    return row;
}

static json_t *adopted_row(const adoption *a) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(a->table->name));
    json_object_set_new(row, "object", output_string(a->adopted.object));
    json_object_set_new(row, "file", output_string(a->adopted.file));
    json_object_set_new(row, "delivery", json_integer(a->adopted.id));
    json_object_set_new(row, "state", json_string(delivery_state_name(a->adopted.state)));
    return row;
}

static json_t *make_document(const examination *e) {
    const option_values *given = e->session->command->options;
    json_t *faults = json_array(), *adopted = json_array(), *document = document_new();
    for (size_t i = 0; i < e->found.faults.count; i++)
        json_array_append_new(faults, fault_row(&e->found.faults.items[i]));
    for (size_t i = 0; i < e->adopted.count; i++)
        json_array_append_new(adopted, adopted_row(&e->adopted.items[i]));
    json_object_set_new(document, "files", json_integer(e->found.files));
    json_object_set_new(document, "faults", faults);
    json_object_set_new(document, "adopted", adopted);
    json_object_set_new(document, "repaired", json_boolean(option_given(given, OPTION_REPAIR)));
    return document;
}

static bool has_fault(const fsck_result *found, const char *kind) {
    for (size_t i = 0; i < found->faults.count; i++)
        if (str_eq(found->faults.items[i].kind, kind))
            return true;
    return false;
}

/* What to do next, for people. */
static void advise(const examination *e) {
    const session *s = e->session;
    const option_values *given = s->command->options;
    const fsck_result *found = &e->found;
    const log *to = s->command->log;
    bool repaired = option_given(given, OPTION_REPAIR);
    if (found->lost.count > 0)
        log_write(to, LOG_INFO, "%s builds again what was lost of tables",
                  repaired ? "`weir run`" : "`weir fsck --repair; weir run`");
    else if (!repaired && has_fault(found, "directory"))
        log_write(to, LOG_INFO, "`weir fsck --repair` makes the directories anew");
    if (found->raw_lost > 0)
        log_write(to, LOG_INFO,
                  "deliver what is missing in raw history again, the same bytes "
                  "under the same name; take what was altered there away before");
    if (found->journal_lost > 0)
        log_write(to, LOG_INFO,
                  "put the journal back from a copy of the store; as long as it is "
                  "not whole, a lost ledger cannot be made anew: `weir ledger backup "
                  "FILE` keeps a copy");
    if (found->raw_extra > 0 && !option_given(given, OPTION_ADOPT))
        log_write(to, LOG_INFO, "`weir fsck --adopt` takes files in raw history for deliveries");
    if (e->adopted.count > 0)
        log_write(to, LOG_INFO, "`weir run` builds what the adopted files reach");
}

static void show(const examination *e, const json_t *document) {
    const session *s = e->session;
    output *o = s->command->out;
    const json_t *rows = json_object_get(document, "faults");
    if (e->found.faults.count > 0 || o->format != OUTPUT_TABLE)
        output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    output_say(o, "%s looked at, %s", output_plural(s->arena, e->found.files, "file", "files"),
               output_plural(s->arena, (int64_t)e->found.faults.count, "fault", "faults"));
    if (e->adopted.count > 0)
        output_say(o, "%s adopted",
                   output_plural(s->arena, (int64_t)e->adopted.count, "file", "files"));
    advise(e);
}

/* adopting */

/* NULL: not in raw history, or no regular file. */
static const lake_table *source_of(const lake *l, const fsck_fault *f) {
    bool is_file = str_eq(f->kind, "extra") && !f->detail && f->table;
    if (!is_file || str_eq(f->layer, "quarantine"))
        return NULL;
    const lake_table *t = lake_table_find(l, f->table);
    return t && t->source ? t : NULL;
}

/* What was adopted is no fault any more; of the others, why not. */
static status adopt_all(examination *e, error *err) {
    session *s = e->session;
    land_context land = session_land_context(s, e->work->run);
    size_t kept = 0;
    for (size_t i = 0; i < e->found.faults.count; i++) {
        fsck_fault fault = e->found.faults.items[i];
        adoption one = {.table = source_of(s->lake, &fault)};
        if (one.table)
            TRY(land_adopt(&land, one.table, fault.object, s->arena, &one.adopted, err));
        if (one.table && !one.adopted.reason) {
            vec_push(s->arena, &e->adopted, one);
            continue;
        }
        if (one.table)
            fault.detail = arena_printf(s->arena, "not adopted: %s", one.adopted.reason);
        e->found.faults.items[kept++] = fault;
    }
    e->found.faults.count = kept;
    return OK;
}

/* repairing */

static status project(session *s, const work *w, error *err) {
    project_context project = session_project_context(s, w->run);
    project_result projected;
    return project_all(&project, &projected, err);
}

/* Directories of a table that lost files are made when a run has built these. */
static status repair(const examination *e, const fsck_options *how, error *err) {
    session *s = e->session;
    build_context build = session_build_context(s, e->work->run);
    TRY(build_fsck_repair(&build, how, &e->found, err));
    for (size_t i = 0; i < s->lake->table_count; i++)
        s->tables[i].projected_seq = 0; /* as the ledger has it now */
    return e->found.lost.count == 0 ? project(s, e->work, err) : OK;
}

static status look(examination *e, error *err) {
    session *s = e->session;
    const option_values *given = s->command->options;
    const fsck_options how = {.fast = option_given(given, OPTION_FAST),
                              .quarantine = s->quarantine,
                              .journal = s->journal};
    build_context build = session_build_context(s, e->work->run);
    error why = {0};
    TRY(build_recover(&build, err));
    if (project(s, e->work, &why) != OK) /* a killed run's; files that are missing are told below */
        log_write(s->command->log, LOG_DEBUG, "ignoring: %s", why.message);
    TRY(build_fsck(&build, &how, s->arena, &e->found, err));
    if (option_given(given, OPTION_ADOPT))
        TRY(adopt_all(e, err));
    bool repairs = option_given(given, OPTION_REPAIR) && e->found.faults.count > 0;
    return repairs ? repair(e, &how, err) : OK;
}

static status check(session *s, error *err) {
    work w;
    TRY(work_begin(s, &w, err));
    examination e = {.session = s, .work = &w};
    status result = look(&e, err);
    JSON_AUTO document = make_document(&e);
    TRY(work_end(&w, result, NULL, err));
    show(&e, document);
    s->command->exit_code = e.found.faults.count > 0 ? 1 : 0;
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
