#include "ledger/postgres/pq.h"

#include "base/library.h"

#define CALL(member) \
    { "PQ" #member, offsetof(pq_calls, member) }

static const library_call CALLS[] = {
    CALL(connectdbParams),
    CALL(pingParams),
    CALL(finish),
    CALL(status),
    CALL(errorMessage),
    CALL(parameterStatus),
    CALL(connectionNeedsPassword),
    CALL(connectionUsedPassword),
    CALL(setNoticeReceiver),
    CALL(conninfoParse),
    CALL(conninfoFree),
    CALL(freemem),
    CALL(prepare),
    CALL(execPrepared),
    CALL(execParams),
    CALL(sendQuery),
    CALL(getResult),
    CALL(makeEmptyPGresult),
    CALL(clear),
    CALL(resultStatus),
    CALL(resultErrorField),
    CALL(cmdStatus),
    CALL(ntuples),
    CALL(nfields),
    CALL(ftype),
    CALL(getvalue),
    CALL(getisnull),
};

static const library PQ_LIBRARY = {
    .file = "libpq.so.5",
    .hint = "Ledgers in PostgreSQL need libpq: on Debian, apt-get install libpq5.",
    .calls = CALLS,
    .count = ARRAY_SIZE(CALLS),
};

status pq_load(pq_calls *ret, error *err) {
    return library_load(&PQ_LIBRARY, ret, err);
}
