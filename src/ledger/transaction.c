#include "ledger/handle.h"

#include "base/crash.h"
#include "ledger/journal.h"
#include "ledger/journal_entry.h"

static status refuse_read_only(const ledger *l, error *err) {
    if (!db_is_read_only(l->d))
        return OK;
    error_set(err, E_DENIED, "ledger \"%s\" cannot be written", l->name);
    error_hint(err, "Make the file and its folder writable for this user, or run as their owner.");
    return E_DENIED;
}

static void forget_transaction(ledger *l) {
    if (l->changes != NULL)
        arena_free(l->changes->arena);
    l->changes = NULL;
    l->seq = 0;
    l->in_transaction = false;
}

static status begin_read(ledger *l, error *err) {
    TRY(db_begin(l->d, DB_READ, err));
    l->in_transaction = true;
    l->mode = LEDGER_READ;
    int64_t seq; /* the first read is what fixes the state that the others see */
    status result = ledger_seq(l, &seq, err);
    if (result != OK)
        ledger_rollback(l);
    return result;
}

status ledger_begin(ledger *l, ledger_mode mode, error *err) {
    ASSERT(!l->in_transaction);
    if (mode == LEDGER_READ)
        return begin_read(l, err);
    TRY(refuse_read_only(l, err));
    TRY(db_begin(l->d, mode == LEDGER_WRITE_LIGHT ? DB_WRITE_LIGHT : DB_WRITE, err));
    l->in_transaction = true;
    l->mode = mode;
    crash_point("ledger.writing");
    return OK;
}

/* The commit stands, whatever becomes of its entry: that waits in the outbox, and who ends the run
 * exports and tells what is in the way. */
static void export_now(ledger *l) {
    status ignored = l->journal != NULL ? journal_export(l, l->journal, NULL) : OK;
    (void)ignored;
}

status ledger_commit(ledger *l, error *err) {
    ASSERT(l->in_transaction);
    status result = ledger_settle_bookmarks(l, err);
    if (result == OK)
        result = journal_record(l, err);
    crash_point("ledger.committing");
    if (result == OK)
        result = db_commit(l->d, err);
    if (result != OK) {
        ledger_rollback(l);
        return result;
    }
    crash_point("ledger.committed");
    bool has_entry = l->seq != 0;
    if (has_entry)
        l->committed_seq = l->seq;
    forget_transaction(l);
    if (has_entry)
        export_now(l);
    return OK;
}

void ledger_rollback(ledger *l) {
    if (!l->in_transaction)
        return;
    db_rollback(l->d);
    forget_transaction(l);
}

/* People ask for moments by the wall clock, which may be set back; commits keep their order. */
static status add_moment(ledger *l, error *err) {
    const db_value values[] = {DB_I(l->seq), DB_I(clock_now_us(&CLOCK_SYSTEM))};
    return ledger_write(l,
                        "INSERT INTO moment (seq, at) SELECT $1,"
                        " CASE WHEN coalesce(max(at), 0) > $2 THEN max(at) ELSE $2 END FROM moment",
                        values, ARRAY_SIZE(values), err);
}

status ledger_next_seq(ledger *l, int64_t *ret, error *err) {
    ledger_need_write(l);
    ASSERT(l->mode == LEDGER_WRITE);
    if (l->seq == 0) {
        TRY(db_get_int(l->d, "UPDATE lake SET seq = seq + 1 RETURNING seq", NULL, 0, 0, &l->seq,
                       err));
        TRY(add_moment(l, err));
    }
    ASSERT(l->seq > 0);
    *ret = l->seq;
    return OK;
}

status ledger_seq(ledger *l, int64_t *ret, error *err) {
    return db_get_int(l->d, "SELECT seq FROM lake", NULL, 0, 0, ret, err);
}
