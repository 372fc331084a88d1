/* handle: what the files of ledger/ share about an open ledger. Not for anything outside it.
 *
 * Reading goes through ledger_select: a statement and a function that takes one row. Changes of
 * units go through ledger_touch, so that bookmarks can follow them at the commit (bookmark.c). */
#ifndef WEIR_LEDGER_HANDLE_H
#define WEIR_LEDGER_HANDLE_H

#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/owner.h"

#include "base/strmap.h"

/* Units that this transaction changed, and those whose readers were marked. */
typedef struct ledger_changes {
    arena *arena;
    strmap *tables;  /* table id → changed_table */
    strmap *settled; /* reader id and table id → strmap of units */
} ledger_changes;

struct ledger {
    arena *arena; /* lives as long as the handle */
    db *d;
    const db_driver *driver; /* of the ledger itself; a rehearsal's database may have another */
    const char *location;    /* may hold a password: for opening only */
    const char *name;        /* the location as people may see it */
    const char *lake_id;
    bool is_rehearsal;     /* changes go to a copy that nobody keeps */
    int64_t rehearsed_seq; /* of a rehearsal: the newest commit when it was copied */
    bool in_transaction;
    ledger_mode mode;        /* of the open transaction */
    int64_t seq;             /* of the open transaction; 0: none taken */
    int64_t committed_seq;   /* newest that this handle committed; 0: none */
    ledger_changes *changes; /* of the open transaction; NULL: none */
    struct store *journal;   /* where commits are exported to; NULL: nowhere. Borrowed */
};

/* The same as ledger_open and ledger_create with a driver of the caller's choice. */
CHECKED status ledger_open_by(const db_driver *driver, const char *location,
                              const char *expected_lake_id, ledger **ret, error *err);
CHECKED status ledger_create_by(const db_driver *driver, const char *location, const char *lake_id,
                                const char *lake_name, ledger **ret, error *err);

/* Ends the process when no write transaction is open: a programmer's error. */
void ledger_need_write(const ledger *l);
/* ledger_need_write and db_run. */
CHECKED status ledger_write(ledger *l, const char *sql, const db_value *values, size_t count,
                            error *err);
/* Open a write transaction if none is open; *ret_own says whether it was. */
CHECKED status ledger_enter(ledger *l, bool *ret_own, error *err);
/* Commit when own and result is OK, roll back when own and it is not. */
CHECKED status ledger_leave(ledger *l, bool own, status result, error *err);

/* Does the process still live that took a lease or a pin? */
owner_life ledger_owner_look(const ledger *l, const char *process, arena *a);

typedef struct ledger_query {
    const char *sql;
    const db_value *values;
    size_t count;
    void (*read)(const db_rows *row, arena *a, void *into); /* takes one row */
} ledger_query;

/* Give every row to read. */
CHECKED status ledger_select(ledger *l, const ledger_query *query, arena *a, void *into,
                             error *err);
/* Give the first row to read, if there is one. */
CHECKED status ledger_select_one(ledger *l, const ledger_query *query, arena *a, void *into,
                                 bool *ret_found, error *err);
/* For read: the first column onto a `strings`. */
void ledger_read_text(const db_rows *row, arena *a, void *into);

/* Partitions of reader t with a current version. Those of a generation that is partitioned in
 * another way are no partitions of the table as it is defined now. */
#define EXISTING_PARTITIONS                                \
    " JOIN generation wanted ON wanted.id = t.generation"  \
    " JOIN current c ON c.tbl = t.id AND c.to_seq IS NULL" \
    " JOIN partition p ON p.id = c.partition"              \
    " JOIN generation had ON had.id = p.generation AND had.partition_by = wanted.partition_by"

/* Of deliveries d that are each the whole table: those that are or were it, as long as nobody has
 * withdrawn their content. */
#define DELIVERY_WAS_WHOLE                                                                    \
    "(d.state = 'active' OR (d.state = 'superseded' AND NOT EXISTS (SELECT 1 FROM delivery n" \
    " WHERE n.tbl = d.tbl AND n.identity = d.identity AND n.sha256 = d.sha256"                \
    " AND (n.state = 'withdrawn' OR n.withdrawal IS NOT NULL))))"

/* A unit of table changed in this transaction: takes a seq, keeps the table's changed_seq. */
CHECKED status ledger_touch(ledger *l, int64_t table, int64_t unit, error *err);
/* The readers of input that know the unit's feeds were marked: their bookmarks may follow. */
CHECKED status ledger_settle_unit(ledger *l, int64_t input, int64_t unit, error *err);
/* Mark every partition that is current in a table that is defined, whatever its feeds, and the one
 * of each unpartitioned table. */
CHECKED status ledger_mark_everything(ledger *l, int64_t seq, error *err);
/* Before the commit: move the bookmarks of readers for which every changed unit was settled. */
CHECKED status ledger_settle_bookmarks(ledger *l, error *err);

#endif
