/* Listing the rows that break a rule. */
#include "engine/duckdb/check.h"

#include "base/number.h"

#include <inttypes.h>

static const char *scan_type(const check_file *c, const reader_column *column) {
    const char *wider = reader_exact_type(c->spec->format, column->type);
    return c->spec->format != READER_PARQUET && wider != NULL ? wider : column->type;
}

/* Line and value of the first rows that meet a condition over __weir_located. */
static status list_rows(check_file *c, const char *condition, const char *value, int64_t limit,
                        db_table *ret, error *err) {
    buf sql = buf_new(c->arena);
    buf_printf(&sql,
               "SELECT CAST(line AS VARCHAR), CAST(%s AS VARCHAR) FROM __weir_located WHERE %s",
               value, condition);
    buf_printf(&sql, " ORDER BY line LIMIT %" PRId64, limit);
    return db_rows(c->db, sql.text, c->arena, ret, err);
}

static int64_t line_at(const check_file *c, const db_table *rows, size_t row) {
    int64_t line = 0;
    if (c->lines_known && db_cell(rows, row, 0) != NULL)
        number_int64(db_cell(rows, row, 0), &line);
    return line;
}

static void add_failure(check_file *c, const check_item *item, const failure *f) {
    const char *value = f->value != NULL ? f->value : "null";
    switch ((int)item->rule) {
    case RULE_NULLABLE:
        verdict_add(&c->verdict, f, "the column \"%s\" may not be null", item->column->name);
        break;
    case RULE_MINIMUM:
        verdict_add(&c->verdict, f, "%s is less than the minimum %s", value, item->bound);
        break;
    case RULE_MAXIMUM:
        verdict_add(&c->verdict, f, "%s is more than the maximum %s", value, item->bound);
        break;
    default:
        verdict_add(&c->verdict, f, "\"%s\" is not a %s%s", value, item->column->type,
                    item->lossy ? " without loss" : "");
        break;
    }
}

/* A value that is not of the type at all is another failure, told elsewhere. */
static const char *condition_of(check_file *c, const check_item *item, const char *raw) {
    buf condition = buf_new(c->arena);
    buf_char(&condition, '(');
    check_add_condition(c, item, raw, &condition);
    buf_printf(&condition, ") AND (t%lld IS NULL OR %s IS NOT NULL)", (long long)item->column->from,
               raw);
    return condition.text;
}

static status report_item(check_file *c, const check_item *item, error *err) {
    db_table rows;
    buf raw = buf_new(c->arena);
    check_add_located(c, item->column->from, scan_type(c, item->column), &raw);
    const char *value = arena_printf(c->arena, "t%lld", (long long)item->column->from);
    int64_t room = c->verdict.limit - c->verdict.listed[item->rule];
    TRY(list_rows(c, condition_of(c, item, raw.text), value, room, &rows, err));
    for (size_t r = 0; r < rows.rows && (int64_t)r < item->count; r++) {
        const failure f = {.rule = item->rule,
                           .column = item->column->name,
                           .line = line_at(c, &rows, r),
                           .value = db_cell(&rows, r, 1)};
        add_failure(c, item, &f);
    }
    verdict_rest(&c->verdict, item->rule, item->column->name, item->count, (int64_t)rows.rows);
    return OK;
}

status check_report(check_file *c, const check_items *items, error *err) {
    TRY(check_locate(c, err));
    for (size_t i = 0; i < items->count; i++)
        if (items->items[i].count > 0)
            TRY(report_item(c, &items->items[i], err));
    return OK;
}

/* __weir_located with every column of the contract by its name, and the pseudo columns. */
static status make_named(check_file *c, error *err) {
    buf sql = buf_new(c->arena);
    buf_add(&sql, "CREATE OR REPLACE TEMP VIEW __weir_named AS SELECT line");
    for (size_t i = 0; i < c->reader.columns.count; i++) {
        const reader_column *column = &c->reader.columns.items[i];
        buf_add(&sql, ", TRY_CAST(");
        if (column->from >= 0)
            check_add_located(c, column->from, column->type, &sql);
        else
            buf_add(&sql, "NULL");
        buf_printf(&sql, " AS %s) AS ", column->type);
        buf_sql_identifier(&sql, column->name);
    }
    check_add_pseudo(c, &sql);
    buf_add(&sql, " FROM __weir_located");
    return db_run(c->db, sql.text, err);
}

/* One key of a map by itself: the engine takes a subexpression that two TRYs share out of both. */
static status report_key(check_file *c, const job_map *map, const job_key *key, error *err) {
    db_table rows;
    int64_t count = 0;
    const char *condition = arena_printf(c->arena, "TRY(CAST((%s\n) AS %s) IS NULL) IS NULL",
                                         key->expression, key->type);
    const char *sql = arena_printf(
        c->arena, "SELECT CAST(count(*) AS VARCHAR) FROM __weir_named WHERE %s", condition);
    TRY(db_number(c->db, sql, c->arena, &count, err));
    int64_t room = c->verdict.limit - c->verdict.listed[RULE_MAP];
    sql = arena_printf(c->arena,
                       "SELECT CAST(line AS VARCHAR) FROM __weir_named WHERE %s ORDER BY line"
                       " LIMIT %" PRId64,
                       condition, room);
    TRY(db_rows(c->db, sql, c->arena, &rows, err));
    for (size_t r = 0; r < rows.rows; r++) {
        const failure f = {.rule = RULE_MAP, .line = line_at(c, &rows, r)};
        verdict_add(&c->verdict, &f, "%s cannot be computed, for the map \"%s\"", key->expression,
                    map->id);
    }
    verdict_rest(&c->verdict, RULE_MAP, NULL, count, (int64_t)rows.rows);
    return OK;
}

status check_report_maps(check_file *c, error *err) {
    const failure f = {.rule = RULE_MAP};
    TRY(check_locate(c, err));
    TRY(make_named(c, err));
    for (size_t m = 0; m < c->spec->maps.count; m++)
        for (size_t k = 0; k < c->spec->maps.items[m].keys.count; k++)
            TRY(report_key(c, &c->spec->maps.items[m], &c->spec->maps.items[m].keys.items[k], err));
    if (c->verdict.count == 0)
        verdict_add(&c->verdict, &f, "a map cannot be computed");
    return OK;
}

static status report_type(check_file *c, const reader_column *column, error *err) {
    db_table rows;
    int64_t count = 0;
    buf raw = buf_new(c->arena);
    check_add_located(c, column->from, scan_type(c, column), &raw);
    const char *value = arena_printf(c->arena, "t%lld", (long long)column->from);
    const char *condition =
        arena_printf(c->arena, "%s IS NOT NULL AND %s IS NULL", value, raw.text);
    const char *sql = arena_printf(
        c->arena, "SELECT CAST(count(*) AS VARCHAR) FROM __weir_located WHERE %s", condition);
    TRY(db_number(c->db, sql, c->arena, &count, err));
    if (count == 0)
        return OK;
    int64_t room = c->verdict.limit - c->verdict.listed[RULE_TYPE];
    TRY(list_rows(c, condition, value, room, &rows, err));
    for (size_t r = 0; r < rows.rows; r++) {
        const failure f = {.rule = RULE_TYPE,
                           .column = column->name,
                           .line = line_at(c, &rows, r),
                           .value = db_cell(&rows, r, 1)};
        verdict_add(&c->verdict, &f, "%s is not a %s", f.value, column->type);
    }
    verdict_rest(&c->verdict, RULE_TYPE, column->name, count, (int64_t)rows.rows);
    return OK;
}

status check_report_types(check_file *c, error *err) {
    TRY(check_locate(c, err));
    for (size_t i = 0; i < c->reader.columns.count; i++)
        if (c->reader.columns.items[i].from >= 0)
            TRY(report_type(c, &c->reader.columns.items[i], err));
    return OK;
}
