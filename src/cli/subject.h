/* subject: the partition that a command is about, from its arguments TABLE [PARTITION]. */
#ifndef WEIR_CLI_SUBJECT_H
#define WEIR_CLI_SUBJECT_H

#include "cli/session.h"

typedef struct subject {
    const lake_table *table; /* derived */
    int64_t table_id;
    const char *partition; /* text */
    ledger_pasts history;  /* newest first, at least one */
} subject;

/* The first two arguments; PARTITION may be left out for a table that has only one.
 * E_USAGE: no such table or partition, or a source table. */
CHECKED status subject_find(session *s, subject *ret, error *err);

/* E_USAGE, naming the nearest: the derived table never had such a partition. */
CHECKED status subject_need_partition(session *s, const lake_table *t, const char *text,
                                      error *err);

#endif
