/* A checked file as documents. */
#include "engine/duckdb/check.h"

static json_t *file_columns_document(const check_file *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->reader.file_columns.count; i++) {
        json_t *name = job_text(c->reader.file_columns.items[i]);
        if (c->spec->format == READER_PARQUET)
            name = json_pack("{s:o,s:s}", "name", name, "type", c->reader.file_types.items[i]);
        json_array_append_new(list, name);
    }
    return list;
}

static json_t *columns_document(const check_file *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->reader.columns.count; i++) {
        const reader_column *column = &c->reader.columns.items[i];
        json_t *from = column->from >= 0 ? json_integer(column->from) : json_null();
        json_array_append_new(list, json_pack("{s:o,s:s,s:o}", "name", job_text(column->name),
                                              "type", column->type, "from", from));
    }
    return list;
}

static json_t *contract_document(const check_file *c) {
    static const char *const FORMATS[] = {"csv", "json", "parquet", "opaque"};
    json_t *contract = json_pack("{s:s}", "format", FORMATS[c->spec->format]);
    if (c->spec->format == READER_OPAQUE)
        return contract;
    if (c->spec->format != READER_PARQUET)
        json_object_set_new(contract, "compression", json_string(c->compression));
    if (c->spec->format == READER_JSON)
        json_object_set_new(contract, "layout",
                            json_string(c->reader.is_array ? "array" : "lines"));
    if (c->spec->format == READER_CSV) {
        json_t *nulls = json_array();
        for (size_t i = 0; i < c->reader.null_values.count; i++)
            json_array_append_new(nulls, job_text(c->reader.null_values.items[i]));
        json_object_set_new(contract, "delimiter", job_text(c->reader.delimiter));
        json_object_set_new(contract, "quote", job_text(c->reader.quote));
        json_object_set_new(contract, "header", json_boolean(c->reader.header));
        json_object_set_new(contract, "encoding", job_text(c->reader.encoding));
        json_object_set_new(contract, "null_values", nulls);
    }
    json_object_set_new(contract, "file_columns", file_columns_document(c));
    json_object_set_new(contract, "columns", columns_document(c));
    return contract;
}

json_t *check_document(const check_file *c) {
    bool accepted = c->verdict.count == 0;
    json_t *aliases = json_array();
    for (size_t i = 0; i < c->aliases_used.count; i++)
        json_array_append_new(aliases, job_text(c->aliases_used.items[i]));
    json_t *document = json_pack("{s:O,s:s,s:I,s:o,s:O,s:I}", "id", c->id, "verdict",
                                 accepted ? "accepted" : "rejected", "rows", (json_int_t)c->rows,
                                 "aliases_used", aliases, "failures", c->verdict.failures,
                                 "failure_count", (json_int_t)c->verdict.count);
    if (accepted) {
        json_object_set_new(document, "contract", contract_document(c));
        json_object_set_new(document, "feeds",
                            c->feeds != NULL ? json_incref(c->feeds) : json_array());
    }
    if (c->kept)
        json_object_set_new(document, "kept", json_true());
    return document;
}
