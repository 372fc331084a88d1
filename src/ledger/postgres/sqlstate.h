/* sqlstate: what PostgreSQL's five letters mean to the ledger. Pure. */
#ifndef WEIR_LEDGER_POSTGRES_SQLSTATE_H
#define WEIR_LEDGER_POSTGRES_SQLSTATE_H

#include "base/error.h"

typedef enum remedy {
    REMEDY_NONE,      /* asking again gives the same answer */
    REMEDY_REPEAT,    /* the transaction was in the way of another one: the same again */
    REMEDY_RECONNECT, /* the server went away, or sent us away: connect, and the same again */
} remedy;

/* sqlstate: five characters, or NULL where the server said nothing. */
remedy sqlstate_remedy(const char *sqlstate);
status sqlstate_kind(const char *sqlstate);
/* A sentence, or NULL. */
const char *sqlstate_hint(const char *sqlstate);

#endif
