/* maps: written maps while they are judged, for maps.c and maps_span.c. */
#ifndef WEIR_LAKE_MAPS_H
#define WEIR_LAKE_MAPS_H

#include "lake/load.h"

/* One written expression, held against its input and its partition column. */
typedef struct probe {
    loader *loader;
    const sql_shape *input; /* with the hidden columns */
    const column *target;   /* the partition column in the result */
    const char *text;       /* the expression as written */
    place at;
} probe;

/* A map in the making. */
typedef struct reading {
    loader *loader;
    draft *draft;
    const sql_shape *shapes;
    sql_shape *probed; /* with the hidden columns */
    sql_inference *inference;
    const node **written; /* per input, or NULL */
    map_kind *kinds;      /* of the written ones, MAP_NONE for the others */
    sql_map *maps;        /* of the written ones */
    bool good;
} reading;

/* A problem at a place of the YAML; the reading is no longer good. */
error *maps_problem(reading *r, place at, const char *format, ...) PRINTF_LIKE(3, 4);

/* The expression of one partition column, as the one expression of *ret (MAP_SAME or MAP_DERIVED).
 * false: a problem was added. Fails only when the engine does. */
CHECKED status maps_ask(reading *r, const probe *p, sql_map *ret, bool *ret_good, error *err);

/* Is this a window or an as_of map? */
bool maps_is_span(const lake_table *t, const node *map);
/* Read it into r->kinds and r->maps. */
CHECKED status maps_read_span(reading *r, size_t input, error *err);
/* With the final inference: which partitions the spans make. Before the maps replace those that
 * were inferred. */
void maps_judge_spans(reading *r);

#endif
