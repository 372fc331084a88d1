/* owner: which process holds a lease, in a text that outlives it.
 *
 * The text names the start of the machine, the process namespace, the process and its start time,
 * so that neither a reboot nor a number used again makes a dead owner look alive. Only for
 * processes on machines that share the ledger's file. */
#ifndef WEIR_LEDGER_OWNER_H
#define WEIR_LEDGER_OWNER_H

#include "base/arena.h"

typedef enum owner_life {
    OWNER_ALIVE,
    OWNER_DEAD,
    OWNER_UNKNOWN, /* in another process namespace (a container): only its lease's time tells */
} owner_life;

char *owner_self(arena *a);
owner_life owner_look(const char *process, arena *a);

#endif
