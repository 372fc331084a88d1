/* journal: the ledger's commits once more, as files in the store, so that the ledger can be lost.
 *
 * Every commit that takes a seq also writes an entry with the rows it changed into the ledger's
 * outbox, in the same transaction; right after, the entry becomes <store>/.weir/journal/<seq>.json
 * and leaves the outbox. An entry names the lake, its number and the sha256 of the entry before it,
 * and ends with the sha256 of all that: what is altered, cut short, missing or of another lake is
 * found and named. Entries are read as hostile. The store given here is always the lake's own. */
#ifndef WEIR_LEDGER_JOURNAL_H
#define WEIR_LEDGER_JOURNAL_H

#include "ledger/ledger.h"
#include "store/store.h"

#define JOURNAL_PREFIX ".weir/journal/"

/* An entry of a journal is no larger, so that one commit cannot ask for all the memory. */
enum { JOURNAL_ENTRY_SIZE_MAX = 900 * 1000 * 1000 };

/* From now on each commit of the handle is exported at once; what cannot be stays in the outbox,
 * where journal_export finds it. The store is borrowed. A rehearsal exports nothing. */
void journal_attach(ledger *l, store *s);

/* Bring every entry of the outbox into the store.
 * E_FOREIGN  the store has another entry under that number: two ledgers wrote to one store
 * E_FULL, E_DENIED, E_IO, E_BUSY  the rest waits in the outbox */
CHECKED status journal_export(ledger *l, store *s, error *err);
CHECKED status journal_is_exported(ledger *l, bool *ret, error *err);

/* Does the store have entries that the ledger does not know: is it a restored older one? Only
 * looks at a few names, and at the end of the newest entry. E_FOREIGN: the ledger is ahead of the
 * journal by more than its outbox explains, or another ledger wrote its newest commit. */
CHECKED status journal_look(ledger *l, store *s, bool *ret_behind, error *err);

/* Bring the ledger forward by the entries it does not know, in one transaction; a new ledger thus
 * becomes the lost one. Afterwards everything is marked and no directory counts as projected, so
 * that the next run looks at all there is. ret_count: entries replayed.
 * E_DATA     an entry is missing, altered, cut short, or holds what no weir writes
 * E_FOREIGN  an entry is of another lake or of a newer weir, or the ledger went another way */
CHECKED status journal_replay(ledger *l, store *s, int64_t *ret_count, error *err);

typedef struct journal_fault {
    const char *kind;   /* missing, altered, extra */
    const char *object; /* its key */
    const char *detail; /* or NULL */
} journal_fault;
typedef VEC(journal_fault) journal_faults;

/* Would the journal make this ledger again? Every commit that is exported must have its entry and
 * nothing else may be there; deep: all of them are read. */
CHECKED status journal_check(ledger *l, store *s, bool deep, arena *a, journal_faults *ret,
                             error *err);

#endif
