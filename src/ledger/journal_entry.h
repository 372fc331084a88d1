/* journal_entry: the text of one journal entry, made from the ledger and brought back into it. Not
 * for anything outside ledger/. */
#ifndef WEIR_LEDGER_JOURNAL_ENTRY_H
#define WEIR_LEDGER_JOURNAL_ENTRY_H

#include "ledger/handle.h"

/* A text that is not UTF-8 is an object with its bytes under this key, in lower-case hex. */
#define JOURNAL_HEX "hex"

/* What an entry has to be to follow another. */
typedef struct journal_place {
    const char *lake;
    int64_t seq;
    const char *previous; /* sha256 of the entry before it; "": it is the first */
} journal_place;

/* Instead of a sha256: whatever it is. */
#define JOURNAL_ANY "*"

char *journal_key(arena *a, int64_t seq);
/* False: no entry's name. */
bool journal_number(const char *key, int64_t *ret);

/* How an entry with that sha256 ends; does a text end so? */
char *journal_seal(arena *a, const char *sha256);
bool journal_is_sealed(const char *text, size_t size);

/* Before the commit: if this transaction took a seq, put its entry into the outbox, with all rows
 * that changed since the last one. */
CHECKED status journal_record(ledger *l, error *err);

/* Check an entry's text and take its rows over. name: what errors call it. ret_sha256: what the
 * next entry must name. In a write transaction. E_DATA, E_FOREIGN. */
CHECKED status journal_apply(ledger *l, const journal_place *place, const char *name,
                             const char *text, size_t size, char ret_sha256[65], error *err);

/* The same without taking anything over: that it is whole, and the one that belongs there. */
CHECKED status journal_verify(const journal_place *place, const char *name, const char *text,
                              size_t size, char ret_sha256[65], error *err);

#endif
