#include "cli/verb.h"

#include "base/crash.h"
#include "base/path.h"
#include "build/fsck.h"
#include "build/transfer.h"
#include "cli/document.h"
#include "cli/marker.h"
#include "cli/work.h"
#include "ledger/journal.h"

#include <limits.h>
#include <unistd.h>

/* A lake, or a layer of it, on its way from one store to another. */
typedef struct moving {
    session *here;
    session there;
    const char *from, *to;
    lake *moved;   /* the lake as it will be */
    bool is_whole; /* the lake's own store, with quarantine and journal; else a layer's */
    bool *layers;  /* which of them move */
    char owner[ID_TEXT_SIZE];
    keeper *keeper;
    transfer_result result;
} moving;

/* places */

static bool is_same_place(const char *named, const char *place) {
    char real_named[PATH_MAX], real_place[PATH_MAX];
    if (lake_place_is_bucket(named) || lake_place_is_bucket(place))
        return str_eq(named, place);
    return str_eq(named, place)
           || (realpath(named, real_named) != NULL && realpath(place, real_place) != NULL
               && str_eq(real_named, real_place));
}

/* What the definition calls it, whatever way there somebody named. */
static const char *as_defined(const lake *l, const char *named) {
    if (is_same_place(named, l->store))
        return l->store;
    for (size_t i = 0; i < l->layer_count; i++)
        if (is_same_place(named, l->layers[i].store))
            return l->layers[i].store;
    return named;
}

static status find_places(moving *m, error *err) {
    const session *s = m->here;
    const strings *arguments = &s->command->options->arguments;
    char folder[PATH_MAX];
    if (getcwd(folder, sizeof folder) == NULL)
        return error_set(err, E_IO, "the folder of this process is not there");
    m->from = as_defined(s->lake, lake_place(s->arena, folder, arguments->items[1]));
    m->to = lake_place(s->arena, folder, arguments->items[2]);
    TRY(lake_elsewhere(s->lake, m->from, m->to, s->arena, &m->moved, err));
    m->is_whole = str_eq(m->from, s->lake->store);
    m->layers = ARENA_ARRAY(s->arena, bool, s->lake->layer_count);
    for (size_t i = 0; i < s->lake->layer_count; i++)
        m->layers[i] = !str_eq(s->lake->layers[i].store, m->moved->layers[i].store);
    return OK;
}

/* What says whose the copy is; NULL: what moves needs nothing to say so. */
static const char *marker_key(const moving *m, marker *ret) {
    *ret = (marker){.id = ledger_lake_id(m->here->ledger), .name = m->here->lake->name};
    for (size_t i = 0; !m->is_whole && i < m->moved->layer_count; i++) {
        if (!m->layers[i])
            continue;
        ret->layer = m->moved->layers[i].name;
        return m->moved->layers[i].has_own_store ? MARKER_OF_LAYER : NULL;
    }
    return MARKER_OF_LAKE;
}

/* A copy that came to its end may be brought up to date; nobody else's store is touched. */
static status check_owner(const moving *m, error *err) {
    marker found = {0}, wanted = {0};
    error why = {0};
    const char *key = marker_key(m, &wanted);
    if (key == NULL)
        return OK;
    status looked = marker_find(m->to, key, m->here->arena, &found, &why);
    if (looked == E_NOT_FOUND || (looked == OK && marker_same(&found, &wanted)))
        return OK;
    if (looked == OK)
        return marker_refuse(m->to, &found, err);
    return error_pass(looked, &why, err);
}

/* what is told */

static json_t *make_document(const moving *m, bool dry) {
    json_t *layers = json_array(), *document = document_new();
    for (size_t i = 0; i < m->moved->layer_count; i++)
        if (m->layers[i])
            json_array_append_new(layers, output_string(m->moved->layers[i].name));
    json_object_set_new(document, "dry_run", json_boolean(dry));
    json_object_set_new(document, "from", output_string(m->from));
    json_object_set_new(document, "to", output_string(m->to));
    json_object_set_new(document, "layers", layers);
    json_object_set_new(document, "files", json_integer(m->result.files));
    json_object_set_new(document, "bytes", json_integer(m->result.bytes));
    json_object_set_new(document, "copied_files", json_integer(m->result.copied_files));
    json_object_set_new(document, "copied_bytes", json_integer(m->result.copied_bytes));
    return document;
}

/* As lake.yaml is to have it. */
static void say_next(const moving *m) {
    const session *s = m->here;
    output *o = s->command->out;
    const char *dir = arena_printf(s->arena, "%s/", s->lake->dir);
    const char *to = str_starts(m->to, dir) ? m->to + strlen(dir) : m->to;
    const char *of = s->lake->environment == NULL
                         ? ""
                         : arena_printf(s->arena, " of environment %s", s->lake->environment);
    output_say(o, "Next:");
    if (m->is_whole)
        output_say(o, "  in lake.yaml, `store: %s`%s", to, of);
    for (size_t i = 0; !m->is_whole && i < m->moved->layer_count; i++) {
        const lake_layer *layer = &m->moved->layers[i];
        if (m->layers[i] && layer->has_own_store)
            output_say(o, "  in lake.yaml, among `layers`: {%s: {store: \"%s\"}}", layer->name, to);
        else if (m->layers[i])
            output_say(o, "  in lake.yaml, among `layers`: %s", layer->name);
    }
    output_say(o, "What is at \"%s\" stays until you remove it.", m->from);
}

static void tell(const moving *m, bool dry) {
    const session *s = m->here;
    output *o = s->command->out;
    const transfer_result *r = &m->result;
    if (o->format != OUTPUT_TABLE) {
        JSON_AUTO document = make_document(m, dry);
        output_json(o, document);
        return;
    }
    bool is_fast = option_given(s->command->options, OPTION_FAST);
    output_say(o, "%s %s (%s), %s of %s there already%s", dry ? "would copy" : "copied",
               output_plural(s->arena, r->copied_files, "file", "files"),
               output_bytes(s->arena, r->copied_bytes),
               output_plural(s->arena, r->files - r->copied_files, "file", "files"),
               output_plural(s->arena, r->files, "file", "files"),
               dry       ? ""
               : is_fast ? "; checked names and sizes"
                         : "; checked all of it");
    if (!dry)
        say_next(m);
}

/* work */

static void show_copying(void *state, const char *place, size_t done, size_t known) {
    progress_show(state, (progress_state){"copying", place, done, known});
}

static status transfer_all(moving *m, const session *there, bool dry, error *err) {
    session *s = m->here;
    build_context build = session_build_context(s, m->owner);
    build.progress = show_copying;
    transfer_stores stores = {.temp_dir = s->temp_dir, .dry = dry};
    stores.layers = ARENA_ARRAY(s->arena, transfer_pair, s->lake->layer_count);
    for (size_t i = 0; i < s->lake->layer_count; i++)
        if (m->layers[i])
            stores.layers[i] = (transfer_pair){s->layers[i], there->layers[i]};
    if (m->is_whole) {
        stores.quarantine = (transfer_pair){s->quarantine, there->quarantine};
        stores.journal = (transfer_pair){s->journal, there->journal};
    }
    status result = build_transfer(&build, &stores, &m->result, err);
    progress_clear(s->command->progress);
    return result;
}

/* A folder that is not there has nothing, and stays so. */
static status open_if_there(const char *place, store **ret, error *err) {
    bool is_there = lake_place_is_bucket(place) || file_exists(place);
    return is_there ? store_open(place, ret, err) : OK;
}

static status open_there_dry(moving *m, error *err) {
    session *there = &m->there;
    const lake *l = m->moved;
    *there = (session){.command = m->here->command, .lake = m->moved, .arena = m->here->arena};
    there->layers = ARENA_ARRAY(there->arena, store *, l->layer_count);
    for (size_t i = 0; i < l->layer_count; i++)
        if (m->layers[i])
            TRY(open_if_there(l->layers[i].store, &there->layers[i], err));
    TRY(open_if_there(path_join(there->arena, l->store, ".weir/quarantine"), &there->quarantine,
                      err));
    return open_if_there(l->store, &there->journal, err);
}

static status copy_dry(moving *m, error *err) {
    TRY(check_owner(m, err));
    TRY(open_there_dry(m, err));
    TRY(transfer_all(m, &m->there, true, err));
    tell(m, true);
    return OK;
}

/* Tables that were never built as they are defined now would be taken for others later. */
static status read_tables(session *s, error *err) {
    error why = {0};
    status read = ledger_tables(s->ledger, s->lake, s->arena, &s->tables, &why);
    if (read != OK && err != NULL)
        *err = why;
    if (read != E_NOT_FOUND)
        return read;
    error_set(err, E_USAGE, "the definition has changed since the last run");
    error_hint(err, "`weir run` takes it over; then copy.");
    return E_USAGE;
}

/* No run is at work from here on, nor is there a run to record: its record would be one more entry
 * of the journal that is copied. */
static status hold(moving *m, error *err) {
    session *s = m->here;
    clock_new_id(s->command->clock, m->owner);
    TRY(ledger_lease_take(s->ledger, LEDGER_LEASE_RUN, m->owner, keeper_lease_us(), &s->fence,
                          err));
    const keeper_options options = {.ledger = s->lake->ledger,
                                    .lake_id = ledger_lake_id(s->ledger),
                                    .owner = m->owner,
                                    .fence = s->fence,
                                    .lease_us = keeper_lease_us(),
                                    .renew = keeper_renew_run};
    return keeper_start(&options, &m->keeper, err);
}

/* What a dead run left goes now: there it would be missing. */
static status clear_left(moving *m, error *err) {
    session *s = m->here;
    TRY(journal_export(s->ledger, s->journal, err));
    build_context build = session_build_context(s, m->owner);
    project_context project = session_project_context(s, m->owner);
    project_result projected;
    TRY(build_drop_kept(&build, clock_now_us(s->command->clock), err));
    TRY(build_recover(&build, err));
    TRY(project_moves(&project, err));
    return project_all(&project, &projected, err);
}

/* What a table that is no longer defined had for readers stays until it is dropped, as it is made
 * by default. */
static status add_orphans(const moving *m, project_context *project, error *err) {
    arena *a = m->here->arena;
    ledger_orphans orphans = {0};
    lake *l = ARENA_NEW(a, lake);
    TRY(ledger_orphans_of(project->ledger, a, &orphans, err));
    size_t defined = project->lake->table_count, room = defined + orphans.count;
    ledger_table *tables = ARENA_ARRAY(a, ledger_table, room);
    *l = *project->lake;
    l->tables = ARENA_ARRAY(a, lake_table *, room);
    for (size_t i = 0; i < defined; i++) {
        l->tables[i] = project->lake->tables[i];
        tables[i] = project->tables[i];
    }
    for (size_t i = 0; i < orphans.count; i++) {
        const ledger_orphan *o = &orphans.items[i];
        lake_table *t = ARENA_NEW(a, lake_table);
        *t = (lake_table){.index = l->table_count, .name = o->name};
        if (o->is_source || o->is_dropped || !lake_layer_of(l, o->name, &t->layer))
            continue;
        t->short_name = strchr(o->name, '.') + 1;
        t->projection = lake_projection_at(l->layers[t->layer].store);
        tables[l->table_count] = (ledger_table){.id = o->id, .name = o->name};
        l->tables[l->table_count++] = t;
    }
    project->lake = l;
    project->tables = tables;
    return OK;
}

/* Layers that stay have theirs. */
static void leave_out_others(const moving *m, project_context *project) {
    for (size_t i = 0; i < project->lake->table_count; i++)
        if (!m->layers[project->lake->tables[i]->layer])
            project->lake->tables[i]->projection = PROJECTION_NONE;
}

static status project_there(moving *m, error *err) {
    project_context project = session_project_context(&m->there, m->owner);
    project_result projected;
    TRY(add_orphans(m, &project, err));
    leave_out_others(m, &project);
    TRY(project_anew(&project, &projected, err));
    crash_point("move.projected");
    return OK;
}

static status refuse_fault(const moving *m, const fsck_fault *f, error *err) {
    error_set(err, E_DATA, "the copy in \"%s\" is not whole: \"%s\" of %s is %s%s%s", m->to,
              f->object, f->layer, f->kind, f->detail != NULL ? ": " : "",
              f->detail != NULL ? f->detail : "");
    error_hint(err,
               "`weir fsck` tells whether it is damaged in \"%s\", too; else remove it from "
               "the copy, and copy again.",
               m->from);
    return E_DATA;
}

/* What else lies there is no fault of the copy. */
static status judge(const moving *m, const fsck_result *found, error *err) {
    size_t extra = 0;
    for (size_t i = 0; i < found->faults.count; i++) {
        if (!str_eq(found->faults.items[i].kind, "extra"))
            return refuse_fault(m, &found->faults.items[i], err);
        extra++;
    }
    if (extra > 0)
        log_write(m->here->command->log, LOG_WARN,
                  "ignoring %zu files in \"%s\" that the ledger does not know", extra, m->to);
    return OK;
}

static status check_there(moving *m, error *err) {
    const fsck_options how = {.fast = option_given(m->here->command->options, OPTION_FAST),
                              .quarantine = m->is_whole ? m->there.quarantine : NULL,
                              .journal = m->is_whole ? m->there.journal : NULL,
                              .layers = m->layers};
    build_context build = session_build_context(&m->there, m->owner);
    fsck_result found = {0};
    TRY(build_fsck(&build, &how, m->here->arena, &found, err));
    TRY(judge(m, &found, err));
    crash_point("move.checked");
    return OK;
}

/* The last of all: without it nobody opens the copy. */
static status mark_there(const moving *m, error *err) {
    const session *s = m->here;
    marker whose = {0};
    error why = {0};
    const char *key = marker_key(m, &whose);
    TRY(ledger_lease_renew(s->ledger, LEDGER_LEASE_RUN, m->owner, s->fence, keeper_lease_us(),
                           err));
    if (key == NULL)
        return OK;
    status put = marker_put(m->to, key, &whose, &why);
    if (put == E_EXISTS)
        return check_owner(m, err);
    return error_pass(put, &why, err);
}

static status copy_held(moving *m, error *err) {
    TRY(read_tables(m->here, err));
    TRY(clear_left(m, err));
    TRY(session_elsewhere(m->here, m->moved, &m->there, err));
    work_sweep(&m->there);
    TRY(transfer_all(m, &m->there, false, err));
    TRY(project_there(m, err));
    TRY(check_there(m, err));
    return mark_there(m, err);
}

static status copy_for_real(moving *m, error *err) {
    session *s = m->here;
    TRY(check_owner(m, err));
    status copied = hold(m, err);
    if (copied == OK)
        copied = copy_held(m, err);
    keeper_stop(m->keeper);
    if (s->fence == 0) /* it is another one's */
        return copied;
    status released =
        ledger_lease_release(s->ledger, LEDGER_LEASE_RUN, m->owner, copied == OK ? err : NULL);
    if (copied == E_INTERRUPTED)
        error_hint(err, "Copy again to go on: nothing is copied twice.");
    TRY(copied);
    TRY(released);
    tell(m, false);
    return OK;
}

static status copy(session *s, bool dry, error *err) {
    moving m = {.here = s};
    TRY(find_places(&m, err));
    status result = dry ? copy_dry(&m, err) : copy_for_real(&m, err);
    if (m.there.lake != NULL)
        session_close(&m.there);
    return result;
}

status verb_store(command *c, error *err) {
    const strings *arguments = &c->options->arguments;
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    if (arguments->count != 3 || !str_eq(arguments->items[0], "copy")) {
        error_set(err, E_USAGE, "\"weir store %s\" is not understood",
                  str_join(c->arena, arguments, " "));
        error_hint(err, "The form is: weir store %s", c->verb->arguments);
        return E_USAGE;
    }
    status result = session_open(c, dry ? SESSION_READ : SESSION_AMEND, &s, err);
    if (result == OK)
        result = copy(&s, dry, err);
    session_close(&s);
    return result;
}
