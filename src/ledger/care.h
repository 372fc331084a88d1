/* care: the part of the ledger that only the care of a lake needs: holds, fsck, pins, gc.
 *
 * The same handle and the same rules as ledger.h; runs need no more than to know what is held. */
#ifndef WEIR_LEDGER_CARE_H
#define WEIR_LEDGER_CARE_H

#include "ledger/ledger.h"

/* holds: partitions that were undone (design section 8). ledger_marks and ledger_mark_count leave
 * them out; ledger_marks_clear does not. */

typedef struct ledger_hold {
    int64_t table;
    const char *partition;
    int64_t derivation; /* how the content was made that was undone */
    const char *run;    /* that was undone */
    const char *who, *why;
    int64_t at_us;
    bool is_stale; /* filled in: something that the partition reads changed since */
} ledger_hold;
typedef VEC(ledger_hold) ledger_holds;
/* Replaces a hold that is there. */
CHECKED status ledger_hold_put(ledger *l, const ledger_hold *h, error *err);
/* Of one table, by partition; table 0: of all, by table. */
CHECKED status ledger_holds_of(ledger *l, int64_t table, arena *a, ledger_holds *ret, error *err);
CHECKED status ledger_hold_is(ledger *l, int64_t table, const char *partition, bool *ret,
                              error *err);
CHECKED status ledger_hold_release(ledger *l, int64_t table, const char *partition, error *err);
/* Holds that have ended: an input of what was undone, however far up, was withdrawn or superseded,
 * or the code that leads to it changed. Only looks. */
CHECKED status ledger_holds_lapsed(ledger *l, arena *a, ledger_holds *ret, error *err);

/* What a run made current and that still is, with what was current before. */
typedef struct ledger_undoable {
    int64_t table;
    const char *partition; /* text */
    int64_t partition_id;
    int64_t derivation, version; /* what the run made current */
    int64_t old_partition_id;
    int64_t old_derivation, old_version; /* 0: there was none */
    bool is_current;                     /* still */
    bool is_other_generation;            /* the run gave the table other columns or partitions */
    bool is_gone;                        /* gc removed the older one's files */
} ledger_undoable;
typedef VEC(ledger_undoable) ledger_undoables;
/* By table and partition. */
CHECKED status ledger_undoables_of(ledger *l, const char *run, arena *a, ledger_undoables *ret,
                                   error *err);
/* Files of deliveries that only one of two derivations (0: none) read, directly or by way of
 * others; sorted, each once. */
CHECKED status ledger_deliveries_between(ledger *l, int64_t one, int64_t other, arena *a,
                                         strings *ret, error *err);

/* fsck */

/* What the database says of its own damage; empty when it is sound. */
CHECKED status ledger_check(ledger *l, arena *a, strings *ret, error *err);
const char *ledger_location(const ledger *l);

/* A file of a version that is current or kept. */
typedef struct ledger_known_file {
    int64_t table;
    const char *table_name;
    int64_t version; /* one of those that have it */
    ledger_file file;
} ledger_known_file;
typedef VEC(ledger_known_file) ledger_known_files;
/* By table and object. */
CHECKED status ledger_known_files_of(ledger *l, arena *a, ledger_known_files *ret, error *err);
/* Names of tables that something in their layer's store is known of. */
CHECKED status ledger_tables_with_files(ledger *l, arena *a, strings *ret, error *err);
/* Tables that are no longer defined, by name. */
typedef struct ledger_orphan {
    int64_t id;
    const char *name;
    bool is_source;
    bool is_dropped; /* what it had was let go; raw history is still there */
} ledger_orphan;
typedef VEC(ledger_orphan) ledger_orphans;
CHECKED status ledger_orphans_of(ledger *l, arena *a, ledger_orphans *ret, error *err);
/* Let an orphan go: nothing of it is current any more, its directories are to be removed, its
 * versions wait for gc, whatever their number. Of a source table nothing is removed. */
CHECKED status ledger_drop(ledger *l, const ledger_orphan *o, error *err);
/* The object is damaged or gone: versions that have it are never used again, and partitions where
 * one is current are marked as missing. A content that comes out equal is a change all the same:
 * ledger_current.content of a lost version is "". */
CHECKED status ledger_file_lost(ledger *l, const char *object, error *err);

/* pins: what was current at a commit stays while somebody reads it. A rehearsal's are in the ledger
 * that it is a copy of; there *ret is 0 when that can only be read. E_CHANGED: gc was faster. */
CHECKED status ledger_pin_take(ledger *l, int64_t seq, int64_t for_us, int64_t *ret, error *err);
CHECKED status ledger_pin_drop(ledger *l, int64_t pin, error *err);

/* gc: versions that nothing needs. First they are marked, then their files go, then they are
 * forgotten; a version that is marked never becomes current again. */

/* Why a version that is not current stays. */
typedef enum ledger_need {
    NEED_NONE,
    NEED_HOLD,       /* it was undone and is held */
    NEED_PIN,        /* somebody reads it */
    NEED_READER,     /* a table that read it has not taken the change in yet */
    NEED_GENERATION, /* of a generation that is not complete yet */
    NEED_AGE,        /* retention: for */
    NEED_NUMBER,     /* retention: keep */
    NEED_COUNT
} ledger_need;

typedef struct ledger_retired {
    int64_t version, table;
    const char *table_name, *partition;
    int64_t bytes;
    ledger_need need;
    const char *who;  /* needs it: the run that was undone, a process, a table; or NULL */
    int64_t ended_us; /* when something else became current; 0: it never was */
} ledger_retired;
typedef VEC(ledger_retired) ledger_retireds;

typedef struct ledger_retention {
    int64_t before_us; /* what was replaced later stays */
    int64_t keep;      /* so many of each partition stay */
} ledger_retention;
/* All kept versions that are not current, by table and partition, newest first. Needs a write
 * transaction: pins that have ended go. */
CHECKED status ledger_gc_look(ledger *l, const ledger_retention *rule, arena *a,
                              ledger_retireds *ret, error *err);
CHECKED status ledger_gc_mark(ledger *l, int64_t version, error *err);

typedef struct ledger_doomed {
    const char *table_name;
    const char *object;
    int64_t bytes;
} ledger_doomed;
typedef VEC(ledger_doomed) ledger_doomeds;
/* Files that only marked versions have, also those that an earlier gc marked. */
CHECKED status ledger_gc_files(ledger *l, arena *a, ledger_doomeds *ret, error *err);
/* All marked versions: their files are gone. History still names them. */
CHECKED status ledger_gc_forget(ledger *l, error *err);

CHECKED status ledger_version_count(ledger *l, int64_t *ret, error *err);
/* Does the ledger know the run, as one that has ended or died? owner: the run that asks. */
CHECKED status ledger_run_is_over(ledger *l, const char *run, const char *asking, bool *ret,
                                  error *err);

#endif
