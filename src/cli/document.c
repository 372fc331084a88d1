#include "cli/document.h"

#include "cli/output.h"

enum { FORMAT = 1 };

json_t *document_new(void) {
    return json_pack("{s:i}", "format", FORMAT);
}

static json_t *text_or_null(const char *text) {
    return output_string(text != NULL && text[0] != '\0' ? text : NULL);
}

static json_t *number_or_null(int number) {
    return number > 0 ? json_integer(number) : json_null();
}

json_t *document_error_body(const error *err) {
    json_t *body = json_object();
    json_object_set_new(body, "kind", json_string(status_name(err->kind)));
    json_object_set_new(body, "message", output_string(err->message));
    json_object_set_new(body, "hint", text_or_null(err->hint));
    json_object_set_new(body, "file", text_or_null(err->file));
    json_object_set_new(body, "line", number_or_null(err->line));
    json_object_set_new(body, "column", number_or_null(err->column));
    return body;
}

json_t *document_error(const error *err) {
    json_t *document = document_new();
    json_object_set_new(document, "error", document_error_body(err));
    return document;
}

static json_t *rejection(const land_rejection *r) {
    json_t *row = json_object();
    json_object_set_new(row, "path", output_string(r->file));
    json_object_set_new(row, "table", output_string(r->table));
    json_object_set_new(row, "reason", output_string(r->reason));
    if (r->hint != NULL)
        json_object_set_new(row, "hint", json_string(r->hint));
    json_object_set_new(row, "report", output_string(r->report));
    return row;
}

static json_t *rejections(const land_rejection *items, size_t count) {
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(rows, rejection(&items[i]));
    return rows;
}

json_t *document_landing(const land_result *l) {
    json_t *d = json_object();
    json_object_set_new(d, "accepted", json_integer(l->accepted));
    json_object_set_new(d, "duplicate", json_integer(l->duplicate));
    json_object_set_new(d, "superseded", json_integer(l->superseded));
    json_object_set_new(d, "bytes", json_integer(l->bytes));
    json_object_set_new(d, "rejected", rejections(l->rejected.items, l->rejected.count));
    json_object_set_new(d, "failed", rejections(l->failed.items, l->failed.count));
    json_object_set_new(d, "waiting", rejections(l->waiting.items, l->waiting.count));
    json_object_set_new(d, "unknown", rejections(l->unknown.items, l->unknown.count));
    return d;
}

static json_t *partition_counts(const build_result *b) {
    json_t *d = json_object();
    json_object_set_new(d, "built", json_integer(b->built));
    json_object_set_new(d, "reused", json_integer(b->reused));
    json_object_set_new(d, "unchanged", json_integer(b->unchanged));
    json_object_set_new(d, "emptied", json_integer(b->emptied));
    return d;
}

static json_t *failures(const build_result *b) {
    json_t *rows = json_array();
    for (size_t i = 0; i < b->failed.count; i++) {
        const build_failure *f = &b->failed.items[i];
        json_t *row = json_object();
        json_object_set_new(row, "table", output_string(f->table));
        json_object_set_new(row, "partition", output_string(f->partition));
        json_object_set_new(row, "error", document_error_body(&f->error));
        json_array_append_new(rows, row);
    }
    return rows;
}

json_t *document_blocked(const build_blocked *b) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(b->table));
    json_object_set_new(row, "partition", output_string(b->partition));
    json_object_set_new(row, "by", output_string(b->by));
    return row;
}

static json_t *blocked_rows(const build_blockeds *list) {
    json_t *rows = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(rows, document_blocked(&list->items[i]));
    return rows;
}

json_t *document_unconfirmed(const build_unconfirmeds *all) {
    json_t *rows = json_array();
    for (size_t i = 0; i < all->count; i++)
        json_array_append_new(rows, json_pack("{s:s, s:I, s:I}", "table", all->items[i].table,
                                              "partitions", (json_int_t)all->items[i].partitions,
                                              "bytes", (json_int_t)all->items[i].bytes));
    return rows;
}

static json_t *builders(const build_builders *all) {
    json_t *rows = json_array();
    for (size_t i = 0; i < all->count; i++)
        json_array_append_new(rows, json_pack("{s:s, s:I, s:I}", "host", all->items[i].host, "jobs",
                                              (json_int_t)all->items[i].jobs, "partitions",
                                              (json_int_t)all->items[i].partitions));
    return rows;
}

json_t *document_events(const land_events *events, const land_result *landed) {
    return json_pack("{s:I, s:I, s:I, s:I}", "records", (json_int_t)events->records, "ignored",
                     (json_int_t)events->ignored, "objects", (json_int_t)events->keys.count,
                     "absent", (json_int_t)landed->absent);
}

json_t *document_run(const char *run, const land_result *landed, const build_result *built) {
    static const build_result NOTHING = {0};
    const build_result *b = built != NULL ? built : &NOTHING;
    json_t *d = document_new();
    json_object_set_new(d, "run", output_string(run));
    json_object_set_new(d, "deliveries", document_landing(landed));
    json_object_set_new(d, "partitions", partition_counts(b));
    json_object_set_new(d, "rows", json_integer(b->rows));
    json_object_set_new(d, "bytes", json_integer(b->bytes));
    json_object_set_new(d, "dropped", json_integer(b->dropped));
    json_object_set_new(d, "seq", b->seq > 0 ? json_integer(b->seq) : json_null());
    json_object_set_new(d, "failed", failures(b));
    json_object_set_new(d, "blocked", blocked_rows(&b->blocked));
    json_object_set_new(d, "later", blocked_rows(&b->later));
    json_object_set_new(d, "held", blocked_rows(&b->held));
    json_object_set_new(d, "unconfirmed", document_unconfirmed(&b->unconfirmed));
    json_object_set_new(d, "hosts", builders(&b->builders));
    return d;
}

static json_t *seconds(int64_t micros) {
    return json_real((double)micros / 1e6);
}

static json_t *planned_partition(const plan_partition *p) {
    json_t *causes = json_array();
    for (size_t i = 0; i < p->causes.count; i++) {
        json_t *cause = json_object();
        json_object_set_new(cause, "kind", json_string(cause_name(p->causes.items[i].kind)));
        json_object_set_new(cause, "ref", output_string(p->causes.items[i].ref));
        json_array_append_new(causes, cause);
    }
    json_t *d = json_object();
    json_object_set_new(d, "partition", output_string(p->text));
    json_object_set_new(d, "causes", causes);
    json_object_set_new(d, "certain", json_boolean(p->certain));
    json_object_set_new(d, "blocked_by", output_string(p->blocked_by));
    json_object_set_new(d, "unconfirmed", json_boolean(p->unconfirmed));
    json_object_set_new(d, "rows", json_integer(p->rows));
    json_object_set_new(d, "bytes", json_integer(p->bytes));
    json_object_set_new(d, "seconds", seconds(p->micros));
    json_object_set_new(d, "expected_bytes", json_integer(p->expected_bytes));
    return d;
}

static json_t *forecast(const plan_forecast *f) {
    bool known = f->looked_back > 0;
    json_t *d = json_object();
    json_object_set_new(d, "seconds", seconds(f->micros));
    json_object_set_new(d, "bytes", json_integer(f->bytes));
    json_object_set_new(d, "unknown_partitions", json_integer((json_int_t)f->unknown));
    json_object_set_new(d, "seconds_error", known ? json_real(f->micros_error) : json_null());
    json_object_set_new(d, "bytes_error", known ? json_real(f->bytes_error) : json_null());
    json_object_set_new(d, "earlier_forecasts", json_integer((json_int_t)f->looked_back));
    return d;
}

json_t *document_plan(const plan *p) {
    json_t *steps = json_array();
    for (size_t i = 0; i < p->step_count; i++) {
        const plan_step *s = &p->steps[i];
        json_t *partitions = json_array();
        for (size_t j = 0; j < s->partitions.count; j++)
            json_array_append_new(partitions, planned_partition(&s->partitions.items[j]));
        json_t *step = json_object();
        json_object_set_new(step, "table", output_string(s->table->name));
        json_object_set_new(step, "partitions", partitions);
        json_array_append_new(steps, step);
    }
    json_t *d = document_new();
    json_object_set_new(d, "steps", steps);
    json_object_set_new(d, "later", json_integer((json_int_t)p->later));
    json_object_set_new(d, "forecast", forecast(&p->forecast));
    return d;
}

enum { CAUSES_SHOWN_MAX = 3 };

/* "new a.csv, upstream silver.x event_date=…, and 7 more" */
static char *causes_text(arena *a, const plan_causes *causes) {
    buf b = buf_new(a);
    for (size_t i = 0; i < causes->count && i < CAUSES_SHOWN_MAX; i++)
        buf_printf(&b, "%s%s %s", i > 0 ? ", " : "", cause_name(causes->items[i].kind),
                   causes->items[i].ref);
    if (causes->count > CAUSES_SHOWN_MAX)
        buf_printf(&b, ", and %zu more", causes->count - CAUSES_SHOWN_MAX);
    return b.text;
}

json_t *document_plan_rows(const plan *p) {
    ARENA_AUTO a = arena_new();
    json_t *rows = json_array();
    for (size_t i = 0; i < p->step_count; i++) {
        const plan_partitions *partitions = &p->steps[i].partitions;
        for (size_t j = 0; j < partitions->count; j++) {
            json_t *row = planned_partition(&partitions->items[j]);
            json_object_set_new(row, "table", output_string(p->steps[i].table->name));
            if (partitions->items[j].unconfirmed)
                json_object_set_new(row, "blocked_by", json_string("confirm_over"));
            json_object_set_new(row, "why",
                                output_string(causes_text(a, &partitions->items[j].causes)));
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

json_t *document_columns(const columns *c) {
    json_t *rows = json_array();
    for (size_t i = 0; i < c->count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", output_string(c->items[i].name));
        json_object_set_new(row, "type", output_string(c->items[i].type));
        json_object_set_new(row, "nullable", json_boolean(c->items[i].nullable));
        json_array_append_new(rows, row);
    }
    return rows;
}

json_t *document_strings(const strings *s) {
    json_t *rows = json_array();
    for (size_t i = 0; i < s->count; i++)
        json_array_append_new(rows, output_string(s->items[i]));
    return rows;
}
