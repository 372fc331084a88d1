#include "engine/duckdb/whole.h"

#include <stdlib.h>

enum { BASE = 10, INLINED_MAX = 12 };

/* The engine's own accessors are calls, two for each value. */
static const char *text_of(const duckdb_string_t *text) {
    return text->value.inlined.length <= INLINED_MAX ? text->value.inlined.inlined
                                                     : text->value.pointer.ptr;
}

int whole_digits(const char *type) {
    static const struct {
        const char *type;
        int digits;
    } TYPES[] = {{"TINYINT", 2},   {"SMALLINT", 4},   {"INTEGER", 9},   {"BIGINT", 18},
                 {"UTINYINT", -2}, {"USMALLINT", -4}, {"UINTEGER", -9}, {"UBIGINT", -18}};
    for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++)
        if (str_eq(TYPES[i].type, type))
            return TYPES[i].digits;
    return 0;
}

/* digits: negative when no minus may stand before them. */
static bool read_whole(const char *text, uint32_t size, int32_t digits, int64_t *ret) {
    const char *end = text + size;
    bool minus = digits > 0 && size > 0 && *text == '-';
    text += minus;
    if (text == end || end - text > abs(digits))
        return false;
    int64_t value = 0;
    for (; text < end; text++) {
        unsigned digit = (unsigned)(unsigned char)*text - '0';
        if (digit >= BASE)
            return false;
        value = value * BASE + (int64_t)digit;
    }
    *ret = minus ? -value : value;
    return true;
}

/* The engine's vectors, which it has flattened. */
typedef struct columns {
    const duckdb_string_t *texts;
    uint64_t *texts_valid; /* NULL: all */
    const int32_t *digits;
    int64_t *numbers;
    uint64_t *numbers_valid; /* NULL until the first NULL */
} columns;

static void set_null(columns *c, duckdb_vector output, idx_t row) {
    if (c->numbers_valid == NULL) {
        duckdb_vector_ensure_validity_writable(output);
        c->numbers_valid = duckdb_vector_get_validity(output);
    }
    duckdb_validity_set_row_invalid(c->numbers_valid, row);
}

static void take_whole(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
    (void)info;
    duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
    columns c = {.texts = duckdb_vector_get_data(texts),
                 .texts_valid = duckdb_vector_get_validity(texts),
                 .digits = duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)),
                 .numbers = duckdb_vector_get_data(output)};
    idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t row = 0; row < rows; row++) {
        const duckdb_string_t *text = &c.texts[row];
        bool there = c.texts_valid == NULL || duckdb_validity_row_is_valid(c.texts_valid, row);
        if (!there
            || !read_whole(text_of(text), text->value.inlined.length, c.digits[row],
                           &c.numbers[row]))
            set_null(&c, output, row);
    }
}

static duckdb_scalar_function make_function(void) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type digits = duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_scalar_function_set_name(function, "__weir_whole");
    duckdb_scalar_function_add_parameter(function, text);
    duckdb_scalar_function_add_parameter(function, digits);
    duckdb_scalar_function_set_return_type(function, number);
    duckdb_scalar_function_set_function(function, take_whole);
    duckdb_destroy_logical_type(&number);
    duckdb_destroy_logical_type(&digits);
    duckdb_destroy_logical_type(&text);
    return function;
}

status whole_register(db *d, error *err) {
    duckdb_scalar_function function = make_function();
    duckdb_state state = duckdb_register_scalar_function(d->connection, function);
    duckdb_destroy_scalar_function(&function);
    if (state == DuckDBError)
        return error_set(err, E_ENGINE, "the engine does not take a function of ours");
    return OK;
}
