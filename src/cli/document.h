/* document: results as the JSON documents of the command line contract (design section 11).
 *
 * Pure: each function makes a new document from values. Keys may be added, never removed. */
#ifndef WEIR_CLI_DOCUMENT_H
#define WEIR_CLI_DOCUMENT_H

#include "build/build.h"
#include "land/land.h"
#include "plan/plan.h"

/* {"format":1} to add to. */
json_t *document_new(void);

/* {"kind","message","hint","file","line","column"} */
json_t *document_error_body(const error *err);
/* {"format":1,"error":{…}} */
json_t *document_error(const error *err);

/* {"records","ignored","objects","absent"} */
json_t *document_events(const land_events *events, const land_result *landed);

/* The deliveries part of a run. */
json_t *document_landing(const land_result *landed);

/* [{"table","partitions","bytes"}]: what waits for --yes. */
json_t *document_unconfirmed(const build_unconfirmeds *all);

/* run: NULL when nothing was recorded. built: NULL for `weir land`. */
json_t *document_run(const char *run, const land_result *landed, const build_result *built);

/* {"table","partition","by"} */
json_t *document_blocked(const build_blocked *b);

/* {"steps":[…]} */
json_t *document_plan(const plan *p);
/* The same as flat rows: table, partition, causes (one text), certain, rows, bytes. */
json_t *document_plan_rows(const plan *p);

/* Columns as [{"name","type","nullable"}]. */
json_t *document_columns(const columns *c);

/* An array of strings. */
json_t *document_strings(const strings *s);

#endif
