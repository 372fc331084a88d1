/* Writing a build's files into a bucket. */
#include "engine/duckdb/build.h"

#include "base/number.h"
#include "base/path.h"

#include <inttypes.h>

/* The result, once, each row with the ordinal of its partition. A name once given in a bucket
 * stays, so that each partition is written by itself, under the names that it keeps. */
#define ROWS    "__weir_rows"
#define ORDINAL "__weir_p"

static status make_rows(db *d, const build_spec *spec, arena *a, error *err) {
    buf sql = buf_new(a);
    buf_add(&sql, "CREATE TEMP TABLE " ROWS " AS SELECT __weir_q.*, CAST(");
    if (spec->partition_by.count == 0)
        buf_char(&sql, '0');
    else
        build_add_ordinal(spec, &sql);
    buf_add(&sql, " AS BIGINT) AS " ORDINAL " FROM " BUILD_RESULT " AS __weir_q");
    return db_run(d, sql.text, err);
}

/* The ordinals that have rows: no file is written without any. */
static status find_ordinals(db *d, arena *a, db_table *ret, error *err) {
    return db_rows(d,
                   "SELECT CAST(" ORDINAL " AS VARCHAR) FROM " ROWS " WHERE " ORDINAL
                   " IS NOT NULL GROUP BY " ORDINAL " ORDER BY " ORDINAL,
                   a, ret, err);
}

static status take_written(const build_spec *spec, const db_written *written, int64_t ordinal,
                           arena *a, build_files *files, error *err) {
    for (size_t i = 0; i < written->count; i++) {
        const char *path = written->items[i].path;
        const char *name = path_name(path);
        if (!str_eq(path, arena_printf(a, "%s%s", spec->dir, name)))
            return error_set(err, E_ENGINE, "the engine wrote to \"%s\", not below \"%s\"", path,
                             spec->dir);
        vec_push(
            a, files,
            ((build_file){
                .path = path, .name = name, .ordinal = ordinal, .bytes = written->items[i].bytes}));
    }
    return OK;
}

static status write_one(db *d, const build_spec *spec, int64_t ordinal, arena *a,
                        build_files *files, error *err) {
    bool sized = spec->file_name == NULL && spec->target_bytes > 0;
    char *stem = arena_printf(a, "%s_%" PRId64 "_", spec->stem, ordinal);
    const char *name =
        spec->file_name != NULL ? spec->file_name : arena_printf(a, "%s0.parquet", stem);
    db_written written = {0};
    buf sql = buf_new(a);
    buf_printf(&sql,
               "COPY (SELECT * EXCLUDE (" ORDINAL ") FROM " ROWS " WHERE " ORDINAL " = %" PRId64
               ") TO ",
               ordinal);
    const char *folder = arena_strndup(a, spec->dir, strlen(spec->dir) - 1);
    buf_sql_literal(&sql, sized ? folder : arena_printf(a, "%s%s", spec->dir, name));
    TRY(build_add_options(d, spec, &sql, err));
    if (sized) {
        buf_printf(&sql, ", OVERWRITE_OR_IGNORE, FILE_SIZE_BYTES %" PRId64 ", FILENAME_PATTERN ",
                   spec->target_bytes);
        buf_sql_literal(&sql, arena_printf(a, "%s{i}", stem));
    }
    buf_add(&sql, ", RETURN_STATS)");
    TRY(db_copy(d, sql.text, a, &written, err));
    return take_written(spec, &written, ordinal, a, files, err);
}

status build_write_bucket(db *d, const build_spec *spec, arena *a, build_files *ret,
                          build_outside *ret_outside, error *err) {
    build_files files = {0};
    build_outside outside = {0};
    db_table ordinals = {0};
    if (spec->plan.partitions.count == 0)
        return OK;
    TRY(make_rows(d, spec, a, err));
    TRY(find_ordinals(d, a, &ordinals, err));
    for (size_t i = 0; i < ordinals.rows; i++) {
        int64_t ordinal = 0;
        ASSERT(number_int64(db_cell(&ordinals, i, 0), &ordinal));
        TRY(write_one(d, spec, ordinal, a, &files, err));
    }
    if (spec->partition_by.count > 0)
        TRY(build_read_outside(d, spec, ROWS " AS __weir_q WHERE " ORDINAL " IS NULL", a, &outside,
                               err));
    *ret = files;
    *ret_outside = outside;
    return OK;
}
