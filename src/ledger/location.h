/* location: where a ledger is, before it is opened, or instead.
 *
 * A location is a path or a connection URI; it may hold a password, so people are shown
 * ledger_shown of it and nothing else. */
#ifndef WEIR_LEDGER_LOCATION_H
#define WEIR_LEDGER_LOCATION_H

#include "ledger/ledger.h"

/* Without what is secret in it. */
char *ledger_shown(arena *a, const char *location);
/* Is it a path of this machine? */
bool ledger_is_file(const char *location);
/* Is there something in its place? Only a ledger in a database must be one to be found. */
CHECKED status ledger_exists(const char *location, bool *ret, error *err);
/* The place of another ledger beside this one, for one that is not finished, or set aside. suffix:
 * a word of a-z. */
char *ledger_beside(arena *a, const char *location, const char *suffix);
/* Make room for a ledger: the folder that it will be in. */
CHECKED status ledger_make_room(const char *location, error *err);
/* Not while one of them is open. to: nothing is there. */
CHECKED status ledger_move(const char *from, const char *to, error *err);
CHECKED status ledger_remove(const char *location, error *err); /* also where nothing is */

/* Everything in the ledger at from into a new one at to, compared row by row when it is there. No
 * run can commit to either meanwhile. Who works there, or reads, is not taken along. *ret_seq: of
 * the newest commit.
 * E_BUSY: a run is at work; E_EXISTS: to is there; E_CHANGED: the two are not equal, and to is
 * removed. */
CHECKED status ledger_copy(const char *from, const char *to, int64_t *ret_seq, error *err);

#endif
