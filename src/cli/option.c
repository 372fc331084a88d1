#include "cli/option.h"

#include "base/number.h"

const option OPTIONS[OPTION_COUNT] = {
    [OPTION_DIR] = {"directory", 'C', "DIR",
                    "the lake's folder; lake.yaml is looked for there and upwards", NULL},
    [OPTION_ENV] = {"env", 0, "NAME", "environment of lake.yaml (default: WEIR_ENV)", NULL},
    [OPTION_NOW] = {"now", 0, "TIME", "take this for the present: Unix seconds or RFC 3339", NULL},
    [OPTION_OUTPUT] = {"output", 'o', "FORMAT", "how data is written to standard output",
                       "table|json|jsonl|csv"},
    [OPTION_PROGRESS] = {"progress", 0, "WHEN", "progress of long work on standard error",
                         "auto|plain|none"},
    [OPTION_VERBOSE] = {"verbose", 'v', NULL, "tell more on standard error", NULL},
    [OPTION_QUIET] = {"quiet", 'q', NULL, "tell only warnings and errors; twice: only errors",
                      NULL},
    [OPTION_YES] = {"yes", 'y', NULL, "do not ask; of a run: also what waits to be confirmed",
                    NULL},
    [OPTION_HELP] = {"help", 'h', NULL, "tell about the verb", NULL},
    [OPTION_JOBS] = {"jobs", 'j', "N", "worker processes at once (default: workers of lake.yaml)",
                     NULL},
    [OPTION_DRY_RUN] = {"dry-run", 'n', NULL, "tell what would be done, and do nothing", NULL},
    [OPTION_EXCLUDE] = {"exclude", 0, "SELECT", "leave these tables out; may be repeated", NULL},
    [OPTION_RETRY_FAILED] = {"retry-failed", 0, NULL,
                             "also build partitions that failed before with the same inputs", NULL},
    [OPTION_STRICT] = {"strict", 0, NULL,
                       "end with 3 when a file was refused, with 1 when work waits for --yes",
                       NULL},
    [OPTION_WORKER] = {"worker", 0, NULL, "only help the run that another process carries out",
                       NULL},
    [OPTION_WAIT] = {"wait", 0, NULL, "wait while another run holds the lake", NULL},
    [OPTION_TRY] = {"try", 0, NULL, "only check the FILE against the TABLE; nothing is taken",
                    NULL},
    [OPTION_DETAILED_EXITCODE] = {"detailed-exitcode", 0, NULL, "end with 10 when there is work",
                                  NULL},
    [OPTION_LIMIT] = {"limit", 0, "N", "at most so many rows", NULL},
    [OPTION_MAPS] = {"maps", 0, NULL, "how each input's rows find their partition, and why", NULL},
    [OPTION_DOT] = {"dot", 0, NULL, "write the graph for Graphviz", NULL},
    [OPTION_FORCE] = {"force", 0, NULL, "replace a file that is there", NULL},
    [OPTION_MARKDOWN] = {"markdown", 0, NULL, "write the reference page", NULL},
    [OPTION_AS_OF] = {"as-of", 0, "MOMENT", "as it was then: a commit's number, a time, or a run",
                      NULL},
    [OPTION_KEY] = {"key", 0, "COLUMNS", "the columns that identify a row, separated by commas",
                    NULL},
    [OPTION_REASON] = {"reason", 0, "TEXT", "why, for the record", NULL},
    [OPTION_REPAIR] = {"repair", 0, NULL, "mend what can be mended", NULL},
    [OPTION_FAST] = {"fast", 0, NULL, "compare names and sizes, read no file", NULL},
    [OPTION_ADOPT] = {"adopt", 0, NULL,
                      "make files in raw history that are not known deliveries, where they are",
                      NULL},
    [OPTION_REDEFINE] = {"redefine", 0, NULL,
                         "also with tables defined as they were before a later definition", NULL},
    [OPTION_TABLE] = {"table", 0, "TABLE", "only deliveries of this source table", NULL},
    [OPTION_LANDED_FROM] = {"landed-from", 0, "TIME", "what landed then or later, instead of FILE",
                            NULL},
    [OPTION_LANDED_TO] = {"landed-to", 0, "TIME", "what landed before then, instead of FILE", NULL},
    [OPTION_TREE] = {"tree", 0, NULL, "the way from each file to the partitions", NULL},
    [OPTION_SUMMARY] = {"summary", 0, NULL, "per source table, what one delivery reaches", NULL},
    [OPTION_FALL_BACK] = {"fall-back", 0, NULL, "let the delivery before count again", NULL},
    [OPTION_ACCEPT_ANYWAY] = {"accept-anyway", 0, NULL,
                              "take it although a rule speaks against it; needs --reason", NULL},
    [OPTION_SINCE] = {"since", 0, "MOMENT", "after a commit's number, a time, or a run", NULL},
    [OPTION_CONSUMER] = {"consumer", 0, "NAME", "since what NAME has said it has", NULL},
    [OPTION_ACK] = {"ack", 0, "SEQ", "the consumer has everything up to this commit", NULL},
    [OPTION_FROM] = {"from", 0, "MOMENT",
                     "partitions from this date, time or value on, or from so long ago (7d)", NULL},
    [OPTION_TO] = {"to", 0, "MOMENT", "partitions before this date, time or value", NULL},
    [OPTION_PARTITION] = {"partition", 0, "K=V",
                          "partitions with this value; may be repeated for others too", NULL},
    [OPTION_ONLY] = {"only", 0, NULL, "nothing but the selected tables; readers stay stale", NULL},
    [OPTION_DOWNSTREAM] = {"downstream", 0, NULL,
                           "build again what reads it too, even when nothing changes", NULL},
    [OPTION_MAX_PARTITIONS] = {"max-partitions", 0, "N", "build at most so many", NULL},
    [OPTION_MAX_BYTES] = {"max-bytes", 0, "SIZE", "write at most so much (20GB), as forecast",
                          NULL},
    [OPTION_MAX_TIME] = {"max-time", 0, "TIME", "begin nothing after so long (30m)", NULL},
    [OPTION_NEWEST_FIRST] = {"newest-first", 0, NULL, "of what is stale, begin with the newest",
                             NULL},
    [OPTION_OLDEST_FIRST] = {"oldest-first", 0, NULL, "begin with the oldest (the default)", NULL},
    [OPTION_EVENTS] = {"events", 0, "FILE",
                       "look only at the objects that S3's event records in FILE tell of; - reads "
                       "standard input, a folder all files in it",
                       NULL},
    [OPTION_SAMPLE] = {"sample", 0, "SHARE", "only so many of the partitions (5%)", NULL},
    [OPTION_SEED] = {"seed", 0, "TEXT", "take the sample that was taken with this seed", NULL},
    [OPTION_WHOLE] = {"whole", 0, NULL, "one pass over everything instead of each partition", NULL},
    [OPTION_STALE] = {"stale", 0, NULL, "all that waits to be built, and for what", NULL},
    [OPTION_RESUME] = {"resume", 0, NULL, "go on with what was not finished", NULL},
    [OPTION_VERSION] = {"version", 'V', NULL, "tell the version", NULL},
    [OPTION_STORE] = {"store", 0, "PLACE", "where tables are kept: a folder or s3://bucket/prefix",
                      NULL},
    [OPTION_LEDGER] = {"ledger", 0, "PLACE",
                       "where the ledger is: a file or postgresql://user@host/database", NULL},
};

typedef struct reader {
    const option_input *in;
    arena *arena;
    option_values *into;
    int at;
} reader;

static option_id by_letter(char letter) {
    option_id id = 0;
    while (id < OPTION_COUNT && OPTIONS[id].letter != letter)
        id++;
    return id;
}

static option_id by_name(const char *name) {
    option_id id = 0;
    while (id < OPTION_COUNT && !str_eq(OPTIONS[id].name, name))
        id++;
    return id;
}

static bool is_allowed(const reader *r, option_id id) {
    return id < OPTION_COUNT && (r->in->allowed & OPTION_BIT(id)) != 0;
}

static status refuse_unknown(const reader *r, const char *name, error *err) {
    strings names = {0};
    for (option_id id = 0; id < OPTION_COUNT; id++)
        if (is_allowed(r, id))
            vec_push(r->arena, &names, OPTIONS[id].name);
    const char *nearest = str_nearest(name, &names);
    status result = by_name(name) < OPTION_COUNT
                        ? error_set(err, E_USAGE, "option \"--%s\" does not belong here", name)
                        : error_set(err, E_USAGE, "there is no option \"--%s\"", name);
    if (nearest != NULL)
        error_hint(err, "Did you mean --%s?", nearest);
    else
        error_hint(err, "--help lists what may stand here.");
    return result;
}

static status check_choice(const reader *r, option_id id, const char *value, error *err) {
    const option *o = &OPTIONS[id];
    if (o->choices == NULL)
        return OK;
    strings choices = str_split(r->arena, o->choices, '|');
    if (strings_contain(&choices, value))
        return OK;
    const char *nearest = str_nearest(value, &choices);
    error_set(err, E_USAGE, "\"%s\" is no value of --%s", value, o->name);
    if (nearest != NULL)
        error_hint(err, "Did you mean \"%s\"? It takes %s.", nearest, o->choices);
    else
        error_hint(err, "It takes %s.", o->choices);
    return E_USAGE;
}

/* attached: the value in the same word, NULL when there is none. */
static status take(reader *r, option_id id, const char *attached, error *err) {
    const option *o = &OPTIONS[id];
    const char *value = attached;
    if (o->argument == NULL && attached != NULL)
        return error_set(err, E_USAGE, "option \"--%s\" takes no value", o->name);
    if (o->argument == NULL)
        value = o->name;
    if (value == NULL && r->at < r->in->argc)
        value = r->in->argv[r->at++];
    if (value == NULL) {
        error_set(err, E_USAGE, "option \"--%s\" lacks its %s", o->name, o->argument);
        error_hint(err, "Write --%s %s.", o->name, o->argument);
        return E_USAGE;
    }
    TRY(check_choice(r, id, value, err));
    vec_push(r->arena, &r->into->values[id], value);
    return OK;
}

static status take_long(reader *r, const char *word, error *err) {
    const char *equals = strchr(word, '=');
    size_t size = equals == NULL ? strlen(word) : (size_t)(equals - word);
    char *name = arena_strndup(r->arena, word, size);
    option_id id = by_name(name);
    if (!is_allowed(r, id))
        return refuse_unknown(r, name, err);
    return take(r, id, equals == NULL ? NULL : equals + 1, err);
}

/* -vv, -j4, -qC dir: flags may stand together, a value ends the word. */
static status take_short(reader *r, const char *word, error *err) {
    for (size_t i = 0; word[i] != '\0'; i++) {
        option_id id = by_letter(word[i]);
        if (!is_allowed(r, id)) {
            error_set(err, E_USAGE, "there is no option \"-%c\" here", word[i]);
            error_hint(err, "--help lists what may stand here.");
            return E_USAGE;
        }
        bool has_value = OPTIONS[id].argument != NULL;
        const char *rest = has_value && word[i + 1] != '\0' ? word + i + 1 : NULL;
        TRY(take(r, id, rest, err));
        if (has_value)
            return OK;
    }
    return OK;
}

static void take_rest(reader *r) {
    while (r->at < r->in->argc)
        vec_push(r->arena, &r->into->arguments, r->in->argv[r->at++]);
}

status option_parse(const option_input *in, arena *a, option_values *into, int *ret_next,
                    error *err) {
    reader r = {.in = in, .arena = a, .into = into, .at = in->from};
    while (r.at < in->argc) {
        const char *word = in->argv[r.at];
        bool is_argument = word[0] != '-' || word[1] == '\0';
        if (is_argument && in->until_argument)
            break;
        r.at++;
        if (is_argument)
            vec_push(a, &into->arguments, word);
        else if (str_eq(word, "--"))
            take_rest(&r);
        else if (word[1] == '-')
            TRY(take_long(&r, word + 2, err));
        else
            TRY(take_short(&r, word + 1, err));
    }
    *ret_next = r.at;
    return OK;
}

bool option_given(const option_values *o, option_id id) {
    return o->values[id].count > 0;
}

const char *option_text(const option_values *o, option_id id) {
    const strings *v = &o->values[id];
    return v->count > 0 ? v->items[v->count - 1] : NULL;
}

status option_int(const option_values *o, option_id id, int64_t minimum, int64_t otherwise,
                  int64_t *ret, error *err) {
    const char *text = option_text(o, id);
    int64_t value = otherwise;
    if (text != NULL && (!number_int64(text, &value) || value < minimum))
        return error_set(err, E_USAGE,
                         "\"%s\" is no value of --%s: a whole number from %lld is needed", text,
                         OPTIONS[id].name, (long long)minimum);
    *ret = value;
    return OK;
}

status option_time(const option_values *o, option_id id, int64_t *ret, error *err) {
    const char *text = option_text(o, id);
    int64_t value = 0;
    if (text != NULL && !number_time(text, &value)) {
        error_set(err, E_USAGE, "\"%s\" is no value of --%s", text, OPTIONS[id].name);
        error_hint(err, "Write Unix seconds, or a time like 2024-05-22T18:00:00Z.");
        return E_USAGE;
    }
    *ret = value;
    return OK;
}
