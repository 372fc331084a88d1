/* reach: what an impact is shown as: a list, a tree, sums per layer. */
#ifndef WEIR_CLI_REACH_H
#define WEIR_CLI_REACH_H

#include "build/impact.h"
#include "cli/session.h"

/* Find out what deliveries feed that were not asked yet: in a rehearsal, when there are any. */
CHECKED status reach_absorb(session *s, error *err);

/* Add "partitions", "layers", "complete" and "publications" to a document. */
void reach_describe(const session *s, const impact_reach *r, json_t *document);
/* The same partitions as flat rows: table, partition, rows, bytes, certain. */
json_t *reach_rows(const impact_reach *r);
extern const output_column REACH_COLUMNS[];
extern const size_t REACH_COLUMN_COUNT;

/* "12 partitions, 3.4 MB: silver 2 (1.2 MB), gold 10 (2.2 MB)", and what is not known. */
void reach_say_sums(const session *s, const impact_reach *r);

/* labels: one per seed, how its root is written. */
void reach_say_tree(const session *s, const impact_reach *r, const strings *labels);
/* "edges": [{"from":{…},"to":{…}}] of the same tree. roots: one per seed, as "from" shows it. */
json_t *reach_edges(const impact_reach *r, json_t *roots);

#endif
