#include "cli/output.h"

#include "base/number.h"
#include "base/str.h"

#include <errno.h>
#include <poll.h>

static const char BOLD[] = "\033[1m";
static const char PLAIN[] = "\033[0m";

output_format output_format_of(const char *name) {
    static const struct {
        const char *name;
        output_format format;
    } FORMATS[] = {{"json", OUTPUT_JSON}, {"jsonl", OUTPUT_JSONL}, {"csv", OUTPUT_CSV}};
    for (size_t i = 0; name != NULL && i < ARRAY_SIZE(FORMATS); i++)
        if (str_eq(FORMATS[i].name, name))
            return FORMATS[i].format;
    return OUTPUT_TABLE;
}

char *output_bytes(arena *a, int64_t bytes) {
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.95 && unit + 1 < ARRAY_SIZE(UNITS)) {
        value /= 1000;
        unit++;
    }
    if (unit == 0)
        return arena_printf(a, "%lld B", (long long)bytes);
    return arena_printf(a, "%.1f %s", value, UNITS[unit]);
}

char *output_plural(arena *a, int64_t count, const char *one, const char *many) {
    return arena_printf(a, "%lld %s", (long long)count, count == 1 ? one : many);
}

json_t *output_string(const char *text) {
    if (text == NULL)
        return json_null();
    if (str_is_utf8(text, strlen(text)))
        return json_string(text);
    ARENA_AUTO a = arena_new();
    return json_string(str_printable(a, text));
}

json_t *output_time(int64_t time_us) {
    if (time_us == 0)
        return json_null();
    char text[TIME_TEXT_SIZE];
    time_text(time_us, text);
    return json_string(text);
}

void output_json(output *o, const json_t *document) {
    json_dumpf(document, o->stream, JSON_COMPACT | JSON_REAL_PRECISION(6));
    fputc('\n', o->stream);
}

static bool needs_quotes(const char *field) {
    return field[0] == '\0' || strpbrk(field, ",\"\r\n") != NULL || field[0] == ' '
           || field[strlen(field) - 1] == ' ';
}

static void write_field(FILE *stream, const char *field) {
    if (field == NULL)
        return;
    if (!needs_quotes(field)) {
        fputs(field, stream);
        return;
    }
    fputc('"', stream);
    for (const char *c = field; *c != '\0'; c++) {
        if (*c == '"')
            fputc('"', stream);
        fputc(*c, stream);
    }
    fputc('"', stream);
}

void output_csv_record(output *o, const char *const *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputc(',', o->stream);
        write_field(o->stream, fields[i]);
    }
    fputc('\n', o->stream);
}

/* What a terminal shows for a text: one place per character, whatever its bytes. Wide ones are
 * counted as one, which only shifts a column. */
static size_t shown_width(const char *text) {
    size_t width = 0;
    for (const char *c = text; *c != '\0'; c++)
        width += ((unsigned char)*c & 0xC0) != 0x80;
    return width;
}

static void write_blanks(FILE *stream, size_t count) {
    while (count-- > 0)
        fputc(' ', stream);
}

static void write_grid_row(output *o, const output_grid *g, const char *const *cells,
                           const size_t *widths) {
    size_t width = g->width;
    while (width > 1 && cells[width - 1][0] == '\0') /* no blanks where nothing follows */
        width--;
    for (size_t i = 0; i < width; i++) {
        size_t shown = shown_width(cells[i]);
        size_t missing = widths[i] > shown ? widths[i] - shown : 0;
        if (i > 0)
            fputs("  ", o->stream);
        if (g->right[i])
            write_blanks(o->stream, missing);
        fputs(cells[i], o->stream);
        if (!g->right[i] && i + 1 < width)
            write_blanks(o->stream, missing);
    }
}

static void widen(size_t *widths, const char *const *cells, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t width = shown_width(cells[i]);
        if (width > widths[i])
            widths[i] = width;
    }
}

void output_write_grid(output *o, const output_grid *g) {
    ARENA_AUTO a = arena_new();
    size_t *widths = g->widths != NULL ? g->widths : ARENA_ARRAY(a, size_t, g->width);
    const char **cells = ARENA_ARRAY(a, const char *, g->width * g->rows);
    for (size_t i = 0; i < g->width * g->rows; i++)
        cells[i] = g->cells[i] == NULL ? g->null : str_printable(a, g->cells[i]);
    if (g->titles != NULL)
        widen(widths, g->titles, g->width);
    for (size_t row = 0; row < g->rows; row++)
        widen(widths, cells + row * g->width, g->width);
    if (g->titles != NULL) {
        fputs(o->color ? BOLD : "", o->stream);
        write_grid_row(o, g, g->titles, widths);
        fputs(o->color ? PLAIN : "", o->stream);
        fputc('\n', o->stream);
    }
    for (size_t row = 0; row < g->rows; row++) {
        write_grid_row(o, g, cells + row * g->width, widths);
        fputc('\n', o->stream);
    }
}

/* The value as plain text, NULL for null and for what is absent. */
static const char *plain_text(arena *a, const json_t *value) {
    if (value == NULL || json_is_null(value))
        return NULL;
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_real(value))
        return arena_printf(a, "%.6g", json_real_value(value));
    return json_text(a, value);
}

static const char *time_for_people(arena *a, const char *text) {
    const char *fraction = strchr(text, '.');
    if (fraction == NULL)
        return text;
    return arena_printf(a, "%.*sZ", (int)(fraction - text), text);
}

static const char *text_for_people(arena *a, const json_t *value, output_kind kind) {
    const char *plain = plain_text(a, value);
    if (plain == NULL)
        return "";
    switch (kind) {
    case OUTPUT_BYTES:
        return output_bytes(a, json_integer_value(value));
    case OUTPUT_SECONDS:
        return arena_printf(a, "%.2f s", json_number_value(value));
    case OUTPUT_TIME:
        return time_for_people(a, plain);
    case OUTPUT_TEXT:
    case OUTPUT_COUNT:
        break;
    }
    return plain;
}

static void write_list_table(output *o, const output_list *l) {
    size_t rows = json_array_size(l->rows);
    if (rows == 0)
        return;
    ARENA_AUTO a = arena_new();
    const char **titles = ARENA_ARRAY(a, const char *, l->column_count);
    bool *right = ARENA_ARRAY(a, bool, l->column_count);
    const char **cells = ARENA_ARRAY(a, const char *, rows * l->column_count);
    for (size_t i = 0; i < l->column_count; i++) {
        output_kind kind = l->columns[i].kind;
        titles[i] = l->columns[i].title;
        right[i] = kind == OUTPUT_COUNT || kind == OUTPUT_BYTES || kind == OUTPUT_SECONDS;
        for (size_t row = 0; row < rows; row++) {
            const json_t *object = json_array_get(l->rows, row);
            cells[row * l->column_count + i] =
                text_for_people(a, json_object_get(object, l->columns[i].key), kind);
        }
    }
    output_write_grid(o, &(output_grid){.titles = titles,
                                        .right = right,
                                        .width = l->column_count,
                                        .cells = cells,
                                        .rows = rows,
                                        .null = ""});
}

static void write_list_csv(output *o, const output_list *l) {
    ARENA_AUTO a = arena_new();
    const char **fields = ARENA_ARRAY(a, const char *, l->column_count);
    for (size_t i = 0; i < l->column_count; i++)
        fields[i] = l->columns[i].key;
    output_csv_record(o, fields, l->column_count);
    size_t row;
    json_t *object;
    json_array_foreach(l->rows, row, object) {
        for (size_t i = 0; i < l->column_count; i++)
            fields[i] = plain_text(a, json_object_get(object, l->columns[i].key));
        output_csv_record(o, fields, l->column_count);
    }
}

void output_write_list(output *o, const output_list *l) {
    size_t row;
    json_t *object;
    switch (o->format) {
    case OUTPUT_TABLE:
        write_list_table(o, l);
        break;
    case OUTPUT_JSON:
        output_json(o, l->document);
        break;
    case OUTPUT_JSONL:
        json_array_foreach(l->rows, row, object) output_json(o, object);
        break;
    case OUTPUT_CSV:
        write_list_csv(o, l);
        break;
    }
}

void output_say(output *o, const char *format, ...) {
    if (o->format != OUTPUT_TABLE)
        return;
    ARENA_AUTO a = arena_new();
    char *text = NULL;
    va_list values;
    va_start(values, format);
    int size = vasprintf(&text, format, values);
    va_end(values);
    if (size < 0)
        return;
    fprintf(o->stream, "%s\n", str_printable(a, text));
    free(text);
}

/* errno may be of an earlier call by now: ask the pipe itself. */
static bool is_closed_pipe(FILE *stream) {
    struct pollfd end = {.fd = fileno(stream)};
    return poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
}

status output_flush(output *o, error *err) {
    errno = 0;
    bool failed = fflush(o->stream) != 0 || ferror(o->stream) != 0;
    if (!failed)
        return OK;
    o->closed = is_closed_pipe(o->stream);
    return error_set_errno(err, errno == 0 ? EIO : errno, "cannot write to standard output");
}

status output_finish(output *o, error *err) {
    status result = output_flush(o, err);
    return o->closed ? OK : result;
}
