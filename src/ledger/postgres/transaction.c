#include "ledger/postgres/transaction.h"

#include "base/crash.h"
#include "base/number.h"
#include "ledger/postgres/sqlstate.h"

#include <inttypes.h>

/* What a transaction may have done to be done again: far more than any commit has had. */
enum { RECORDED_BYTES_MAX = 256 << 20, ATTEMPTS_KEPT_DAYS = 7 };

/* Who asks nothing for as long as a run's lease is good has lost that: it was stopped, or its host
 * is gone without a word. The server ends the transaction, so that it keeps nobody waiting. */
static const int64_t IDLE_MAX_US = INT64_C(60) * 1000000;
#define LIMITS                               \
    " SET LOCAL lock_timeout = %" PRId64 ";" \
    " SET LOCAL idle_in_transaction_session_timeout = %" PRId64 ";"

/* Positions in what a BEGIN gives. */
enum { STATE_NEWEST, STATE_COUNTERS, STATE_DONE };

/* The newest attempt, where each id stands, and whether the attempt %s was committed. */
#define NEWEST_ATTEMPT "SELECT coalesce((SELECT max(id) FROM weir_attempt), 0)"
#define STATE_OF_WRITER                                                                     \
    NEWEST_ATTEMPT                                                                          \
    ","                                                                                     \
    " (SELECT string_agg(format('SELECT setval(%%L, %%s, %%L)', seqrelid::regclass,"        \
    " coalesce(pg_sequence_last_value(seqrelid), seqstart),"                                \
    " pg_sequence_last_value(seqrelid) IS NOT NULL), ';') FROM pg_sequence"                 \
    " JOIN pg_class ON pg_class.oid = seqrelid AND relnamespace = '\"%s\"'::regnamespace)," \
    " EXISTS (SELECT 1 FROM weir_attempt WHERE attempt = '%s')"

static const char BEGIN_WRITE[] = "BEGIN;" LIMITS "%s"
                                  " SELECT seq FROM lake FOR UPDATE; " STATE_OF_WRITER;
static const char BEGIN_READ[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " NEWEST_ATTEMPT;
static const char LIGHT[] = " SET LOCAL synchronous_commit = off;";
/* There is no lake's row yet. */
static const char BEGIN_NEW[] =
    "BEGIN;" LIMITS " SELECT pg_advisory_xact_lock(hashtext('weir'), hashtext('%s'))";
static const char COMMIT[] = "DELETE FROM weir_attempt WHERE at < now() - interval '%d days'"
                             " AND id < (SELECT max(id) FROM weir_attempt);"
                             " INSERT INTO weir_attempt (attempt) VALUES ('%s'); COMMIT";

static char *begin_text(const connection *c, arena *a) {
    const transaction *t = &c->transaction;
    int64_t wait_ms = c->wait_ms > 0 ? c->wait_ms : 1; /* 0 would wait for ever */
    const char *schema = c->place.schema;
    int64_t idle_ms = crash_lease_us(IDLE_MAX_US) / 1000;
    if (!c->has_ledger)
        return arena_printf(a, BEGIN_NEW, wait_ms, idle_ms, schema);
    if (t->kind == TRANSACTION_READ)
        return arena_strdup(a, BEGIN_READ);
    return arena_printf(a, BEGIN_WRITE, wait_ms, idle_ms, t->light ? LIGHT : "", schema,
                        t->attempt);
}

typedef struct begun {
    int64_t newest;
    const char *counters;
    bool was_committed; /* the attempt of this name */
} begun;

static begun begun_of(const connection *c, const PGresult *told, arena *a) {
    begun b = {0};
    if (!c->has_ledger)
        return b;
    ASSERT(c->pq.ntuples(told) == 1
           && number_int64(c->pq.getvalue(told, 0, STATE_NEWEST), &b.newest));
    if (c->transaction.kind == TRANSACTION_READ)
        return b;
    b.counters = arena_strdup(a, c->pq.getvalue(told, 0, STATE_COUNTERS));
    b.was_committed = str_eq(c->pq.getvalue(told, 0, STATE_DONE), "t");
    return b;
}

/* What to do about a failure; REMEDY_NONE for an answer. */
static remedy remedy_for(const connection *c, const PGresult *told) {
    if (connection_answered(c, told))
        return REMEDY_NONE;
    return c->pq.status(c->pg) != CONNECTION_OK ? REMEDY_RECONNECT
                                                : sqlstate_remedy(connection_sqlstate(c, told));
}

/* Until the server is there, or refuses. */
static status come_back(connection *c, remedy needed, patience *p, error *err) {
    if (needed == REMEDY_REPEAT) {
        c->pq.clear(connection_script(c, "ROLLBACK"));
        return OK;
    }
    status result = connection_renew(c, err);
    while (result == E_IO && patience_wait(p))
        result = connection_renew(c, err);
    return result;
}

/* BEGIN and what belongs to it, with connecting as often as needed. */
static status begin_anew(connection *c, patience *p, arena *a, begun *ret, error *err) {
    ARENA_AUTO scratch = arena_new();
    const char *text = begin_text(c, scratch);
    for (;;) {
        PGresult *told = connection_script(c, text);
        remedy needed = remedy_for(c, told);
        status result = connection_answered(c, told) ? OK : connection_fail(c, told, err);
        if (result == OK)
            *ret = begun_of(c, told, a);
        c->pq.clear(told);
        if (needed == REMEDY_NONE && result != OK)
            c->pq.clear(connection_script(c, "ROLLBACK"));
        if (needed == REMEDY_NONE || !patience_wait(p))
            return result;
        TRY(come_back(c, needed, p, err));
    }
}

static void forget(connection *c) {
    arena_free(c->transaction.arena);
    c->transaction = (transaction){0};
}

status transaction_begin(connection *c, db_mode mode, error *err) {
    transaction *t = &c->transaction;
    patience p = {0};
    begun b = {0};
    ASSERT(t->kind == TRANSACTION_NONE);
    *t = (transaction){.kind = mode == DB_READ ? TRANSACTION_READ : TRANSACTION_WRITE,
                       .light = mode == DB_WRITE_LIGHT,
                       .repeatable = c->has_ledger,
                       .arena = arena_new()};
    clock_new_id(&CLOCK_SYSTEM, t->attempt);
    status result = begin_anew(c, &p, t->arena, &b, err);
    t->newest = b.newest;
    t->counters = b.counters;
    if (result != OK)
        forget(c);
    return result;
}

/* doing again */

/* What a result says, to be compared. */
static const char *answer_of(const connection *c, const PGresult *told, arena *a) {
    buf text = buf_new(a);
    buf_add(&text, c->pq.cmdStatus((PGresult *)(uintptr_t)told));
    for (int row = 0; row < c->pq.ntuples(told); row++)
        for (int i = 0; i < c->pq.nfields(told); i++)
            buf_printf(&text, "|%s", c->pq.getvalue(told, row, i));
    return text.text;
}

static status refuse_changed(connection *c, error *err) {
    c->transaction.lost = true;
    error_set(err, E_CHANGED, "the connection to ledger \"%s\" was lost, and others went on",
              c->place.shown);
    error_hint(err, "Nothing was committed; do the same again.");
    return E_CHANGED;
}

/* E_BUSY: the same again; others: it cannot be done. */
static status repeat_one(connection *c, const recorded *r, remedy *ret_needed, error *err) {
    ARENA_AUTO a = arena_new();
    PGresult *told = connection_ask(c, r->sql, r->values, r->count);
    bool answered = connection_answered(c, told);
    *ret_needed = remedy_for(c, told);
    status result = answered ? OK : connection_fail(c, told, err);
    bool same = answered && str_eq(answer_of(c, told, a), r->answer);
    c->pq.clear(told);
    return answered && !same ? refuse_changed(c, err) : result;
}

static status repeat_all(connection *c, remedy *ret_needed, error *err) {
    const transaction *t = &c->transaction;
    *ret_needed = REMEDY_NONE;
    if (t->counters != NULL && t->done.count > 0) {
        PGresult *told = connection_script(c, t->counters);
        *ret_needed = remedy_for(c, told);
        status result = connection_answered(c, told) ? OK : connection_fail(c, told, err);
        c->pq.clear(told);
        TRY(result);
    }
    for (size_t i = 0; i < t->done.count; i++)
        TRY(repeat_one(c, &t->done.items[i], ret_needed, err));
    return OK;
}

/* The transaction from its beginning, on a new connection or the same. *ret_committed: it turned
 * out to be over. */
static status resume(connection *c, remedy needed, patience *p, bool *ret_committed, error *err) {
    ARENA_AUTO a = arena_new();
    transaction *t = &c->transaction;
    begun b = {0};
    for (;;) {
        TRY(come_back(c, needed, p, err));
        TRY(begin_anew(c, p, a, &b, err));
        *ret_committed = b.was_committed;
        if (b.was_committed)
            return OK;
        if (!t->repeatable || b.newest != t->newest)
            return refuse_changed(c, err);
        status result = repeat_all(c, &needed, err);
        if (result == OK || needed == REMEDY_NONE || !patience_wait(p))
            return result;
    }
}

static status recover(connection *c, remedy needed, patience *p, bool *ret_committed, error *err) {
    *ret_committed = false;
    if (c->transaction.kind == TRANSACTION_NONE)
        return come_back(c, needed, p, err);
    status result = resume(c, needed, p, ret_committed, err);
    if (result != OK)
        c->transaction.lost = true;
    return result;
}

/* asking */

static bool changes_something(const char *sql) {
    return !str_starts(sql, "SELECT");
}

static const db_value *copy_values(arena *a, const db_value *values, size_t count, size_t *bytes) {
    db_value *copy = ARENA_ARRAY(a, db_value, count);
    for (size_t i = 0; i < count; i++) {
        copy[i] = values[i];
        copy[i].text = values[i].type == DB_TEXT ? arena_strdup(a, values[i].text) : NULL;
        *bytes += sizeof *copy + (copy[i].text != NULL ? strlen(copy[i].text) : 0);
    }
    return copy;
}

static void record(connection *c, const char *sql, const db_value *values, size_t count,
                   const PGresult *told) {
    transaction *t = &c->transaction;
    if (t->kind != TRANSACTION_WRITE || !t->repeatable || !changes_something(sql))
        return;
    const recorded r = {.sql = arena_strdup(t->arena, sql),
                        .values = copy_values(t->arena, values, count, &t->recorded_bytes),
                        .count = count,
                        .answer = answer_of(c, told, t->arena)};
    vec_push(t->arena, &t->done, r);
    t->recorded_bytes += sizeof r + strlen(sql) + strlen(r.answer);
    t->repeatable = t->recorded_bytes <= RECORDED_BYTES_MAX;
}

static status refuse_lost(const connection *c, error *err) {
    error_set(err, E_IO, "the connection to ledger \"%s\" was lost", c->place.shown);
    error_hint(err, "Nothing was committed; do the same again.");
    return E_IO;
}

status transaction_ask(connection *c, const char *sql, const db_value *values, size_t count,
                       PGresult **ret, error *err) {
    patience p = {0};
    bool committed;
    if (c->transaction.lost)
        return refuse_lost(c, err);
    for (;;) {
        PGresult *told = connection_ask(c, sql, values, count);
        if (connection_answered(c, told)) {
            record(c, sql, values, count, told);
            *ret = told;
            return OK;
        }
        remedy needed = remedy_for(c, told);
        status result = connection_fail(c, told, err);
        c->pq.clear(told);
        if (needed == REMEDY_NONE || !patience_wait(&p))
            return result;
        TRY(recover(c, needed, &p, &committed, err));
        ASSERT(!committed);
    }
}

status transaction_script(connection *c, const char *sql, error *err) {
    if (c->transaction.lost)
        return refuse_lost(c, err);
    c->transaction.repeatable = false;
    PGresult *told = connection_script(c, sql);
    status result = connection_answered(c, told) ? OK : connection_fail(c, told, err);
    c->pq.clear(told);
    return result;
}

/* ending */

static char *commit_text(const connection *c, arena *a) {
    const transaction *t = &c->transaction;
    if (t->kind != TRANSACTION_WRITE || !c->has_ledger)
        return arena_strdup(a, "COMMIT");
    return arena_printf(a, COMMIT, (int)ATTEMPTS_KEPT_DAYS, t->attempt);
}

static PGresult *ask_for_commit(connection *c, const char *text) {
    connection_send(c, text);
    if (c->transaction.kind == TRANSACTION_WRITE)
        crash_point("ledger.sent");
    return connection_answer(c);
}

/* Ask for the commit until there is an answer, or the attempt is found to be one. */
static status commit(connection *c, error *err) {
    ARENA_AUTO a = arena_new();
    const char *text = commit_text(c, a);
    patience p = {0};
    for (;;) {
        bool committed = false;
        PGresult *told = ask_for_commit(c, text);
        remedy needed = remedy_for(c, told);
        status result = connection_answered(c, told) ? OK : connection_fail(c, told, err);
        c->pq.clear(told);
        if (needed == REMEDY_NONE || !patience_wait(&p))
            return result;
        TRY(recover(c, needed, &p, &committed, err));
        if (committed) {
            c->pq.clear(connection_script(c, "ROLLBACK"));
            return OK;
        }
    }
}

/* A connection that is lost at a commit that makes the ledger: nobody can tell. */
static status commit_new(connection *c, error *err) {
    PGresult *told = ask_for_commit(c, "COMMIT");
    bool lost = c->pq.status(c->pg) != CONNECTION_OK;
    status result = connection_answered(c, told) ? OK : connection_fail(c, told, err);
    c->pq.clear(told);
    if (!lost)
        return result;
    error_set(err, E_UNCERTAIN, "the connection to ledger \"%s\" was lost at the commit",
              c->place.shown);
    error_hint(err, "Look with `weir status`, or do the same again.");
    return E_UNCERTAIN;
}

status transaction_commit(connection *c, error *err) {
    ASSERT(c->transaction.kind != TRANSACTION_NONE);
    if (c->transaction.lost)
        return refuse_lost(c, err);
    status result = c->has_ledger ? commit(c, err) : commit_new(c, err);
    if (result == OK)
        forget(c);
    return result;
}

void transaction_rollback(connection *c) {
    if (c->transaction.kind == TRANSACTION_NONE)
        return;
    if (c->pq.status(c->pg) == CONNECTION_OK)
        c->pq.clear(connection_script(c, "ROLLBACK"));
    forget(c);
}
