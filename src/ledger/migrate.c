#include "ledger/migrate.h"

#include "ledger/journal_tables.h"
#include "ledger/ledger.h"

#include <inttypes.h>

static char *replace_all(arena *a, const char *text, const char *place, const char *with) {
    buf out = buf_new(a);
    for (const char *at = text; *at != '\0';) {
        const char *found = strstr(at, place);
        if (found == NULL) {
            buf_add(&out, at);
            break;
        }
        buf_add_bytes(&out, at, (size_t)(found - at));
        buf_add(&out, with);
        at = found + strlen(place);
    }
    return out.text;
}

static char *in_dialect(arena *a, const char *sql, const db_driver *driver) {
    char *text = replace_all(a, sql, "{id}", driver->id_column);
    if (driver->text_type == NULL)
        return text;
    return replace_all(a, text, " TEXT", arena_printf(a, " %s", driver->text_type));
}

static status make_step(db *d, int64_t number, error *err) {
    ARENA_AUTO a = arena_new();
    return db_script(d, in_dialect(a, MIGRATIONS[number - 1], db_driver_of(d)), err);
}

status migrate_tables(db *d, error *err) {
    for (int64_t number = 1; number <= LEDGER_SCHEMA; number++)
        TRY(make_step(d, number, err));
    return OK;
}

status migrate_step(db *d, int64_t number, error *err) {
    ASSERT(number >= 1 && number <= LEDGER_SCHEMA);
    TRY(make_step(d, number, err));
    if (number == LEDGER_SCHEMA)
        TRY(journal_watch(d, err));
    return db_schema_set(d, number, err);
}

/* Another process may have been faster: look again within the transaction. */
static status step_if_needed(db *d, int64_t number, error *err) {
    int64_t schema;
    TRY(db_begin(d, DB_WRITE, err));
    status result = db_schema_get(d, &schema, err);
    if (result == OK && schema < number)
        result = migrate_step(d, number, err);
    if (result == OK)
        result = db_commit(d, err);
    if (result != OK)
        db_rollback(d);
    return result;
}

status migrate_up(db *d, const char *name, error *err) {
    int64_t schema;
    TRY(db_schema_get(d, &schema, err));
    if (schema > LEDGER_SCHEMA) {
        error_set(err, E_FOREIGN,
                  "ledger \"%s\" is of a newer weir: it has schema %" PRId64 ", this one knows %d",
                  name, schema, LEDGER_SCHEMA);
        error_hint(err, "Use the newer weir; ledgers are never turned back.");
        return E_FOREIGN;
    }
    if (schema < LEDGER_SCHEMA && db_is_read_only(d)) {
        error_set(err, E_DENIED, "ledger \"%s\" is of an older weir and cannot be written", name);
        error_hint(err, "Run `weir status` once as a user who may write to it.");
        return E_DENIED;
    }
    for (int64_t number = schema + 1; number <= LEDGER_SCHEMA; number++)
        TRY(step_if_needed(d, number, err));
    return OK;
}
