/* Giving kept rows to a build's SQL. */
#include "engine/duckdb/keep.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { ROWS_OF_WORD = 64 };

/* The files of one call of the table function. */
typedef struct giving {
    arena *arena;
    VEC(const keep_rows *) files;
    VEC(duckdb_value) paths;
    size_t columns; /* of each; READER_PATH comes after them */
    size_t chunks;  /* of all */
} giving;

/* Threads take one chunk after the other. */
typedef struct progress {
    atomic_size_t next;
    size_t columns;
    idx_t wanted[]; /* places of the columns */
} progress;

static void free_giving(void *state) {
    giving *g = state;
    for (size_t i = 0; i < g->paths.count; i++)
        duckdb_destroy_value(&g->paths.items[i]);
    arena_free(g->arena);
}

/* False when a place is none, or has other columns than the first. */
static bool add_file(giving *g, const keep *k, int64_t place, duckdb_value path) {
    const keep_rows *rows = place >= 0 ? keep_at(k, (size_t)place) : NULL;
    vec_push(g->arena, &g->paths, path);
    if (rows == NULL || (g->files.count > 0 && rows->columns.count != g->columns))
        return false;
    vec_push(g->arena, &g->files, rows);
    g->columns = rows->columns.count;
    g->chunks += rows->chunks.count;
    return true;
}

static bool read_files(duckdb_bind_info info, giving *g) {
    const keep *k = duckdb_bind_get_extra_info(info);
    duckdb_value places = duckdb_bind_get_parameter(info, 0);
    duckdb_value paths = duckdb_bind_get_parameter(info, 1);
    idx_t count = duckdb_get_list_size(places);
    bool good = count > 0 && count == duckdb_get_list_size(paths);
    for (idx_t i = 0; good && i < count; i++) {
        duckdb_value place = duckdb_get_list_child(places, i);
        good = add_file(g, k, duckdb_get_int64(place), duckdb_get_list_child(paths, i));
        duckdb_destroy_value(&place);
    }
    duckdb_destroy_value(&paths);
    duckdb_destroy_value(&places);
    return good;
}

static void add_columns(duckdb_bind_info info, const keep_rows *rows) {
    for (size_t c = 0; c < rows->columns.count; c++) {
        const keep_column *column = &rows->columns.items[c];
        duckdb_bind_add_result_column(info, column->name, column->logical);
    }
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_bind_add_result_column(info, READER_PATH, text);
    duckdb_destroy_logical_type(&text);
}

static void bind(duckdb_bind_info info) {
    arena *a = arena_new();
    giving *g = ARENA_NEW(a, giving);
    int64_t rows = 0;
    g->arena = a;
    if (!read_files(info, g)) {
        duckdb_bind_set_error(info, "no such rows are kept");
        free_giving(g);
        return;
    }
    add_columns(info, g->files.items[0]);
    for (size_t i = 0; i < g->files.count; i++)
        rows += g->files.items[i]->rows;
    duckdb_bind_set_cardinality(info, (idx_t)rows, true);
    duckdb_bind_set_bind_data(info, g, free_giving);
}

static void begin(duckdb_init_info info) {
    const giving *g = duckdb_init_get_bind_data(info);
    size_t columns = duckdb_init_get_column_count(info);
    progress *p = calloc(1, sizeof *p + columns * sizeof *p->wanted);
    ASSERT(p != NULL);
    p->columns = columns;
    for (size_t c = 0; c < columns; c++)
        p->wanted[c] = duckdb_init_get_column_index(info, c);
    duckdb_init_set_init_data(info, p, free);
    duckdb_init_set_max_threads(info, g->chunks);
}

/* The place-th chunk of all files, and whose it is. */
static const keep_chunk *chunk_at(const giving *g, size_t place, size_t *ret_file) {
    for (size_t i = 0; i < g->files.count; i++) {
        if (place < g->files.items[i]->chunks.count) {
            *ret_file = i;
            return &g->files.items[i]->chunks.items[place];
        }
        place -= g->files.items[i]->chunks.count;
    }
    return NULL;
}

/* Long texts stay where they are kept, which is for longer than the instance lives. */
static void give_part(const keep_part *part, const keep_column *column, size_t rows,
                      duckdb_vector to) {
    memcpy(duckdb_vector_get_data(to), part->values, rows * column->width);
    if (part->valid == NULL)
        return;
    duckdb_vector_ensure_validity_writable(to);
    memcpy(duckdb_vector_get_validity(to), part->valid,
           (rows + ROWS_OF_WORD - 1) / ROWS_OF_WORD * sizeof *part->valid);
}

static void give(duckdb_function_info info, duckdb_data_chunk output) {
    const giving *g = duckdb_function_get_bind_data(info);
    progress *p = duckdb_function_get_init_data(info);
    size_t file = 0;
    const keep_chunk *chunk = chunk_at(g, atomic_fetch_add(&p->next, 1), &file);
    size_t rows = chunk != NULL ? chunk->rows : 0;
    for (size_t c = 0; rows > 0 && c < p->columns; c++) {
        idx_t place = p->wanted[c]; /* none of both: only the number of rows is wanted */
        duckdb_vector to = duckdb_data_chunk_get_vector(output, c);
        if (place < g->columns)
            give_part(&chunk->parts[place], &g->files.items[file]->columns.items[place], rows, to);
        else if (place == g->columns)
            duckdb_vector_reference_value(to, g->paths.items[file]);
    }
    duckdb_data_chunk_set_size(output, rows);
}

static void add_list_parameter(duckdb_table_function function, duckdb_type of) {
    duckdb_logical_type item = duckdb_create_logical_type(of);
    duckdb_logical_type list = duckdb_create_list_type(item);
    duckdb_table_function_add_parameter(function, list);
    duckdb_destroy_logical_type(&list);
    duckdb_destroy_logical_type(&item);
}

status keep_register_giving(const keep *k, db *d, error *err) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "__weir_kept");
    add_list_parameter(function, DUCKDB_TYPE_BIGINT);
    add_list_parameter(function, DUCKDB_TYPE_VARCHAR);
    duckdb_table_function_set_extra_info(function, (void *)(uintptr_t)k, NULL);
    duckdb_table_function_set_bind(function, bind);
    duckdb_table_function_set_init(function, begin);
    duckdb_table_function_set_function(function, give);
    duckdb_table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb_register_table_function(d->connection, function);
    duckdb_destroy_table_function(&function);
    if (state == DuckDBError)
        return error_set(err, E_ENGINE, "the engine does not take a function of ours");
    return OK;
}
