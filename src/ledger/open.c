#include "ledger/handle.h"

#include "base/path.h"
#include "ledger/copy.h"
#include "ledger/migrate.h"

static ledger *new_handle(db *d, const char *location) {
    arena *a = arena_new();
    ledger *l = ARENA_NEW(a, ledger);
    *l = (ledger){.arena = a,
                  .d = d,
                  .driver = db_driver_of(d),
                  .location = arena_strdup(a, location),
                  .name = db_driver_of(d)->shown(a, location)};
    return l;
}

static void read_lake_id(const db_rows *row, arena *a, void *into) {
    ledger *l = into;
    l->lake_id = db_text(row, 0, a);
}

static status check_lake(ledger *l, const char *expected_lake_id, error *err) {
    bool found;
    const ledger_query query = {"SELECT id FROM lake", NULL, 0, read_lake_id};
    TRY(ledger_select_one(l, &query, l->arena, l, &found, err));
    if (!found) {
        error_set(err, E_FOREIGN, "ledger \"%s\" belongs to no lake", l->name);
        error_hint(err, "Put back the ledger of this lake.");
        return E_FOREIGN;
    }
    if (expected_lake_id == NULL || str_eq(l->lake_id, expected_lake_id))
        return OK;
    error_set(err, E_FOREIGN, "ledger \"%s\" is of lake \"%s\", the store of lake \"%s\"", l->name,
              l->lake_id, expected_lake_id);
    error_hint(err, "Check `ledger` and `store` in lake.yaml: one lake has one store and one "
                    "ledger.");
    return E_FOREIGN;
}

static status open_checked(ledger *l, const char *expected_lake_id, error *err) {
    TRY(migrate_up(l->d, l->name, err));
    return check_lake(l, expected_lake_id, err);
}

status ledger_open_by(const db_driver *driver, const char *location, const char *expected_lake_id,
                      ledger **ret, error *err) {
    db *d;
    TRY(db_open(driver, location, false, &d, err));
    ledger *l = new_handle(d, location);
    status result = open_checked(l, expected_lake_id, err);
    if (result != OK) {
        ledger_close(l);
        return result;
    }
    *ret = l;
    return OK;
}

status ledger_open(const char *location, const char *expected_lake_id, ledger **ret, error *err) {
    return ledger_open_by(db_driver_for(location), location, expected_lake_id, ret, err);
}

static status refuse_existing(ledger *l, error *err) {
    int64_t schema;
    TRY(db_schema_get(l->d, &schema, err));
    if (schema == 0)
        return OK;
    error_set(err, E_EXISTS, "there is a ledger \"%s\" already", l->name);
    error_hint(err, "Use the lake as it is, or name another file as `ledger` in lake.yaml.");
    return E_EXISTS;
}

/* Schema and lake in one transaction: a ledger is there as a whole or not at all. */
static status create_lake(ledger *l, const char *lake_id, const char *lake_name, error *err) {
    TRY(refuse_existing(l, err));
    for (int64_t number = 1; number <= LEDGER_SCHEMA; number++)
        TRY(migrate_step(l->d, number, err));
    const db_value values[] = {DB_T(lake_id), DB_T(lake_name)};
    TRY(ledger_write(l, "INSERT INTO lake (id, name, seq, journal) VALUES ($1, $2, 0, '')", values,
                     ARRAY_SIZE(values), err));
    l->lake_id = arena_strdup(l->arena, lake_id);
    return OK;
}

static status create_whole(ledger *l, const char *lake_id, const char *lake_name, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, create_lake(l, lake_id, lake_name, err), err);
}

status ledger_create_by(const db_driver *driver, const char *location, const char *lake_id,
                        const char *lake_name, ledger **ret, error *err) {
    db *d;
    TRY(db_open(driver, location, true, &d, err));
    ledger *l = new_handle(d, location);
    status result = create_whole(l, lake_id, lake_name, err);
    if (result != OK) {
        ledger_close(l);
        return result;
    }
    *ret = l;
    return OK;
}

status ledger_create(const char *location, const char *lake_id, const char *lake_name, ledger **ret,
                     error *err) {
    return ledger_create_by(db_driver_for(location), location, lake_id, lake_name, ret, err);
}

/* One state of the ledger, as a database of SQLite at path, or one of its own. */
static status copy_out(ledger *l, db *to, error *err) {
    TRY(db_begin(l->d, DB_READ, err));
    status result = copy_ledger(l->d, to, err);
    db_rollback(l->d);
    return result;
}

static status copy_to_file(ledger *l, const char *path, error *err) {
    db *copy;
    TRY(db_open(&DB_SQLITE, path, true, &copy, err));
    status result = copy_out(l, copy, err);
    db_close(copy);
    return result;
}

status ledger_backup(ledger *l, const char *path, error *err) {
    return db_can_backup(l->d) ? db_backup(l->d, path, err) : copy_to_file(l, path, err);
}

/* The handle goes on with the copy, and without the connection. */
static status rehearse_in_copy(ledger *l, error *err) {
    db *copy;
    TRY(db_open_private(&copy, err));
    status result = copy_out(l, copy, err);
    db *closed = result == OK ? l->d : copy;
    if (result == OK)
        l->d = copy;
    db_close(closed);
    return result;
}

void ledger_close(ledger *l) {
    if (l == NULL)
        return;
    ledger_rollback(l);
    db_close(l->d);
    arena_free(l->arena);
}

const char *ledger_lake_id(const ledger *l) {
    return l->lake_id;
}

status ledger_rehearse(ledger *l, error *err) {
    ASSERT(!l->in_transaction);
    if (!l->is_rehearsal) {
        TRY(db_can_rehearse(l->d) ? db_rehearse(l->d, err) : rehearse_in_copy(l, err));
        TRY(ledger_seq(l, &l->rehearsed_seq, err));
    }
    l->is_rehearsal = true;
    l->journal = NULL;
    return OK;
}

bool ledger_is_read_only(const ledger *l) {
    return db_is_read_only(l->d);
}

int64_t ledger_statements(const ledger *l) {
    return db_statements(l->d);
}

void ledger_wait_limit(ledger *l, int64_t limit_ms) {
    db_wait_limit(l->d, limit_ms);
}
