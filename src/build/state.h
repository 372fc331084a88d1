/* state: what a build has made and not yet committed, and the reading of inputs through it.
 *
 * Tables are built in dependency order within one commit, so a reader sees its input's staged
 * partitions in place of the ledger's. Internal to build/. */
#ifndef WEIR_BUILD_STATE_H
#define WEIR_BUILD_STATE_H

#include "base/strmap.h"
#include "build/build.h"
#include "build/obstacle.h"
#include "engine/feeds.h"

typedef enum outcome {
    OUTCOME_PENDING,  /* to be built */
    OUTCOME_SAME_KEY, /* the current version has this memo key: nothing to do */
    OUTCOME_REUSED,   /* a retained version has it */
    OUTCOME_BUILT,    /* new files were staged; `changed` says whether they differ */
    OUTCOME_FAILED,   /* the old version stays */
    OUTCOME_BLOCKED,  /* something it reads failed; the old version stays */
    OUTCOME_LATER,    /* this run leaves it, or something it reads, for a later one */
    OUTCOME_HELD,     /* built or found, but its generation is not complete: the old one stays */
    OUTCOME_LEAVING,  /* of an older generation and not of this one: ends with the swap */
} outcome;

struct staged;

/* One unit that a partition reads: a recorded one, or one staged by this build. */
typedef struct source_unit {
    ledger_unit unit;            /* unit.unit is 0 when staged */
    const struct staged *staged; /* NULL: recorded */
} source_unit;
typedef VEC(source_unit) source_units;

typedef struct staged {
    const char *text;
    const char *memo_key;
    outcome outcome;
    bool changed;         /* its content differs from what is current */
    bool forced;          /* build it, whatever is known under its key */
    bool relaid;          /* its files are to be others, even with the same content */
    source_units *inputs; /* per input of the table */
    ledger_current old;   /* old.version 0: none */
    int64_t derivation;   /* OUTCOME_REUSED: the one found */
    const char *content;
    int64_t rows, bytes;
    int64_t dropped; /* rows of a window's surroundings that its SQL gave, too */
    ledger_file *files;
    size_t file_count;
    unit_feeds feeds; /* of the new content, to every reader */
    int64_t version;  /* reused or committed; 0 until then */
    error failure;
    bool remembered; /* the failure is an earlier run's */
    bool by_code;    /* nothing but changes of code led to it */
    bool planned;    /* it is marked or reached; else it only waits for what it reads */
    /* In the way of what reads it, once its table is done; of BLOCKED and LATER also of itself. */
    obstacle *obstacle;
} staged;
typedef VEC(staged *) staged_list;

typedef struct feeders feeders;
typedef struct stuck_bases stuck_bases;

typedef struct staged_table {
    const lake_table *table; /* NULL: not looked at yet */
    staged_list partitions;  /* in the order of texts */
    strmap *by_text;
    feeders **feeders;   /* per input, of what was staged of it; NULL: not asked yet */
    stuck_bases **stuck; /* per input, of what stays as it was; NULL: not asked yet */
    strmap *blocked;     /* partitions that read something which is in the way → its obstacle */
    obstacle *blocked_whole; /* of an input that every partition reads whole; or NULL */
    strings held;            /* planned, and left as they are */
    bool swaps;              /* something of an older generation is current */
    strmap *layouts;         /* code id → hash of how files were to be laid out, or NULL */
    bool unsure;          /* something left for later may reach partitions that nobody knows of */
    const error *unknown; /* why some input's feeds cannot be told: nothing can be built; or NULL */
    plan_reaches reached; /* partitions that read something which changed */
    int64_t micros;
    int64_t jobs;
    bool code_waits; /* what follows from code alone is not confirmed */
    bool waits;      /* nor is anything else of it to be built until that is */
    bool garbage;    /* something was staged that no version will name */
    bool committed;  /* by an earlier commit of this run (commit: table) */
} staged_table;

/* What a bounded run takes on and what it leaves, by names as of cost_name. */
typedef struct build_bounded {
    strmap *taken, *left;
} build_bounded;

typedef struct build_state {
    const build_context *c;
    arena *arena;
    staged_table *tables;         /* one per lake table */
    int64_t plan_seq;             /* marks newer than this are not ours to clear … */
    VEC(int64_t) seqs;            /* … but those of this run's own commits */
    size_t done, planned;         /* partitions, for progress */
    const build_bounded *bounded; /* NULL: without bounds */
    build_builders builders;
    int64_t deadline_us; /* monotonic: no job begins after it; 0: none */
} build_state;

/* Does it stay as it was although something changed, so that what reads it must wait? */
static inline bool staged_is_stuck(const staged *st) {
    return st->outcome == OUTCOME_FAILED || st->outcome == OUTCOME_BLOCKED
           || st->outcome == OUTCOME_LATER || st->outcome == OUTCOME_HELD
           || (st->outcome == OUTCOME_LEAVING && !st->changed);
}

/* Does it end with this build, having rows no more? */
static inline bool staged_is_emptied(const staged *st) {
    bool empty = st->outcome == OUTCOME_LEAVING || (st->outcome == OUTCOME_BUILT && st->rows == 0);
    return empty && st->changed;
}

static inline const ledger_table *state_ledger_table(const build_state *s, const lake_table *t) {
    return &s->c->tables[t->index];
}

/* Nothing is staged yet. */
void state_init(build_state *s, const build_context *c, arena *a);

/* The ledger's edge of an input. */
ledger_edge build_edge(const build_context *c, const lake_table *reader, const lake_input *input);

/* Units that partition text of t reads through one input, staged ones in place of recorded ones. */
CHECKED status state_units(const build_state *s, const lake_table *t, const lake_input *input,
                           const char *text, source_units *ret, error *err);

/* What units feed so that partition text of t reads them through one input: its own text, or under
 * a window or as_of map base partitions. Sorted. */
CHECKED status state_fed(const build_state *s, const lake_table *t, const lake_input *input,
                         const char *text, strings *ret, error *err);

/* The partition's memo key, from st->inputs. */
void state_memo_key(const build_state *s, const lake_table *t, const staged *st, char key[65]);

/* Partitions of every reader that a change of (t, text) reaches, from old and new feeds; each is
 * given to add once or more. */
typedef void reach_add(void *state, const lake_table *reader, const char *partition);
CHECKED status state_reach(const build_state *s, const lake_table *t, const staged *st,
                           reach_add *add, void *add_state, error *err);

#endif
