/* Reading a build's files back: what counts is what is on disk. */
#include "engine/duckdb/build.h"

#include "base/number.h"
#include "engine/duckdb/digest.h"
#include "engine/duckdb/maps.h"
#include "engine/duckdb/storage.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

void build_add_source(const build_files *files, buf *sql) {
    buf_add(sql, "read_parquet([");
    for (size_t i = 0; i < files->count; i++) {
        buf_add(sql, i > 0 ? ", " : "");
        buf_sql_literal(sql, files->items[i].path);
    }
    buf_add(sql, "], hive_partitioning = false, filename = '" READER_PATH "')");
}

static status check_schema(db *d, const build_spec *spec, const build_files *files, arena *a,
                           error *err) {
    job_columns found;
    buf sql = buf_new(a);
    buf_add(&sql, "SELECT * EXCLUDE (" READER_PATH ") FROM ");
    build_add_source(files, &sql);
    TRY(storage_describe(d, sql.text, a, &found, err));
    if (found.count != spec->columns.count)
        return error_set(err, E_ENGINE, "the files of \"%s\" hold %zu columns, expected %zu",
                         spec->table, found.count, spec->columns.count);
    for (size_t i = 0; i < found.count; i++) {
        const job_column *want = &spec->columns.items[i];
        if (!str_eq(found.items[i].name, want->name))
            return error_set(err, E_ENGINE, "the files of \"%s\" call a column \"%s\", not \"%s\"",
                             spec->table, found.items[i].name, want->name);
        if (!str_eq(found.items[i].type, want->type)) {
            status kind =
                error_set(err, E_DEFINITION,
                          "the column \"%s\" of type %s cannot be kept: files hold it as %s",
                          want->name, want->type, found.items[i].type);
            error_hint(err,
                       "Cast the column to a type that Parquet has, such as VARCHAR or DECIMAL.");
            return kind;
        }
    }
    return OK;
}

/* One scan: per file and combination of map values the rows and both sums. */
static status scan(db *d, const build_spec *spec, const build_files *files, arena *a, error *err) {
    buf sql = buf_new(a);
    buf_add(&sql, "CREATE TEMP TABLE __weir_back AS SELECT " READER_PATH
                  " AS path, count(*) AS rows, sum(h1) AS sum1, sum(h2) AS sum2");
    for (size_t m = 0; m < spec->maps.count; m++) {
        if (spec->maps.items[m].keys.count > 0)
            buf_add(&sql, ", ");
        maps_add_all_names(&spec->maps.items[m], m, &sql);
    }
    buf_add(&sql, " FROM (SELECT " READER_PATH ", ");
    digest_add_first(&sql, &spec->columns);
    buf_add(&sql, " AS h1, ");
    digest_add_second(&sql, &spec->columns);
    buf_add(&sql, " AS h2");
    maps_add_keys(&spec->maps, &sql);
    buf_add(&sql, " FROM ");
    build_add_source(files, &sql);
    buf_add(&sql, ") GROUP BY ALL");
    return db_run(d, sql.text, err);
}

static status measure(build_file *file, error *err) {
    struct stat info;
    if (file->bytes > 0)
        return OK;
    if (stat(file->path, &info) != 0)
        return error_set_errno(err, errno, "cannot read back \"%s\"", file->path);
    file->bytes = info.st_size;
    return OK;
}

static status fill_file(build_files *files, const db_table *table, size_t row, error *err) {
    for (size_t i = 0; i < files->count; i++) {
        build_file *file = &files->items[i];
        if (!str_eq(file->path, db_cell(table, row, 0)))
            continue;
        ASSERT(number_int64(db_cell(table, row, 1), &file->rows));
        file->sum1 = db_cell(table, row, 2);
        file->sum2 = db_cell(table, row, 3);
        return measure(file, err);
    }
    return error_set(err, E_ENGINE, "the engine read back a file it did not write: \"%s\"",
                     db_cell(table, row, 0));
}

static status fill_files(db *d, build_files *files, arena *a, error *err) {
    db_table table;
    buf sql = buf_new(a);
    buf_add(&sql, "SELECT path, CAST(sum(rows) AS VARCHAR), ");
    digest_add_hex(&sql, "sum(sum1)");
    buf_add(&sql, ", ");
    digest_add_hex(&sql, "sum(sum2)");
    buf_add(&sql, " FROM __weir_back GROUP BY path ORDER BY path");
    TRY(db_rows(d, sql.text, a, &table, err));
    for (size_t r = 0; r < table.rows; r++)
        TRY(fill_file(files, &table, r, err));
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].sum1 == NULL)
            return error_set(err, E_ENGINE, "the file \"%s\" holds no rows", files->items[i].path);
    return OK;
}

static status load_ordinals(db *d, const build_files *files, arena *a, error *err) {
    const char **cells = ARENA_ARRAY(a, const char *, files->count * 2);
    for (size_t i = 0; i < files->count; i++) {
        cells[i * 2] = files->items[i].path;
        cells[i * 2 + 1] = arena_printf(a, "%" PRId64, files->items[i].ordinal);
    }
    return view_load_texts(d, "ordinals", cells, files->count, 2, err);
}

/* All partitions' feeds of one map in one query: ordinal, rows, values. */
static status read_map(db *d, const job_map *map, size_t place, arena *a, db_table *ret,
                       error *err) {
    buf sql = buf_new(a);
    buf_add(&sql, "SELECT o.__weir_c1, CAST(sum(b.rows) AS VARCHAR)");
    maps_add_key_texts(map, place, &sql);
    buf_add(&sql, " FROM __weir_back AS b JOIN __weir.ordinals AS o ON o.__weir_c0 = b.path"
                  " WHERE true");
    maps_add_condition(map, place, &sql);
    buf_add(&sql, " GROUP BY o.__weir_c1");
    for (size_t k = 0; k < map->keys.count; k++)
        buf_printf(&sql, ", m%zu_%zu", place, k);
    buf_add(&sql, " ORDER BY CAST(o.__weir_c1 AS INTEGER)");
    for (size_t k = 0; k < map->keys.count; k++)
        buf_printf(&sql, ", m%zu_%zu", place, k);
    return db_rows(d, sql.text, a, ret, err);
}

static void add_feed(json_t *feed, const db_table *table, size_t row) {
    json_t *values = json_array();
    int64_t rows = 0;
    ASSERT(number_int64(db_cell(table, row, 1), &rows));
    for (size_t c = 2; c < table->columns; c++)
        json_array_append_new(values, job_text(db_cell(table, row, c)));
    json_array_append_new(json_object_get(feed, "partitions"), values);
    json_array_append_new(json_object_get(feed, "rows"), json_integer(rows));
}

static status add_map_feeds(db *d, const job_map *map, size_t place, arena *a, json_t *feeds,
                            error *err) {
    db_table table = {0};
    TRY(read_map(d, map, place, a, &table, err));
    for (size_t r = 0; r < table.rows; r++) {
        int64_t ordinal = 0;
        ASSERT(number_int64(db_cell(&table, r, 0), &ordinal));
        add_feed(json_array_get(json_array_get(feeds, (size_t)ordinal), place), &table, r);
    }
    return OK;
}

static status read_files(db *d, const build_spec *spec, build_files *files, arena *a, json_t *feeds,
                         error *err) {
    TRY(check_schema(d, spec, files, a, err));
    TRY(scan(d, spec, files, a, err));
    TRY(fill_files(d, files, a, err));
    TRY(load_ordinals(d, files, a, err));
    for (size_t m = 0; m < spec->maps.count; m++)
        TRY(add_map_feeds(d, &spec->maps.items[m], m, a, feeds, err));
    return OK;
}

/* Per ordinal and map a document without partitions. */
static json_t *empty_feeds(const build_spec *spec) {
    json_t *feeds = json_array();
    for (size_t i = 0; i < spec->plan.partitions.count; i++) {
        json_t *of_partition = json_array();
        for (size_t m = 0; m < spec->maps.count; m++)
            json_array_append_new(
                of_partition,
                json_pack("{s:s,s:[],s:[]}", "id", spec->maps.items[m].id, "partitions", "rows"));
        json_array_append_new(feeds, of_partition);
    }
    return feeds;
}

status build_read_back(db *d, const build_spec *spec, build_files *files, arena *a,
                       json_t **ret_feeds, error *err) {
    json_t *feeds = empty_feeds(spec);
    status result = files->count > 0 ? read_files(d, spec, files, a, feeds, err) : OK;
    if (result == OK)
        *ret_feeds = feeds;
    else
        json_decref(feeds);
    return result;
}
