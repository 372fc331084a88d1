#include "engine/duckdb/check.h"

#include "base/number.h"
#include "engine/duckdb/whole.h"
#include "engine/duckdb/worker.h"

#include <inttypes.h>

enum { FAILURE_LIMIT = 100, PARTITIONS_MAX = 400 };

static status read_column(const json_t *item, const job_column *base, arena *a, check_column *ret,
                          error *err) {
    *ret = (check_column){.name = base->name, .type = base->type};
    ret->nullable = json_get_bool(item, "nullable", true);
    ret->minimum = json_get_string(item, "minimum", NULL);
    ret->maximum = json_get_string(item, "maximum", NULL);
    if (json_object_get(item, "aliases") == NULL)
        return OK;
    return job_read_strings(item, "aliases", a, &ret->aliases, err);
}

static status read_columns(const json_t *job, arena *a, check_spec *spec, error *err) {
    job_columns columns;
    TRY(job_read_columns(job, "columns", a, &columns, err));
    for (size_t i = 0; i < columns.count; i++) {
        check_column column;
        const json_t *item = json_array_get(json_object_get(job, "columns"), i);
        TRY(read_column(item, &columns.items[i], a, &column, err));
        vec_push(a, &spec->columns, column);
    }
    return OK;
}

static status read_format(const json_t *job, reader_format *ret, error *err) {
    static const char *const FORMATS[] = {"csv", "json", "parquet", "opaque"};
    const char *format;
    TRY(json_need_string(job, "format", &format, err));
    for (size_t i = 0; i < ARRAY_SIZE(FORMATS); i++) {
        if (str_eq(FORMATS[i], format)) {
            *ret = (reader_format)i;
            return OK;
        }
    }
    return error_set(err, E_USAGE, "\"%s\" is not a format", format);
}

static status read_spec(const json_t *job, arena *a, check_spec *spec, error *err) {
    const json_t *rows = json_object_get(job, "rows");
    const char *extra = json_get_string(job, "extra_columns", "fail");
    TRY(read_format(job, &spec->format, err));
    TRY(read_columns(job, a, spec, err));
    TRY(job_read_maps(job, "maps", a, &spec->maps, err));
    spec->csv = json_object_get(job, "csv");
    spec->header_exact = json_get_bool(spec->csv, "header_exact", true);
    spec->missing_is_null = str_eq(json_get_string(job, "missing_columns", "fail"), "null");
    spec->extra = str_eq(extra, "keep")   ? EXTRA_KEEP
                  : str_eq(extra, "drop") ? EXTRA_DROP
                                          : EXTRA_FAIL;
    spec->rows_min = json_get_int(rows, "min", 0);
    spec->rows_max = json_get_int(rows, "max", -1);
    spec->partitions_max = json_get_int(job, "max_partitions", PARTITIONS_MAX);
    spec->failure_limit = json_get_int(job, "failure_limit", FAILURE_LIMIT);
    return OK;
}

/* A bound that is not of its column's type is a mistake in the definition, not in the file. */
static status check_bound(db *d, const check_column *column, const char *bound, arena *a,
                          error *err) {
    if (bound == NULL)
        return OK;
    error ignored;
    const char *sql = arena_printf(a, "SELECT CAST(%s AS %s)", sql_literal(a, bound), column->type);
    if (db_run(d, sql, &ignored) != OK)
        return error_set(err, E_DEFINITION, "the bound \"%s\" of the column \"%s\" is not a %s",
                         bound, column->name, column->type);
    return OK;
}

static status check_bounds(db *d, const check_spec *spec, arena *a, error *err) {
    for (size_t i = 0; i < spec->columns.count; i++) {
        TRY(check_bound(d, &spec->columns.items[i], spec->columns.items[i].minimum, a, err));
        TRY(check_bound(d, &spec->columns.items[i], spec->columns.items[i].maximum, a, err));
    }
    return OK;
}

static verdict_rule rule_of(const error *problem) {
    static const struct {
        const char *text;
        verdict_rule rule;
    } SIGNS[] = {{"unicode", RULE_ENCODING}, {"UTF-8", RULE_ENCODING},
                 {"utf-8", RULE_ENCODING},   {"byte order mark", RULE_ENCODING},
                 {"GZIP", RULE_COMPRESSION}, {"gzip", RULE_COMPRESSION},
                 {"ZSTD", RULE_COMPRESSION}, {"frame", RULE_COMPRESSION}};
    for (size_t i = 0; i < ARRAY_SIZE(SIGNS); i++)
        if (strstr(problem->message, SIGNS[i].text) != NULL)
            return SIGNS[i].rule;
    return RULE_READABLE;
}

static int64_t leading_number(const char *text) {
    char digits[20];
    int64_t number = 0;
    size_t size = strspn(text, "0123456789");
    if (size >= sizeof digits)
        return 0;
    memcpy(digits, text, size);
    digits[size] = '\0';
    return number_int64(digits, &number) ? number : 0;
}

/* "… in line 3: …" and "… Line: 3;…": where the engine says so. For malformed JSON it says one
 * too much. */
static int64_t line_of(const char *message) {
    static const char *const SIGNS[] = {"in line ", "Line: "};
    for (size_t i = 0; i < ARRAY_SIZE(SIGNS); i++) {
        const char *at = strstr(message, SIGNS[i]);
        if (at != NULL)
            return leading_number(at + strlen(SIGNS[i]))
                   - (strstr(message, "alformed JSON") != NULL ? 1 : 0);
    }
    return 0;
}

/* The engine names the file, which is known, before it says what is wrong. */
static const char *reason_in(const char *message) {
    const char *colon = strrchr(message, ':');
    if (strstr(message, "alformed JSON") == NULL || colon == NULL || colon[1] != ' ')
        return message;
    return colon + 2;
}

static void refuse_bytes(check_file *c, const failure *f, const char *message) {
    const char *encoding = c->reader.encoding != NULL ? c->reader.encoding : "utf-8";
    if (strstr(message, "byte order mark") != NULL)
        verdict_add(&c->verdict, f, "a byte order mark, which JSON does not allow");
    else if (f->rule == RULE_ENCODING)
        verdict_add(&c->verdict, f, "the text is not valid %s", encoding);
    else if (strstr(message, "state machine") != NULL)
        verdict_add(&c->verdict, f, "lines end in different ways, or quotes are out of place");
    else if (c->spec->format == READER_PARQUET)
        verdict_add(&c->verdict, f, "not a whole Parquet file");
    else
        verdict_add(&c->verdict, f, "%s", reason_in(message));
}

status check_take_error(check_file *c, const error *problem, error *err) {
    verdict_rule broken = rule_of(problem);
    if (problem->kind != E_DATA && broken == RULE_READABLE) {
        *err = *problem;
        return problem->kind;
    }
    const failure f = {.rule = broken, .line = line_of(problem->message)};
    refuse_bytes(c, &f, problem->message);
    return OK;
}

void check_add_scan(const check_file *c, buf *sql, bool rejects, bool exact) {
    const reader_scan scan = {.paths = &c->paths, .rejects = rejects, .exact = exact};
    reader_add_scan(&c->reader, sql, &scan);
}

static status open_stream(check_file *c, error *err) {
    error problem = {0};
    status result = stream_check(c->file.path, c->compression, c->facts, &problem);
    if (result == E_DATA) {
        const failure f = {.rule = RULE_COMPRESSION};
        verdict_add(&c->verdict, &f, "%s", problem.message);
        return OK;
    }
    if (result != OK)
        *err = problem;
    return result;
}

static void check_count(check_file *c) {
    const failure f = {.rule = RULE_ROWS};
    if (c->rows < c->spec->rows_min && c->facts->head_size == 0)
        verdict_add(&c->verdict, &f, "the file is empty, expected at least %" PRId64 " rows",
                    c->spec->rows_min);
    else if (c->rows < c->spec->rows_min)
        verdict_add(&c->verdict, &f, "%" PRId64 " rows, expected at least %" PRId64, c->rows,
                    c->spec->rows_min);
    else if (c->spec->rows_max >= 0 && c->rows > c->spec->rows_max)
        verdict_add(&c->verdict, &f, "%" PRId64 " rows, expected at most %" PRId64, c->rows,
                    c->spec->rows_max);
}

/* No bytes, no rows: every declared column is absent. */
static void take_empty(check_file *c) {
    for (size_t i = 0; i < c->spec->columns.count; i++) {
        const check_column *declared = &c->spec->columns.items[i];
        const reader_column column = {.name = declared->name, .type = declared->type, .from = -1};
        vec_push(c->arena, &c->reader.columns, column);
    }
    c->feeds = json_array();
    for (size_t m = 0; m < c->spec->maps.count; m++)
        json_array_append_new(c->feeds, json_pack("{s:s,s:[],s:[]}", "id",
                                                  c->spec->maps.items[m].id, "partitions", "rows"));
    check_count(c);
}

static status find_columns(check_file *c, error *err) {
    switch (c->spec->format) {
    case READER_CSV:
        return check_csv_columns(c, err);
    case READER_JSON:
        return check_json_columns(c, err);
    case READER_PARQUET:
        return check_parquet_columns(c, err);
    case READER_OPAQUE:
        break;
    }
    return OK;
}

static status judge(check_file *c, error *err) {
    TRY(open_stream(c, err));
    if (c->verdict.count > 0)
        return OK;
    bool rows_wanted = c->spec->rows_min > 0;
    if (c->facts->head_size == 0 && (c->spec->format != READER_PARQUET || rows_wanted)) {
        take_empty(c);
        return OK;
    }
    if (c->spec->format == READER_OPAQUE)
        return OK;
    TRY(find_columns(c, err));
    if (c->verdict.count > 0)
        return OK;
    TRY(check_rows(c, err));
    if (c->verdict.count == 0)
        check_count(c);
    return OK;
}

static status prepare(check_file *c, error *err) {
    if (c->spec->format == READER_CSV)
        TRY(reader_read_csv(c->spec->csv, c->arena, &c->reader, err));
    c->reader.format = c->spec->format;
    c->reader.compression = c->compression;
    vec_push(c->arena, &c->paths, c->file.path);
    return judge(c, err);
}

/* The job's files, with the paths that the engine may open. */
typedef struct check_files {
    VEC(check_file) items;
    strings paths;
    bool kept; /* of some file the rows are to be kept */
} check_files;

static status read_files(const job_context *c, const check_spec *spec, check_files *ret,
                         error *err) {
    json_t *list;
    json_t *item;
    size_t i;
    TRY(json_need_array(c->job, "files", &list, err));
    json_array_foreach(list, i, item) {
        const char *path;
        check_file file = {.spec = spec, .arena = c->arena, .id = json_object_get(item, "id")};
        TRY(json_need_string(item, "path", &path, err));
        if (file.id == NULL)
            return error_set(err, E_USAGE, "a file has no id");
        TRY(view_engine_path(path, c->worker->temp_dir, c->arena, &file.file.path, err));
        file.compression = json_get_string(item, "compression", "none");
        file.file.file = json_get_string(item, "file", "");
        file.file.land_timestamp = json_get_int(item, "land_timestamp", 0);
        file.file.from_path = json_object_get(item, "from_path");
        file.keep = c->worker->keep;
        file.token = json_get_string(item, "keep", NULL);
        ret->kept = ret->kept || file.token != NULL;
        vec_push(c->arena, &ret->items, file);
        vec_push(c->arena, &ret->paths, file.file.path);
    }
    return OK;
}

static status open_db(const job_context *c, const check_files *files, db *ret, error *err) {
    strings folders = {0};
    vec_push(c->arena, &folders, c->worker->temp_dir);
    const worker_share share = {.keeps = files->kept};
    TRY(worker_fresh(c->worker, share, ret, err));
    TRY(whole_register(ret, err));
    if (files->kept)
        TRY(keep_register_taking(c->worker->keep, ret, err));
    return db_seal(ret, &files->paths, &folders, err);
}

/* A failed file leaves nothing that the next one could meet. */
static status clean_up(const job_context *c, const check_files *files, status outcome, db *d,
                       error *err) {
    error ignored = {0};
    status result = db_run(d,
                           "DROP TABLE IF EXISTS __weir_scan; DROP TABLE IF EXISTS __weir_rejects;"
                           "DROP TABLE IF EXISTS __weir_scans",
                           &ignored);
    if (outcome != E_ENGINE && result == OK)
        return OK;
    db_close(d);
    return open_db(c, files, d, err);
}

static status check_each(const job_context *c, check_files *files, db *d, json_t *documents,
                         error *err) {
    stream_facts *facts = ARENA_NEW(c->arena, stream_facts);
    for (size_t i = 0; i < files->items.count; i++) {
        check_file *file = &files->items.items[i];
        file->facts = facts;
        error problem = {0};
        file->db = d;
        file->verdict = verdict_new(file->spec->failure_limit);
        status outcome = prepare(file, &problem);
        file->kept = keep_end(file->keep, outcome == OK && file->verdict.count == 0);
        json_t *document = outcome == OK ? check_document(file) : job_error(&problem);
        if (outcome != OK)
            json_object_set(document, "id", file->id);
        json_array_append_new(documents, document);
        verdict_free(&file->verdict);
        json_decref(file->feeds);
        TRY(clean_up(c, files, outcome, d, err));
    }
    return OK;
}

status job_check(const job_context *c, json_t **ret, error *err) {
    check_spec spec = {0};
    check_files files = {0};
    DB_AUTO d = {0};
    TRY(read_spec(c->job, c->arena, &spec, err));
    TRY(read_files(c, &spec, &files, err));
    TRY(open_db(c, &files, &d, err));
    TRY(check_bounds(&d, &spec, c->arena, err));
    json_t *documents = json_array();
    status result = check_each(c, &files, &d, documents, err);
    if (result == OK)
        *ret = json_pack("{s:o}", "files", documents);
    else
        json_decref(documents);
    return result;
}
