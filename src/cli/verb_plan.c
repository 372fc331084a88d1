#include "cli/verb.h"

#include "cli/report.h"

enum { EXIT_WORK = 10 };

static status make_plan(session *s, error *err) {
    run_scope of = {0};
    plan planned = {0};
    TRY(range_scope(s, &of, err));
    TRY(report_make_plan(s, &of, &planned, err));
    progress_clear(s->command->progress);
    report_plan(s->command->out, &planned, NULL);
    const report_counts counts = report_plan_count(&planned);
    bool is_work = counts.work + counts.unconfirmed > 0;
    if (is_work && option_given(s->command->options, OPTION_DETAILED_EXITCODE))
        s->command->exit_code = EXIT_WORK;
    return OK;
}

status verb_plan(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = make_plan(&s, err);
    session_close(&s);
    return result;
}
