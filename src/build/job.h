/* job: one build job for some partitions of a table, and what came of it.
 *
 * Internal to build/. */
#ifndef WEIR_BUILD_JOB_H
#define WEIR_BUILD_JOB_H

#include "build/input.h"

typedef struct build_job {
    staged_table *table;
    staged **partitions; /* borrowed, in order: a place is a partition's ordinal */
    size_t count;
    int64_t number;  /* within the run and table: names its folder and files … */
    int64_t attempt; /* … with this one, from the second host on that tries; 0 and 1: the first */
    bool own;        /* not for other hosts */
    const char *dir; /* absolute: write there; NULL: below the run's prefix in the store */
    bool whole; /* read all that the first partition's inputs have, unfiltered, and drop rows of
                        other partitions */
} build_job;

/* Where a run stages what it makes for a table: a key prefix below the layer's store. */
char *job_prefix(const build_context *c, const lake_table *t, arena *a);

/* Name in a job's document where its output goes, and make the place. job_document has done so
 * already; for a host that makes another's job, or makes it again. */
CHECKED status job_place(const build_state *s, const build_job *job, json_t *document, error *err);

/* The job's own folder below it, with '/' at its end. */
char *job_folder(const build_state *s, const build_job *job, arena *a);

/* The job's document; prepares the folder it writes to. A new reference. */
CHECKED status job_document(const build_state *s, const build_job *job, json_t **ret, error *err);

/* Read the result into the partitions: files, rows, content, feeds, changed. Makes the files
 * durable.
 * E_ENGINE when the result does not fit the job. */
CHECKED status job_take(const build_state *s, const build_job *job, const json_t *result,
                        error *err);

/* The same for one partition, of an answer that an earlier run had taken; folder: where its files
 * are. Whatever is not as it was then is an error, and st is to be built. */
CHECKED status job_take_found(const build_state *s, staged_table *table, const char *folder,
                              const json_t *answer, staged *st, error *err);

#endif
