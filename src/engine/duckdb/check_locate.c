/* Where in a file a rule was broken: slower reads that only a failing file pays for. */
#include "engine/duckdb/check.h"

#define VIEW "CREATE OR REPLACE TEMP VIEW __weir_located AS "

/* A row starts after the lines of the rows before it, which are more than one when quotes hold
 * line breaks. */
static void add_csv_rows(const check_file *c, buf *sql) {
    reader text = c->reader;
    text.columns.count = 0;
    buf_printf(sql,
               VIEW "SELECT *, %d + row_number() OVER () + coalesce(sum(breaks) OVER"
                    " (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS line FROM (SELECT ",
               c->reader.header ? 1 : 0);
    for (size_t i = 0; i < c->reader.file_columns.count; i++)
        buf_printf(sql, "c%zu AS t%zu, ", i, i);
    for (size_t i = 0; i < c->reader.file_columns.count; i++)
        buf_printf(sql, "%slen(coalesce(c%zu, '')) - len(replace(coalesce(c%zu, ''), chr(10), ''))",
                   i > 0 ? " + " : "", i, i);
    buf_add(sql, " AS breaks FROM ");
    const reader_scan scan = {.paths = &c->paths, .lenient = true};
    reader_add_scan(&text, sql, &scan);
    buf_add(sql, ")");
}

/* Numbers of rows are numbers of lines only when no blank line was skipped. */
static status check_lines(check_file *c, const char *last_line, bool *ret, error *err) {
    int64_t lines = 0;
    int64_t counted = 0;
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT CAST(count(*) AS VARCHAR) FROM ");
    check_add_lines(c, true, &sql);
    TRY(db_number(c->db, sql.text, c->arena, &lines, err));
    sql = buf_new(c->arena);
    buf_printf(&sql, "SELECT CAST(coalesce(max(%s), 0) AS VARCHAR) FROM __weir_located", last_line);
    TRY(db_number(c->db, sql.text, c->arena, &counted, err));
    *ret = lines == counted;
    return OK;
}

static void add_pointer(const char *key, buf *sql) {
    buf path = buf_new(sql->arena);
    buf_char(&path, '/');
    for (; *key != '\0'; key++) {
        if (*key == '~')
            buf_add(&path, "~0");
        else if (*key == '/')
            buf_add(&path, "~1");
        else
            buf_char(&path, *key);
    }
    buf_sql_literal(sql, path.text);
}

static void add_json_rows(const check_file *c, buf *sql) {
    buf_add(sql, VIEW "SELECT row_number() OVER () AS line");
    for (size_t i = 0; i < c->reader.file_columns.count; i++) {
        buf_add(sql, ", nullif(json_extract(json, ");
        add_pointer(c->reader.file_columns.items[i], sql);
        buf_printf(sql, "), 'null'::JSON) AS t%zu", i);
    }
    buf_add(sql, " FROM ");
    check_add_objects(c, sql);
}

static void add_parquet_rows(const check_file *c, buf *sql) {
    buf_add(sql, VIEW "SELECT NULL::BIGINT AS line");
    for (size_t i = 0; i < c->reader.file_columns.count; i++) {
        buf_add(sql, ", ");
        buf_sql_identifier(sql, c->reader.file_columns.items[i]);
        buf_printf(sql, " AS t%zu", i);
    }
    buf_add(sql, " FROM ");
    check_add_scan(c, sql, false, false);
}

status check_locate(check_file *c, error *err) {
    bool certain = true;
    buf sql = buf_new(c->arena);
    if (c->spec->format == READER_CSV)
        add_csv_rows(c, &sql);
    else if (c->spec->format == READER_JSON)
        add_json_rows(c, &sql);
    else
        add_parquet_rows(c, &sql);
    TRY(db_run(c->db, sql.text, err));
    if (c->spec->format == READER_CSV)
        TRY(check_lines(c, "line + breaks", &certain, err));
    if (c->spec->format == READER_JSON && !c->reader.is_array)
        TRY(check_lines(c, "line", &certain, err));
    c->lines_known = certain && !(c->spec->format == READER_JSON && c->reader.is_array);
    return OK;
}

void check_add_located(const check_file *c, int64_t from, const char *type, buf *sql) {
    bool parquet = c->spec->format == READER_PARQUET;
    if (!parquet)
        buf_add(sql, "TRY_CAST(");
    buf_printf(sql, "t%lld", (long long)from);
    if (!parquet)
        buf_printf(sql, " AS %s)", type);
}
