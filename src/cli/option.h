/* option: what may stand on the command line, from one constant table.
 *
 * Every option exists once, whatever verbs take it, so that a name never means two things. The
 * table is also the source of help, completion and the reference page. Values are texts here: the
 * verb that uses one checks it (option_int, option_time). Not for settings of a lake: lake.yaml. */
#ifndef WEIR_CLI_OPTION_H
#define WEIR_CLI_OPTION_H

#include "base/error.h"
#include "base/str.h"

typedef enum option_id {
    OPTION_DIR,
    OPTION_ENV,
    OPTION_NOW,
    OPTION_OUTPUT,
    OPTION_PROGRESS,
    OPTION_VERBOSE,
    OPTION_QUIET,
    OPTION_YES,
    OPTION_HELP,
    OPTION_JOBS,
    OPTION_DRY_RUN,
    OPTION_EXCLUDE,
    OPTION_RETRY_FAILED,
    OPTION_STRICT,
    OPTION_WAIT,
    OPTION_WORKER,
    OPTION_TRY,
    OPTION_DETAILED_EXITCODE,
    OPTION_LIMIT,
    OPTION_MAPS,
    OPTION_DOT,
    OPTION_FORCE,
    OPTION_MARKDOWN,
    OPTION_VERSION,
    OPTION_AS_OF,
    OPTION_KEY,
    OPTION_REASON,
    OPTION_REPAIR,
    OPTION_FAST,
    OPTION_ADOPT,
    OPTION_REDEFINE,
    OPTION_TABLE,
    OPTION_LANDED_FROM,
    OPTION_LANDED_TO,
    OPTION_TREE,
    OPTION_SUMMARY,
    OPTION_FALL_BACK,
    OPTION_ACCEPT_ANYWAY,
    OPTION_SINCE,
    OPTION_CONSUMER,
    OPTION_ACK,
    OPTION_FROM,
    OPTION_TO,
    OPTION_PARTITION,
    OPTION_ONLY,
    OPTION_DOWNSTREAM,
    OPTION_RESUME,
    OPTION_STALE,
    OPTION_SAMPLE,
    OPTION_SEED,
    OPTION_WHOLE,
    OPTION_MAX_PARTITIONS,
    OPTION_MAX_BYTES,
    OPTION_MAX_TIME,
    OPTION_NEWEST_FIRST,
    OPTION_OLDEST_FIRST,
    OPTION_STORE,
    OPTION_LEDGER,
    OPTION_EVENTS,
    OPTION_COUNT
} option_id;

typedef struct option {
    const char *name;     /* without the dashes */
    char letter;          /* 0: only the long form */
    const char *argument; /* what its value is called; NULL: it takes none */
    const char *doc;
    const char *choices; /* "a|b|c": the only values; NULL: any */
} option;

extern const option OPTIONS[OPTION_COUNT];

/* Sets of options, as bits. */
typedef uint64_t option_set;
#define OPTION_BIT(id) (UINT64_C(1) << (id))
enum { OPTIONS_COMMON_LAST = OPTION_HELP };
#define OPTIONS_COMMON (OPTION_BIT(OPTIONS_COMMON_LAST + 1) - 1)

typedef struct option_values {
    strings values[OPTION_COUNT]; /* every value given, in order; for a flag its name each time */
    strings arguments;            /* what is no option, in order; "-" is one */
} option_values;

/* Read argv[from..] against the allowed options. until_argument: stop before the first argument
 * (options before the verb). *ret_next: the place of what was not read.
 * E_USAGE: unknown (the nearest one is the hint), a value too many, missing or not a choice. */
typedef struct option_input {
    const char *const *argv;
    int argc, from;
    option_set allowed;
    bool until_argument;
} option_input;
CHECKED status option_parse(const option_input *in, arena *a, option_values *into, int *ret_next,
                            error *err);

bool option_given(const option_values *o, option_id id);
const char *option_text(const option_values *o, option_id id); /* the last one; NULL: not given */

/* A whole number of at least minimum; otherwise when not given. */
CHECKED status option_int(const option_values *o, option_id id, int64_t minimum, int64_t otherwise,
                          int64_t *ret, error *err);
/* A moment in microseconds; 0 when not given. */
CHECKED status option_time(const option_values *o, option_id id, int64_t *ret, error *err);

#endif
