/* report: what runs and plans tell, in the form that was asked for. */
#ifndef WEIR_CLI_REPORT_H
#define WEIR_CLI_REPORT_H

#include "cli/range.h"

typedef struct run_report {
    const char *run;
    const lake *lake;
    const land_result *landed;
    const build_result *built; /* NULL: nothing was to be built */
    int64_t requests;          /* to buckets, without those of the engine */
    const land_events *events; /* what was looked at; NULL: all that was there */
} run_report;

void report_nothing(output *o);
void report_run(output *o, const run_report *r);
/* A run's document, with what a verb added, in a form for programs. */
void report_run_document(output *o, const json_t *document);

/* 0, 1 or 3 (design section 11). strict: refused files count. */
int report_exit_code(const run_report *r, bool strict);

/* Files below land that landing would look at, sorted. */
CHECKED status report_find_waiting(const session *s, const bool *selected, strings *ret,
                                   error *err);

/* What a run would build now, seen in a rehearsal: the ledger is left as it is. */
CHECKED status report_make_plan(session *s, const run_scope *of, plan *ret, error *err);
/* How many partitions a run would build, and how many it would not. */
typedef struct report_counts {
    int64_t work;
    int64_t blocked;     /* for what failed */
    int64_t unconfirmed; /* they wait for --yes */
} report_counts;
report_counts report_plan_count(const plan *p);
/* files: what would land; NULL: not asked for. */
void report_plan(output *o, const plan *p, const strings *files);

#endif
