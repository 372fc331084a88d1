#include "cli/work.h"

#include "base/crash.h"
#include "cli/helper.h"
#include "ledger/journal.h"
#include "ledger/offer.h"

enum { WAIT_MS = 200 };

static status tables_agree(session *s, bool *ret, error *err) {
    status result = ledger_tables(s->ledger, s->lake, s->arena, &s->tables, err);
    if (result != OK && result != E_NOT_FOUND)
        return result;
    *ret = result == OK;
    return OK;
}

static status nothing_pending(session *s, bool *ret, error *err) {
    pending_objects pending = {0};
    TRY(ledger_pending_list(s->ledger, s->arena, &pending, err));
    *ret = pending.count == 0;
    return OK;
}

static status everything_journaled(session *s, bool *ret, error *err) {
    return journal_is_exported(s->ledger, ret, err);
}

static status nothing_stale(session *s, bool *ret, error *err) {
    bool is_absorbed = false;
    int64_t marked = 0;
    const build_context build = session_build_context(s, NULL);
    TRY(build_is_absorbed(&build, &is_absorbed, err));
    TRY(ledger_mark_count(s->ledger, &marked, err));
    *ret = is_absorbed && marked == 0;
    return OK;
}

static status everything_projected(session *s, bool *ret, error *err) {
    (void)err;
    bool projected = true;
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        bool has_directories = t->source == NULL && t->projection != PROJECTION_NONE;
        if (has_directories && s->tables[i].projected_seq < s->tables[i].changed_seq)
            projected = false;
    }
    *ret = projected;
    return OK;
}

static status nothing_moves(session *s, bool *ret, error *err) {
    directory_moves moves = {0};
    TRY(ledger_directory_moves(s->ledger, s->arena, &moves, err));
    *ret = moves.count == 0;
    return OK;
}

static status land_holds_nothing(session *s, bool *ret, error *err) {
    return land_is_empty(s->lake, ret, err);
}

status work_is_idle(session *s, work_scope scope, bool *ret, error *err) {
    static const struct {
        status (*holds)(session *s, bool *ret, error *err);
        work_scope from; /* asked for this scope and wider ones */
    } CLAIMS[] = {
        {tables_agree, WORK_LAND},         {nothing_pending, WORK_LAND},
        {everything_journaled, WORK_LAND}, {nothing_moves, WORK_LAND},
        {land_holds_nothing, WORK_LAND},   {nothing_stale, WORK_ALL},
        {everything_projected, WORK_ALL},
    };
    bool idle = true;
    for (size_t i = 0; idle && i < ARRAY_SIZE(CLAIMS); i++)
        if (scope >= CLAIMS[i].from)
            TRY(CLAIMS[i].holds(s, &idle, err));
    *ret = idle;
    return OK;
}

static status record_start(session *s, work *w, error *err) {
    TRY(ledger_lease_take(s->ledger, LEDGER_LEASE_RUN, w->run, keeper_lease_us(), &w->fence, err));
    TRY(ledger_runs_cut_off(s->ledger, err));
    TRY(ledger_offers_drop(s->ledger, err));
    if (s->is_shared)
        TRY(ledger_lease_share(s->ledger, LEDGER_LEASE_RUN, w->run, helper_basis(s, s->arena),
                               err));
    TRY(session_sync(s, err));
    const ledger_run run = {.id = w->run,
                            .verb = s->command->verb->name,
                            .state = "running",
                            .started = clock_now_us(s->command->clock),
                            .who = s->who,
                            .code_version = lake_code_version(s->lake, s->arena)};
    return ledger_run_start(s->ledger, &run, err);
}

static status try_begin(session *s, work *w, error *err) {
    TRY(ledger_begin(s->ledger, LEDGER_WRITE, err));
    status result = record_start(s, w, err);
    if (result != OK) {
        ledger_rollback(s->ledger);
        return result;
    }
    return ledger_commit(s->ledger, err);
}

static status keep_lease(work *w, error *err) {
    const session *s = w->session;
    const keeper_options options = {.ledger = s->lake->ledger,
                                    .lake_id = ledger_lake_id(s->ledger),
                                    .owner = arena_strdup(s->arena, w->run),
                                    .fence = w->fence,
                                    .lease_us = keeper_lease_us(),
                                    .renew = keeper_renew_run};
    return keeper_start(&options, &w->keeper, err);
}

/* What cannot be removed now is in nobody's way. */
static void sweep(const session *s, store *in) {
    error problem = {0};
    if (store_sweep(in, &problem) != OK)
        log_write(s->command->log, LOG_WARN, "ignoring: %s", problem.message);
}

void work_sweep(const session *s) {
    for (size_t i = 0; i < s->lake->layer_count; i++)
        sweep(s, s->layers[i]);
    sweep(s, s->quarantine);
    sweep(s, s->journal);
}

/* A run that cannot be helped is waited for. */
static bool help_or_wait(session *s, helper **h, bool *told) {
    error why = {0};
    bool helped = false;
    status result = s->is_shared ? helper_help(s, h, &helped, &why) : OK;
    if (result != OK && result != E_INTERRUPTED && !*told) {
        log_write(s->command->log, LOG_WARN, "only waiting: %s", why.message);
        *told = true;
    }
    if (result != OK || !helped)
        clock_wait(s->command->clock, WAIT_MS);
    return *s->command->interrupted == 0;
}

/* Until the lease is had. */
static status wait_for_lease(session *s, work *w, error *err) {
    helper *h = NULL;
    bool told = false;
    status result = E_BUSY;
    while (result == E_BUSY && help_or_wait(s, &h, &told))
        result = try_begin(s, w, err);
    helper_end(h);
    if (result == E_BUSY)
        return error_set(err, E_INTERRUPTED, "interrupted while waiting for another run");
    return result;
}

static status begin(session *s, work *ret, error *err) {
    work w = {.session = s};
    TRY(journal_export(s->ledger, s->journal, err)); /* what a killed run had committed */
    clock_new_id(s->command->clock, w.run);
    status result = try_begin(s, &w, err);
    if (result == E_BUSY && option_given(s->command->options, OPTION_WAIT)) {
        log_write(s->command->log, LOG_INFO, "waiting: %s", err->message);
        result = wait_for_lease(s, &w, err);
    }
    if (result == OK)
        result = keep_lease(&w, err);
    if (result != OK)
        return result;
    crash_point("work.begun");
    work_sweep(s);
    s->fence = w.fence;
    *ret = w;
    return OK;
}

status work_confirm(const work *w, error *err) {
    return ledger_lease_renew(w->session->ledger, LEDGER_LEASE_RUN, w->run, w->fence,
                              keeper_lease_us(), err);
}

static const char *state_of(status outcome) {
    if (outcome == OK)
        return "done";
    return outcome == E_INTERRUPTED ? "interrupted" : "failed";
}

static status record_end(const work *w, status outcome, const char *summary, error *err) {
    session *s = w->session;
    TRY(ledger_begin(s->ledger, LEDGER_WRITE, err));
    status result = ledger_run_finish(s->ledger, w->run, state_of(outcome),
                                      clock_now_us(s->command->clock), summary, err);
    if (result == OK && s->is_shared)
        result = ledger_offers_drop(s->ledger, err);
    if (result == OK)
        result = ledger_lease_release(s->ledger, LEDGER_LEASE_RUN, w->run, err);
    if (result == OK)
        return ledger_commit(s->ledger, err);
    ledger_rollback(s->ledger);
    return result;
}

status work_end(work *w, status outcome, const json_t *summary, error *err) {
    session *s = w->session;
    if (outcome == E_INTERRUPTED && err != NULL && err->hint[0] == '\0')
        error_hint(err, "Do the same again to go on: what was finished is not done twice.");
    ledger_rollback(s->ledger);
    crash_point("work.ending");
    keeper_stop(w->keeper);
    s->fence = 0;
    error problem = {0};
    const char *text = summary != NULL ? json_text(s->arena, summary) : NULL;
    status recorded = record_end(w, outcome, text, &problem);
    if (recorded == OK)
        recorded = journal_export(s->ledger, s->journal, &problem);
    if (recorded == OK || outcome != OK)
        return outcome;
    return error_pass(recorded, &problem, err);
}

/* What a definition that was just taken over, or a killed run, has left to do with directories. */
static status move_folders(session *s, work *w, error *err) {
    error why = {0};
    project_context project = session_project_context(s, w->run);
    status moved = project_moves(&project, &why);
    if (moved == OK)
        return OK;
    status ended = work_end(w, moved, NULL, err);
    return error_pass(ended, &why, err);
}

status work_begin(session *s, work *ret, error *err) {
    TRY(begin(s, ret, err));
    return move_folders(s, ret, err);
}
