/* session: a command's lake, put together: definition, engine, ledger, stores.
 *
 * The composition root: only this part (and cli.c, for output) reads the environment and decides
 * where things are; the modules take values. Opening is cheap: no worker is started. */
#ifndef WEIR_CLI_SESSION_H
#define WEIR_CLI_SESSION_H

#include "build/build.h"
#include "cli/verb.h"
#include "land/land.h"
#include "project/project.h"

typedef struct session {
    command *command;
    arena *arena; /* the command's */
    lake *lake;
    engine *engine;
    ledger *ledger;
    ledger_table *tables; /* one per lake table, same index */
    store **layers;       /* one per lake layer */
    store *quarantine;
    store *journal;       /* the lake's own store, which has the journal */
    char *worker;         /* the program */
    strings variables;    /* that the definition names */
    const char *temp_dir; /* absolute: for files that do not outlive the command */
    const char *who;
    const char *host; /* this process as others may see it: the host's name and a process id */
    bool is_shared;   /* other hosts may help its runs */
    const land_events *events; /* --events, read by events_take; NULL: not given */
    int64_t now_us;            /* --now; 0: not given */
    int64_t fence;             /* of the lease, while this command works under it; else 0 */
    bool borrows_ledger;       /* another session closes it */
} session;

typedef enum session_access {
    SESSION_DEFINITION, /* the definition and an engine */
    SESSION_READ,       /* and the ledger, whose tables are those of the definition */
    SESSION_AMEND,      /* and the stores; what is written stays; the tables are not yet read */
    SESSION_CHANGE,     /* the same; a fresh lake is made */
} session_access;

/* What was opened before a failure is closed by session_close, always. */
CHECKED status session_open(command *c, session_access access, session *s, error *err);
void session_close(session *s);

/* The same lake with stores in other places (lake_elsewhere), which are opened, and an engine that
 * reaches them. Ledger and tables are those of s, which is to be open as long. */
CHECKED status session_elsewhere(const session *s, lake *moved, session *ret, error *err);

/* The lake's folder, from -C upwards. */
CHECKED status session_find_dir(const command *c, char **ret_dir, error *err);
/* Load the definition into s and collect all its errors. */
CHECKED status session_load(command *c, session *s, errors *all, error *err);

/* In a write transaction: bring the ledger's tables in line with the definition. E_DEFINITION for
 * one that a later one has replaced, unless --redefine is given. */
CHECKED status session_sync(session *s, error *err);

/* Go on in a rehearsal: everything that is written to the ledger from now on is taken back when the
 * session ends. Brings the tables in line with the definition there, if they are not. */
CHECKED status session_rehearse(session *s, error *err);

/* Take the command's arguments and --exclude as a selection; NULL when everything is meant. */
CHECKED status session_select(const session *s, bool **ret_selected, error *err);

/* What the modules take, filled from the session. run may be NULL for reading. */
land_context session_land_context(session *s, const char *run);
build_context session_build_context(session *s, const char *run);
/* What work has to be confirmed; NULL: --yes has confirmed all of it. */
const build_limits *session_limits(const session *s);
project_context session_project_context(const session *s, const char *run);

/* Sent to buckets so far by what is open, without the engine's. */
int64_t session_requests(const session *s);

#endif
