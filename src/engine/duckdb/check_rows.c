/* The one read of all rows: everything is counted, nothing is located. */
#include "engine/duckdb/check.h"

#include "base/number.h"
#include "engine/duckdb/maps.h"
#include "engine/duckdb/whole.h"

#include <inttypes.h>

static const char *raw_of(const check_file *c, const reader_column *column, arena *a) {
    buf raw = buf_new(a);
    reader_add_raw(&c->reader, &raw, column->from);
    return raw.text;
}

static bool is_parquet_cast(const check_file *c, const reader_column *column) {
    return c->spec->format == READER_PARQUET
           && !str_eq(c->reader.file_types.items[column->from], column->type);
}

static bool is_exact(const check_file *c, const reader_column *column) {
    return c->spec->format != READER_PARQUET
           && reader_exact_type(c->spec->format, column->type) != NULL;
}

/* Scanned as text, so that values which are no numbers at all are found here too. */
static bool is_text(const check_file *c, const reader_column *column) {
    return c->spec->format == READER_CSV && reader_is_whole(column->type);
}

/* The raw value as the type that the contract promises; NULL where it cannot be. */
static void add_named_value(const check_file *c, const reader_column *column, buf *sql) {
    if (column->from >= 0 && is_text(c, column)) {
        buf_printf(sql, "__weir_v%lld", (long long)column->from);
        return;
    }
    bool cast = column->from >= 0 && (is_exact(c, column) || is_parquet_cast(c, column));
    if (!cast) {
        reader_add_value(&c->reader, sql, column);
        return;
    }
    buf_add(sql, "TRY_CAST(");
    reader_add_raw(&c->reader, sql, column->from);
    buf_printf(sql, " AS %s)", column->type);
}

static void add_bound_condition(const check_item *item, const char *value, buf *sql) {
    buf_printf(sql, "coalesce(%s %s CAST(%s AS %s), false)", value,
               item->rule == RULE_MINIMUM ? "<" : ">", sql_literal(sql->arena, item->bound),
               item->column->type);
}

/* Only texts with a point or an exponent can lose something on their way into a whole number. */
static void add_text_condition(const check_item *item, const char *raw, const char *value,
                               buf *sql) {
    if (item->lossy)
        buf_printf(sql,
                   "coalesce(CASE WHEN contains(%s, '.') OR contains(%s, 'e') OR contains(%s, 'E')"
                   " THEN %s <> TRY_CAST(%s AS DECIMAL(38,9)) END, false)",
                   raw, raw, raw, value, raw);
    else
        buf_printf(sql, "(%s IS NOT NULL AND %s IS NULL)", raw, value);
}

static void add_type_condition(const check_file *c, const check_item *item, const char *raw,
                               buf *sql) {
    const char *type = item->column->type;
    if (is_parquet_cast(c, item->column))
        buf_printf(sql, "TRY_CAST(TRY_CAST(%s AS %s) AS %s) IS DISTINCT FROM %s", raw, type,
                   c->reader.file_types.items[item->column->from], raw);
    else
        buf_printf(sql, "TRY_CAST(%s AS %s) IS DISTINCT FROM %s", raw, type, raw);
}

void check_add_condition(const check_file *c, const check_item *item, const char *raw, buf *sql) {
    bool text = is_text(c, item->column);
    const char *cast = arena_printf(sql->arena, "TRY_CAST(%s AS %s)", raw, item->column->type);
    if (item->rule == RULE_NULLABLE)
        buf_printf(sql, "%s IS NULL", raw);
    else if (item->rule == RULE_MINIMUM || item->rule == RULE_MAXIMUM)
        add_bound_condition(item, text || is_parquet_cast(c, item->column) ? cast : raw, sql);
    else if (text)
        add_text_condition(item, raw, cast, sql);
    else
        add_type_condition(c, item, raw, sql);
}

static void push_item(check_file *c, check_items *items, verdict_rule rule,
                      const reader_column *column, const char *bound) {
    const check_item item = {.rule = rule, .column = column, .bound = bound};
    vec_push(c->arena, items, item);
}

static void push_type_items(check_file *c, check_items *items, const reader_column *column) {
    check_item item = {.rule = RULE_TYPE, .column = column};
    if (is_text(c, column))
        vec_push(c->arena, items, item);
    item.lossy = true;
    if (is_exact(c, column) || is_parquet_cast(c, column))
        vec_push(c->arena, items, item);
}

static const check_column *find_declared(const check_spec *spec, const char *name) {
    for (size_t i = 0; i < spec->columns.count; i++)
        if (str_eq(spec->columns.items[i].name, name))
            return &spec->columns.items[i];
    return NULL;
}

static check_items make_items(check_file *c) {
    check_items items = {0};
    for (size_t i = 0; i < c->reader.columns.count; i++) {
        const reader_column *column = &c->reader.columns.items[i];
        const check_column *declared = find_declared(c->spec, column->name);
        if (column->from < 0)
            continue;
        push_type_items(c, &items, column);
        if (declared != NULL && !declared->nullable)
            push_item(c, &items, RULE_NULLABLE, column, NULL);
        if (declared != NULL && declared->minimum != NULL)
            push_item(c, &items, RULE_MINIMUM, column, declared->minimum);
        if (declared != NULL && declared->maximum != NULL)
            push_item(c, &items, RULE_MAXIMUM, column, declared->maximum);
    }
    return items;
}

static void add_pseudo(const check_file *c, const char *name, const char *type, buf *sql) {
    const char *value = view_pseudo_value(&c->file, name, sql->arena);
    if (reader_find(&c->reader, name) != NULL)
        return;
    buf_printf(sql, ", CAST(%s AS %s) AS %s",
               value != NULL ? sql_literal(sql->arena, value) : "NULL", type,
               sql_identifier(sql->arena, name));
}

void check_add_pseudo(const check_file *c, buf *sql) {
    add_pseudo(c, "file_land_timestamp", "BIGINT", sql);
    add_pseudo(c, "weir_file", "VARCHAR", sql);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)c->file.from_path, key, value) {
        add_pseudo(c, key, "VARCHAR", sql);
    }
}

/* The same where add_source knows the value; what is plainly a number has lost nothing. */
static void add_whole_condition(const check_item *item, const char *raw, buf *sql) {
    long long from = (long long)item->column->from;
    const char *value = arena_printf(sql->arena, "__weir_v%lld", from);
    if (item->rule == RULE_NULLABLE) {
        buf_printf(sql, "%s IS NULL", raw);
    } else if (item->rule == RULE_MINIMUM || item->rule == RULE_MAXIMUM) {
        add_bound_condition(item, value, sql);
    } else if (!item->lossy) {
        add_text_condition(item, raw, value, sql);
    } else {
        buf_printf(sql, "CASE WHEN __weir_w%lld IS NULL THEN ", from);
        add_text_condition(item, raw, value, sql);
        buf_add(sql, " ELSE false END");
    }
}

static void add_each_text(const check_file *c, buf *sql,
                          void (*add)(const reader_column *column, const char *raw, buf *sql)) {
    buf_add(sql, "(SELECT *");
    for (size_t i = 0; i < c->reader.columns.count; i++) {
        const reader_column *column = &c->reader.columns.items[i];
        if (column->from >= 0 && is_text(c, column))
            add(column, raw_of(c, column, sql->arena), sql);
    }
    buf_add(sql, " FROM ");
}

/* Once only: the engine would take an expression that is there twice out of a CASE, too. */
static void add_whole(const reader_column *column, const char *raw, buf *sql) {
    buf_printf(sql, ", coalesce(CAST(__weir_w%lld AS %s), TRY_CAST(%s AS %s)) AS __weir_v%lld",
               (long long)column->from, column->type, raw, column->type, (long long)column->from);
}

static void add_plain(const reader_column *column, const char *raw, buf *sql) {
    buf_printf(sql, ", __weir_whole(%s, %d) AS __weir_w%lld", raw, whole_digits(column->type),
               (long long)column->from);
}

/* The scan, and for columns that are scanned as text the plain number and the value: only what is
 * not plainly a number is cast by the engine. */
static void add_source(const check_file *c, buf *sql) {
    add_each_text(c, sql, add_whole);
    add_each_text(c, sql, add_plain);
    check_add_scan(c, sql, c->spec->format == READER_CSV, true);
    buf_add(sql, "))");
}

/* Inside: every column by its name and a truth value per item. */
static void add_inner(const check_file *c, const check_items *items, buf *sql) {
    buf_add(sql, "SELECT true AS __weir_row");
    for (size_t i = 0; i < c->reader.columns.count; i++) {
        buf_add(sql, ", ");
        add_named_value(c, &c->reader.columns.items[i], sql);
        buf_add(sql, " AS ");
        buf_sql_identifier(sql, c->reader.columns.items[i].name);
    }
    check_add_pseudo(c, sql);
    for (size_t i = 0; i < items->count; i++) {
        const check_item *item = &items->items[i];
        const char *raw = raw_of(c, item->column, sql->arena);
        buf_add(sql, ", ");
        if (is_text(c, item->column))
            add_whole_condition(item, raw, sql);
        else
            check_add_condition(c, item, raw, sql);
        buf_printf(sql, " AS __weir_b%zu", i);
    }
    buf_add(sql, " FROM ");
    add_source(c, sql);
}

/* Columns without a reader must be read all the same, or a CSV's bad values would go unseen. */
static void add_touched(const check_file *c, buf *sql) {
    for (size_t i = 0; i < c->reader.columns.count; i++) {
        if (c->reader.columns.items[i].from < 0)
            continue;
        buf_add(sql, ", count(");
        buf_sql_identifier(sql, c->reader.columns.items[i].name);
        buf_printf(sql, ") AS n%zu", i);
    }
}

/* From here on the rows are kept, if they are to be. */
static void add_rows(const check_file *c, const check_items *items, buf *sql) {
    const char *before = ", __weir_keep(";
    if (keep_is_taking(c->keep)) {
        buf_add(sql, "SELECT *");
        for (size_t i = 0; i < c->reader.columns.count; i++) {
            if (c->reader.columns.items[i].from < 0)
                continue;
            buf_add(sql, before);
            buf_sql_identifier(sql, c->reader.columns.items[i].name);
            before = ", ";
        }
        buf_add(sql, ") AS __weir_kept FROM (");
    }
    add_inner(c, items, sql);
    buf_add(sql, keep_is_taking(c->keep) ? ")" : "");
}

static status scan(check_file *c, const check_items *items, const job_maps *maps, error *err) {
    buf sql = buf_new(c->arena);
    buf_add(&sql, "CREATE OR REPLACE TEMP TABLE __weir_scan AS SELECT count(*) AS rows");
    add_touched(c, &sql);
    for (size_t i = 0; i < items->count; i++)
        buf_printf(&sql, ", count(*) FILTER (__weir_b%zu) AS b%zu", i, i);
    buf_add(&sql, keep_is_taking(c->keep) ? ", count(__weir_kept) AS kept" : "");
    maps_add_keys(maps, &sql);
    buf_add(&sql, " FROM (");
    add_rows(c, items, &sql);
    buf_add(&sql, ") GROUP BY ALL");
    return db_run(c->db, sql.text, err);
}

static status forget_rejects(check_file *c, error *err) {
    return db_run(c->db, "DROP TABLE IF EXISTS __weir_rejects; DROP TABLE IF EXISTS __weir_scans",
                  err);
}

/* A first read without care; when it fails, a second one without the maps: if that works, a
 * map's expression cannot be computed for some row. */
static status scan_all(check_file *c, const check_items *items, bool *ret_thrown, error *err) {
    const job_maps none = {0};
    error first = {0};
    status result = scan(c, items, &c->spec->maps, &first);
    *ret_thrown = result != OK && result != E_ENGINE && c->spec->maps.count > 0;
    if (*ret_thrown) {
        keep_end(c->keep, false);
        TRY(forget_rejects(c, err));
        result = scan(c, items, &none, &first);
    }
    if (result != OK)
        *err = first;
    return result;
}

/* rows, b0, b1, … summed up. */
static status read_counts(check_file *c, check_items *items, error *err) {
    db_table table;
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT CAST(coalesce(sum(rows), 0) AS VARCHAR)");
    for (size_t i = 0; i < items->count; i++)
        buf_printf(&sql, ", CAST(coalesce(sum(b%zu), 0) AS VARCHAR)", i);
    buf_add(&sql, " FROM __weir_scan");
    TRY(db_rows(c->db, sql.text, c->arena, &table, err));
    ASSERT(number_int64(db_cell(&table, 0, 0), &c->rows));
    for (size_t i = 0; i < items->count; i++)
        ASSERT(number_int64(db_cell(&table, 0, i + 1), &items->items[i].count));
    return OK;
}

static status read_feeds(check_file *c, error *err) {
    c->feeds = json_array();
    for (size_t m = 0; m < c->spec->maps.count; m++) {
        const job_map *map = &c->spec->maps.items[m];
        json_t *feed = NULL;
        bool more = false;
        TRY(maps_read(c->db, map, m, "__weir_scan", c->spec->partitions_max, c->arena, &feed, &more,
                      err));
        json_array_append_new(c->feeds, feed);
        const failure f = {.rule = RULE_PARTITIONS};
        if (more)
            verdict_add(&c->verdict, &f,
                        "the rows reach more than %" PRId64 " partitions by the map \"%s\"",
                        c->spec->partitions_max, map->id);
    }
    return OK;
}

static int64_t sum_of(const check_items *items) {
    int64_t sum = 0;
    for (size_t i = 0; i < items->count; i++)
        sum += items->items[i].count;
    return sum;
}

static status read_failures(check_file *c, check_items *items, bool thrown, error *err) {
    TRY(read_counts(c, items, err));
    if (c->spec->format == READER_CSV)
        TRY(check_csv_rejects(c, err));
    if (sum_of(items) > 0)
        TRY(check_report(c, items, err));
    return thrown ? check_report_maps(c, err) : OK;
}

/* A partition value that cannot be written down is the file's fault. */
static status take_feeds(check_file *c, error *err) {
    error problem = {0};
    const failure f = {.rule = RULE_MAP};
    status result = read_feeds(c, &problem);
    if (result == E_DATA)
        verdict_add(&c->verdict, &f, "%s", problem.message);
    else if (result != OK)
        *err = problem;
    return result == E_DATA ? OK : result;
}

status check_rows(check_file *c, error *err) {
    bool thrown = false;
    error problem = {0};
    check_items items = make_items(c);
    if (c->token != NULL)
        keep_begin(c->keep, c->token, &c->reader);
    status result = scan_all(c, &items, &thrown, &problem);
    if (result != OK && c->spec->format == READER_JSON)
        TRY(check_report_types(c, err));
    if (result != OK)
        return c->verdict.count > 0 ? OK : check_take_error(c, &problem, err);
    TRY(read_failures(c, &items, thrown, err));
    if (c->verdict.count > 0)
        return OK;
    return take_feeds(c, err);
}
