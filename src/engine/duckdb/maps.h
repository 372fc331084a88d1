/* maps: which partitions of reading tables the rows of a source feed, and with how many rows.
 *
 * The source is scanned once, into a small table of all combinations of map values with their
 * counts; each map is then read from that. */
#ifndef WEIR_ENGINE_DUCKDB_MAPS_H
#define WEIR_ENGINE_DUCKDB_MAPS_H

#include "engine/duckdb/db.h"
#include "engine/duckdb/job.h"

/* `, CAST((expression) AS T) AS m<map>_<key>` for every key of every map: columns of the small
 * table. */
void maps_add_keys(const job_maps *maps, buf *sql);

/* The partitions of one map in the table `from`, whose column `rows` counts:
 * {"id","partitions":[[…]],"rows":[…]}, in the order of the values.
 * limit: no more partitions than this are read; *ret_more tells whether there were more. */
CHECKED status maps_read(db *d, const job_map *map, size_t place, const char *from, int64_t limit,
                         arena *a, json_t **ret, bool *ret_more, error *err);

/* "m1_0, m1_1" for GROUP BY: the keys of the map at that place. */
void maps_add_key_names(const job_map *map, size_t place, buf *sql);
/* All columns of the map in the small table: "m1_0, m1_1, m1_w". */
void maps_add_all_names(const job_map *map, size_t place, buf *sql);
/* The value's text, of which partitions' texts are made: of a moment that of UTC, so that another
 * time zone of the lake gives no second text to the same partition. */
void maps_add_text(const char *value, const char *type, buf *sql);
/* ", <text of m1_0>, <text of m1_1>" */
void maps_add_key_texts(const job_map *map, size_t place, buf *sql);
/* " AND m1_w": only rows that belong to some partition; nothing when all do. */
void maps_add_condition(const job_map *map, size_t place, buf *sql);

#endif
