/* query_inputs: the tables that a query names, as the engine's inputs at one commit. */
#ifndef WEIR_CLI_QUERY_INPUTS_H
#define WEIR_CLI_QUERY_INPUTS_H

#include "cli/session.h"

typedef struct query_names {
    strings tables;    /* "layer.name", lower case, sorted, each once */
    strings bare;      /* names without a layer that are no WITH table of the query, likewise */
    strings mentioned; /* every name that a column is given with, likewise */
    bool all;          /* SHOW TABLES: every table is meant */
} query_names;

/* What a query's tree (json_serialize_sql) names. Pure. */
query_names query_names_of(json_t *tree, arena *a);

/* Longer than most queries; a process that dies loses its pin at once. */
static const int64_t QUERY_PIN_US = INT64_C(24) * 3600 * 1000000;

/* When the tables are looked at. */
typedef struct query_moment {
    int64_t as_of_seq; /* -1: now */
    bool pins;         /* what is read might be removed by gc before the query ends */
    int64_t pin;       /* 0: none */
} query_moment;

/* The commit that is meant by a number, a time or a run. E_USAGE. */
CHECKED status query_seq_of(const session *s, const char *text, int64_t *ret, error *err);

/* From --as-of. E_USAGE: no such commit, time or run. */
CHECKED status query_moment_find(session *s, query_moment *ret, error *err);
/* After the query. */
void query_moment_end(session *s, const query_moment *m);

/* *ret: a new array of input documents (doc/engine.md), read in one ledger transaction. Takes the
 * moment's pin.
 * E_USAGE: a table that is not there, with the nearest; E_DEFINITION: no SQL. */
CHECKED status query_inputs(session *s, const char *sql, query_moment *m, json_t **ret, error *err);

#endif
