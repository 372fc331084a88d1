#include "engine/duckdb/db.h"

#include "base/number.h"
#include "engine/duckdb/bucket.h"

#include <inttypes.h>

static status configure(duckdb_config config, const char *name, const char *value, error *err) {
    if (duckdb_set_config(config, name, value) == DuckDBError)
        return error_set(err, E_ENGINE, "the engine does not take the setting \"%s\" = \"%s\"",
                         name, value);
    return OK;
}

/* What is fixed at the start. Nothing is looked for in the home folder or on the network. */
static status configure_all(duckdb_config config, const db_options *options, error *err) {
    char number[32];
    snprintf(number, sizeof number, "%" PRId64, options->threads);
    TRY(configure(config, "threads", number, err));
    snprintf(number, sizeof number, "%" PRId64 "B", options->memory_bytes);
    TRY(configure(config, "memory_limit", number, err));
    TRY(configure(config, "temp_directory", options->temp_dir, err));
    TRY(configure(config, "home_directory", options->temp_dir, err));
    TRY(configure(config, "extension_directory", options->temp_dir, err));
    TRY(configure(config, "autoinstall_known_extensions", "false", err));
    TRY(configure(config, "autoload_known_extensions", "false", err));
    TRY(configure(config, "allow_community_extensions", "false", err));
    if (options->buckets != NULL) /* until bucket_open has loaded its own */
        TRY(configure(config, "allow_unsigned_extensions", "true", err));
    TRY(configure(config, "allow_persistent_secrets", "false", err));
    TRY(configure(config, "preserve_insertion_order", "true", err));
    TRY(configure(config, "default_null_order", "nulls_last", err));
    TRY(configure(config, "default_order", "asc", err));
    return configure(config, "errors_as_json", "true", err);
}

static status open_instance(duckdb_config config, db *d, error *err) {
    char *problem = NULL;
    if (duckdb_open_ext(NULL, &d->database, config, &problem) == DuckDBError) {
        error_set(err, E_ENGINE, "the engine does not start: %s", problem != NULL ? problem : "");
        duckdb_free(problem);
        return E_ENGINE;
    }
    if (duckdb_connect(d->database, &d->connection) == DuckDBError)
        return error_set(err, E_ENGINE, "the engine takes no connection");
    return OK;
}

/* What is set by SQL. Many partitions are written at once: a file that is closed in between comes
 * out in several pieces. */
static status set_session(db *d, const char *timezone, error *err) {
    arena *a = arena_new();
    status result = db_runf(d, a, err,
                            "SET partitioned_write_max_open_files = %d;"
                            " SET parquet_metadata_cache = true; SET Calendar = 'gregorian'",
                            DB_OPEN_FILES_MAX);
    if (result == OK)
        result = db_runf(d, a, err, "SET TimeZone = %s", sql_literal(a, timezone));
    arena_free(a);
    if (result == E_DEFINITION)
        return error_set(err, E_DEFINITION, "\"%s\" is not a time zone", timezone);
    return result;
}

status db_open(const db_options *options, db *ret, error *err) {
    *ret = (db){.buckets = options->buckets};
    duckdb_config config = NULL;
    if (duckdb_create_config(&config) == DuckDBError)
        return error_set(err, E_ENGINE, "the engine does not start");
    status result = configure_all(config, options, err);
    if (result == OK)
        result = open_instance(config, ret, err);
    duckdb_destroy_config(&config);
    TRY(result);
    return set_session(ret, options->timezone, err);
}

void db_close(db *d) {
    if (d->connection != NULL)
        duckdb_disconnect(&d->connection);
    if (d->database != NULL)
        duckdb_close(&d->database);
}

static void add_list(buf *sql, const strings *texts) {
    buf_char(sql, '[');
    for (size_t i = 0; i < texts->count; i++) {
        if (i > 0)
            buf_char(sql, ',');
        buf_sql_literal(sql, texts->items[i]);
    }
    buf_char(sql, ']');
}

static bool any_in_bucket(const strings *places) {
    for (size_t i = 0; i < places->count; i++)
        if (bucket_has(places->items[i]))
            return true;
    return false;
}

status db_seal(db *d, const strings *files, const strings *folders, error *err) {
    if (any_in_bucket(files) || any_in_bucket(folders))
        TRY(bucket_open(d, d->buckets, err));
    arena *a = arena_new();
    buf sql = buf_new(a);
    buf_add(&sql, "SET allowed_paths = ");
    add_list(&sql, files);
    buf_add(&sql, "; SET allowed_directories = ");
    add_list(&sql, folders);
    buf_add(&sql, "; SET enable_external_access = false; SET lock_configuration = true");
    status result = db_run(d, sql.text, err);
    arena_free(a);
    d->sealed = result == OK;
    return result;
}

static status run(db *d, const char *sql, duckdb_result *result, error *err) {
    if (duckdb_query(d->connection, sql, result) == DuckDBSuccess)
        return OK;
    status kind =
        db_fail(d, duckdb_result_error_type(result), duckdb_result_error(result), sql, err);
    duckdb_destroy_result(result);
    return kind;
}

status db_run(db *d, const char *sql, error *err) {
    duckdb_result result;
    TRY(run(d, sql, &result, err));
    duckdb_destroy_result(&result);
    return OK;
}

/* What COPY … RETURN_STATS gives first: filename, count, file_size_bytes. */
static status take_stats(duckdb_data_chunk chunk, arena *a, db_written *ret, error *err) {
    duckdb_vector columns[3];
    for (idx_t i = 0; i < ARRAY_SIZE(columns); i++)
        columns[i] = duckdb_data_chunk_get_vector(chunk, i);
    duckdb_string_t *names = duckdb_vector_get_data(columns[0]);
    const uint64_t *rows = duckdb_vector_get_data(columns[1]);
    const uint64_t *bytes = duckdb_vector_get_data(columns[2]);
    for (idx_t r = 0; r < duckdb_data_chunk_get_size(chunk); r++) {
        if (rows[r] > INT64_MAX || bytes[r] > INT64_MAX)
            return error_set(err, E_ENGINE, "the engine tells of a file of no size");
        const db_file file = {.path = arena_strndup(a, duckdb_string_t_data(&names[r]),
                                                    duckdb_string_t_length(names[r])),
                              .rows = (int64_t)rows[r],
                              .bytes = (int64_t)bytes[r]};
        vec_push(a, ret, file);
    }
    return OK;
}

status db_copy(db *d, const char *sql, arena *a, db_written *ret, error *err) {
    duckdb_result result;
    status outcome = OK;
    TRY(run(d, sql, &result, err));
    if (duckdb_column_count(&result) < 3 || duckdb_column_type(&result, 0) != DUCKDB_TYPE_VARCHAR
        || duckdb_column_type(&result, 1) != DUCKDB_TYPE_UBIGINT
        || duckdb_column_type(&result, 2) != DUCKDB_TYPE_UBIGINT)
        outcome = error_set(err, E_ENGINE, "the engine does not tell which files it wrote");
    while (outcome == OK) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
        if (chunk == NULL)
            break;
        outcome = take_stats(chunk, a, ret, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return outcome;
}

status db_runf(db *d, arena *a, error *err, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int size = vsnprintf(NULL, 0, format, values);
    va_end(values);
    ASSERT(size >= 0);
    char *sql = arena_alloc(a, (size_t)size + 1);
    va_start(values, format);
    vsnprintf(sql, (size_t)size + 1, format, values);
    va_end(values);
    return db_run(d, sql, err);
}

static status need_text(duckdb_result *result, error *err) {
    for (idx_t i = 0; i < duckdb_column_count(result); i++)
        if (duckdb_column_type(result, i) != DUCKDB_TYPE_VARCHAR)
            return error_set(err, E_ENGINE, "the column \"%s\" of a worker's query is not text",
                             duckdb_column_name(result, i));
    return OK;
}

/* The values of one chunk, row by row. The texts belong to the chunk. */
static void read_chunk(duckdb_data_chunk chunk, size_t columns, size_t rows, db_text *cells) {
    for (size_t c = 0; c < columns; c++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, c);
        duckdb_string_t *texts = duckdb_vector_get_data(vector);
        uint64_t *valid = duckdb_vector_get_validity(vector);
        for (size_t r = 0; r < rows; r++) {
            db_text *cell = &cells[r * columns + c];
            *cell = (db_text){.text = "", .size = -1};
            if (valid != NULL && !duckdb_validity_row_is_valid(valid, r))
                continue;
            cell->text = duckdb_string_t_data(&texts[r]);
            cell->size = duckdb_string_t_length(texts[r]);
        }
    }
}

static status each_chunk(duckdb_result *result, db_each each, void *state, error *err) {
    TRY(need_text(result, err));
    size_t columns = duckdb_column_count(result);
    ASSERT(columns > 0);
    db_text *cells = calloc(columns * duckdb_vector_size(), sizeof *cells);
    ASSERT(cells != NULL);
    status outcome = OK;
    while (outcome == OK) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (chunk == NULL)
            break;
        size_t rows = duckdb_data_chunk_get_size(chunk);
        read_chunk(chunk, columns, rows, cells);
        outcome = rows > 0 ? each(state, cells, rows, columns, err) : OK;
        duckdb_destroy_data_chunk(&chunk);
    }
    free(cells);
    return outcome;
}

status db_stream(db *d, const char *sql, db_each each, void *state, error *err) {
    duckdb_prepared_statement statement = NULL;
    duckdb_result result = {0};
    status outcome = OK;
    if (duckdb_prepare(d->connection, sql, &statement) == DuckDBError) {
        /* A failed prepare does not tell its kind: running it fails again and does. */
        outcome = run(d, sql, &result, err);
        if (outcome == OK)
            outcome = error_set(err, E_ENGINE, "%s", duckdb_prepare_error(statement));
    } else if (duckdb_execute_prepared_streaming(statement, &result) == DuckDBError) {
        outcome =
            db_fail(d, duckdb_result_error_type(&result), duckdb_result_error(&result), sql, err);
    } else {
        outcome = each_chunk(&result, each, state, err);
        const char *late = duckdb_result_error(&result);
        if (outcome == OK && late != NULL && late[0] != '\0')
            outcome = db_fail(d, duckdb_result_error_type(&result), late, sql, err);
    }
    duckdb_destroy_result(&result);
    duckdb_destroy_prepare(&statement);
    return outcome;
}

typedef VEC(const char *) cell_vec;

typedef struct collect {
    arena *arena;
    cell_vec cells;
    size_t columns;
    size_t rows;
} collect;

static status collect_rows(void *state, const db_text *cells, size_t rows, size_t columns,
                           error *err) {
    collect *all = state;
    for (size_t i = 0; i < rows * columns; i++) {
        const char *text = NULL;
        if (cells[i].size >= 0) {
            size_t size = (size_t)cells[i].size;
            if (memchr(cells[i].text, '\0', size) != NULL)
                return error_set(err, E_DATA, "a value holds a NUL character");
            text = arena_strndup(all->arena, cells[i].text, size);
        }
        vec_push(all->arena, &all->cells, text);
    }
    all->columns = columns;
    all->rows += rows;
    return OK;
}

status db_rows(db *d, const char *sql, arena *a, db_table *ret, error *err) {
    duckdb_result result;
    collect all = {.arena = a};
    TRY(run(d, sql, &result, err));
    status outcome = each_chunk(&result, collect_rows, &all, err);
    duckdb_destroy_result(&result);
    TRY(outcome);
    *ret = (db_table){.cells = all.cells.items, .columns = all.columns, .rows = all.rows};
    return OK;
}

status db_number(db *d, const char *sql, arena *a, int64_t *ret, error *err) {
    db_table table;
    TRY(db_rows(d, sql, a, &table, err));
    if (table.rows == 0 || db_cell(&table, 0, 0) == NULL
        || !number_int64(db_cell(&table, 0, 0), ret))
        return error_set(err, E_ENGINE, "a worker's query gave no number");
    return OK;
}

status db_one_select(db *d, const char *sql, error *err) {
    duckdb_extracted_statements all = NULL;
    duckdb_prepared_statement statement = NULL;
    idx_t count = duckdb_extract_statements(d->connection, sql, &all);
    duckdb_statement_type type = DUCKDB_STATEMENT_TYPE_INVALID;
    if (count == 1
        && duckdb_prepare_extracted_statement(d->connection, all, 0, &statement) == DuckDBSuccess)
        type = duckdb_prepared_statement_type(statement);
    status outcome = OK;
    if (count > 1)
        outcome =
            error_set(err, E_DEFINITION, "the SQL holds %" PRIu64 " statements, not one", count);
    else if (type == DUCKDB_STATEMENT_TYPE_INVALID)
        outcome = db_run(d, sql, err); /* fails again and tells why */
    else if (type != DUCKDB_STATEMENT_TYPE_SELECT)
        outcome = error_set(err, E_DEFINITION, "the SQL is not a SELECT");
    if (outcome == OK && type != DUCKDB_STATEMENT_TYPE_SELECT)
        outcome = error_set(err, E_DEFINITION, "the SQL holds no statement");
    duckdb_destroy_prepare(&statement);
    duckdb_destroy_extracted(&all);
    return outcome;
}
