#include "base/crash.h"

#ifdef WEIR_CRASH_POINTS

#include "base/number.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum { PAUSE_MS = 1500 };

/* In the order of a run. */
const char *const CRASH_POINTS[] = {
    "init.ledger",        /* a new lake's ledger has its name */
    "init.marker",        /* the store says whose it is */
    "rebuild.replayed",   /* a new ledger has all that the journal has, under another name */
    "rebuild.set_aside",  /* the old one has given way */
    "work.begun",         /* the lease is taken and the run recorded */
    "ledger.writing",     /* a write transaction is open */
    "ledger.committing",  /* all its statements are done */
    "ledger.sent",        /* PostgreSQL was asked to commit, and has not answered */
    "ledger.committed",   /* … and stand */
    "land.recovered",     /* objects that a killed landing left are gone */
    "land.mirrored",      /* an object of a land bucket is a file in the land folder, too */
    "land.fetched",       /* … and it is noted which bytes of it */
    "land.claimed",       /* a file was renamed into the claim folder */
    "land.pending",       /* the places to be written are recorded */
    "land.claims_synced", /* the claims are durable */
    "land.staged",        /* a copy is below the staging prefix */
    "land.placed",        /* an accepted copy has its name in raw history */
    "land.quarantined",   /* a refused file is in quarantine */
    "land.reported",      /* … with its report */
    "land.synced",        /* the names in raw history are durable */
    "land.unstaged",      /* the staging prefix is gone */
    "land.recorded",      /* the batch is in the ledger */
    "land.removed",       /* a claimed file is gone */
    "land.dropped",       /* what was taken is gone from the land bucket, the note of it not */
    "build.recovered",    /* objects that a killed build left are gone */
    "build.absorbed",     /* changes are marks */
    "build.pending",      /* the prefixes to be written below are recorded */
    "build.sent",         /* a job is with the worker */
    "build.answered",     /* its result is here */
    "build.sealed",       /* a file of it is durable and read-only */
    "build.synced",       /* the names of all of them are durable */
    "build.kept",         /* the results of a job would be found again */
    "share.offered",      /* other hosts may build a job, or have answered */
    "share.taken",        /* what another host answered is staged */
    "help.claimed",       /* a job of another host's run is this one's */
    "help.sent",          /* … and with the worker */
    "help.sealed",        /* what it made is durable */
    "help.answered",      /* the run may know */
    "build.staged",       /* a table is staged as a whole */
    "build.committed",    /* all tables are current */
    "project.cleared",    /* nothing is aside */
    "project.linked",     /* a file is aside */
    "project.synced",     /* the folder aside is durable */
    "project.exchanged",  /* it has traded places with the partition */
    "project.swapped",    /* what was there before is gone */
    "project.removed",    /* a copy that was shown before is gone from the bucket */
    "project.emptied",    /* a partition without rows is gone */
    "project.recorded",   /* the table is known to be projected */
    "gc.marked",          /* versions that nothing needs are being deleted */
    "gc.removed",         /* a file of them is gone */
    "gc.forgotten",       /* the ledger knows no file of them */
    "gc.judged",          /* an object that it does not know is gone, or kept for now */
    "move.copied",        /* an object is in another store, too */
    "move.projected",     /* what is made for readers is there */
    "move.checked",       /* all of it was looked at; nothing says yet whose it is */
    "gc.swept",           /* what killed landings worked in is gone */
    "work.ending",        /* the work is done, its end not recorded */
    "store.written",      /* a temporary file has its bytes */
    "store.durable",      /* … and keeps them */
    "store.begun",        /* an upload in parts is begun */
    "store.part",         /* … and a part of it is there */
    "store.named",        /* an object is there under its name */
    "store.removed",      /* an object is gone */
    "store.removing",     /* an entry of a folder, or a page of objects, is about to go */
};
const size_t CRASH_POINT_COUNT = ARRAY_SIZE(CRASH_POINTS);

/* Safeguards that can be left out, for test/crash/sabotage.py, which shows who notices. */
static const char *const SABOTAGES[] = {
    "no_fsync",      /* the names of what a build wrote are not synced */
    "no_seal_fsync", /* nor are its bytes */
    "no_raw_fsync",  /* nor the names in raw history */
    "no_claim_sync", /* nor those of claims */
    "no_fence",      /* whoever lost the lease goes on */
    "no_pending",    /* builds write without saying so first */
    "no_claim",      /* a helper that has lost its claim answers all the same */
    "no_mark_seq",   /* a build clears marks that it has not seen */
};

static bool is_listed(const char *const *list, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (str_eq(list[i], name))
            return true;
    return false;
}

static void log_passage(const char *name) {
    const char *path = getenv("WEIR_CRASH_LOG");
    if (path == NULL)
        return;
    ARENA_AUTO a = arena_new();
    const char *line = arena_printf(a, "%s\n", name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    ASSERT(fd >= 0 && file_write_fd(fd, line, strlen(line)));
    close(fd);
}

/* The worker processes are this process's only children. */
static void kill_workers(void) {
    ARENA_AUTO a = arena_new();
    char *text = NULL;
    const char *path = arena_printf(a, "/proc/self/task/%ld/children", (long)getpid());
    if (file_read(path, 1 << 16, a, &text, NULL, NULL) != OK)
        return;
    strings pids = str_split(a, text, ' ');
    for (size_t i = 0; i < pids.count; i++) {
        int64_t pid = 0;
        if (number_int64(pids.items[i], &pid) && pid > 1)
            kill((pid_t)pid, SIGKILL);
    }
}

static void die(void) {
    const char *how = getenv("WEIR_CRASH_SIGNAL");
    if (how == NULL)
        _exit(CRASH_EXIT_CODE);
    if (str_eq(how, "worker")) {
        kill_workers();
        return;
    }
    if (str_eq(how, "pause")) {
        poll(NULL, 0, PAUSE_MS);
        return;
    }
    ASSERT(str_eq(how, "kill") || str_eq(how, "stop"));
    raise(str_eq(how, "kill") ? SIGKILL : SIGSTOP);
}

/* WEIR_CRASH_AT is name or name:n; 0: not this one. */
static int64_t wanted_passage(const char *name) {
    const char *at = getenv("WEIR_CRASH_AT");
    size_t size = strlen(name);
    int64_t n = 0;
    if (at == NULL || strncmp(at, name, size) != 0)
        return 0;
    if (at[size] == '\0')
        return 1;
    return at[size] == ':' && number_int64(at + size + 1, &n) ? n : 0;
}

void crash_point(const char *name) {
    static int64_t passages; /* of the one point that is asked for; a test's own state */
    ASSERT(is_listed(CRASH_POINTS, CRASH_POINT_COUNT, name));
    int problem = errno;
    log_passage(name);
    int64_t wanted = wanted_passage(name);
    if (wanted > 0 && ++passages == wanted)
        die();
    errno = problem;
}

bool crash_sabotaged(const char *safeguard) {
    const char *asked = getenv("WEIR_SABOTAGE");
    ASSERT(is_listed(SABOTAGES, ARRAY_SIZE(SABOTAGES), safeguard));
    return asked != NULL && str_eq(asked, safeguard);
}

int64_t crash_lease_us(int64_t otherwise_us) {
    const char *asked = getenv("WEIR_LEASE_MS");
    int64_t ms = 0;
    return asked != NULL && number_int64(asked, &ms) ? ms * 1000 : otherwise_us;
}

#endif
