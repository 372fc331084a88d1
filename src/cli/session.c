#include "cli/session.h"

#include "base/path.h"
#include "cli/identity.h"
#include "ledger/journal.h"
#include "ledger/location.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOADING_MEMORY_BYTES = 500000000 }; /* parsing and binding only */

/* Who did it, for the ledger: a name from the environment, else the number. */
static const char *find_who(arena *a) {
    static const char *const NAMES[] = {"WEIR_WHO", "USER", "LOGNAME"};
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
        const char *value = getenv(NAMES[i]);
        if (value != NULL && value[0] != '\0')
            return str_printable(a, value);
    }
    return arena_printf(a, "uid %u", (unsigned)geteuid());
}

static const char *find_host(arena *a) {
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0)
        name[0] = '\0';
    return arena_printf(a, "%s:%d", name[0] != '\0' ? str_printable(a, name) : "host", getpid());
}

static const char *find_environment(const command *c) {
    const char *name = option_text(c->options, OPTION_ENV);
    if (name == NULL)
        name = getenv("WEIR_ENV");
    return name != NULL && name[0] != '\0' ? name : NULL;
}

/* Below the lake, where there is room; a definition that is only read may lie where nothing can be
 * written. */
static const char *find_temp_dir(arena *a, const char *dir) {
    const char *own = path_join(a, dir, ".weir/tmp");
    if (dir_make(own, NULL) == OK)
        return own;
    const char *system = getenv("TMPDIR");
    return system != NULL && path_is_absolute(system) ? system : "/tmp";
}

static status open_engine(const session *s, engine_options options, engine **ret, error *err) {
    options.worker = s->worker;
    options.temp_dir = s->temp_dir;
    options.interrupted = s->command->interrupted;
    options.hidden = &s->variables;
    return engine_open(&options, ret, err);
}

status session_find_dir(const command *c, char **ret_dir, error *err) {
    const char *start = option_text(c->options, OPTION_DIR);
    return lake_find(start != NULL ? start : ".", c->arena, ret_dir, err);
}

/* The engine's answers are kept as long as the worker is the same program. */
static const char *worker_version(arena *a, const char *worker) {
    struct stat found;
    if (stat(worker, &found) != 0)
        return NULL;
    return arena_printf(a, "%lld %lld.%09ld", (long long)found.st_size,
                        (long long)found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

static status load_definition(session *s, errors *all, error *err) {
    char *dir = NULL;
    TRY(session_find_dir(s->command, &dir, err));
    s->temp_dir = find_temp_dir(s->arena, dir);
    TRY(engine_find_worker(s->arena, &s->worker, err));
    engine *loader = NULL;
    engine_options options = {
        .timezone = "UTC", .workers = 1, .threads = 1, .memory_bytes = LOADING_MEMORY_BYTES};
    TRY(open_engine(s, options, &loader, err));
    sql_engine sql = engine_sql(loader);
    lake_options how = {.dir = dir,
                        .environment = find_environment(s->command),
                        .engine = &sql,
                        .engine_version = worker_version(s->arena, s->worker),
                        .variables = &s->variables,
                        .use_cache = true};
    status result = lake_load(&how, s->arena, &s->lake, all, err);
    engine_close(loader);
    return result;
}

/* Layers often share a bucket: one of each is enough. */
static bool is_told(const json_t *list, const char *scope) {
    size_t i;
    json_t *told;
    json_array_foreach(list, i,
                       told) if (str_eq(json_get_string(told, "scope", ""), scope)) return true;
    return false;
}

static status add_bucket(store *in, json_t *list, error *err) {
    ARENA_AUTO a = arena_new();
    store_access at = {0};
    TRY(store_get_access(in, a, &at, err));
    if (at.scope == NULL || is_told(list, at.scope))
        return OK;
    json_t *told =
        json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s, s:b, s:b, s:s*, s:I}", "scope", at.scope,
                  "access_key", at.access_key, "secret_key", at.secret_key, "token", at.token,
                  "region", at.region, "endpoint", at.endpoint, "path_style", at.path_style, "tls",
                  at.tls, "ca_file", at.ca_file, "timeout_s", (json_int_t)at.timeout_s);
    ASSERT(told != NULL);
    json_array_append_new(list, told);
    return OK;
}

/* What the engine's jobs need to reach the stores that are open by then. */
static status find_buckets(void *state, json_t **ret, error *err) {
    const session *s = state;
    json_t *list = json_array();
    status result = OK;
    for (size_t i = 0; result == OK && s->layers != NULL && i < s->lake->layer_count; i++)
        if (s->layers[i] != NULL)
            result = add_bucket(s->layers[i], list, err);
    if (result != OK) {
        json_decref(list);
        return result;
    }
    *ret = list;
    return OK;
}

static bool uses_buckets(const lake *l) {
    for (size_t i = 0; i < l->layer_count; i++)
        if (lake_place_is_bucket(l->layers[i].store))
            return true;
    return false;
}

static status open_lake_engine(session *s, error *err) {
    int64_t workers = 0;
    TRY(option_int(s->command->options, OPTION_JOBS, 1, s->lake->worker_count, &workers, err));
    engine_options options = {.timezone = s->lake->timezone,
                              .workers = workers,
                              .threads = s->lake->worker_threads,
                              .memory_bytes = s->lake->worker_memory_bytes};
    if (uses_buckets(s->lake))
        options.buckets = (engine_buckets){find_buckets, s};
    return open_engine(s, options, &s->engine, err);
}

status session_load(command *c, session *s, errors *all, error *err) {
    *s = (session){
        .command = c, .arena = c->arena, .who = find_who(c->arena), .host = find_host(c->arena)};
    TRY(option_time(c->options, OPTION_NOW, &s->now_us, err));
    TRY(load_definition(s, all, err));
    if (s->lake->environment != NULL)
        log_write(c->log, LOG_INFO, "environment %s", s->lake->environment);
    return open_lake_engine(s, err);
}

static status refuse_fresh(const lake *l, error *err) {
    error_set(err, E_NOT_FOUND, "lake \"%s\" in \"%s\" has no ledger and no store yet", l->name,
              l->dir);
    error_hint(err, "`weir run` makes them and takes in what landed; `weir init` only makes them.");
    return E_NOT_FOUND;
}

static status open_ledger(session *s, session_access access, error *err) {
    identity_state state = IDENTITY_FRESH;
    const char *id = NULL;
    TRY(identity_look(s->lake, s->arena, &state, &id, err));
    if (state == IDENTITY_WHOLE)
        return identity_open(s->lake, id, &s->ledger, err);
    if (access != SESSION_CHANGE)
        return refuse_fresh(s->lake, err);
    log_write(s->command->log, LOG_INFO, "new lake \"%s\": making ledger \"%s\" and store \"%s\"",
              s->lake->name, ledger_shown(s->arena, s->lake->ledger), s->lake->store);
    return identity_create(s->lake, s->command->clock, &s->ledger, err);
}

static void tell_behind(const session *s, session_access access, int64_t count) {
    log_write(s->command->log, LOG_WARN,
              "ledger \"%s\" is older than its store: %s by %" PRId64 " commits of the journal",
              ledger_shown(s->arena, s->lake->ledger),
              access >= SESSION_AMEND ? "it was brought forward"
                                      : "what follows is of a copy brought forward",
              count);
}

/* A ledger that was restored from a copy learns what has happened since; for verbs that only look,
 * a rehearsal does. */
static status meet_journal(session *s, session_access access, error *err) {
    bool behind = false;
    int64_t count = 0;
    TRY(store_open(s->lake->store, &s->journal, err));
    TRY(journal_look(s->ledger, s->journal, &behind, err));
    if (behind && access < SESSION_AMEND)
        TRY(ledger_rehearse(s->ledger, err));
    if (behind)
        TRY(journal_replay(s->ledger, s->journal, &count, err));
    if (count > 0)
        tell_behind(s, access, count);
    if (access >= SESSION_AMEND)
        journal_attach(s->ledger, s->journal);
    return OK;
}

static status open_stores(session *s, error *err) {
    s->layers = ARENA_ARRAY(s->arena, store *, s->lake->layer_count);
    for (size_t i = 0; i < s->lake->layer_count; i++)
        TRY(store_open(s->lake->layers[i].store, &s->layers[i], err));
    const char *quarantine = path_join(s->arena, s->lake->store, ".weir/quarantine");
    return store_open(quarantine, &s->quarantine, err);
}

status session_sync(session *s, error *err) {
    if (option_given(s->command->options, OPTION_REDEFINE))
        return ledger_redefine(s->ledger, s->lake, s->arena, &s->tables, err);
    return ledger_sync_definition(s->ledger, s->lake, s->arena, &s->tables, err);
}

/* Who only looks may do so with whatever definition; who tells what a run would do is told what a
 * run is told. */
static status sync_rehearsed(session *s, error *err) {
    if ((s->command->verb->options & OPTION_BIT(OPTION_REDEFINE)) != 0)
        return session_sync(s, err);
    return ledger_redefine(s->ledger, s->lake, s->arena, &s->tables, err);
}

status session_rehearse(session *s, error *err) {
    TRY(ledger_rehearse(s->ledger, err));
    TRY(ledger_begin(s->ledger, LEDGER_WRITE, err));
    TRY(sync_rehearsed(s, err));
    return ledger_commit(s->ledger, err);
}

/* A definition that changed since the last run is looked at as if it had been taken over. */
static status read_tables(session *s, error *err) {
    status result = ledger_tables(s->ledger, s->lake, s->arena, &s->tables, err);
    return result == E_NOT_FOUND ? session_rehearse(s, err) : result;
}

status session_open(command *c, session_access access, session *s, error *err) {
    TRY(session_load(c, s, NULL, err));
    if (access == SESSION_DEFINITION)
        return OK;
    TRY(open_ledger(s, access, err));
    TRY(identity_layers(s->lake, s->ledger, access >= SESSION_AMEND, err));
    TRY(meet_journal(s, access, err));
    TRY(open_stores(s, err));
    return access == SESSION_READ ? read_tables(s, err) : OK;
}

status session_elsewhere(const session *s, lake *moved, session *ret, error *err) {
    *ret = *s;
    ret->lake = moved;
    ret->borrows_ledger = true;
    ret->engine = NULL;
    ret->layers = NULL;
    ret->quarantine = ret->journal = NULL;
    TRY(open_stores(ret, err));
    TRY(store_open(moved->store, &ret->journal, err));
    return open_lake_engine(ret, err);
}

void session_close(session *s) {
    engine_close(s->engine);
    if (s->ledger != NULL && !s->borrows_ledger) {
        log_write(s->command->log, LOG_DEBUG, "asked the ledger %" PRId64 " times",
                  ledger_statements(s->ledger));
        ledger_close(s->ledger);
    }
    for (size_t i = 0; s->layers != NULL && i < s->lake->layer_count; i++)
        store_close(s->layers[i]);
    store_close(s->quarantine);
    store_close(s->journal);
    *s = (session){0};
}

status session_select(const session *s, bool **ret_selected, error *err) {
    const strings *include = &s->command->options->arguments;
    const strings *exclude = &s->command->options->values[OPTION_EXCLUDE];
    if (include->count == 0 && exclude->count == 0) {
        *ret_selected = NULL;
        return OK;
    }
    return lake_select(s->lake, include, exclude, s->arena, ret_selected, err);
}

static void show_landing(void *state, size_t done, size_t known, const char *file) {
    progress_show(state, (progress_state){"landing", file, done, known});
}

static void show_building(void *state, const char *table, size_t done, size_t planned) {
    progress_show(state, (progress_state){"building", table, done, planned});
}

land_context session_land_context(session *s, const char *run) {
    const command *c = s->command;
    return (land_context){.lake = s->lake,
                          .tables = s->tables,
                          .ledger = s->ledger,
                          .engine = s->engine,
                          .layers = s->layers,
                          .quarantine = s->quarantine,
                          .temp_dir = s->temp_dir,
                          .clock = c->clock,
                          .log = c->log,
                          .run = run,
                          .who = s->who,
                          .fence = s->fence,
                          .now_us = s->now_us,
                          .events = s->events,
                          .interrupted = c->interrupted,
                          .progress = show_landing,
                          .progress_state = c->progress};
}

build_context session_build_context(session *s, const char *run) {
    const command *c = s->command;
    int64_t now = s->now_us != 0 ? s->now_us : clock_now_us(c->clock);
    return (build_context){.lake = s->lake,
                           .tables = s->tables,
                           .ledger = s->ledger,
                           .engine = s->engine,
                           .layers = s->layers,
                           .clock = c->clock,
                           .log = c->log,
                           .run = run,
                           .who = s->who,
                           .host = s->is_shared ? s->host : NULL,
                           .fence = s->fence,
                           .started_us = now,
                           .retry_failed = option_given(c->options, OPTION_RETRY_FAILED),
                           .interrupted = c->interrupted,
                           .progress = show_building,
                           .progress_state = c->progress};
}

const build_limits *session_limits(const session *s) {
    if (option_given(s->command->options, OPTION_YES))
        return NULL;
    build_limits *limits = ARENA_NEW(s->arena, build_limits);
    *limits = (build_limits){s->lake->confirm_partitions, s->lake->confirm_bytes};
    return limits;
}

project_context session_project_context(const session *s, const char *run) {
    return (project_context){.lake = s->lake,
                             .tables = s->tables,
                             .ledger = s->ledger,
                             .layers = s->layers,
                             .run = run,
                             .fence = s->fence};
}

int64_t session_requests(const session *s) {
    int64_t sum = 0;
    store *const others[] = {s->quarantine, s->journal};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        sum += others[i] != NULL ? store_requests(others[i]) : 0;
    for (size_t i = 0; s->layers != NULL && i < s->lake->layer_count; i++)
        sum += s->layers[i] != NULL ? store_requests(s->layers[i]) : 0;
    return sum;
}
