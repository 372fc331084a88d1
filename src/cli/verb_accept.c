#include "cli/verb.h"

#include "build/accept.h"
#include "cli/document.h"
#include "cli/range.h"
#include "cli/work.h"

static const output_column COLUMNS[] = {
    {"table", "table", OUTPUT_TEXT},
    {"partition", "partition", OUTPUT_TEXT},
    {"changed", "changed", OUTPUT_TEXT},
    {"reason", "stays stale because", OUTPUT_TEXT},
};

static json_t *accepted_row(const accepted *a) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(a->table));
    json_object_set_new(row, "partition", output_string(a->partition));
    json_object_set_new(row, "changed", output_string(a->causes));
    json_object_set_new(row, "reason", output_string(a->reason));
    return row;
}

static json_t *accepted_rows(const accepteds *all, bool skipped) {
    json_t *rows = json_array();
    for (size_t i = 0; i < all->count; i++)
        if ((all->items[i].reason != NULL) == skipped)
            json_array_append_new(rows, accepted_row(&all->items[i]));
    return rows;
}

static json_t *make_document(const char *run, const accepteds *all) {
    json_t *document = document_new();
    json_object_set_new(document, "run", output_string(run));
    json_object_set_new(document, "accepted", accepted_rows(all, false));
    json_object_set_new(document, "skipped", accepted_rows(all, true));
    return document;
}

static void show(const session *s, const json_t *document, const accepteds *all) {
    output *o = s->command->out;
    JSON_AUTO rows = json_array();
    json_array_extend(rows, json_object_get(document, "accepted"));
    json_array_extend(rows, json_object_get(document, "skipped"));
    output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    if (all->count == 0)
        output_say(o, "nothing there is stale because of its code");
    else
        output_say(o, "%zu accepted, %zu left stale",
                   json_array_size(json_object_get(document, "accepted")),
                   json_array_size(json_object_get(document, "skipped")));
}

static status accept(session *s, const char *run, accepteds *ret, error *err) {
    bool *selected = NULL;
    const plan_filter *filter = NULL;
    TRY(session_select(s, &selected, err));
    TRY(range_read(s, selected, &filter, err));
    const accept_ask ask = {.selected = selected,
                            .filter = filter,
                            .why = option_text(s->command->options, OPTION_REASON)};
    build_context build = session_build_context(s, run);
    return build_accept(&build, &ask, s->arena, ret, err);
}

static status accept_dry(session *s, error *err) {
    accepteds all = {0};
    TRY(session_rehearse(s, err));
    TRY(accept(s, "", &all, err));
    JSON_AUTO document = make_document(NULL, &all);
    show(s, document, &all);
    return OK;
}

static status accept_for_real(session *s, error *err) {
    work w;
    bool *selected = NULL;
    const plan_filter *filter = NULL;
    accepteds all = {0};
    TRY(session_select(s, &selected, err));
    TRY(range_read(s, selected, &filter, err));
    TRY(work_begin(s, &w, err));
    status result = accept(s, w.run, &all, err);
    JSON_AUTO document = make_document(w.run, &all);
    TRY(work_end(&w, result, document, err));
    show(s, document, &all);
    return OK;
}

static status need_reason(const command *c, error *err) {
    const char *reason = option_text(c->options, OPTION_REASON);
    if (reason != NULL && reason[0] != '\0')
        return OK;
    error_set(err, E_USAGE, "\"weir accept\" needs --reason");
    error_hint(err, "Say why what there is may stay: those who wonder later will read it.");
    return E_USAGE;
}

status verb_accept(command *c, error *err) {
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    TRY(need_reason(c, err));
    status result = session_open(c, dry ? SESSION_READ : SESSION_AMEND, &s, err);
    if (result == OK)
        result = dry ? accept_dry(&s, err) : accept_for_real(&s, err);
    session_close(&s);
    return result;
}
