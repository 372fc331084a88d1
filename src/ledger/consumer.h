/* consumer: what changed since a commit, for those who follow a table from outside, and how far
 * each of them has come.
 *
 * Nothing in a lake waits for a consumer, and nothing is kept for one: it is told what is current
 * now in partitions that changed since, so a position may be as old as it likes. For the lake's own
 * tables see the bookmarks of ledger.h. */
#ifndef WEIR_LEDGER_CONSUMER_H
#define WEIR_LEDGER_CONSUMER_H

#include "ledger/ledger.h"

typedef enum change_kind {
    CHANGE_ADDED,   /* had no rows at since_seq */
    CHANGE_CHANGED, /* had rows then, too, maybe the same ones */
    CHANGE_EMPTIED, /* has none now */
} change_kind;
const char *change_name(change_kind kind);

typedef struct partition_change {
    const char *partition; /* text */
    change_kind kind;
    int64_t version; /* that is current now; 0: none */
    int64_t rows, bytes;
    int64_t seq; /* of the newest change */
} partition_change;
typedef VEC(partition_change) partition_changes;

typedef struct changes_asked {
    int64_t table;
    int64_t since_seq;
    int64_t up_to_seq; /* what changed again later is left for later */
    int64_t limit;     /* partitions; a commit is never cut in two, so it may be more */
} changes_asked;
/* By seq and partition. Every partition that changed is told, also one that changed back: who reads
 * may have read in between. *ret_seq: everything up to there was told. */
CHECKED status ledger_partition_changes(ledger *l, const changes_asked *asked, arena *a,
                                        partition_changes *ret, int64_t *ret_seq, error *err);

/* 0: the ledger knows no such table. */
CHECKED status ledger_table_id(ledger *l, const char *name, int64_t *ret, error *err);

typedef struct ledger_consumer {
    int64_t table;
    const char *name;
    int64_t seq; /* it has everything up to here */
    const char *who;
    int64_t at_us;
} ledger_consumer;
typedef VEC(ledger_consumer) ledger_consumers;
/* E_NOT_FOUND. */
CHECKED status ledger_consumer_get(ledger *l, int64_t table, const char *name, arena *a,
                                   ledger_consumer *ret, error *err);
/* Of one table, by name; table 0: of all, by table. */
CHECKED status ledger_consumers_of(ledger *l, int64_t table, arena *a, ledger_consumers *ret,
                                   error *err);
/* In a write transaction; takes no seq, so that whoever follows the lake does not change it. */
CHECKED status ledger_consumer_put(ledger *l, const ledger_consumer *c, error *err);
CHECKED status ledger_consumer_remove(ledger *l, int64_t table, const char *name, error *err);

#endif
