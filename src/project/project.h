/* project: make directories from the ledger's current state.
 *
 * The hive tree of a derived table is <layer store>/<table>/<partition path>/<file>: hard links to
 * the version's files, each partition directory swapped in one step. A projection is droppable:
 * all of it can be made again from the ledger. Source tables need none: raw history is its own
 * directory. In a bucket it is a manifest per partition, which plain readers follow to the files,
 * or copies in the same tree. */
#ifndef WEIR_PROJECT_PROJECT_H
#define WEIR_PROJECT_PROJECT_H

#include "ledger/ledger.h"
#include "store/store.h"

typedef struct project_context {
    const lake *lake;
    const ledger_table *tables;
    ledger *ledger;
    store **layers;
    const char *run; /* run id */
    int64_t fence;   /* of the lease "run"; 0: none is held, because nobody else projects */
} project_context;

typedef struct project_result {
    int64_t partitions; /* directories made, swapped or removed */
} project_result;

/* Bring every table's directories to the ledger's current state. Per table: takes a lock of the
 * ledger's, projects what changed since it last did, reads the ledger again, repeats if it moved.
 * Quick when there is nothing. */
CHECKED status project_all(const project_context *c, project_result *ret, error *err);

/* Where other programs find a table (partition NULL) or one of its partitions: a directory, a
 * manifest; where nothing is projected, what would be the directory. */
char *project_address(const lake *l, const lake_table *t, const char *partition, arena *a);

/* The same from nothing, whatever was projected elsewhere: for a store that shows none of it. */
CHECKED status project_anew(const project_context *c, project_result *ret, error *err);

/* A manifest's place below the layer's store, and what is in it: one address per line, as the
 * engine would open the file. */
char *project_manifest_key(const char *short_name, const char *partition, arena *a);
char *project_manifest_text(const store *s, const ledger_file *files, size_t count, arena *a);

/* Remove what killed projections left aside in a layer's store; those under way are waited for. */
CHECKED status project_sweep(ledger *l, store *s, error *err);

/* Directories of tables that were renamed move, those of tables that were dropped go. Quick when
 * there is nothing. Before anything lands: a new table may have the old name. */
CHECKED status project_moves(const project_context *c, error *err);

#endif
