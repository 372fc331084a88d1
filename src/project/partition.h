/* partition: one partition of one table being projected, in one of several ways.
 *
 * Where a folder can change places with another, a directory of links is made aside and swapped in
 * (hive.c). In a bucket names cannot be swapped: there is a manifest, one object that is replaced
 * as a whole, or, where a plain tree is asked for, copies (bucket.c). Internal to project/. */
#ifndef WEIR_PROJECT_PARTITION_H
#define WEIR_PROJECT_PARTITION_H

#include "project/project.h"

typedef struct projecting {
    const project_context *c;
    const lake_table *table;
    store *store;
    int64_t id;
    arena *arena;
} projecting;

/* Where the files of a partition are shown, below the layer's store: a prefix. */
char *partition_prefix(const projecting *p, const char *text);

/* The list of the version's files replaces the one before. */
CHECKED status manifest_write(const projecting *p, const projection_change *change, error *err);
CHECKED status manifest_remove(const projecting *p, const projection_change *change, error *err);
/* Whatever is among the manifests and is none goes: plain readers take it for one. all: of every
 * partition that the table ever had. */
CHECKED status manifests_sweep(const projecting *p, const projection_changes *all, error *err);

/* The store copies the version's files; what else is in the place goes afterwards, so that a reader
 * who lists in between sees both. */
CHECKED status copies_make(const projecting *p, const projection_change *change, error *err);

/* Everything below one prefix gets another; a kill in between leaves what doing it again ends. */
CHECKED status copies_move(store *s, const char *from, const char *to, error *err);

#endif
