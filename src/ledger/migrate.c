#include "ledger/migrate.h"

#include "ledger/journal_tables.h"
#include "ledger/ledger.h"

#include <inttypes.h>

static char *with_id_column(arena *a, const char *sql, const char *id_column) {
    static const char PLACE[] = "{id}";
    buf out = buf_new(a);
    for (const char *at = sql; *at != '\0';) {
        const char *place = strstr(at, PLACE);
        if (place == NULL) {
            buf_add(&out, at);
            break;
        }
        buf_add_bytes(&out, at, (size_t)(place - at));
        buf_add(&out, id_column);
        at = place + sizeof PLACE - 1;
    }
    return out.text;
}

status migrate_step(db *d, int64_t number, error *err) {
    ASSERT(number >= 1 && number <= LEDGER_SCHEMA);
    ARENA_AUTO a = arena_new();
    const char *id_column = db_driver_of(d)->id_column;
    TRY(db_script(d, with_id_column(a, MIGRATIONS[number - 1], id_column), err));
    if (number == LEDGER_SCHEMA)
        TRY(journal_watch(d, err));
    return db_schema_set(d, number, err);
}

/* Another process may have been faster: look again within the transaction. */
static status step_if_needed(db *d, int64_t number, error *err) {
    int64_t schema;
    TRY(db_script(d, db_driver_of(d)->begin_write, err));
    status result = db_schema_get(d, &schema, err);
    if (result == OK && schema < number)
        result = migrate_step(d, number, err);
    if (result == OK)
        result = db_script(d, "COMMIT", err);
    if (result != OK && db_script(d, "ROLLBACK", NULL) != OK)
        return result; /* the first error tells more */
    return result;
}

status migrate_up(db *d, const char *location, error *err) {
    int64_t schema;
    TRY(db_schema_get(d, &schema, err));
    if (schema > LEDGER_SCHEMA) {
        error_set(err, E_FOREIGN,
                  "ledger \"%s\" is of a newer weir: it has schema %" PRId64 ", this one knows %d",
                  location, schema, LEDGER_SCHEMA);
        error_hint(err, "Use the newer weir; ledgers are never turned back.");
        return E_FOREIGN;
    }
    if (schema < LEDGER_SCHEMA && db_is_read_only(d)) {
        error_set(err, E_DENIED, "ledger \"%s\" is of an older weir and cannot be written",
                  location);
        error_hint(err, "Run `weir status` once as a user who may write to it.");
        return E_DENIED;
    }
    for (int64_t number = schema + 1; number <= LEDGER_SCHEMA; number++)
        TRY(step_if_needed(d, number, err));
    return OK;
}
