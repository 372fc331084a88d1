#include "ledger/care.h"
#include "ledger/handle.h"

static void read_folder_move(const db_rows *row, arena *a, void *into) {
    directory_moves *all = into;
    directory_move m = {db_text(row, 0, a), db_text(row, 1, a), db_text(row, 2, a)};
    vec_push(a, all, m);
}

status ledger_directory_moves(ledger *l, arena *a, directory_moves *ret, error *err) {
    const ledger_query query = {"SELECT layer, folder, target FROM directory_move"
                                " ORDER BY layer, folder",
                                NULL, 0, read_folder_move};
    directory_moves all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_directory_moved(ledger *l, const directory_move *m, error *err) {
    const db_value values[] = {DB_T(m->layer), DB_T(m->folder)};
    return ledger_write(l, "DELETE FROM directory_move WHERE layer = $1 AND folder = $2", values,
                        ARRAY_SIZE(values), err);
}

static status remove_folder(ledger *l, const ledger_orphan *o, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_T(arena_strndup(a, o->name, strcspn(o->name, "."))),
                               DB_T(strchr(o->name, '.') + 1)};
    return ledger_write(l,
                        "INSERT INTO directory_move (layer, folder, target) VALUES ($1, $2, NULL)"
                        " ON CONFLICT (layer, folder) DO UPDATE SET target = NULL",
                        values, ARRAY_SIZE(values), err);
}

static status end_all(ledger *l, int64_t table, error *err) {
    ARENA_AUTO a = arena_new();
    ledger_currents now = {0};
    TRY(ledger_currents_of(l, table, -1, a, &now, err));
    for (size_t i = 0; i < now.count; i++)
        TRY(ledger_current_set(l, table, now.items[i].partition, 0, 0, err));
    return OK;
}

/* Its versions are retired, and go when retention lets them; deliveries are history. */
status ledger_drop(ledger *l, const ledger_orphan *o, error *err) {
    int64_t seq;
    const db_value values[] = {DB_I(o->id)};
    static const char *const STATEMENTS[] = {
        "UPDATE tbl SET state = 'dropped' WHERE id = $1",
        "DELETE FROM hold WHERE tbl = $1",
        "DELETE FROM consumer WHERE tbl = $1",
    };
    TRY(ledger_next_seq(l, &seq, err));
    if (!o->is_source) {
        TRY(end_all(l, o->id, err));
        TRY(remove_folder(l, o, err));
    }
    for (size_t i = 0; i < ARRAY_SIZE(STATEMENTS); i++)
        TRY(ledger_write(l, STATEMENTS[i], values, ARRAY_SIZE(values), err));
    return OK;
}
