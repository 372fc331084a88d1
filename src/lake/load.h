/* load: the state of one lake_load, shared by the files that carry it out. Inside lake/ only.
 *
 * Order: lake.yaml (lake_file.c), the folder tables/ (scan.c), the YAML of each table (source.c,
 * derived.c), the SQL of each (facts.c), the order of tables (graph.c), columns and maps with
 * inputs first (analysis.c, maps.c), fingerprints (fingerprint.c). */
#ifndef WEIR_LAKE_LOAD_H
#define WEIR_LAKE_LOAD_H

#include "base/strmap.h"
#include "lake/cache.h"
#include "lake/fields.h"

/* Of what is remembered between loads. Raise the number with every change of what Weir reads from a
 * syntax tree (facts, columns, maps, alignment), so that no answer of an older build is taken. */
#define ANALYSIS_VERSION WEIR_VERSION "/4"

typedef VEC(size_t) indexes;

/* A table while it is read. */
typedef struct draft {
    lake_table *table;
    node *yaml;           /* NULL when there is none, or it is broken */
    const node *defaults; /* of its folder, or NULL */
    sql_facts facts;      /* derived tables */
    indexes inputs;       /* into loader.drafts, in order of facts.inputs */
    bool is_broken;       /* an error was told: what follows from it is not */
} draft;

typedef struct loader {
    const lake_options *options;
    arena *arena;
    lake *lake;
    problems problems;
    cache *cache;
    VEC(draft) drafts; /* by layer, then name, until graph_order */
    strmap *by_name;   /* draft * by "layer.name", complete when scanning is over */
    strings names;     /* for hints */
} loader;

/* Read a definition file, relative to the lake's folder. false: a problem was added. */
bool load_text(loader *l, const char *file, char **ret_text, size_t *ret_size);
/* The same as a tree. NULL: a problem was added. */
node *load_yaml(loader *l, const char *file);

/* false: a problem was added that makes going on useless. *err is for wrong options. */
CHECKED status load_lake_file(loader *l, bool *ret_good, error *err);
void load_scan(loader *l);
void load_source(loader *l, draft *d);
void load_derived(loader *l, draft *d);
/* Land folders are one table's each. */
void load_check_land(loader *l);
/* Old names are of the same layer, and one table's each. */
void load_check_was(loader *l);
/* Inputs and all else that the SQL alone tells. Fails only when the engine does. */
CHECKED status load_facts(loader *l, draft *d, error *err);
/* Put drafts into dependency order; tell circles. */
void load_order(loader *l);
/* Result columns, maps, alignment; inputs of d are done. Fails only when the engine does. */
CHECKED status load_analysis(loader *l, draft *d, error *err);
/* The rules of d, whose columns are known. */
void load_checks(loader *l, draft *d);
void load_fingerprints(loader *l);

/* Judge the maps: written ones override those inferred without them, and what is in the way is
 * told. inference then holds the final ones. Fails only when the engine does. */
CHECKED status load_maps(loader *l, draft *d, const sql_question *asked, sql_inference *inference,
                         bool *ret_good, error *err);
/* Add what every source table has for SQL that names it: file_land_timestamp and weir_file. */
void load_add_hidden(loader *l, sql_shape *shape);
/* What the YAML says of each input: per input the map's node or NULL. */
const node **load_written_maps(const draft *d, arena *a);

/* The place of a draft's YAML, or of its SQL when there is none. */
place draft_place(const draft *d);

#endif
