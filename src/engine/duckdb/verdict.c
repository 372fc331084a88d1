#include "engine/duckdb/verdict.h"

#include "engine/duckdb/job.h"

#include <inttypes.h>

static const char *const NAMES[RULE_COUNT] = {
    [RULE_READABLE] = "readable",
    [RULE_ENCODING] = "encoding",
    [RULE_COMPRESSION] = "compression",
    [RULE_HEADER] = "header",
    [RULE_MISSING_COLUMN] = "missing_column",
    [RULE_EXTRA_COLUMN] = "extra_column",
    [RULE_TYPE] = "type",
    [RULE_RAGGED] = "ragged",
    [RULE_NULLABLE] = "nullable",
    [RULE_MINIMUM] = "minimum",
    [RULE_MAXIMUM] = "maximum",
    [RULE_ROWS] = "rows",
    [RULE_MAP] = "map",
    [RULE_PARTITIONS] = "partitions",
};

verdict verdict_new(int64_t limit) {
    return (verdict){.failures = json_array(), .limit = limit};
}

void verdict_free(verdict *v) {
    json_decref(v->failures);
    *v = (verdict){0};
}

static void append(verdict *v, const failure *f, const char *message) {
    int64_t count = f->count > 0 ? f->count : 1;
    json_t *entry = json_pack(
        "{s:s,s:o,s:o,s:o,s:I,s:o}", "rule", NAMES[f->rule], "column", job_text(f->column), "line",
        f->line > 0 ? json_integer(f->line) : json_null(), "value", job_text(f->value), "count",
        (json_int_t)count, "message", job_text(message));
    json_array_append_new(v->failures, entry);
    v->count += count;
}

void verdict_add(verdict *v, const failure *f, const char *format, ...) {
    arena *a = arena_new();
    char message[ERROR_MESSAGE_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    v->listed[f->rule]++;
    append(v, f, str_printable(a, message));
    arena_free(a);
}

void verdict_rest(verdict *v, verdict_rule rule, const char *column, int64_t count,
                  int64_t listed) {
    if (count <= listed)
        return;
    char message[ERROR_MESSAGE_MAX];
    const failure rest = {.rule = rule, .column = column, .count = count - listed};
    snprintf(message, sizeof message, "%" PRId64 " more", count - listed);
    append(v, &rest, message);
}
