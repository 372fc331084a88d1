/* journal_tables: which rows the journal carries.
 *
 * Writing entries, replaying them and the triggers that notice changes are all made from this one
 * table: a new table of the ledger is one list of columns and one line here. Marks, leases, pending
 * objects and bookmarks are not in it: they tell what is to be done next, and a replay marks
 * everything anew. Not for anything outside ledger/. */
#ifndef WEIR_LEDGER_JOURNAL_TABLES_H
#define WEIR_LEDGER_JOURNAL_TABLES_H

#include "ledger/db.h"

typedef enum journal_type {
    JOURNAL_INT,
    JOURNAL_COUNT, /* of rows or bytes: checked when it is read, so that sums of them hold */
    JOURNAL_TEXT,
    JOURNAL_PATH,  /* a text that becomes part of a path: checked when it is read */
    JOURNAL_LOCAL, /* not in the journal; 0 after a replay */
} journal_type;

typedef struct journal_column {
    const char *name;
    journal_type type;
    bool key; /* at most three numbers and two texts are */
} journal_column;

typedef struct journal_table {
    const char *name;
    const journal_column *columns;
    size_t count;
} journal_table;

extern const journal_table JOURNAL_TABLES[];
extern const size_t JOURNAL_TABLE_COUNT;

/* NULL when the journal does not carry such a table, or the table no such column. */
const journal_table *journal_table_find(const char *name);
const journal_column *journal_column_find(const journal_table *t, const char *name);

/* The column of `unjournaled` that holds the key column: i1 to i3, t1, t2. */
const char *journal_slot(const journal_table *t, const journal_column *key);

/* Make the database note every change of these tables in `unjournaled`. */
CHECKED status journal_watch(db *d, error *err);

#endif
