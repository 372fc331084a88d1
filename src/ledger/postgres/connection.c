#include "ledger/postgres/connection.h"

#include "ledger/postgres/sqlstate.h"
#include "ledger/postgres/text.h"

#include <inttypes.h>

enum {
    WAIT_LIMIT_MS = 10000,
    PATIENCE_MS = 30000, /* a restart of the server takes a few seconds */
    FIRST_WAIT_MS = 20,
    LONGEST_WAIT_MS = 1000,
    OPTIONS_MAX = 64,
    PREPARE_FROM = 2, /* a statement is prepared when it is asked the second time */
    MESSAGE_SIZE_MAX = 700,
};

static const Oid INT8_OID = 20, TEXT_OID = 25;

/* What was asked before, under one text with values of the same types. */
typedef struct asked {
    size_t times;
    const char *name; /* NULL: not prepared */
} asked;

/* patience */

bool patience_wait(patience *p) {
    int64_t now = clock_monotonic_us(&CLOCK_SYSTEM);
    if (p->until_us == 0)
        *p = (patience){.until_us = now + (int64_t)PATIENCE_MS * 1000, .wait_ms = FIRST_WAIT_MS};
    if (now >= p->until_us)
        return false;
    uint8_t random;
    clock_random(&CLOCK_SYSTEM, &random, sizeof random);
    if (p->attempts++ > 0) /* the first time at once: it may have been this connection alone */
        clock_wait(&CLOCK_SYSTEM, p->wait_ms / 2 + p->wait_ms * random / UINT8_MAX / 2);
    p->wait_ms = p->wait_ms * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : p->wait_ms * 2;
    return true;
}

/* errors */

bool connection_answered(const connection *c, const PGresult *result) {
    ExecStatusType kind = c->pq.resultStatus(result);
    return kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK || kind == PGRES_EMPTY_QUERY;
}

const char *connection_sqlstate(const connection *c, const PGresult *result) {
    return c->pq.resultErrorField(result, PG_DIAG_SQLSTATE);
}

/* One line, without libpq's "ERROR:" and what it puts below. */
static const char *message_of(arena *a, const char *told) {
    const char *start = strstr(told, ":  ");
    start = start == NULL ? told : start + strlen(":  ");
    return str_printable(a, arena_strndup(a, start, strcspn(start, "\n")));
}

status connection_fail(const connection *c, const PGresult *result, error *err) {
    ARENA_AUTO a = arena_new();
    const char *sqlstate = connection_sqlstate(c, result);
    const char *told = c->pq.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    status kind = sqlstate_kind(sqlstate);
    if (told == NULL)
        told = message_of(a, c->pq.errorMessage(c->pg));
    error_set(err, kind, "ledger \"%s\": %.*s", c->place.shown, MESSAGE_SIZE_MAX,
              str_printable(a, told));
    const char *hint = sqlstate_hint(sqlstate);
    if (hint != NULL)
        error_hint(err, "%s", hint);
    else if (c->pq.status(c->pg) != CONNECTION_OK)
        error_hint(err, "Is the database server there? Try again when it is.");
    return kind;
}

/* connecting */

typedef struct options {
    const char *keys[OPTIONS_MAX], *values[OPTIONS_MAX];
    size_t count;
} options;

static bool has_option(const options *o, const char *key) {
    for (size_t i = 0; i < o->count; i++)
        if (str_eq(o->keys[i], key))
            return true;
    return false;
}

static void set_option(options *o, const char *key, const char *value) {
    ASSERT(o->count + 1 < OPTIONS_MAX);
    o->keys[o->count] = key;
    o->values[o->count++] = value;
}

/* What libpq's environment variables cannot say, or would leave at waiting for ever. */
static void add_defaults(options *o) {
    static const char *const DEFAULTS[][2] = {
        {"fallback_application_name", "weir"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(DEFAULTS); i++)
        if (!has_option(o, DEFAULTS[i][0]))
            set_option(o, DEFAULTS[i][0], DEFAULTS[i][1]);
    if (!has_option(o, "connect_timeout") && getenv("PGCONNECT_TIMEOUT") == NULL)
        set_option(o, "connect_timeout", "10");
    set_option(o, "client_encoding", "UTF8");
}

/* Texts are borrowed from parsed. */
static void read_options(const PQconninfoOption *parsed, options *ret) {
    options o = {0};
    for (const PQconninfoOption *at = parsed; at->keyword != NULL; at++)
        if (at->val != NULL && !str_eq(at->keyword, "client_encoding"))
            set_option(&o, at->keyword, at->val);
    add_defaults(&o);
    *ret = o;
}

static void drop_notice(void *state, const PGresult *result) {
    (void)state;
    (void)result;
}

static void forget_prepared(connection *c) {
    arena_reset(c->names_arena);
    c->names = strmap_new(c->names_arena);
    c->prepared_count = 0;
}

static status refuse_connection(const connection *c, PGPing ping, error *err) {
    ARENA_AUTO a = arena_new();
    bool wants_password =
        c->pq.connectionNeedsPassword(c->pg) != 0 || c->pq.connectionUsedPassword(c->pg) != 0;
    status kind = ping == PQPING_OK && wants_password ? E_DENIED : E_IO;
    error_set(err, kind, "ledger \"%s\": %.*s", c->place.shown, MESSAGE_SIZE_MAX,
              message_of(a, c->pq.errorMessage(c->pg)));
    if (strstr(c->pq.errorMessage(c->pg), "SSL") != NULL
        || strstr(c->pq.errorMessage(c->pg), "certificate") != NULL)
        error_hint(err, "Check sslmode and sslrootcert of `ledger` in lake.yaml (PGSSLMODE, "
                        "PGSSLROOTCERT), and the name in the server's certificate.");
    else if (kind == E_DENIED)
        error_hint(err, "Check user and password (PGPASSWORD, ~/.pgpass).");
    else if (ping == PQPING_OK)
        error_hint(err, "Check user and database of `ledger` in lake.yaml.");
    else
        error_hint(err, "Is the server running, and reachable from here? Check host and port of "
                        "`ledger` in lake.yaml.");
    return kind;
}

static const char SET_UP[] =
    "SET search_path TO \"%s\"; SET standard_conforming_strings = on; SET client_min_messages = "
    "warning; SET extra_float_digits = 0; SET default_transaction_isolation = 'read committed';"
    "SELECT server_version_num >= 140000 FROM (SELECT current_setting('server_version_num')::int"
    " AS server_version_num) v";

static status refuse_server(const connection *c, const char *what, const char *hint, error *err) {
    error_set(err, E_FOREIGN, "ledger \"%s\": %s", c->place.shown, what);
    error_hint(err, "%s", hint);
    return E_FOREIGN;
}

static status check_server(const connection *c, const PGresult *told, error *err) {
    const char *encoding = c->pq.parameterStatus(c->pg, "server_encoding");
    if (c->pq.ntuples(told) != 1 || !str_eq(c->pq.getvalue(told, 0, 0), "t"))
        return refuse_server(c, "the server is older than PostgreSQL 14", "Use a newer one.", err);
    if (encoding == NULL || str_eq(encoding, "UTF8") || str_eq(encoding, "SQL_ASCII"))
        return OK;
    return refuse_server(c, "the database is not encoded in UTF-8",
                         "Make one with: createdb --encoding=UTF8 --template=template0 NAME", err);
}

static status set_up(connection *c, error *err) {
    ARENA_AUTO a = arena_new();
    c->pq.setNoticeReceiver(c->pg, drop_notice, NULL);
    PGresult *told = connection_script(c, arena_printf(a, SET_UP, c->place.schema));
    status result =
        connection_answered(c, told) ? check_server(c, told, err) : connection_fail(c, told, err);
    c->pq.clear(told);
    return result;
}

/* *ret_ping: what a server that let nobody in says to a stranger. */
static status connect_once(connection *c, PGPing *ret_ping, error *err) {
    char *ignored = NULL;
    PQconninfoOption *parsed = c->pq.conninfoParse(c->place.uri, &ignored);
    c->pq.freemem(ignored);
    ASSERT(parsed != NULL); /* place_parse has looked at it */
    options o;
    read_options(parsed, &o);
    c->pq.finish(c->pg);
    forget_prepared(c);
    c->pg = c->pq.connectdbParams(o.keys, o.values, 0);
    ASSERT(c->pg != NULL);
    *ret_ping = PQPING_OK;
    status result = OK;
    if (c->pq.status(c->pg) != CONNECTION_OK) {
        *ret_ping = c->pq.pingParams(o.keys, o.values, 0);
        result = refuse_connection(c, *ret_ping, err);
    }
    c->pq.conninfoFree(parsed);
    if (result != OK)
        return result;
    result = set_up(c, err);
    if (c->pq.status(c->pg)
        != CONNECTION_OK) /* it was let in, and went away: it may be let in again */
        *ret_ping = PQPING_REJECT;
    return result;
}

/* A server that is just starting, or in recovery, is waited for. */
status connection_open(connection *c, error *err) {
    patience p = {0};
    PGPing ping;
    TRY(pq_load(&c->pq, err));
    c->names_arena = arena_new();
    c->names = strmap_new(c->names_arena);
    c->wait_ms = WAIT_LIMIT_MS;
    status result = connect_once(c, &ping, err);
    while (result != OK && ping == PQPING_REJECT && patience_wait(&p))
        result = connect_once(c, &ping, err);
    return result;
}

/* What was locked by the connection that is gone. The server may not have noticed yet that it is:
 * that is tried again, like a server that is not there. */
static status lock_again(connection *c, error *err) {
    bool granted = false;
    TRY(connection_lock(c, c->lock, &granted, err));
    if (granted)
        return OK;
    error_set(err, E_IO, "what was locked in ledger \"%s\" was lost with the connection",
              c->place.shown);
    error_hint(err, "Another run may have gone on with it; do the same again.");
    return E_IO;
}

status connection_renew(connection *c, error *err) {
    PGPing ping;
    TRY(connect_once(c, &ping, err));
    return c->has_lock ? lock_again(c, err) : OK;
}

void connection_close(connection *c) {
    if (c->pg != NULL)
        c->pq.finish(c->pg);
    c->pg = NULL;
    arena_free(c->names_arena);
}

/* asking */

typedef struct values {
    Oid *types;
    const char **texts;
} values;

static values values_for(arena *a, const db_value *from, size_t count) {
    values v = {ARENA_ARRAY(a, Oid, count), ARENA_ARRAY(a, const char *, count)};
    for (size_t i = 0; i < count; i++) {
        v.types[i] = from[i].type == DB_INT ? INT8_OID : from[i].type == DB_TEXT ? TEXT_OID : 0;
        if (from[i].type == DB_INT)
            v.texts[i] = arena_printf(a, "%" PRId64, from[i].number);
        else if (from[i].type == DB_TEXT)
            v.texts[i] = text_for_database(a, from[i].text);
    }
    return v;
}

static asked *find_asked(connection *c, const char *sql, const db_value *from, size_t count) {
    ARENA_AUTO a = arena_new();
    buf key = buf_new(a);
    for (size_t i = 0; i < count; i++)
        buf_char(&key, "nit"[from[i].type]);
    buf_printf(&key, " %s", sql);
    asked *known = strmap_get(c->names, key.text);
    if (known == NULL) {
        known = ARENA_NEW(c->names_arena, asked);
        strmap_set(c->names, key.text, known);
    }
    return known;
}

/* NULL: prepared; otherwise what the server answered instead. */
static PGresult *prepare(connection *c, asked *a, const char *sql, const values *v, size_t count) {
    const char *name = arena_printf(c->names_arena, "w%zu", c->prepared_count);
    PGresult *made = c->pq.prepare(c->pg, name, sql, (int)count, v->types);
    if (!connection_answered(c, made))
        return made;
    c->pq.clear(made);
    c->prepared_count++;
    a->name = name;
    return NULL;
}

PGresult *connection_ask(connection *c, const char *sql, const db_value *from, size_t count) {
    ARENA_AUTO scratch = arena_new();
    const values v = values_for(scratch, from, count);
    asked *a = find_asked(c, sql, from, count);
    a->times++;
    if (a->name == NULL && a->times >= PREPARE_FROM) {
        PGresult *failed = prepare(c, a, sql, &v, count);
        if (failed != NULL)
            return failed;
    }
    PGresult *told =
        a->name != NULL ? c->pq.execPrepared(c->pg, a->name, (int)count, v.texts, NULL, NULL, 0)
                        : c->pq.execParams(c->pg, sql, (int)count, v.types, v.texts, NULL, NULL, 0);
    ASSERT(told != NULL);
    return told;
}

/* The first failure, else the last with rows, else the last. */
static PGresult *better(const connection *c, PGresult *kept, PGresult *next) {
    bool keep = kept != NULL
                && (!connection_answered(c, kept)
                    || (connection_answered(c, next) && c->pq.resultStatus(kept) == PGRES_TUPLES_OK
                        && c->pq.resultStatus(next) != PGRES_TUPLES_OK));
    c->pq.clear(keep ? next : kept);
    return keep ? kept : next;
}

void connection_send(connection *c, const char *sql) {
    int ignored = c->pq.sendQuery(c->pg, sql);
    (void)ignored;
}

PGresult *connection_answer(connection *c) {
    PGresult *kept = NULL;
    for (PGresult *next = c->pq.getResult(c->pg); next != NULL; next = c->pq.getResult(c->pg))
        kept = better(c, kept, next);
    if (kept == NULL)
        kept = c->pq.makeEmptyPGresult(c->pg, PGRES_FATAL_ERROR);
    ASSERT(kept != NULL);
    return kept;
}

PGresult *connection_script(connection *c, const char *sql) {
    connection_send(c, sql);
    return connection_answer(c);
}

status connection_lock(connection *c, int64_t key, bool *ret_granted, error *err) {
    ARENA_AUTO a = arena_new();
    PGresult *told =
        connection_script(c, arena_printf(a, "SELECT pg_try_advisory_lock(%" PRId64 ")", key));
    status result = OK;
    if (connection_answered(c, told))
        *ret_granted = str_eq(c->pq.getvalue(told, 0, 0), "t");
    else
        result = connection_fail(c, told, err);
    c->pq.clear(told);
    return result;
}
