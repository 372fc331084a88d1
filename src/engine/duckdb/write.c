/* Writing a build's files. */
#include "engine/duckdb/build.h"

#include "base/number.h"
#include "base/path.h"
#include "engine/duckdb/bucket.h"
#include "engine/duckdb/field_ids.h"
#include "base/scratch.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

enum { EXAMPLES_MAX = 3 };

#define ORDINAL "__weir_p"

/* What writing needs at hand. */
typedef struct writer {
    db *db;
    const build_spec *spec;
    arena *arena;
    const char *out;       /* a folder of ours inside the output folder */
    strings outside_paths; /* files with rows of no planned partition */
} writer;

status build_add_options(db *d, const build_spec *spec, buf *sql, error *err) {
    buf_add(sql, " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, FIELD_IDS ");
    return field_ids_add(d, BUILD_RESULT, &spec->columns, sql, err);
}

/* `from` into one file, or into several below the size wanted, in the folder out. */
static status copy_plain(const writer *w, const char *from, error *err) {
    bool sized = w->spec->file_name == NULL && w->spec->target_bytes > 0;
    const char *to = w->out;
    if (!sized) {
        TRY(dir_make(w->out, err));
        to = path_join(w->arena, w->out, "data_0.parquet");
    }
    buf sql = buf_new(w->arena);
    buf_printf(&sql, "COPY (%s) TO ", from);
    buf_sql_literal(&sql, to);
    TRY(build_add_options(w->db, w->spec, &sql, err));
    if (sized)
        buf_printf(&sql, ", FILE_SIZE_BYTES %" PRId64, w->spec->target_bytes);
    buf_char(&sql, ')');
    return db_run(w->db, sql.text, err);
}

void build_add_ordinal(const build_spec *spec, buf *sql) {
    const char **values = ARENA_ARRAY(sql->arena, const char *, spec->partition_by.count);
    for (size_t i = 0; i < spec->partition_by.count; i++)
        values[i] = arena_printf(sql->arena, "__weir_q.%s",
                                 sql_identifier(sql->arena, spec->partition_by.items[i]));
    view_add_ordinal(spec->partition_by.count, values, sql);
}

/* All partitions in one pass: one folder each, named by ordinal; rows in none go to NULL's. */
static status copy_partitioned(const writer *w, error *err) {
    buf sql = buf_new(w->arena);
    buf_add(&sql, "COPY (SELECT __weir_q.*, ");
    build_add_ordinal(w->spec, &sql);
    buf_add(&sql, " AS " ORDINAL " FROM " BUILD_RESULT " AS __weir_q) TO ");
    buf_sql_literal(&sql, w->out);
    TRY(build_add_options(w->db, w->spec, &sql, err));
    buf_add(&sql, ", PARTITION_BY (" ORDINAL "))");
    return db_run(w->db, sql.text, err);
}

static status take_file(const writer *w, const char *from, int64_t ordinal, build_files *files,
                        error *err) {
    size_t number = 0;
    for (size_t i = 0; i < files->count; i++)
        number += files->items[i].ordinal == ordinal;
    const char *name = w->spec->file_name;
    if (name == NULL)
        name = arena_printf(w->arena, "%s_%" PRId64 "_%zu.parquet", w->spec->stem, ordinal, number);
    const build_file file = {
        .name = name, .path = path_join(w->arena, w->spec->dir, name), .ordinal = ordinal};
    if (rename(from, file.path) != 0)
        return error_set_errno(err, errno, "cannot rename \"%s\" to \"%s\"", from, file.path);
    vec_push(w->arena, files, file);
    return OK;
}

static status take_partition(writer *w, const char *name, build_files *files, error *err) {
    int64_t ordinal = -1;
    strings names;
    const char *folder = path_join(w->arena, w->out, name);
    if (str_starts(name, ORDINAL "="))
        number_int64(name + strlen(ORDINAL "="), &ordinal);
    TRY(scratch_names(folder, w->arena, &names, err));
    for (size_t i = 0; i < names.count; i++) {
        const char *path = path_join(w->arena, folder, names.items[i]);
        if (ordinal < 0)
            vec_push(w->arena, &w->outside_paths, path);
        else
            TRY(take_file(w, path, ordinal, files, err));
    }
    return OK;
}

static void add_paths(const strings *paths, buf *sql) {
    buf_add(sql, "read_parquet([");
    for (size_t i = 0; i < paths->count; i++) {
        buf_add(sql, i > 0 ? ", " : "");
        buf_sql_literal(sql, paths->items[i]);
    }
    buf_add(sql, "], hive_partitioning = false)");
}

status build_read_outside(db *d, const build_spec *spec, const char *source, arena *a,
                          build_outside *ret, error *err) {
    buf sql = buf_new(a);
    buf_printf(&sql, "SELECT CAST(count(*) AS VARCHAR) FROM %s", source);
    TRY(db_number(d, sql.text, a, &ret->rows, err));
    if (ret->rows == 0)
        return OK;
    sql = buf_new(a);
    buf_add(&sql, "SELECT ");
    for (size_t i = 0; i < spec->partition_by.count; i++) {
        buf_add(&sql, i > 0 ? ", CAST(__weir_q." : "CAST(__weir_q.");
        buf_sql_identifier(&sql, spec->partition_by.items[i]);
        buf_add(&sql, " AS VARCHAR)");
    }
    buf_printf(&sql, " FROM %s GROUP BY ALL ORDER BY ALL LIMIT %d", source, EXAMPLES_MAX);
    return db_rows(d, sql.text, a, &ret->examples, err);
}

static status read_outside(const writer *w, const char *source, build_outside *ret, error *err) {
    return build_read_outside(w->db, w->spec, source, w->arena, ret, err);
}

static status write_many(writer *w, build_files *files, build_outside *outside, error *err) {
    strings names;
    TRY(copy_partitioned(w, err));
    TRY(scratch_names(w->out, w->arena, &names, err));
    for (size_t i = 0; i < names.count; i++)
        TRY(take_partition(w, names.items[i], files, err));
    if (w->outside_paths.count == 0)
        return OK;
    buf source = buf_new(w->arena);
    add_paths(&w->outside_paths, &source);
    buf_add(&source, " AS __weir_q");
    return read_outside(w, source.text, outside, err);
}

/* The files in out that hold rows: an empty result is written as a file without any. */
static status list_written(const writer *w, strings *ret, error *err) {
    db_table table;
    strings names;
    strings paths = {0};
    TRY(scratch_names(w->out, w->arena, &names, err));
    for (size_t i = 0; i < names.count; i++) {
        const char *path = path_join(w->arena, w->out, names.items[i]);
        buf sql = buf_new(w->arena);
        buf_add(&sql, "SELECT CAST(num_rows AS VARCHAR) FROM parquet_file_metadata(");
        buf_sql_literal(&sql, path);
        buf_char(&sql, ')');
        TRY(db_rows(w->db, sql.text, w->arena, &table, err));
        if (table.rows == 1 && !str_eq(db_cell(&table, 0, 0), "0"))
            vec_push(w->arena, &paths, path);
    }
    *ret = paths;
    return OK;
}

static status take_written(const writer *w, build_files *files, error *err) {
    strings paths;
    TRY(list_written(w, &paths, err));
    for (size_t i = 0; i < paths.count; i++)
        TRY(take_file(w, paths.items[i], 0, files, err));
    return OK;
}

/* Keep only the planned partition's rows of what was written. */
static status rewrite_inside(writer *w, const char *source, error *err) {
    writer again = *w;
    buf from = buf_new(w->arena);
    again.out = path_join(w->arena, w->out, "inside");
    buf_printf(&from, "SELECT __weir_q.* FROM %s WHERE ", source);
    build_add_ordinal(w->spec, &from);
    buf_add(&from, " IS NOT NULL");
    TRY(copy_plain(&again, from.text, err));
    w->out = again.out;
    return OK;
}

/* One partition is written as it comes; afterwards its files tell whether all rows belong to it. */
static status write_single(writer *w, build_files *files, build_outside *outside, error *err) {
    strings paths;
    TRY(copy_plain(w, "FROM " BUILD_RESULT, err));
    TRY(list_written(w, &paths, err));
    if (w->spec->partition_by.count == 0 || paths.count == 0)
        return take_written(w, files, err);
    buf source = buf_new(w->arena);
    add_paths(&paths, &source);
    buf_add(&source, " AS __weir_q");
    buf stray = buf_new(w->arena);
    buf_printf(&stray, "%s WHERE ", source.text);
    build_add_ordinal(w->spec, &stray);
    buf_add(&stray, " IS NULL");
    TRY(read_outside(w, stray.text, outside, err));
    if (outside->rows > 0)
        TRY(rewrite_inside(w, source.text, err));
    return take_written(w, files, err);
}

void build_remove(const build_files *files) {
    for (size_t i = 0; i < files->count; i++)
        if (!bucket_has(files->items[i].path)) /* there whoever asked for the job removes them */
            unlink(files->items[i].path);
}

status build_write(db *d, const build_spec *spec, arena *a, build_files *ret,
                   build_outside *ret_outside, error *err) {
    if (bucket_has(spec->dir))
        return build_write_bucket(d, spec, a, ret, ret_outside, err);
    writer w = {.db = d, .spec = spec, .arena = a, .out = path_join(a, spec->dir, ".weir-out")};
    const char *out = w.out;
    build_files files = {0};
    build_outside outside = {0};
    status result = OK;
    scratch_remove(out);
    if (spec->plan.partitions.count == 1)
        result = write_single(&w, &files, &outside, err);
    else if (spec->plan.partitions.count > 1)
        result = write_many(&w, &files, &outside, err);
    scratch_remove(out);
    if (result != OK) {
        build_remove(&files);
        return result;
    }
    *ret = files;
    *ret_outside = outside;
    return OK;
}
