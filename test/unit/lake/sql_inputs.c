#include "sql_inputs.h"

#include "base/str.h"

static column X[] = {
    {"data", "VARCHAR", true},
    {"ts", "TIMESTAMP", true},
    {"d", "DATE", true},
    {"id", "INTEGER", true},
    {"site", "VARCHAR", true},
    {"v", "DOUBLE", true},
    {"n", "INTEGER", true},
    {"l", "INTEGER[]", true},
    {"s", "STRUCT(\"day\" DATE, k INTEGER)", true},
    {"j", "JSON", true},
};
static column Y[] = {
    {"d", "DATE", true},   {"id", "INTEGER", true},   {"site", "VARCHAR", true},
    {"w", "DOUBLE", true}, {"ts", "TIMESTAMP", true}, {"text_day", "VARCHAR", true},
};
static column DIM[] = {{"id", "INTEGER", true}, {"name", "VARCHAR", true}, {"d", "DATE", true}};
static column P[] = {
    {"event_date", "DATE", true},
    {"site", "VARCHAR", true},
    {"id", "INTEGER", true},
    {"n", "INTEGER", true},
};
static column Q[] = {{"event_date", "DATE", true}, {"id", "INTEGER", true}, {"q", "INTEGER", true}};

static const char *EVENT_DATE[] = {"event_date"};

#define COLUMNS_OF(list) \
    { .items = (list), .count = ARRAY_SIZE(list) }
#define BY_DATE \
    { .items = EVENT_DATE, .count = 1 }

static const sql_shape INPUTS[SQL_INPUT_COUNT] = {
    {.table = "raw.x", .columns = COLUMNS_OF(X), .is_source = true},
    {.table = "raw.y", .columns = COLUMNS_OF(Y), .is_source = true},
    {.table = "raw.dim", .columns = COLUMNS_OF(DIM), .is_source = true},
    {.table = "silver.p", .columns = COLUMNS_OF(P), .partition_by = BY_DATE},
    {.table = "silver.q", .columns = COLUMNS_OF(Q), .partition_by = BY_DATE},
    {.table = "silver.whole", .columns = COLUMNS_OF(P)},
};

/* Few days, sites and ids, so that everything meets everything; about one in nine is NULL. */
#define DAY          "(DATE '2024-01-01' + CAST(floor(random() * 3) AS INTEGER))"
#define MAYBE(value) "CASE WHEN random() < 0.11 THEN NULL ELSE " value " END"
#define INT(below)   "CAST(floor(random() * " #below ") AS INTEGER)"
#define SITE         "['a', 'b', 'B'][" INT(3) " + 1]"
#define TIME         "(" DAY " + to_hours(" INT(24) "))"

/* clang-format off */
static const char *const ROWS[SQL_INPUT_COUNT] = {
    "SELECT " MAYBE("strftime(" TIME ", '%Y-%m-%d %H:%M:%S')") " AS data, "
    MAYBE(TIME) " AS ts, "
    MAYBE(DAY) " AS d, "
    MAYBE(INT(4)) " AS id, "
    MAYBE(SITE) " AS site, "
    "CAST(" INT(8) " AS DOUBLE) / 2 AS v, "
    MAYBE(INT(5)) " AS n, "
    "[" INT(3) ", " INT(3) "] AS l, "
    "{'day': " DAY ", 'k': " INT(3) "} AS s, "
    "CAST(to_json({'day': strftime(" DAY ", '%Y-%m-%d')}) AS JSON) AS j "
    "FROM range(40)",

    "SELECT " MAYBE(DAY) " AS d, "
    MAYBE(INT(4)) " AS id, "
    MAYBE(SITE) " AS site, "
    "CAST(" INT(8) " AS DOUBLE) / 2 AS w, "
    MAYBE(TIME) " AS ts, "
    "strftime(" DAY ", '%Y-%m-%d') AS text_day "
    "FROM range(30)",

    "SELECT CAST(range AS INTEGER) AS id, "
    "'name ' || range AS name, "
    MAYBE(DAY) " AS d "
    "FROM range(5)",

    "SELECT " MAYBE(DAY) " AS event_date, "
    MAYBE(SITE) " AS site, "
    MAYBE(INT(4)) " AS id, "
    INT(5) " AS n "
    "FROM range(30)",

    "SELECT " MAYBE(DAY) " AS event_date, "
    MAYBE(INT(4)) " AS id, "
    INT(5) " AS q "
    "FROM range(30)",

    "SELECT " MAYBE(DAY) " AS event_date, "
    MAYBE(SITE) " AS site, "
    MAYBE(INT(4)) " AS id, "
    INT(5) " AS n "
    "FROM range(20)",
};
/* clang-format on */

const sql_shape *sql_inputs_at(size_t i) {
    return i < SQL_INPUT_COUNT ? &INPUTS[i] : NULL;
}

const sql_shape *sql_inputs_find(const char *table) {
    for (size_t i = 0; i < SQL_INPUT_COUNT; i++) {
        if (str_eq(INPUTS[i].table, table))
            return &INPUTS[i];
    }
    return NULL;
}

const char *sql_inputs_rows(size_t i) {
    return ROWS[i];
}
