/* oracle: plain DuckDB, to judge what Weir made without any of Weir's code.
 *
 * Reads SQL from standard input, carries it out in a database in memory, and prints the rows of
 * the last statement: one JSON array of texts and nulls per line, the column names first. */
#include <duckdb.h>
#include <jansson.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL when out of memory. */
static char *read_all(FILE *in) {
    size_t used = 0, room = 1 << 16;
    char *text = malloc(room);
    while (text != NULL) {
        used += fread(text + used, 1, room - used - 1, in);
        if (used + 1 < room)
            break;
        room *= 2;
        char *larger = realloc(text, room);
        if (larger == NULL)
            free(text);
        text = larger;
    }
    if (text != NULL)
        text[used] = '\0';
    return text;
}

static void print_line(json_t *values) {
    json_dumpf(values, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(values);
}

/* NULL for values that this interface has no text for, such as lists. */
static json_t *text_value(duckdb_result *result, idx_t column, idx_t row) {
    if (duckdb_value_is_null(result, column, row))
        return json_null();
    char *text = duckdb_value_varchar(result, column, row);
    json_t *value = text == NULL ? NULL : json_string(text);
    duckdb_free(text);
    return value;
}

static bool print_row(duckdb_result *result, idx_t row) {
    json_t *values = json_array();
    for (idx_t c = 0; c < duckdb_column_count(result); c++) {
        if (json_array_append_new(values, text_value(result, c, row)) != 0) {
            fprintf(stderr, "no text for \"%s\": cast it to varchar\n",
                    duckdb_column_name(result, c));
            json_decref(values);
            return false;
        }
    }
    print_line(values);
    return true;
}

static bool print_rows(duckdb_result *result) {
    idx_t columns = duckdb_column_count(result);
    json_t *names = json_array();
    for (idx_t c = 0; c < columns; c++)
        json_array_append_new(names, json_string(duckdb_column_name(result, c)));
    print_line(names);
    bool is_ok = true;
    for (idx_t r = 0; is_ok && r < duckdb_row_count(result); r++)
        is_ok = print_row(result, r);
    return is_ok;
}

static bool answer(duckdb_connection connection, const char *sql) {
    duckdb_result result;
    bool is_ok = duckdb_query(connection, sql, &result) == DuckDBSuccess;
    if (is_ok)
        is_ok = print_rows(&result);
    else
        fprintf(stderr, "%s\n", duckdb_result_error(&result));
    duckdb_destroy_result(&result);
    return is_ok;
}

int main(void) {
    char *sql = read_all(stdin);
    duckdb_database database = NULL;
    duckdb_connection connection = NULL;
    bool is_ok = sql != NULL && duckdb_open(NULL, &database) == DuckDBSuccess
                 && duckdb_connect(database, &connection) == DuckDBSuccess
                 && answer(connection, sql);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    free(sql);
    return is_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
