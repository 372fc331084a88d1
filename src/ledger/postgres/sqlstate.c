#include "ledger/postgres/sqlstate.h"

#include "base/str.h"

/* Rows are tried in their order; a prefix of two stands for a class. */
typedef struct sqlstate_row {
    const char *prefix;
    status kind;
    remedy remedy;
    const char *hint;
} sqlstate_row;

static const char TRY_AGAIN[] = "Try again when the database server is there.";

static const sqlstate_row ROWS[] = {
    {"40001", E_BUSY, REMEDY_REPEAT, NULL}, /* serialization_failure */
    {"40P01", E_BUSY, REMEDY_REPEAT, NULL}, /* deadlock_detected */
    {"40003", E_UNCERTAIN, REMEDY_NONE, NULL},
    {"55P03", E_BUSY, REMEDY_NONE, "Another run is writing: try again when it is done."},
    {"57P", E_IO, REMEDY_RECONNECT, TRY_AGAIN}, /* shut down, crashed, not yet up, idle too long */
    {"25P03", E_IO, REMEDY_RECONNECT, TRY_AGAIN}, /* idle in a transaction for too long */
    {"08", E_IO, REMEDY_RECONNECT, TRY_AGAIN},    /* the connection */
    {"53300", E_IO, REMEDY_RECONNECT, "The server has no free connection: raise max_connections."},
    {"53100", E_FULL, REMEDY_NONE, "Make room on the disk of the database server."},
    {"23505", E_EXISTS, REMEDY_NONE, NULL}, /* unique_violation */
    {"25006", E_DENIED, REMEDY_NONE, "The server or the user may only read: name the primary."},
    {"28", E_DENIED, REMEDY_NONE, "Check user and password (PGPASSWORD, ~/.pgpass)."},
    {"42501", E_DENIED, REMEDY_NONE, "Grant the user the rights that doc/postgres.md lists."},
    {"3D000", E_NOT_FOUND, REMEDY_NONE, "Make the database, or correct `ledger` in lake.yaml."},
};

static const sqlstate_row *find(const char *sqlstate) {
    for (size_t i = 0; sqlstate != NULL && i < ARRAY_SIZE(ROWS); i++)
        if (str_starts(sqlstate, ROWS[i].prefix))
            return &ROWS[i];
    return NULL;
}

remedy sqlstate_remedy(const char *sqlstate) {
    const sqlstate_row *row = find(sqlstate);
    return row == NULL ? REMEDY_NONE : row->remedy;
}

status sqlstate_kind(const char *sqlstate) {
    const sqlstate_row *row = find(sqlstate);
    return row == NULL ? E_IO : row->kind;
}

const char *sqlstate_hint(const char *sqlstate) {
    const sqlstate_row *row = find(sqlstate);
    return row == NULL ? NULL : row->hint;
}
