/* reach: what the feeds of an edge mean under its map.
 *
 * A unit's feeds are partitions of the reader; under a window or as_of map (schema/span.h) they are
 * base partitions, of which a partition of the reader reads several, or the newest; under MAP_ALL
 * they are "*". Whoever asks what a change reaches asks here. */
#ifndef WEIR_LEDGER_REACH_H
#define WEIR_LEDGER_REACH_H

#include "ledger/ledger.h"
#include "schema/span.h"

/* Partitions of the reader that a unit reaches because it feeds fed, sorted. Those that the map
 * does not make itself are left out unless they exist (have a current version). */
CHECKED status ledger_reached(ledger *l, const ledger_edge *edge, const char *fed, arena *a,
                              strings *ret, error *err);

/* Units that feed any of these base partitions, in the order of ledger_units_feeding. Of a source
 * table whose deliveries are each the whole (span.only_newest), also those that a later one
 * superseded. */
CHECKED status ledger_units_at(ledger *l, const ledger_edge *edge, bool input_is_source,
                               const strings *bases, arena *a, ledger_units *ret, error *err);

/* SPAN_AS_OF: which base partitions are asked for. */
typedef struct ledger_bases {
    const char *prefix; /* of span_prefix */
    const char *last;   /* not after this one … */
    bool before_last;   /* … and not this one either */
} ledger_bases;
/* The newest of them that some unit with rows feeds, counted as in ledger_units_at; NULL: none. */
CHECKED status ledger_newest_base(ledger *l, const ledger_edge *edge, bool input_is_source,
                                  const ledger_bases *bases, arena *a, const char **ret,
                                  error *err);

/* For ledger_mark_unit: the readers under a window or as_of map. */
CHECKED status ledger_mark_spans(ledger *l, int64_t input, int64_t unit, cause_kind cause,
                                 const char *ref, error *err);
/* Does some reader of the table see deliveries that others superseded? */
CHECKED status ledger_looks_back(ledger *l, int64_t table, bool *ret, error *err);

#endif
