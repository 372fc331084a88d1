#include "cli/query_output.h"

#include "base/str.h"

typedef enum value_form { VALUE_TEXT, VALUE_NUMBER, VALUE_BOOLEAN } value_form;

struct query_output {
    output *out;
    arena *arena;
    size_t width;
    const char **names; /* unlike each other */
    value_form *forms;
    size_t *widths; /* of the table's columns, fixed by the first rows */
    int64_t rows;
};

query_output *query_output_new(output *out, arena *a) {
    query_output *q = ARENA_NEW(a, query_output);
    *q = (query_output){.out = out, .arena = a};
    return q;
}

static size_t skip_digits(const char *text) {
    return strspn(text, "0123456789");
}

bool query_output_is_number(const char *text) {
    const char *c = text + (*text == '-');
    size_t whole = skip_digits(c);
    if (whole == 0 || (whole > 1 && *c == '0'))
        return false;
    c += whole;
    if (*c == '.') {
        size_t fraction = skip_digits(c + 1);
        if (fraction == 0)
            return false;
        c += 1 + fraction;
    }
    if (*c == 'e' || *c == 'E') {
        c++;
        c += *c == '+' || *c == '-';
        size_t exponent = skip_digits(c);
        if (exponent == 0)
            return false;
        c += exponent;
    }
    return *c == '\0';
}

/* Decimals stay texts: a reader of JSON would make 12.50 a binary fraction. */
static value_form form_of(const char *type) {
    static const char *const NUMBERS[] = {
        "TINYINT",   "SMALLINT", "INTEGER", "BIGINT",   "HUGEINT", "UTINYINT",
        "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT",   "DOUBLE",
    };
    for (size_t i = 0; i < ARRAY_SIZE(NUMBERS); i++)
        if (str_eq(NUMBERS[i], type))
            return VALUE_NUMBER;
    return str_eq(type, "BOOLEAN") ? VALUE_BOOLEAN : VALUE_TEXT;
}

/* JSON objects need names that differ: the second "a" becomes "a_1". */
static const char *unlike(query_output *q, const char *name, size_t count) {
    strings taken = {.items = q->names, .count = count};
    const char *candidate = name;
    for (int i = 1; strings_contain(&taken, candidate); i++)
        candidate = arena_printf(q->arena, "%s_%d", name, i);
    return candidate;
}

static status take_columns(query_output *q, const json_t *header, error *err) {
    q->width = json_array_size(header);
    q->names = ARENA_ARRAY(q->arena, const char *, q->width);
    q->forms = ARENA_ARRAY(q->arena, value_form, q->width);
    q->widths = ARENA_ARRAY(q->arena, size_t, q->width);
    for (size_t i = 0; i < q->width; i++) {
        const json_t *named = json_array_get(header, i);
        const char *name, *type;
        TRY(json_need_string(named, "name", &name, err));
        TRY(json_need_string(named, "type", &type, err));
        q->names[i] = unlike(q, arena_strdup(q->arena, name), i);
        q->forms[i] = form_of(type);
    }
    return OK;
}

static status begin(void *state, const json_t *header, error *err) {
    query_output *q = state;
    TRY(take_columns(q, header, err));
    if (q->out->format == OUTPUT_CSV)
        output_csv_record(q->out, q->names, q->width);
    if (q->out->format == OUTPUT_JSON) {
        fputs("{\"format\":1,\"columns\":", q->out->stream);
        json_dumpf(header, q->out->stream, JSON_COMPACT);
        fputs(",\"rows\":[", q->out->stream);
    }
    return OK;
}

static void write_string(FILE *stream, const char *text) {
    JSON_AUTO value = output_string(text);
    json_dumpf(value, stream, JSON_ENCODE_ANY);
}

static void write_value(query_output *q, size_t place, const char *text) {
    FILE *stream = q->out->stream;
    value_form form = q->forms[place];
    if (text == NULL)
        fputs("null", stream);
    else if (form == VALUE_NUMBER && query_output_is_number(text))
        fputs(text, stream);
    else if (form == VALUE_BOOLEAN && (str_eq(text, "true") || str_eq(text, "false")))
        fputs(text, stream);
    else
        write_string(stream, text);
}

static void write_object(query_output *q, const char *const *cells) {
    fputc('{', q->out->stream);
    for (size_t i = 0; i < q->width; i++) {
        fputs(i > 0 ? "," : "", q->out->stream);
        write_string(q->out->stream, q->names[i]);
        fputc(':', q->out->stream);
        write_value(q, i, cells[i]);
    }
    fputc('}', q->out->stream);
}

static void write_records(query_output *q, const char *const *cells, size_t count) {
    for (size_t row = 0; row < count; row++) {
        const char *const *record = cells + row * q->width;
        if (q->out->format == OUTPUT_CSV) {
            output_csv_record(q->out, record, q->width);
            continue;
        }
        bool in_array = q->out->format == OUTPUT_JSON;
        if (in_array && q->rows + (int64_t)row > 0)
            fputc(',', q->out->stream);
        write_object(q, record);
        fputs(in_array ? "" : "\n", q->out->stream);
    }
}

static void write_table(query_output *q, const char *const *cells, size_t count) {
    ARENA_AUTO a = arena_new();
    bool *right = ARENA_ARRAY(a, bool, q->width);
    for (size_t i = 0; i < q->width; i++)
        right[i] = q->forms[i] == VALUE_NUMBER;
    output_write_grid(q->out, &(output_grid){.titles = q->rows == 0 ? q->names : NULL,
                                             .right = right,
                                             .width = q->width,
                                             .cells = cells,
                                             .rows = count,
                                             .null = "NULL",
                                             .widths = q->widths});
}

static status read_cells(const query_output *q, const json_t *rows, arena *a, const char ***ret,
                         error *err) {
    const char **cells = ARENA_ARRAY(a, const char *, json_array_size(rows) * q->width);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        if (json_array_size(row) != q->width)
            return error_set(err, E_ENGINE, "the engine gave a row of %zu values for %zu columns",
                             json_array_size(row), q->width);
        for (size_t place = 0; place < q->width; place++)
            cells[i * q->width + place] = json_string_value(json_array_get(row, place));
    }
    *ret = cells;
    return OK;
}

static status add_rows(void *state, const json_t *rows, error *err) {
    query_output *q = state;
    ARENA_AUTO a = arena_new();
    const char **cells = NULL;
    TRY(read_cells(q, rows, a, &cells, err));
    size_t count = json_array_size(rows);
    if (q->out->format == OUTPUT_TABLE)
        write_table(q, cells, count);
    else
        write_records(q, cells, count);
    q->rows += (int64_t)count;
    return output_flush(q->out, err);
}

engine_sink query_output_sink(query_output *q) {
    return (engine_sink){.columns = begin, .rows = add_rows, .state = q};
}

void query_output_end(query_output *q) {
    if (q->out->format == OUTPUT_JSON)
        fputs("]}\n", q->out->stream);
    if (q->out->format == OUTPUT_TABLE && q->rows == 0)
        write_table(q, NULL, 0);
}
