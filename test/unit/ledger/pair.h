/* pair: a fixture's ledger, its journal in memory, and a second ledger of the same lake that only
 * knows the journal: for the tests of the journal. */
#ifndef WEIR_TEST_LEDGER_PAIR_H
#define WEIR_TEST_LEDGER_PAIR_H

#include "fixture.h"

#include "store/store.h"

typedef struct pair {
    fixture *f;
    store *s;
    ledger *copy;
} pair;

/* What the fixture's ledger commits from here on is exported at once. */
pair pair_open(fixture *f);
void pair_close(pair *p); /* and the fixture's ledger */

/* How many entries the second ledger took over. */
int64_t pair_follow(pair *p);
/* Every row of every table that the journal carries. */
void pair_assert_equal(pair *p);
/* Commit, follow, compare. */
void pair_commit(pair *p);
bool pair_is_behind(pair *p, ledger *l);

const char *pair_key(fixture *f, int64_t seq); /* of an entry */
int64_t pair_number(fixture *f, ledger *l, const char *sql);
void pair_event(fixture *f, const char *what);        /* in an open transaction */
void pair_commit_event(fixture *f, const char *what); /* in its own */

#endif
