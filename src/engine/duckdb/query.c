/* The job query: one SELECT over the inputs, answered row by row as text. */
#include "engine/duckdb/job.h"
#include "engine/duckdb/storage.h"
#include "engine/duckdb/view.h"
#include "engine/duckdb/worker.h"

#include <inttypes.h>
#include <strings.h>

enum { BATCH_ROWS = 1000 };

/* Rows on their way out. */
typedef struct batch {
    const reply *out;
    json_t *rows;
    int64_t sent;
} batch;

static status send_batch(batch *b, error *err) {
    if (json_array_size(b->rows) == 0)
        return OK;
    b->sent += (int64_t)json_array_size(b->rows);
    json_t *document = json_pack("{s:O}", "rows", b->rows);
    status result = reply_send(b->out, document, err);
    json_decref(document);
    json_array_clear(b->rows);
    return result;
}

static status add_rows(void *state, const db_text *cells, size_t rows, size_t columns, error *err) {
    batch *b = state;
    for (size_t r = 0; r < rows; r++) {
        json_t *row = json_array();
        for (size_t c = 0; c < columns; c++) {
            const db_text *cell = &cells[r * columns + c];
            json_array_append_new(
                row, cell->size < 0 ? json_null() : job_sized_text(cell->text, (size_t)cell->size));
        }
        json_array_append_new(b->rows, row);
        if (json_array_size(b->rows) == BATCH_ROWS)
            TRY(send_batch(b, err));
    }
    return OK;
}

static void add_names(const strings *names, buf *sql) {
    for (size_t i = 0; i < names->count; i++)
        buf_printf(sql, "%sc%zu", i > 0 ? ", " : "", i);
}

/* Without what may end a statement, for use inside parentheses. */
static const char *trimmed(const char *sql, arena *a) {
    size_t size = strlen(sql);
    while (size > 0 && strchr("; \t\r\n", sql[size - 1]) != NULL)
        size--;
    return arena_strndup(a, sql, size);
}

/* The statement under a name; what describes instead of selecting cannot be a view by itself. */
static status make_view(db *d, const char *sql, const strings *names, arena *a, error *err) {
    error ignored = {0};
    buf view = buf_new(a);
    buf_add(&view, "CREATE TEMP VIEW __weir_sql(");
    add_names(names, &view);
    buf_add(&view, ") AS ");
    buf direct = buf_new(a);
    buf_printf(&direct, "%s%s", view.text, sql);
    if (db_run(d, direct.text, &ignored) == OK)
        return OK;
    buf_printf(&view, "FROM (%s\n)", trimmed(sql, a));
    return db_run(d, view.text, err);
}

static json_t *columns_document(const strings *names, const job_columns *types) {
    json_t *list = json_array();
    for (size_t i = 0; i < names->count; i++)
        json_array_append_new(list, json_pack("{s:o,s:s}", "name", job_text(names->items[i]),
                                              "type", types->items[i].type));
    return list;
}

static status send_columns(const job_context *c, db *d, const strings *names, error *err) {
    job_columns types;
    TRY(storage_describe(d, "__weir_sql", c->arena, &types, err));
    json_t *document = json_pack("{s:o}", "columns", columns_document(names, &types));
    status result = reply_send(c->out, document, err);
    json_decref(document);
    return result;
}

static status send_rows(const job_context *c, db *d, const strings *names, json_t **ret,
                        error *err) {
    int64_t limit = json_get_int(c->job, "limit", -1);
    batch b = {.out = c->out, .rows = json_array()};
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT ");
    for (size_t i = 0; i < names->count; i++)
        buf_printf(&sql, "%sCAST(c%zu AS VARCHAR)", i > 0 ? ", " : "", i);
    buf_add(&sql, " FROM __weir_sql");
    if (limit >= 0)
        buf_printf(&sql, " LIMIT %" PRId64, limit);
    status result = db_stream(d, sql.text, add_rows, &b, err);
    if (result == OK)
        result = send_batch(&b, err);
    json_decref(b.rows);
    if (result == OK)
        *ret = json_pack("{s:b,s:I}", "done", 1, "rows", (json_int_t)b.sent);
    return result;
}

/* The engine's own SHOW TABLES leaves out everything that is in a layer. */
static const char SHOW_TABLES[] =
    "SELECT table_schema || '.' || table_name AS \"table\" FROM information_schema.tables"
    " WHERE table_schema NOT IN ('__weir', 'main') ORDER BY ALL";

static bool shows_tables(const char *sql, arena *a) {
    return strcasecmp(trimmed(sql, a), "show tables") == 0;
}

/* Only what the SQL names is made a view: binding a table opens its files. When that cannot be
 * told (a mistake in the SQL, most likely) a table that cannot be opened is nobody's fault. */
static status make_inputs(const job_context *c, db *d, const char *sql, view_inputs *inputs,
                          error *err) {
    strings names = {0};
    bool all = sql == SHOW_TABLES || !db_table_names(d, sql, c->arena, &names);
    for (size_t i = 0; i < inputs->count; i++) {
        error problem = {0};
        if (!all && !strings_contain(&names, inputs->items[i].table))
            continue;
        status result = view_make(d, &inputs->items[i], NULL, c->arena, &problem);
        if (result == OK || all)
            continue;
        *err = problem;
        return result;
    }
    return OK;
}

status job_query(const job_context *c, json_t **ret, error *err) {
    const char *sql;
    view_inputs inputs;
    strings paths = {0};
    strings folders = {0};
    strings names = {0};
    DB_AUTO d = {0};
    TRY(json_need_string(c->job, "sql", &sql, err));
    if (shows_tables(sql, c->arena))
        sql = SHOW_TABLES;
    TRY(view_read_inputs(c->job, c->worker->temp_dir, c->arena, &inputs, &paths, err));
    TRY(worker_fresh(c->worker, (worker_share){0}, &d, err));
    vec_push(c->arena, &folders, c->worker->temp_dir);
    TRY(db_seal(&d, &paths, &folders, err));
    TRY(make_inputs(c, &d, sql, &inputs, err));
    d.user_sql = sql;
    TRY(db_one_select(&d, sql, err));
    TRY(db_column_names(&d, sql, c->arena, &names, err));
    TRY(make_view(&d, sql, &names, c->arena, err));
    TRY(send_columns(c, &d, &names, err));
    return send_rows(c, &d, &names, ret, err);
}
