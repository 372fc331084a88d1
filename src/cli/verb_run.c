#include "cli/verb.h"

#include "base/crash.h"
#include "cli/document.h"
#include "cli/events.h"
#include "cli/helper.h"
#include "cli/report.h"
#include "cli/work.h"
#include "ledger/rebuild.h"

typedef struct run_outcome {
    land_result landed;
    build_result built;
} run_outcome;

/* What rebuilds had left to do is done with all the rest. */
static status end_rebuilds(const build_context *build, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_rebuilds all = {0};
    strings runs = {0};
    TRY(ledger_rebuild_list(build->ledger, a, &all, err));
    for (size_t i = 0; i < all.count; i++)
        vec_push(a, &runs, all.items[i].run);
    return build_force_done(build, &runs, err);
}

static status heal_and_build(session *s, const work *w, const run_scope *of,
                             const parsed_rows *parsed, build_result *ret, error *err) {
    build_context build = session_build_context(s, w->run);
    build.parsed = parsed;
    build.scope = of->scope;
    build.limits = session_limits(s);
    TRY(build_recover(&build, err));
    crash_point("build.absorbed");
    TRY(build_stale(&build, of->selected, s->arena, ret, err));
    return of->selected == NULL && of->scope == NULL ? end_rebuilds(&build, err) : OK;
}

static status do_work(session *s, const work *w, const run_scope *of, run_outcome *ret,
                      error *err) {
    land_context land = session_land_context(s, w->run);
    land.parsed = parsed_new(s->arena);
    TRY(land_all(&land, of->selected, s->arena, &ret->landed, err));
    TRY(heal_and_build(s, w, of, land.parsed, &ret->built, err));
    TRY(work_confirm(w, err));
    project_context project = session_project_context(s, w->run);
    project_result projected;
    return project_all(&project, &projected, err);
}

static status run_for_real(session *s, error *err) {
    run_scope of = {0};
    TRY(range_scope(s, &of, err));
    bool idle = false;
    TRY(events_take(s, err));
    if (s->events == NULL) /* looking whether there is work would list the bucket */
        TRY(work_is_idle(s, WORK_ALL, &idle, err));
    run_outcome outcome = {0};
    if (idle) {
        report_nothing(s->command->out);
        return OK;
    }
    TRY(engine_warm(s->engine, err));
    work w;
    TRY(work_begin(s, &w, err));
    status result = do_work(s, &w, &of, &outcome, err);
    run_report report = {w.run, s->lake, &outcome.landed, &outcome.built, 0, s->events};
    JSON_AUTO summary = document_run(w.run, &outcome.landed, &outcome.built);
    TRY(work_end(&w, result, summary, err));
    report.requests = session_requests(s) + outcome.landed.requests;
    progress_clear(s->command->progress);
    report_run(s->command->out, &report);
    s->command->exit_code =
        report_exit_code(&report, option_given(s->command->options, OPTION_STRICT));
    return OK;
}

static status run_dry(session *s, error *err) {
    run_scope of = {0};
    TRY(range_scope(s, &of, err));
    strings waiting = {0};
    TRY(report_find_waiting(s, of.selected, &waiting, err));
    plan planned = {0};
    TRY(report_make_plan(s, &of, &planned, err));
    report_plan(s->command->out, &planned, &waiting);
    return OK;
}

static status run_in(session *s, error *err) {
    if (option_given(s->command->options, OPTION_DRY_RUN))
        return run_dry(s, err);
    if (option_given(s->command->options, OPTION_WORKER))
        return helper_serve(s, err);
    s->is_shared = true;
    return run_for_real(s, err);
}

static session_access access_of(const command *c) {
    if (option_given(c->options, OPTION_DRY_RUN))
        return SESSION_READ;
    return option_given(c->options, OPTION_WORKER) ? SESSION_AMEND : SESSION_CHANGE;
}

/* What says what to build is the run's that is helped. */
static status check_worker(const option_values *o, error *err) {
    bool alone = o->arguments.count == 0 && !option_given(o, OPTION_DRY_RUN);
    for (int id = OPTIONS_COMMON_LAST + 1; alone && id < OPTION_COUNT; id++)
        alone = id == OPTION_WORKER || id == OPTION_WAIT || id == OPTION_JOBS
                || !option_given(o, (option_id)id);
    if (alone || !option_given(o, OPTION_WORKER))
        return OK;
    error_set(err, E_USAGE, "--worker goes with --wait and --jobs alone");
    error_hint(err, "What is built is for the run to say that it helps.");
    return E_USAGE;
}

status verb_run(command *c, error *err) {
    TRY(check_worker(c->options, err));
    session s = {0};
    status result = session_open(c, access_of(c), &s, err);
    if (result == OK)
        result = run_in(&s, err);
    session_close(&s);
    return result;
}
