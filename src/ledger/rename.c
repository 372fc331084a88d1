#include "ledger/rename.h"

/* A table under its name of now. */
typedef struct named {
    int64_t id; /* 0: none */
    const char *name, *kind;
} named;

static void read_named(const db_rows *row, arena *a, void *into) {
    named *n = into;
    *n = (named){db_int(row, 0), db_text(row, 1, a), db_text(row, 2, a)};
}

static status find(ledger *l, const char *sql, const char *name, arena *a, named *ret, error *err) {
    const db_value values[] = {DB_T(name)};
    const ledger_query query = {sql, values, ARRAY_SIZE(values), read_named};
    bool found;
    *ret = (named){0};
    return ledger_select_one(l, &query, a, ret, &found, err);
}

static bool defines(const lake *definition, const char *name) {
    for (size_t i = 0; i < definition->table_count; i++)
        if (str_eq(definition->tables[i]->name, name))
            return true;
    return false;
}

static const char *folder_of(const char *table) {
    return strchr(table, '.') + 1;
}

static const char *layer_of(arena *a, const char *table) {
    return arena_strndup(a, table, strcspn(table, "."));
}

/* What still has to move there goes straight to where that goes. */
static status move_folder(ledger *l, const char *from, const char *to, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_T(layer_of(a, from)), DB_T(folder_of(from)), DB_T(folder_of(to))};
    int64_t waiting;
    TRY(db_get_int(l->d, "SELECT 1 FROM directory_move WHERE layer = $1 AND target = $2", values, 2,
                   0, &waiting, err));
    if (waiting != 0)
        return ledger_write(
            l, "UPDATE directory_move SET target = $3 WHERE layer = $1 AND target = $2", values,
            ARRAY_SIZE(values), err);
    return ledger_write(l,
                        "INSERT INTO directory_move (layer, folder, target) VALUES ($1, $2, $3)"
                        " ON CONFLICT (layer, folder) DO UPDATE SET target = excluded.target",
                        values, ARRAY_SIZE(values), err);
}

/* Raw history stays where it is: its files are known by their own names. */
static status give_name(ledger *l, const named *had, const char *name, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value table[] = {DB_I(had->id), DB_T(name)};
    const db_value old[] = {DB_T(had->name), DB_I(had->id), DB_I(seq)};
    TRY(ledger_write(l, "UPDATE tbl SET name = $2 WHERE id = $1", table, ARRAY_SIZE(table), err));
    TRY(ledger_write(l, "DELETE FROM renamed WHERE old = $1", &table[1], 1, err));
    TRY(ledger_write(l,
                     "INSERT INTO renamed (old, tbl, seq) VALUES ($1, $2, $3) ON CONFLICT (old)"
                     " DO UPDATE SET tbl = excluded.tbl, seq = excluded.seq",
                     old, ARRAY_SIZE(old), err));
    return str_eq(had->kind, "derived") ? move_folder(l, had->name, name, err) : OK;
}

static status refuse_both(const lake_table *t, error *err) {
    error_set(err, E_DEFINITION, "\"%s\" says that it was \"%s\", which is defined, too", t->name,
              t->was);
    error_at(err, t->yaml_file, 0, 0);
    error_hint(err, "Remove the files of \"%s\", or the key \"was\" if this is a new table.",
               t->was);
    return E_DEFINITION;
}

static status rename_as_told(ledger *l, const lake *definition, const lake_table *t, arena *a,
                             bool *ret_done, error *err) {
    named had;
    TRY(find(l, "SELECT id, name, kind FROM tbl WHERE name = $1", t->was, a, &had, err));
    if (had.id == 0)
        return OK;
    if (defines(definition, t->was))
        return refuse_both(t, err);
    *ret_done = true;
    return give_name(l, &had, t->name, err);
}

static status refuse_old_name(const lake_table *t, const named *now, error *err) {
    error_set(err, E_DEFINITION, "\"%s\" was renamed to \"%s\" by a later definition", t->name,
              now->name);
    error_hint(err,
               "Run with the newer definition. To rename it back, write `was: %s` into its "
               "YAML, or run `weir run --redefine`.",
               now->name);
    return E_DEFINITION;
}

/* A definition that has the old name and not the new one is of before the renaming. */
static status take_back(ledger *l, const lake *definition, const lake_table *t, rename_order order,
                        arena *a, error *err) {
    named now;
    TRY(find(l,
             "SELECT t.id, t.name, t.kind FROM renamed r JOIN tbl t ON t.id = r.tbl"
             " WHERE r.old = $1",
             t->name, a, &now, err));
    if (now.id == 0 || defines(definition, now.name))
        return OK;
    return order == RENAME_FORWARD ? refuse_old_name(t, &now, err)
                                   : give_name(l, &now, t->name, err);
}

status rename_to(ledger *l, const lake *definition, const lake_table *t, rename_order order,
                 error *err) {
    ARENA_AUTO a = arena_new();
    bool done = false;
    if (t->was != NULL)
        TRY(rename_as_told(l, definition, t, a, &done, err));
    return done ? OK : take_back(l, definition, t, order, a, err);
}
