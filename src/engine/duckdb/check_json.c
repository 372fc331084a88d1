/* JSON: the keys of all records. */
#include "engine/duckdb/check.h"

#include "engine/duckdb/storage.h"

enum { KEYS_MAX = 10000, OBJECT_SIZE_MAX = 64 * 1024 * 1024 };

static void add_options(const check_file *c, buf *sql) {
    bool plain = str_eq(c->compression, "none");
    buf_sql_literal(sql, c->file.path);
    buf_printf(sql,
               ", format = '%s', maximum_object_size = %d, hive_partitioning = false,"
               " compression = ",
               c->reader.is_array ? "array" : "newline_delimited", OBJECT_SIZE_MAX);
    buf_sql_literal(sql, plain ? "uncompressed" : c->compression);
}

void check_add_objects(const check_file *c, buf *sql) {
    buf_add(sql, "read_json_objects(");
    add_options(c, sql);
    buf_char(sql, ')');
}

static bool is_array(const stream_facts *facts) {
    for (size_t i = 0; i < facts->head_size; i++)
        if (strchr(" \t\r\n", facts->head[i]) == NULL)
            return facts->head[i] == '[';
    return false;
}

static status check_objects(check_file *c, error *err) {
    int64_t others = 0;
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT CAST(count(*) FILTER (json_type(json) <> 'OBJECT') AS VARCHAR) FROM ");
    check_add_objects(c, &sql);
    TRY(db_number(c->db, sql.text, c->arena, &others, err));
    const failure f = {.rule = RULE_READABLE, .count = others};
    if (others > 0)
        verdict_add(&c->verdict, &f, "records are not objects, {…}");
    return OK;
}

/* In the order in which the records name them. */
static status read_keys(check_file *c, error *err) {
    db_table table;
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT k FROM (SELECT unnest(json_keys(json)) AS k,"
                  " generate_subscripts(json_keys(json), 1) AS p FROM ");
    check_add_objects(c, &sql);
    buf_printf(&sql, ") GROUP BY k ORDER BY min(p), k LIMIT %d", KEYS_MAX + 1);
    TRY(db_rows(c->db, sql.text, c->arena, &table, err));
    for (size_t r = 0; r < table.rows; r++)
        vec_push(c->arena, &c->reader.file_columns, db_cell(&table, r, 0));
    const failure f = {.rule = RULE_HEADER};
    if (table.rows > KEYS_MAX)
        verdict_add(&c->verdict, &f, "more than %d different keys", KEYS_MAX);
    return OK;
}

/* Types of what is not declared, found once and then part of the contract. */
static status read_types(check_file *c, error *err) {
    job_columns columns;
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT * FROM read_json(");
    add_options(c, &sql);
    buf_add(&sql, ", sample_size = -1)");
    TRY(storage_describe(c->db, sql.text, c->arena, &columns, err));
    for (size_t i = 0; i < c->reader.file_columns.count; i++) {
        int64_t place = job_find_column(&columns, c->reader.file_columns.items[i]);
        vec_push(c->arena, &c->reader.file_types, place >= 0 ? columns.items[place].type : "JSON");
    }
    return OK;
}

static status read_columns(check_file *c, error *err) {
    TRY(check_objects(c, err));
    if (c->verdict.count > 0)
        return OK;
    TRY(read_keys(c, err));
    if (c->spec->columns.count == 0)
        return read_types(c, err);
    for (size_t i = 0; i < c->reader.file_columns.count; i++)
        vec_push(c->arena, &c->reader.file_types, "VARCHAR");
    return OK;
}

/* The engine takes what it has read of an array for the whole. */
static status check_end(check_file *c, error *err) {
    char last = 0;
    if (!c->reader.is_array)
        return OK;
    TRY(stream_last(c->file.path, c->compression, &last, err));
    const failure f = {.rule = RULE_READABLE};
    if (last != ']')
        verdict_add(&c->verdict, &f, "the array has no end: the file is cut off");
    return OK;
}

status check_json_columns(check_file *c, error *err) {
    error problem = {0};
    c->reader.is_array = is_array(c->facts);
    TRY(check_end(c, err));
    if (c->verdict.count > 0)
        return OK;
    if (read_columns(c, &problem) != OK)
        return check_take_error(c, &problem, err);
    if (c->verdict.count == 0)
        check_match(c, NULL);
    return OK;
}
