#include "engine/duckdb/build.h"

#include "base/path.h"
#include "engine/duckdb/bucket.h"
#include "engine/duckdb/storage.h"
#include "engine/duckdb/worker.h"

enum { TARGET_BYTES_MIN = 1000 };

static status read_output(const json_t *job, build_spec *spec, error *err) {
    json_t *output;
    TRY(json_need_object(job, "output", &output, err));
    TRY(json_need_string(output, "dir", &spec->dir, err));
    TRY(json_need_string(output, "stem", &spec->stem, err));
    spec->file_name = json_get_string(output, "file_name", NULL);
    spec->target_bytes = json_get_int(output, "target_bytes", 0);
    bool good = bucket_has(spec->dir) ? str_ends(spec->dir, "/") : path_is_absolute(spec->dir);
    if (!good || strpbrk(spec->dir, "*?[{") != NULL)
        return error_set(err, E_USAGE, "the folder \"%s\" cannot be written to", spec->dir);
    const char *name = spec->file_name != NULL ? spec->file_name : spec->stem;
    if (!path_is_safe(name) || strpbrk(name, "/:*?[{") != NULL)
        return error_set(err, E_USAGE, "\"%s\" is not a name for a file", name);
    if (spec->target_bytes > 0 && spec->target_bytes < TARGET_BYTES_MIN)
        spec->target_bytes = TARGET_BYTES_MIN;
    return OK;
}

static status read_plan(const json_t *job, build_spec *spec, arena *a, error *err) {
    TRY(job_read_strings(job, "partition_by", a, &spec->partition_by, err));
    for (size_t i = 0; i < spec->partition_by.count; i++) {
        int64_t place = job_find_column(&spec->columns, spec->partition_by.items[i]);
        if (place < 0)
            return error_set(err, E_USAGE, "the partition column \"%s\" is not a column",
                             spec->partition_by.items[i]);
        vec_push(a, &spec->plan.types, spec->columns.items[place].type);
    }
    TRY(job_read_partitions(job, "partitions", spec->partition_by.count, a, &spec->plan.partitions,
                            err));
    if (spec->file_name != NULL && spec->plan.partitions.count > 1)
        return error_set(err, E_USAGE, "a fixed file name needs a job of one partition");
    return OK;
}

static status read_spec(const json_t *job, arena *a, build_spec *spec, error *err) {
    TRY(json_need_string(job, "table", &spec->table, err));
    TRY(json_need_string(job, "sql", &spec->sql, err));
    TRY(job_read_columns(job, "columns", a, &spec->columns, err));
    if (spec->columns.count == 0)
        return error_set(err, E_USAGE, "the table \"%s\" has no columns", spec->table);
    TRY(read_output(job, spec, err));
    TRY(read_plan(job, spec, a, err));
    TRY(job_read_maps(job, "maps", a, &spec->maps, err));
    TRY(build_read_rules(job, &spec->columns, a, &spec->rules, err));
    spec->drop_outside = str_eq(json_get_string(job, "outside", "fail"), "drop");
    return OK;
}

static status check_columns(const build_spec *spec, const job_columns *found, arena *a,
                            error *err) {
    for (size_t i = 0; i < found->count && i < spec->columns.count; i++) {
        const job_column *want = &spec->columns.items[i];
        const job_column *have = &found->items[i];
        if (!str_eq(want->name, have->name))
            return error_set(err, E_DEFINITION, "column %zu of \"%s\" is \"%s\", expected \"%s\"",
                             i + 1, spec->table, have->name, want->name);
        if (!str_eq(want->type, storage_type(have->type, a))) {
            status kind =
                error_set(err, E_DEFINITION, "the column \"%s\" of \"%s\" is %s, expected %s",
                          want->name, spec->table, storage_type(have->type, a), want->type);
            error_hint(err,
                       "Write CAST(… AS %s) AS \"%s\" in the SQL, or change the column's type.",
                       want->type, want->name);
            return kind;
        }
    }
    if (found->count != spec->columns.count)
        return error_set(err, E_DEFINITION, "the SQL of \"%s\" gives %zu columns, expected %zu",
                         spec->table, found->count, spec->columns.count);
    return OK;
}

static status make_stored_view(db *d, const build_spec *spec, const job_columns *found, arena *a,
                               error *err) {
    buf sql = buf_new(a);
    buf_add(&sql, "CREATE TEMP VIEW " BUILD_RESULT " AS SELECT ");
    for (size_t i = 0; i < found->count; i++) {
        const job_column *want = &spec->columns.items[i];
        bool cast = !str_eq(want->type, found->items[i].type);
        buf_add(&sql, i > 0 ? ", " : "");
        buf_add(&sql, cast ? "CAST(" : "");
        buf_sql_identifier(&sql, want->name);
        if (cast) {
            buf_printf(&sql, " AS %s) AS ", want->type);
            buf_sql_identifier(&sql, want->name);
        }
    }
    buf_add(&sql, " FROM __weir_sql");
    return db_run(d, sql.text, err);
}

status build_bind(db *d, const build_spec *spec, arena *a, error *err) {
    job_columns found;
    d->user_sql = spec->sql;
    TRY(db_one_select(d, spec->sql, err));
    TRY(db_run(d, arena_printf(a, "CREATE TEMP VIEW __weir_sql AS %s", spec->sql), err));
    TRY(storage_describe(d, "__weir_sql", a, &found, err));
    TRY(check_columns(spec, &found, a, err));
    return make_stored_view(d, spec, &found, a, err);
}

static json_t *file_document(const build_file *file) {
    return json_pack("{s:s,s:I,s:I,s:s,s:s}", "name", file->name, "rows", (json_int_t)file->rows,
                     "bytes", (json_int_t)file->bytes, "sum1", file->sum1, "sum2", file->sum2);
}

static json_t *partition_document(const build_files *files, int64_t ordinal, json_t *feeds) {
    json_t *list = json_array();
    int64_t rows = 0;
    for (size_t i = 0; i < files->count; i++) {
        if (files->items[i].ordinal != ordinal)
            continue;
        rows += files->items[i].rows;
        json_array_append_new(list, file_document(&files->items[i]));
    }
    return json_pack("{s:I,s:I,s:o,s:O}", "ordinal", (json_int_t)ordinal, "rows", (json_int_t)rows,
                     "files", list, "feeds", feeds);
}

static json_t *outside_document(const build_outside *outside) {
    json_t *examples = json_array();
    for (size_t r = 0; r < outside->examples.rows; r++) {
        json_t *values = json_array();
        for (size_t c = 0; c < outside->examples.columns; c++)
            json_array_append_new(values, job_text(db_cell(&outside->examples, r, c)));
        json_array_append_new(examples, values);
    }
    return json_pack("{s:I,s:o}", "rows", (json_int_t)outside->rows, "examples", examples);
}

static void add_example(const build_spec *spec, const db_table *examples, size_t row, buf *text) {
    for (size_t c = 0; c < examples->columns; c++) {
        const char *value = db_cell(examples, row, c);
        buf_printf(text, "%s%s=%s", c > 0 ? "/" : "", spec->partition_by.items[c],
                   value != NULL ? value : "NULL");
    }
}

static status refuse_outside(const build_spec *spec, const build_outside *outside, arena *a,
                             error *err) {
    buf text = buf_new(a);
    for (size_t r = 0; r < outside->examples.rows; r++) {
        buf_add(&text, r > 0 ? ", " : "");
        add_example(spec, &outside->examples, r, &text);
    }
    status kind =
        error_set(err, E_DATA, "%lld rows of \"%s\" are in no planned partition, such as %s",
                  (long long)outside->rows, spec->table, str_printable(a, text.text));
    error_hint(err, "The map of an input does not say which partitions its rows really reach: "
                    "correct the map, or the partition column in the SQL.");
    return kind;
}

/* Rows around a window came out as well, and are in no file: told with the first partition, so that
 * its answer says it when it is found again. */
static void add_dropped(const build_outside *outside, json_t *partitions) {
    if (outside->rows > 0 && json_array_size(partitions) > 0)
        json_object_set_new(json_array_get(partitions, 0), "dropped",
                            json_integer((json_int_t)outside->rows));
}

static json_t *result_document(const build_spec *spec, const build_files *files,
                               const build_outside *outside, const view_inputs *inputs,
                               const json_t *feeds) {
    json_t *partitions = json_array();
    json_t *rows_in = json_array();
    for (size_t i = 0; i < spec->plan.partitions.count; i++)
        json_array_append_new(partitions,
                              partition_document(files, (int64_t)i, json_array_get(feeds, i)));
    add_dropped(outside, partitions);
    for (size_t i = 0; i < inputs->count; i++)
        json_array_append_new(rows_in,
                              json_pack("{s:s,s:n}", "table", inputs->items[i].table, "rows"));
    return json_pack("{s:o,s:o,s:o}", "partitions", partitions, "outside",
                     outside_document(outside), "rows_in", rows_in);
}

static status carry_out(db *d, const build_spec *spec, const view_inputs *inputs, arena *a,
                        json_t **ret, error *err) {
    build_files files = {0};
    build_outside outside = {0};
    json_t *feeds = NULL;
    TRY(view_make_plan(d, &spec->plan, a, err));
    TRY(view_make_all(d, inputs, &spec->plan, a, err));
    TRY(build_bind(d, spec, a, err));
    TRY(build_write(d, spec, a, &files, &outside, err));
    status result = OK;
    if (outside.rows > 0 && !spec->drop_outside)
        result = refuse_outside(spec, &outside, a, err);
    if (result == OK)
        result = build_read_back(d, spec, &files, a, &feeds, err);
    if (result == OK)
        result = build_check_rules(d, spec, &files, a, err);
    if (result != OK)
        build_remove(&files);
    else
        *ret = result_document(spec, &files, &outside, inputs, feeds);
    json_decref(feeds);
    return result;
}

/* Kept rows have no order: not for a result that depends on it, nor for files whose rows come in
 * the order of the deliveries. */
static bool may_read_kept(const build_spec *spec) {
    return !spec->plan.is_sorted && spec->plan.partitions.count > 1;
}

static status read_kept(const job_context *c, db *d, view_inputs *inputs, error *err) {
    view_use_kept(inputs, c->worker->keep, c->arena);
    return keep_register_giving(c->worker->keep, d, err);
}

status job_build(const job_context *c, json_t **ret, error *err) {
    build_spec spec = {0};
    view_inputs inputs;
    strings paths = {0};
    strings folders = {0};
    DB_AUTO d = {0};
    TRY(read_spec(c->job, c->arena, &spec, err));
    TRY(view_read_inputs(c->job, c->worker->temp_dir, c->arena, &inputs, &paths, err));
    if (!bucket_has(spec.dir))
        TRY(dir_make(spec.dir, err));
    vec_push(c->arena, &folders, spec.dir);
    vec_push(c->arena, &folders, c->worker->temp_dir);
    const worker_share share = {.single = json_get_bool(c->job, "single_thread", false)};
    spec.plan.is_sorted = share.single;
    TRY(worker_fresh(c->worker, share, &d, err));
    if (may_read_kept(&spec))
        TRY(read_kept(c, &d, &inputs, err));
    TRY(db_seal(&d, &paths, &folders, err));
    return carry_out(&d, &spec, &inputs, c->arena, ret, err);
}
