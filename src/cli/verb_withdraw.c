/* withdraw and readmit: two directions of one thing. */
#include "cli/verb.h"

#include "cli/document.h"
#include "cli/files.h"
#include "cli/reach.h"
#include "cli/work.h"
#include "land/withdraw.h"

/* What the two verbs differ in. */
typedef struct direction {
    find_purpose purpose;
    const char *key; /* of the document, and what people read */
    status (*decide)(session *s, const land_context *c, const deliveries *which, bool dry,
                     land_decided *ret, error *err);
} direction;

static status withdraw(session *s, const land_context *c, const deliveries *which, bool dry,
                       land_decided *ret, error *err) {
    const option_values *o = s->command->options;
    (void)dry;
    const land_withdrawal how = {.why = option_text(o, OPTION_REASON),
                                 .fall_back = option_given(o, OPTION_FALL_BACK)};
    return land_withdraw(c, which, &how, s->arena, ret, err);
}

static status readmit(session *s, const land_context *c, const deliveries *which, bool dry,
                      land_decided *ret, error *err) {
    const option_values *o = s->command->options;
    const land_readmission how = {.why = option_text(o, OPTION_REASON),
                                  .accept_anyway = option_given(o, OPTION_ACCEPT_ANYWAY),
                                  .dry = dry};
    return land_readmit(c, which, &how, s->arena, ret, err);
}

static const direction WITHDRAW = {FIND_TO_WITHDRAW, "withdrawn", withdraw};
static const direction READMIT = {FIND_TO_READMIT, "readmitted", readmit};

typedef struct outcome {
    const direction *way;
    const char *run; /* NULL: only a rehearsal */
    land_decided decided;
    impact_reach reach;
} outcome;

static json_t *change_rows(const session *s, const land_changes *changes, bool seen) {
    json_t *rows = json_array();
    for (size_t i = 0; i < changes->count; i++) {
        delivery d = changes->items[i].delivery;
        d.state = changes->items[i].after;
        if (!seen || d.state == DELIVERY_ACTIVE)
            json_array_append_new(rows, files_row(s, &d));
    }
    return rows;
}

static json_t *left_rows(const session *s, const land_decided *d) {
    json_t *rows = json_array();
    for (size_t i = 0; i < d->left.count; i++) {
        json_t *row = files_row(s, &d->left.items[i].delivery);
        json_object_set_new(row, "reason", output_string(d->left.items[i].reason));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *make_document(const session *s, const outcome *o) {
    json_t *document = document_new();
    json_object_set_new(document, "run", output_string(o->run));
    json_object_set_new(document, o->way->key, change_rows(s, &o->decided.named, false));
    json_object_set_new(document, "counting", change_rows(s, &o->decided.seen, true));
    json_object_set_new(document, "left", left_rows(s, &o->decided));
    reach_describe(s, &o->reach, document);
    return document;
}

/* What the line says anyway is left out. */
static char *label(const session *s, const delivery *of, delivery_state state) {
    delivery d = *of;
    d.state = state;
    d.reason = NULL;
    return files_label(s, &d);
}

static void tell_change(const session *s, const char *what, const land_change *change) {
    output_say(s->command->out, "%-10s %s", what, label(s, &change->delivery, change->after));
}

static bool is_named(const land_decided *d, const land_change *change) {
    for (size_t i = 0; i < d->named.count; i++)
        if (d->named.items[i].delivery.id == change->delivery.id)
            return true;
    return false;
}

static void tell_decided(const session *s, const outcome *o) {
    const land_decided *d = &o->decided;
    for (size_t i = 0; i < d->named.count; i++)
        tell_change(s, o->way->key, &d->named.items[i]);
    for (size_t i = 0; i < d->seen.count; i++) {
        bool counts = d->seen.items[i].after == DELIVERY_ACTIVE;
        if (!is_named(d, &d->seen.items[i]))
            tell_change(s, counts ? "counts" : "not now", &d->seen.items[i]);
    }
    for (size_t i = 0; i < d->left.count; i++) {
        const delivery *left = &d->left.items[i].delivery;
        output_say(s->command->out, "%-10s %s: %s", "left", label(s, left, left->state),
                   d->left.items[i].reason);
    }
    for (size_t i = 0; i < d->emptied.count; i++)
        log_write(s->command->log, LOG_WARN,
                  "\"%s\" has no contents now: --fall-back lets its delivery before count again",
                  d->emptied.items[i]);
}

static void tell_reach(const session *s, const outcome *o, json_t *document) {
    output *out = s->command->out;
    JSON_AUTO rows = reach_rows(&o->reach);
    bool listed = o->run == NULL || out->format != OUTPUT_TABLE;
    if (listed && (o->reach.nodes.count > 0 || out->format != OUTPUT_TABLE))
        output_write_list(out, &(output_list){document, rows, REACH_COLUMNS, REACH_COLUMN_COUNT});
    reach_say_sums(s, &o->reach);
    if (o->run != NULL && o->reach.nodes.count > 0)
        output_say(out, "`weir run` rebuilds what of it changes");
}

static void show(const session *s, const outcome *o) {
    JSON_AUTO document = make_document(s, o);
    tell_decided(s, o);
    tell_reach(s, o, document);
}

static status find_reach(session *s, outcome *o, error *err) {
    impact_seeds seeds = {0};
    const land_changes *seen = &o->decided.seen;
    build_context build = session_build_context(s, NULL);
    for (size_t i = 0; i < seen->count; i++)
        vec_push(s->arena, &seeds,
                 ((impact_seed){.table = seen->items[i].table,
                                .delivery = seen->items[i].delivery.id,
                                .counts = true}));
    return impact_of(impact_new(&build, s->arena), &seeds, s->arena, &o->reach, err);
}

static status decide_dry(session *s, const direction *way, error *err) {
    deliveries which = {0};
    outcome o = {.way = way};
    TRY(files_find(s, way->purpose, &which, err));
    TRY(session_rehearse(s, err));
    land_context land = session_land_context(s, NULL);
    TRY(way->decide(s, &land, &which, true, &o.decided, err));
    TRY(reach_absorb(s, err));
    TRY(find_reach(s, &o, err));
    progress_clear(s->command->progress);
    show(s, &o);
    return OK;
}

/* Before the lease is taken, so that a misspelling leaves no run behind; but a definition that the
 * ledger does not know yet is only known after. */
static status find_early(session *s, const direction *way, deliveries *ret, bool *ret_found,
                         error *err) {
    status known = ledger_tables(s->ledger, s->lake, s->arena, &s->tables, err);
    if (known == E_NOT_FOUND)
        return OK;
    TRY(known);
    TRY(files_find(s, way->purpose, ret, err));
    *ret_found = true;
    return OK;
}

static status decide_under_lease(session *s, const work *w, const deliveries *found, outcome *o,
                                 error *err) {
    deliveries which = {0};
    if (found != NULL)
        which = *found;
    else
        TRY(files_find(s, o->way->purpose, &which, err));
    land_context land = session_land_context(s, w->run);
    return o->way->decide(s, &land, &which, false, &o->decided, err);
}

static status decide_for_real(session *s, const direction *way, error *err) {
    work w;
    deliveries which = {0};
    bool found = false;
    outcome o = {.way = way};
    TRY(find_early(s, way, &which, &found, err));
    TRY(work_begin(s, &w, err));
    o.run = w.run;
    status result = decide_under_lease(s, &w, found ? &which : NULL, &o, err);
    if (result == OK)
        result = find_reach(s, &o, err);
    JSON_AUTO document = make_document(s, &o);
    TRY(work_end(&w, result, document, err));
    progress_clear(s->command->progress);
    show(s, &o);
    return OK;
}

static status need_reason(const command *c, const char *what, error *err) {
    const char *why = option_text(c->options, OPTION_REASON);
    if (why != NULL && why[strspn(why, " \t\n")] != '\0')
        return OK;
    error_set(err, E_USAGE, "%s needs a reason", what);
    error_hint(err, "Write --reason TEXT: who looks back wants to know.");
    return E_USAGE;
}

static status carry_out(command *c, const direction *way, error *err) {
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    status result = session_open(c, dry ? SESSION_READ : SESSION_CHANGE, &s, err);
    if (result == OK)
        result = dry ? decide_dry(&s, way, err) : decide_for_real(&s, way, err);
    session_close(&s);
    return result;
}

status verb_withdraw(command *c, error *err) {
    TRY(need_reason(c, "withdrawing", err));
    return carry_out(c, &WITHDRAW, err);
}

status verb_readmit(command *c, error *err) {
    if (option_given(c->options, OPTION_ACCEPT_ANYWAY))
        TRY(need_reason(c, "--accept-anyway", err));
    return carry_out(c, &READMIT, err);
}
