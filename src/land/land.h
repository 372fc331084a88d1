/* land: take delivered files in, once, unchanged, with a verdict.
 *
 * One call takes what lies below the land root: claim, fingerprint while copying, check, keep
 * (raw history or quarantine), record in one ledger transaction with feeds and marks, then
 * remove the claim. Every step is safe to repeat (design section 4). Not for reading deliveries:
 * build/ does that. */
#ifndef WEIR_LAND_LAND_H
#define WEIR_LAND_LAND_H

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"
#include "engine/parsed.h"
#include "land/events.h"
#include "lake/lake.h"
#include "ledger/ledger.h"
#include "store/store.h"

typedef struct land_context {
    const lake *lake;
    const ledger_table *tables; /* one per lake table, same index */
    ledger *ledger;
    engine *engine;
    store **layers;       /* one per lake layer: where its tables are */
    store *quarantine;    /* <store>/.weir/quarantine */
    const char *temp_dir; /* absolute: for copies of what is in no local path */
    const clock_source *clock;
    const log *log;
    const char *run; /* run id */
    const char *who;
    int64_t fence;  /* of the lease "run"; 0: none is held, because nobody else can land */
    int64_t now_us; /* --now; 0: not given */
    const land_events *events; /* what of a land bucket is looked at; NULL: all that is there */
    parsed_rows *parsed;       /* gets the deliveries whose rows a worker keeps; NULL: none is to */
    const volatile int *interrupted;
    void (*progress)(void *state, size_t done, size_t known, const char *file); /* NULL: none */
    void *progress_state;
} land_context;

typedef struct land_rejection {
    const char *file;   /* path below the land root */
    const char *table;  /* NULL when it belongs to none */
    const char *reason; /* one line */
    const char *hint;   /* what to do about it; NULL when the report tells, or nobody knows */
    const char *report; /* path of the report, NULL when the file was left in land */
    bool left_in_land;  /* not taken: only rejected files are */
} land_rejection;

typedef struct land_result {
    int64_t accepted, duplicate,
        superseded; /* superseded: accepted ones that replaced an earlier delivery */
    int64_t bytes;
    int64_t requests; /* to a land bucket */
    int64_t absent;   /* objects that events told of and that are not there, or no more */
    VEC(land_rejection) rejected;
    VEC(land_rejection) failed;  /* could not be read or kept; left in land for the next time */
    VEC(land_rejection) waiting; /* not settled yet */
    VEC(land_rejection) unknown; /* below land, and of no table or no file: links, pipes, … */
} land_result;

/* Take everything that is there (selected[i] false skips a table; NULL: all). A file's own
 * failure never stops the others; the status is not OK only when landing as such cannot go on
 * (ledger, engine or store gone, full disk, interrupted) and everything so far is recorded, back in
 * land, or claimed for the next time. What a killed landing left is finished or undone first. */
CHECKED status land_all(const land_context *c, const bool *selected, arena *a, land_result *ret,
                        error *err);

/* `weir land --try`: check one file as if delivered to the table, without taking it. *ret_report
 * is the report document (a new reference). */
CHECKED status land_try(const land_context *c, const lake_table *table, const char *path,
                        json_t **ret_report, error *err);

/* Is there nothing below the land root that landing would look at? One directory walk, no
 * ledger. */
CHECKED status land_is_empty(const lake *l, bool *ret, error *err);

#endif
