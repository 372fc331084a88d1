#include "cli/helper.h"

#include "base/clock.h"
#include "cli/document.h"
#include "cli/keeper.h"
#include "ledger/offer.h"

enum { WAIT_MS = 200 };

struct helper {
    session *session;
    char id[ID_TEXT_SIZE];
    keeper *keeper;
    build_helped did;
};

/* what has to be the same */

static json_t *stores_of(const lake *l) {
    json_t *all = json_array();
    for (size_t i = 0; i < l->layer_count; i++)
        json_array_append_new(all, json_string(l->layers[i].store));
    return all;
}

const char *helper_basis(const session *s, arena *a) {
    JSON_AUTO basis = json_pack("{s:s, s:s, s:o}", "weir", WEIR_VERSION, "definition",
                                s->lake->fingerprint, "stores", stores_of(s->lake));
    return json_text(a, basis);
}

static const struct {
    const char *key, *what, *hint;
} PARTS[] = {
    {"weir", "another release of weir", "Install the same release on all hosts that share a lake."},
    {"definition", "another definition of the lake",
     "Bring both hosts' lake folders to the same commit; the newest run's is in the ledger."},
    {"stores", "its stores in other places",
     "Hosts share a lake whose stores they all reach by the same name: a bucket, or a folder that "
     "is mounted in the same place."},
};

static status compare(const session *s, const ledger_shared *run, arena *a, error *err) {
    JSON_AUTO theirs = NULL;
    JSON_AUTO ours = NULL;
    const char *own = helper_basis(s, a);
    TRY(json_parse(run->basis, strlen(run->basis), "what a run's helpers need", &theirs, err));
    TRY(json_parse(own, strlen(own), "what this host has", &ours, err));
    for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++) {
        if (json_equal(json_object_get(theirs, PARTS[i].key), json_object_get(ours, PARTS[i].key)))
            continue;
        error_set(err, E_FOREIGN, "run %s cannot be helped: its host has %s", run->owner,
                  PARTS[i].what);
        error_hint(err, "%s", PARTS[i].hint);
        return E_FOREIGN;
    }
    return OK;
}

/* being there */

static status renew(ledger *l, const keeper_options *o, error *err) {
    const ledger_helper h = {o->owner, o->name};
    return ledger_helper_renew(l, &h, o->lease_us, err);
}

static status start(helper *h, error *err) {
    const session *s = h->session;
    const keeper_options options = {.ledger = s->lake->ledger,
                                    .lake_id = ledger_lake_id(s->ledger),
                                    .owner = h->id,
                                    .name = s->host,
                                    .lease_us = keeper_lease_us(),
                                    .renew = renew};
    TRY(renew(s->ledger, &options, err));
    return keeper_start(&options, &h->keeper, err);
}

static status begin(session *s, helper **ret, error *err) {
    helper *h = ARENA_NEW(s->arena, helper);
    h->session = s;
    clock_new_id(s->command->clock, h->id);
    status started = start(h, err);
    *ret = h;
    return started;
}

/* Who does not get away in good order is found to be dead. */
void helper_end(helper *h) {
    if (h == NULL)
        return;
    keeper_stop(h->keeper);
    status ignored = ledger_helper_leave(h->session->ledger, h->id, NULL);
    (void)ignored;
}

/* helping */

static status help_run(session *s, helper *h, const char *run, arena *a, error *err) {
    ledger_table *tables = NULL;
    TRY(ledger_tables(s->ledger, s->lake, a, &tables, err));
    build_context c = session_build_context(s, run);
    c.tables = tables;
    c.host = NULL;
    log_write(s->command->log, LOG_INFO, "helping run %s", run);
    return build_help(&c, h->id, &h->did, err);
}

status helper_help(session *s, helper **h, bool *ret_helped, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_shared run = {0};
    *ret_helped = false;
    status found = ledger_lease_shared(s->ledger, LEDGER_LEASE_RUN, a, &run, err);
    if (found == E_NOT_FOUND || (found == OK && run.basis == NULL))
        return OK;
    TRY(found);
    TRY(compare(s, &run, a, err));
    if (*h == NULL)
        TRY(begin(s, h, err));
    *ret_helped = true;
    return help_run(s, *h, run.owner, a, err);
}

/* serving */

static status is_going(const session *s, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_shared run = {0};
    status found = ledger_lease_shared(s->ledger, LEDGER_LEASE_RUN, a, &run, err);
    *ret = found == OK;
    return found == E_NOT_FOUND ? OK : found;
}

/* Runs that cannot be helped, like gc, are waited for: another may follow. */
static status serve(session *s, helper **h, error *err) {
    bool waits = option_given(s->command->options, OPTION_WAIT), going = true, helped = false;
    while (going || waits) {
        TRY(helper_help(s, h, &helped, err));
        TRY(is_going(s, &going, err));
        if (*s->command->interrupted != 0)
            return error_set(err, E_INTERRUPTED, "interrupted");
        if (!helped && (going || waits))
            clock_wait(s->command->clock, WAIT_MS);
    }
    return OK;
}

static void tell(const session *s, const build_helped *did) {
    static const output_column COLUMNS[] = {{"host", "host", OUTPUT_TEXT},
                                            {"jobs", "jobs", OUTPUT_COUNT},
                                            {"partitions", "partitions", OUTPUT_COUNT},
                                            {"failed", "failed", OUTPUT_COUNT}};
    output *o = s->command->out;
    JSON_AUTO rows =
        json_pack("[{s:s, s:I, s:I, s:I}]", "host", s->host, "jobs", (json_int_t)did->jobs,
                  "partitions", (json_int_t)did->partitions, "failed", (json_int_t)did->failed);
    JSON_AUTO document = document_new();
    json_object_update(document, json_array_get(rows, 0));
    if (o->format != OUTPUT_TABLE)
        output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    else if (did->jobs == 0)
        output_say(o, "nothing to help with");
    else
        output_say(o, "helped   %s in %s%s",
                   output_plural(s->arena, did->partitions, "partition", "partitions"),
                   output_plural(s->arena, did->jobs, "job", "jobs"),
                   did->failed > 0 ? ", some failed" : "");
}

/* To be stopped is how it ends: no failure. */
status helper_serve(session *s, error *err) {
    helper *h = NULL;
    status result = begin(s, &h, err);
    if (result == OK)
        result = serve(s, &h, err);
    build_helped did = h->did;
    helper_end(h);
    if (result != OK && (result != E_INTERRUPTED || *s->command->interrupted == 0))
        return result;
    tell(s, &did);
    return OK;
}
