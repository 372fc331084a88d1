/* infer: what one file's columns look like, to propose a table (doc/engine.md). The only job that
 * guesses; what it says is written into a definition, read by a person, and never used to read. */
#include "base/json.h"
#include "engine/duckdb/job.h"
#include "engine/duckdb/view.h"
#include "engine/duckdb/worker.h"

/* Rows looked at; enough to see a column's form, few enough to answer at once. */
#define SAMPLE_ROWS "100000"

typedef struct inference {
    db *db;
    arena *arena;
    const char *path;
    const char *format;
    const char *compression;
    const char *delimiter; /* CSV */
    const char *quote;
    bool header;
} inference;

/* sniff_csv writes what is not there as a word. */
static const char *sniffed(const char *text) {
    return text == NULL || str_eq(text, "(empty)") || str_eq(text, "\\0") ? "" : text;
}

static status sniff_csv(inference *f, error *err) {
    buf sql = buf_new(f->arena);
    buf_add(&sql, "SELECT Delimiter, Quote, CAST(HasHeader AS VARCHAR) FROM sniff_csv(");
    buf_sql_literal(&sql, f->path);
    buf_add(&sql, ", compression = ");
    buf_sql_literal(&sql, f->compression);
    buf_char(&sql, ')');
    db_table found = {0};
    TRY(db_rows(f->db, sql.text, f->arena, &found, err));
    if (found.rows == 0)
        return error_set(err, E_DATA, "\"%s\" cannot be read as CSV", f->path);
    f->delimiter = sniffed(db_cell(&found, 0, 0));
    f->quote = sniffed(db_cell(&found, 0, 1));
    f->header = str_eq(sniffed(db_cell(&found, 0, 2)), "true");
    if (f->delimiter[0] == '\0')
        f->delimiter = ",";
    if (f->quote[0] == '\0')
        f->quote = "\"";
    return OK;
}

static void add_scan(const inference *f, buf *sql) {
    if (str_eq(f->format, "parquet")) {
        buf_add(sql, "read_parquet(");
        buf_sql_literal(sql, f->path);
        buf_add(sql, ", hive_partitioning = false)");
        return;
    }
    buf_add(sql, str_eq(f->format, "csv") ? "read_csv(" : "read_json(");
    buf_sql_literal(sql, f->path);
    buf_add(sql, ", hive_partitioning = false, compression = ");
    bool plain = str_eq(f->compression, "none");
    buf_sql_literal(sql, plain ? "uncompressed" : f->compression);
    if (str_eq(f->format, "csv")) {
        buf_printf(sql,
                   ", all_varchar = true, header = %s, delim = ", f->header ? "true" : "false");
        buf_sql_literal(sql, f->delimiter);
        buf_add(sql, ", quote = ");
        buf_sql_literal(sql, f->quote);
    }
    buf_char(sql, ')');
}

static status take_sample(const inference *f, int64_t *ret_rows, db_table *ret_columns,
                          error *err) {
    buf sql = buf_new(f->arena);
    buf_add(&sql, "CREATE TEMP TABLE seen AS SELECT * FROM ");
    add_scan(f, &sql);
    buf_add(&sql, " LIMIT " SAMPLE_ROWS);
    TRY(db_run(f->db, sql.text, err));
    TRY(db_number(f->db, "SELECT CAST(count(*) AS VARCHAR) FROM seen", f->arena, ret_rows, err));
    return db_rows(f->db, "SELECT column_name, column_type FROM (DESCRIBE seen)", f->arena,
                   ret_columns, err);
}

/* Forms of text, from the narrowest; a column is of the first that all its values have. A number
 * with a leading zero is a code and stays text. */
typedef struct form {
    const char *type;
    const char *pattern;
} form;

#define DAY    "\\d{4}-\\d{2}-\\d{2}"
#define MOMENT DAY "[ T]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?"
#define WHOLE  "-?(0|[1-9]\\d*)"

static const form FORMS[] = {
    {"BIGINT", WHOLE},
    {"DOUBLE", WHOLE "(\\.\\d+)?([eE][+-]?\\d+)?"},
    {"DATE", DAY},
    {"TIMESTAMP", MOMENT},
    {"TIMESTAMP WITH TIME ZONE", MOMENT "(Z|[+-]\\d{2}(:?\\d{2})?)"},
    {"BOOLEAN", "(?i)true|false"},
};

/* Per form whether every value has it; then whether there is a value; then the least and the most
 * digits after a point. */
static void add_question(buf *sql, const char *name) {
    buf value = buf_new(sql->arena);
    buf_sql_identifier(&value, name);
    buf_add(sql, "SELECT ");
    for (size_t i = 0; i < ARRAY_SIZE(FORMS); i++) {
        buf_printf(sql, "CAST(bool_and(regexp_full_match(%s, ", value.text);
        buf_sql_literal(sql, FORMS[i].pattern);
        buf_printf(sql, ") AND TRY_CAST(%s AS %s) IS NOT NULL) AS VARCHAR), ", value.text,
                   FORMS[i].type);
    }
    buf_printf(
        sql,
        "CAST(count(%s) > 0 AS VARCHAR), CAST(min(__weir_digits) AS VARCHAR),"
        " CAST(max(__weir_digits) AS VARCHAR) "
        "FROM (SELECT %s, length(regexp_extract(%s, '\\.(\\d+)$', 1)) AS __weir_digits FROM seen)"
        " WHERE %s IS NOT NULL",
        value.text, value.text, value.text, value.text);
}

/* Always the same digits after the point (prices): an exact type, whose sums do not depend on the
 * order of the rows. */
static const char *number_type(arena *a, const db_table *answer) {
    const char *least = db_cell(answer, 0, ARRAY_SIZE(FORMS) + 1);
    const char *most = db_cell(answer, 0, ARRAY_SIZE(FORMS) + 2);
    bool exact = least != NULL && most != NULL && str_eq(least, most) && strlen(most) == 1;
    return exact && most[0] != '0' ? arena_printf(a, "DECIMAL(18,%s)", most) : "DOUBLE";
}

static status type_of_text(const inference *f, const char *name, const char **ret, error *err) {
    buf sql = buf_new(f->arena);
    add_question(&sql, name);
    db_table answer = {0};
    TRY(db_rows(f->db, sql.text, f->arena, &answer, err));
    *ret = "VARCHAR";
    for (size_t i = 0; answer.rows > 0 && i < ARRAY_SIZE(FORMS); i++) {
        const char *all = db_cell(&answer, 0, i);
        if (all == NULL || !str_eq(all, "true"))
            continue;
        *ret = str_eq(FORMS[i].type, "DOUBLE") ? number_type(f->arena, &answer) : FORMS[i].type;
        return OK;
    }
    return OK;
}

static status add_columns(const inference *f, const db_table *found, json_t *into, error *err) {
    for (size_t i = 0; i < found->rows; i++) {
        const char *name = db_cell(found, i, 0), *type = db_cell(found, i, 1);
        if (str_eq(f->format, "csv"))
            TRY(type_of_text(f, name, &type, err));
        json_array_append_new(
            into, json_pack("{s:o,s:o}", "name", job_text(name), "type", job_text(type)));
    }
    return OK;
}

static json_t *csv_document(const inference *f) {
    if (!str_eq(f->format, "csv"))
        return json_null();
    return json_pack("{s:o,s:o,s:b}", "delimiter", job_text(f->delimiter), "quote",
                     job_text(f->quote), "header", f->header);
}

static status infer(inference *f, json_t **ret, error *err) {
    strings files = {0}, none = {0};
    vec_push(f->arena, &files, f->path);
    TRY(db_seal(f->db, &files, &none, err));
    if (str_eq(f->format, "csv"))
        TRY(sniff_csv(f, err));
    int64_t rows = 0;
    db_table found = {0};
    TRY(take_sample(f, &rows, &found, err));
    if (rows == 0 && !f->header && str_eq(f->format, "csv"))
        return error_set(err, E_DATA, "\"%s\" is empty", f->path);
    json_t *columns = json_array();
    status result = add_columns(f, &found, columns, err);
    if (result != OK) {
        json_decref(columns);
        return result;
    }
    *ret = json_pack("{s:o,s:o,s:I}", "csv", csv_document(f), "columns", columns, "rows",
                     (json_int_t)rows);
    return OK;
}

status job_infer(const job_context *c, json_t **ret, error *err) {
    DB_AUTO fresh = {0};
    inference f = {.db = &fresh, .arena = c->arena};
    TRY(json_need_string(c->job, "path", &f.path, err));
    TRY(json_need_string(c->job, "format", &f.format, err));
    TRY(json_need_string(c->job, "compression", &f.compression, err));
    if (!str_eq(f.format, "csv") && !str_eq(f.format, "json") && !str_eq(f.format, "parquet"))
        return error_set(err, E_USAGE, "\"%s\" is no format that can be inferred", f.format);
    TRY(view_engine_path(f.path, c->worker->temp_dir, c->arena, &f.path, err));
    TRY(worker_fresh(c->worker, (worker_share){0}, &fresh, err));
    return infer(&f, ret, err);
}
