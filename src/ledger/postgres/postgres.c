#include "ledger/db.h"

#include "base/number.h"
#include "ledger/postgres/text.h"
#include "ledger/postgres/transaction.h"

#include <inttypes.h>

/* Types of columns, as the server numbers them. */
enum { TYPE_BOOL = 16, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23, TYPE_NUMERIC = 1700 };

/* A whole result: the connection is free for others while it is read. */
typedef struct rows {
    const pq_calls *pq; /* the connection's */
    PGresult *result;
    int place;    /* -1: before the first */
    arena *texts; /* of the row, NULL as long as none had to be made */
} rows;

static status query(void *state, const char *sql, const db_value *values, size_t count,
                    void **ret_rows, error *err) {
    connection *c = state;
    PGresult *told = NULL;
    TRY(transaction_ask(c, sql, values, count, &told, err));
    rows *r = calloc(1, sizeof *r);
    ASSERT(r != NULL);
    *r = (rows){.pq = &c->pq, .result = told, .place = -1};
    *ret_rows = r;
    return OK;
}

static status next_row(void *state, void *opaque, bool *ret_row, error *err) {
    (void)state;
    (void)err;
    rows *r = opaque;
    if (r->texts != NULL)
        arena_reset(r->texts);
    *ret_row = ++r->place < r->pq->ntuples(r->result);
    return OK;
}

static size_t width(void *opaque) {
    const rows *r = opaque;
    return (size_t)r->pq->nfields(r->result);
}

static db_value number_or_text(const char *text) {
    int64_t number;
    return number_int64(text, &number) ? DB_I(number) : DB_T(text);
}

static db_value text_value(rows *r, const char *text) {
    if (!text_is_replaced(text))
        return DB_T(text);
    if (r->texts == NULL)
        r->texts = arena_new();
    return DB_T(text_from_database(r->texts, text));
}

static db_value column(void *opaque, size_t i) {
    rows *r = opaque;
    const char *text = r->pq->getvalue(r->result, r->place, (int)i);
    if (r->pq->getisnull(r->result, r->place, (int)i) != 0)
        return DB_N;
    switch (r->pq->ftype(r->result, (int)i)) {
    case TYPE_BOOL:
        return DB_I(text[0] == 't');
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_NUMERIC:
        return number_or_text(text);
    default:
        return text_value(r, text);
    }
}

static void end_rows(void *state, void *opaque) {
    (void)state;
    rows *r = opaque;
    r->pq->clear(r->result);
    arena_free(r->texts);
    free(r);
}

static status script(void *state, const char *sql, error *err) {
    return transaction_script(state, sql, err);
}

/* For questions that the driver itself has: a text per column of the one row, NULL for none. */
static status ask_row(connection *c, const char *sql, PGresult **ret, error *err) {
    PGresult *told = NULL;
    TRY(transaction_ask(c, sql, NULL, 0, &told, err));
    ASSERT(c->pq.ntuples(told) == 1);
    *ret = told;
    return OK;
}

static bool says_true(const connection *c, const PGresult *told, int column_number) {
    return str_eq(c->pq.getvalue(told, 0, column_number), "t");
}

/* opening */

static status look_for_ledger(connection *c, bool *ret_taken, error *err) {
    ARENA_AUTO a = arena_new();
    PGresult *told = NULL;
    const char *schema = c->place.schema;
    TRY(ask_row(c,
                arena_printf(a,
                             "SELECT to_regclass('\"%s\".weir_schema') IS NOT NULL, EXISTS"
                             " (SELECT 1 FROM pg_class WHERE relnamespace ="
                             " to_regnamespace('\"%s\"')), pg_is_in_recovery()"
                             " OR current_setting('default_transaction_read_only') = 'on'",
                             schema, schema),
                &told, err));
    c->has_ledger = says_true(c, told, 0);
    *ret_taken = says_true(c, told, 1);
    c->is_read_only = says_true(c, told, 2);
    c->pq.clear(told);
    return OK;
}

static status read_schema(connection *c, error *err) {
    PGresult *told = NULL;
    TRY(ask_row(c,
                "SELECT coalesce(max(version), 0), coalesce(bool_and(has_table_privilege("
                "'lake', 'UPDATE') AND has_table_privilege('weir_attempt', 'INSERT')), false)"
                " FROM weir_schema",
                &told, err));
    ASSERT(number_int64(c->pq.getvalue(told, 0, 0), &c->schema));
    c->is_read_only = c->is_read_only || !says_true(c, told, 1);
    c->pq.clear(told);
    return OK;
}

static status refuse_taken(const connection *c, error *err) {
    error_set(err, E_FOREIGN, "schema \"%s\" of \"%s\" holds other tables, and no ledger",
              c->place.schema, c->place.shown);
    error_hint(err, "Name another schema as `ledger` in lake.yaml: …?schema=NAME.");
    return E_FOREIGN;
}

static status refuse_missing(const connection *c, error *err) {
    error_set(err, E_NOT_FOUND, "there is no ledger \"%s\" (schema \"%s\")", c->place.shown,
              c->place.schema);
    error_hint(err,
               "Run `weir init` to start a lake; a ledger that was lost comes back from a dump, "
               "or with `weir ledger rebuild`.");
    return E_NOT_FOUND;
}

static status find_ledger(connection *c, bool create, error *err) {
    bool is_taken;
    TRY(look_for_ledger(c, &is_taken, err));
    c->schema_is_fresh = c->has_ledger;
    if (c->has_ledger)
        return read_schema(c, err);
    if (is_taken)
        return refuse_taken(c, err);
    return create ? OK : refuse_missing(c, err);
}

static void close_state(void *state) {
    connection *c = state;
    transaction_rollback(c);
    connection_close(c);
    arena_free(c->arena);
}

static status open_connection(const char *location, connection **ret, error *err) {
    arena *a = arena_new();
    connection *c = ARENA_NEW(a, connection);
    *c = (connection){.arena = a};
    status result = place_parse(a, location, &c->place, err);
    if (result == OK)
        result = connection_open(c, err);
    if (result != OK) {
        close_state(c);
        return result;
    }
    *ret = c;
    return OK;
}

static status open_postgres(const char *location, bool create, void **ret_state, error *err) {
    connection *c = NULL;
    TRY(open_connection(location, &c, err));
    status result = find_ledger(c, create, err);
    if (result != OK) {
        close_state(c);
        return result;
    }
    *ret_state = c;
    return OK;
}

/* a ledger as a schema */

static status exists(const char *location, bool *ret, error *err) {
    void *state;
    error why = {0};
    status result = open_postgres(location, false, &state, &why);
    if (result == OK)
        close_state(state);
    *ret = result == OK;
    if (result != OK && result != E_NOT_FOUND && err != NULL)
        *err = why;
    return result == E_NOT_FOUND ? OK : result;
}

/* One statement about a schema, without opening what is in it. */
static status change_schema(const char *location, const char *format, const char *other,
                            error *err) {
    ARENA_AUTO a = arena_new();
    connection *c = NULL;
    TRY(open_connection(location, &c, err));
    buf sql = buf_new(a);
    buf_printf(&sql, "%s \"%s\" %s", format, c->place.schema, other);
    status result = script(c, sql.text, err);
    close_state(c);
    return result;
}

static status move(const char *from, const char *to, error *err) {
    ARENA_AUTO a = arena_new();
    place target;
    TRY(place_parse(a, to, &target, err));
    return change_schema(from, "ALTER SCHEMA", arena_printf(a, "RENAME TO \"%s\"", target.schema),
                         err);
}

static status remove_schema(const char *location, error *err) {
    return change_schema(location, "DROP SCHEMA IF EXISTS", "CASCADE", err);
}

static bool is_read_only(void *state) {
    const connection *c = state;
    return c->is_read_only;
}

/* the schema's number */

static status schema_get(void *state, int64_t *ret, error *err) {
    connection *c = state;
    bool is_taken;
    if (!c->has_ledger && c->transaction.kind != TRANSACTION_NONE) {
        TRY(look_for_ledger(c, &is_taken, err)); /* another process may have been faster */
        if (c->has_ledger)
            TRY(read_schema(c, err));
        c->has_ledger = false; /* of this transaction's beginning */
    } else if (c->has_ledger && !c->schema_is_fresh) {
        TRY(read_schema(c, err));
    }
    c->schema_is_fresh = false;
    *ret = c->schema;
    return OK;
}

static status schema_set(void *state, int64_t schema, error *err) {
    ARENA_AUTO a = arena_new();
    return script(state,
                  arena_printf(a,
                               "CREATE TABLE IF NOT EXISTS weir_schema (version BIGINT NOT NULL);"
                               "CREATE TABLE IF NOT EXISTS weir_attempt"
                               " (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                               " attempt TEXT COLLATE \"C\" NOT NULL UNIQUE,"
                               " at TIMESTAMPTZ NOT NULL DEFAULT now());"
                               "DELETE FROM weir_schema; INSERT INTO weir_schema VALUES (%" PRId64
                               ")",
                               schema),
                  err);
}

/* transactions */

/* Who may not make schemas may have been given one. */
static status make_schema(connection *c, error *err) {
    ARENA_AUTO a = arena_new();
    return transaction_script(
        c,
        arena_printf(a,
                     "DO $$ BEGIN IF to_regnamespace('\"%s\"') IS NULL THEN CREATE SCHEMA \"%s\";"
                     " END IF; END $$",
                     c->place.schema, c->place.schema),
        err);
}

static status begin(void *state, db_mode mode, error *err) {
    connection *c = state;
    TRY(transaction_begin(c, mode, err));
    if (c->has_ledger || mode == DB_READ)
        return OK;
    status result = make_schema(c, err);
    if (result != OK)
        transaction_rollback(c);
    return result;
}

static status commit(void *state, error *err) {
    connection *c = state;
    TRY(transaction_commit(c, err));
    bool is_taken;
    return c->has_ledger ? OK : look_for_ledger(c, &is_taken, err);
}

static void rollback(void *state) {
    transaction_rollback(state);
}

static status now_us(void *state, int64_t *ret, error *err) {
    connection *c = state;
    PGresult *told = NULL;
    TRY(ask_row(c, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", &told, err));
    ASSERT(number_int64(c->pq.getvalue(told, 0, 0), ret));
    c->pq.clear(told);
    return OK;
}

static void wait_limit(void *state, int64_t limit_ms) {
    connection *c = state;
    c->wait_ms = limit_ms;
}

static char *trigger(arena *a, const db_trigger *t) {
    return arena_printf(a,
                        "CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS"
                        " $weir$ BEGIN %s; RETURN NULL; END $weir$;"
                        "CREATE OR REPLACE TRIGGER %s AFTER %s ON %s FOR EACH ROW"
                        " EXECUTE FUNCTION %s()",
                        t->name, t->statement, t->name, t->event, t->table, t->name);
}

#define SEQUENCE_OF "pg_get_serial_sequence('\"%s\".%s', 'id')"

/* Who may not look at the sequence sees the newest row. */
static status id_get(void *state, const char *table, int64_t *ret, error *err) {
    ARENA_AUTO a = arena_new();
    connection *c = state;
    PGresult *told = NULL;
    TRY(ask_row(c,
                arena_printf(a,
                             "SELECT coalesce(CASE WHEN has_sequence_privilege(s, 'USAGE, SELECT')"
                             " THEN pg_sequence_last_value(s) ELSE (SELECT max(id) FROM %s) END, 0)"
                             " FROM (SELECT " SEQUENCE_OF "::regclass AS s) sequence",
                             table, c->place.schema, table),
                &told, err));
    ASSERT(number_int64(c->pq.getvalue(told, 0, 0), ret));
    c->pq.clear(told);
    return OK;
}

static status id_raise(void *state, const char *table, int64_t last, error *err) {
    ARENA_AUTO a = arena_new();
    const connection *c = state;
    const char *schema = c->place.schema;
    return script(state,
                  arena_printf(a,
                               "SELECT setval(" SEQUENCE_OF ", %" PRId64 ") WHERE %" PRId64
                               " > coalesce(pg_sequence_last_value(" SEQUENCE_OF "), 0)",
                               schema, table, last, last, schema, table),
                  err);
}

static char *shown(arena *a, const char *location) {
    return place_shown(a, location);
}

/* Pages are the server's care (amcheck, data checksums): here, what rows say of each other. */
static const char CHECK[] =
    "SELECT 'version ' || x.version || ' has a file that is not there' FROM version_file x"
    " WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.id = x.file) UNION ALL"
    " SELECT 'partition ' || c.partition || ' has a current version that is not there'"
    " FROM current c WHERE c.to_seq IS NULL AND c.version <> 0"
    " AND NOT EXISTS (SELECT 1 FROM version v WHERE v.id = c.version) UNION ALL"
    " SELECT 'version ' || v.id || ' is of a partition that is not there' FROM version v"
    " WHERE NOT EXISTS (SELECT 1 FROM partition p WHERE p.id = v.partition) UNION ALL"
    " SELECT 'delivery ' || d.id || ' is of a table that is not there' FROM delivery d"
    " WHERE NOT EXISTS (SELECT 1 FROM tbl t WHERE t.id = d.tbl) LIMIT 20";

/* An advisory lock of the session: gone with it, and with the process. */
static status lock(void *state, int64_t key, bool *ret_granted, error *err) {
    ARENA_AUTO a = arena_new();
    connection *c = state;
    PGresult *told = NULL;
    ASSERT(!c->has_lock);
    TRY(ask_row(c, arena_printf(a, "SELECT pg_try_advisory_lock(%" PRId64 ")", key), &told, err));
    c->has_lock = *ret_granted = says_true(c, told, 0);
    c->lock = key;
    c->pq.clear(told);
    return OK;
}

static void unlock(void *state, int64_t key) {
    ARENA_AUTO a = arena_new();
    connection *c = state;
    PGresult *told = NULL;
    c->has_lock = false;
    const char *sql = arena_printf(a, "SELECT pg_advisory_unlock(%" PRId64 ")", key);
    if (ask_row(c, sql, &told, NULL) == OK)
        c->pq.clear(told);
}

const db_driver DB_POSTGRES = {
    .name = "postgres",
    .id_column = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    .text_type = "TEXT COLLATE \"C\"", /* compared by bytes, as everywhere in the ledger */
    .columns = "SELECT table_name::text, column_name::text, is_identity = 'YES'"
               " FROM information_schema.columns WHERE table_schema = current_schema()"
               " AND table_name NOT LIKE 'weir\\_%' ORDER BY table_name COLLATE \"C\","
               " ordinal_position",
    .check = CHECK,
    .is_shared = true,
    .shown = shown,
    .beside = place_beside,
    .exists = exists,
    .move = move,
    .remove = remove_schema,
    .open = open_postgres,
    .close = close_state,
    .is_read_only = is_read_only,
    .schema_get = schema_get,
    .schema_set = schema_set,
    .id_get = id_get,
    .id_raise = id_raise,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .trigger = trigger,
    .lock = lock,
    .unlock = unlock,
    .now_us = now_us,
    .wait_limit = wait_limit,
    .script = script,
    .query = query,
    .next = next_row,
    .width = width,
    .column = column,
    .end = end_rows,
};
