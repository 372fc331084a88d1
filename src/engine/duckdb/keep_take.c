#include "engine/duckdb/keep_take.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { INLINED_MAX = 12, ALIGNMENT = 16, ROWS_OF_WORD = 64, TRUTH = 1 };
static const size_t BLOCK_BYTES = (size_t)32 * 1024 * 1024;

take_mark take_here(const keep *k) {
    size_t blocks = k->blocks.count;
    return (take_mark){blocks, blocks > 0 ? k->blocks.items[blocks - 1].used : 0};
}

void take_free_blocks(keep *k, take_mark back_to) {
    while (k->blocks.count > back_to.blocks) {
        const take_block *last = &k->blocks.items[--k->blocks.count];
        k->bytes -= (int64_t)last->used;
        munmap(last->start, last->size);
    }
    if (k->blocks.count == 0)
        return;
    take_block *last = &k->blocks.items[k->blocks.count - 1];
    k->bytes -= (int64_t)(last->used - back_to.used);
    last->used = back_to.used;
}

static bool has_room(const keep *k, size_t size) {
    const take_block *last = k->blocks.count > 0 ? &k->blocks.items[k->blocks.count - 1] : NULL;
    return last != NULL && last->size - last->used >= size;
}

static bool add_block(keep *k, size_t size) {
    take_block block = {.size = size > BLOCK_BYTES ? size : BLOCK_BYTES};
    block.start =
        mmap(NULL, block.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block.start == MAP_FAILED)
        return false;
    vec_push(k->arena, &k->blocks, block);
    return true;
}

/* NULL: it would be too much, and the file that is being taken is given up. */
static char *take_memory(keep *k, size_t size) {
    if (k->full || k->bytes + (int64_t)size > k->bytes_max
        || (!has_room(k, size) && !add_block(k, size))) {
        k->full = true;
        return NULL;
    }
    take_block *last = &k->blocks.items[k->blocks.count - 1];
    char *memory = last->start + last->used;
    last->used += size;
    k->bytes += (int64_t)size;
    return memory;
}

static size_t aligned(size_t size) {
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t width_of(duckdb_logical_type logical) {
    duckdb_type type = duckdb_get_type_id(logical);
    if (type == DUCKDB_TYPE_DECIMAL)
        type = duckdb_decimal_internal_type(logical);
    switch ((int)type) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT:
        return sizeof(int8_t);
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_USMALLINT:
        return sizeof(int16_t);
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DATE:
        return sizeof(int32_t);
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UUID:
        return sizeof(duckdb_hugeint);
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
        return sizeof(duckdb_string_t);
    default:
        return sizeof(int64_t);
    }
}

/* The engine's own types, once there are vectors to ask. */
static void learn_types(keep_rows *rows, duckdb_data_chunk input) {
    for (size_t i = 0; i < rows->columns.count; i++) {
        keep_column *column = &rows->columns.items[i];
        if (column->logical != NULL)
            return;
        column->logical = duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(input, i));
        column->width = width_of(column->logical);
        column->is_text = column->width == sizeof(duckdb_string_t)
                          && (str_eq(column->type, "VARCHAR") || str_eq(column->type, "BLOB"));
    }
}

static size_t long_bytes(const duckdb_string_t *texts, size_t rows) {
    size_t bytes = 0;
    for (size_t i = 0; i < rows; i++)
        if (texts[i].value.inlined.length > INLINED_MAX)
            bytes += texts[i].value.inlined.length;
    return bytes;
}

static size_t valid_bytes(size_t rows) {
    return (rows + ROWS_OF_WORD - 1) / ROWS_OF_WORD * sizeof(uint64_t);
}

static size_t part_bytes(const keep_column *column, duckdb_vector vector, size_t rows) {
    size_t bytes = aligned(rows * column->width);
    if (duckdb_vector_get_validity(vector) != NULL)
        bytes += aligned(valid_bytes(rows));
    return column->is_text ? bytes + aligned(long_bytes(duckdb_vector_get_data(vector), rows))
                           : bytes;
}

static void *take_copy(char **at, const void *from, size_t size) {
    void *copy = memcpy(*at, from, size);
    *at += aligned(size);
    return copy;
}

/* What the long ones point to is the engine's, and soon something else. */
static void take_long_texts(char **at, duckdb_string_t *texts, size_t rows) {
    char *to = *at;
    for (size_t i = 0; i < rows; i++) {
        uint32_t length = texts[i].value.inlined.length;
        if (length <= INLINED_MAX)
            continue;
        texts[i].value.pointer.ptr = memcpy(to, texts[i].value.pointer.ptr, length);
        to += length;
    }
    *at += aligned((size_t)(to - *at));
}

static keep_part take_part(char **at, const keep_column *column, duckdb_vector vector,
                           size_t rows) {
    keep_part part = {0};
    const uint64_t *valid = duckdb_vector_get_validity(vector);
    void *values = take_copy(at, duckdb_vector_get_data(vector), rows * column->width);
    if (valid != NULL)
        part.valid = take_copy(at, valid, valid_bytes(rows));
    if (column->is_text)
        take_long_texts(at, values, rows);
    part.values = values;
    return part;
}

/* Room for the chunk, and its place among the rows; NULL when they are not wanted any more. */
static char *take_room(keep *k, duckdb_data_chunk input, size_t rows, keep_part **ret_parts) {
    keep_rows *open = k->open;
    char *room = NULL;
    if (open == NULL || k->full)
        return NULL;
    learn_types(open, input);
    size_t bytes = 0;
    for (size_t c = 0; c < open->columns.count; c++)
        bytes += part_bytes(&open->columns.items[c], duckdb_data_chunk_get_vector(input, c), rows);
    room = take_memory(k, bytes);
    if (room == NULL)
        return NULL;
    *ret_parts = ARENA_ARRAY(open->arena, keep_part, open->columns.count);
    vec_push(open->arena, &open->chunks, ((keep_chunk){*ret_parts, rows}));
    open->rows += (int64_t)rows;
    return room;
}

/* Copying goes on in parallel: the room is this thread's. */
static void take_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
    keep *k = duckdb_scalar_function_get_extra_info(info);
    size_t rows = duckdb_data_chunk_get_size(input);
    keep_part *parts = NULL;
    memset(duckdb_vector_get_data(output), TRUTH, rows);
    pthread_mutex_lock(&k->lock);
    char *at = rows > 0 ? take_room(k, input, rows, &parts) : NULL;
    pthread_mutex_unlock(&k->lock);
    if (at == NULL)
        return;
    for (size_t c = 0; c < k->open->columns.count; c++)
        parts[c] = take_part(&at, &k->open->columns.items[c],
                             duckdb_data_chunk_get_vector(input, c), rows);
}

status keep_register_taking(keep *k, db *d, error *err) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_logical_type truth = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    duckdb_scalar_function_set_name(function, "__weir_keep");
    duckdb_scalar_function_set_varargs(function, any);
    duckdb_scalar_function_set_return_type(function, truth);
    duckdb_scalar_function_set_special_handling(function); /* NULL is a value to be kept */
    duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_extra_info(function, k, NULL);
    duckdb_scalar_function_set_function(function, take_rows);
    duckdb_state state = duckdb_register_scalar_function(d->connection, function);
    duckdb_destroy_logical_type(&truth);
    duckdb_destroy_logical_type(&any);
    duckdb_destroy_scalar_function(&function);
    if (state == DuckDBError)
        return error_set(err, E_ENGINE, "the engine does not take a function of ours");
    return OK;
}
