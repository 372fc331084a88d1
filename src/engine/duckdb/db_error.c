#include "engine/duckdb/db.h"

#include "base/number.h"

#include <jansson.h>

static status kind_of(const db *d, duckdb_error_type type) {
    switch ((int)type) {
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_PLANNER:
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
    case DUCKDB_ERROR_EXPRESSION:
    case DUCKDB_ERROR_PARAMETER_NOT_RESOLVED:
    case DUCKDB_ERROR_PARAMETER_NOT_ALLOWED:
    case DUCKDB_ERROR_MISSING_EXTENSION:
    case DUCKDB_ERROR_SETTINGS:
    case DUCKDB_INVALID_CONFIGURATION:
        return E_DEFINITION;
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_OBJECT_SIZE:
        return E_DATA;
    case DUCKDB_ERROR_IO:
        return E_IO;
    case DUCKDB_ERROR_PERMISSION:
        return d->sealed ? E_DEFINITION : E_DENIED;
    case DUCKDB_ERROR_INTERRUPT:
        return E_INTERRUPTED;
    default:
        return E_ENGINE;
    }
}

/* The kinds that DuckDB tells only by their text. */
static status kind_of_text(status kind, const char *text) {
    if (strstr(text, "No space left on device") != NULL
        || strstr(text, "Disk quota exceeded") != NULL
        || strstr(text, "failed to offload data block") != NULL)
        return E_FULL;
    if (kind == E_IO && strstr(text, "Permission denied") != NULL)
        return E_DENIED;
    if (kind == E_IO && strstr(text, "No such file or directory") != NULL)
        return E_NOT_FOUND;
    return kind;
}

static void set_hint(const db *d, duckdb_error_type type, status kind, error *err) {
    if (kind == E_FULL)
        error_hint(err, "Make room on the disk of the store and of the temporary folder.");
    else if (type == DUCKDB_ERROR_OUT_OF_MEMORY)
        error_hint(err, "Raise workers.memory, or lower workers.threads.");
    else if (type == DUCKDB_ERROR_PERMISSION && d->sealed)
        error_hint(err, "A table's SQL reads only the tables it names, never files or addresses.");
}

/* Line and column of a byte offset, 1-based; the column counts characters. */
static void set_place(const char *text, size_t offset, error *err) {
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < offset && text[i] != '\0'; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    err->line = line;
    err->column = column;
}

static size_t bytes_of_characters(const char *text, size_t characters) {
    size_t size = 0;
    while (text[size] != '\0' && characters > 0) {
        size++;
        if (((unsigned char)text[size] & 0xC0) != 0x80)
            characters--;
    }
    return size;
}

/* Our statements hold the user's text verbatim: a place inside that part is a place in it. The
 * parser tells it in characters, everything else in bytes. */
static void place_in_user_sql(const db *d, const char *sql, const char *position,
                              bool in_characters, error *err) {
    uint64_t told = 0;
    if (d->user_sql == NULL || sql == NULL || position == NULL || !number_uint64(position, &told))
        return;
    size_t offset = in_characters ? bytes_of_characters(sql, (size_t)told) : (size_t)told;
    const char *start = strstr(sql, d->user_sql);
    if (start == NULL)
        return;
    size_t begin = (size_t)(start - sql);
    if (offset >= begin && offset <= begin + strlen(d->user_sql))
        set_place(d->user_sql, offset - begin, err);
}

/* Only the first line speaks of the failure; of a CSV's the first three do. */
static void cut_lines(char *message) {
    int keep = str_starts(message, "CSV Error on Line") ? 2 : 0;
    for (char *newline = strchr(message, '\n'); newline != NULL; newline = strchr(newline, '\n')) {
        if (keep-- == 0) {
            *newline = '\0';
            return;
        }
        *newline = ';';
    }
}

/* Names of the engine's own catalog are no help to anybody. */
static bool names_catalog(const char *text) {
    return strstr(text, "information_schema") != NULL || strstr(text, "\"pg_") != NULL
           || strstr(text, "pragma_") != NULL || strstr(text, "duckdb_") != NULL;
}

/* "Candidate bindings: …" and "Did you mean …" are on a line of their own. */
static void hint_from_message(const char *message, error *err) {
    const char *second = strchr(message, '\n');
    if (err->hint[0] != '\0' || second == NULL || names_catalog(second))
        return;
    second++;
    if (str_starts(second, "Candidate") || str_starts(second, "Did you mean"))
        error_hint(err, "%.400s", second);
}

static void lower_first(char *message) {
    if (message[0] >= 'A' && message[0] <= 'Z' && !(message[1] >= 'A' && message[1] <= 'Z'))
        message[0] = (char)(message[0] - 'A' + 'a');
}

status db_fail(const db *d, duckdb_error_type type, const char *text, const char *sql, error *err) {
    if (text == NULL)
        text = "the engine failed without a message";
    status kind = kind_of_text(kind_of(d, type), text);
    const char *brace = strchr(text, '{');
    json_t *document = brace != NULL ? json_loads(brace, 0, NULL) : NULL;
    const json_t *inner = json_object_get(document, "exception_message");
    const char *message = json_is_string(inner) ? json_string_value(inner) : text;
    error_set(err, kind, "%s", message);
    if (err != NULL) {
        err->line = err->column = 0;
        set_hint(d, type, kind, err);
        hint_from_message(message, err);
        cut_lines(err->message);
        lower_first(err->message);
        if (kind == E_DEFINITION)
            place_in_user_sql(d, sql, json_string_value(json_object_get(document, "position")),
                              type == DUCKDB_ERROR_PARSER || type == DUCKDB_ERROR_SYNTAX, err);
    }
    json_decref(document);
    return kind;
}
