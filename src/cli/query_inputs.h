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

/* *ret: a new array of input documents (doc/engine.md), read in one ledger transaction.
 * E_USAGE: a table that is not there, with the nearest; E_DEFINITION: no SQL. */
CHECKED status query_inputs(session *s, const char *sql, json_t **ret, error *err);

#endif
