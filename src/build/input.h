/* input: the documents that tell a worker which files to read and how (doc/engine.md, "An input").
 *
 * Internal to build/: jobs, feeds of earlier units and queries all read through these. */
#ifndef WEIR_BUILD_INPUT_H
#define WEIR_BUILD_INPUT_H

#include "build/state.h"

typedef struct input_shape {
    const lake_table *table;
    bool land_timestamp; /* the view has file_land_timestamp */
    bool file;           /* the view has weir_file */
} input_shape;

/* The view's document without files. A new reference. */
json_t *input_document(const input_shape *shape);

/* Add a delivery's file; deliveries with one contract share a group. E_DATA when what the ledger
 * holds of it cannot be read. */
CHECKED status input_add_delivery(json_t *document, const build_context *c, const lake_table *t,
                                  const ledger_unit *unit, error *err);

/* Add files of a version, in order. */
CHECKED status input_add_files(json_t *document, const build_context *c, const lake_table *t,
                               const ledger_file *files, size_t count, error *err);

/* The document of one file of a version, with the columns that it has. A new reference. */
CHECKED status build_file_input(const build_context *c, const lake_table *t, int64_t version,
                                const ledger_file *file, arena *a, json_t **ret, error *err);

/* Read only rows of the job's partitions: needed when a file also feeds others. fed: under a window
 * or as_of map the base partitions to read instead, else not looked at. */
CHECKED status input_filter(json_t *document, const lake_table *reader, const lake_input *input,
                            const strings *fed, error *err);

#endif
