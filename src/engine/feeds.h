/* feeds: the maps of a table's readers as a job wants them, and its answer as partition texts.
 *
 * Shared by landing (deliveries) and building (versions): both must speak of the same edges in the
 * same order. Where the unit's own partition tells (MAP_SAME, MAP_ALL, windows over it) no engine
 * is needed: that is answered here. */
#ifndef WEIR_ENGINE_FEEDS_H
#define WEIR_ENGINE_FEEDS_H

#include "base/json.h"
#include "lake/lake.h"

/* The pseudo partition that a unit feeds under MAP_ALL: every partition of the reader. */
#define FEEDS_EVERY_PARTITION "*"

/* What one unit (a delivery or a version) feeds in one reader. */
typedef struct unit_feed {
    const lake_table *reader;
    const lake_input *input; /* of the reader: which map, under which fingerprint */
    strings partitions;      /* texts, sorted, each once; of a window or as_of map base partitions
                                (ledger/reach.h) */
    int64_t *rows;           /* per partition, 0 when not counted */
} unit_feed;
typedef VEC(unit_feed) unit_feeds;

/* The job's "maps": one for each reader of t whose map is an expression. A new reference. */
json_t *feeds_maps(const lake *l, const lake_table *t);
/* The same for one edge alone. */
json_t *feeds_map_of(const lake_table *reader, const lake_input *input);
/* The columns of the partitions that feeds name: the reader's, or those of base partitions. */
const strings *feeds_columns(const lake_table *reader, const lake_input *input);
/* The map's expression of the column at that place, on rows that matter; of others NULL. */
const char *feeds_expression(arena *a, const lake_input *input, size_t place);
/* Does this map need rows to be looked at? */
bool feeds_need_rows(const lake_input *input);

/* What a unit of t feeds, for all readers of t. answer: the job's "feeds" array for the unit (NULL
 * when feeds_maps was empty). partition: the unit's own partition text for versions, NULL for
 * deliveries.
 * E_ENGINE when the answer does not fit the maps. */
CHECKED status feeds_read(const lake *l, const lake_table *t, const json_t *answer,
                          const char *partition, arena *a, unit_feeds *ret, error *err);
/* The same for one edge. A partition of an older partitioning feeds nothing under a map that takes
 * its text. */
CHECKED status feeds_read_edge(const lake_table *reader, const lake_input *input,
                               const json_t *answer, const char *partition, arena *a,
                               unit_feed *ret, error *err);

#endif
