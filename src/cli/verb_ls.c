#include "cli/verb.h"

#include "cli/document.h"
#include "cli/session.h"
#include "project/project.h"

static const output_column TABLES[] = {
    {"table", "table", OUTPUT_TEXT},  {"partition_by", "partition by", OUTPUT_TEXT},
    {"count", "count", OUTPUT_COUNT}, {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "bytes", OUTPUT_BYTES}, {"path", "path", OUTPUT_TEXT},
};
static const output_column PARTITIONS[] = {
    {"partition", "partition", OUTPUT_TEXT}, {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "bytes", OUTPUT_BYTES},        {"version", "version", OUTPUT_COUNT},
    {"path", "path", OUTPUT_TEXT},
};
static const output_column DELIVERIES[] = {
    {"delivery", "delivery", OUTPUT_COUNT}, {"file", "file", OUTPUT_TEXT},
    {"landed", "landed", OUTPUT_TIME},      {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "bytes", OUTPUT_BYTES},       {"path", "path", OUTPUT_TEXT},
};
static const output_column FILES[] = {
    {"path", "path", OUTPUT_TEXT},
    {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "bytes", OUTPUT_BYTES},
};

/* key: what the document calls the list. */
static void write_rows(session *s, const char *key, json_t *rows, const output_column *shown,
                       size_t count) {
    JSON_AUTO document = document_new();
    json_object_set(document, key, rows);
    output_write_list(s->command->out, &(output_list){document, rows, shown, count});
    if (json_array_size(rows) == 0)
        output_say(s->command->out, "no %s yet", key);
}

static json_t *table_row(const session *s, const lake_table *t, const table_summary *sum) {
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(t->name));
    json_object_set_new(row, "partition_by",
                        output_string(str_join(s->arena, &t->partition_by, ", ")));
    json_object_set_new(row, "count", json_integer(sum->partitions));
    json_object_set_new(row, "rows", json_integer(sum->rows));
    json_object_set_new(row, "bytes", json_integer(sum->bytes));
    json_object_set_new(row, "path", output_string(project_address(s->lake, t, NULL, s->arena)));
    return row;
}

static status list_tables(session *s, error *err) {
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < s->lake->table_count; i++) {
        const lake_table *t = s->lake->tables[i];
        table_summary summary = {0};
        TRY(ledger_table_summary(s->ledger, s->tables[i].id, t->source != NULL, s->arena, &summary,
                                 err));
        json_array_append_new(rows, table_row(s, t, &summary));
    }
    write_rows(s, "tables", rows, TABLES, ARRAY_SIZE(TABLES));
    return OK;
}

static const char *object_path(const session *s, const lake_table *t, const char *object) {
    return store_url(s->layers[t->layer], s->arena, object);
}

static status list_deliveries(session *s, const lake_table *t, error *err) {
    deliveries active = {0};
    TRY(ledger_deliveries_active(s->ledger, s->tables[t->index].id, s->arena, &active, err));
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < active.count; i++) {
        const delivery *d = &active.items[i];
        json_t *row = json_object();
        json_object_set_new(row, "delivery", json_integer(d->id));
        json_object_set_new(row, "file", output_string(d->file));
        json_object_set_new(row, "landed", output_time(d->land_time * 1000000));
        json_object_set_new(row, "rows", json_integer(d->rows));
        json_object_set_new(row, "bytes", json_integer(d->bytes));
        json_object_set_new(row, "path", output_string(object_path(s, t, d->object)));
        json_array_append_new(rows, row);
    }
    write_rows(s, "deliveries", rows, DELIVERIES, ARRAY_SIZE(DELIVERIES));
    return OK;
}

static status list_partitions(session *s, const lake_table *t, error *err) {
    ledger_currents now = {0};
    TRY(ledger_currents_of(s->ledger, s->tables[t->index].id, -1, s->arena, &now, err));
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < now.count; i++) {
        const ledger_current *p = &now.items[i];
        json_t *row = json_object();
        json_object_set_new(row, "partition", output_string(p->text));
        json_object_set_new(row, "rows", json_integer(p->rows));
        json_object_set_new(row, "bytes", json_integer(p->bytes));
        json_object_set_new(row, "version", json_integer(p->version));
        json_object_set_new(row, "path",
                            output_string(project_address(s->lake, t, p->text, s->arena)));
        json_array_append_new(rows, row);
    }
    write_rows(s, "partitions", rows, PARTITIONS, ARRAY_SIZE(PARTITIONS));
    return OK;
}

static status find_partition(session *s, const lake_table *t, const char *text, ledger_current *ret,
                             error *err) {
    int64_t id = s->tables[t->index].id;
    status result = ledger_current_get(s->ledger, id, text, s->arena, ret, err);
    if (result != E_NOT_FOUND)
        return result;
    ledger_currents now = {0};
    TRY(ledger_currents_of(s->ledger, id, -1, s->arena, &now, err));
    strings names = {0};
    for (size_t i = 0; i < now.count; i++)
        vec_push(s->arena, &names, now.items[i].text);
    const char *nearest = str_nearest(text, &names);
    error_set(err, E_USAGE, "table \"%s\" has no partition \"%s\"", t->name, text);
    if (nearest != NULL)
        error_hint(err, "Did you mean \"%s\"?", nearest);
    else
        error_hint(err, "`weir ls %s` lists its partitions.", t->name);
    return E_USAGE;
}

static status list_files(session *s, const lake_table *t, const char *text, error *err) {
    ledger_current current;
    TRY(find_partition(s, t, text, &current, err));
    ledger_file *files = NULL;
    size_t count = 0;
    TRY(ledger_version_files(s->ledger, current.version, s->arena, &files, &count, err));
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "path", output_string(object_path(s, t, files[i].object)));
        json_object_set_new(row, "rows", json_integer(files[i].rows));
        json_object_set_new(row, "bytes", json_integer(files[i].bytes));
        json_array_append_new(rows, row);
    }
    write_rows(s, "files", rows, FILES, ARRAY_SIZE(FILES));
    return OK;
}

static status list(session *s, error *err) {
    const strings *arguments = &s->command->options->arguments;
    if (arguments->count == 0)
        return list_tables(s, err);
    const lake_table *t = NULL;
    TRY(lake_table_need(s->lake, arguments->items[0], &t, err));
    if (arguments->count == 1)
        return t->source != NULL ? list_deliveries(s, t, err) : list_partitions(s, t, err);
    if (t->source == NULL)
        return list_files(s, t, arguments->items[1], err);
    error_set(err, E_USAGE, "source table \"%s\" has deliveries, not partitions", t->name);
    error_hint(err, "`weir ls %s` lists them with their paths.", t->name);
    return E_USAGE;
}

status verb_ls(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = list(&s, err);
    session_close(&s);
    return result;
}
