/* CSV: the header, and rows that cannot be split or converted. */
#include "engine/duckdb/check.h"

#include "base/number.h"

#include <inttypes.h>
#include <strings.h>

/* Where columns end when a line is read as one: no text holds it. */
#define NO_DELIMITER "\x01\x02\x03\x04"

void check_add_lines(const check_file *c, bool lenient, buf *sql) {
    buf_add(sql, "read_csv(");
    buf_sql_literal(sql, c->file.path);
    buf_add(sql, ", auto_detect = false, header = false, columns = {'l': 'VARCHAR'},"
                 " delim = '" NO_DELIMITER "', quote = '', escape = '', strict_mode = false,"
                 " hive_partitioning = false, compression = ");
    buf_sql_literal(sql, c->compression);
    buf_add(sql, ", encoding = ");
    buf_sql_literal(sql, c->reader.encoding != NULL ? c->reader.encoding : "utf-8");
    buf_printf(sql, ", ignore_errors = %s)", lenient ? "true" : "false");
}

/* The first line out of the bytes at hand, where they are UTF-8 and hold it whole. */
static const char *line_in_head(const check_file *c) {
    static const char MARK[] = "\xEF\xBB\xBF";
    const char *start = c->facts->head;
    size_t size = c->facts->head_size;
    if (strcasecmp(c->reader.encoding, "utf-8") != 0)
        return NULL;
    if (size >= strlen(MARK) && memcmp(start, MARK, strlen(MARK)) == 0) {
        start += strlen(MARK);
        size -= strlen(MARK);
    }
    const char *end = memchr(start, '\n', size);
    if (end == NULL)
        return NULL;
    size = (size_t)(end - start);
    if (size > 0 && start[size - 1] == '\r')
        size--;
    bool plain = str_is_utf8(start, size) && memchr(start, '\r', size) == NULL;
    return plain ? arena_strndup(c->arena, start, size) : NULL;
}

/* A bad character somewhere below must not hide the header; in the header it is the failure. */
static status read_first_line(check_file *c, const char **ret, error *err) {
    db_table table = {0};
    error problem = {0};
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT l FROM ");
    check_add_lines(c, false, &sql);
    buf_add(&sql, " LIMIT 1");
    status result = db_rows(c->db, sql.text, c->arena, &table, &problem);
    if (result == E_DATA && strstr(problem.message, "Line: 1;") == NULL) {
        sql = buf_new(c->arena);
        buf_add(&sql, "SELECT l FROM ");
        check_add_lines(c, true, &sql);
        buf_add(&sql, " LIMIT 1");
        result = db_rows(c->db, sql.text, c->arena, &table, &problem);
    }
    if (result != OK)
        return check_take_error(c, &problem, err);
    *ret = table.rows > 0 && db_cell(&table, 0, 0) != NULL ? db_cell(&table, 0, 0) : "";
    return OK;
}

/* Take one field from the line; false when a quote is not closed on it. */
static bool take_field(const check_file *c, const char **at, const char **ret) {
    const char *quote = c->reader.quote;
    buf field = buf_new(c->arena);
    bool quoted = quote[0] != '\0' && str_starts(*at, quote);
    if (quoted)
        *at += 1;
    while (**at != '\0' && (quoted || !str_starts(*at, c->reader.delimiter))) {
        if (quoted && **at == quote[0] && (*at)[1] != quote[0]) {
            quoted = false;
            *at += 1;
            continue;
        }
        if (quoted && **at == quote[0])
            *at += 1;
        buf_char(&field, **at);
        *at += 1;
    }
    *ret = field.text;
    return !quoted;
}

static bool split_line(check_file *c, const char *line, strings *ret) {
    for (;;) {
        const char *field;
        if (!take_field(c, &line, &field))
            return false;
        vec_push(c->arena, ret, field);
        if (*line == '\0')
            return true;
        line += strlen(c->reader.delimiter);
    }
}

/* Without a header, columns are the declared ones by place; more get a name of their own. */
static void name_by_place(check_file *c, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *name = i < c->spec->columns.count ? c->spec->columns.items[i].name
                                                      : arena_printf(c->arena, "column%zu", i + 1);
        vec_push(c->arena, &c->reader.file_columns, name);
    }
}

status check_csv_columns(check_file *c, error *err) {
    const char *line = NULL;
    strings fields = {0};
    line = line_in_head(c);
    if (line == NULL)
        TRY(read_first_line(c, &line, err));
    if (c->verdict.count > 0)
        return OK;
    const failure f = {.rule = RULE_HEADER, .line = 1};
    if (line[0] == '\0' && c->reader.header)
        verdict_add(&c->verdict, &f, "the first line is empty, expected a header");
    else if (!split_line(c, line, &fields))
        verdict_add(&c->verdict, &f, "a quote in the first line is not closed on it");
    if (c->verdict.count > 0)
        return OK;
    if (c->reader.header)
        c->reader.file_columns = fields;
    else
        name_by_place(c, fields.count);
    check_match(c, line);
    return OK;
}

static verdict_rule rule_of_reject(const char *type) {
    static const struct {
        const char *type;
        verdict_rule rule;
    } RULES[] = {{"CAST", RULE_TYPE},
                 {"MISSING COLUMNS", RULE_RAGGED},
                 {"TOO MANY COLUMNS", RULE_RAGGED},
                 {"INVALID ENCODING", RULE_ENCODING}};
    for (size_t i = 0; i < ARRAY_SIZE(RULES); i++)
        if (str_eq(RULES[i].type, type))
            return RULES[i].rule;
    return RULE_READABLE;
}

/* `… Could not convert string "n/a" to 'INTEGER'`: the value between the quotes. */
static const char *value_in(const char *message, arena *a) {
    const char *start = strstr(message, "string \"");
    if (start == NULL)
        return NULL;
    start += strlen("string \"");
    const char *end = strstr(start, "\" to '");
    return end != NULL ? arena_strndup(a, start, (size_t)(end - start)) : NULL;
}

static const reader_column *column_from(const check_file *c, int64_t from) {
    for (size_t i = 0; i < c->reader.columns.count; i++)
        if (c->reader.columns.items[i].from == from)
            return &c->reader.columns.items[i];
    return NULL;
}

/* One row of the engine's table: line, column index, message, line's text. */
static void add_reject(check_file *c, const char *type, int64_t line, const char *const *row) {
    const char *message = row[2] != NULL ? row[2] : "";
    failure f = {.rule = rule_of_reject(type), .line = line};
    int64_t place = 0;
    number_int64(row[1] != NULL ? row[1] : "", &place);
    const reader_column *column = column_from(c, place - 1);
    if (f.rule == RULE_TYPE && column != NULL) {
        f.column = column->name;
        f.value = value_in(message, c->arena);
        verdict_add(&c->verdict, &f, "\"%s\" is not a %s", f.value != NULL ? f.value : "?",
                    column->type);
        return;
    }
    f.value = row[3];
    if (f.rule == RULE_RAGGED)
        verdict_add(&c->verdict, &f, "%s columns, expected %zu",
                    str_eq(type, "MISSING COLUMNS") ? "too few" : "too many",
                    c->reader.file_columns.count);
    else
        verdict_add(&c->verdict, &f, "%s", message);
}

/* The engine counts rows, not lines: its byte positions (from 1) tell the line also behind line
 * breaks in quotes. In other encodings they are those of its own copy; then its count has to do. */
static status find_lines(check_file *c, const db_table *rows, int64_t *lines, error *err) {
    bool by_bytes = strcasecmp(c->reader.encoding, "utf-8") == 0;
    for (size_t r = 0; r < rows->rows; r++) {
        const char *position = db_cell(rows, r, by_bytes ? 4 : 0);
        lines[r] = 0;
        if (position != NULL)
            number_int64(position, &lines[r]);
        if (by_bytes && lines[r] > 0)
            lines[r]--;
    }
    return by_bytes ? stream_lines(c->file.path, c->compression, lines, rows->rows, err) : OK;
}

/* A row that lacks two columns is in the engine's table twice: only conversions go by column. */
static const char KINDS[] =
    "SELECT CAST(error_type AS VARCHAR), CAST(count(DISTINCT (line,"
    " CASE WHEN error_type = 'CAST' THEN column_idx END)) AS VARCHAR)"
    " FROM __weir_rejects GROUP BY error_type ORDER BY CAST(error_type AS VARCHAR)";

static status report_kind(check_file *c, const char *type, int64_t count, error *err) {
    db_table rows;
    verdict_rule rule = rule_of_reject(type);
    buf sql = buf_new(c->arena);
    buf_add(&sql,
            "SELECT CAST(line AS VARCHAR), CAST(column_idx AS VARCHAR), error_message,"
            " left(csv_line, 200), CAST(byte_position AS VARCHAR)"
            " FROM (SELECT DISTINCT ON (line, CASE WHEN error_type = 'CAST' THEN column_idx END)"
            " * FROM __weir_rejects WHERE CAST(error_type AS VARCHAR) = ");
    buf_sql_literal(&sql, type);
    buf_printf(&sql, ") ORDER BY byte_position, line, column_idx LIMIT %" PRId64,
               c->verdict.limit - c->verdict.listed[rule]);
    TRY(db_rows(c->db, sql.text, c->arena, &rows, err));
    int64_t *lines = ARENA_ARRAY(c->arena, int64_t, rows.rows);
    TRY(find_lines(c, &rows, lines, err));
    for (size_t r = 0; r < rows.rows; r++)
        add_reject(c, type, lines[r], &rows.cells[r * rows.columns]);
    verdict_rest(&c->verdict, rule, NULL, count, (int64_t)rows.rows);
    return OK;
}

status check_csv_rejects(check_file *c, error *err) {
    db_table kinds;
    int64_t lines = 0;
    TRY(db_rows(c->db, KINDS, c->arena, &kinds, err));
    for (size_t k = 0; k < kinds.rows; k++) {
        int64_t count = 0;
        number_int64(db_cell(&kinds, k, 1), &count);
        TRY(report_kind(c, db_cell(&kinds, k, 0), count, err));
    }
    if (kinds.rows > 0)
        TRY(db_number(c->db, "SELECT CAST(count(DISTINCT line) AS VARCHAR) FROM __weir_rejects",
                      c->arena, &lines, err));
    c->rows += lines;
    return OK;
}
