/* build: carry out what is stale: absorb, plan, reuse, stage, verify, commit.
 *
 * A build changes nothing that readers see until its one ledger transaction (design section 7).
 * It does not land (land/) and does not make directories (project/). */
#ifndef WEIR_BUILD_BUILD_H
#define WEIR_BUILD_BUILD_H

#include "base/log.h"
#include "engine/engine.h"
#include "engine/parsed.h"
#include "ledger/care.h"
#include "plan/bound.h"
#include "plan/filter.h"
#include "plan/plan.h"
#include "store/store.h"

/* What of the stale partitions is meant; what follows from it is, too. The others are left for a
 * later run, with what reads them: nothing is built over a mixture of done and not done. */
typedef struct build_scope {
    const plan_filter *filter; /* NULL: all */
    const strings *forced_by;  /* only what these rebuilds force; NULL: all */
    const plan_bounds *bounds; /* only so much of it; NULL: all */
} build_scope;

/* Work that follows from changes of code alone, above which somebody has to confirm it. Bytes are
 * those of what is there now. */
typedef struct build_limits {
    int64_t partitions, bytes;
} build_limits;

typedef struct build_context {
    const lake *lake;
    const ledger_table *tables; /* one per lake table, same index */
    ledger *ledger;
    engine *engine;
    const parsed_rows *parsed; /* deliveries whose rows a worker may have; NULL: none */
    store **layers;            /* one per lake layer */
    const clock_source *clock;
    const log *log;
    const char *run; /* run id */
    const char *who;
    const char *host;   /* this process, for people; others may help it. NULL: it builds alone */
    int64_t started_us; /* of the run, or --now */
    int64_t fence;      /* of the lease "run" */
    bool retry_failed;
    const build_scope *scope;   /* NULL: all that is stale */
    const build_limits *limits; /* NULL: there are none, or all is confirmed */
    const volatile int *interrupted;
    void (*progress)(void *state, const char *table, size_t done, size_t planned); /* NULL: none */
    void *progress_state;
} build_context;

typedef struct build_failure {
    const char *table;
    const char *partition; /* "*": the table could not be planned at all */
    error error;
} build_failure;

typedef struct build_blocked {
    const char *table;
    const char *partition;
    const char *by; /* "silver.sales day=2024-05-01": what failed or waits itself; NULL: nothing */
} build_blocked;
typedef VEC(build_blocked) build_blockeds;

/* What waits for somebody to confirm it. */
typedef struct build_unconfirmed {
    const char *table;
    int64_t partitions, bytes;
} build_unconfirmed;
typedef VEC(build_unconfirmed) build_unconfirmeds;

/* Who carried out jobs of a run: a process of this host or of another. */
typedef struct build_builder {
    const char *host;
    int64_t jobs, partitions;
} build_builder;
typedef VEC(build_builder) build_builders;

typedef struct build_result {
    int64_t built, reused, unchanged, emptied;
    int64_t rows, bytes; /* written */
    int64_t dropped;     /* rows of windows' surroundings, in no file */
    int64_t seq;         /* of the newest commit; 0: nothing to commit */
    VEC(build_failure) failed;
    build_blockeds blocked;
    build_blockeds later;           /* left for a later run */
    build_blockeds held;            /* something they read changed, but they are held */
    build_unconfirmeds unconfirmed; /* above the limits: left as it is */
    build_builders builders;        /* by their first job; empty when nothing had to be built */
} build_result;

/* Turn changes since the bookmarks into marks; computes feeds that are not known yet. Quick when
 * there is nothing (one query). E_DATA naming the table and the file when a map cannot be computed;
 * what else was found out is kept. */
CHECKED status build_absorb(const build_context *c, error *err);
/* Would build_absorb find nothing to do? Only looks. */
CHECKED status build_is_absorbed(const build_context *c, bool *ret, error *err);

/* What a run would do now (after build_absorb). selected as in lake_select; NULL: all. Above the
 * context's limits what follows from code alone is unconfirmed; what has another reason, too, is
 * not: it would be built anyway. */
CHECKED status build_plan(const build_context *c, const bool *selected, arena *a, plan *ret,
                          error *err);
/* What of a plan is, by table. */
build_unconfirmeds build_plan_unconfirmed(const plan *p, arena *a);

/* Partitions that wait for one upstream that failed, by table. */
CHECKED status build_blocked_find(const build_context *c, arena *a, build_blockeds *ret,
                                  error *err);

/* Absorb, then build everything stale in dependency order and commit. Failed partitions are in ret
 * and do not stop the rest; the status is not OK when the run as such could not go on. */
CHECKED status build_stale(const build_context *c, const bool *selected, arena *a,
                           build_result *ret, error *err);

typedef struct build_force {
    const bool *selected;      /* tables whose partitions are forced; sources among them are not */
    const plan_filter *filter; /* which partitions of them; NULL: all */
    const bool *follow;        /* tables that may follow, and with downstream are forced too */
    bool downstream;           /* force also what reads what is forced, however far down */
    const char *request;       /* the arguments, for the ledger */
    const char *why;           /* or NULL */
} build_force;

typedef struct build_forced {
    build_blockeds partitions;
    build_blockeds held; /* left out: they were undone, and are held */
} build_forced;

/* Mark as forced, and record that the context's run was asked for it: one commit; nothing when
 * nothing is meant. What failed before is tried again. The next build_stale carries it out, of this
 * run or another. */
CHECKED status build_force_marks(const build_context *c, const build_force *f, arena *a,
                                 build_forced *ret, error *err);
/* These rebuilds came to their end. */
CHECKED status build_force_done(const build_context *c, const strings *runs, error *err);

/* What a helper did. */
typedef struct build_helped {
    int64_t jobs, partitions;
    int64_t failed; /* jobs, among those */
} build_helped;
/* Build what the run c->run, which another process carries out, offers, until it is over. helper:
 * an id that is renewed meanwhile (ledger_helper_renew). Needs no lease; c->tables are those of the
 * run's definition. What was begun and is not wanted any more is removed, also on failure.
 * E_FOREIGN: the run's engine is another. *ret is added to. */
CHECKED status build_help(const build_context *c, const char *helper, build_helped *ret,
                          error *err);

/* Remove what killed runs left behind in the stores. Only objects that were recorded as pending
 * and are in no version. Call it holding the lease. */
CHECKED status build_recover(const build_context *c, error *err);

/* Forget what killed runs had finished before that moment and no run has taken up: then it is what
 * build_recover removes. */
CHECKED status build_drop_kept(const build_context *c, int64_t before_us, error *err);

typedef struct build_undone {
    const char *table, *partition;
    const char *reason; /* why it was left as it is; NULL: it was undone */
    strings files;      /* the deliveries that made the difference */
} build_undone;
typedef VEC(build_undone) build_undones;

/* What an undo of a run would do, by table and partition. E_NOT_FOUND when there is no such run.
 */
CHECKED status build_undo_look(const build_context *c, const char *run, arena *a,
                               build_undones *ret, error *err);
/* Where the run's version is still current, the one before becomes current again and is held
 * (design section 8): all in one commit. Readers that the same run made are undone with it, others
 * marked. */
CHECKED status build_undo(const build_context *c, const char *run, const char *why, arena *a,
                          build_undones *ret, error *err);
/* End the holds of the selected tables (NULL: all), or of one partition only (NULL: all); they are
 * stale from then on. */
CHECKED status build_release(const build_context *c, const bool *selected, const char *partition,
                             arena *a, build_undones *ret, error *err);

/* What gc removed, or would. */
typedef struct build_garbage {
    const char *layer;
    const char *object; /* key below the layer's store */
    const char *table;  /* NULL: of no table */
    int64_t bytes;
    const char *kept; /* why it is not removed; NULL: it is */
} build_garbage;

typedef struct build_gc_result {
    ledger_retireds retired;    /* versions that are not current, kept or not */
    VEC(build_garbage) files;   /* of versions that nothing needs */
    VEC(build_garbage) unknown; /* objects that the ledger does not know */
} build_gc_result;

/* Remove what nothing needs (design section 7, retire): files of versions past their retention,
 * and below .weir/ what dead runs left. Call it holding the lease, after recovery. Never raw
 * history, never quarantine; an object that the ledger does not know only when its run is known
 * and over and it is older than a day by the store's clock.
 * E_FOREIGN: the ledger knows no version while the store has objects. dry: nothing is removed; the
 * ledger is then a rehearsal's. */
CHECKED status build_gc(const build_context *c, bool dry, arena *a, build_gc_result *ret,
                        error *err);

typedef struct build_query {
    const lake_table *table;
    /* The column names of the query (sql_facts): file_land_timestamp and weir_file are in the view
     * only when named. */
    const strings *mentioned;
    int64_t as_of_seq; /* -1: now */
} build_query;

/* The job's input document for a table as it is now, or was (doc/engine.md), for `weir query`: with
 * the columns that it had then. */
CHECKED status build_query_input(const build_context *c, const build_query *q, arena *a,
                                 json_t **ret, error *err);

/* The input document, named name, of one version of a table. */
CHECKED status build_version_input(const build_context *c, const lake_table *t, int64_t version,
                                   const char *name, arena *a, json_t **ret, error *err);

#endif
