#include "cli/verb.h"

#include "base/number.h"
#include "cli/document.h"
#include "cli/work.h"

static const char *const NEEDS[NEED_COUNT] = {
    [NEED_NONE] = NULL,
    [NEED_HOLD] = "undone and held",
    [NEED_PIN] = "a query reads it",
    [NEED_READER] = "a table has not taken the change in yet",
    [NEED_GENERATION] = "columns or partitions that are not complete yet",
    [NEED_AGE] = "retention: for",
    [NEED_NUMBER] = "retention: keep",
};

static const output_column COLUMNS[] = {
    {"what", "what", OUTPUT_TEXT},    {"layer", "layer", OUTPUT_TEXT},
    {"table", "table", OUTPUT_TEXT},  {"partition", "partition", OUTPUT_TEXT},
    {"bytes", "bytes", OUTPUT_BYTES}, {"kept_by", "kept because", OUTPUT_TEXT},
    {"needed_by", "by", OUTPUT_TEXT}, {"object", "file", OUTPUT_TEXT},
};

static const int64_t US_PER_S = 1000000;
/* What a killed run had finished waits so long for a run that takes it up. */
static const int64_t KEPT_FOR_US = INT64_C(24) * 3600 * 1000000;

static int64_t seconds_up(int64_t us) {
    return (us + US_PER_S - 1) / US_PER_S * US_PER_S;
}

/* A lease's or pin's owner is told by its process number. */
static const char *process_of(arena *a, const char *owner) {
    strings parts = str_split(a, owner, ' ');
    return parts.count > 2 ? arena_printf(a, "process %s", parts.items[2]) : owner;
}

/* Who needs a version, or until when: a run, a process, a table, a moment; NULL: it is only a
 * number of versions. */
static const char *needed_by(const session *s, const ledger_retired *r) {
    char text[TIME_TEXT_SIZE];
    if (r->need == NEED_PIN)
        return process_of(s->arena, r->who);
    if (r->need == NEED_HOLD)
        return arena_printf(s->arena, "undo of %s", r->who);
    if (r->need == NEED_READER)
        return r->who;
    if (r->need != NEED_AGE)
        return NULL;
    time_text(seconds_up(r->ended_us + s->lake->retention_us), text);
    return arena_printf(s->arena, "until %s", text);
}

static json_t *file_row(const char *what, const build_garbage *g) {
    json_t *row = json_object();
    json_object_set_new(row, "what", json_string(what));
    json_object_set_new(row, "layer", output_string(g->layer));
    json_object_set_new(row, "table", output_string(g->table));
    json_object_set_new(row, "bytes", json_integer(g->bytes));
    json_object_set_new(row, "kept_by", output_string(g->kept));
    json_object_set_new(row, "object", output_string(g->object));
    return row;
}

static json_t *kept_row(const session *s, const ledger_retired *r) {
    json_t *row = json_object();
    json_object_set_new(row, "what", json_string("version"));
    json_object_set_new(row, "table", output_string(r->table_name));
    json_object_set_new(row, "partition", output_string(r->partition));
    json_object_set_new(row, "version", json_integer(r->version));
    json_object_set_new(row, "bytes", json_integer(r->bytes));
    json_object_set_new(row, "kept_by", json_string(NEEDS[r->need]));
    json_object_set_new(row, "needed_by", output_string(needed_by(s, r)));
    return row;
}

typedef struct summary {
    int64_t files, bytes;
    int64_t kept_bytes;
    json_t *removed, *kept, *unknown;
} summary;

static void count(summary *sum, const build_garbage *g) {
    sum->files++;
    sum->bytes += g->bytes;
}

static summary summarise(const session *s, const build_gc_result *r) {
    summary sum = {.removed = json_array(), .kept = json_array(), .unknown = json_array()};
    for (size_t i = 0; i < r->files.count; i++) {
        count(&sum, &r->files.items[i]);
        json_array_append_new(sum.removed, file_row("file", &r->files.items[i]));
    }
    for (size_t i = 0; i < r->unknown.count; i++) {
        const build_garbage *g = &r->unknown.items[i];
        if (g->kept == NULL)
            count(&sum, g);
        json_array_append_new(g->kept != NULL ? sum.unknown : sum.removed, file_row("unknown", g));
    }
    for (size_t i = 0; i < r->retired.count; i++) {
        const ledger_retired *one = &r->retired.items[i];
        if (one->need == NEED_NONE)
            continue;
        sum.kept_bytes += one->bytes;
        json_array_append_new(sum.kept, kept_row(s, one));
    }
    return sum;
}

static void show(session *s, const build_gc_result *r, bool dry) {
    output *o = s->command->out;
    summary sum = summarise(s, r);
    JSON_AUTO document = document_new();
    JSON_AUTO rows = json_array();
    json_array_extend(rows, sum.removed);
    json_array_extend(rows, sum.unknown);
    if (dry)
        json_array_extend(rows, sum.kept);
    json_object_set_new(document, "dry_run", json_boolean(dry));
    json_object_set_new(document, "files", json_integer(sum.files));
    json_object_set_new(document, "bytes", json_integer(sum.bytes));
    json_object_set_new(document, "removed", sum.removed);
    json_object_set_new(document, "unknown", sum.unknown);
    json_object_set_new(document, "kept", sum.kept);
    if (json_array_size(rows) > 0 || o->format != OUTPUT_TABLE)
        output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    output_say(
        o, "%s %s (%s); kept %s that %s replaced (%s)", dry ? "would remove" : "removed",
        output_plural(s->arena, sum.files, "file", "files"), output_bytes(s->arena, sum.bytes),
        output_plural(s->arena, (int64_t)json_array_size(sum.kept), "version", "versions"),
        json_array_size(sum.kept) == 1 ? "was" : "were", output_bytes(s->arena, sum.kept_bytes));
}

static status gc_dry(session *s, error *err) {
    build_gc_result result = {0};
    TRY(session_rehearse(s, err));
    build_context build = session_build_context(s, NULL);
    TRY(build_gc(&build, true, s->arena, &result, err));
    show(s, &result, true);
    return OK;
}

static status collect(session *s, const work *w, build_gc_result *ret, error *err) {
    build_context build = session_build_context(s, w->run);
    TRY(build_drop_kept(&build, clock_now_us(s->command->clock) - KEPT_FOR_US, err));
    TRY(build_recover(&build, err));
    return build_gc(&build, false, s->arena, ret, err);
}

static status gc_for_real(session *s, error *err) {
    work w;
    build_gc_result result = {0};
    TRY(work_begin(s, &w, err));
    status done = collect(s, &w, &result, err);
    TRY(work_end(&w, done, NULL, err));
    show(s, &result, false);
    return OK;
}

status verb_gc(command *c, error *err) {
    bool dry = option_given(c->options, OPTION_DRY_RUN);
    session s = {0};
    status result = session_open(c, dry ? SESSION_READ : SESSION_CHANGE, &s, err);
    if (result == OK)
        result = dry ? gc_dry(&s, err) : gc_for_real(&s, err);
    session_close(&s);
    return result;
}
