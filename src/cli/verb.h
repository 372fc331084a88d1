/* verb: what weir can be told to do, as one constant table of four groups.
 *
 * Dispatch, help, completion and the reference page are made from it. A handler gets everything
 * through its command and writes data to command->out only. Verbs that come later are in the table
 * of names that are known but refused, so that nobody mistakes them for a misspelling. */
#ifndef WEIR_CLI_VERB_H
#define WEIR_CLI_VERB_H

#include "base/clock.h"
#include "base/log.h"
#include "cli/option.h"
#include "cli/output.h"
#include "cli/progress.h"

struct verb;

typedef struct command {
    const struct verb *verb;
    const option_values *options;
    arena *arena; /* lives as long as the command */
    const log *log;
    output *out;
    progress *progress;
    const clock_source *clock;
    const volatile int *interrupted; /* becomes non-zero when the user asks to stop */
    int exit_code;                   /* what to end with when the handler returns OK */
} command;

typedef struct example {
    const char *line;
    const char *doc;
} example;

enum { VERB_EXAMPLES_MAX = 5 };

typedef struct verb {
    const char *name;
    const char *arguments; /* synopsis, "" for none */
    size_t arguments_min, arguments_max;
    option_set options; /* besides the common ones */
    const char *line;
    const char *doc;
    example examples[VERB_EXAMPLES_MAX]; /* at least one; ends with line NULL or the array */
    status (*run)(command *c, error *err);
} verb;

/* Verbs that people look for together: each group in a file of its own. */
typedef struct verb_group {
    const char *title;
    const verb *verbs;
    size_t count;
} verb_group;

extern const verb_group VERBS_START, VERBS_WORK, VERBS_LOOK, VERBS_OTHER;

enum { VERB_GROUP_COUNT = 4 };
extern const verb_group *const VERB_GROUPS[VERB_GROUP_COUNT];

/* The i-th verb of all, from 0, group by group; NULL after the last. */
const verb *verb_at(size_t i);

/* By exact name. E_USAGE: a customary word for a verb, a verb that comes later, or the nearest. */
CHECKED status verb_find(const char *name, arena *a, const verb **ret, error *err);

/* Do the arguments' number fit? E_USAGE with the synopsis. */
CHECKED status verb_check_arguments(const verb *v, const strings *arguments, error *err);

#define OPTION_SELECT OPTION_BIT(OPTION_EXCLUDE)
#define OPTION_RANGE \
    (OPTION_BIT(OPTION_FROM) | OPTION_BIT(OPTION_TO) | OPTION_BIT(OPTION_PARTITION))

status verb_accept(command *c, error *err);
#define OPTION_BOUNDS                                                 \
    (OPTION_BIT(OPTION_MAX_PARTITIONS) | OPTION_BIT(OPTION_MAX_BYTES) \
     | OPTION_BIT(OPTION_MAX_TIME) | OPTION_BIT(OPTION_NEWEST_FIRST)  \
     | OPTION_BIT(OPTION_OLDEST_FIRST))

status verb_add(command *c, error *err);
status verb_adopt(command *c, error *err);
status verb_bookmark(command *c, error *err);
status verb_changes(command *c, error *err);
status verb_completion(command *c, error *err);
status verb_diff(command *c, error *err);
status verb_doctor(command *c, error *err);
status verb_drop(command *c, error *err);
status verb_fsck(command *c, error *err);
status verb_gc(command *c, error *err);
status verb_graph(command *c, error *err);
status verb_help(command *c, error *err);
status verb_history(command *c, error *err);
status verb_impact(command *c, error *err);
status verb_init(command *c, error *err);
status verb_land(command *c, error *err);
status verb_ledger(command *c, error *err);
status verb_log(command *c, error *err);
status verb_ls(command *c, error *err);
status verb_plan(command *c, error *err);
status verb_query(command *c, error *err);
status verb_readmit(command *c, error *err);
status verb_rebuild(command *c, error *err);
status verb_release(command *c, error *err);
status verb_run(command *c, error *err);
status verb_schema(command *c, error *err);
status verb_show(command *c, error *err);
status verb_status(command *c, error *err);
status verb_store(command *c, error *err);
status verb_undo(command *c, error *err);
status verb_validate(command *c, error *err);
status verb_version(command *c, error *err);
status verb_verify(command *c, error *err);
status verb_why(command *c, error *err);
status verb_withdraw(command *c, error *err);

#endif
