/* Stores and a ledger that fail when asked to: store_open and db_driver_for are called here instead
 * (meson.build, --wrap). A statement fails when its first row is asked for, as those of SQLite do,
 * or its second. */
#include "fault.h"
#include "fault_store.h"

#include "ledger/db.h"

#include <dirent.h>
#include <errno.h>

status __wrap_store_open(const char *root, store **ret, error *err);
status __real_store_open(const char *root, store **ret, error *err);
const db_driver *__wrap_db_driver_for(const char *location);
const db_driver *__real_db_driver_for(const char *location);

status __wrap_store_open(const char *root, store **ret, error *err) {
    store *inner = NULL;
    TRY(__real_store_open(root, &inner, err));
    *ret = fault_is_asked_for() ? fault_store_over(inner) : inner;
    return OK;
}

/* At the end only what was there at the start is open. */
static int descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ASSERT(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static int at_start; /* a test's own state */

__attribute__((constructor)) static void count_descriptors(void) {
    at_start = descriptors();
}

__attribute__((destructor)) static void look_for_leaks(void) {
    if (fault_is_asked_for() && descriptors() != at_start)
        fprintf(stderr, "Sanitizer: %d descriptors were left open\n", descriptors() - at_start);
}

/* A result being read. The statement's text is a constant of the ledger. */
typedef struct watched {
    void *rows;
    const char *sql;
    int64_t steps;
} watched;

static const db_driver *real;
static db_driver faulty; /* the real one with some calls replaced */

/* As the SQLite driver says it. A full disk and a broken one end the transaction in the database,
 * too. */
static status told(void *state, int why, const char *sql, error *err) {
    static const struct {
        int why;
        status kind;
        const char *text, *hint;
    } ROWS[] = {
        {EBUSY, E_BUSY, "database is locked", "Another run is writing: try again when it is done."},
        {ENOSPC, E_FULL, "database or disk is full",
         "Make room on the file system that holds the ledger."},
        {EACCES, E_DENIED, "attempt to write a readonly database",
         "Make the file and its folder writable for this user, or run as their owner."},
        {EIO, E_IO, "disk I/O error",
         "Look into the system's log for what the disk says, then run again."},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        if (ROWS[i].why != why)
            continue;
        if (why == ENOSPC || why == EIO)
            real->rollback(state);
        error_set(err, ROWS[i].kind, "ledger \"%.24s…\": %s", sql, ROWS[i].text);
        error_hint(err, "%s", ROWS[i].hint);
        return ROWS[i].kind;
    }
    ASSERT(!"a known reason");
    return E_IO;
}

static status script(void *state, const char *sql, error *err) {
    int why = 0;
    fault how = fault_next(FAULT_DB, "script", sql, &why);
    if (how == FAULT_BEFORE)
        return told(state, why, sql, err);
    status result = real->script(state, sql, err);
    return how == FAULT_AFTER && result == OK ? told(state, why, sql, err) : result;
}

static status begin(void *state, db_mode mode, error *err) {
    static const char *const TEXTS[] = {[DB_READ] = "BEGIN",
                                        [DB_WRITE] = "BEGIN IMMEDIATE",
                                        [DB_WRITE_LIGHT] = "BEGIN IMMEDIATE LIGHT"};
    int why = 0;
    if (fault_next(FAULT_DB, "begin", TEXTS[mode], &why) != FAULT_NONE)
        return told(state, why, TEXTS[mode], err);
    return real->begin(state, mode, err);
}

static status commit(void *state, error *err) {
    int why = 0;
    fault how = fault_next(FAULT_DB, "commit", "COMMIT", &why);
    if (how == FAULT_BEFORE)
        return told(state, why, "COMMIT", err);
    status result = real->commit(state, err);
    return how == FAULT_AFTER && result == OK ? told(state, why, "COMMIT", err) : result;
}

static status query(void *state, const char *sql, const db_value *values, size_t count,
                    void **ret_rows, error *err) {
    void *rows;
    TRY(real->query(state, sql, values, count, &rows, err));
    watched *w = calloc(1, sizeof *w);
    ASSERT(w != NULL);
    *w = (watched){.rows = rows, .sql = sql};
    *ret_rows = w;
    return OK;
}

static status next(void *state, void *rows, bool *ret_row, error *err) {
    watched *w = rows;
    int why = 0;
    const char *call = w->steps == 0 ? "first" : "second";
    if (++w->steps <= 2 && fault_next(FAULT_DB, call, w->sql, &why) != FAULT_NONE)
        return told(state, why, w->sql, err);
    return real->next(state, w->rows, ret_row, err);
}

static size_t width(void *rows) {
    return real->width(((watched *)rows)->rows);
}

static db_value column(void *rows, size_t i) {
    return real->column(((watched *)rows)->rows, i);
}

static void end(void *state, void *rows) {
    real->end(state, ((watched *)rows)->rows);
    free(rows);
}

const db_driver *__wrap_db_driver_for(const char *location) {
    real = __real_db_driver_for(location);
    faulty = *real;
    faulty.script = script;
    faulty.begin = begin;
    faulty.commit = commit;
    faulty.query = query;
    faulty.next = next;
    faulty.width = width;
    faulty.column = column;
    faulty.end = end;
    return fault_is_asked_for() ? &faulty : real;
}
