#include "cli/verb.h"

#include "cli/document.h"
#include "cli/range.h"
#include "cli/report.h"
#include "cli/work.h"
#include "ledger/rebuild.h"

/* One rebuild, new or gone on with. */
typedef struct rebuild {
    session *s;
    const char *request;
    bool *selected; /* derived tables that were named */
    bool *follow;   /* those that may be built besides */
    const plan_filter *filter;
    strings runs; /* whose marks are carried out */
    bool resumed;
    build_forced forced;
    build_result built;
} rebuild;

static void add_word(buf *b, const char *dashes, const char *word, const char *value) {
    ARENA_AUTO a = arena_new();
    buf_printf(b, "%s%s%s", b->size > 0 ? " " : "", dashes, word);
    if (value != NULL)
        buf_printf(b, " %s", str_printable(a, value));
}

/* What makes two commands the same rebuild. */
static char *make_request(const session *s) {
    static const option_id OF_REQUEST[] = {OPTION_EXCLUDE,   OPTION_FROM, OPTION_TO,
                                           OPTION_PARTITION, OPTION_ONLY, OPTION_DOWNSTREAM};
    const option_values *given = s->command->options;
    buf b = buf_new(s->arena);
    for (size_t i = 0; i < given->arguments.count; i++)
        add_word(&b, "", str_printable(s->arena, given->arguments.items[i]), NULL);
    for (size_t i = 0; i < ARRAY_SIZE(OF_REQUEST); i++) {
        const option *o = &OPTIONS[OF_REQUEST[i]];
        const strings *values = &given->values[OF_REQUEST[i]];
        for (size_t j = 0; j < values->count; j++)
            add_word(&b, "--", o->name, o->argument != NULL ? values->items[j] : NULL);
    }
    return b.text;
}

static void mark_readers(const lake *l, const bool *from, bool *into) {
    for (size_t i = 0; i < l->table_count; i++)
        for (size_t j = 0; j < l->tables[i]->input_count; j++) {
            size_t input = l->tables[i]->inputs[j].table->index;
            into[i] = into[i] || from[input] || into[input];
        }
}

static status exclude_from(const session *s, bool *tables, error *err) {
    static const strings NOTHING = {0};
    bool *allowed = NULL;
    TRY(lake_select(s->lake, &NOTHING, &s->command->options->values[OPTION_EXCLUDE], s->arena,
                    &allowed, err));
    for (size_t i = 0; i < s->lake->table_count; i++)
        tables[i] = tables[i] && allowed[i];
    return OK;
}

static status refuse_empty(error *err) {
    error_set(err, E_USAGE, "no table that is built is selected");
    error_hint(err, "Name derived tables, like silver.province or 'silver.*'; source tables hold "
                    "deliveries, and `weir withdraw` and `weir land` are for those.");
    return E_USAGE;
}

/* A range that does not fit a table that was named would go unnoticed. */
static void warn_left_out(const rebuild *r) {
    for (size_t i = 0; r->filter != NULL && i < r->s->lake->table_count; i++)
        if (r->selected[i] && !plan_filter_applies(r->filter, r->s->lake->tables[i]))
            log_write(r->s->command->log, LOG_WARN,
                      "\"%s\" is left out: it is not partitioned by what the range is on",
                      r->s->lake->tables[i]->name);
}

static status read_selection(rebuild *r, error *err) {
    session *s = r->s;
    bool any = false;
    r->selected = ARENA_ARRAY(s->arena, bool, s->lake->table_count);
    r->follow = ARENA_ARRAY(s->arena, bool, s->lake->table_count);
    if (option_given(s->command->options, OPTION_RESUME))
        return OK;
    if (s->command->options->arguments.count == 0)
        return refuse_empty(err);
    TRY(lake_select(s->lake, &s->command->options->arguments,
                    &s->command->options->values[OPTION_EXCLUDE], s->arena, &r->selected, err));
    for (size_t i = 0; i < s->lake->table_count; i++) {
        r->selected[i] = r->selected[i] && s->lake->tables[i]->source == NULL;
        any = any || r->selected[i];
    }
    if (!any)
        return refuse_empty(err);
    if (!option_given(s->command->options, OPTION_ONLY))
        mark_readers(s->lake, r->selected, r->follow);
    TRY(exclude_from(s, r->follow, err));
    TRY(range_read(s, r->selected, &r->filter, err));
    warn_left_out(r);
    return OK;
}

static status check_options(const session *s, error *err) {
    const option_values *o = s->command->options;
    if (option_given(o, OPTION_RESUME) && make_request(s)[0] != '\0')
        return error_set(err, E_USAGE,
                         "--resume goes on with what was asked before: nothing else "
                         "can be asked with it");
    if (option_given(o, OPTION_ONLY) && option_given(o, OPTION_DOWNSTREAM))
        return error_set(err, E_USAGE, "--only and --downstream exclude each other");
    return OK;
}

static void go_on_with(rebuild *r, const ledger_rebuild *asked) {
    log_write(r->s->command->log, LOG_INFO, "going on with rebuild %s: %lld partitions are left",
              asked->run, (long long)asked->left);
    vec_push(r->s->arena, &r->runs, asked->run);
    r->resumed = true;
    for (size_t i = 0; i < r->s->lake->table_count; i++)
        if (strings_contain(&asked->tables, r->s->lake->tables[i]->name))
            r->follow[i] = true;
}

/* What was not finished and is asked for again, or with --resume all of it. */
static status find_unfinished(rebuild *r, error *err) {
    ledger_rebuilds all = {0};
    bool any = option_given(r->s->command->options, OPTION_RESUME);
    TRY(ledger_rebuild_list(r->s->ledger, r->s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].left > 0 && (any || str_eq(all.items[i].request, r->request)))
            go_on_with(r, &all.items[i]);
    return OK;
}

static status force(rebuild *r, const build_context *build, error *err) {
    const command *c = r->s->command;
    const build_force ask = {.selected = r->selected,
                             .filter = r->filter,
                             .follow = r->follow,
                             .downstream = option_given(c->options, OPTION_DOWNSTREAM),
                             .request = r->request,
                             .why = option_text(c->options, OPTION_REASON)};
    vec_push(r->s->arena, &r->runs, build->run);
    return build_force_marks(build, &ask, r->s->arena, &r->forced, err);
}

static status prepare(rebuild *r, const build_context *build, error *err) {
    TRY(find_unfinished(r, err));
    if (r->runs.count > 0 || option_given(r->s->command->options, OPTION_RESUME))
        return OK;
    return force(r, build, err);
}

static const bool *tables_to_build(const rebuild *r) {
    bool *all = ARENA_ARRAY(r->s->arena, bool, r->s->lake->table_count);
    for (size_t i = 0; i < r->s->lake->table_count; i++)
        all[i] = r->selected[i] || r->follow[i];
    return all;
}

static status carry_out(rebuild *r, const work *w, error *err) {
    build_context build = session_build_context(r->s, w->run);
    const build_scope scope = {.forced_by = &r->runs};
    TRY(build_recover(&build, err));
    TRY(prepare(r, &build, err));
    if (!r->resumed && r->forced.partitions.count == 0)
        return OK;
    build.scope = &scope;
    TRY(build_stale(&build, tables_to_build(r), r->s->arena, &r->built, err));
    TRY(build_force_done(&build, &r->runs, err));
    TRY(work_confirm(w, err));
    project_context project = session_project_context(r->s, w->run);
    project_result projected;
    return project_all(&project, &projected, err);
}

static json_t *make_document(const rebuild *r, const work *w) {
    static const land_result NO_LANDING = {0};
    json_t *document = document_run(w->run, &NO_LANDING, &r->built);
    json_object_set_new(document, "forced", json_integer((json_int_t)r->forced.partitions.count));
    json_object_set_new(document, "resumed",
                        r->resumed ? document_strings(&r->runs) : json_array());
    return document;
}

static void tell(const rebuild *r, const work *w) {
    static const land_result NO_LANDING = {0};
    output *o = r->s->command->out;
    const run_report report = {w->run, r->s->lake, &NO_LANDING, &r->built, session_requests(r->s),
                               NULL};
    progress_clear(r->s->command->progress);
    r->s->command->exit_code = report_exit_code(&report, false);
    if (o->format != OUTPUT_TABLE) {
        JSON_AUTO document = make_document(r, w);
        json_object_set_new(document, "requests", json_integer(report.requests));
        report_run_document(o, document);
        return;
    }
    for (size_t i = 0; i < r->forced.held.count; i++)
        output_say(o, "held     %s %s: left as it is until `weir release`",
                   r->forced.held.items[i].table, r->forced.held.items[i].partition);
    if (!r->resumed)
        output_say(o, "forced   %s",
                   output_plural(r->s->arena, (int64_t)r->forced.partitions.count, "partition",
                                 "partitions"));
    report_run(o, &report);
}

static status rebuild_for_real(rebuild *r, error *err) {
    work w;
    r->s->is_shared = true;
    TRY(work_begin(r->s, &w, err));
    status result = carry_out(r, &w, err);
    JSON_AUTO summary = make_document(r, &w);
    TRY(work_end(&w, result, summary, err));
    tell(r, &w);
    return OK;
}

/* The marks are set in a rehearsal. */
static status rebuild_dry(rebuild *r, error *err) {
    const build_scope scope = {.forced_by = &r->runs};
    plan planned = {0};
    TRY(session_rehearse(r->s, err));
    build_context build = session_build_context(r->s, "rebuild");
    TRY(prepare(r, &build, err));
    build.scope = &scope;
    TRY(build_plan(&build, tables_to_build(r), r->s->arena, &planned, err));
    report_plan(r->s->command->out, &planned, NULL);
    return OK;
}

static status rebuild_some(session *s, bool dry, error *err) {
    rebuild r = {.s = s, .request = make_request(s)};
    TRY(check_options(s, err));
    TRY(read_selection(&r, err));
    return dry ? rebuild_dry(&r, err) : rebuild_for_real(&r, err);
}

status verb_rebuild(command *c, error *err) {
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    status result = session_open(c, dry ? SESSION_READ : SESSION_CHANGE, &s, err);
    if (result == OK)
        result = rebuild_some(&s, dry, err);
    session_close(&s);
    return result;
}
