#include "build/input.h"

#include <inttypes.h>

static void add_column(json_t *view, const char *name, const char *type) {
    json_array_append_new(view, json_pack("{s:s, s:s}", "name", name, "type", type));
}

json_t *input_document(const input_shape *shape) {
    json_t *view = json_array();
    for (size_t i = 0; i < shape->table->columns.count; i++)
        add_column(view, shape->table->columns.items[i].name, shape->table->columns.items[i].type);
    if (shape->land_timestamp)
        add_column(view, "file_land_timestamp", "BIGINT");
    if (shape->file)
        add_column(view, "weir_file", "VARCHAR");
    return json_pack("{s:s, s:o, s:[]}", "table", shape->table->name, "columns", view, "groups");
}

static char *object_url(const build_context *c, const lake_table *t, arena *a, const char *object) {
    return store_url(c->layers[t->layer], a, object);
}

static status refuse_object(const char *url, const char *why, error *err) {
    error_set(err, E_NOT_FOUND, "\"%s\" is not what was kept: %s", url, why);
    error_hint(err, "`weir fsck` tells what was altered or removed, and what to do about it.");
    return E_NOT_FOUND;
}

/* What is read is what was kept: no link is followed, and nothing of another size is taken for it.
 * Whether the bytes are the same is for fsck. */
static status check_object(const build_context *c, const lake_table *t, const char *object,
                           int64_t bytes, error *err) {
    ARENA_AUTO a = arena_new();
    error why = {0};
    store_object found = {0};
    const char *url = object_url(c, t, a, object);
    status looked = store_info(c->layers[t->layer], object, a, &found, &why);
    if (looked == E_NOT_FOUND)
        return refuse_object(url, "it is gone", err);
    if (looked == E_DATA)
        return refuse_object(url, "a symbolic link, or no regular file, is in its place", err);
    if (looked == OK && found.size_bytes != bytes)
        return refuse_object(url,
                             arena_printf(a, "it has %" PRId64 " bytes instead of %" PRId64,
                                          found.size_bytes, bytes),
                             err);
    return error_pass(looked, &why, err);
}

/* The group with this contract; hash tells contracts apart and stays out of the document. */
static status group_of(json_t *document, const ledger_unit *unit, json_t **ret_files, error *err) {
    json_t *groups = json_object_get(document, "groups"), *group = NULL;
    size_t i;
    json_array_foreach(groups, i, group) {
        if (str_eq(json_get_string(group, "contract_hash", ""), unit->contract_hash)) {
            *ret_files = json_object_get(group, "files");
            return OK;
        }
    }
    json_t *contract = NULL;
    TRY(json_parse(unit->contract, strlen(unit->contract), unit->file, &contract, err));
    json_t *files = json_array();
    json_array_append_new(groups, json_pack("{s:o, s:s, s:o}", "contract", contract,
                                            "contract_hash", unit->contract_hash, "files", files));
    *ret_files = files;
    return OK;
}

status input_add_delivery(json_t *document, const build_context *c, const lake_table *t,
                          const ledger_unit *unit, error *err) {
    ARENA_AUTO a = arena_new();
    json_t *files = NULL, *from_path = NULL;
    if (!unit->contract || !unit->contract_hash)
        return error_set(err, E_DATA, "the delivery \"%s\" has no reading contract", unit->file);
    TRY(check_object(c, t, unit->object, unit->bytes, err));
    TRY(group_of(document, unit, &files, err));
    if (unit->from_path)
        TRY(json_parse(unit->from_path, strlen(unit->from_path), unit->file, &from_path, err));
    const char *token = parsed_find(c->parsed, c->lake->layers[t->layer].name, unit->object);
    json_array_append_new(
        files, json_pack("{s:s, s:s, s:I, s:o, s:s*}", "path", object_url(c, t, a, unit->object),
                         "file", unit->file, "land_timestamp", (json_int_t)unit->land_time,
                         "from_path", from_path ? from_path : json_object(), "kept", token));
    return OK;
}

status input_add_files(json_t *document, const build_context *c, const lake_table *t,
                       const ledger_file *files, size_t count, error *err) {
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < count; i++)
        TRY(check_object(c, t, files[i].object, files[i].bytes, err));
    json_t *groups = json_object_get(document, "groups");
    json_t *group = json_array_get(groups, 0);
    if (!group) {
        group = json_pack("{s:{s:s}, s:[]}", "contract", "format", "parquet", "files");
        json_array_append_new(groups, group);
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json_object_get(group, "files"),
                              json_pack("{s:s}", "path", object_url(c, t, a, files[i].object)));
    return OK;
}

static json_t *values_document(const char *const *values, size_t count) {
    json_t *row = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(row, values[i] ? json_string(values[i]) : json_null());
    return row;
}

/* The values that rows may have, where these are not the job's partitions. */
static status add_only(json_t *document, const lake_table *reader, const lake_input *input,
                       const strings *fed, error *err) {
    ARENA_AUTO a = arena_new();
    const strings *names = feeds_columns(reader, input);
    json_t *types = json_array(), *rows = json_array();
    json_object_set_new(document, "only", json_pack("{s:o, s:o}", "types", types, "values", rows));
    for (size_t i = 0; i < names->count; i++) {
        int place = columns_find(&reader->columns, names->items[i]);
        ASSERT(place >= 0);
        json_array_append_new(types, json_string(reader->columns.items[place].type));
    }
    for (size_t i = 0; i < fed->count; i++) {
        const char **values = NULL;
        TRY(partition_values(fed->items[i], names, a, &values, err));
        json_array_append_new(rows, values_document(values, names->count));
    }
    return OK;
}

/* Columns that only the expressions see. */
static void add_hidden(json_t *document, const lake_input *input) {
    json_t *hidden = json_array();
    if (input->map_reads_land_timestamp && !input->reads_land_timestamp)
        add_column(hidden, "file_land_timestamp", "BIGINT");
    if (input->map_reads_file && !input->reads_file)
        add_column(hidden, "weir_file", "VARCHAR");
    json_object_set_new(document, "hidden", hidden);
}

status input_filter(json_t *document, const lake_table *reader, const lake_input *input,
                    const strings *fed, error *err) {
    ARENA_AUTO a = arena_new();
    json_t *filter = json_array();
    ASSERT(input->map.kind != MAP_ALL);
    json_object_set_new(document, "filter", filter);
    for (size_t i = 0; i < feeds_columns(reader, input)->count; i++) {
        const char *expression = feeds_expression(a, input, i);
        json_array_append_new(filter, json_string(expression));
    }
    add_hidden(document, input);
    return input->map.span ? add_only(document, reader, input, fed, err) : OK;
}

static status find_units(const build_context *c, const build_query *q, arena *a, ledger_units *ret,
                         error *err) {
    bool is_source = q->table->source != NULL;
    ledger_edge all = {.input = c->tables[q->table->index].id};
    if (q->as_of_seq >= 0)
        return ledger_units_as_of(c->ledger, all.input, is_source, q->as_of_seq, a, ret, err);
    return ledger_units_feeding(c->ledger, &all, is_source, NULL, a, ret, err);
}

/* Files of another generation have other columns than the definition says now, also while the next
 * one is not complete. */
static status take_columns_of(json_t *document, const build_context *c, int64_t version, arena *a,
                              error *err) {
    ledger_column *had = NULL;
    size_t count = 0;
    json_t *view = json_array();
    json_object_set_new(document, "columns", view);
    TRY(ledger_version_columns(c->ledger, version, a, &had, &count, err));
    for (size_t i = 0; i < count; i++)
        add_column(view, had[i].name, had[i].type);
    return OK;
}

static status add_version(json_t *document, const build_context *c, const lake_table *t,
                          int64_t version, arena *a, error *err) {
    ledger_file *files = NULL;
    size_t count = 0;
    TRY(ledger_version_files(c->ledger, version, a, &files, &count, err));
    return input_add_files(document, c, t, files, count, err);
}

static status add_units(json_t *document, const build_context *c, const build_query *q, arena *a,
                        error *err) {
    ledger_units units = {0};
    TRY(find_units(c, q, a, &units, err));
    if (!q->table->source && units.count > 0)
        TRY(take_columns_of(document, c, units.items[0].unit, a, err));
    for (size_t i = 0; i < units.count; i++) {
        if (q->table->source)
            TRY(input_add_delivery(document, c, q->table, &units.items[i], err));
        else
            TRY(add_version(document, c, q->table, units.items[i].unit, a, err));
    }
    return OK;
}

static bool has_column(const json_t *view, const char *name) {
    size_t i;
    const json_t *found;
    json_array_foreach(view, i, found) {
        if (str_eq(json_get_string(found, "name", ""), name))
            return true;
    }
    return false;
}

/* A source table that declares no columns has those of its deliveries, in the order of their first
 * appearance; a delivery without one of them has nulls there. */
static void take_found_columns(json_t *document) {
    json_t *view = json_object_get(document, "columns");
    size_t i, j;
    const json_t *group, *found;
    json_array_foreach(json_object_get(document, "groups"), i, group) {
        const json_t *contract = json_object_get(group, "contract");
        json_array_foreach(json_object_get(contract, "columns"), j, found) {
            const char *name = json_get_string(found, "name", "");
            if (!has_column(view, name))
                add_column(view, name, json_get_string(found, "type", "VARCHAR"));
        }
    }
}

status build_query_input(const build_context *c, const build_query *q, arena *a, json_t **ret,
                         error *err) {
    const lake_table *t = q->table;
    input_shape shape = {.table = t,
                         .land_timestamp =
                             t->source && strings_contain(q->mentioned, "file_land_timestamp"),
                         .file = t->source && strings_contain(q->mentioned, "weir_file")};
    json_t *document = input_document(&shape);
    status added = add_units(document, c, q, a, err);
    if (added != OK) {
        json_decref(document);
        return added;
    }
    if (t->source && t->columns.count == 0)
        take_found_columns(document);
    *ret = document;
    return OK;
}

status build_version_input(const build_context *c, const lake_table *t, int64_t version,
                           const char *name, arena *a, json_t **ret, error *err) {
    json_t *document = input_document(&(input_shape){.table = t});
    json_object_set_new(document, "table", json_string(name));
    status added = take_columns_of(document, c, version, a, err);
    if (added == OK)
        added = add_version(document, c, t, version, a, err);
    if (added != OK) {
        json_decref(document);
        return added;
    }
    *ret = document;
    return OK;
}

status build_file_input(const build_context *c, const lake_table *t, int64_t version,
                        const ledger_file *file, arena *a, json_t **ret, error *err) {
    json_t *document = input_document(&(input_shape){.table = t});
    status added = take_columns_of(document, c, version, a, err);
    if (added == OK)
        added = input_add_files(document, c, t, file, 1, err);
    if (added != OK) {
        json_decref(document);
        return added;
    }
    *ret = document;
    return OK;
}
