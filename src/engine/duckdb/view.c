#include "engine/duckdb/view.h"

#include "engine/duckdb/bucket.h"
#include "engine/duckdb/storage.h"

#include <errno.h>
#include <unistd.h>

/* Up to here a filter compares with the values themselves, which the engine can use to skip parts
 * of files; above it joins with the plan. */
enum { FILTER_VALUES_MAX = 200 };

static const char *layer_of(const char *table, arena *a) {
    return arena_strndup(a, table, strcspn(table, "."));
}

void view_add_name(buf *sql, const char *table) {
    buf_sql_identifier(sql, layer_of(table, sql->arena));
    buf_char(sql, '.');
    buf_sql_identifier(sql, table + strcspn(table, ".") + 1);
}

status view_begin(buf *sql, const char *table, error *err) {
    const char *dot = strchr(table, '.');
    if (dot == NULL || dot == table || dot[1] == '\0')
        return error_set(err, E_USAGE, "the input \"%s\" is not a layer and a table", table);
    buf_add(sql, "CREATE SCHEMA IF NOT EXISTS ");
    buf_sql_identifier(sql, layer_of(table, sql->arena));
    buf_add(sql, "; CREATE OR REPLACE VIEW ");
    view_add_name(sql, table);
    buf_add(sql, " AS ");
    return OK;
}

static void add_null(buf *sql, const job_column *column) {
    buf_printf(sql, "CAST(NULL AS %s) AS ", column->type);
    buf_sql_identifier(sql, column->name);
}

void view_add_nulls(buf *sql, const job_columns *columns) {
    for (size_t i = 0; i < columns->count; i++) {
        buf_add(sql, i > 0 ? ", " : "");
        add_null(sql, &columns->items[i]);
    }
}

static void add_text_value(buf *sql, const char *text, const char *type) {
    buf_add(sql, "CAST(");
    if (text != NULL)
        buf_sql_literal(sql, text);
    else
        buf_add(sql, "NULL");
    buf_printf(sql, " AS %s)", type);
}

/* The one value that a column has in all files of a group, when there is one. */
static bool find_constant(const view_group *group, const char *column, arena *a, const char **ret) {
    const char *first = view_pseudo_value(&group->files.items[0], column, a);
    for (size_t i = 1; i < group->files.count; i++) {
        const char *value = view_pseudo_value(&group->files.items[i], column, a);
        bool equal = first == NULL || value == NULL ? first == value : str_eq(first, value);
        if (!equal)
            return false;
    }
    *ret = first;
    return true;
}

/* A group while its SELECT is put together. */
typedef struct group_view {
    const view_group *group;
    const job_columns *columns;
    strings by_file;   /* columns whose value differs by file */
    const char *table; /* __weir.<table> with one row per file, when by_file is not empty */
} group_view;

static void find_by_file(group_view *v, arena *a) {
    for (size_t i = 0; i < v->columns->count; i++) {
        const char *name = v->columns->items[i].name;
        const char *ignored;
        if (reader_find(&v->group->reader, name) == NULL
            && !find_constant(v->group, name, a, &ignored))
            vec_push(a, &v->by_file, name);
    }
}

static status load_files(db *d, const group_view *v, arena *a, error *err) {
    size_t columns = v->by_file.count + 1;
    const char **cells = ARENA_ARRAY(a, const char *, v->group->files.count *columns);
    for (size_t f = 0; f < v->group->files.count; f++) {
        cells[f * columns] = v->group->files.items[f].path;
        for (size_t i = 0; i < v->by_file.count; i++)
            cells[f * columns + i + 1] =
                view_pseudo_value(&v->group->files.items[f], v->by_file.items[i], a);
    }
    return view_load_texts(d, v->table, cells, v->group->files.count, columns, err);
}

static int64_t find_by_file_place(const group_view *v, const char *name) {
    for (size_t i = 0; i < v->by_file.count; i++)
        if (str_eq(v->by_file.items[i], name))
            return (int64_t)i + 1;
    return -1;
}

/* A column of the contract in another type: the view's columns rule. */
static void add_contract_value(const group_view *v, const reader_column *column, const char *type,
                               buf *sql) {
    bool cast = !str_eq(column->type, type) && column->from >= 0;
    reader_column wanted = *column;
    if (column->from < 0)
        wanted.type = type;
    buf_add(sql, cast ? "CAST(" : "");
    reader_add_value(&v->group->reader, sql, &wanted);
    if (cast)
        buf_printf(sql, " AS %s)", type);
}

static void add_value(const group_view *v, const job_column *column, arena *a, buf *sql) {
    const reader_column *found = reader_find(&v->group->reader, column->name);
    int64_t place = find_by_file_place(v, column->name);
    const char *constant = NULL;
    if (found != NULL) {
        add_contract_value(v, found, column->type, sql);
    } else if (place >= 0) {
        buf_printf(sql, "CAST(__weir_file.__weir_c%lld AS %s)", (long long)place, column->type);
    } else {
        find_constant(v->group, column->name, a, &constant);
        add_text_value(sql, constant, column->type);
    }
    buf_add(sql, " AS ");
    buf_sql_identifier(sql, column->name);
}

/* The table function of keep_register_giving. */
static void add_kept(const view_group *group, buf *sql) {
    buf_add(sql, "__weir_kept([");
    for (size_t i = 0; i < group->files.count; i++)
        buf_printf(sql, "%s%lld", i > 0 ? ", " : "", (long long)group->files.items[i].place);
    buf_add(sql, "], [");
    for (size_t i = 0; i < group->files.count; i++) {
        buf_add(sql, i > 0 ? ", " : "");
        buf_sql_literal(sql, group->files.items[i].path);
    }
    buf_add(sql, "])");
}

static void add_scan(const group_view *v, arena *a, buf *sql) {
    if (v->group->kept) {
        add_kept(v->group, sql);
        return;
    }
    strings paths = {0};
    for (size_t i = 0; i < v->group->files.count; i++)
        vec_push(a, &paths, v->group->files.items[i].path);
    const reader_scan scan = {.paths = &paths, .with_path = v->by_file.count > 0};
    reader_add_scan(&v->group->reader, sql, &scan);
}

static void add_group(const group_view *v, arena *a, buf *sql) {
    buf_add(sql, "SELECT ");
    for (size_t i = 0; i < v->columns->count; i++) {
        buf_add(sql, i > 0 ? ", " : "");
        add_value(v, &v->columns->items[i], a, sql);
    }
    buf_add(sql, " FROM ");
    add_scan(v, a, sql);
    if (v->by_file.count > 0)
        buf_printf(sql,
                   " AS __weir_scan JOIN __weir.%s AS __weir_file"
                   " ON __weir_file.__weir_c0 = __weir_scan." READER_PATH,
                   sql_identifier(a, v->table));
}

/* Parquet that Weir wrote names its columns itself; what an older file lacks is NULL. */
static status bind_by_name(db *d, view_group *group, arena *a, error *err) {
    if (!group->reader.by_name)
        return OK;
    job_columns columns;
    strings paths = {0};
    for (size_t i = 0; i < group->files.count; i++)
        vec_push(a, &paths, group->files.items[i].path);
    buf sql = buf_new(a);
    buf_add(&sql, "SELECT * FROM ");
    const reader_scan scan = {.paths = &paths};
    reader_add_scan(&group->reader, &sql, &scan);
    TRY(storage_describe(d, sql.text, a, &columns, err));
    for (size_t i = 0; i < columns.count; i++) {
        const reader_column column = {
            .name = columns.items[i].name, .type = columns.items[i].type, .from = (int64_t)i};
        vec_push(a, &group->reader.columns, column);
        vec_push(a, &group->reader.file_columns, column.name);
        vec_push(a, &group->reader.file_types, column.type);
    }
    return OK;
}

/* The engine takes the name of a file that is not there for a folder's. */
static status check_files(const view_group *group, error *err) {
    for (size_t i = 0; i < group->files.count; i++)
        if (!bucket_has(group->files.items[i].path)
            && access(group->files.items[i].path, R_OK) != 0)
            return error_set_errno(err, errno, "cannot read \"%s\"", group->files.items[i].path);
    return OK;
}

static status make_group(db *d, const view_input *input, size_t place, arena *a, buf *sql,
                         error *err) {
    view_group *group = &input->groups.items[place];
    group_view v = {.group = group, .columns = &input->columns};
    TRY(check_files(group, err));
    TRY(bind_by_name(d, group, a, err));
    find_by_file(&v, a);
    if (v.by_file.count > 0) {
        v.table = arena_printf(a, "files %s %zu", input->table, place);
        TRY(load_files(d, &v, a, err));
    }
    add_group(&v, a, sql);
    return OK;
}

static status make_rows(db *d, const view_input *input, arena *a, buf *sql, error *err) {
    size_t rows = json_array_size(input->values);
    size_t columns = input->columns.count;
    const char **cells = ARENA_ARRAY(a, const char *, rows *columns);
    for (size_t r = 0; r < rows; r++) {
        const json_t *row = json_array_get(input->values, r);
        if (json_array_size(row) != columns)
            return error_set(err, E_USAGE, "a row of the input \"%s\" has %zu values, expected %zu",
                             input->table, json_array_size(row), columns);
        for (size_t c = 0; c < columns; c++)
            cells[r * columns + c] = json_string_value(json_array_get(row, c));
    }
    const char *table = arena_printf(a, "rows %s", input->table);
    TRY(view_load_texts(d, table, cells, rows, columns, err));
    buf_add(sql, "SELECT ");
    for (size_t c = 0; c < columns; c++) {
        buf_printf(sql, "%sCAST(__weir_c%zu AS %s) AS ", c > 0 ? ", " : "", c,
                   input->columns.items[c].type);
        buf_sql_identifier(sql, input->columns.items[c].name);
    }
    buf_printf(sql, " FROM __weir.%s", sql_identifier(a, table));
    return OK;
}

static status make_body(db *d, const view_input *input, arena *a, buf *sql, error *err) {
    if (input->values != NULL)
        return make_rows(d, input, a, sql, err);
    for (size_t i = 0; i < input->groups.count; i++) {
        buf_add(sql, i > 0 ? " UNION ALL " : "");
        TRY(make_group(d, input, i, a, sql, err));
    }
    if (input->groups.count == 0) {
        buf_add(sql, "SELECT ");
        view_add_nulls(sql, &input->columns);
        buf_add(sql, " WHERE false");
    }
    return OK;
}

static void add_filter_values(const view_input *input, const view_plan *plan, buf *sql) {
    bool has_null = false;
    size_t values = 0;
    buf_printf(sql, " WHERE ((%s\n) IN (", input->filter.items[0]);
    for (size_t i = 0; i < plan->partitions.count; i++) {
        const char *text = plan->partitions.values[i][0];
        has_null = has_null || text == NULL;
        if (text == NULL)
            continue;
        buf_add(sql, values++ > 0 ? ", " : "");
        add_text_value(sql, text, plan->types.items[0]);
    }
    if (values == 0)
        add_text_value(sql, NULL, plan->types.items[0]);
    buf_add(sql, "))");
    if (has_null)
        buf_printf(sql, " OR (%s\n) IS NULL", input->filter.items[0]);
}

/* The expressions as columns __weir_f0, …, so that the plan is joined on columns. */
static void add_filter_columns(const view_input *input, buf *sql) {
    for (size_t i = 0; i < input->filter.count; i++)
        buf_printf(sql, ", (%s\n) AS __weir_f%zu", input->filter.items[i], i);
}

/* The table of an input's own values. */
static const char *only_name(const view_input *input, arena *a) {
    return arena_printf(a, "only %s", input->table);
}

static void add_filter_join(const view_input *input, buf *sql) {
    const char **values = ARENA_ARRAY(sql->arena, const char *, input->filter.count);
    for (size_t i = 0; i < input->filter.count; i++)
        values[i] = arena_printf(sql->arena, "__weir_all.__weir_f%zu", i);
    buf_add(sql, " WHERE ");
    if (input->has_only)
        view_add_place(only_name(input, sql->arena), input->filter.count, values, sql);
    else
        view_add_ordinal(input->filter.count, values, sql);
    buf_add(sql, " IS NOT NULL");
}

static bool compares_values(const view_input *input, const view_plan *plan) {
    return input->filter.count == 1 && plan->partitions.count <= FILTER_VALUES_MAX;
}

/* The input with what its filter sees. */
static view_input with_hidden(const view_input *input, arena *a) {
    view_input whole = *input;
    whole.columns = (job_columns){0};
    for (size_t i = 0; i < input->columns.count; i++)
        vec_push(a, &whole.columns, input->columns.items[i]);
    for (size_t i = 0; i < input->hidden.count; i++)
        vec_push(a, &whole.columns, input->hidden.items[i]);
    return whole;
}

static status add_filtered(db *d, const view_input *input, const view_plan *plan, arena *a,
                           buf *sql, error *err) {
    bool by_values = compares_values(input, plan);
    const view_input whole = with_hidden(input, a);
    if (input->has_only && !by_values)
        TRY(view_make_places(d, plan, only_name(input, a), a, err));
    buf_add(sql, "SELECT ");
    for (size_t i = 0; i < input->columns.count; i++) {
        buf_add(sql, i > 0 ? ", " : "");
        buf_sql_identifier(sql, input->columns.items[i].name);
    }
    buf_add(sql, by_values ? " FROM (" : " FROM (SELECT __weir_in.*");
    if (!by_values) {
        add_filter_columns(input, sql);
        buf_add(sql, " FROM (");
    }
    TRY(make_body(d, &whole, a, sql, err));
    buf_add(sql, by_values ? ") AS __weir_in" : ") AS __weir_in) AS __weir_all");
    if (by_values)
        add_filter_values(input, plan, sql);
    else
        add_filter_join(input, sql);
    return OK;
}

static bool is_written_by_weir(const view_input *input) {
    for (size_t i = 0; i < input->groups.count; i++)
        if (input->groups.items[i].reader.by_name)
            return true;
    return false;
}

status view_make(db *d, const view_input *input, const view_plan *plan, arena *a, error *err) {
    buf sql = buf_new(a);
    const view_plan *by = input->has_only ? &input->only : plan;
    bool filtered = input->filter.count > 0 && by != NULL;
    if (filtered && input->filter.count != by->types.count)
        return error_set(err, E_USAGE, "the filter of \"%s\" has %zu expressions, expected %zu",
                         input->table, input->filter.count, by->types.count);
    bool sorted = plan != NULL && plan->is_sorted && is_written_by_weir(input);
    TRY(view_begin(&sql, input->table, err));
    buf_add(&sql, sorted ? "FROM (" : "");
    TRY(filtered ? add_filtered(d, input, by, a, &sql, err) : make_body(d, input, a, &sql, err));
    buf_add(&sql, sorted ? ") ORDER BY ALL" : "");
    status result = db_run(d, sql.text, err);
    if (result != OK)
        error_prefix(err, "input \"%s\"", input->table);
    return result;
}

status view_make_all(db *d, const view_inputs *inputs, const view_plan *plan, arena *a,
                     error *err) {
    for (size_t i = 0; i < inputs->count; i++)
        TRY(view_make(d, &inputs->items[i], plan, a, err));
    return OK;
}
