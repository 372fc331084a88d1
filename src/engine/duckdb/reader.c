#include "engine/duckdb/reader.h"

enum { LINE_SIZE_MAX = 2 * 1024 * 1024, OBJECT_SIZE_MAX = 64 * 1024 * 1024 };

/* A text that no file holds, where the engine demands at least one text for NULL. */
#define NEVER "\x01weir\x01"

static const char *const FORMATS[] = {"csv", "json", "parquet", "opaque"};

static status read_format(const json_t *contract, reader *r, error *err) {
    const char *format;
    TRY(json_need_string(contract, "format", &format, err));
    for (size_t i = 0; i < ARRAY_SIZE(FORMATS); i++) {
        if (str_eq(FORMATS[i], format)) {
            r->format = (reader_format)i;
            return OK;
        }
    }
    return error_set(err, E_USAGE, "\"%s\" is not a format", format);
}

static status read_columns(const json_t *contract, arena *a, reader *r, error *err) {
    job_columns columns;
    TRY(job_read_columns(contract, "columns", a, &columns, err));
    const json_t *list = json_object_get(contract, "columns");
    for (size_t i = 0; i < columns.count; i++) {
        reader_column column = {.name = columns.items[i].name, .type = columns.items[i].type};
        column.from = json_get_int(json_array_get(list, i), "from", -1);
        if (column.from < -1 || column.from >= (int64_t)r->file_columns.count)
            return error_set(err, E_USAGE, "the column \"%s\" is not in the file", column.name);
        vec_push(a, &r->columns, column);
    }
    return OK;
}

static status read_parquet_columns(const json_t *contract, arena *a, reader *r, error *err) {
    r->by_name = json_object_get(contract, "columns") == NULL;
    if (r->by_name)
        return OK;
    job_columns columns;
    TRY(job_read_columns(contract, "file_columns", a, &columns, err));
    for (size_t i = 0; i < columns.count; i++) {
        vec_push(a, &r->file_columns, columns.items[i].name);
        vec_push(a, &r->file_types, columns.items[i].type);
    }
    return read_columns(contract, a, r, err);
}

status reader_read_csv(const json_t *contract, arena *a, reader *r, error *err) {
    r->delimiter = json_get_string(contract, "delimiter", ",");
    r->quote = json_get_string(contract, "quote", "\"");
    r->encoding = json_get_string(contract, "encoding", "utf-8");
    r->header = json_get_bool(contract, "header", true);
    if (json_object_get(contract, "null_values") != NULL)
        return job_read_strings(contract, "null_values", a, &r->null_values, err);
    vec_push(a, &r->null_values, "");
    return OK;
}

status reader_read(const json_t *contract, arena *a, reader *ret, error *err) {
    reader r = {0};
    TRY(read_format(contract, &r, err));
    r.compression = json_get_string(contract, "compression", "none");
    if (r.format == READER_PARQUET)
        TRY(read_parquet_columns(contract, a, &r, err));
    if (r.format == READER_CSV)
        TRY(reader_read_csv(contract, a, &r, err));
    if (r.format == READER_CSV || r.format == READER_JSON) {
        TRY(job_read_strings(contract, "file_columns", a, &r.file_columns, err));
        TRY(read_columns(contract, a, &r, err));
    }
    r.is_array = str_eq(json_get_string(contract, "layout", "lines"), "array");
    *ret = r;
    return OK;
}

bool reader_is_whole(const char *type) {
    static const char *const WHOLE[] = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",
                                        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
    for (size_t i = 0; i < ARRAY_SIZE(WHOLE); i++)
        if (str_eq(WHOLE[i], type))
            return true;
    return false;
}

/* A CSV's whole numbers are looked at as text: DuckDB rounds 1.5 to 2 where a BIGINT is asked for,
 * and reading them as a wide DECIMAL takes more than ten times as long. */
const char *reader_exact_type(reader_format format, const char *type) {
    if (reader_is_whole(type))
        return format == READER_CSV ? "VARCHAR" : "DECIMAL(38,9)";
    return str_eq(type, "DATE") ? "TIMESTAMP" : NULL;
}

/* What a file column is scanned as: the type of the column that is made from it. */
static const char *scan_type(const reader *r, int64_t from, bool exact) {
    for (size_t i = 0; i < r->columns.count; i++) {
        if (r->columns.items[i].from != from)
            continue;
        const char *type = r->columns.items[i].type;
        const char *wider = exact ? reader_exact_type(r->format, type) : NULL;
        return wider != NULL ? wider : type;
    }
    return "VARCHAR";
}

static void add_texts(buf *sql, const strings *texts) {
    buf_char(sql, '[');
    for (size_t i = 0; i < texts->count; i++) {
        if (i > 0)
            buf_char(sql, ',');
        buf_sql_literal(sql, texts->items[i]);
    }
    buf_char(sql, ']');
}

static void add_option(buf *sql, const char *name, const char *value) {
    buf_printf(sql, ", %s = ", name);
    buf_sql_literal(sql, value);
}

/* Columns of a CSV are scanned by place, whatever the header calls them. */
static void add_csv_columns(const reader *r, buf *sql, bool exact) {
    buf_add(sql, ", columns = {");
    for (size_t i = 0; i < r->file_columns.count; i++) {
        buf_printf(sql, "%s'c%zu': ", i > 0 ? ", " : "", i);
        buf_sql_literal(sql, scan_type(r, (int64_t)i, exact));
    }
    if (r->file_columns.count == 0)
        buf_add(sql, "'c0': 'VARCHAR'");
    buf_char(sql, '}');
}

static void add_csv(const reader *r, buf *sql, const reader_scan *scan) {
    static const char *const never[] = {NEVER};
    const strings none = {.items = (const char **)(uintptr_t)never, .count = 1};
    add_csv_columns(r, sql, scan->exact);
    add_option(sql, "delim", r->delimiter);
    add_option(sql, "quote", r->quote);
    add_option(sql, "escape", r->quote);
    add_option(sql, "encoding", r->encoding);
    add_option(sql, "compression", r->compression);
    buf_printf(sql, ", header = %s, nullstr = ", r->header ? "true" : "false");
    add_texts(sql, r->null_values.count > 0 ? &r->null_values : &none);
    buf_printf(sql, ", auto_detect = false, max_line_size = %d", LINE_SIZE_MAX);
    if (scan->lenient)
        buf_add(sql, ", strict_mode = false, null_padding = true, ignore_errors = true,"
                     " parallel = false");
    else
        buf_add(sql, ", strict_mode = true");
    if (scan->rejects)
        buf_add(sql, ", store_rejects = true, rejects_table = '__weir_rejects',"
                     " rejects_scan = '__weir_scans', rejects_limit = 200000");
}

static bool is_used(const reader *r, int64_t from) {
    for (size_t i = 0; i < r->columns.count; i++)
        if (r->columns.items[i].from == from)
            return true;
    return false;
}

static void add_json(const reader *r, buf *sql, const reader_scan *scan) {
    size_t used = 0;
    buf_add(sql, ", columns = {");
    for (size_t i = 0; i < r->file_columns.count; i++) {
        if (!is_used(r, (int64_t)i))
            continue;
        buf_add(sql, used++ > 0 ? ", " : "");
        buf_sql_literal(sql, r->file_columns.items[i]);
        buf_add(sql, ": ");
        buf_sql_literal(sql, scan_type(r, (int64_t)i, scan->exact));
    }
    if (used == 0)
        buf_add(sql, "'__weir_nothing': 'JSON'");
    buf_char(sql, '}');
    add_option(sql, "format", r->is_array ? "array" : "newline_delimited");
    add_option(sql, "compression",
               str_eq(r->compression, "none") ? "uncompressed" : r->compression);
    buf_printf(sql, ", maximum_object_size = %d", OBJECT_SIZE_MAX);
}

void reader_add_scan(const reader *r, buf *sql, const reader_scan *scan) {
    static const char *const FUNCTIONS[] = {"read_csv(", "read_json(", "read_parquet(", ""};
    ASSERT(r->format != READER_OPAQUE);
    buf_add(sql, FUNCTIONS[r->format]);
    add_texts(sql, scan->paths);
    if (r->format == READER_CSV)
        add_csv(r, sql, scan);
    else if (r->format == READER_JSON)
        add_json(r, sql, scan);
    else
        buf_add(sql, ", union_by_name = true");
    if (scan->with_path)
        buf_add(sql, ", filename = '" READER_PATH "'");
    buf_add(sql, ", hive_partitioning = false)");
}

void reader_add_raw(const reader *r, buf *sql, int64_t from) {
    if (r->format == READER_CSV)
        buf_printf(sql, "c%lld", (long long)from);
    else
        buf_sql_identifier(sql, r->file_columns.items[from]);
}

void reader_add_value(const reader *r, buf *sql, const reader_column *column) {
    bool cast = column->from < 0
                || (r->format == READER_PARQUET
                    && !str_eq(r->file_types.items[column->from], column->type));
    if (cast)
        buf_add(sql, "CAST(");
    if (column->from < 0)
        buf_add(sql, "NULL");
    else
        reader_add_raw(r, sql, column->from);
    if (cast)
        buf_printf(sql, " AS %s)", column->type);
}

const reader_column *reader_find(const reader *r, const char *name) {
    for (size_t i = 0; i < r->columns.count; i++)
        if (str_eq(r->columns.items[i].name, name))
            return &r->columns.items[i];
    return NULL;
}
