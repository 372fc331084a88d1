#include "cli/report.h"

#include "cli/document.h"
#include "land/scan.h"

static const output_column COUNTS[] = {
    {"run", "run", OUTPUT_TEXT},
    {"accepted", "accepted", OUTPUT_COUNT},
    {"duplicate", "duplicate", OUTPUT_COUNT},
    {"superseded", "superseded", OUTPUT_COUNT},
    {"rejected", "rejected", OUTPUT_COUNT},
    {"built", "built", OUTPUT_COUNT},
    {"reused", "reused", OUTPUT_COUNT},
    {"unchanged", "unchanged", OUTPUT_COUNT},
    {"emptied", "emptied", OUTPUT_COUNT},
    {"failed", "failed", OUTPUT_COUNT},
    {"blocked", "blocked", OUTPUT_COUNT},
    {"requests", "requests", OUTPUT_COUNT},
};

/* The whole run as one flat row, for CSV and JSON lines. */
static json_t *flat_row(const json_t *document) {
    const json_t *landed = json_object_get(document, "deliveries");
    const json_t *partitions = json_object_get(document, "partitions");
    json_t *row = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(COUNTS); i++) {
        const char *key = COUNTS[i].key;
        json_t *value = json_object_get(landed, key);
        if (value == NULL)
            value = json_object_get(partitions, key);
        if (value == NULL || str_eq(key, "failed"))
            value = json_object_get(document, key);
        if (json_is_array(value))
            json_object_set_new(row, key, json_integer((json_int_t)json_array_size(value)));
        else
            json_object_set(row, key, value);
    }
    return row;
}

void report_run_document(output *o, const json_t *document) {
    JSON_AUTO rows = json_array();
    json_array_append_new(rows, flat_row(document));
    output_write_list(o, &(output_list){document, rows, COUNTS, ARRAY_SIZE(COUNTS)});
}

static void write_document(output *o, const run_report *r) {
    JSON_AUTO document = document_run(r->run, r->landed, r->built);
    json_object_set_new(document, "requests", json_integer(r->requests));
    if (r->events != NULL)
        json_object_set_new(document, "events", document_events(r->events, r->landed));
    report_run_document(o, document);
}

void report_nothing(output *o) {
    static const land_result NO_LANDING = {0};
    if (o->format == OUTPUT_TABLE)
        output_say(o, "nothing to do");
    else
        write_document(o, &(run_report){.landed = &NO_LANDING});
}

/* ", 3 reused": only what there is. */
static void add_some(buf *b, int64_t count, const char *what) {
    if (count > 0)
        buf_printf(b, ", %lld %s", (long long)count, what);
}

static void tell_landed(output *o, const land_result *l) {
    if (l->accepted == 0 && l->duplicate == 0)
        return;
    ARENA_AUTO a = arena_new();
    buf b = buf_new(a);
    buf_printf(&b, "landed   %s (%s)", output_plural(a, l->accepted, "file", "files"),
               output_bytes(a, l->bytes));
    add_some(&b, l->superseded, "of them in place of earlier ones");
    add_some(&b, l->duplicate, l->duplicate == 1 ? "duplicate" : "duplicates");
    output_say(o, "%s", b.text);
}

static void tell_files(output *o, const char *word, const land_rejection *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const land_rejection *r = &items[i];
        output_say(o, "%-8s %s%s%s: %s", word, r->table != NULL ? r->table : "",
                   r->table != NULL ? " " : "", r->file, r->reason != NULL ? r->reason : "");
        if (r->report != NULL)
            output_say(o, "         report: %s", r->report);
        if (r->hint != NULL)
            output_say(o, "         hint: %s", r->hint);
    }
}

static void tell_built(output *o, const build_result *b) {
    int64_t done = b->built + b->reused + b->unchanged + b->emptied;
    if (done == 0)
        return;
    ARENA_AUTO a = arena_new();
    buf line = buf_new(a);
    buf_printf(&line, "built    %s", output_plural(a, b->built, "partition", "partitions"));
    if (b->built > 0)
        buf_printf(&line, " (%s, %s)", output_plural(a, b->rows, "row", "rows"),
                   output_bytes(a, b->bytes));
    add_some(&line, b->reused, "reused");
    add_some(&line, b->unchanged, "unchanged");
    add_some(&line, b->emptied, "emptied");
    output_say(o, "%s", line.text);
    if (b->dropped > 0)
        output_say(o, "dropped  %s around the windows, which other partitions hold",
                   output_plural(a, b->dropped, "row", "rows"));
}

static void tell_builders(output *o, const build_builders *all) {
    for (size_t i = 0; all->count > 1 && i < all->count; i++) {
        ARENA_AUTO a = arena_new();
        output_say(
            o, "%-8s %s", i == 0 ? "hosts" : "",
            arena_printf(a, "%s: %s", all->items[i].host,
                         output_plural(a, all->items[i].partitions, "partition", "partitions")));
    }
}

enum { BLOCKED_SHOWN_MAX = 10 };

/* A full disk fails all partitions of a job alike: that is told once. */
static size_t count_alike(const build_result *b, size_t from) {
    const build_failure *first = &b->failed.items[from];
    size_t end = from + 1;
    while (end < b->failed.count && str_eq(b->failed.items[end].table, first->table)
           && str_eq(b->failed.items[end].error.message, first->error.message))
        end++;
    return end - from;
}

static void tell_failures(output *o, const build_result *b) {
    ARENA_AUTO a = arena_new();
    for (size_t i = 0, count = 0; i < b->failed.count; i += count) {
        const build_failure *f = &b->failed.items[i];
        count = count_alike(b, i);
        const char *others = count > 1 ? arena_printf(a, " and %zu more", count - 1) : "";
        output_say(o, "failed   %s %s%s: %s", f->table, f->partition, others, f->error.message);
        if (f->error.file[0] != '\0')
            output_say(o, "         at %s:%d", f->error.file, f->error.line);
        if (f->error.hint[0] != '\0')
            output_say(o, "         hint: %s", f->error.hint);
    }
    for (size_t i = 0; i < b->blocked.count && i < BLOCKED_SHOWN_MAX; i++) {
        const build_blocked *waiting = &b->blocked.items[i];
        output_say(o, "blocked  %s %s%s%s", waiting->table, waiting->partition,
                   waiting->by != NULL ? " waits for " : "",
                   waiting->by != NULL ? waiting->by : "");
    }
    if (b->blocked.count > BLOCKED_SHOWN_MAX)
        output_say(o, "blocked  %zu more", b->blocked.count - BLOCKED_SHOWN_MAX);
}

static void tell_later(output *o, const build_result *b) {
    ARENA_AUTO a = arena_new();
    int64_t count = (int64_t)b->later.count;
    if (count > 0)
        output_say(o, "left     %s for a later run: see `weir plan`",
                   output_plural(a, count, "stale partition", "stale partitions"));
}

static void tell_unconfirmed(output *o, const build_unconfirmeds *all) {
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < all->count; i++)
        output_say(o, "waiting  %s: %s (%s) that follow from a change of code", all->items[i].table,
                   output_plural(a, all->items[i].partitions, "partition", "partitions"),
                   output_bytes(a, all->items[i].bytes));
    if (all->count > 0)
        output_say(o, "hint: `weir run --yes` builds them, `weir accept` keeps what there is; "
                      "confirm_over in lake.yaml is the limit");
}

static bool changed_nothing(const run_report *r) {
    const land_result *l = r->landed;
    const build_result *b = r->built;
    bool landed = l->accepted + l->duplicate > 0 || l->rejected.count > 0 || l->failed.count > 0;
    bool built = b != NULL
                 && (b->built + b->reused + b->unchanged + b->emptied > 0 || b->failed.count > 0
                     || b->blocked.count > 0);
    return !landed && !built;
}

static void tell_events(output *o, const run_report *r) {
    ARENA_AUTO a = arena_new();
    buf line = buf_new(a);
    buf_printf(&line, "events   %s: %s", output_plural(a, r->events->records, "record", "records"),
               output_plural(a, (int64_t)r->events->keys.count, "object", "objects"));
    add_some(&line, r->landed->absent, "of them not there");
    add_some(&line, r->events->ignored,
             r->events->ignored == 1 ? "record ignored" : "records ignored");
    output_say(o, "%s", line.text);
}

static void tell_requests(output *o, int64_t count) {
    ARENA_AUTO a = arena_new();
    output_say(o, "sent     %s to buckets, beside the engine's",
               output_plural(a, count, "request", "requests"));
}

static void tell_run(output *o, const run_report *r) {
    const land_result *l = r->landed;
    if (r->events != NULL)
        tell_events(o, r);
    tell_landed(o, l);
    tell_files(o, "refused", l->rejected.items, l->rejected.count);
    tell_files(o, "failed", l->failed.items, l->failed.count);
    tell_files(o, "waiting", l->waiting.items, l->waiting.count);
    if (r->lake->unknown_files != UNKNOWN_IGNORE)
        tell_files(o, "unknown", l->unknown.items, l->unknown.count);
    if (r->built != NULL) {
        tell_built(o, r->built);
        tell_builders(o, &r->built->builders);
        tell_failures(o, r->built);
        tell_later(o, r->built);
        tell_unconfirmed(o, &r->built->unconfirmed);
    }
    if (changed_nothing(r))
        output_say(o, "nothing changed");
    if (r->requests > 0)
        tell_requests(o, r->requests);
}

void report_run(output *o, const run_report *r) {
    if (o->format == OUTPUT_TABLE)
        tell_run(o, r);
    else
        write_document(o, r);
}

int report_exit_code(const run_report *r, bool strict) {
    bool waits = r->built != NULL && r->built->unconfirmed.count > 0;
    const land_result *l = r->landed;
    bool checked = strict && l->rejected.count > 0;
    bool failed = l->failed.count > 0;
    failed = failed || (r->lake->unknown_files == UNKNOWN_FAIL && l->unknown.count > 0);
    if (r->built != NULL) {
        failed = failed || r->built->failed.count > 0 || r->built->blocked.count > 0;
        for (size_t i = 0; i < r->built->failed.count; i++)
            checked = checked || r->built->failed.items[i].error.kind == E_CHECK;
    }
    if (checked)
        return status_exit_code(E_CHECK);
    return failed || (strict && waits) ? 1 : 0;
}

typedef struct waiting {
    arena *arena;
    const bool *selected; /* NULL: all */
    strings files;
} waiting;

static bool see_waiting(void *state, const scan_entry *entry) {
    waiting *w = state;
    bool wanted = entry->table != NULL && entry->kind == SCAN_FILE;
    if (wanted && (w->selected == NULL || w->selected[entry->table->index]))
        vec_push(w->arena, &w->files, arena_strdup(w->arena, entry->file));
    return true;
}

status report_find_waiting(const session *s, const bool *selected, strings *ret, error *err) {
    waiting w = {.arena = s->arena, .selected = selected};
    TRY(scan_land(s->lake, see_waiting, &w, err));
    strings_sort(&w.files);
    *ret = w.files;
    return OK;
}

/* Landing has turned most changes into marks already; a rehearsal costs a copy of the ledger. */
static status rehearse_absorbing(session *s, const run_scope *of, error *err) {
    bool is_absorbed = false;
    build_context build = session_build_context(s, NULL);
    TRY(build_is_absorbed(&build, &is_absorbed, err));
    if (is_absorbed)
        return OK;
    TRY(session_rehearse(s, err));
    build = session_build_context(s, NULL);
    build.scope = of->scope;
    return build_absorb(&build, err);
}

status report_make_plan(session *s, const run_scope *of, plan *ret, error *err) {
    TRY(rehearse_absorbing(s, of, err));
    build_context build = session_build_context(s, NULL);
    build.scope = of->scope;
    build.limits = session_limits(s);
    TRY(ledger_begin(s->ledger, LEDGER_READ, err));
    status result = build_plan(&build, of->selected, s->arena, ret, err);
    ledger_rollback(s->ledger);
    return result;
}

static const output_column PLANNED[] = {
    {"table", "table", OUTPUT_TEXT},
    {"partition", "partition", OUTPUT_TEXT},
    {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "bytes", OUTPUT_BYTES},
    {"seconds", "takes", OUTPUT_SECONDS},
    {"certain", "certain", OUTPUT_TEXT},
    {"blocked_by", "blocked by", OUTPUT_TEXT},
    {"why", "why", OUTPUT_TEXT},
};

report_counts report_plan_count(const plan *p) {
    report_counts counts = {0};
    for (size_t i = 0; i < p->step_count; i++)
        for (size_t j = 0; j < p->steps[i].partitions.count; j++) {
            const plan_partition *one = &p->steps[i].partitions.items[j];
            if (one->blocked_by != NULL)
                counts.blocked++;
            else if (one->unconfirmed)
                counts.unconfirmed++;
            else
                counts.work++;
        }
    return counts;
}

enum { PERCENT = 100, US_SHOWN_WHOLE = 10000000 };

static void tell_forecast(output *o, const plan_forecast *f) {
    ARENA_AUTO a = arena_new();
    buf b = buf_new(a);
    if (f->looked_back > 0)
        buf_printf(&b, "; in the middle of %s, time was off by %.0f %% and size by %.0f %%",
                   output_plural(a, (int64_t)f->looked_back, "such forecast", "such forecasts"),
                   f->micros_error * PERCENT, f->bytes_error * PERCENT);
    if (f->unknown > 0)
        buf_printf(&b, "; without %s of tables never built before",
                   output_plural(a, (int64_t)f->unknown, "partition", "partitions"));
    if (f->micros > 0)
        output_say(o, "that takes about %.*f s and writes %s%s", f->micros < US_SHOWN_WHOLE,
                   (double)f->micros / 1e6, output_bytes(a, f->bytes), b.text);
}

static void tell_plan(output *o, const plan *p, const strings *files) {
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; files != NULL && i < files->count; i++)
        output_say(o, "would land %s", files->items[i]);
    const report_counts counts = report_plan_count(p);
    const build_unconfirmeds unconfirmed = build_plan_unconfirmed(p, a);
    if (counts.work == 0)
        output_say(o, "nothing to build");
    else
        output_say(o, "%s to build", output_plural(a, counts.work, "partition", "partitions"));
    tell_forecast(o, &p->forecast);
    tell_unconfirmed(o, &unconfirmed);
    if (counts.blocked > 0)
        output_say(o,
                   "%s blocked by what failed: see `weir status`; `weir run --retry-failed` "
                   "tries again",
                   output_plural(a, counts.blocked, "partition", "partitions"));
    if (p->later > 0)
        output_say(o, "%s left for a later run",
                   output_plural(a, (int64_t)p->later, "stale partition", "stale partitions"));
}

void report_plan(output *o, const plan *p, const strings *files) {
    ARENA_AUTO a = arena_new();
    JSON_AUTO document = document_plan(p);
    const build_unconfirmeds unconfirmed = build_plan_unconfirmed(p, a);
    json_object_set_new(document, "unconfirmed", document_unconfirmed(&unconfirmed));
    JSON_AUTO rows = document_plan_rows(p);
    if (files != NULL)
        json_object_set_new(document, "waiting", document_strings(files));
    output_write_list(o, &(output_list){document, rows, PLANNED, ARRAY_SIZE(PLANNED)});
    tell_plan(o, p, files);
}
