/* owner: which process holds a lease, in a text that outlives it.
 *
 * The text names the start of the machine, the process namespace, the process and its start time,
 * so that neither a reboot nor a number used again makes a dead owner look alive. */
#ifndef WEIR_LEDGER_OWNER_H
#define WEIR_LEDGER_OWNER_H

#include "base/arena.h"

typedef enum owner_life {
    OWNER_ALIVE,
    OWNER_DEAD,
    OWNER_UNKNOWN, /* on another machine, or in another process namespace (a container): only its
                    * lease's time tells */
} owner_life;

typedef enum owner_machines { OWNER_OF_THIS_MACHINE, OWNER_OF_ANY_MACHINE } owner_machines;

char *owner_self(arena *a);
/* machines: can a process of another machine have the ledger open? Otherwise one of another start
 * of the machine is dead. */
owner_life owner_look(const char *process, owner_machines machines, arena *a);

#endif
