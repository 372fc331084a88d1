#include "ledger/db.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/strmap.h"
#include "ledger/sqlite/bytelock.h"
#include "ledger/sqlite/files.h"
#include "ledger/sqlite/network.h"

#include <sqlite3.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x57454952, /* "WEIR", in the file's header */
    WAIT_LIMIT_MS = 10000,
    WAL_KEPT_BYTES = 4 << 20 /* what stays of the log between runs */
};

/* A prepared statement, which is at the same time the result it gives. */
typedef struct statement {
    sqlite3_stmt *prepared;
    bool in_use;
    bool cached; /* otherwise finalised when its result ends */
} statement;

typedef struct sqlite_state {
    arena *arena;
    const char *location;
    sqlite3 *connection;
    strmap *statements; /* by text; the texts are the ledger's constants, so there are not many */
    int lock_fd;        /* of the file beside the ledger whose bytes are locks; -1: none yet */
    bool was_light;     /* the last transaction that wrote was DB_WRITE_LIGHT */
} sqlite_state;

static status kind_of_constraint(int extended_code) {
    bool is_key =
        extended_code == SQLITE_CONSTRAINT_UNIQUE || extended_code == SQLITE_CONSTRAINT_PRIMARYKEY;
    return is_key ? E_EXISTS : E_IO;
}

/* What SQLite's result code means to the caller. */
static status kind_of_code(const sqlite_state *s, int code) {
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return E_BUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return E_DENIED;
    case SQLITE_CANTOPEN:
        return sqlite3_system_errno(s->connection) == EACCES ? E_DENIED : E_IO;
    case SQLITE_FULL:
        return E_FULL;
    case SQLITE_IOERR:
        return sqlite3_system_errno(s->connection) == ENOSPC ? E_FULL : E_IO;
    case SQLITE_NOTADB:
        return E_FOREIGN;
    case SQLITE_CONSTRAINT:
        return kind_of_constraint(sqlite3_extended_errcode(s->connection));
    default:
        return E_IO;
    }
}

static void hint_for_code(int code, status kind, error *err) {
    if (code == SQLITE_CORRUPT)
        error_hint(err, "The file is damaged or cut short: put back a copy, or make it "
                        "anew with `weir ledger rebuild`.");
    else if (kind == E_FOREIGN)
        error_hint(err, "Name another file as `ledger` in lake.yaml, or put back the ledger.");
    else if (kind == E_BUSY)
        error_hint(err, "Another run is writing: try again when it is done.");
    else if (kind == E_DENIED)
        error_hint(err, "Make the file and its folder writable for this user, or run as their "
                        "owner.");
    else if (kind == E_FULL)
        error_hint(err, "Make room on the file system that holds the ledger.");
    else if (code == SQLITE_IOERR)
        error_hint(err, "Look into the system's log for what the disk says, then run again.");
}

static status fail(const sqlite_state *s, int code, error *err) {
    status kind = kind_of_code(s, code);
    error_set(err, kind, "ledger \"%s\": %s", s->location, sqlite3_errmsg(s->connection));
    hint_for_code(code & 0xFF, kind, err);
    return kind;
}

static statement *new_statement(sqlite3_stmt *prepared, bool cached) {
    statement *made = calloc(1, sizeof *made);
    ASSERT(made != NULL);
    *made = (statement){.prepared = prepared, .cached = cached};
    return made;
}

/* The same text may be read twice at a time (a query within a query): the second is its own. */
static status take_statement(sqlite_state *s, const char *sql, statement **ret, error *err) {
    statement *known = strmap_get(s->statements, sql);
    if (known == NULL || known->in_use) {
        sqlite3_stmt *prepared;
        unsigned flags = known == NULL ? SQLITE_PREPARE_PERSISTENT : 0;
        int code = sqlite3_prepare_v3(s->connection, sql, -1, flags, &prepared, NULL);
        if (code != SQLITE_OK)
            return fail(s, code, err);
        bool cached = known == NULL;
        known = new_statement(prepared, cached);
        if (cached)
            strmap_set(s->statements, sql, known);
    }
    known->in_use = true;
    *ret = known;
    return OK;
}

static void end_rows(void *state, void *rows) {
    (void)state;
    statement *ended = rows;
    if (!ended->cached) {
        sqlite3_finalize(ended->prepared);
        free(ended);
        return;
    }
    sqlite3_reset(ended->prepared);
    sqlite3_clear_bindings(ended->prepared);
    ended->in_use = false;
}

static int bind(sqlite3_stmt *prepared, int place, const db_value *value) {
    switch (value->type) {
    case DB_NULL:
        return sqlite3_bind_null(prepared, place);
    case DB_INT:
        return sqlite3_bind_int64(prepared, place, value->number);
    case DB_TEXT:
        return sqlite3_bind_text(prepared, place, value->text, -1, SQLITE_TRANSIENT);
    }
    return SQLITE_MISUSE;
}

/* SQLite numbers parameters as they first appear in the text; ours are numbered by name. */
static int place_of(sqlite3_stmt *prepared, size_t number) {
    char name[24];
    (void)snprintf(name, sizeof name, "$%zu", number);
    return sqlite3_bind_parameter_index(prepared, name);
}

static status query(void *state, const char *sql, const db_value *values, size_t count,
                    void **ret_rows, error *err) {
    sqlite_state *s = state;
    statement *taken = NULL;
    TRY(take_statement(s, sql, &taken, err));
    ASSERT(sqlite3_bind_parameter_count(taken->prepared) == (int)count);
    for (size_t i = 0; i < count; i++) {
        int code = bind(taken->prepared, place_of(taken->prepared, i + 1), &values[i]);
        if (code != SQLITE_OK) {
            status failed = fail(s, code, err);
            end_rows(s, taken);
            return failed;
        }
    }
    *ret_rows = taken;
    return OK;
}

static status next_row(void *state, void *rows, bool *ret_row, error *err) {
    const statement *read = rows;
    int code = sqlite3_step(read->prepared);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(state, code, err);
    *ret_row = code == SQLITE_ROW;
    return OK;
}

static size_t width(void *rows) {
    const statement *read = rows;
    return (size_t)sqlite3_column_count(read->prepared);
}

static db_value column(void *rows, size_t i) {
    const statement *read = rows;
    switch (sqlite3_column_type(read->prepared, (int)i)) {
    case SQLITE_NULL:
        return DB_N;
    case SQLITE_INTEGER:
        return DB_I(sqlite3_column_int64(read->prepared, (int)i));
    default:
        return DB_T((const char *)sqlite3_column_text(read->prepared, (int)i));
    }
}

static status script(void *state, const char *sql, error *err) {
    sqlite_state *s = state;
    int code = sqlite3_exec(s->connection, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : fail(s, code, err);
}

static status begin(void *state, db_mode mode, error *err) {
    sqlite_state *s = state;
    if (mode == DB_READ)
        return script(s, "BEGIN", err);
    bool light = mode == DB_WRITE_LIGHT;
    if (light != s->was_light)
        TRY(script(s, light ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", err));
    s->was_light = light;
    return script(s, "BEGIN IMMEDIATE", err);
}

static status commit(void *state, error *err) {
    return script(state, "COMMIT", err);
}

/* A failed statement may have ended the transaction already; there is then nothing to tell. */
static void rollback(void *state) {
    status ignored = script(state, "ROLLBACK", NULL);
    (void)ignored;
}

/* For statements asked once per connection, which the cache need not keep. */
static status get_int(sqlite_state *s, const char *sql, int64_t *ret, error *err) {
    sqlite3_stmt *prepared;
    int code = sqlite3_prepare_v2(s->connection, sql, -1, &prepared, NULL);
    if (code != SQLITE_OK)
        return fail(s, code, err);
    code = sqlite3_step(prepared);
    status result = code == SQLITE_ROW ? OK : fail(s, code, err);
    if (result == OK)
        *ret = sqlite3_column_int64(prepared, 0);
    sqlite3_finalize(prepared);
    return result;
}

static status schema_get(void *state, int64_t *ret, error *err) {
    return get_int(state, "PRAGMA user_version", ret, err);
}

static status schema_set(void *state, int64_t schema, error *err) {
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, (int)schema);
    return script(state, sql, err);
}

static bool is_read_only(void *state) {
    const sqlite_state *s = state;
    return sqlite3_db_readonly(s->connection, "main") == 1;
}

/* Since the machine was started; owners of another start are known by their boot id. */
static status now_us(void *state, int64_t *ret, error *err) {
    (void)state;
    (void)err;
    *ret = clock_monotonic_us(&CLOCK_SYSTEM);
    return OK;
}

static status lock(void *state, int64_t key, bool *ret_granted, error *err) {
    sqlite_state *s = state;
    if (s->lock_fd < 0)
        TRY(bytelock_open(s->location, &s->lock_fd, err));
    return bytelock_try(s->lock_fd, key, ret_granted, err);
}

static void unlock(void *state, int64_t key) {
    const sqlite_state *s = state;
    bytelock_free(s->lock_fd, key);
}

static void wait_limit(void *state, int64_t limit_ms) {
    const sqlite_state *s = state;
    sqlite3_busy_timeout(s->connection, (int)limit_ms);
}

/* SQLITE_BUSY when a result was left open. */
static int close_connection(sqlite_state *s) {
    for (size_t i = 0; i < strmap_count(s->statements); i++) {
        void *value;
        strmap_at(s->statements, i, &value);
        statement *cached = value;
        sqlite3_finalize(cached->prepared);
        free(cached);
    }
    s->statements = strmap_new(s->arena);
    return sqlite3_close(s->connection);
}

static void close_state(void *state) {
    sqlite_state *s = state;
    ASSERT(close_connection(s) == SQLITE_OK);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    arena_free(s->arena);
}

static int copy_database(sqlite3 *from, sqlite3 *to) {
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    if (copy == NULL)
        return sqlite3_errcode(to);
    sqlite3_backup_step(copy, -1);
    return sqlite3_backup_finish(copy);
}

static status refuse_copy(const sqlite_state *s, int code, const char *to, error *err) {
    status kind = kind_of_code(s, code);
    error_set(err, kind, "cannot copy ledger \"%s\" to \"%s\": %s", s->location, to,
              sqlite3_errstr(code));
    hint_for_code(code & 0xFF, kind, err);
    return kind;
}

/* In one step: the log lets others write meanwhile, and what they write is not in the copy. The
 * copy keeps no log beside it, so that it can be moved as one file. */
static status backup(void *state, const char *path, error *err) {
    sqlite_state *s = state;
    sqlite3 *to = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &to, flags, NULL);
    if (code == SQLITE_OK)
        code = copy_database(s->connection, to);
    if (code == SQLITE_OK)
        code = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    int closed = sqlite3_close(to);
    if (code == SQLITE_OK)
        code = closed;
    return code == SQLITE_OK ? OK : refuse_copy(s, code, path, err);
}

static char *trigger(arena *a, const db_trigger *t) {
    return arena_printf(a,
                        "DROP TRIGGER IF EXISTS %s; CREATE TRIGGER %s AFTER %s ON %s BEGIN %s; END",
                        t->name, t->name, t->event, t->table, t->statement);
}

/* An unnamed database is a temporary file that SQLite removes; it needs no log. */
static int open_unnamed(sqlite3 **ret, sqlite3 *from) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2("", ret, flags, NULL);
    if (code == SQLITE_OK && from != NULL)
        code = copy_database(from, *ret);
    if (code == SQLITE_OK)
        code = sqlite3_exec(*ret, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF", NULL,
                            NULL, NULL);
    return code;
}

static status rehearse(void *state, error *err) {
    sqlite_state *s = state;
    sqlite3 *own = NULL;
    int code = open_unnamed(&own, s->connection);
    if (code != SQLITE_OK) {
        status refused = refuse_copy(s, code, "a temporary file", err);
        sqlite3_close(own);
        return refused;
    }
    ASSERT(close_connection(s) == SQLITE_OK);
    s->connection = own;
    return OK;
}

/* A read-only file system leaves no room for the log beside the file. Without a log the file is
 * whole by itself, and can be read as it is. */
static int open_immutable(sqlite_state *s) {
    struct stat info;
    const char *log = arena_printf(s->arena, "%s-wal", s->location);
    if (stat(log, &info) == 0 && info.st_size > 0)
        return SQLITE_CANTOPEN;
    buf uri = buf_new(s->arena);
    buf_add(&uri, "file:");
    for (const char *at = s->location; *at != '\0'; at++)
        buf_printf(&uri, "%%%02x", (unsigned)(unsigned char)*at);
    buf_add(&uri, "?immutable=1");
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    sqlite3_close(s->connection);
    return sqlite3_open_v2(uri.text, &s->connection, flags, NULL);
}

static int open_connection(sqlite_state *s, bool create) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(s->location, &s->connection, flags, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_busy_timeout(s->connection, WAIT_LIMIT_MS);
    code = sqlite3_exec(s->connection, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    int kind = code & 0xFF;
    if ((kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY) && !create)
        code = open_immutable(s);
    return code;
}

static status refuse_foreign(sqlite_state *s, bool create, error *err) {
    int64_t application, objects;
    TRY(get_int(s, "PRAGMA application_id", &application, err));
    TRY(get_int(s, "SELECT count(*) FROM sqlite_master", &objects, err));
    if (application == APPLICATION_ID || (create && application == 0 && objects == 0))
        return OK;
    if (objects == 0) {
        error_set(err, E_FOREIGN, "ledger \"%s\" is empty", s->location);
        error_hint(err, "Put back the ledger of this lake or make it anew with `weir ledger "
                        "rebuild`, or start a new lake with `weir init`.");
    } else {
        error_set(err, E_FOREIGN, "\"%s\" is a database of another program, not a ledger",
                  s->location);
        error_hint(err, "Name another file as `ledger` in lake.yaml.");
    }
    return E_FOREIGN;
}

/* The log file stays when the last connection closes: users who may only read then need not make
 * one, and a run that changes nothing does not touch the folder. */
static status set_up(sqlite_state *s, error *err) {
    if (is_read_only(s))
        return OK;
    int keep = 1;
    sqlite3_file_control(s->connection, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    char sql[160];
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = %d",
             WAL_KEPT_BYTES);
    return script(s, sql, err);
}

static status refuse_place(const char *location, bool create, arena *a, error *err) {
    const char *shared = network_of_folder(path_parent(a, location), a);
    if (shared != NULL) {
        error_set(err, E_IO, "ledger \"%s\" is on a network file system (%s)", location, shared);
        error_hint(err, "Locks do not hold there: put the ledger on a local disk, with `ledger` in "
                        "lake.yaml.");
        return E_IO;
    }
    struct stat info;
    if (stat(location, &info) != 0) {
        if (create && errno == ENOENT)
            return OK;
        status kind = error_set_errno(err, errno, "cannot open ledger \"%s\"", location);
        if (kind == E_NOT_FOUND)
            error_hint(err, "Run `weir init` to start a lake, or put back its ledger.");
        return kind;
    }
    if (S_ISREG(info.st_mode))
        return OK;
    error_set(err, E_FOREIGN, "ledger \"%s\" is not a file", location);
    error_hint(err, "Name a file as `ledger` in lake.yaml.");
    return E_FOREIGN;
}

static status open_state(sqlite_state *s, bool create, error *err) {
    int code = open_connection(s, create);
    if (code != SQLITE_OK)
        return fail(s, code, err);
    TRY(refuse_foreign(s, create, err));
    return set_up(s, err);
}

static status open_sqlite(const char *location, bool create, void **ret_state, error *err) {
    arena *a = arena_new();
    sqlite_state *s = ARENA_NEW(a, sqlite_state);
    *s = (sqlite_state){.arena = a,
                        .location = arena_strdup(a, location),
                        .lock_fd = -1,
                        .statements = strmap_new(a)};
    status result = refuse_place(location, create, a, err);
    if (result == OK)
        result = open_state(s, create, err);
    if (result != OK) {
        close_state(s);
        return result;
    }
    *ret_state = s;
    return OK;
}

static status open_private(void **ret_state, error *err) {
    arena *a = arena_new();
    sqlite_state *s = ARENA_NEW(a, sqlite_state);
    *s = (sqlite_state){
        .arena = a, .location = "a temporary file", .lock_fd = -1, .statements = strmap_new(a)};
    int code = open_unnamed(&s->connection, NULL);
    if (code != SQLITE_OK) {
        status refused = fail(s, code, err);
        close_state(s);
        return refused;
    }
    *ret_state = s;
    return OK;
}

/* SQLite keeps them in a table of its own, which has a row from a table's first id on. */
static status id_get(void *state, const char *table, int64_t *ret, error *err) {
    ARENA_AUTO a = arena_new();
    return get_int(state,
                   arena_printf(a,
                                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
                                " WHERE name = '%s'",
                                table),
                   ret, err);
}

static status id_raise(void *state, const char *table, int64_t last, error *err) {
    ARENA_AUTO a = arena_new();
    return script(state,
                  arena_printf(a,
                               "INSERT INTO sqlite_sequence (name, seq) SELECT '%s', 0 WHERE NOT"
                               " EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '%s');"
                               "UPDATE sqlite_sequence SET seq = max(seq, %lld) WHERE name = '%s'",
                               table, table, (long long)last, table),
                  err);
}

static char *shown(arena *a, const char *location) {
    return arena_strdup(a, location);
}

const db_driver DB_SQLITE = {
    .name = "sqlite",
    .id_column = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .columns = "SELECT m.name, c.name, CASE WHEN c.pk = 1 AND c.type = 'INTEGER' THEN 1 ELSE 0 END"
               " FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
               " AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid",
    .check = "PRAGMA integrity_check(20)",
    .shown = shown,
    .beside = files_beside,
    .exists = files_exist,
    .move = files_move,
    .remove = files_remove,
    .open = open_sqlite,
    .close = close_state,
    .is_read_only = is_read_only,
    .rehearse = rehearse,
    .open_private = open_private,
    .schema_get = schema_get,
    .schema_set = schema_set,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .trigger = trigger,
    .id_get = id_get,
    .id_raise = id_raise,
    .backup = backup,
    .lock = lock,
    .unlock = unlock,
    .now_us = now_us,
    .wait_limit = wait_limit,
    .script = script,
    .query = query,
    .next = next_row,
    .width = width,
    .column = column,
    .end = end_rows,
};
