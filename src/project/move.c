#include "project/partition.h"

#include "base/crash.h"
#include "project/lock.h"

/* One folder of a table that was renamed or dropped. */
typedef struct moving {
    const project_context *c;
    const directory_move *move;
    store *store;
    size_t layer;
    arena *arena;
} moving;

static bool find_layer(moving *m) {
    for (size_t i = 0; i < m->c->lake->layer_count; i++)
        if (str_eq(m->c->lake->layers[i].name, m->move->layer)) {
            m->layer = i;
            m->store = m->c->layers[i];
            return true;
        }
    return false;
}

/* Whatever else is in it, raw history never goes and never moves. */
static bool has_raw_history(const moving *m) {
    for (size_t i = 0; i < m->c->lake->table_count; i++) {
        const lake_table *t = m->c->lake->tables[i];
        if (t->source != NULL && t->layer == m->layer && str_eq(t->short_name, m->move->folder))
            return true;
    }
    return false;
}

/* In one step. Nothing there: it never had directories, or a killed run was as far as this, and
 * trading once more would bring them back. */
static status trade(const moving *m, const char *to, error *err) {
    store_objects there = {0};
    const char *from = arena_printf(m->arena, "%s/", m->move->folder);
    TRY(store_list(m->store, from, m->arena, &there, err));
    if (there.count == 0)
        return OK;
    return store_has(m->store, STORE_EXCHANGE) ? store_exchange(m->store, from, to, err)
                                               : copies_move(m->store, from, to, err);
}

static status carry_out(const moving *m, error *err) {
    if (m->move->target != NULL)
        return trade(m, arena_printf(m->arena, "%s/", m->move->target), err);
    if (!store_has(m->store, STORE_EXCHANGE))
        return store_remove_prefix(m->store, arena_printf(m->arena, "%s/", m->move->folder), err);
    const char *aside =
        arena_printf(m->arena, ".weir/project/%s.%s/", m->move->layer, m->move->folder);
    TRY(store_remove_prefix(m->store, aside, err));
    TRY(trade(m, aside, err));
    crash_point("project.exchanged");
    return store_remove_prefix(m->store, aside, err);
}

static status forget(const moving *m, error *err) {
    ledger *l = m->c->ledger;
    TRY(ledger_begin(l, LEDGER_WRITE, err));
    status result = ledger_lease_check(l, LEDGER_LEASE_RUN, m->c->run, m->c->fence, err);
    if (result == OK)
        result = ledger_directory_moved(l, m->move, err);
    if (result == OK)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

static status move_folder(const project_context *c, const directory_move *move, error *err) {
    ARENA_AUTO a = arena_new();
    CLEANUP(lock_free) table_lock lock = {0};
    moving m = {.c = c, .move = move, .arena = a};
    if (!find_layer(&m))
        return OK;
    const char *name = move->target != NULL ? move->target : move->folder;
    TRY(lock_take(c->ledger, arena_printf(a, "%s.%s", move->layer, name), &lock, err));
    if (!has_raw_history(&m))
        TRY(carry_out(&m, err));
    crash_point("project.swapped");
    return forget(&m, err);
}

status project_moves(const project_context *c, error *err) {
    ARENA_AUTO a = arena_new();
    directory_moves all = {0};
    TRY(ledger_directory_moves(c->ledger, a, &all, err));
    for (size_t i = 0; i < all.count; i++)
        TRY(move_folder(c, &all.items[i], err));
    return OK;
}
