#include "cli/verb.h"

#include "base/path.h"
#include "cli/document.h"
#include "cli/identity.h"
#include "cli/session.h"
#include "ledger/journal.h"
#include "ledger/location.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char PLACE[] = ".weir/doctor/";
static const int64_t FREE_BYTES_MIN = INT64_C(1) << 30;
static const int64_t CLOCK_APART_US = INT64_C(60) * 1000000;

static const output_column COLUMNS[] = {
    {"check", "check", OUTPUT_TEXT},
    {"state", "state", OUTPUT_TEXT},
    {"detail", "detail", OUTPUT_TEXT},
    {"hint", "hint", OUTPUT_TEXT},
};

typedef struct doctor {
    session *session;
    json_t *rows;
    bool problem;
} doctor;

/* why: what went wrong; its kind OK when nothing did. */
static void tell(doctor *d, const char *check, const char *detail, const error *why) {
    json_t *row = json_object();
    bool ok = why->kind == OK;
    d->problem = d->problem || !ok;
    json_object_set_new(row, "check", output_string(check));
    json_object_set_new(row, "state", json_string(ok ? "ok" : "problem"));
    json_object_set_new(row, "detail", output_string(ok ? detail : why->message));
    json_object_set_new(row, "hint", output_string(ok || why->hint[0] == '\0' ? NULL : why->hint));
    json_array_append_new(d->rows, row);
}

static void check_worker(doctor *d) {
    error why = {0};
    why.kind = engine_warm(d->session->engine, &why);
    if (why.kind == OK) {
        sql_engine parser = engine_sql(d->session->engine);
        JSON_AUTO tree = NULL;
        why.kind = parser.parse(parser.state, "SELECT 1", &tree, &why);
    }
    tell(d, "worker", d->session->worker, &why);
}

static status try_names(store *s, arena *a, error *err) {
    const char *one = arena_printf(a, "%sa/x", PLACE), *two = arena_printf(a, "%sb/x", PLACE);
    if (!store_has(s, STORE_LINK) || !store_has(s, STORE_EXCHANGE))
        return OK;
    TRY(store_link(s, one, two, err));
    return store_exchange(s, arena_printf(a, "%sa/", PLACE), arena_printf(a, "%sb/", PLACE), err);
}

static status try_store(const doctor *d, store *s, error *err) {
    arena *a = d->session->arena;
    const char *key = arena_printf(a, "%sa/x", PLACE);
    char *body = NULL;
    size_t size = 0;
    store_object found = {0};
    TRY(store_remove_prefix(s, PLACE, err));
    TRY(store_put(s, key, "weir", 4, (store_put_options){0}, err));
    TRY(store_get(s, key, 4, a, &body, &size, err));
    TRY(store_info(s, key, a, &found, err));
    TRY(try_names(s, a, err));
    int64_t apart = clock_now_us(d->session->command->clock) - found.modified_us;
    if (size != 4 || !str_eq(body, "weir"))
        return error_set(err, E_IO, "what was written to \"%s\" came back as something else",
                         store_root(s));
    if (apart > CLOCK_APART_US || apart < -CLOCK_APART_US) {
        error_set(err, E_IO, "the clock of \"%s\" is %lld seconds from this machine's",
                  store_root(s), (long long)(apart / 1000000));
        error_hint(err, "Set the clock; land times are taken from it.");
        return E_IO;
    }
    return store_remove_prefix(s, PLACE, err);
}

static const char *nearest_folder(arena *a, const char *path) {
    while (!file_exists(path))
        path = path_parent(a, path);
    return path;
}

/* What the first run will make is not made here; it is enough that it can be. */
static status can_be_made(arena *a, const char *folder, error *err) {
    const char *above = nearest_folder(a, folder);
    if (access(above, W_OK | X_OK) == 0)
        return OK;
    error_set_errno(err, errno, "cannot make \"%s\" in \"%s\"", folder, above);
    error_hint(err, "Let this user write there, or name another place in lake.yaml.");
    return E_DENIED;
}

static void check_new_store(doctor *d, const char *name, const char *folder) {
    error why = {0};
    why.kind = can_be_made(d->session->arena, folder, &why);
    tell(d, name, arena_printf(d->session->arena, "%s, not made yet", folder), &why);
}

static void check_store(doctor *d, const char *name, const char *folder) {
    error why = {0};
    store *opened = NULL;
    why.kind = store_open(folder, &opened, &why);
    if (why.kind == OK)
        why.kind = try_store(d, opened, &why);
    store_close(opened);
    tell(d, name, folder, &why);
}

static void check_stores(doctor *d) {
    const session *s = d->session;
    for (size_t i = 0; i < s->lake->layer_count; i++) {
        const char *name = arena_printf(s->arena, "store %s", s->lake->layers[i].name);
        const char *folder = s->lake->layers[i].store;
        if (!path_is_absolute(folder) || file_exists(folder))
            check_store(d, name, folder);
        else
            check_new_store(d, name, folder);
    }
}

/* *ret_detail: how it stands. */
static status look_at_journal(session *s, const char **ret_detail, error *err) {
    bool behind = false;
    TRY(store_open(s->lake->store, &s->journal, err));
    TRY(journal_look(s->ledger, s->journal, &behind, err));
    if (behind)
        *ret_detail = arena_printf(s->arena,
                                   "%s, older than its journal: the next run brings it "
                                   "forward",
                                   ledger_shown(s->arena, s->lake->ledger));
    return OK;
}

static status try_ledger(session *s, const char **ret_detail, error *err) {
    identity_state state = IDENTITY_FRESH;
    const char *id = NULL;
    const char *shown = ledger_shown(s->arena, s->lake->ledger);
    *ret_detail = shown;
    TRY(identity_look(s->lake, s->arena, &state, &id, err));
    if (state == IDENTITY_FRESH) {
        *ret_detail = arena_printf(s->arena, "%s, not made yet: `weir run` does", shown);
        return ledger_is_file(s->lake->ledger) ? can_be_made(s->arena, s->lake->ledger, err) : OK;
    }
    TRY(identity_open(s->lake, id, &s->ledger, err));
    TRY(look_at_journal(s, ret_detail, err));
    if (!ledger_is_read_only(s->ledger))
        return OK;
    error_set(err, E_DENIED, "ledger \"%s\" cannot be written", shown);
    error_hint(err, ledger_is_file(s->lake->ledger)
                        ? "Queries work; runs need the file and its folder to be writable."
                        : "Queries work; runs need the rights that doc/postgres.md lists.");
    return E_DENIED;
}

static void check_ledger(doctor *d) {
    error why = {0};
    const char *detail = NULL;
    why.kind = try_ledger(d->session, &detail, &why);
    tell(d, "ledger", detail, &why);
}

static status try_land_folder(const char *land, error *err) {
    if (access(land, R_OK | W_OK | X_OK) == 0)
        return OK;
    error_set(err, E_DENIED, "land folder \"%s\" is not there or not writable", land);
    error_hint(err, "Make it, or name another as `land` in lake.yaml.");
    return E_DENIED;
}

/* May it be listed? That says whether it is there, and ours to look into. */
static status try_land_bucket(const char *land, error *err) {
    ARENA_AUTO a = arena_new();
    store *opened = NULL;
    store_objects found = {0};
    TRY(store_open(land, &opened, err));
    status result = store_list(opened, PLACE, a, &found, err);
    store_close(opened);
    return result;
}

static void check_land(doctor *d) {
    error why = {0};
    const lake *l = d->session->lake;
    const char *land = lake_delivered_to(l);
    why.kind = l->land_bucket != NULL ? try_land_bucket(land, &why) : try_land_folder(land, &why);
    tell(d, "land", land, &why);
}

static void check_space(doctor *d) {
    error why = {0};
    struct statvfs space;
    const session *s = d->session;
    const char *root = nearest_folder(s->arena, s->lake->store);
    int64_t bytes = 0;
    if (statvfs(root, &space) == 0)
        bytes = (int64_t)space.f_bavail * (int64_t)space.f_frsize;
    if (bytes < FREE_BYTES_MIN) {
        why.kind = error_set(&why, E_FULL, "only %s are free below \"%s\"",
                             output_bytes(s->arena, bytes), root);
        error_hint(&why, "`weir gc` removes versions that nothing needs any more.");
    }
    tell(d, "space", arena_printf(s->arena, "%s free", output_bytes(s->arena, bytes)), &why);
}

static void examine_all(doctor *d) {
    check_worker(d);
    check_ledger(d);
    check_stores(d);
    check_land(d);
    check_space(d);
}

/* Without a worker the SQL cannot be read, and without that nothing is known of the lake. */
static void examine_nothing(doctor *d, error *why) {
    if (why->hint[0] == '\0')
        error_hint(why, "The rest is checked when a worker runs: see WEIR_WORKER, and whether this "
                        "installation is whole.");
    tell(d, "worker", NULL, why);
}

static void examine(session *s, error *no_worker) {
    JSON_AUTO rows = json_array();
    JSON_AUTO document = document_new();
    doctor d = {.session = s, .rows = rows};
    if (no_worker->kind == OK)
        examine_all(&d);
    else
        examine_nothing(&d, no_worker);
    json_object_set_new(document, "ok", json_boolean(!d.problem));
    json_object_set(document, "checks", rows);
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    s->command->exit_code = d.problem ? 1 : 0;
}

status verb_doctor(command *c, error *err) {
    session s = {0};
    char *dir = NULL;
    error why = {0};
    TRY(session_find_dir(c, &dir, err));
    status result = session_open(c, SESSION_DEFINITION, &s, &why);
    bool is_sick = result == OK || result == E_ENGINE || result == E_NOT_FOUND;
    s.command = c;
    s.arena = c->arena;
    if (is_sick)
        examine(&s, &why);
    else if (err != NULL)
        *err = why;
    session_close(&s);
    return is_sick ? OK : result;
}
