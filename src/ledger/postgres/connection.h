/* connection: one connection to PostgreSQL that comes back when the server does.
 *
 * A statement that fails because the server went away, or because another transaction was in the
 * way, is done again after connecting and, within a transaction, after doing again what the
 * transaction had done (transaction.h). Prepared statements are kept by text. Internal to
 * postgres/. */
#ifndef WEIR_LEDGER_POSTGRES_CONNECTION_H
#define WEIR_LEDGER_POSTGRES_CONNECTION_H

#include "base/clock.h"
#include "base/strmap.h"
#include "ledger/db.h"
#include "ledger/postgres/place.h"
#include "ledger/postgres/pq.h"

typedef enum transaction_kind {
    TRANSACTION_NONE,
    TRANSACTION_READ,
    TRANSACTION_WRITE
} transaction_kind;

/* A statement of the open transaction that changed something, and what it gave. */
typedef struct recorded {
    const char *sql;
    const db_value *values;
    size_t count;
    const char *answer;
} recorded;

typedef struct transaction {
    transaction_kind kind;
    bool light;
    bool lost;       /* it cannot go on, and was told so */
    bool repeatable; /* everything that it did is recorded */
    int64_t newest;  /* number of the newest attempt when it began */
    char attempt[ID_TEXT_SIZE];
    arena *arena;         /* of the records; NULL outside a transaction */
    const char *counters; /* where the ids stood, a script that sets them back */
    size_t recorded_bytes;
    VEC(recorded) done;
} transaction;

typedef struct connection {
    arena *arena;
    place place;
    pq_calls pq;
    PGconn *pg; /* may be broken, never NULL once opened */
    arena *names_arena;
    strmap *names;         /* by text and types of values: how often asked, and prepared as what */
    size_t prepared_count; /* names are numbers */
    int64_t wait_ms;       /* for other writers */
    bool has_ledger;       /* the schema has a ledger; otherwise one is being made */
    bool is_read_only;
    int64_t schema;       /* newest migration when last asked … */
    bool schema_is_fresh; /* … which was when it was opened, and nobody has been told yet */
    bool has_lock;        /* and is to have it again on another connection */
    int64_t lock;
    transaction transaction;
} connection;

/* How long a statement goes on trying; begins with its first failure. */
typedef struct patience {
    int64_t until_us; /* 0: nothing has failed */
    int64_t wait_ms;
    int64_t attempts;
} patience;

CHECKED status connection_open(connection *c, error *err);
void connection_close(connection *c);

/* Connect anew. E_IO when the server is not there yet, which may be tried again; E_DENIED and
 * others when it is and refuses. */
CHECKED status connection_renew(connection *c, error *err);

/* Ask once, without any remedy. The caller clears the result, which is never NULL. */
PGresult *connection_ask(connection *c, const char *sql, const db_value *values, size_t count);
/* Several statements without values in one round trip: the last result that has rows, or the one
 * that failed, or the last. */
PGresult *connection_script(connection *c, const char *sql);
/* The same in its two halves; what cannot be sent is told by the answer. */
void connection_send(connection *c, const char *sql);
PGresult *connection_answer(connection *c);

/* Take an advisory lock of the session, without waiting. Asks once. */
CHECKED status connection_lock(connection *c, int64_t key, bool *ret_granted, error *err);

bool connection_answered(const connection *c, const PGresult *result);
/* NULL: the server said nothing. */
const char *connection_sqlstate(const connection *c, const PGresult *result);
status connection_fail(const connection *c, const PGresult *result, error *err);

/* Wait a little before another attempt; false: patience is at its end. */
bool patience_wait(patience *p);

#endif
