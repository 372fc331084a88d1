#include "cli/verb.h"

#include "base/number.h"
#include "base/path.h"
#include "cli/describe.h"
#include "cli/document.h"
#include "cli/session.h"

/* "name  value" lines, and nothing for what is null. */
static void tell_fields(output *o, json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (json_is_string(value))
            output_say(o, "%-19s %s", key, json_string_value(value));
        else if (json_is_integer(value))
            output_say(o, "%-19s %lld", key, (long long)json_integer_value(value));
        else if (json_is_boolean(value))
            output_say(o, "%-19s %s", key, json_is_true(value) ? "yes" : "no");
    }
}

/* document: {"format",…} with everything; people get its plain fields, and what tell adds. */
static void write_shown(command *c, const json_t *document) {
    if (c->out->format != OUTPUT_TABLE)
        output_json(c->out, document);
}

static json_t *table_document(const session *s, const lake_table *t) {
    json_t *d = document_new();
    JSON_AUTO described = describe_table(s->lake, t);
    json_object_update(d, described);
    json_object_set_new(d, "sql", output_string(t->sql_file));
    json_object_set_new(d, "yaml", output_string(t->yaml_file));
    json_object_set_new(d, "path", output_string(project_address(s->lake, t, NULL, s->arena)));
    const char *land =
        t->source != NULL ? path_join(s->arena, lake_delivered_to(s->lake), t->source->land) : NULL;
    json_object_set_new(d, "land", output_string(land));
    json_object_set_new(d, "columns", document_columns(&t->columns));
    lake_readers readers = lake_readers_of(s->lake, t, s->arena);
    json_t *names = json_array();
    for (size_t i = 0; i < readers.count; i++)
        json_array_append_new(names, output_string(readers.items[i].table->name));
    json_object_set_new(d, "readers", names);
    return d;
}

static void tell_list(output *o, json_t *rows, const output_column *shown, size_t count) {
    if (json_array_size(rows) == 0)
        return;
    output_say(o, "%s", "");
    output_write_list(o, &(output_list){rows, rows, shown, count});
}

static void tell_table(const session *s, const lake_table *t, json_t *d) {
    static const output_column COLUMNS[] = {{"name", "column", OUTPUT_TEXT},
                                            {"type", "type", OUTPUT_TEXT},
                                            {"nullable", "nullable", OUTPUT_TEXT}};
    static const output_column MAPS[] = {
        {"input", "input", OUTPUT_TEXT}, {"column", "partition", OUTPUT_TEXT},
        {"map", "map", OUTPUT_TEXT},     {"from", "from", OUTPUT_TEXT},
        {"why", "why", OUTPUT_TEXT},
    };
    output *o = s->command->out;
    json_object_del(d, "format");
    tell_fields(o, d);
    if (t->partition_by.count > 0)
        output_say(o, "%-19s %s", "partition_by", str_join(s->arena, &t->partition_by, ", "));
    tell_list(o, json_object_get(d, "columns"), COLUMNS, ARRAY_SIZE(COLUMNS));
    JSON_AUTO maps = json_array();
    describe_maps(maps, t);
    tell_list(o, maps, MAPS, ARRAY_SIZE(MAPS));
}

static status show_table(session *s, const char *name, error *err) {
    const lake_table *t = NULL;
    TRY(lake_table_need(s->lake, name, &t, err));
    JSON_AUTO document = table_document(s, t);
    if (s->command->out->format == OUTPUT_TABLE)
        tell_table(s, t, document);
    write_shown(s->command, document);
    return OK;
}

static const char *table_name(const session *s, int64_t id) {
    for (size_t i = 0; i < s->lake->table_count; i++)
        if (s->tables[i].id == id)
            return s->lake->tables[i]->name;
    return NULL;
}

static const char *delivery_path(const session *s, const delivery *d, const char *table) {
    if (d->state == DELIVERY_REJECTED)
        return store_url(s->quarantine, s->arena, d->object);
    const lake_table *t = table != NULL ? lake_table_find(s->lake, table) : NULL;
    if (t == NULL || d->state == DELIVERY_DUPLICATE)
        return NULL;
    return store_url(s->layers[t->layer], s->arena, d->object);
}

/* Text of the ledger that is JSON; what cannot be read is shown as it is. */
static json_t *parsed(const char *text) {
    json_t *value = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return value != NULL ? value : output_string(text);
}

static json_t *delivery_document(const session *s, const delivery *d) {
    const char *table = table_name(s, d->table);
    json_t *doc = document_new();
    json_object_set_new(doc, "delivery", json_integer(d->id));
    json_object_set_new(doc, "table", output_string(table));
    json_object_set_new(doc, "file", output_string(d->file));
    json_object_set_new(doc, "identity", output_string(d->identity));
    json_object_set_new(doc, "state", json_string(delivery_state_name(d->state)));
    json_object_set_new(doc, "reason", output_string(d->reason));
    json_object_set_new(doc, "landed", output_time(d->land_time * 1000000));
    json_object_set_new(doc, "file_land_timestamp", json_integer(d->land_time));
    json_object_set_new(doc, "accepted", output_time(d->accepted_at));
    json_object_set_new(doc, "rows", json_integer(d->rows));
    json_object_set_new(doc, "bytes", json_integer(d->bytes));
    json_object_set_new(doc, "sha256", output_string(d->sha256));
    json_object_set_new(doc, "path", output_string(delivery_path(s, d, table)));
    json_object_set_new(doc, "run", output_string(d->run));
    json_object_set_new(doc, "from_path", parsed(d->from_path));
    json_object_set_new(doc, "contract", parsed(d->contract));
    json_object_set_new(doc, "verdict", parsed(d->verdict));
    return doc;
}

static void tell_delivery(output *o, json_t *document) {
    static const output_column FAILURES[] = {
        {"rule", "rule", OUTPUT_TEXT},    {"column", "column", OUTPUT_TEXT},
        {"line", "line", OUTPUT_COUNT},   {"value", "value", OUTPUT_TEXT},
        {"count", "count", OUTPUT_COUNT}, {"message", "message", OUTPUT_TEXT},
    };
    json_object_del(document, "format");
    tell_fields(o, document);
    json_t *failures = json_object_get(json_object_get(document, "verdict"), "failures");
    tell_list(o, failures, FAILURES, ARRAY_SIZE(FAILURES));
}

static status show_delivery(session *s, int64_t id, error *err) {
    delivery d = {0};
    status result = ledger_delivery_get(s->ledger, id, s->arena, &d, err);
    if (result == E_NOT_FOUND) {
        error_set(err, E_USAGE, "there is no delivery %lld", (long long)id);
        error_hint(err, "`weir query 'FROM weir.delivery'` lists them.");
        return E_USAGE;
    }
    TRY(result);
    JSON_AUTO document = delivery_document(s, &d);
    if (s->command->out->format == OUTPUT_TABLE)
        tell_delivery(s->command->out, document);
    write_shown(s->command, document);
    return OK;
}

/* The run whose id is text or, alone, begins with it. */
static status find_run(session *s, const char *text, ledger_run *ret, error *err) {
    ledger_runs runs = {0};
    TRY(ledger_run_list(s->ledger, INT64_MAX, s->arena, &runs, err));
    size_t matches = 0;
    for (size_t i = 0; i < runs.count; i++) {
        if (!str_starts(runs.items[i].id, text))
            continue;
        *ret = runs.items[i];
        matches++;
    }
    if (matches == 1)
        return OK;
    if (matches == 0)
        error_set(err, E_USAGE, "there is no run, delivery or table \"%s\"", text);
    else
        error_set(err, E_USAGE, "\"%s\" begins the ids of %zu runs", text, matches);
    error_hint(err, "`weir log` lists runs, `weir ls` tables, `weir ls TABLE` deliveries.");
    return E_USAGE;
}

static json_t *run_document(const ledger_run *r) {
    json_t *d = document_new();
    json_object_set_new(d, "run", output_string(r->id));
    json_object_set_new(d, "verb", output_string(r->verb));
    json_object_set_new(d, "state", output_string(r->state));
    json_object_set_new(d, "started", output_time(r->started));
    json_object_set_new(d, "finished", output_time(r->finished));
    json_object_set_new(d, "seq", r->seq > 0 ? json_integer(r->seq) : json_null());
    json_object_set_new(d, "who", output_string(r->who));
    json_object_set_new(d, "code_version", output_string(r->code_version));
    json_object_set_new(d, "result", parsed(r->summary));
    return d;
}

static void tell_run(output *o, json_t *document) {
    static const output_column REFUSED[] = {{"table", "refused", OUTPUT_TEXT},
                                            {"path", "file", OUTPUT_TEXT},
                                            {"reason", "reason", OUTPUT_TEXT}};
    static const output_column FAILED[] = {{"table", "failed", OUTPUT_TEXT},
                                           {"partition", "partition", OUTPUT_TEXT}};
    json_object_del(document, "format");
    tell_fields(o, document);
    const json_t *result = json_object_get(document, "result");
    json_t *landed = json_object_get(result, "deliveries");
    tell_fields(o, landed);
    tell_fields(o, json_object_get(result, "partitions"));
    tell_list(o, json_object_get(landed, "rejected"), REFUSED, ARRAY_SIZE(REFUSED));
    tell_list(o, json_object_get(result, "failed"), FAILED, ARRAY_SIZE(FAILED));
}

static status show_run(session *s, const char *text, error *err) {
    ledger_run r = {0};
    TRY(find_run(s, text, &r, err));
    JSON_AUTO document = run_document(&r);
    if (s->command->out->format == OUTPUT_TABLE)
        tell_run(s->command->out, document);
    write_shown(s->command, document);
    return OK;
}

static status show(session *s, error *err) {
    const char *what = s->command->options->arguments.items[0];
    int64_t id = 0;
    if (number_int64(what, &id))
        return show_delivery(s, id, err);
    if (strchr(what, '.') != NULL)
        return show_table(s, what, err);
    return show_run(s, what, err);
}

/* A table's definition can be shown before there is a ledger. */
static session_access needed(const command *c) {
    bool is_table = strchr(c->options->arguments.items[0], '.') != NULL;
    return is_table ? SESSION_DEFINITION : SESSION_READ;
}

status verb_show(command *c, error *err) {
    session s = {0};
    status result = session_open(c, needed(c), &s, err);
    if (result == OK)
        result = show(&s, err);
    session_close(&s);
    return result;
}
