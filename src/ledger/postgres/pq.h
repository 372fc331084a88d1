/* pq: libpq, loaded when a ledger in PostgreSQL is named.
 *
 * With everything that it needs, loading it takes a third of the time of a run without work; a
 * lake whose ledger is a file never pays that. Members are libpq's functions without their PQ. */
#ifndef WEIR_LEDGER_POSTGRES_PQ_H
#define WEIR_LEDGER_POSTGRES_PQ_H

#include "base/error.h"

#include <libpq-fe.h>

typedef struct pq_calls {
    PGconn *(*connectdbParams)(const char *const *keys, const char *const *values, int expand);
    PGPing (*pingParams)(const char *const *keys, const char *const *values, int expand);
    void (*finish)(PGconn *pg);
    ConnStatusType (*status)(const PGconn *pg);
    char *(*errorMessage)(const PGconn *pg);
    const char *(*parameterStatus)(const PGconn *pg, const char *name);
    int (*connectionNeedsPassword)(const PGconn *pg);
    int (*connectionUsedPassword)(const PGconn *pg);
    PQnoticeReceiver (*setNoticeReceiver)(PGconn *pg, PQnoticeReceiver receiver, void *state);
    PQconninfoOption *(*conninfoParse)(const char *uri, char **ret_message);
    void (*conninfoFree)(PQconninfoOption *options);
    void (*freemem)(void *memory);
    PGresult *(*prepare)(PGconn *pg, const char *name, const char *sql, int count,
                         const Oid *types);
    PGresult *(*execPrepared)(PGconn *pg, const char *name, int count, const char *const *values,
                              const int *sizes, const int *formats, int result_format);
    PGresult *(*execParams)(PGconn *pg, const char *sql, int count, const Oid *types,
                            const char *const *values, const int *sizes, const int *formats,
                            int result_format);
    int (*sendQuery)(PGconn *pg, const char *sql);
    PGresult *(*getResult)(PGconn *pg);
    PGresult *(*makeEmptyPGresult)(PGconn *pg, ExecStatusType kind);
    void (*clear)(PGresult *result);
    ExecStatusType (*resultStatus)(const PGresult *result);
    char *(*resultErrorField)(const PGresult *result, int field);
    char *(*cmdStatus)(PGresult *result);
    int (*ntuples)(const PGresult *result);
    int (*nfields)(const PGresult *result);
    Oid (*ftype)(const PGresult *result, int column);
    char *(*getvalue)(const PGresult *result, int row, int column);
    int (*getisnull)(const PGresult *result, int row, int column);
} pq_calls;

/* E_IO with what to install when it is not there. Never unloaded. */
CHECKED status pq_load(pq_calls *ret, error *err);

#endif
