/* ledger: the truth about a lake: what was delivered, which versions are current, and why.
 *
 * A handle is one connection and serves one thread. Reads outside a transaction see the newest
 * commit; inside one they see one state. Writes need ledger_begin(LEDGER_WRITE); a transaction that
 * changes the lake takes a seq (ledger_next_seq), so seqs follow commit order. Nothing here touches
 * the store, the land folder or the engine. All returned text lives in the caller's arena. */
#ifndef WEIR_LEDGER_LEDGER_H
#define WEIR_LEDGER_LEDGER_H

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "lake/lake.h"
#include "ledger/delivery.h"

enum { LEDGER_SCHEMA = 1 }; /* newest migration this program knows */

/* Open an existing ledger and bring it to LEDGER_SCHEMA.
 * E_NOT_FOUND  no such ledger (hint: weir init)
 * E_FOREIGN    not a Weir ledger, of a newer Weir, or its lake id is not expected_lake_id (when
 *              given)
 * E_DENIED, E_IO  cannot be opened, or is on a network file system (SQLite's locks do not hold
 *                 there) */
CHECKED status ledger_open(const char *location, const char *expected_lake_id, ledger **ret,
                           error *err);
/* E_EXISTS when there is one. lake_id: a new identifier. */
CHECKED status ledger_create(const char *location, const char *lake_id, const char *lake_name,
                             ledger **ret, error *err);
void ledger_close(ledger *l); /* rolls back what is open; NULL is allowed */

const char *ledger_lake_id(const ledger *l);
/* Go on with a private copy of what the ledger holds now, outside a transaction: what is written
 * from here on is seen by this handle alone, blocks nobody, and is gone when it is closed. Also
 * for a ledger that can only be read. Costs a copy of the ledger, the first time. E_FULL, E_IO. */
CHECKED status ledger_rehearse(ledger *l, error *err);
/* Copy what the ledger holds now into path, a new or empty file, while others go on writing.
 * E_FULL, E_DENIED, E_IO; E_USAGE for databases that have their own tools for it. */
CHECKED status ledger_backup(ledger *l, const char *path, error *err);
bool ledger_is_read_only(const ledger *l); /* then ledger_begin(LEDGER_WRITE) gives E_DENIED */
/* How often this handle has asked its database: over a network each time is a wait. */
int64_t ledger_statements(const ledger *l);
/* How long ledger_begin waits for another writer; 10 seconds when never set. */
void ledger_wait_limit(ledger *l, int64_t limit_ms);

typedef enum ledger_mode {
    LEDGER_READ,
    LEDGER_WRITE,
    LEDGER_WRITE_LIGHT, /* a power cut may take it back: for what takes no seq and is no loss */
} ledger_mode;
/* E_BUSY after a bounded wait for another writer; E_DENIED when the ledger can only be read. */
CHECKED status ledger_begin(ledger *l, ledger_mode mode, error *err);
/* E_UNCERTAIN when the reply was lost. */
CHECKED status ledger_commit(ledger *l, error *err);
void ledger_rollback(ledger *l); /* does nothing outside a transaction */
/* The next seq, in a write transaction; the same one when asked again in the same transaction. */
CHECKED status ledger_next_seq(ledger *l, int64_t *ret, error *err);
CHECKED status ledger_seq(ledger *l, int64_t *ret, error *err); /* of the newest commit */

/* tables */

typedef struct ledger_column {
    const char *name;
    const char *type;
    int64_t field_id; /* stable per column name within a generation; 1-based */
} ledger_column;

typedef struct ledger_table {
    int64_t id;
    const char *name;
    int64_t generation;
    int64_t code;
    int64_t changed_seq;
    int64_t projected_seq;
    ledger_column *columns;
    size_t column_count;
} ledger_table;

/* Make the ledger's tables, generations, codes and edges those of the definition. Fast when
 * nothing changed (one comparison). Tables that are gone become orphaned; changed code marks all
 * partitions of the table (cause code, its ref tells what changed), a new generation likewise. An
 * edge that is new or has a new map gets bookmark_seq 0: absorb turns its input into marks.
 * ret_tables: one per lake table, same index. E_DEFINITION when a table's definition is one that a
 * later one has replaced: an old copy must not build back. */
CHECKED status ledger_sync_definition(ledger *l, const lake *definition, arena *a,
                                      ledger_table **ret_tables, error *err);
/* The same, also for an older definition. */
CHECKED status ledger_redefine(ledger *l, const lake *definition, arena *a,
                               ledger_table **ret_tables, error *err);
/* Only read: E_NOT_FOUND when the definition was never synchronised or is another one now. */
CHECKED status ledger_tables(ledger *l, const lake *definition, arena *a, ledger_table **ret_tables,
                             error *err);

/* The hash of one part of a code (lake_code_part). NULL: that code has no such part. */
CHECKED status ledger_code_part(ledger *l, int64_t code, const char *part, arena *a,
                                const char **ret, error *err);

typedef struct ledger_edge {
    int64_t table; /* the reader's id */
    int64_t input; /* the input's id */
    const char *map;
    int64_t bookmark_seq;
    const char *span;   /* of a window or as_of map (schema/span.h); NULL: none */
    const char *reason; /* what of the reader's code set the bookmark back; NULL: nothing */
    int64_t reason_seq; /* where it had stood: units of later commits are changes of their own */
} ledger_edge;
typedef VEC(ledger_edge) ledger_edges;
/* Edges whose bookmark is older than their input's newest change. */
CHECKED status ledger_edges_behind(ledger *l, arena *a, ledger_edges *ret, error *err);
CHECKED status ledger_edges_all(ledger *l, arena *a, ledger_edges *ret, error *err);
CHECKED status ledger_bookmark_set(ledger *l, int64_t table, int64_t input, int64_t seq,
                                   error *err);

/* feeds and marks */

typedef enum cause_kind {
    CAUSE_NEW,
    CAUSE_SUPERSEDED,
    CAUSE_WITHDRAWN,
    CAUSE_READMITTED,
    CAUSE_UPSTREAM,
    CAUSE_CODE,
    CAUSE_FORCED,
    CAUSE_MISSING,
} cause_kind;
const char *cause_name(cause_kind kind);

typedef struct feed_set {
    int64_t table; /* the reader */
    int64_t input;
    const char *map;     /* map fingerprint */
    int64_t unit;        /* delivery or version id */
    strings partitions;  /* texts */
    const int64_t *rows; /* per partition; NULL: all 0 */
} feed_set;
/* Replaces what was known of that unit under that map. Also records that the unit's feeds are
 * known. */
CHECKED status ledger_feeds_put(ledger *l, const feed_set *feeds, error *err);
/* Partitions that a unit feeds, sorted. E_NOT_FOUND when never computed under this map. */
CHECKED status ledger_feeds_of(ledger *l, int64_t table, int64_t input, const char *map,
                               int64_t unit, arena *a, strings *ret, error *err);

/* Partitions that any version that this partition of a derived input has had feeds, sorted, each
 * once. *ret_known: false when none of them was ever asked about under this map. */
CHECKED status ledger_feeds_ever(ledger *l, const ledger_edge *edge, const char *partition,
                                 arena *a, strings *ret, bool *ret_known, error *err);

typedef struct unit_change {
    int64_t unit;
    cause_kind cause;
    const char *ref; /* for the mark: the delivery's file, or "silver.x event_date=…" */
    bool fed;        /* its feeds under the edge's map are known */
    bool counts;     /* it is active or current now */
    int64_t seq;     /* of the change; with since_seq 0 only */
} unit_change;
typedef VEC(unit_change) unit_changes;
/* Units of the edge's input that changed after since_seq, were current or active before or are
 * now: deliveries by state (created active: new; superseded; withdrawn), versions that started
 * or ended. */
CHECKED status ledger_changes_since(ledger *l, const ledger_edge *edge, int64_t since_seq, arena *a,
                                    unit_changes *ret, error *err);

typedef struct mark {
    const char *partition; /* text */
    cause_kind cause;
    const char *ref;
    int64_t seq;
} mark;
typedef VEC(mark) marks;
/* Adding a mark that exists raises its seq. */
CHECKED status ledger_mark_add(ledger *l, int64_t table, const mark *m, error *err);
/* Marks on every existing partition (with a current version) of a table. */
CHECKED status ledger_mark_all(ledger *l, int64_t table, cause_kind cause, const char *ref,
                               error *err);
/* For each reader of input whose feeds of the unit are known: mark what they name, with this
 * transaction's seq. One call per changed unit, in the transaction of the change, after the
 * change and ledger_feeds_put. A reader under MAP_ALL has the one feed "*": all its existing
 * partitions, and of an unpartitioned one "()". At the commit, the bookmark of every reader that
 * was up to date before moves along if this was called for all units that changed, with their
 * feeds known to it. */
CHECKED status ledger_mark_unit(ledger *l, int64_t input, int64_t unit, cause_kind cause,
                                const char *ref, error *err);
CHECKED status ledger_marks(ledger *l, int64_t table, arena *a, marks *ret,
                            error *err); /* by partition, seq */
CHECKED status ledger_mark_count(ledger *l, int64_t *ret, error *err);
/* Is there any mark of that cause? */
CHECKED status ledger_mark_of_cause(ledger *l, cause_kind cause, bool *ret, error *err);
/* Clear the partition's marks with seq <= up_to. */
CHECKED status ledger_marks_clear(ledger *l, int64_t table, const char *partition, int64_t up_to,
                                  error *err);
/* Clear the partition's marks of exactly this seq: those that a commit set on what it built
 * itself. */
CHECKED status ledger_marks_clear_of_seq(ledger *l, int64_t table, const char *partition,
                                         int64_t seq, error *err);

/* partitions and versions */

typedef struct ledger_file {
    int64_t id; /* 0 before it is added */
    const char *object;
    int64_t rows, bytes;
    const char *sum1, *sum2;
    int64_t delivery; /* 0: not a part */
} ledger_file;

typedef struct ledger_version {
    int64_t id; /* 0 before it is added */
    int64_t partition;
    const char *content;
    int64_t rows, bytes;
    ledger_file *files;
    size_t file_count;
} ledger_version;

/* A partition with what is current in it. */
typedef struct ledger_current {
    int64_t partition;
    const char *text;
    int64_t derivation;
    int64_t derived_seq; /* of the derivation; 0: not known any more */
    int64_t code;        /* of the derivation; 0: not known any more */
    int64_t accepted; /* the event by which it stands for that code, which did not make it; or 0 */
    int64_t version;
    const char *memo_key;
    const char *content;
    int64_t rows, bytes;
    int64_t from_seq;
} ledger_current;
typedef VEC(ledger_current) ledger_currents;

CHECKED status ledger_partition_need(ledger *l, int64_t table, int64_t generation, const char *text,
                                     int64_t *ret_id, error *err); /* finds or adds */
/* 0 when the generation never had that partition. */
CHECKED status ledger_partition_find(ledger *l, int64_t generation, const char *text,
                                     int64_t *ret_id, error *err);
/* E_NOT_FOUND when the partition has no current version. */
CHECKED status ledger_current_get(ledger *l, int64_t table, const char *text, arena *a,
                                  ledger_current *ret, error *err);
/* All of a table now, by text; as_of_seq -1: now. */
CHECKED status ledger_currents_of(ledger *l, int64_t table, int64_t as_of_seq, arena *a,
                                  ledger_currents *ret, error *err);
CHECKED status ledger_version_files(ledger *l, int64_t version, arena *a, ledger_file **ret,
                                    size_t *ret_count, error *err);
/* Adds version, new files (id 0) and the references to all its files; fills the ids in *v. */
CHECKED status ledger_version_add(ledger *l, int64_t table, ledger_version *v, const char *run,
                                  error *err);
CHECKED status ledger_version_get(ledger *l, int64_t version, arena *a, ledger_version *ret,
                                  error *err);
/* Is anything current of the table? */
CHECKED status ledger_is_built(ledger *l, int64_t table, bool *ret, error *err);
/* What is current of all other generations, by text. */
CHECKED status ledger_generation_others(ledger *l, int64_t table, int64_t generation, arena *a,
                                        ledger_currents *ret, error *err);
/* End the current versions of all other generations: the new one stands complete. */
CHECKED status ledger_generation_retire(ledger *l, int64_t table, int64_t generation, error *err);
/* Is the object (a key below a layer's store) a file of some version? */
CHECKED status ledger_object_known(ledger *l, const char *object, bool *ret, error *err);

typedef struct ledger_unit_ref {
    int64_t input; /* table id */
    int64_t unit;
} ledger_unit_ref;

typedef struct ledger_derivation {
    int64_t id;
    int64_t partition;
    const char *memo_key;
    int64_t version;
    int64_t code;
    const ledger_unit_ref *lineage;
    size_t lineage_count;
} ledger_derivation;
/* E_NOT_FOUND. lineage is not filled. */
CHECKED status ledger_derivation_find(ledger *l, int64_t partition, const char *memo_key,
                                      ledger_derivation *ret, error *err);
/* What a derivation read. */
typedef struct ledger_ancestor {
    int64_t input, unit;
    const char *partition, *content; /* of a version; NULL for deliveries */
    bool counts; /* the delivery is active, or the partition's content is still that */
} ledger_ancestor;
typedef VEC(ledger_ancestor) ledger_ancestors;
CHECKED status ledger_lineage_of(ledger *l, int64_t derivation, arena *a, ledger_ancestors *ret,
                                 error *err);
/* The newest commit that changed whether the unit counts. */
CHECKED status ledger_unit_seq(ledger *l, bool input_is_source, int64_t unit, int64_t *ret,
                               error *err);

/* From now on the version counts as what the code makes under that key, although it was made
 * otherwise: the lineage is that of the derivation `made`. *ret_id: the new derivation. */
typedef struct ledger_acceptance {
    int64_t partition;
    const char *memo_key;
    int64_t version;
    int64_t code;
    int64_t made;  /* how the version really came to be */
    int64_t event; /* who accepted it, and why */
} ledger_acceptance;
CHECKED status ledger_derivation_accept(ledger *l, const ledger_acceptance *accepted,
                                        const char *run, int64_t *ret_id, error *err);
CHECKED status ledger_derivation_add(ledger *l, const ledger_derivation *d, const char *run,
                                     int64_t *ret_id, error *err);
/* The derivation's version becomes current in its partition at this transaction's seq. When the
 * version already is, only the derivation changes. version 0 ends the partition. Keeps
 * changed_seq. */
CHECKED status ledger_current_set(ledger *l, int64_t table, int64_t partition, int64_t derivation,
                                  int64_t version, error *err);

/* Units of the input that feed a partition of the reader now, with what reading and memo keys
 * need. partition NULL: all units of the input (MAP_ALL). By identity and land time, or by
 * partition text. */
typedef struct ledger_unit {
    int64_t unit;
    /* deliveries */
    const char *sha256, *contract, *contract_hash, *file, *object, *from_path;
    int64_t land_time;
    /* versions */
    const char *partition; /* the input's partition text */
    const char *content;
    int64_t rows, bytes;
} ledger_unit;
typedef VEC(ledger_unit) ledger_units;
CHECKED status ledger_units_feeding(ledger *l, const ledger_edge *edge, bool input_is_source,
                                    const char *partition, arena *a, ledger_units *ret, error *err);
/* Is every partition that the unit feeds in the list? Then a build may read its files unfiltered.
 * False when its feeds are not known. */
CHECKED status ledger_unit_feeds_only(ledger *l, const ledger_edge *edge, int64_t unit,
                                      const strings *sorted_partitions, bool *ret, error *err);
/* All partitions that current units of the edge's input feed, sorted, each once. */
CHECKED status ledger_partitions_fed(ledger *l, const ledger_edge *edge, bool input_is_source,
                                     arena *a, strings *ret, error *err);

/* projection */

/* Partitions of a table whose current version changed after since_seq: text and the version now
 * (0: none). */
typedef struct projection_change {
    const char *text;
    int64_t version;
} projection_change;
typedef VEC(projection_change) projection_changes;
CHECKED status ledger_projection_changes(ledger *l, int64_t table, int64_t since_seq, arena *a,
                                         projection_changes *ret, error *err);
CHECKED status ledger_projected_set(ledger *l, int64_t table, int64_t seq, error *err);
/* The seqs of the table's newest change and newest projection, as they are now. */
CHECKED status ledger_projection_state(ledger *l, int64_t table, int64_t *ret_changed,
                                       int64_t *ret_projected, error *err);

/* A folder of a layer's store that is to be called otherwise, because its table is; or to go. */
typedef struct directory_move {
    const char *layer, *folder;
    const char *target; /* NULL: it goes */
} directory_move;
typedef VEC(directory_move) directory_moves;
CHECKED status ledger_directory_moves(ledger *l, arena *a, directory_moves *ret, error *err);
CHECKED status ledger_directory_moved(ledger *l, const directory_move *m, error *err);

/* runs, leases, pending objects, events */

typedef struct ledger_run {
    const char *id;
    const char *verb;
    const char *state;
    int64_t started, finished; /* microseconds; 0: not yet */
    int64_t seq;
    const char *who, *code_version, *summary;
} ledger_run;
typedef VEC(ledger_run) ledger_runs;
CHECKED status ledger_run_start(ledger *l, const ledger_run *r, error *err);
CHECKED status ledger_run_finish(ledger *l, const char *id, const char *state, int64_t finished,
                                 const char *summary, error *err);
/* Whoever holds the lease knows that no other run is running: those were killed, or lost the lease.
 */
CHECKED status ledger_runs_cut_off(ledger *l, error *err);
CHECKED status ledger_run_list(ledger *l, int64_t limit, arena *a, ledger_runs *ret,
                               error *err); /* newest first */

typedef struct ledger_step {
    int64_t table;
    int64_t built, reused, unchanged, emptied, failed, blocked, rows, bytes, dropped, micros;
} ledger_step;
typedef VEC(ledger_step) ledger_steps;
CHECKED status ledger_step_put(ledger *l, const char *run, const ledger_step *s, error *err);
/* Of one table in which something was built, newest first. */
CHECKED status ledger_steps_of(ledger *l, int64_t table, int64_t limit, arena *a, ledger_steps *ret,
                               error *err);

/* The lease that whoever changes the lake holds. */
#define LEDGER_LEASE_RUN "run"

/* Take a lease. E_BUSY (naming the owner) while a living process holds it; a dead one's is
 * taken over at once. *ret_fence grows with every change of owner. */
CHECKED status ledger_lease_take(ledger *l, const char *name, const char *owner, int64_t for_us,
                                 int64_t *ret_fence, error *err);
CHECKED status ledger_lease_check(ledger *l, const char *name, const char *owner, int64_t fence,
                                  error *err); /* in the commit's transaction; E_BUSY when lost */
/* Hold it for_us longer from now, whether or not its time is over: nobody else has had it. E_BUSY
 * when somebody has. */
CHECKED status ledger_lease_renew(ledger *l, const char *name, const char *owner, int64_t fence,
                                  int64_t for_us, error *err);
CHECKED status ledger_lease_release(ledger *l, const char *name, const char *owner, error *err);
/* Others may help the owner, as long as it has the lease, if they have the same basis. In a
 * transaction. */
CHECKED status ledger_lease_share(ledger *l, const char *name, const char *owner, const char *basis,
                                  error *err);
typedef struct ledger_shared {
    const char *owner;
    const char *basis; /* NULL: nobody can help */
} ledger_shared;
/* E_NOT_FOUND: nobody has the lease who is alive, as far as can be seen. */
CHECKED status ledger_lease_shared(ledger *l, const char *name, arena *a, ledger_shared *ret,
                                   error *err);

typedef struct pending_object {
    const char *store; /* layer name, or "quarantine" */
    const char *object;
    const char *run;
} pending_object;
typedef VEC(pending_object) pending_objects;
CHECKED status ledger_pending_add(ledger *l, const pending_object *p, int64_t now_us, error *err);
CHECKED status ledger_pending_remove(ledger *l, const char *store, const char *object, error *err);
CHECKED status ledger_pending_list(ledger *l, arena *a, pending_objects *ret, error *err);

typedef struct ledger_failure {
    const char *partition;
    const char *memo_key;
    const char *error; /* JSON */
    const char *run;   /* as read: which it was in … */
    int64_t failed_us; /* … and when */
} ledger_failure;
typedef VEC(ledger_failure) ledger_failures;
CHECKED status ledger_failure_put(ledger *l, int64_t table, const ledger_failure *f,
                                  const char *run, int64_t now_us, error *err);
CHECKED status ledger_failure_clear(ledger *l, int64_t table, const char *partition, error *err);
CHECKED status ledger_failures_of(ledger *l, int64_t table, arena *a, ledger_failures *ret,
                                  error *err);

typedef struct ledger_event {
    int64_t id, seq, at_us;
    const char *who, *what, *ref, *why; /* ref and why may be NULL */
} ledger_event;
/* E_NOT_FOUND. */
CHECKED status ledger_event_get(ledger *l, int64_t id, arena *a, ledger_event *ret, error *err);
/* *ret_id may be NULL. */
CHECKED status ledger_event_put(ledger *l, const ledger_event *e, int64_t *ret_id, error *err);
CHECKED status ledger_event_add(ledger *l, const char *who, const char *what, const char *ref,
                                const char *why, int64_t now_us, error *err);

/* history */

/* A version that was current in a partition, with its newest time as such. */
typedef struct ledger_past {
    int64_t version;
    const char *run;          /* that made it */
    const char *code;         /* fingerprint of the code that made it; NULL: not known any more */
    const char *code_version; /* that the run recorded, or NULL */
    const char *content;
    int64_t rows, bytes;
    int64_t from_seq, to_seq; /* to_seq 0: it is current */
    int64_t from_us;
    bool is_gone; /* gc removed its files */
} ledger_past;
typedef VEC(ledger_past) ledger_pasts;
/* Of a partition in whatever generation, newest first; each version once. */
CHECKED status ledger_history(ledger *l, int64_t table, const char *partition, arena *a,
                              ledger_pasts *ret, error *err);

/* The newest commit not after that moment; 0: none. */
CHECKED status ledger_seq_at(ledger *l, int64_t time_us, int64_t *ret, error *err);
/* The newest commit of a run, or the newest before it when it changed nothing. E_NOT_FOUND. */
CHECKED status ledger_seq_of_run(ledger *l, const char *run, int64_t *ret, error *err);
/* This transaction's commit is the run's. */
CHECKED status ledger_moment_of_run(ledger *l, const char *run, error *err);
/* Units of a table as they counted at that commit, as for ledger_units_feeding. E_USAGE, naming the
 * partition, when gc has removed what was current then. */
CHECKED status ledger_units_as_of(ledger *l, int64_t table, bool is_source, int64_t seq, arena *a,
                                  ledger_units *ret, error *err);
/* The columns that a version's files have. */
CHECKED status ledger_version_columns(ledger *l, int64_t version, arena *a, ledger_column **ret,
                                      size_t *ret_count, error *err);

/* views for people */

/* The read-only views of `weir query` (design section 11), a contract with users: columns may be
 * added, not removed. Types are VARCHAR, BIGINT, TIMESTAMP (UTC) and BOOLEAN. */
typedef struct ledger_view_column {
    const char *name;
    const char *type;
    const char *doc;
} ledger_view_column;

typedef struct ledger_view_about {
    const char *name; /* without "weir." */
    const char *doc;
    const ledger_view_column *columns;
    size_t column_count;
} ledger_view_about;

/* The i-th view, from 0; NULL after the last. */
const ledger_view_about *ledger_view_at(size_t i);
/* One view as rows of texts, for the engine's literal rows: columns [{"name","type"}], rows
 * [[text|null]]; all rows of one state. E_NOT_FOUND when there is no such view. */
CHECKED status ledger_view(ledger *l, const char *name, json_t **ret_columns, json_t **ret_rows,
                           error *err);

typedef struct table_summary {
    int64_t partitions, stale, failed, rows,
        bytes;        /* a source table: deliveries active, rows, bytes */
    int64_t held;     /* these are not counted as stale */
    int64_t accepted; /* other code made what is there, and somebody accepted it */
    const char *last_run;
} table_summary;
CHECKED status ledger_table_summary(ledger *l, int64_t table, bool is_source, arena *a,
                                    table_summary *ret, error *err);

#endif
