#include "cli/verb.h"

#include "cli/document.h"
#include "cli/work.h"

/* The table that is to go, and what it has. */
typedef struct dropping {
    session *s;
    ledger_orphan orphan;
    table_summary has;
} dropping;

static const char *asked(const dropping *d) {
    return d->s->command->options->arguments.items[0];
}

static status refuse_defined(const lake_table *t, error *err) {
    error_set(err, E_USAGE, "\"%s\" is still defined", t->name);
    error_hint(err,
               "Remove %s and what reads the table first: a table that is gone from tables/ "
               "is orphaned, and can be dropped.",
               t->sql_file != NULL ? t->sql_file : t->yaml_file);
    return E_USAGE;
}

static status refuse_unknown(const dropping *d, const ledger_orphans *all, error *err) {
    strings names = {0};
    for (size_t i = 0; i < all->count; i++)
        vec_push(d->s->arena, &names, all->items[i].name);
    const char *nearest = str_nearest(asked(d), &names);
    error_set(err, E_USAGE, "there is no orphaned table \"%s\"", asked(d));
    if (nearest != NULL)
        error_hint(err, "Did you mean \"%s\"?", nearest);
    else
        error_hint(err, "`weir status` lists tables that are no longer defined.");
    return E_USAGE;
}

static status find_orphan(dropping *d, error *err) {
    session *s = d->s;
    ledger_orphans all = {0};
    const lake_table *defined = lake_table_find(s->lake, asked(d));
    if (defined != NULL)
        return refuse_defined(defined, err);
    TRY(ledger_orphans_of(s->ledger, s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        if (!str_eq(all.items[i].name, asked(d)))
            continue;
        d->orphan = all.items[i];
        return ledger_table_summary(s->ledger, d->orphan.id, d->orphan.is_source, s->arena, &d->has,
                                    err);
    }
    return refuse_unknown(d, &all, err);
}

static json_t *make_document(const dropping *d, const char *run) {
    json_t *document = document_new();
    json_object_set_new(document, "run", output_string(run));
    json_object_set_new(document, "table", output_string(asked(d)));
    json_object_set_new(document, "kind", json_string(d->orphan.is_source ? "source" : "derived"));
    json_object_set_new(document, "partitions",
                        json_integer(d->orphan.is_source ? 0 : d->has.partitions));
    json_object_set_new(document, "deliveries",
                        json_integer(d->orphan.is_source ? d->has.partitions : 0));
    json_object_set_new(document, "bytes", json_integer(d->has.bytes));
    return document;
}

static void show(const dropping *d, const json_t *document, bool dry) {
    output *o = d->s->command->out;
    const char *word = dry ? "would drop" : "dropped";
    if (o->format != OUTPUT_TABLE)
        output_json(o, document);
    if (d->orphan.is_source)
        output_say(o, "%s %s; its raw history stays: %s (%s)", word, d->orphan.name,
                   output_plural(d->s->arena, d->has.partitions, "delivery", "deliveries"),
                   output_bytes(d->s->arena, d->has.bytes));
    else
        output_say(o, "%s %s: %s (%s), which `weir gc` removes when retention is over", word,
                   d->orphan.name,
                   output_plural(d->s->arena, d->has.partitions, "partition", "partitions"),
                   output_bytes(d->s->arena, d->has.bytes));
}

static status drop_locked(dropping *d, const work *w, error *err) {
    session *s = d->s;
    const char *why = option_text(s->command->options, OPTION_REASON);
    TRY(ledger_lease_check(s->ledger, LEDGER_LEASE_RUN, w->run, w->fence, err));
    TRY(find_orphan(d, err));
    if (d->orphan.is_dropped)
        return OK;
    TRY(ledger_drop(s->ledger, &d->orphan, err));
    TRY(ledger_moment_of_run(s->ledger, w->run, err));
    return ledger_event_add(s->ledger, s->who, "drop", d->orphan.name, why,
                            clock_now_us(s->command->clock), err);
}

static status drop_table(dropping *d, const work *w, error *err) {
    session *s = d->s;
    TRY(ledger_begin(s->ledger, LEDGER_WRITE, err));
    status result = drop_locked(d, w, err);
    if (result != OK) {
        ledger_rollback(s->ledger);
        return result;
    }
    TRY(ledger_commit(s->ledger, err));
    project_context project = session_project_context(s, w->run);
    return project_moves(&project, err);
}

static status drop_dry(session *s, error *err) {
    dropping d = {.s = s};
    TRY(find_orphan(&d, err));
    JSON_AUTO document = make_document(&d, NULL);
    show(&d, document, true);
    return OK;
}

static status drop_for_real(session *s, error *err) {
    work w;
    dropping d = {.s = s};
    TRY(work_begin(s, &w, err));
    status result = drop_table(&d, &w, err);
    JSON_AUTO document = make_document(&d, w.run);
    TRY(work_end(&w, result, document, err));
    show(&d, document, false);
    return OK;
}

static status need_reason(const command *c, error *err) {
    const char *reason = option_text(c->options, OPTION_REASON);
    if (reason != NULL && reason[0] != '\0')
        return OK;
    error_set(err, E_USAGE, "\"weir drop\" needs --reason");
    error_hint(err, "Say why the table may go: those who miss it will read it.");
    return E_USAGE;
}

status verb_drop(command *c, error *err) {
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    if (!dry)
        TRY(need_reason(c, err));
    status result = session_open(c, dry ? SESSION_READ : SESSION_AMEND, &s, err);
    if (result == OK)
        result = dry ? drop_dry(&s, err) : drop_for_real(&s, err);
    session_close(&s);
    return result;
}
