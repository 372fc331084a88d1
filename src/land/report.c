#include "land/report.h"

#include "base/number.h"

enum { US_PER_S = 1000000 };

static const char *verdict_name(const arrival *at) {
    switch (at->fate) {
    case ARRIVAL_ACCEPTED:
        return "accepted";
    case ARRIVAL_REPEATED:
        return "duplicate";
    case ARRIVAL_REJECTED:
        return "rejected";
    case ARRIVAL_OPEN:
    case ARRIVAL_RETURNED:
        break;
    }
    return "unknown";
}

static int64_t count_failures(const json_t *failures) {
    int64_t sum = 0;
    size_t i;
    const json_t *failure;
    json_array_foreach(failures, i, failure) {
        int64_t count = json_get_int(failure, "count", 1);
        sum += count > 0 ? count : 1;
    }
    return sum;
}

static json_t *landed_text(int64_t seconds) {
    char text[TIME_TEXT_SIZE];
    time_text(seconds * US_PER_S, text);
    return json_string(text);
}

static json_t *hint_for(const arrival *at) {
    ARENA_AUTO a = arena_new();
    const char *yaml = at->table->yaml_file != NULL ? at->table->yaml_file : at->table->name;
    return json_string(arena_printf(
        a, "Deliver a corrected file under the same name, or change %s and deliver this one again.",
        yaml));
}

static json_t *copy_or(const json_t *from, const char *key, json_t *otherwise) {
    json_t *found = json_object_get(from, key);
    if (found == NULL)
        return otherwise;
    json_decref(otherwise);
    return json_incref(found);
}

static void add_warnings(json_t *report, const arrival *at) {
    json_t *warnings = json_array();
    for (size_t i = 0; i < at->warnings.count; i++)
        json_array_append_new(warnings, json_string(at->warnings.items[i]));
    json_object_set_new(report, "warnings", warnings);
}

static void add_failures(json_t *report, const arrival *at) {
    json_t *failures = at->failures != NULL ? json_incref(at->failures) : json_array();
    json_object_set_new(report, "failures", failures);
    json_object_set_new(
        report, "failure_count",
        copy_or(at->answer, "failure_count", json_integer(count_failures(failures))));
}

json_t *report_document(const arrival *at) {
    json_t *report =
        json_pack("{s:i, s:s, s:s, s:o, s:s, s:I, s:s, s:o, s:o}", "format", 1, "file",
                  at->claimed.file, "table", at->table->name, "landed", landed_text(at->land_time),
                  "sha256", at->sha256, "bytes", (json_int_t)at->bytes, "verdict", verdict_name(at),
                  "rows", copy_or(at->answer, "rows", json_null()), "source",
                  at->answer != NULL ? json_string(at->table->source->fingerprint) : json_null());
    ASSERT(report != NULL);
    add_failures(report, at);
    json_object_set_new(report, "aliases_used", copy_or(at->answer, "aliases_used", json_array()));
    add_warnings(report, at);
    if (at->fate == ARRIVAL_REJECTED)
        json_object_set_new(report, "hint", hint_for(at));
    return report;
}

static void add_place(buf *b, const json_t *failure) {
    const char *where = json_get_string(failure, "column", NULL);
    int64_t line = json_get_int(failure, "line", 0);
    if (line > 0)
        buf_printf(b, "line %lld: ", (long long)line);
    if (where != NULL)
        buf_printf(b, "%s: ", where);
}

char *report_reason(arena *a, const json_t *failures) {
    const json_t *first = json_array_get(failures, 0);
    int64_t more = count_failures(failures) - 1;
    buf reason = buf_new(a);
    add_place(&reason, first);
    buf_add(&reason, json_get_string(first, "message", json_get_string(first, "rule", "rejected")));
    if (more > 0)
        buf_printf(&reason, " (and %lld more)", (long long)more);
    return str_printable(a, reason.text);
}

bool report_is_of_source(const char *verdict, const lake_source *source) {
    if (verdict == NULL)
        return false;
    JSON_AUTO report = json_loads(verdict, 0, NULL);
    return strcmp(json_get_string(report, "source", ""), source->fingerprint) == 0;
}

bool report_is_of_withdrawn(const char *verdict) {
    if (verdict == NULL)
        return false;
    JSON_AUTO report = json_loads(verdict, 0, NULL);
    const json_t *first = json_array_get(json_object_get(report, "failures"), 0);
    return strcmp(json_get_string(first, "rule", ""), REPORT_WITHDRAWN) == 0;
}
